"""Microsoft Graph's calls, and what its answers mean: again or never, and why."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from config.sources import EntraGraphSettings
from workers.directories.graph_token import Tokens
from workers.directories.graph_wire import Answer, exchange
from workers.offboarding.errors import PermanentError, Reason, TransientError

# What the app registration needs, as application permissions. Reading users, deleted
# ones, the delta query and subscriptions to users are all under the first.
USERS: Final = "User.Read.All"
LEAVE_DATES: Final = frozenset(
    {"User-LifeCycleInfo.Read.All", "User-LifeCycleInfo.ReadWrite.All"}
)
_NO_STATE: Final = frozenset({"syncstatenotfound", "resyncrequired"})


class ResyncError(TransientError):
    """Graph keeps no state for a delta link any more: everybody is listed anew."""


class GraphClient:
    """Calls to one tenant."""

    def __init__(self, settings: EntraGraphSettings) -> None:
        self._root = settings.graph_url
        self._tokens = Tokens(settings)

    def read(
        self, path: str, params: Mapping[str, str] | None = None
    ) -> Mapping[str, Any] | None:
        """GET what is at *path*; None where nothing is.

        Raises:
            TransientError: Nobody can say now.
            PermanentError: Refused; the message names what is missing.
            ResyncError: As its name says.
        """
        return self._found(self._called("GET", f"{self._root}/v1.0{path}", params))

    def follow(self, link: str) -> Mapping[str, Any] | None:
        """GET a link that Graph gave out; as ``read``.

        Raises:
            PermanentError: It leads away from Graph, who alone may see our token.
        """
        if not self._is_ours(link):
            raise PermanentError(
                "Microsoft Graph gave a link that leads elsewhere; nobody followed it.",
                reason=Reason.UNEXPECTED_ANSWER,
            )
        return self._found(self._called("GET", link))

    def send(
        self, method: str, path: str, body: Mapping[str, str] | None = None
    ) -> bool:
        """Change what is at *path*; False where nothing is. Raises as ``read``."""
        answer = self._called(method, f"{self._root}/v1.0{path}", body=body)
        if answer.status == 404:
            return False
        if not 200 <= answer.status < 300:
            raise _fault(answer)
        return True

    def may_read_leave_dates(self) -> bool:
        """Tell whether the token proves that an empty leave date is none.

        Without the permission Graph gives the property empty, and no error.
        """
        roles = self._tokens.token().roles
        return roles is not None and bool(roles & LEAVE_DATES)

    def _found(self, answer: Answer) -> Mapping[str, Any] | None:
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise _fault(answer)
        if answer.body is None:
            raise TransientError(
                "What answered for Microsoft Graph sent no JSON: a proxy, perhaps.",
                reason=Reason.UNEXPECTED_ANSWER,
            )
        return answer.body

    def _called(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, str] | None = None,
    ) -> Answer:
        token = self._tokens.token()
        answer = self._sent(method, url, params, body, token.bearer.reveal())
        if answer.status != 401:
            return answer
        # It may have been taken back before its end; a new one tells.
        self._tokens.drop(token)
        token = self._tokens.token()
        return self._sent(method, url, params, body, token.bearer.reveal())

    def _sent(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        body: Mapping[str, str] | None,
        bearer: str,
    ) -> Answer:
        headers = {"Authorization": f"Bearer {bearer}", "Accept": "application/json"}
        return exchange(method, url, headers=headers, params=params, body=body)

    def _is_ours(self, link: str) -> bool:
        ours, given = urlsplit(self._root), urlsplit(link)
        same = (given.scheme, given.netloc) == (ours.scheme, ours.netloc)
        return same and given.path.startswith(f"{ours.path}/v1.0/")


@lru_cache(maxsize=8)
def open_client(settings: EntraGraphSettings) -> GraphClient | None:
    """Return this process's client, so that all share one token; None: not set up."""
    if not settings.is_on or settings.client_secret is None:
        return None
    return GraphClient(settings)


def _fault(answer: Answer) -> TransientError | PermanentError | ResyncError:
    status, code = answer.status, answer.code
    shown = f"{status} {code}".strip()
    if status == 410 or (status == 400 and code.lower() in _NO_STATE):
        return ResyncError(shown)
    if status == 401:
        text = f"Microsoft Graph refuses the token ({shown})."
        return PermanentError(text, reason=Reason.BAD_KEY)
    if status == 403:
        return PermanentError(
            f"Microsoft Graph refuses ({shown}). Give the app registration the"
            f" application permission {USERS}, and grant admin consent: users, deleted"
            " users, their changes and the subscriptions are read by it.",
            reason=Reason.NO_ROLE,
        )
    if status in (408, 409, 423, 425, 429) or not 400 <= status < 500:
        return TransientError(
            f"Microsoft Graph cannot answer now ({shown}).",
            reason=Reason.RATE_LIMITED if status == 429 else Reason.UNREACHABLE,
            retry_after_seconds=answer.retry_after_seconds,
        )
    text = f"Microsoft Graph does not take the request ({shown})."
    return PermanentError(text, reason=Reason.UNEXPECTED_ANSWER)
