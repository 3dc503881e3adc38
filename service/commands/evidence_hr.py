"""HR's list of who left, read from a CSV; nothing but the e-mails is taken from it."""

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Final

import click

from workers.offboarding.model import SamePerson
from workers.offboarding.pack.matching import Person, key_of

# Headings of the column of e-mails, in lower case and without what stands between.
HEADINGS: Final = (
    "email",
    "emailaddress",
    "workemail",
    "workemailaddress",
    "businessemail",
    "primaryemail",
    "companyemail",
    "mail",
    "userprincipalname",
    "upn",
    "username",
    "userid",
    "login",
)
_MOST_BYTES: Final = 32 * 1024 * 1024
_DELIMITERS: Final = ",;\t|"


def read_people(path: Path, same: Sequence[SamePerson]) -> tuple[Person, ...]:
    """Read HR's list, each person once, with what the identity map knows of them.

    Raises:
        click.UsageError: It cannot be read, or has no column of e-mails.
    """
    rows = _rows(path)
    place, rest = _column(path, rows)
    found: dict[str, Person] = {}
    for row in rest:
        email = key_of(row[place]) if place < len(row) else ""
        if not email.isprintable():
            raise click.UsageError(f"{path}: What cannot be seen stands in an e-mail.")
        if email:
            found[email] = Person(email, _aliases(email, same))
    if not found:
        raise click.UsageError(f"{path}: There is no e-mail in it.")
    return tuple(found.values())


def _rows(path: Path) -> list[list[str]]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise click.UsageError(f"{path}: It is larger than 32 MiB.")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError(f"{path}: Save it as CSV in UTF-8.") from error
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror}.") from error
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        found = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise click.UsageError(f"{path}: It is no CSV: {error}.") from error
    return [row for row in found if any(each.strip() for each in row)]


def _column(path: Path, rows: list[list[str]]) -> tuple[int, list[list[str]]]:
    """Find the column of e-mails, and the rows below its heading."""
    if not rows:
        raise click.UsageError(f"{path}: It is empty.")
    heads = [_bare(one) for one in rows[0]]
    for heading in HEADINGS:
        if heading in heads:
            return heads.index(heading), rows[1:]
    # A bare list of e-mails has no heading.
    places = [place for place, one in enumerate(rows[0]) if "@" in one]
    if places:
        return places[0], rows
    known = ", ".join(HEADINGS)
    raise click.UsageError(
        f"{path}: No column of e-mails was found; its heading may be one of {known}."
    )


def _bare(heading: str) -> str:
    return "".join(one for one in heading.lower() if one.isalnum())


def _aliases(email: str, same: Sequence[SamePerson]) -> tuple[str, ...]:
    """Return by what else the identity map knows who has this e-mail."""
    for one in same:
        names = (*one.emails, *one.ids, *([one.iam_id] if one.iam_id else ()))
        if email in map(key_of, names):
            return tuple(each for each in names if key_of(each) != email)
    return ()
