"""The command line's way to a running service as a source: one request, sent once.

It knows no token of ours: what proves the sender is in the request already.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

import requests

from config.settings import LOOPBACK
from service.call_error import CallError, Fault
from service.faults import connection_fault, refusal_of
from service.sources.samples.sample import Outgoing

# To connect, and for the answer: senders give a service less.
_TIMEOUT_SECONDS: Final = (5.0, 35.0)
# The longest answer that is read as one: ours are short.
_SHOWN_BYTES: Final = 100_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service answered.

    Attributes:
        status: Of HTTP.
        body: JSON where it is that, else text; None where there is nothing.
    """

    status: int
    body: Any

    @property
    def is_good(self) -> bool:
        """Tell whether a sender takes it for success."""
        return 200 <= self.status < 300

    @property
    def id(self) -> str | None:
        """Return the ``id`` that the service gave what was made; None if it gave none.

        Only what may stand in a path unchanged is one.
        """
        found = self.body.get("id") if isinstance(self.body, dict) else None
        is_plain = isinstance(found, str) and found.isascii() and found.isalnum()
        return found if is_plain else None

    @property
    def case_ids(self) -> tuple[str, ...]:
        """Return the ids of the cases it names."""
        cases = self.body.get("cases") if isinstance(self.body, dict) else None
        return tuple(map(str, cases)) if isinstance(cases, list) else ()


def play(url: str, outgoing: Outgoing, secrets: Sequence[str]) -> Answer:
    """Send one request; CallError where no answer comes.

    Args:
        url: The service's address.
        outgoing: What is sent.
        secrets: What no answer may bring to a screen.
    """
    with requests.Session() as session:
        # A proxy for the outside world must not get what is meant for this machine.
        session.trust_env = urlsplit(url).hostname not in LOOPBACK
        try:
            answer = session.request(
                outgoing.method,
                url.rstrip("/") + outgoing.path,
                data=outgoing.body,
                headers=dict(outgoing.headers),
                # Else a .netrc entry of the host would replace what proves the sender.
                auth=_as_it_is,
                timeout=_TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise connection_fault(error, url) from error
    text = answer.content[:_SHOWN_BYTES].decode("utf-8", "replace")
    return Answer(answer.status_code, _read(hidden(text, secrets)))


def refusal(answer: Answer, url: str, source: str) -> CallError:
    """Turn an answer that is no success into an error that says what to look at."""
    if answer.status in (401, 403):
        variable = f"OFFBOARD_SOURCE_{source.upper()}_SECRET"
        text = f"The service did not take it for authentic: is its {variable} the same?"
        return CallError(Fault.DENIED, text)
    if answer.status == 404:
        variable = f"OFFBOARD_SOURCE_{source.upper()}_SECRET"
        text = (
            f"{url} has no source {source} turned on, or is another service. Set"
            f" {variable} where it runs, and restart it."
        )
        return CallError(Fault.INVALID, text)
    problem = answer.body if isinstance(answer.body, dict) else None
    return refusal_of(answer.status, problem, url)


def shown_path(path: str, secrets: Sequence[str]) -> str:
    """Return a path fit for a screen: no query, and no secret last in it."""
    parts = hidden(path.partition("?")[0], secrets).split("/")
    if parts[1:2] == ["events"] and len(parts) > 3:
        parts[3:] = ["<secret>"]
    return "/".join(parts)


def hidden(text: str, secrets: Sequence[str]) -> str:
    """Return *text* without any of *secrets*."""
    for one in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(one, "[secret]").replace(quote(one, safe=""), "[secret]")
    return text


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _read(text: str) -> Any:  # noqa: ANN401 - whatever was answered
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text or None
