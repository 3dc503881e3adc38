"""What is said at the desk, and what a worker does to a case meanwhile."""

from dataclasses import replace
from datetime import UTC, datetime

from workers.offboarding.model import (
    CaseStatus,
    CaseTarget,
    Departure,
    KeyOwner,
    Leaver,
    Outcome,
    Plan,
    ResourceGroup,
    Step,
    Target,
    Withdrawal,
    Work,
)
from workers.offboarding.ports import Change

NOW = datetime.now(UTC).replace(microsecond=0)
DANA = Leaver(email="dana.lee@example.com")
KIM = Leaver(email="kim.roe@example.com")
LEAVER_KEY = KeyOwner("IBMid-1")


def told(number=1, leaver=DANA, source="standard", **changed):
    """What an event says."""
    return Departure(
        source=source, leaver=leaver, event_key=f"{source}:{number}", **changed
    )


def asked(leaver=DANA, **changed):
    """What a person asks for."""
    return Departure(source="api", leaver=leaver, actor="helpdesk", **changed)


def taken_back(leaver=DANA, source="standard"):
    return Withdrawal(source, leaver, f"{source}:back")


def a_target(region="us-south", owned=True, **changed):
    target = CaseTarget(
        Target("acc1", region, ResourceGroup("rg1", "payments")),
        owner_before=LEAVER_KEY if owned else None,
    )
    return replace(target, **changed)


def begin(cases, works, case_id, *targets):
    """Plan a case as a worker does: its targets are under way."""
    claim = works.claim(Work(case_id, Step.PLAN))
    case = cases.load(case_id)
    planned = replace(
        case,
        status=CaseStatus.OPEN,
        started_at=case.received_at,
        plan=Plan("sha256:1", case.received_at),
    )
    after = tuple(
        Work(case_id, Step.RESET, one.target.id)
        for one in targets
        if not one.is_settled
    )
    works.finish(claim, Change(case=planned, targets=targets, after=after))


def intend(works, case_id, target):
    """Record "about to reset" as a worker does."""
    claim = works.claim(Work(case_id, Step.RESET, target.target.id), shared=True)
    works.record(claim, Change(targets=(target,), wrote=True))
    return claim


def settle(cases, works, case_id, result):
    """Settle a case, nothing of which is under way, as a worker does."""
    claim = works.claim(Work(case_id, Step.REPORT))
    case = cases.load(case_id)
    done = replace(
        case, status=CaseStatus.SETTLED, result=result, settled_at=case.received_at
    )
    works.finish(claim, Change(case=done))


def failed(region="eu-de", **changed):
    return a_target(region, outcome=Outcome.FAILED, tries=3, polls=2, **changed)
