"""How the sources fare → the doctor's lines about them. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final

from workers.offboarding.health import Check, Verdict
from workers.offboarding.intake import SourceStats
from workers.offboarding.words import counted

_LIST: Final = "offboard quarantine list"


def source_checks(found: Iterable[SourceStats]) -> tuple[Check, ...]:
    """Say of each source that is on whether it speaks, and what of it waits."""
    on = [one for one in found if one.is_on]
    if not on:
        text = (
            "No source is on: nothing tells this service who leaves; it is only asked "
            "by hand."
        )
        mend = "Set OFFBOARD_SOURCE_<NAME>_SECRET of one; docs/sources has a page each."
        return (Check("sources", Verdict.WARNING, text, mend),)
    return tuple(each for one in on for each in _of(one))


def _of(one: SourceStats) -> Iterator[Check]:
    yield _speaking(one)
    if one.quarantined:
        text = (
            f"{counted(one.quarantined, 'delivery', 'deliveries')} of {one.name} could "
            "not be acted on: a departure may be among them."
        )
        mend = "See why, mend it, and replay or drop each:"
        yield Check("quarantine", Verdict.WARNING, text, mend, _LIST)


def _speaking(one: SourceStats) -> Check:
    what, note = f"source_{one.name}", one.note
    refused = (
        f" {counted(note.refused, 'delivery', 'deliveries')} refused, the last for: "
        f"{note.last_refused_why or 'unknown'}."
        if note.refused
        else ""
    )
    see = f"See docs/sources/{one.name}.md for what its sender has to be set to."
    if note.last_delivered_at is None:
        text = f"It is on, and no delivery was ever taken from it.{refused}"
        test = " What can be played instead, signed as its sender signs:"
        command = f"offboard source send {one.name}"
        return Check(what, Verdict.WARNING, text, f"{see}{test}", command)
    if one.is_silent:
        text = (
            f"It is silent: it is expected every {one.expected_hours:g} h, and spoke "
            f"last at {note.last_delivered_at:%Y-%m-%d %H:%M} UTC.{refused}"
        )
        return Check(what, Verdict.FAILED, text, see)
    text = f"It spoke last at {note.last_delivered_at:%Y-%m-%d %H:%M} UTC."
    return Check(what, Verdict.OK, text)
