"""What is not in order with a functional ID: one value a thing, and its words."""

from collections.abc import Iterable
from dataclasses import dataclass

from workers.offboarding.advice import cleaned
from workers.offboarding.errors import Reason
from workers.offboarding.model import KeyOwner, Right
from workers.offboarding.standing import Standing

_WORST_FIRST = (Right.MISSING, Right.CANNOT_TELL, Right.OK)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not in order: ``right`` is ``missing`` or ``cannot_tell``.

    Attributes:
        reason: What a target fails with, or is held for.
        text: What is missing, in a sentence that names the role and the service.
        command: The exact command that mends it; None where none does.
    """

    right: Right
    reason: Reason
    text: str
    command: str | None = None


def missing(reason: Reason, text: str, command: str | None = None) -> Finding:
    """Say that something is certainly not in order."""
    return Finding(Right.MISSING, reason, text, command)


def unseen(text: str, command: str | None = None) -> Finding:
    """Say that something could not be told."""
    return Finding(Right.CANNOT_TELL, Reason.PREFLIGHT_UNKNOWN, text, command)


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort what is missing before what cannot be told, else as it was looked at."""
    return tuple(sorted(findings, key=lambda one: _WORST_FIRST.index(one.right)))


def who(standing: Standing) -> str:
    """Name a functional ID so that it is told from every other."""
    identity = standing.identity
    name = standing.name or identity.name
    ident = identity.email or identity.id
    return cleaned(f"{name} ({ident})" if name and name != ident else ident, 160)


def short_who(identity: KeyOwner, name: str = "") -> str:
    """Name a functional ID in one word or two."""
    return cleaned(name or identity.name or identity.email or identity.id, 60)


def because(fault: str) -> str:
    """End a sentence with why something could not be seen."""
    why = cleaned(fault).rstrip(".")
    return f": {why}." if why else "."
