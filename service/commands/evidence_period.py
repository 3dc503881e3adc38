"""The evidence of some days as one pack: read as it comes, written to the disk."""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain, groupby
from pathlib import Path
from typing import IO, Any, Final

import click

from service.call_error import CallError, Fault
from service.client import Client
from service.commands.evidence_hr import read_people
from service.commands.opening import read_settings
from service.commands.screen import progress_screen
from service.packing.writing import write_period
from workers.offboarding.model import SamePerson
from workers.offboarding.pack.matching import Person
from workers.offboarding.pack.period import Period
from workers.offboarding.pack.plain import moment_in, second
from workers.offboarding.pack.rendering import PeriodRendering, quarantined
from workers.offboarding.words import counted

_SAID_EVERY_SECONDS: Final = 5.0
_SHOWN: Final = 20


def period_of(first: str, end: str) -> Period:
    """Read the two days of a period; UsageError where they are none."""
    days = []
    for name, text in (("--from", first), ("--to", end)):
        try:
            days.append(date.fromisoformat(text))
        except ValueError as error:
            said = f"{name}: Give a day like 2026-07-01."
            raise click.UsageError(said) from error
    if days[0] >= days[1]:
        raise click.UsageError("--to: It is the day after the last, after --from.")
    return Period(*days)


def people_of(match: Path | None) -> tuple[Person, ...] | None:
    """Read HR's list, known by the identity map where one is set here."""
    if match is None:
        return None
    mapped = read_settings("command").identity_map_file
    same = [SamePerson(one.iam_id, one.emails, one.ids) for one in mapped]
    return read_people(match, same)


def export_period(
    client: Client, period: Period, people: Sequence[Person] | None, file: IO[bytes]
) -> bool:
    """Write the pack of a period; tell whether all that it should have is in it."""
    lines = client.evidence_between(f"{period.first}", f"{period.end}")
    register, packs = _parted(_whole(lines))
    waiting = quarantined(_waiting(client, period))
    try:
        made = write_period(
            file,
            period,
            register=register,
            packs=_in_order(packs),
            quarantine=waiting,
            people=people,
        )
    except ValueError as error:
        said = "What the service answers cannot be used: it is no evidence."
        raise CallError(Fault.NOT_OURS, said) from error
    _tell(made, has_register=register is not None)
    return register is not None and not made.missing


def _whole(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Pass lines on that are whole, and end with the last of a section."""
    last = b""
    for last in lines:
        yield last
    if last and (not last.endswith(b"\n") or _kind_of(last) != "register"):
        raise CallError(Fault.UNREACHABLE, "The evidence came without its end.")


def _kind_of(line: bytes) -> str:
    return str(_object(line).get("kind", ""))


def _object(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as error:
        said = "What the service answers cannot be used: it is no evidence."
        raise CallError(Fault.NOT_OURS, said) from error
    return found if isinstance(found, dict) else {}


def _parted(
    lines: Iterator[bytes],
) -> tuple[Iterator[bytes] | None, Iterator[Iterator[bytes]]]:
    """Part the register, if there is one, from the packs behind it."""
    sections = _sections(lines)
    first = next(sections, None)
    if first is None:
        return None, iter(())
    header = next(first)
    begun = chain([header], first)
    if _object(header).get("about") == "register":
        return begun, sections
    return None, chain([begun], sections)


def _sections(lines: Iterator[bytes]) -> Iterator[Iterator[bytes]]:
    number = 0

    def numbered(line: bytes) -> int:
        nonlocal number
        number += line.startswith(b"{") and b'"kind":"header"' in line
        return number

    for _, section in groupby(lines, key=numbered):
        yield section


def _in_order(packs: Iterable[Iterator[bytes]]) -> Iterator[list[bytes]]:
    """Give each pack as a whole, and say from time to time how many they were."""
    before, many, said_at = "", 0, time.monotonic()
    for pack in packs:
        lines = list(pack)
        case_id = str(_object(lines[0]).get("case", ""))
        if case_id <= before:
            raise CallError(Fault.NOT_OURS, "The cases came in another order.")
        before, many = case_id, many + 1
        if time.monotonic() - said_at > _SAID_EVERY_SECONDS:
            said_at = time.monotonic()
            progress_screen().line(f"{counted(many, 'case')} so far …")
        yield lines


def _waiting(client: Client, period: Period) -> Iterator[dict[str, str]]:
    """Give what waits in quarantine and came in the period, page by page."""
    cursor: dict[str, str | int] = {}
    while True:
        page = client.quarantine(**cursor)
        for one in page.get("quarantine", ()):
            at = moment_in(one.get("received_at"))
            if at is None or period.covers(at):
                yield {**one, "received_at": second(at)}
        if not page.get("next"):
            return
        cursor = {"cursor": page["next"]}


def _tell(made: PeriodRendering, *, has_register: bool) -> None:
    screen = progress_screen()
    screen.line(f"{counted(made.cases, 'case')} received in these days.")
    for case_id in made.missing[:_SHOWN]:
        screen.line(f"Case {case_id} is not in the store any more.")
    if made.missing[_SHOWN:]:
        screen.line(f"… and {len(made.missing) - _SHOWN} more.")
    if made.missing:
        screen.say(
            "Cases are archived some time after their end: give their files to"
            " `offboard evidence verify` beside this one."
        )
    if not has_register:
        screen.say(
            "Without the register, which the role operator may have, this cannot show"
            " whether a case is missing."
        )
    if made.matching is not None:
        screen.line(
            f"On HR's list and no event here: {len(made.matching.unheard)}. An event"
            f" here and not on HR's list: {len(made.matching.unlisted)}."
        )
