"""A case as the store keeps it: a head, and apart from it what changes on its own.

Targets, report lines and joined departures are kept beside the head, so that a hundred
targets can settle at once without getting in each other's way.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from threading import Lock
from typing import Any, Final, TypeVar

import msgspec

from workers.offboarding.brake import bare, overlaid
from workers.offboarding.model import (
    BrakeState,
    Case,
    CaseStatus,
    CaseTarget,
    Departure,
    ReportLine,
)
from workers.offboarding.part import PartOfCase
from workers.store.formats import refuse_newer

T = TypeVar("T")

# How a record that was damaged, or that a newer version wrote, shows.
CANNOT_BE_READ: Final = (msgspec.MsgspecError, ValueError, KeyError)

# Some megabytes, and more than the targets of all cases that are worked on at a time.
_KEPT: Final = 4096

# Where two threads read a type for the first time at once, msgspec 0.22 shows one of
# them what the other has half learned of its fields, and the process dies of it. So
# each type is learned alone, with all that it holds, before anything is read as it.
_LEARNED: Final[dict[Any, msgspec.json.Decoder[Any]]] = {}
_LEARNING: Final = Lock()


def encode(value: object) -> str:
    """Write any value of the domain as JSON text."""
    return msgspec.json.encode(value).decode()


def decode(text: str | bytes, kind: type[T]) -> T:
    """Read back what ``encode`` wrote; from any thread."""
    return _reader(kind).decode(text)


def converted(value: object, kind: type[T]) -> T:
    """Read what JSON holds and is read already; from any thread.

    Raises:
        msgspec.ValidationError: It does not fit.
    """
    _reader(kind)
    return msgspec.convert(value, kind)


def _reader(kind: type[T]) -> "msgspec.json.Decoder[T]":
    found = _LEARNED.get(kind)
    if found is None:
        with _LEARNING:
            found = _LEARNED[kind] = msgspec.json.Decoder(kind)
    return found


@lru_cache(maxsize=_KEPT)
def _target_of(text: str) -> CaseTarget:
    """Read a target; of a thousand that are read at each step, one has changed."""
    return decode(text, CaseTarget)


def head_of(case: Case) -> str:
    """Write the head of *case*.

    Which case a live one gives way to is kept beside the head, since it may change, and
    so is what the brake does with it.
    """
    if isinstance(case, PartOfCase):
        raise TypeError("A part of a case is read, and never written")
    kept = bare(case)
    joined_to = kept.joined_to if kept.status is CaseStatus.CANCELLED else None
    beside = (kept.targets, kept.reports, kept.departures, kept.revision)
    # A copy takes longer than all the rest, and of a new case there is nothing beside.
    if any(beside) or joined_to != kept.joined_to:
        kept = replace(
            kept,
            joined_to=joined_to,
            targets=(),
            reports=(),
            departures=(),
            revision=0,
        )
    return encode(kept)


def case_of(
    stored: Mapping[str, str],
    targets: Iterable[str],
    reports: Iterable[str],
    joins: Iterable[str],
    *,
    kind: type[Case] = Case,
) -> Case:
    """Put a case together again, targets and reports in a stable order.

    Raises:
        NewerError: A newer version wrote it, whatever else could be read.
    """
    refuse_newer(stored.get("format"))
    mine = sorted(
        map(_target_of, targets),
        key=lambda one: (
            one.target.account_id,
            one.target.region,
            one.target.resource_group.name,
            one.target.id,
        ),
    )
    lines = sorted(
        (decode(one, ReportLine) for one in reports),
        key=lambda one: (one.number, one.kind, one.channel),
    )
    head = decode(stored["head"], kind)
    case = replace(
        head,
        # Beside the head, since the brake holds and lets go of many at once.
        status=CaseStatus(stored["status"]),
        targets=tuple(mine),
        reports=tuple(lines),
        departures=tuple(decode(one, Departure) for one in joins),
        joined_to=stored.get("gives_way") or head.joined_to,
        revision=int(stored["rev"]),
    )
    state = stored.get("brake")
    if not state:
        return case
    at = stored.get("brake_at")
    return overlaid(
        case,
        BrakeState(state),
        stored.get("brake_by"),
        datetime.fromisoformat(at) if at else None,
    )


def part_of(
    stored: list[str],
    reports: list[str],
    joins: list[str],
    targets: list[str | None],
    *,
    is_whole: bool,
) -> Case:
    """Put together what was read with a claim; *stored* has names and values in turn.

    A part is read and never written, save where it turned out to be the whole.
    """
    return case_of(
        dict(zip(stored[::2], stored[1::2], strict=True)),
        (one for one in targets if one is not None),
        reports,
        joins,
        kind=Case if is_whole else PartOfCase,
    )
