"""All that a pack has besides what is signed, made of the signed. Pure.

Who writes a pack and who verifies one call the same, so that they cannot differ.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from workers.offboarding.evidence import canonical
from workers.offboarding.pack import tables
from workers.offboarding.pack.case_page import case_page
from workers.offboarding.pack.how_to import file_of, how_to
from workers.offboarding.pack.index_page import Findings, brief_of, index_page
from workers.offboarding.pack.matching import COLUMNS, Matching, Person
from workers.offboarding.pack.members import (
    EVENTS,
    HOW_TO,
    INDEX,
    LEAVERS,
    MATCHED,
    PAGE,
    TARGETS,
    About,
)
from workers.offboarding.pack.period import Period
from workers.offboarding.pack.plain import objects_in
from workers.offboarding.pack.story import Story, story_of

_KEPT: Final = ("id", "source", "reason", "received_at")


def rendered_case(lines: Sequence[bytes]) -> dict[str, str]:
    """Make the files of the pack of one case; ValueError where the lines are none."""
    story = story_of(lines)
    targets = [tables.TARGET_COLUMNS, *tables.target_rows(story)]
    events = [tables.EVENT_COLUMNS, *tables.event_rows(story)]
    about = About(case_id=story.case_id)
    return {
        PAGE: case_page(story),
        TARGETS: tables.rows_as_csv(targets),
        EVENTS: tables.rows_as_csv(events),
        HOW_TO: how_to(about, _keys(story), file_of(about), has_register=False),
    }


def quarantined(kept: Iterable[dict[str, str]]) -> str:
    """Write what waits in quarantine as it goes into a pack."""
    return "".join(
        canonical({name: str(one.get(name) or "") for name in _KEPT}) + "\n"
        for one in kept
    )


def _keys(story: Story) -> tuple[str, ...]:
    return (str(story.head.get("key", "")),)


@dataclass(slots=True)
class PeriodRendering:
    """The files of a period, made while its cases pass by one after the other.

    Attributes:
        wanted: The cases that the register names for this period, in its order; None
            without a register.
    """

    period: Period
    wanted: tuple[str, ...] | None
    people: Sequence[Person] | None = None
    _found: Findings = field(init=False)
    _matching: Matching | None = field(init=False)
    _keys: set[str] = field(default_factory=set)
    _seen: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Begin with nothing found."""
        people = self.people
        self._matching = None if people is None else Matching(people)
        has_register = self.wanted is not None
        self._found = Findings(self.period, has_register, matching=self._matching)

    def begin(self) -> dict[str, str]:
        """Give what stands above the rows of each table."""
        return {
            LEAVERS: tables.rows_as_csv([tables.LEAVER_COLUMNS]),
            TARGETS: tables.rows_as_csv([tables.TARGET_COLUMNS]),
            EVENTS: tables.rows_as_csv([tables.EVENT_COLUMNS]),
        }

    def take(self, lines: Sequence[bytes]) -> tuple[str, dict[str, str]]:
        """Take a case in: its id, its page, and its rows in each table.

        Raises:
            ValueError: These are not the lines of one case.
        """
        story = story_of(lines)
        self._found.briefs.append(brief_of(story))
        self._seen.add(story.case_id)
        self._keys.update(_keys(story))
        leavers = list(tables.leaver_rows(story))
        if self._matching is not None:
            self._matching.take(leavers)
        return story.case_id, {
            PAGE: case_page(story),
            LEAVERS: tables.rows_as_csv(leavers),
            TARGETS: tables.rows_as_csv(tables.target_rows(story)),
            EVENTS: tables.rows_as_csv(tables.event_rows(story)),
        }

    def keep(self, raw: bytes) -> dict[str, str]:
        """Take in what waits in quarantine: its rows among the leavers.

        Raises:
            ValueError: It is not what ``quarantined`` writes.
        """
        rows = []
        for one in objects_in(raw):
            if not isinstance(one, dict) or set(one) != set(_KEPT):
                raise ValueError("quarantine.jsonl cannot be read")
            rows.append(_waiting({name: str(one[name]) for name in _KEPT}))
        self._found.quarantined = len(rows)
        return {LEAVERS: tables.rows_as_csv(rows)}

    def end(self) -> dict[str, str]:
        """Give what only all cases together tell."""
        wanted = self.wanted or ()
        self._found.missing = [one for one in wanted if one not in self._seen]
        about = About(period=self.period)
        has_register = self.wanted is not None
        found = {
            INDEX: index_page(self._found),
            HOW_TO: how_to(
                about, self._keys, file_of(about), has_register=has_register
            ),
        }
        if self._matching is not None:
            rows = [COLUMNS, *self._matching.rows()]
            found[MATCHED] = tables.rows_as_csv(rows)
        return found

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the cases that the register names and that did not pass by."""
        return tuple(self._found.missing)

    @property
    def matching(self) -> Matching | None:
        """Return what HR's list was held against."""
        return self._matching

    @property
    def cases(self) -> int:
        """Count the cases that passed by."""
        return len(self._found.briefs)


def _waiting(one: dict[str, str]) -> Sequence[str]:
    said = {
        "received_at": one["received_at"],
        "source": one["source"],
        "became": "quarantine",
        "case_id": one["id"],
        "result": one["reason"],
    }
    return tuple(said.get(name, "") for name in tables.LEAVER_COLUMNS)
