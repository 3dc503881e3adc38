"""What every HTTP call passes on its way in: the journal, and the planned faults.

Knows nothing of what the routes do. The control routes are let by.
"""

import json
import time
from collections.abc import Callable, Iterable
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from simulator import tokens
from simulator.faults import Action, FaultPlan
from simulator.journal import KEPT_HEADERS, Call, Journal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST_ID_HEADERS = ("Transaction-Id", "X-Global-Transaction-Id", "X-Request-Id")
# No header that is sent: faults of one account alone are planned by it.
CALLER_ACCOUNT = "Caller-Account"
_LOCAL = "/_sim/"


class ConnectionCut(Exception):
    """The connection is to be closed without an answer; ``wire`` does it."""


class Gate:
    """A WSGI application around another."""

    def __init__(
        self,
        application: "WSGIApplication",
        *,
        journal: Journal,
        faults: FaultPlan,
        rival_resets: Callable[[Action], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._application = application
        self._journal = journal
        self._faults = faults
        self._rival_resets = rival_resets
        self._clock = clock
        self.closing = Event()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer a call, or raise ``ConnectionCut``."""
        request = Request(environ)
        if request.path.startswith(_LOCAL):
            return self._application(environ, start_response)
        call = self._call(request)
        number = self._journal.arrived(call)
        headers = {**request.headers, CALLER_ACCOUNT: call.account_id or ""}
        fault = self._faults.take(request.method, request.path, headers)
        response = self._respond(environ, fault.action if fault else None, number)
        self._journal.finished(
            number,
            status=response.status_code if response else None,
            fault=fault.action.kind if fault else None,
            answered_at=self._clock(),
            request_id=_request_id(response),
        )
        if response is None:
            raise ConnectionCut
        return response(environ, start_response)

    def _call(self, request: Request) -> Call:
        authorization = request.headers.get("Authorization")
        claims = tokens.read(authorization)
        return Call(
            at=self._clock(),
            method=request.method,
            path=request.path,
            query=request.args.to_dict(),
            headers={
                name: request.headers[name]
                for name in KEPT_HEADERS
                if name in request.headers
            },
            has_authorization=authorization is not None,
            caller=claims.iam_id if claims else None,
            account_id=claims.account_id if claims else None,
        )

    def _respond(
        self, environ: "WSGIEnvironment", action: Action | None, number: int
    ) -> Response | None:
        if action is None:
            return self._go_on(environ, number)
        if action.kind == "drop_before":
            return None
        if action.kind == "status":
            return Response(
                action.body,
                action.code,
                headers=dict(action.headers),
                content_type=action.content_type,
            )
        self._before(action)
        response = self._go_on(environ, number)
        if action.kind == "drop_after":
            return None
        self._after(action)
        return _shortened(response, action)

    def _before(self, action: Action) -> None:
        if action.kind == "delay":
            self.closing.wait(action.seconds)
        if action.kind == "rival_before":
            self._rival_resets(action)

    def _after(self, action: Action) -> None:
        if action.kind == "delay_after":
            self.closing.wait(action.seconds)
        if action.kind == "rival_after" and action.seconds == 0:
            self._rival_resets(action)
        elif action.kind == "rival_after":
            # The call is answered at once; the rival comes while the caller goes on.
            Thread(target=self._later, args=(action,), daemon=True).start()

    def _later(self, action: Action) -> None:
        if not self.closing.wait(action.seconds):
            self._rival_resets(action)

    def _go_on(self, environ: "WSGIEnvironment", number: int) -> Response:
        response = Response.from_app(self._application, environ, buffered=True)
        self._journal.took_place(number, response.status_code)
        return response


def _shortened(response: Response, action: Action) -> Response:
    body = response.get_data()
    if action.kind == "truncate":
        response.set_data(body[: action.bytes])
    if action.kind == "cut_json":
        response.set_data(body[: len(body) // 2])
    if action.kind == "half_list":
        response.set_data(json.dumps(_half(json.loads(body))))
    return response


def _half(body: Any) -> Any:  # noqa: ANN401 - whatever JSON a route answers
    if isinstance(body, list):
        return body[: len(body) // 2]
    if not isinstance(body, dict):
        return body
    return {n: _half(v) if isinstance(v, list) else v for n, v in body.items()}


def _request_id(response: Response | None) -> str | None:
    if response is None:
        return None
    given = [response.headers.get(name) for name in REQUEST_ID_HEADERS]
    return next((value for value in given if value), None)
