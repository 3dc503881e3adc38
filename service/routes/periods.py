"""The evidence of some days: which cases, for whom, as lines or as a pack."""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO, Final

from werkzeug.exceptions import ServiceUnavailable

from service.auth import caller
from service.context import here, place_to_wait
from service.packing.writing import write_period
from service.routes.casework import may_see
from workers.desk import Desk
from workers.offboarding.errors import (
    CaseDamagedError,
    NoSuchCaseError,
    NotSealedError,
)
from workers.offboarding.evidence import SERVICE
from workers.offboarding.pack.period import Period
from workers.offboarding.pack.plain import second
from workers.offboarding.pack.rendering import quarantined

_BUSY: Final = "Other packs are being made; ask again when they are."
_AGAIN_SECONDS: Final = 15
# A small period never touches the disk.
_IN_MEMORY_BYTES: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Days:
    """The evidence of a period as one caller may have it.

    ``register`` is None for a viewer, since it names departures of a later day, too.
    """

    register: Iterator[str] | None
    packs: Iterator[Sequence[str]]


def days_of(period: Period) -> Days:
    """Find the evidence of a period; NotSealedError where none was ever sealed.

    The register is read to its end before the packs are, by whoever takes both.
    """
    desk = here().desk
    is_viewer = caller().role == "viewer"
    wanted: set[str] = set()
    lines = iter(desk.evidence_register())
    # What cannot be given at all is told by the status, which goes first.
    register = _noting(chain([next(lines)], lines), period, wanted)
    if is_viewer:
        deque(register, maxlen=0)
    return Days(
        None if is_viewer else register, _packs(desk, wanted, is_viewer=is_viewer)
    )


def _noting(lines: Iterable[str], period: Period, wanted: set[str]) -> Iterator[str]:
    for raw in lines:
        line = json.loads(raw)
        if line["kind"] == "item" and period.has(line["case"]):
            wanted.add(line["case"])
        yield raw


def _packs(desk: Desk, wanted: set[str], *, is_viewer: bool) -> Iterator[Sequence[str]]:
    for case_id in sorted(wanted):
        try:
            if is_viewer:
                refuse_hidden(case_id)
            yield desk.evidence_of(case_id, may_wait=False).lines
        except (NoSuchCaseError, NotSealedError):
            # It was archived where the service cannot read it: the register names it.
            continue
        except CaseDamagedError:
            # Of a viewer: nobody can tell whether they may see it.
            continue


def refuse_hidden(case_id: str) -> None:
    """Refuse what the caller may not see; of a damaged case nobody can tell.

    Raises:
        NoSuchCaseError: There is none for this caller.
        CaseDamagedError: It is damaged, and the caller a viewer.
    """
    if caller().role != "viewer":
        # What is archived, or damaged, is all that is left to be read.
        return
    if case_id == SERVICE or not may_see(here().desk.show(case_id)):
        # Who paused and who resumed is no case, and of no departure.
        raise NoSuchCaseError


def pack_of(period: Period) -> IO[bytes]:
    """Make the pack of a period, in a file that goes when it is closed.

    Raises:
        ServiceUnavailable: Others are being made; each keeps a thread busy.
    """
    with place_to_wait() as is_free:
        if not is_free:
            raise ServiceUnavailable(_BUSY, retry_after=_AGAIN_SECONDS)
        days = days_of(period)
        file = SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 - see below
        with ExitStack() as stack:
            stack.callback(file.close)
            _write(file, period, days)
            # From here on it is closed with the answer.
            stack.pop_all()
        return file


def _write(file: IO[bytes], period: Period, days: Days) -> None:
    register = days.register
    write_period(
        file,
        period,
        register=None if register is None else (one.encode() for one in register),
        packs=([one.encode() for one in lines] for lines in days.packs),
        quarantine=quarantined(_waiting(period)),
    )


def _waiting(period: Period) -> Iterator[dict[str, str]]:
    """Give what waits in quarantine and came in the period, page by page."""
    after: str | None = None
    while True:
        page = here().desk.quarantined(after=after)
        for one in page:
            if period.covers(one.received_at):
                yield {
                    "id": one.id,
                    "source": one.source,
                    "reason": str(one.reason),
                    "received_at": second(one.received_at),
                }
        if not page:
            return
        after = page[-1].id
