"""Pages of a list: the way to the next, and what stands before the SDK's pagers.

A list is whole or it is an error: whoever reads a part for all of it takes "not shown"
for "not there".
"""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from marshmallow import Schema

from workers.ibmcloud.client import checked
from workers.ibmcloud.errors import odd_answer

# The most that each of the lists we page through gives at once.
PAGE: Final = 100


class Trail:
    """Where one walk through a list has been, so that it cannot go round in circles."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._seen: set[str] = set()

    def by_address(self, address: str | None, name: str) -> str | None:
        """Return the next page's token; None where this page is the last.

        Raises:
            TransientError: There is a next page and no way to it, or we were there.
        """
        return self.by_token(parameter_of(address, name)) if address else None

    def by_token(self, token: str | None) -> str:
        """Return the token of a next page that there is; raises as ``by_address``."""
        if not token or token in self._seen:
            raise odd_answer(self._doing, "the way to the next page leads nowhere")
        self._seen.add(token)
        return token


class CheckedList:
    """Stands before a client's list method: the SDK's pagers trust shapes and links.

    *look* gets each page as *schema* reads it, and raises where it makes no sense.
    """

    def __init__(
        self,
        ask: Callable[..., Any],
        schema: Schema,
        doing: str,
        look: Callable[[dict[str, Any]], object],
    ) -> None:
        self._ask = ask
        self._schema = schema
        self._doing = doing
        self._look = look

    def __call__(self, **asked: object) -> Any:  # noqa: ANN401 - the SDK's answer, untyped
        """Ask for one page, and let it through if it is one."""
        answer = self._ask(**asked)
        self._look(checked(self._schema, answer.get_result(), self._doing))
        return answer


def parameter_of(address: str, name: str) -> str | None:
    """Return one parameter of an address; None where it has none."""
    try:
        given = parse_qs(urlsplit(address).query).get(name)
    except ValueError:
        return None
    return given[0] if given else None
