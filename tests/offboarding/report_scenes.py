"""Cases to put into words, and the words as a mail has them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from workers.offboarding.model import (
    Case,
    CaseStatus,
    CaseTarget,
    Cluster,
    KeyOwner,
    Leaver,
    OpenedBy,
    Outcome,
    OwnerKind,
    Plan,
    ReportKind,
    ResourceGroup,
    Target,
)
from workers.offboarding.report import Report, report_of

PAGE = "https://offboard.example.com/cases/01CASE"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SETTLE = timedelta(minutes=30)
DANA = KeyOwner("IBMid-1", "Dana Lee", "dana.lee@example.com", OwnerKind.PERSON)
ROBIN = KeyOwner("IBMid-2", "Robin Park", "robin.park@example.com", OwnerKind.PERSON)
FID = KeyOwner("IBMid-9", "IKS Functional", "iks@example.com", OwnerKind.FUNCTIONAL_ID)


def a_target(region, group, *clusters, **changes):
    seen = tuple(Cluster(f"{name}-id", name, "vpc-gen2") for name in clusters)
    target = Target("acct1", region, ResourceGroup(f"{group}-id", group), seen)
    return replace(CaseTarget(target, owner_before=DANA, functional_id=FID), **changes)


def verified(region, group, *clusters, **changes):
    return a_target(
        region,
        group,
        *clusters,
        outcome=Outcome.VERIFIED,
        owner_after=FID,
        resets=1,
        settled_at=NOON + timedelta(seconds=12, milliseconds=400),
        **changes,
    )


def a_case(*targets, **changes):
    case = Case(
        id="01CASE",
        leaver=Leaver("dana.lee@example.com", "IBMid-1", "Dana Lee"),
        opened_by=OpenedBy("standard", "standard:msg_1"),
        received_at=NOON,
        effective_at=NOON,
        starts_at=NOON,
        status=CaseStatus.SETTLED,
        dry_run=False,
        started_at=NOON,
        settled_at=NOON + timedelta(seconds=13),
        plan=Plan("sha256:abc", NOON + timedelta(seconds=1)),
        targets=targets,
    )
    return replace(case, **changes)


EVIDENCE_KEY = "ed25519:1f0ab6c8d2e94753a6b0c4d8e2f61935"


def told(case, kind=ReportKind.FINAL, now=NOON + timedelta(minutes=1)) -> Report:
    return report_of(case, kind, now=now, settle=SETTLE, evidence_key=EVIDENCE_KEY)


def expected(name):
    return (Path(__file__).parent / "reports" / f"{name}.txt").read_text("utf-8")


def commands(report):
    return [item.command for item in report.to_do]
