"""The events of a period held against HR's list of who left. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from workers.offboarding.evidence import canonical
from workers.offboarding.pack.plain import objects_in
from workers.offboarding.pack.tables import LEAVER_COLUMNS

COLUMNS: Final = (
    "match",
    "hr_email",
    "case_id",
    "person_as_told",
    "iam_id",
    "source",
    "received_at",
    "result",
    "owner_safe_at",
)
BOTH: Final = "both"
ONLY_HR: Final = "on HR's list, no event here"
ONLY_HERE: Final = "event here, not on HR's list"
_COUNTS: Final = ("case", "joined")
_NAMES: Final = ("person_as_told", "iam_id")


@dataclass(frozen=True, slots=True)
class Person:
    """One line of HR's list: an e-mail, and by what else the identity map knows it."""

    email: str
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Return all of them, fit to be compared."""
        return frozenset(key_of(one) for one in (self.email, *self.aliases))


def key_of(text: str) -> str:
    """Return a name as it is compared: trimmed, in lower case."""
    return text.strip().lower()


def lines_of(people: Iterable[Person]) -> str:
    """Write HR's list as it goes into the pack: the e-mails and nothing else of it."""
    return "".join(
        canonical({"email": one.email, "also": list(one.aliases)}) + "\n"
        for one in people
    )


def people_in(raw: bytes) -> tuple[Person, ...]:
    """Read HR's list out of a pack; ValueError where it is none."""
    found = []
    for said in objects_in(raw):
        try:
            found.append(Person(str(said["email"]), tuple(map(str, said["also"]))))
        except (KeyError, TypeError) as error:
            raise ValueError("hr.jsonl cannot be read") from error
    return tuple(found)


@dataclass(slots=True)
class Matching:
    """HR's list, and what was found of it among the rows of ``leavers.csv``."""

    people: Sequence[Person]
    _by_name: dict[str, list[int]] = field(default_factory=dict)
    _found: dict[int, list[Sequence[str]]] = field(default_factory=dict)
    _others: list[Sequence[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Know each person by every name they have."""
        for place, one in enumerate(self.people):
            for name in one.names:
                self._by_name.setdefault(name, []).append(place)

    def take(self, rows: Iterable[Sequence[str]]) -> None:
        """Hold the rows of one case against the list; they are about one person."""
        told = [dict(zip(LEAVER_COLUMNS, row, strict=True)) for row in rows]
        told = [one for one in told if one["became"] in _COUNTS]
        names = {key_of(one[name]) for one in told for name in _NAMES} - {""}
        places = sorted({each for one in names for each in self._by_name.get(one, ())})
        picked = [tuple(one[name] for name in COLUMNS[2:]) for one in told]
        for place in places:
            self._found.setdefault(place, []).extend(picked)
        if not places:
            self._others += picked

    @property
    def unheard(self) -> tuple[str, ...]:
        """Return who is on HR's list and of whom nothing was told here."""
        return tuple(
            one.email
            for place, one in enumerate(self.people)
            if place not in self._found
        )

    @property
    def unlisted(self) -> tuple[Sequence[str], ...]:
        """Return what was told of somebody who is not on HR's list."""
        return tuple(self._others)

    def rows(self) -> Iterator[Sequence[str]]:
        """Give the rows of ``matched.csv``: what does not match first."""
        nothing = ("",) * len(COLUMNS[2:])
        for email in self.unheard:
            yield (ONLY_HR, email, *nothing)
        for row in self._others:
            yield (ONLY_HERE, "", *row)
        for place, one in enumerate(self.people):
            for row in self._found.get(place, ()):
                yield (BOTH, one.email, *row)
