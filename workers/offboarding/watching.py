"""A forecast, and what was known before → what is kept and what is told. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from workers.offboarding.exposure import AccountIndex
from workers.offboarding.findings import Finding
from workers.offboarding.forecast import Forecast
from workers.offboarding.functional_ids import FunctionalIdState
from workers.offboarding.model import Note
from workers.offboarding.standing import Standing
from workers.offboarding.weakness import weaknesses


@dataclass(frozen=True, slots=True)
class Watched:
    """What is kept of one functional ID, and why it is weak, with what mends that."""

    state: FunctionalIdState
    findings: tuple[Finding, ...] = ()


def watched(
    account_id: str,
    found: Forecast,
    before: AccountIndex,
    at: datetime,
    *,
    elsewhere: Mapping[str, Iterable[str]],
) -> tuple[Watched, ...]:
    """Judge every functional ID of an account.

    Args:
        account_id: The account.
        found: What was seen and foreseen of them.
        before: The index as it was.
        at: When the look began.
        elsewhere: The other accounts, by name or id, that use the same identity, by its
            IAM ID.
    """
    known = {one.owner.id: one for one in before.functional_ids}
    return tuple(
        _watched(
            account_id,
            standing,
            found,
            known.get(standing.identity.id),
            at,
            elsewhere=tuple(elsewhere.get(standing.identity.id, ())),
        )
        for standing in found.standings
    )


def _watched(
    account_id: str,
    standing: Standing,
    found: Forecast,
    before: FunctionalIdState | None,
    at: datetime,
    *,
    elsewhere: tuple[str, ...],
) -> Watched:
    iam_id = standing.identity.id
    owns = found.owned_by(iam_id)
    findings = weaknesses(
        standing,
        owns,
        elsewhere=elsewhere,
        group_names=found.group_names,
        before=before,
        has_targets=found.has_targets,
    )
    # In an order of their own: what was carried over comes behind what was seen now,
    # and the same facts in another order would be told as new ones.
    ordered = sorted(findings, key=lambda one: (one.reason, one.text))
    weak = tuple(Note(one.reason, one.text) for one in ordered)
    state = FunctionalIdState(
        account_id,
        standing.identity,
        at,
        name=standing.name,
        keys=standing.keys,
        key_limit=standing.key_limit,
        owns=len(owns),
        would_take=len(found.taken_by(iam_id)),
        weak=weak,
        weak_after=_weak_after(weak, before),
    )
    return Watched(state, findings)


def _weak_after(
    weak: tuple[Note, ...], before: FunctionalIdState | None
) -> datetime | None:
    if before is None or not weak:
        return None
    return before.weak_after if before.weak == weak else before.checked_at


def with_functional_ids(
    index: AccountIndex,
    found: Forecast,
    judged: Iterable[Watched],
    before: AccountIndex,
) -> AccountIndex:
    """Return an account's index with what a survey found of its functional IDs."""
    refused = found.keys_refused
    after = before.keys_refused_after if before.keys_refused else before.surveyed_at
    return replace(
        index,
        functional_ids=tuple(one.state for one in judged),
        keys_refused=refused,
        keys_refused_after=after if refused else None,
    )
