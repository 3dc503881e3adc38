"""What a later departure of the same leaver adds to an open case. Pure values."""

from dataclasses import replace
from datetime import datetime, timedelta

from workers.offboarding.errors import Reason
from workers.offboarding.model import Case, Departure, Note, Scope


def folded(case: Case, lead_time: timedelta, at: datetime) -> Case:
    """Take joined departures into the case: the widest scope, the earliest time.

    Args:
        case: The case, with the departures that joined it.
        lead_time: How long before ``effective_at`` work begins.
        at: Now: when somebody leaves of whom no time was said.
    """
    for one in case.departures:
        effective_at = max(one.effective_at or at, case.received_at)
        case = replace(
            _named_twice(case, one),
            scope=widest(case.scope, one.scope),
            effective_at=min(case.effective_at, effective_at),
            starts_at=min(case.starts_at, _starts_at(one, lead_time, at)),
            leaver=replace(
                case.leaver,
                iam_id=case.leaver.iam_id or one.leaver.iam_id,
                email=case.leaver.email or one.leaver.email,
                name=case.leaver.name or one.leaver.name,
            ),
        )
    return replace(case, departures=())


def widest(scope: Scope | None, other: Scope | None) -> Scope | None:
    """Return the smallest scope that covers both, so that no order matters."""
    if scope is None or other is None:
        return None
    regions = _either(scope.regions, other.regions)
    groups = _either(scope.resource_groups, other.resource_groups)
    return Scope(regions, groups) if regions or groups else None


def _either(some: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*some, *others})) if some and others else ()


def _starts_at(one: Departure, lead_time: timedelta, at: datetime) -> datetime:
    # Not before now: a case that starts at once starts its clocks now, not when it
    # was scheduled.
    return max(one.effective_at - lead_time, at) if one.effective_at else at


def _named_twice(case: Case, one: Departure) -> Case:
    """Note that a joined departure names another identity: two people, or a mistake.

    The note stays with the case, and holds it until a person has decided.
    """
    ids = {case.leaver.iam_id, one.leaver.iam_id} - {None}
    if len(ids) < 2:
        return case
    named = " and ".join(sorted(str(each) for each in ids))
    text = f"The departures in this case name {named}. Name one by its IAM ID."
    return case.warned(Note(Reason.AMBIGUOUS_PERSON, text))
