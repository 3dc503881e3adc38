"""How names, targets and times are written; foreign text is a ``Name``."""

from collections.abc import Iterable
from datetime import UTC, datetime

from workers.offboarding.advice import cleaned
from workers.offboarding.model import Case, CaseTarget, Leaver
from workers.offboarding.report.value import Line, Name


def named(text: str, limit: int = 100) -> Name:
    """Return *text* as a name of at most *limit* characters, never an empty one."""
    return Name(cleaned(text, limit) or "unknown")


def short_name(leaver: Leaver) -> Name:
    """Name the leaver in one word or two: by name, else by e-mail, else by IAM ID."""
    return named(leaver.name or leaver.email or leaver.iam_id or "unknown", 60)


def about(case: Case) -> Line:
    """Name whom or what a case is about, in a few words."""
    who = short_name(case.leaver)
    adoption = case.adoption
    if adoption is None:
        return (who,)
    account = ("account ", named(adoption.account_id))
    return (who, " in ", *account) if adoption.has_from else account


def named_case(case: Case) -> Line:
    """Say what kind of case it is, and whom or what it is about."""
    if case.adoption is None:
        return "Leaver: ", short_name(case.leaver)
    return "Adoption", *whence(case)


def whence(case: Case) -> Line:
    """Say from whom or in which account an adoption takes over, after a blank."""
    has_from = case.adoption is not None and case.adoption.has_from
    return " from " if has_from else " in ", *about(case)


def where(case: Case, one: CaseTarget) -> Line:
    """Name a target; with its account only where the case has several."""
    target = one.target
    several = len({each.target.account_id for each in case.targets}) > 1
    account = (", account ", named(target.account_id)) if several else ()
    group = target.resource_group
    return (
        named(target.region),
        ", resource group ",
        *with_id(group.name or group.id, group.id),
        *account,
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
