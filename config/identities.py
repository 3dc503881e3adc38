"""OFFBOARD_IDENTITY_MAP_FILE: which e-mails and ids name the same person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from marshmallow.validate import Regexp

from config.toml_file import Fault, Strict, entries_of, line, lines, load, tables

_IAM_ID: Final = Regexp(
    r"(?!iam-)[A-Za-z][A-Za-z0-9]*-[A-Za-z0-9._-]{1,128}\Z",
    error="Give a person's IAM ID, such as IBMid-550000ABCD.",
)
# It is only ever compared with what a sender wrote, so no more is asked of it.
_EMAIL: Final = Regexp(
    r"[^\s@]+@[^\s@]+\Z", error="Give an e-mail, such as dana.lee@example.com."
)


@dataclass(frozen=True, slots=True)
class MappedPerson:
    """One person under all their names.

    ``iam_id`` and ``ids`` are exactly as they were written, ``emails`` in lower case.
    Without an ``iam_id`` the person is whom the account's user list has for an e-mail.
    """

    iam_id: str | None
    emails: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()


class _Person(Strict):
    iam_id = line(_IAM_ID)
    emails = lines(_EMAIL)
    ids = lines()


class _File(Strict):
    person = tables(_Person, "[[person]]", needed=True)


def _faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for index, person in entries_of(raw, "person"):
        names = list(_names(person))
        if len({name for _, name in names}) < 2:
            yield f"person[{index}]", "Needs two different names at least."
        for path, name in names:
            earlier = first.setdefault(name, index)
            if earlier != index:
                yield (
                    f"person[{index}].{path}",
                    f"person[{earlier}] has it too, and it can name only one person.",
                )


def _names(person: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield where each name of a person stands, and the name as it is compared."""
    if isinstance(person.get("iam_id"), str):
        yield "iam_id", person["iam_id"]
    for field in ("emails", "ids"):
        names = person.get(field)
        for place, name in enumerate(names if isinstance(names, list) else ()):
            if isinstance(name, str):
                # An id may be an e-mail, and is then looked for as one.
                yield f"{field}[{place}]", name.lower() if "@" in name else name


def read_people(raw: str) -> tuple[MappedPerson, ...]:
    """Read the file whose path is *raw*.

    Raises:
        ValidationError: With every fault by its path.
    """
    loaded = load(Path(raw), _File(), _faults)
    return tuple(
        MappedPerson(
            entry.get("iam_id"),
            tuple(one.lower() for one in entry.get("emails", ())),
            tuple(entry.get("ids", ())),
        )
        for entry in loaded["person"]
    )
