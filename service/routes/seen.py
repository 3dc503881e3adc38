"""The routes that show what is seen: exposure, the gate, the doctor. They read only."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Response, jsonify
from flask_smorest import Blueprint  # type: ignore[import-untyped]  # ships no types
from marshmallow import ValidationError
from werkzeug.exceptions import ServiceUnavailable

from service import examples, seen_examples
from service.auth import caller
from service.bodies import refuse_unmeasured
from service.checkup import checked
from service.context import here, place_to_wait
from service.contract import route
from service.errors import RETRY_AFTER_SECONDS
from service.routes.person import USER, read_user
from service.seen_schemas import (
    DoctorSchema,
    ExposureQuery,
    ExposureSchema,
    GateSchema,
)
from workers.offboarding.errors import Reason
from workers.offboarding.exposure import Exposure, GateAnswer
from workers.offboarding.gate import told_viewers
from workers.offboarding.model import Leaver, Note

seen = Blueprint("seen", __name__, description="Who owns what, and how that is known.")
seen.before_request(refuse_unmeasured)

_EXPOSURE: Final[dict[str, Any]] = examples.media(
    "Who owned every target at the last surveys.", "Exposure", seen_examples.EXPOSURE
) | {"headers": seen_examples.NOT_SEEN}
_GATE: Final = examples.media("Whether they may go.", "Gate", seen_examples.GATE)
_DOCTOR: Final = examples.media("Every check.", "Doctor", seen_examples.DOCTOR)


@route(
    seen,
    "GET",
    "/api/exposure",
    role="viewer",
    filters=ExposureQuery(),
    answer={200: _EXPOSURE},
    refuses=(503,),
)
def show_exposure(query: Mapping[str, Any]) -> Response:
    """Show who owns every target now, from the owner index."""
    found = exposure_in(query["account_id"])
    answer = jsonify(ExposureSchema().dump(found))
    # The body is fixed, and a list that could not be read must not pass for a short
    # one: so the reasons go beside it.
    reasons = dict.fromkeys(str(note.reason) for note in found.notes)
    if reasons:
        answer.headers["Offboard-Not-Seen"] = ", ".join(reasons)
    return answer


def exposure_in(account_ids: Sequence[str]) -> Exposure:
    """Read the exposure of these accounts, or of all where none is named.

    Raises:
        ValidationError: One is not set up here, which must not look like nothing.
    """
    found = here().desk.exposure(account_ids)
    unknown = set(account_ids) - {one.account_id for one in found.accounts}
    if unknown:
        text = f"No account {', '.join(sorted(unknown))} is set up here."
        raise ValidationError({"account_id": [text]})
    return found


@route(
    seen,
    "GET",
    "/api/gate/<anything:user>",
    role="viewer",
    path={"user": USER},
    answer={200: _GATE},
    refuses=(422, 503),
)
def ask_gate(user: str) -> Response:
    """Tell whether a person may be removed, from readings made for this answer."""
    return jsonify(GateSchema().dump(gate_answer(read_user(user))))


def gate_answer(leaver: Leaver) -> GateAnswer:
    """Judge whether *leaver* may be removed, as far as the caller may know why."""
    answer = _judged(leaver)
    return told_viewers(answer) if caller().role == "viewer" else answer


def _judged(leaver: Leaver) -> GateAnswer:
    user = str(leaver)
    with place_to_wait() as is_free:
        if is_free:
            return here().desk.gate(leaver, user=user)
    text = "Other readings are under way; ask again in some seconds."
    busy = Note(Reason.READING_UNDER_WAY, text)
    return GateAnswer(user, False, (busy,), (), here().clock())


@route(
    seen,
    "GET",
    "/api/doctor",
    role="operator",
    answer={200: _DOCTOR},
    refuses=(503,),
)
def ask_doctor() -> Response:
    """Check the set-up, here and by a worker; it changes nothing.

    Without a worker the check of that name says so, and what it would see is missing.
    """
    checks = checked()
    if checks is None:
        raise ServiceUnavailable(
            "Others wait for the workers' answers; ask again in some seconds.",
            retry_after=RETRY_AFTER_SECONDS,
        )
    return jsonify(DoctorSchema().dump({"checks": checks}))
