"""The routes of evidence: of a case, of some days, the register over all cases."""

import os
from collections.abc import Iterable, Iterator
from io import BytesIO
from itertools import chain
from typing import IO, Any, Final

from flask import Response, request, stream_with_context
from flask_smorest import Blueprint  # type: ignore[import-untyped]  # ships no types

from service import examples
from service.bodies import refuse_unmeasured
from service.context import here, place_to_wait
from service.contract import route
from service.evidence_schemas import FormatQuery, PeriodQuery
from service.packing.writing import write_case
from service.routes.casework import CASE_ID, known_shape
from service.routes.periods import days_of, pack_of, refuse_hidden
from workers.desk import Pack
from workers.offboarding.pack.how_to import file_of
from workers.offboarding.pack.members import About
from workers.offboarding.pack.period import Period

evidence = Blueprint("evidence", __name__, description="What an auditor verifies.")
evidence.before_request(refuse_unmeasured)

LINES: Final = "application/jsonl"
ZIP: Final = "application/zip"
_PART_BYTES: Final = 65_536
_PACK: Final[dict[str, Any]] = examples.lines_or_zip("The case, as it is sealed.") | {
    "headers": {
        "Offboard-Unsealed": {
            "description": "How many entries are not sealed yet, and not in it.",
            "schema": {"type": "integer"},
        }
    }
}
_LINES_OR_ZIP: Final = examples.lines_or_zip("The register, and a pack after another.")


@route(
    evidence,
    "GET",
    "/api/cases/<case_id>/evidence",
    role="viewer",
    path=CASE_ID,
    filters=FormatQuery(),
    answer={200: _PACK},
    refuses=(404, 503),
)
def show_evidence(case_id: str, query: dict[str, Any]) -> Response:
    """Give a case's evidence, which is verified with the public key alone.

    As signed lines; as a zip for people where that is accepted or asked for.
    """
    known = known_shape(case_id)
    is_zip = wants_zip(query)
    return case_zip(known) if is_zip else case_lines(known)


def wants_zip(query: dict[str, Any]) -> bool:
    """Tell which of the two is asked for: by the query, else by Accept."""
    if query.get("format"):
        return bool(query["format"] == "zip")
    return request.accept_mimetypes.best == ZIP


def case_lines(case_id: str) -> Response:
    """Answer with the signed lines of a case."""
    pack = _case_pack(case_id)
    answer = Response("".join(pack.lines), content_type=LINES)
    answer.headers["Offboard-Unsealed"] = str(pack.unsealed)
    return answer


def case_zip(case_id: str) -> Response:
    """Answer with the pack of a case."""
    pack = _case_pack(case_id)
    file = BytesIO()
    write_case(file, case_id, [one.encode() for one in pack.lines])
    answer = as_download(file, About(case_id=case_id))
    answer.headers["Offboard-Unsealed"] = str(pack.unsealed)
    return answer


def as_download(file: IO[bytes], about: About) -> Response:
    """Answer with a zip file under its name; it is closed once it is sent."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    answer = Response(_parts(file), content_type=ZIP)
    answer.content_length = size
    answer.headers["Content-Disposition"] = f"attachment; filename={file_of(about)}"
    answer.call_on_close(file.close)
    return answer


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while part := file.read(_PART_BYTES):
            yield part


def _case_pack(case_id: str) -> Pack:
    refuse_hidden(case_id)
    with place_to_wait() as is_free:
        return here().desk.evidence_of(case_id, may_wait=is_free)


@route(
    evidence,
    "GET",
    "/api/evidence",
    role="viewer",
    filters=PeriodQuery(),
    answer={200: _LINES_OR_ZIP},
    refuses=(503,),
)
def show_evidence_between(query: dict[str, Any]) -> Response:
    """Give the evidence of every case received from one day until before another.

    The register over all cases comes first, for operators alone: it names scheduled
    departures, too. Of those a viewer gets none.
    """
    period = Period(query["first"], query["end"])
    if wants_zip(query):
        return as_download(pack_of(period), About(period=period))
    days = days_of(period)
    packs = chain.from_iterable(days.packs)
    lines = stream_with_context(_bytes(chain(days.register or (), packs)))
    return Response(lines, content_type=LINES)


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


def _bytes(lines: Iterable[str]) -> Iterator[bytes]:
    for line in lines:
        yield line.encode()
