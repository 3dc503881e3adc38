"""How names, targets, times and commands are written; foreign text is a ``Name``."""

from collections.abc import Iterable
from datetime import UTC, datetime

from workers.offboarding.advice import cleaned, shell_word
from workers.offboarding.model import Case, CaseTarget, Leaver, Scope
from workers.offboarding.report.value import Line, Name


def named(text: str, limit: int = 100) -> Name:
    """Return *text* as a name of at most *limit* characters, never an empty one."""
    return Name(cleaned(text, limit) or "unknown")


def short_name(leaver: Leaver) -> Name:
    """Name the leaver in one word or two: by name, else by e-mail, else by IAM ID."""
    return named(leaver.name or leaver.email or leaver.iam_id or "unknown", 60)


def where(case: Case, one: CaseTarget) -> Line:
    """Name a target; with its account only where the case has several."""
    target = one.target
    several = len({each.target.account_id for each in case.targets}) > 1
    account = ("account ", named(target.account_id), ", ") if several else ()
    group = target.resource_group
    return (
        *account,
        named(target.region),
        ", resource group ",
        *with_id(group.name or group.id, group.id),
    )


def with_id(name: str, ident: str) -> Line:
    """Put the id behind the name, in brackets."""
    return named(name), " (", named(ident), ")"


def listed(lines: Iterable[Line]) -> Line:
    """Put commas between *lines*."""
    pieces: list[str | Name] = []
    for line in lines:
        pieces += [", ", *line] if pieces else line
    return tuple(pieces)


def time_of(at: datetime) -> str:
    """Write a moment in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def narrowing(scope: Scope | None) -> str:
    """Return the options that narrow a command to *scope*, each after a space."""
    if scope is None:
        return ""
    regions = [f" --region {shell_word(one)}" for one in scope.regions]
    groups = [f" --group {shell_word(one)}" for one in scope.resource_groups]
    return "".join(regions + groups)
