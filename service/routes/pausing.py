"""The routes that hold resets back and let them go on; documented with the cases."""

from typing import Any

import structlog
from flask import Response, jsonify, make_response

from service import examples
from service.auth import caller
from service.context import here
from service.contract import route
from service.routes.cases import cases
from service.schemas import PauseBody

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@route(
    cases,
    "POST",
    "/api/pause",
    role="operator",
    takes=PauseBody(),
    body=examples.optional_body(PauseBody, examples.PAUSE),
    answer={202: examples.plain("What is paused now.", examples.PAUSED)},
    refuses=(409, 503),
)
def pause(body: dict[str, Any]) -> Response:
    """Hold every reset back, or those of one account."""
    return _pause(body["account_id"], paused=True)


@route(
    cases,
    "POST",
    "/api/resume",
    role="approver",
    takes=PauseBody(),
    body=examples.optional_body(PauseBody, examples.PAUSE),
    answer={202: examples.plain("What is paused now.", examples.PAUSED)},
    refuses=(409, 503),
)
def resume(body: dict[str, Any]) -> Response:
    """Let resets go on."""
    return _pause(body["account_id"], paused=False)


def _pause(account_id: str | None, *, paused: bool) -> Response:
    now = here().desk.pause(account_id, paused=paused)
    log.warning(
        "resets.paused" if paused else "resets.resumed",
        actor=caller().name,
        account_id=account_id,
    )
    found = {"all": now.everywhere, "accounts": list(now.accounts)}
    return make_response(jsonify({"paused": found}), 202)
