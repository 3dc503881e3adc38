"""The routes of evidence: the pack of a case, the register over all of them."""

from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

from flask import Response
from flask_smorest import Blueprint  # type: ignore[import-untyped]  # ships no types

from service import examples
from service.auth import caller
from service.bodies import refuse_unmeasured
from service.context import here, place_to_wait
from service.contract import route
from service.routes.casework import CASE_ID, known_shape, may_see
from workers.offboarding.errors import CaseDamagedError, NoSuchCaseError
from workers.offboarding.evidence import SERVICE

evidence = Blueprint("evidence", __name__, description="What an auditor verifies.")
evidence.before_request(refuse_unmeasured)

LINES: Final = "application/jsonl"
_PACK: Final[dict[str, Any]] = examples.lines("The case, as it is sealed.") | {
    "headers": {
        "Offboard-Unsealed": {
            "description": "How many entries are not sealed yet, and not in it.",
            "schema": {"type": "integer"},
        }
    }
}


@route(
    evidence,
    "GET",
    "/api/cases/<case_id>/evidence",
    role="viewer",
    path=CASE_ID,
    answer={200: _PACK},
    refuses=(404, 503),
)
def show_evidence(case_id: str) -> Response:
    """Give a case's evidence, which is verified with the public key alone."""
    known = known_shape(case_id)
    _refuse_hidden(known)
    with place_to_wait() as is_free:
        pack = here().desk.evidence_of(known, may_wait=is_free)
    answer = Response("".join(pack.lines), content_type=LINES)
    answer.headers["Offboard-Unsealed"] = str(pack.unsealed)
    return answer


def _refuse_hidden(case_id: str) -> None:
    """Refuse a case that the caller may not see; of a damaged one nobody can tell."""
    if case_id == SERVICE:
        # Who paused and who resumed: no case, and of no departure.
        if caller().role == "viewer":
            raise NoSuchCaseError
        return
    try:
        case = here().desk.show(case_id)
    except CaseDamagedError:
        # What was done in it is all that is left to be read.
        if caller().role == "viewer":
            raise
    else:
        if not may_see(case):
            raise NoSuchCaseError


@route(
    evidence,
    "GET",
    "/api/evidence/register",
    role="operator",
    answer={200: examples.lines("Every case there ever was, in order.")},
    refuses=(503,),
)
def show_register() -> Response:
    """Give the register over all cases; it names scheduled ones, too."""
    lines = iter(here().desk.evidence_register())
    # What cannot be given at all is told by the status, which goes first.
    first = next(lines)
    return Response(_bytes(chain([first], lines)), content_type=LINES)


def _bytes(lines: Iterator[str]) -> Iterator[bytes]:
    for line in lines:
        yield line.encode()
