"""The sessions under all clients: the last place before the wire.

What must hold for every call holds here, for the SDK's clients and their pagers too:
who reads cannot write, each call has its slot, and a 429 slows everybody down.
"""

import logging
import time
from functools import cache, partial
from http.cookiejar import DefaultCookiePolicy
from ssl import SSLContext, TLSVersion
from typing import Any, Final

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssl_ import create_urllib3_context

from workers.ibmcloud.answers import asked_wait
from workers.ibmcloud.pace import Pace
from workers.ibmcloud.silence import Silence, kind_of
from workers.ibmcloud.tokens import HTTP_CONFIG

# The threads of a worker and the readers of a survey share one session.
_HOSTS: Final = 8
_CALLS: Final = 64


class WriteRefusedError(Exception):
    """Somebody tried to write through a session that only reads: a bug, not a fault."""


@cache
def _trusted() -> SSLContext:
    """Load the trusted certificates, once: it takes longer than all else here."""
    context = create_urllib3_context()
    context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    context.minimum_version = TLSVersion.TLSv1_2
    return context


class _LastPlace(HTTPAdapter):
    """Sends a request, or does not.

    Who writes took his slot before his last look, so that nothing has to be waited for
    between the two.
    """

    def __init__(
        self, pace: Pace, silence: Silence | None = None, *, only_reads: bool
    ) -> None:
        self._pace = pace
        self._silence = silence or Silence()
        self._only_reads = only_reads
        super().__init__(pool_connections=_HOSTS, pool_maxsize=_CALLS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - as the base class has it
        """Have every pool trust what all of them trust."""
        super().init_poolmanager(*args, ssl_context=_trusted(), **kwargs)

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:  # type: ignore[override]  # noqa: ANN401 - passed on as it came
        if self._only_reads:
            if request.method != "GET":
                raise WriteRefusedError(
                    f"{request.method} on a session that only reads"
                )
            return self._read(request, **kwargs)
        # A kept connection may be closed just as we write to it, and then nobody
        # knows whether the reset arrived: each one gets a connection of its own.
        self.close()
        # Who writes has looked a moment ago: what hangs was met there.
        return self._send(request, **kwargs)

    def _read(self, request: PreparedRequest, **kwargs: Any) -> Response:  # noqa: ANN401 - passed on as it came
        with self._silence.call(kind_of(request.url or "")) as sent:
            # Only then, so that what is not asked takes no slot of others.
            self._pace.wait()
            sent()
            return self._send(request, **kwargs)

    def _send(self, request: PreparedRequest, **kwargs: Any) -> Response:  # noqa: ANN401 - passed on as it came
        sent_at = time.monotonic()
        send = partial(super().send, request, **kwargs)
        method, url = str(request.method), str(request.url)
        answer = self._pace.meter.asked(method, url, send)
        if answer.status_code == 429:
            self._pace.back_off(asked_wait(answer.headers))
        else:
            self._pace.answered(sent_at)
        return answer


def reading_session(
    pace: Pace | None = None, silence: Silence | None = None
) -> Session:
    """Make a session that sends GET and refuses everything else before the wire.

    Each call waits for its slot; what ``Pace.wait`` and ``Silence.call`` raise comes
    through as it is.
    """
    return _session(_LastPlace(pace or Pace(), silence, only_reads=True))


def writing_session(pace: Pace | None = None) -> Session:
    """Make a session that sends whatever it is given, and waits for nothing."""
    return _session(_LastPlace(pace or Pace(), only_reads=False))


def configured(service: Any, service_url: str, session: Session) -> Any:  # noqa: ANN401 - one of the SDK's clients, which have no types
    """Give one of the SDK's clients its address, our timeouts and *session*."""
    # At DEBUG the SDK prints whole requests as it makes them.
    logging.getLogger("ibm-cloud-sdk-core").setLevel(logging.WARNING)
    service.set_service_url(service_url)
    service.set_http_config(HTTP_CONFIG)
    # Last, since the SDK mounts an adapter with a pool too small for our threads.
    service.set_http_client(session)
    return service


def _session(adapter: HTTPAdapter) -> Session:
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
