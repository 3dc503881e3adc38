"""Single values out of a sender's JSON, whatever it holds. Pure; nothing is raised."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from workers.offboarding.heard import UnreadableError
from workers.offboarding.times import moment_of, of_seconds

# The one sign beyond ASCII whose lower case is ASCII: with it in an e-mail, whoever
# chose that would go by the e-mail of somebody else, who has a k there.
KELVIN: Final = "\N{KELVIN SIGN}"
_ID_LIMIT: Final = 255
# As the far side's own e-mail fields have it; whether somebody goes by it in IBM Cloud
# shows there, and what is no address must not hide the ids beside it.
_EMAIL: Final = re.compile(r"[^\s@,;<>\"]{1,64}@[^\s@,;<>\"]{1,189}")


def at(value: object, path: str) -> Any:  # noqa: ANN401 - whatever stands there
    """Return what stands at a dotted path; None where nothing does."""
    for name in path.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return None
        value = value[name]
    return value


def first_at(value: object, paths: Iterable[str]) -> Any:  # noqa: ANN401 - whatever stands there
    """Return the first thing that stands at one of several dotted paths, or None."""
    found = (at(value, path) for path in paths)
    return next((one for one in found if one is not None), None)


def id_in(value: object) -> str | None:
    """Return an id, a text or a whole number, as text; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    return text if text.isprintable() and 0 < len(text) <= _ID_LIMIT else None


def email_in(value: object) -> str | None:
    """Return an e-mail, trimmed and lower-cased; None if it is none."""
    if not isinstance(value, str) or KELVIN in value:
        return None
    text = value.strip().lower()
    return text if text.isprintable() and _EMAIL.fullmatch(text) else None


def told(*values: str | None) -> tuple[str, ...]:
    """Return those of *values* that are there, each once."""
    return tuple(dict.fromkeys(one for one in values if one is not None))


def moment_in(value: object) -> datetime | None:
    """Read when something happened; None if unreadable: no event is lost over it."""
    try:
        return moment_of(value) if isinstance(value, str) else of_seconds(value)
    except UnreadableError:
        return None
