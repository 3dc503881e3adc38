"""The first page of a period: how many ended how, those not safe first. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from workers.offboarding.pack.case_page import TONES
from workers.offboarding.pack.html import (
    badge,
    code,
    document,
    facts,
    paragraph,
    section,
    table,
)
from workers.offboarding.pack.matching import Matching
from workers.offboarding.pack.members import PAGE, case_member
from workers.offboarding.pack.period import Period, received_at
from workers.offboarding.pack.plain import for_people, shown
from workers.offboarding.pack.states import ORDER, SAID
from workers.offboarding.pack.story import Story

_NOT_SAFE: Final = ("attention", "waiting", "open", "refused", "scheduled")


@dataclass(frozen=True, slots=True)
class Brief:
    """What the first page says of one case."""

    case_id: str
    state: str
    is_adoption: bool
    leaver: str
    received_at: datetime | None
    owner_safe_at: datetime | None
    targets: int


def brief_of(story: Story) -> Brief:
    """Cut a case down to its line."""
    return Brief(
        story.case_id,
        story.state,
        story.is_adoption,
        story.leaver,
        story.clocks.received_at,
        story.clocks.owner_safe_at,
        len(story.places),
    )


@dataclass(slots=True)
class Findings:
    """What is told of a period besides its cases.

    Attributes:
        missing: Cases that the register names and the pack does not have.
        quarantined: How many events waited in quarantine at the export.
    """

    period: Period
    has_register: bool
    briefs: list[Brief] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    quarantined: int = 0
    matching: Matching | None = None


def index_page(found: Findings) -> str:
    """Return the first page of the pack of a period."""
    first, end = found.period.first, found.period.end
    not_safe = [one for one in found.briefs if one.state in _NOT_SAFE]
    parts = [
        f"<h1>Departures from {first} until before {end}</h1>",
        paragraph(
            "Every case of a person who leaves, by when it was received (UTC). How to"
            " check that none of this was changed: HOW-TO-VERIFY.txt. The same as"
            " tables: leavers.csv (each event, to be held against HR's list),"
            " targets.csv (each key), events.csv (each entry)."
        ),
        _warning(found),
        section("In numbers", _numbers(found)),
        section("Not safe, or not over", *_cases(not_safe, "There is none.")),
        *_matched(found),
        section("What is not in this pack", *_not_here(found)),
        section("All cases", *_cases(found.briefs, "No case was received.")),
    ]
    return document(f"Evidence from {first} until before {end}", parts)


def _warning(found: Findings) -> str:
    if found.has_register:
        return ""
    text = (
        "This pack has no register, so that it cannot show whether a case is missing."
        " Departures of a later day are not in it either. Somebody with the role"
        " operator can export one that has both."
    )
    return f"<p>{badge('Not complete', 'bad')} {shown(text)}</p>"


def _numbers(found: Findings) -> str:
    many = dict.fromkeys(ORDER, 0)
    for one in found.briefs:
        many[one.state] = many.get(one.state, 0) + 1
    pairs = [("Cases", str(len(found.briefs)))]
    pairs += [(SAID[state], str(n)) for state, n in many.items() if n]
    pairs.append(("Targets", str(sum(one.targets for one in found.briefs))))
    pairs.append(("In quarantine", str(found.quarantined)))
    return facts(pairs)


def _cases(briefs: Sequence[Brief], none: str) -> list[str]:
    if not briefs:
        return [paragraph(none)]
    rank = {state: place for place, state in enumerate(ORDER)}
    ordered = sorted(briefs, key=lambda one: (rank.get(one.state, -1), one.case_id))
    rows = [
        (
            badge(SAID[one.state], TONES.get(one.state, "bad")),
            f'<a href="{case_member(one.case_id, PAGE)}">{shown(one.leaver) or "-"}</a>'
            + (" (adoption)" if one.is_adoption else ""),
            for_people(one.received_at),
            for_people(one.owner_safe_at),
            str(one.targets),
        )
        for one in ordered
    ]
    columns = ("Result", "Person", "Received", "Owner-safe", "Targets")
    return [table(columns, rows, when=2)]


def _matched(found: Findings) -> list[str]:
    matching = found.matching
    if matching is None:
        return []
    said = f"{len(matching.people)} people are on HR's list; each row: matched.csv."
    parts = [paragraph(said)]
    parts.append("<h3>On HR's list, and no event here</h3>")
    parts.append(_listed([(code(one),) for one in matching.unheard], ("E-mail",)))
    parts.append("<h3>An event here, and not on HR's list</h3>")
    rows = [
        (shown(row[1]), code(row[0]), shown(row[3]), shown(row[4]))
        for row in matching.unlisted
    ]
    parts.append(_listed(rows, ("Person, as told", "Case", "Source", "Received")))
    return [section("Held against HR's list", *parts)]


def _listed(rows: Sequence[Sequence[str]], columns: Sequence[str]) -> str:
    return table(columns, rows) if rows else paragraph("Nobody.")


def _not_here(found: Findings) -> list[str]:
    parts = []
    if found.missing:
        text = (
            "The register names these cases, and they are not here. Cases are archived"
            " and removed some time after their end: their evidence is in the archive's"
            " folder, a file each, and is verified when it is given beside this pack."
        )
        rows = [(code(one), for_people(received_at(one))) for one in found.missing]
        parts += [paragraph(text), table(("Case", "Received"), rows)]
    elif found.has_register:
        parts.append(paragraph("No case that the register names is missing."))
    if found.quarantined:
        text = (
            f"In quarantine at the export: {found.quarantined}. Such an event was"
            " proven to be its sender's and could not be understood: it is no case yet,"
            " and leavers.csv names it."
        )
        parts.append(paragraph(text))
    parts.append(
        paragraph(
            "Events that were understood and say of nobody that they leave are not"
            " kept, and so are in no list here."
        )
    )
    return parts
