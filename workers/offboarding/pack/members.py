"""What a pack of evidence holds, by name, and what it says of itself. Pure."""

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from workers.offboarding.evidence import canonical
from workers.offboarding.pack.period import Period

FORMAT: Final = "offboard-evidence-pack"
# Raised whenever one byte of what is rendered changes.
VERSION: Final = 1

PACK: Final = "pack.json"
REGISTER: Final = "register.jsonl"
EVIDENCE: Final = "evidence.jsonl"
PAGE: Final = "case.html"
TARGETS: Final = "targets.csv"
EVENTS: Final = "events.csv"
LEAVERS: Final = "leavers.csv"
QUARANTINE: Final = "quarantine.jsonl"
HR: Final = "hr.jsonl"
MATCHED: Final = "matched.csv"
INDEX: Final = "index.html"
HOW_TO: Final = "HOW-TO-VERIFY.txt"
SUMS: Final = "SHA256SUMS"

_OF_CASE: Final = (PACK, EVIDENCE, PAGE, TARGETS, EVENTS, HOW_TO, SUMS)
_OF_PERIOD: Final = (
    *(PACK, REGISTER, QUARANTINE, HR, LEAVERS, MATCHED, TARGETS, EVENTS),
    *(INDEX, HOW_TO, SUMS),
)
_OPTIONAL: Final = (REGISTER, HR, MATCHED)
_CASE: Final = re.compile(r"cases/([0-9A-Z]{1,26})/(evidence\.jsonl|case\.html)")


class BadPackError(ValueError):
    """A pack is not what this program makes; the message says what is amiss."""


@dataclass(frozen=True, slots=True)
class About:
    """What a pack says of itself; ``period`` is None for the pack of one case."""

    case_id: str | None = None
    period: Period | None = None

    def text(self) -> str:
        """Write it as it stands in the pack."""
        said: dict[str, Any] = {"format": FORMAT, "version": VERSION}
        if self.period is None:
            said |= {"about": "case", "case": self.case_id}
        else:
            days = {"from": f"{self.period.first}", "to": f"{self.period.end}"}
            said |= {"about": "period", **days}
        return canonical(said) + "\n"


def about_in(raw: bytes) -> About:
    """Read what a pack says of itself.

    Raises:
        BadPackError: It is no pack, or of another version.
    """
    try:
        said = json.loads(raw)
        is_ours, made = said["format"] == FORMAT, said["version"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadPackError(f"{PACK} cannot be read") from None
    if not is_ours:
        raise BadPackError(f"{PACK}: it is no pack of evidence")
    if made != VERSION:
        raise BadPackError(
            f"{PACK}: it is a pack of version {made}, and this program knows {VERSION}:"
            " use the program of that version, or unpack it and verify its .jsonl"
            " files, which are what is signed"
        )
    about = _about(said)
    if about is None or about.text().encode() != raw:
        raise BadPackError(f"{PACK} was changed")
    return about


def _about(said: dict[str, Any]) -> About | None:
    try:
        if said["about"] == "case":
            return About(case_id=str(said["case"]))
        days = (date.fromisoformat(said[one]) for one in ("from", "to"))
        return About(period=Period(*days))
    except (ValueError, KeyError, TypeError):
        return None


def case_member(case_id: str, name: str) -> str:
    """Name a file of one case in the pack of a period."""
    return f"cases/{case_id}/{name}"


def case_of(member: str) -> tuple[str, str] | None:
    """Return the case that a member belongs to, and which of its files it is."""
    found = _CASE.fullmatch(member)
    return (found[1], found[2]) if found else None


def unknown(about: About, names: list[str]) -> list[str]:
    """Return the names that a pack cannot have."""
    if about.period is None:
        return [one for one in names if one not in _OF_CASE]
    return [one for one in names if one not in _OF_PERIOD and case_of(one) is None]


def absent(about: About, names: list[str]) -> list[str]:
    """Return the names that a pack must have and this one does not."""
    wanted = _OF_CASE if about.period is None else _OF_PERIOD
    found = set(names)
    missing = [one for one in wanted if one not in found and one not in _OPTIONAL]
    if (HR in found) is not (MATCHED in found):
        missing.append(MATCHED if HR in found else HR)
    for each in names:
        case = case_of(each)
        if case is not None:
            other = PAGE if case[1] == EVIDENCE else EVIDENCE
            missing += [
                one for one in [case_member(case[0], other)] if one not in found
            ]
    return missing
