"""How long it took, what fully safe still needs, and when the person may be removed.

The clocks themselves are the domain's, in ``offboarding/clocks.py``.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.clocks import owner_safe_seconds
from workers.offboarding.model import Case, CaseResult, Outcome, ReportKind, Right
from workers.offboarding.report.facts import (
    blind_spots,
    has_credential,
    is_adoption,
    is_blind,
    is_unmatched,
    open_follow_ups,
)
from workers.offboarding.report.phrases import time_of
from workers.offboarding.report.value import Item

_NOT_YET: Final = (
    "Do not remove the person from the account yet: that deletes their API keys at "
    "once, and clusters on those keys can then no longer order workers, attach storage "
    "or scale."
)
_GONE: Final = (
    "The person is on no user list any more: IBM Cloud has deleted their API keys, and "
    "clusters on those keys can no longer order workers, attach storage or scale until "
    "a functional ID's key is there."
)
_NOBODY_LEAVES: Final = (
    "Nobody leaves by an adoption: what is not taken over keeps the key it has, which "
    "ends with its owner."
)
_BLIND_SPOT: Final = (
    "Where it was not seen nothing is proven: if the key there is a person's, it ends "
    "when they are removed."
)
_NEEDS_ROLES: Final = (
    "Before an armed run the functional ID needs Administrator on Kubernetes Service "
    "in each of these regions and resource groups, the roles for the other services "
    "the clusters use and, if it is a service ID, Operator on IAM Identity. A "
    "functional ID that lacks them breaks these clusters for everybody."
)


def clocks_of(
    case: Case, kind: ReportKind, now: datetime, settle: timedelta
) -> Iterator[Item]:
    """Tell of both clocks; a cancelled case has none, a held one did not end yet.

    While a case is under way the clocks are still running.
    """
    if kind in (ReportKind.CANCELLED, ReportKind.STARTED):
        return
    match case.result if kind is ReportKind.FINAL else None:
        case CaseResult.CLEAN:
            yield Item(("Nothing had to be reset.",))
        case CaseResult.SAFE:
            yield from _clocks_of_safe(case, now, settle)
        case CaseResult.PLANNED:
            yield from _before_an_armed_run(case)
        case CaseResult.ATTENTION | None:
            yield Item(("Owner-safe: not reached.",))
            yield Item(("Fully safe: not reached.",))
            yield Item((at_stake(case),))


def at_stake(case: Case) -> str:
    """Say what a person's removal does, or did, to what is on their keys."""
    if is_adoption(case):
        return _NOBODY_LEAVES
    return _GONE if case.has_dead_keys else _NOT_YET


def _before_an_armed_run(case: Case) -> Iterator[Item]:
    is_all_well = all(one.is_safe for one in case.targets)
    is_all_seen = not is_blind(case) and not is_unmatched(case)
    if is_all_well and is_all_seen and not has_credential(case):
        yield Item(("Nothing would have to be reset.",))
        return
    yield Item((at_stake(case),))
    planned = [one for one in case.targets if one.outcome is Outcome.PLANNED]
    if any(one.preflight is not Right.OK for one in planned):
        yield Item((_NEEDS_ROLES,))


def _clocks_of_safe(case: Case, now: datetime, settle: timedelta) -> Iterator[Item]:
    seconds = owner_safe_seconds(case)
    if blind_spots(case):
        yield Item(("Owner-safe: no figure, since not everything was seen.",))
    elif seconds is None:
        yield Item(("Owner-safe: no figure, since only a part was asked for.",))
    else:
        yield Item((f"Owner-safe: after {_span(seconds)}.",))
    yield Item((_fully_safe(case, now, settle),))
    if not case.has_dead_keys and not is_adoption(case):
        yield Item(
            (
                "Remove the person from the account only after that: it deletes their "
                "API keys at once.",
            )
        )
    if blind_spots(case):
        yield Item((_BLIND_SPOT,))
    yield Item(
        (
            "A reset does not change classic-infrastructure credentials "
            "(Infrastructure User).",
        )
    )


def _fully_safe(case: Case, now: datetime, settle: timedelta) -> str:
    seen = ", where it was seen" if blind_spots(case) else ""
    times = [one.settled_at for one in case.targets if one.settled_at is not None]
    at = max(times, default=now) + settle
    minutes = f"{settle.total_seconds() / 60:g} minutes"
    many = len(tuple(open_follow_ups(case)))
    above = "follow-up above is" if many == 1 else f"{many} follow-ups above are"
    still = f"{above} done"
    if now < at:
        waits = f", and the {still}" if many else ""
        return (
            f"Fully safe{seen}: not before {time_of(at)}, when the clusters have had "
            f"{minutes} to pick the new key up{waits}."
        )
    if many:
        return f"Fully safe{seen}: once the {still}."
    return f"Fully safe{seen}: since {time_of(max([at, *_done_at(case)]))}."


def _done_at(case: Case) -> list[datetime]:
    follow_ups = [each for one in case.targets for each in one.follow_ups]
    return [one.done_at for one in follow_ups if one.done_at is not None]


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
