"""What may be pressed on the page of a case, by how the case stands and who looks."""

from dataclasses import dataclass
from datetime import UTC
from typing import Final

from flask import g

from service.context import here
from service.pages.asking import new_key
from service.pages.door import may
from workers.desk.places import approvers_of
from workers.offboarding.approvers import AccountApprovers, decided_in
from workers.offboarding.errors import Reason
from workers.offboarding.model import Adoption, Case, CaseResult, CaseStatus

# What no approval lets go on.
_NEVER: Final = {Reason.PROTECTED_USER, Reason.AMBIGUOUS_PERSON}
_LIVE: Final = (CaseStatus.SCHEDULED, CaseStatus.OPEN, CaseStatus.WAITING)


@dataclass(frozen=True, slots=True)
class Button:
    """Something that may be pressed: where it goes, and what it asks first."""

    path: str
    label: str
    asks: str
    is_calm: bool = True
    plan_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """What a dry run asked for, to be asked for in earnest by one button."""

    path: str
    label: str
    fields: tuple[tuple[str, str], ...]


def again_of(case: Case) -> Again | None:
    """Return how to have done what a dry run showed; None where that is not it."""
    is_asked = case.dry_run and case.is_dry_as_asked and case.plan is not None
    if not is_asked or case.result is not CaseResult.PLANNED:
        return None
    scope = [
        *(("regions", one) for one in (case.scope.regions if case.scope else ())),
        *(
            ("resource_groups", one)
            for one in (case.scope.resource_groups if case.scope else ())
        ),
    ]
    said = [("reason", case.reason or ""), *scope, ("once", new_key())]
    if case.adoption is None:
        return _departure(case, said) if may("operator") else None
    return _adoption(case, case.adoption, said) if may("approver") else None


def _departure(case: Case, said: list[tuple[str, str]]) -> Again:
    is_put_off = case.effective_at != case.received_at
    at = f"{case.effective_at.astimezone(UTC):%Y-%m-%dT%H:%M}" if is_put_off else ""
    mine = [("user", str(case.as_named)), ("effective_at", at)]
    return Again("/new", "Do it for real", (*mine, *said))


def _adoption(case: Case, adoption: Adoption, said: list[tuple[str, str]]) -> Again:
    mine = [
        ("account_id", adoption.account_id),
        ("from", str(case.as_named) if adoption.has_from else ""),
        ("functional_id", adoption.functional_id or ""),
    ]
    return Again("/adopt", "Take it over for real", (*mine, *said))


def buttons_of(case: Case) -> list[Button]:
    """Return what this person may press now."""
    found = [*_to_decide(case)] if may("approver") and decides(case) else []
    if may("operator"):
        found += _to_operate(case)
    return found


def decides(case: Case) -> bool:
    """Tell whether no account of the case leaves the decision to others."""
    approvers = approvers_of(here().settings)
    return not approvers.barring(g.token.person, decided_in(case))


def deciders_of(case: Case) -> tuple[AccountApprovers, ...]:
    """Return who decides, by account, where a case waits for that.

    Empty for viewers, and where any approver may.
    """
    is_decided = case.status is CaseStatus.WAITING and not _is_paused_only(case)
    if not is_decided or not may("operator"):
        return ()
    return approvers_of(here().settings).of(decided_in(case))


def _to_decide(case: Case) -> list[Button]:
    if case.status is not CaseStatus.WAITING or _is_paused_only(case):
        return []
    plan = case.plan
    plan_hash = plan.hash if plan else None
    reasons = {one.reason for one in plan.refused} if plan else set()
    refuse = Button(
        "refuse",
        "Refuse",
        "Have nothing more written in this case?",
        plan_hash=plan_hash,
    )
    if reasons & _NEVER:
        return [refuse]
    asks = "Let this case go on by the plan shown here?"
    approve = Button("approve", "Approve", asks, is_calm=False, plan_hash=plan_hash)
    return [approve, refuse]


def _is_paused_only(case: Case) -> bool:
    """Tell whether only the pause holds it: that ends by itself, by nobody's word."""
    notes = case.plan.refused if case.plan else ()
    return bool(notes) and all(one.reason is Reason.PAUSED for one in notes)


def _to_operate(case: Case) -> list[Button]:
    if case.result is CaseResult.ATTENTION and case.status is CaseStatus.SETTLED:
        asks = "Have the service look at everything that is left, and reset it?"
        return [Button("retry", "Retry what is left", asks, is_calm=False)]
    is_written = any(one.resets or one.intent_at for one in case.targets)
    if case.status in _LIVE and not is_written:
        return [Button("cancel", "Cancel", "Withdraw this case? Nothing was written.")]
    return []
