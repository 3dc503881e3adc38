"""The clients that speak to IBM Cloud: one that can only read, one that writes.

No retries: who tries again, and when, is decided above.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from functools import cache
from http.cookiejar import CookieJar
from typing import Any

from ibm_cloud_sdk_core import ApiException, BaseService, DetailedResponse
from ibm_cloud_sdk_core.authenticators import NoAuthAuthenticator
from marshmallow import Schema, ValidationError
from requests import Response, Session
from requests import exceptions as http

from workers.ibmcloud.answers import answer_of, request_id
from workers.ibmcloud.errors import far_side, lost_or_not_done, odd_answer
from workers.ibmcloud.session import configured, writing_session
from workers.ibmcloud.tokens import Bearer, Tokens
from workers.offboarding.errors import LostAnswerError, PermanentError, Reason

Json = dict[str, Any] | list[Any] | str | int | float | bool | None
_Get = Callable[[str, str, Mapping[str, str], Mapping[str, Json]], Json]


def reading_service(
    kind: Callable[..., Any], service_url: str, tokens: Tokens, session: Session
) -> Any:  # noqa: ANN401 - one of the SDK's clients, which have no types
    """Make one of the SDK's clients on a reading session. No I/O."""
    service = copy(_prototype(kind))
    service.authenticator, service.jar = Bearer(tokens), CookieJar()
    return configured(service, service_url, session)


@cache
def _prototype(kind: Callable[..., Any]) -> Any:  # noqa: ANN401 - as above
    """Make one client of a kind, to be copied for each account.

    The SDK has each load every trusted certificate for an adapter of its own, which
    ours replaces: a second of a worker's start for four accounts.
    """
    return kind(authenticator=NoAuthAuthenticator())


@contextmanager
def reading(tokens: Tokens, doing: str) -> Iterator[None]:
    """Turn what the SDK raises while reading into the domain's errors.

    A token the far side refused is dropped: kept, it would be refused for an hour.
    """
    token = tokens.token()
    try:
        with far_side(doing):
            yield
    except PermanentError as error:
        if error.reason is Reason.BAD_KEY:
            tokens.forget(token)
        raise


def checked(schema: Schema, answer: object, doing: str) -> Any:  # noqa: ANN401 - as Schema.load
    """Return *answer* as *schema* reads it; TransientError if it is something else."""
    try:
        return schema.load(answer)  # type: ignore[arg-type]  # whatever came; load checks
    except ValidationError:
        # No cause: marshmallow's error carries the whole answer.
        raise odd_answer(doing, "the answer has not the shape we know") from None


class ReadingClient:
    """Reads the Kubernetes Service. It can ``get`` and nothing else, by design.

    The SDK's service, which could do more, is in a closure and not in reach.
    """

    __slots__ = ("_get",)

    def __init__(self, service_url: str, tokens: Tokens, session: Session) -> None:
        self._get = _getter(service_url, tokens, session)

    def get(
        self,
        path: str,
        *,
        doing: str,
        headers: Mapping[str, str] | None = None,
        means: Mapping[str, Json] | None = None,
    ) -> Json:
        """Read *path*; None for an empty answer. *doing* begins an error's message.

        Args:
            path: Below the service's address.
            doing: What is being done, as "Reading the key owner".
            headers: Sent besides the token.
            means: Codes of errors that are answers, whatever their status, and what
                is returned for them.

        Raises:
            TransientError: Timeout, 429, 5xx, 404, 401 P0005, a cut or odd answer.
            PermanentError: Other 4xx, and what ``Tokens.token`` raises.
        """
        return self._get(path, doing, headers or {}, means or {})


class WritingClient:
    """Sends one write, with the token its caller has in hand."""

    __slots__ = ("_service",)

    def __init__(self, service_url: str, session: Session | None = None) -> None:
        service = BaseService(
            service_url=service_url, authenticator=NoAuthAuthenticator()
        )
        self._service = configured(service, service_url, session or writing_session())

    def send(
        self,
        method: str,
        path: str,
        *,
        doing: str,
        headers: Mapping[str, str],
        body: Mapping[str, str] | None = None,
    ) -> str | None:
        """Send it once. Return IBM Cloud's request id, if it gave one.

        Raises:
            TransientError: Proven not done: 423, 425, 429, or no connection came into
                being.
            PermanentError: Proven not done: IBM Cloud refused it (4xx).
            LostAnswerError: Sent, and nobody knows: 5xx, 408, 409, 3xx, P0005, a
                timeout, a cut connection, any 2xx but 204.
        """
        # The session keeps no connection for the next write, so the far side need not.
        sent = {"Accept": "application/json", "Connection": "close", **headers}
        # An explicit empty body, where there is none: IBM's own script sends one.
        data = dict(body) if body else ""
        request = self._service.prepare_request(method, path, headers=sent, data=data)
        try:
            answer: DetailedResponse = self._service.send(request)
        except (ApiException, http.RequestException) as error:
            raise lost_or_not_done(error, doing) from error
        status = answer.get_status_code()
        if status != 204:
            raise LostAnswerError(f"{doing}: IBM Cloud answered {status}, not 204")
        return request_id(answer.get_headers())


def _getter(service_url: str, tokens: Tokens, session: Session) -> _Get:
    service = reading_service(BaseService, service_url, tokens, session)

    def get(
        path: str, doing: str, headers: Mapping[str, str], means: Mapping[str, Json]
    ) -> Json:
        sent = {"Accept": "application/json", **headers}
        with reading(tokens, doing):
            request = service.prepare_request("GET", path, headers=sent)
            try:
                answer: Json | Response = service.send(request).get_result()
            except ApiException as error:
                code = answer_of(error).code
                if code not in means:
                    raise
                return means[code]
        return _as_json(answer, doing)

    return get


def _as_json(answer: Json | Response, doing: str) -> Json:
    if not isinstance(answer, Response):
        return answer
    # The SDK hands back what does not call itself JSON; some proxies forget to.
    try:
        body: Json = answer.json()
    except (ValueError, RecursionError) as error:
        raise odd_answer(doing, "the answer is no JSON") from error
    return body
