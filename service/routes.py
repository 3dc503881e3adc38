"""The routes: events in, cases out. They decide nothing; the desk does.

Each is declared with its role, and answers only with what the store has taken.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import structlog
from flask import Response, abort, g, jsonify, request
from flask_smorest import Blueprint, current_api  # type: ignore[import-untyped]  # ships no types
from marshmallow import ValidationError

from service import examples
from service.auth import caller
from service.bodies import read_json_bytes, refuse_unmeasured
from service.context import here
from service.contract import route
from service.errors import MalformedError, NotAuthenticError
from service.schemas import (
    CaseSchema,
    CasesQuery,
    EmptyBody,
    OffboardBody,
    PauseBody,
    TakenBody,
)
from service.sources import SOURCES
from service.sources.generic import DepartureBody
from service.words import CASE_ID_PATTERN, Whole, effective_from, leaver_of
from workers.desk import Query
from workers.offboarding.errors import NoSuchCaseError, StoreAwayError
from workers.offboarding.model import (
    Case,
    CaseStatus,
    Departure,
    Event,
    Ignored,
    Leaver,
    Scope,
    Withdrawal,
)

# Three sweeps missed: the workers are late or gone.
SWEEP_LATE_SECONDS: Final = 30

log: structlog.stdlib.BoundLogger = structlog.get_logger()

cases = Blueprint("cases", __name__, description="Departures and their cases.")
events = Blueprint("events", __name__, description="What sources tell us.")
health = Blueprint("health", __name__, description="Is it up, and what can it do.")

_KEY_PATTERN: Final = "^[\\x20-\\x7e]{1,255}$"
_idempotency_key = Whole(
    _KEY_PATTERN, error="Give 1 to 255 printable ASCII characters."
)
_case_id = Whole(CASE_ID_PATTERN)
_CASE_ID: Final = {"case_id": {"type": "string", "pattern": CASE_ID_PATTERN}}
_USER: Final = {
    "type": "string",
    "minLength": 1,
    "maxLength": 254,
    "description": "An e-mail or an IAM ID.",
    "example": "dana.lee@example.com",
}


@route(
    cases,
    "POST",
    "/offboard/<anything:user>",
    role="operator",
    path={"user": _USER},
    headers={"Idempotency-Key": {"type": "string", "pattern": _KEY_PATTERN}},
    takes=OffboardBody(),
    body=examples.optional_body(OffboardBody, examples.OFFBOARD),
    answer={202: examples.case_in_envelope("The case, as it is on disk.")},
    refuses=(409, 503),
)
def offboard(user: str, body: dict[str, Any]) -> Response:
    """Open a case for a person who leaves."""
    leaver = _read_user(user)
    departure = Departure(
        source="api",
        leaver=leaver,
        actor=caller().name,
        effective_at=effective_from(
            body.get("effective_at"), here().clock(), "effective_at"
        ),
        reason=body.get("reason"),
        scope=_scope(body),
        dry_run=body["dry_run"],
        request_id=g.request_id,
    )
    opened = here().desk.open(departure, idempotency=_idempotency(leaver, body))
    log.info(
        "departure.opened", case_id=opened.case.id, opened_as=str(opened.opened_as)
    )
    answer = _case_answer(opened.case)
    answer.headers["Location"] = f"/api/cases/{opened.case.id}"
    return answer


@route(
    cases,
    "GET",
    "/api/cases",
    role="viewer",
    filters=CasesQuery(),
    answer={200: examples.case_list("Newest first.")},
    refuses=(503,),
)
def list_cases(query: dict[str, Any]) -> Response:
    """List cases, newest first."""
    user = query.pop("user", None)
    found = here().desk.list(
        Query(
            **query,
            user=None if user is None else str(_read_user(user)),
            with_scheduled=caller().role != "viewer",
        )
    )
    shown = [_shown(case) for case in found.cases if _may_see(case)]
    return jsonify({"cases": shown, "next": found.next})


@route(
    cases,
    "GET",
    "/api/cases/<case_id>",
    role="viewer",
    path=_CASE_ID,
    answer={200: examples.bare_case("The case.")},
    refuses=(404, 503),
)
def show_case(case_id: str) -> Response:
    """Show one case."""
    case = here().desk.show(_known_shape(case_id))
    if not _may_see(case):
        raise NoSuchCaseError
    return jsonify(_shown(case))


@route(
    cases,
    "POST",
    "/api/cases/<case_id>/retry",
    role="operator",
    path=_CASE_ID,
    takes=EmptyBody(),
    answer={202: examples.case_in_envelope("The case, open again.")},
    refuses=(404, 409, 503),
)
def retry_case(case_id: str, body: dict[str, Any]) -> Response:
    """Take a case that ended with attention back to work."""
    known = _known_shape(case_id)
    return _case_answer(here().desk.retry(known, actor=caller().name))


@route(
    cases,
    "POST",
    "/api/cases/<case_id>/cancel",
    role="operator",
    path=_CASE_ID,
    takes=EmptyBody(),
    answer={202: examples.case_in_envelope("The case, cancelled.")},
    refuses=(404, 409, 503),
)
def cancel_case(case_id: str, body: dict[str, Any]) -> Response:
    """Withdraw a case before its first write."""
    known = _known_shape(case_id)
    return _case_answer(here().desk.cancel(known, actor=caller().name))


@route(
    cases,
    "POST",
    "/api/pause",
    role="operator",
    takes=PauseBody(),
    body=examples.optional_body(PauseBody, examples.PAUSE),
    answer={202: examples.plain("What is paused now.", examples.PAUSED)},
    refuses=(503,),
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
    refuses=(503,),
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
    answer = jsonify({"paused": found})
    answer.status_code = 202
    return answer


cases.before_request(refuse_unmeasured)


def find_source() -> None:
    """Answer 404 for a source that is unknown or has no secret, before all else."""
    source = SOURCES.get((request.view_args or {}).get("source", ""))
    if source is None or not source.is_on(here().settings):
        abort(404)
    structlog.contextvars.bind_contextvars(source=source.name)


events.before_request(find_source)
events.before_request(refuse_unmeasured)


@route(
    events,
    "POST",
    "/events/<source>",
    role="public",
    path={"source": {"type": "string", "enum": sorted(SOURCES)}},
    body=examples.required_body(DepartureBody, examples.EVENT),
    answer={202: examples.media("Stored.", TakenBody, {"cases": [examples.CASE_ID]})},
    refuses=(401, 404, 503),
)
def take_event(source: str) -> Response:
    """Take an event in; a 202 says that it is stored."""
    context = here()
    headers = {name.lower(): value for name, value in request.headers}
    raw = read_json_bytes()
    try:
        event = SOURCES[source].read(headers, raw, context.settings, context.clock())
    except (NotAuthenticError, MalformedError, ValidationError) as error:
        log.warning("event.refused", reason=type(error).__name__)
        raise
    answer = jsonify({"cases": _take(event)})
    answer.status_code = 202
    return answer


def _take(event: Event) -> list[str]:
    match event:
        case Departure():
            departure = replace(event, request_id=g.request_id)
            opened = here().desk.open(departure)
            log.info(
                "departure.opened",
                case_id=opened.case.id,
                opened_as=str(opened.opened_as),
            )
            return [opened.case.id]
        case Withdrawal():
            case = here().desk.withdraw(replace(event, request_id=g.request_id))
            log.info("departure.withdrawn", case_id=case.id if case else None)
            return [case.id] if case else []
        case Ignored(why):
            log.info("event.ignored", reason=why)
            return []


@route(
    health,
    "GET",
    "/healthz",
    role="public",
    answer={200: examples.plain("The process is up.", {"status": "ok"})},
)
def healthz() -> Response:
    """Say that the process is up; it asks nobody."""
    return jsonify({"status": "ok"})


@route(
    health,
    "GET",
    "/readyz",
    role="public",
    answer={
        200: examples.plain("Events are taken in.", examples.READY),
        503: examples.plain("The store is away.", examples.NOT_READY),
    },
)
def readyz() -> Response:
    """Say whether events can be taken in, and whether anybody works on them.

    Late workers are a warning only: answering 503 would turn events away that the
    store would have kept for them.
    """
    desk = here().desk
    try:
        desk.check()
        age = desk.sweep_age_seconds()
    except StoreAwayError:
        checks = {"store": "failed", "sweep": "warn"}
        answer = jsonify({"status": "failed", "checks": checks})
        answer.status_code = 503
        return answer
    sweep = "warn" if age is None or age > SWEEP_LATE_SECONDS else "ok"
    return jsonify({"status": sweep, "checks": {"store": "ok", "sweep": sweep}})


@route(
    health,
    "GET",
    "/openapi.json",
    role="public",
    answer={200: examples.plain("This document.")},
)
def openapi() -> Response:
    """Describe these routes."""
    return jsonify(current_api.spec.to_dict())


def _read_user(text: str) -> Leaver:
    try:
        return leaver_of(text)
    except ValidationError as error:
        raise ValidationError({"user": error.messages}) from error


def _scope(body: Mapping[str, Any]) -> Scope | None:
    regions = tuple(dict.fromkeys(body.get("regions", ())))
    groups = tuple(dict.fromkeys(body.get("resource_groups", ())))
    return Scope(regions, groups) if regions or groups else None


def _idempotency(leaver: Leaver, body: Mapping[str, Any]) -> tuple[str, str] | None:
    """Bind the caller's key to its token and path, and say the body in one digest.

    Both are hashed: a key may hold anything, a path holds the person.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    try:
        _idempotency_key(key)
    except ValidationError as error:
        raise ValidationError({"Idempotency-Key": error.messages}) from error
    canonical = json.dumps(body, sort_keys=True, default=str)
    return (
        _digest(f"{caller().name}:/offboard/{leaver}:{key}"),
        _digest(canonical),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _known_shape(case_id: str) -> str:
    try:
        return _case_id(case_id)
    except ValidationError as error:
        raise NoSuchCaseError from error


def _may_see(case: Case) -> bool:
    """A scheduled departure that never started is not for viewers, cancelled or not."""
    never_started = case.started_at is None and case.starts_at > case.received_at
    is_confidential = case.status is CaseStatus.SCHEDULED or (
        case.status is CaseStatus.CANCELLED and never_started
    )
    return caller().role != "viewer" or not is_confidential


def _case_answer(case: Case) -> Response:
    answer = jsonify({"case": _shown(case)})
    answer.status_code = 202
    return answer


def _shown(case: Case) -> dict[str, Any]:
    context = here()
    settle = timedelta(minutes=context.settings.settle_minutes)
    shown: dict[str, Any] = CaseSchema(settle=settle, now=context.clock()).dump(case)
    return shown
