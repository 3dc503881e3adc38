"""The routes that hold resets back and let them go on; documented with the cases."""

from typing import Any

import structlog
from flask import Response, g, jsonify, make_response

from service import examples
from service.auth import caller
from service.context import here
from service.contract import route
from service.restored_schemas import RESTORED, RestoredSchema
from service.routes.cases import cases
from service.schemas import PauseBody
from workers.desk import Desk, Paused
from workers.offboarding.restored import sentence

log: structlog.stdlib.BoundLogger = structlog.get_logger()


@route(
    cases,
    "GET",
    "/api/pause",
    role="viewer",
    answer={
        200: examples.plain(
            "What is paused, and why where the store was restored.",
            {**examples.PAUSED, "restored": RESTORED},
        )
    },
    refuses=(503,),
)
def show_pause() -> Response:
    """Show what is paused; after a restore, why, and what would go on by itself.

    ``restored`` is null for a store that is no old copy. Who leaves on a later day is
    counted only, for viewers.
    """
    desk = here().desk
    return jsonify({**_shown(desk.pauses()), "restored": _restored(desk)})


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
    """Let resets go on.

    Without an account this confirms a restored store, too: ``restored`` has what goes
    on by that then.
    """
    restored = None if body["account_id"] is not None else _restored(here().desk)
    answer = _pause(body["account_id"], paused=False)
    if restored is None:
        return answer
    return make_response(jsonify({**answer.get_json(), "restored": restored}), 202)


def _pause(account_id: str | None, *, paused: bool) -> Response:
    now = here().desk.pause(
        account_id,
        paused=paused,
        actor=caller().person or caller().name,
        request_id=g.request_id,
        person=caller().person,
    )
    log.warning(
        "resets.paused" if paused else "resets.resumed",
        actor=caller().name,
        account_id=account_id,
    )
    return make_response(jsonify(_shown(now)), 202)


def _shown(paused: Paused) -> dict[str, Any]:
    found = {"all": paused.everywhere, "accounts": list(paused.accounts)}
    return {"paused": found}


def _restored(desk: Desk) -> dict[str, Any] | None:
    restored = desk.restored(with_scheduled=caller().role != "viewer")
    if restored is None:
        return None
    shown: dict[str, Any] = RestoredSchema().dump(restored)
    return {**shown, "text": sentence(restored.found)}
