"""The two clocks of a case: owner-safe and fully safe. Pure arithmetic on its times."""

from datetime import datetime, timedelta

from workers.offboarding.model import Case, CaseKind, CaseResult


def owner_safe_seconds(case: Case) -> float | None:
    """Tell how long until every target was read back under a functional ID.

    None while that is not so, for a dry run, and for a narrowed departure, which cannot
    speak for the targets outside it; an adoption speaks for what it was asked for. A
    clean case was safe when it settled.
    """
    at = _owner_safe_at(case)
    return None if at is None else (at - _zero(case)).total_seconds()


def fully_safe_seconds(case: Case, settle: timedelta, now: datetime) -> float | None:
    """Tell how long until fully safe: owner-safe, settled in, every follow-up done.

    Args:
        case: The case.
        settle: How long clusters may take to pick the new key up.
        now: Before that moment has come the answer is None.
    """
    safe_at = _owner_safe_at(case)
    follow_ups = [one for target in case.targets for one in target.follow_ups]
    done = [one.done_at for one in follow_ups if one.done_at is not None]
    if safe_at is None or len(done) < len(follow_ups):
        return None
    at = max([safe_at + (settle if case.targets else timedelta()), *done])
    return (at - _zero(case)).total_seconds() if at <= now else None


def settled_seconds(case: Case) -> float | None:
    """Tell how long a case took until it settled; None while it did not."""
    at = case.settled_at
    return None if at is None else max(0.0, (at - _zero(case)).total_seconds())


def settles_at(case: Case, settle: timedelta) -> datetime | None:
    """Tell when clusters have picked the new keys up; None while not owner-safe.

    Fully safe is not before then, and not before every follow-up is done.
    """
    safe_at = _owner_safe_at(case)
    return safe_at + settle if safe_at is not None and case.targets else None


def _zero(case: Case) -> datetime:
    if case.starts_at > case.received_at and case.started_at is not None:
        return case.started_at
    return case.received_at


def _owner_safe_at(case: Case) -> datetime | None:
    is_whole = case.scope is None or case.kind is CaseKind.ADOPTION
    is_over = case.result in (CaseResult.CLEAN, CaseResult.SAFE)
    if not is_whole or case.dry_run or case.plan is None or not is_over:
        return None
    if not all(one.is_safe for one in case.targets):
        # An accepted blind spot leaves the result, and was read back by nobody.
        return None
    times = [one.settled_at for one in case.targets if one.settled_at is not None]
    # Of a clean case only the last look can speak, and it settles the case; its plan
    # is as old as the first.
    return max(times, default=case.settled_at)
