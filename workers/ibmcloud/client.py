"""The clients that speak to IBM Cloud: one that can only read, one that can reset.

Timeouts, connections and what is refused on the way are settled here, for the SDK's
clients too. No retries: who tries again, and when, is decided above.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

from ibm_cloud_sdk_core import BaseService, DetailedResponse
from ibm_cloud_sdk_core.authenticators import NoAuthAuthenticator
from ibm_cloud_sdk_core.http_adapter import SSLHTTPAdapter
from marshmallow import Schema, ValidationError
from requests import PreparedRequest, Response, Session

from workers.ibmcloud.errors import far_side, odd_answer, request_id
from workers.ibmcloud.tokens import HTTP_CONFIG, Bearer, Tokens
from workers.offboarding.errors import PermanentError, Reason

Json = dict[str, Any] | list[Any] | str | int | float | bool | None
# Sixteen threads of a worker and the readers of a survey share one session.
_POOL: Final = {"pool_connections": 8, "pool_maxsize": 32}


class WriteRefusedError(Exception):
    """Somebody tried to write through a session that only reads: a bug, not a fault."""


class _ReadOnly(SSLHTTPAdapter):  # type: ignore[misc]  # the SDK ships no types
    """The last place before the wire, so nothing built on the session can write."""

    def send(self, request: PreparedRequest, **kwargs: object) -> Response:
        if request.method != "GET":
            raise WriteRefusedError(f"{request.method} on a session that only reads")
        answer: Response = super().send(request, **kwargs)
        return answer


def reading_session() -> Session:
    """Make a session that sends GET and refuses everything else before the wire."""
    return _session(_ReadOnly(**_POOL))


def reading_service(
    kind: Callable[..., Any], service_url: str, tokens: Tokens, session: Session
) -> Any:  # noqa: ANN401 - one of the SDK's clients, which have no types
    """Make one of the SDK's clients on a reading session. No I/O."""
    return _configured(kind(authenticator=Bearer(tokens)), service_url, session)


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
        params: Mapping[str, str] | None = None,
    ) -> Json:
        """Read *path*; None for an empty answer. *doing* begins an error's message.

        Raises:
            TransientError: Timeout, 429, 5xx, 404, 401 P0005, a cut or odd answer.
            PermanentError: Other 4xx, and what ``Tokens.token`` raises.
        """
        return self._get(path, doing, dict(headers or {}), dict(params or {}))


class ResettingClient:
    """Sends a POST without a body, with the token its caller has in hand."""

    __slots__ = ("_service",)

    def __init__(self, service_url: str) -> None:
        service = BaseService(
            service_url=service_url, authenticator=NoAuthAuthenticator()
        )
        session = _session(SSLHTTPAdapter(**_POOL))
        self._service = _configured(service, service_url, session)

    def post_empty(
        self, path: str, *, headers: Mapping[str, str]
    ) -> tuple[int, str | None]:
        """Send it once, and return the status and IBM Cloud's request id.

        Raises:
            ApiException: Any answer but 2xx, or a 2xx in part.
            requests.RequestException: No answer. What both mean for a reset is for
                the caller to say.
        """
        # An idle connection may be closed just as we write to it, and then nobody
        # knows whether the reset arrived: each one gets a connection of its own.
        sent = {"Accept": "application/json", "Connection": "close", **headers}
        request = self._service.prepare_request("POST", path, headers=sent, data="")
        answer: DetailedResponse = self._service.send(request)
        return answer.get_status_code(), request_id(answer.get_headers())


def _getter(
    service_url: str, tokens: Tokens, session: Session
) -> Callable[[str, str, dict[str, str], dict[str, str]], Json]:
    service = BaseService(service_url=service_url, authenticator=Bearer(tokens))
    _configured(service, service_url, session)

    def get(
        path: str, doing: str, headers: dict[str, str], params: dict[str, str]
    ) -> Json:
        sent = {"Accept": "application/json", **headers}
        with reading(tokens, doing):
            request = service.prepare_request("GET", path, headers=sent, params=params)
            answer: Json | Response = service.send(request).get_result()
        return _as_json(answer, doing)

    return get


def _as_json(answer: Json | Response, doing: str) -> Json:
    if not isinstance(answer, Response):
        return answer
    # The SDK hands back what does not call itself JSON; some proxies forget to.
    try:
        body: Json = answer.json()
    except ValueError as error:
        raise odd_answer(doing, "the answer is no JSON") from error
    return body


def _session(adapter: SSLHTTPAdapter) -> Session:
    session = Session()
    # No answer to one caller may colour the next one's request.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    # Without an auth of its own requests looks into ~/.netrc, and puts what it finds
    # there in the place of our token.
    session.auth = _untouched
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _untouched(request: PreparedRequest) -> PreparedRequest:
    return request


def _configured(service: Any, service_url: str, session: Session) -> Any:  # noqa: ANN401 - as above
    # At DEBUG the SDK prints whole requests as it makes them.
    logging.getLogger("ibm-cloud-sdk-core").setLevel(logging.WARNING)
    service.set_service_url(service_url)
    service.set_http_config(HTTP_CONFIG)
    # Last, since the SDK mounts an adapter with a pool too small for our threads.
    service.set_http_client(session)
    return service
