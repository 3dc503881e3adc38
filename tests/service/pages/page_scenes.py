"""Cases as pages show them, hostile names included."""

from dataclasses import replace
from datetime import timedelta

from factories import DALLAS, FID, FRANKFURT, a_case, a_case_target, a_target
from fake_desk import NOW

from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    RECREATE_ADDON_PODS,
    Ahead,
    CaseResult,
    CaseStatus,
    Cluster,
    FollowUp,
    Leaver,
    Note,
    Outcome,
    Plan,
)

HOSTILE = "<script>alert(1)</script>\u202e'\"&"
ID = "01KHJ2V0W8Q3RZ5T7X9YABCDEF"
HASH = "sha256:" + "a" * 64
DONE_AT = NOW - timedelta(minutes=2)


def a_page_case(*targets, name="Dana Lee", **changes):
    leaver = Leaver("dana.lee@example.com", "IBMid-1", name)
    at = {"received_at": NOW, "effective_at": NOW, "starts_at": NOW}
    return a_case(*targets, **{"id": ID, "leaver": leaver, **at, **changes})


def waiting(*notes, plan_hash=HASH, **changes):
    notes = notes or (Note(Reason.TOO_MANY_TARGETS, "21 targets are many."),)
    plan = Plan(plan_hash, NOW, notes)
    return a_page_case(
        a_case_target(DALLAS), status=CaseStatus.WAITING, plan=plan, **changes
    )


def attention(name="Dana Lee", **changes):
    failed = a_case_target(FRANKFURT).ended(
        Outcome.FAILED, NOW, reason=Reason.UNREACHABLE, detail=HOSTILE
    )
    unread = a_case_target(a_target(group="web"), owner_before=None).ended(
        Outcome.UNREAD, NOW, reason=Reason.UNREACHABLE
    )
    return a_page_case(
        verified(DALLAS),
        failed,
        unread,
        name=name,
        status=CaseStatus.SETTLED,
        settled_at=NOW,
        result=CaseResult.ATTENTION,
        **changes,
    )


def verified(target, **changes):
    done = a_case_target(target).ended(Outcome.VERIFIED, DONE_AT)
    return replace(done, owner_after=FID, resets=1, **changes)


def safe(*targets, **changes):
    return a_page_case(
        *(targets or (verified(DALLAS),)),
        status=CaseStatus.SETTLED,
        settled_at=DONE_AT,
        started_at=NOW - timedelta(minutes=3),
        result=CaseResult.SAFE,
        **changes,
    )


def with_follow_ups(many, addon="vpc-block-csi-driver"):
    clusters = tuple(
        Cluster(f"c{number}", f"web-{number}", "vpc-gen2") for number in range(many)
    )
    left = tuple(
        FollowUp(RECREATE_ADDON_PODS, f"Make them anew in {one.name}.", one.id, addon)
        for one in clusters
    )
    return safe(verified(replace(DALLAS, clusters=clusters), follow_ups=left))


def scheduled(*targets, **changes):
    later = NOW + timedelta(days=9)
    foreseen = a_case_target(DALLAS).ended(Outcome.PLANNED, NOW)
    held = Note(Reason.TOO_MANY_TARGETS, "21 targets are many.")
    ahead = Ahead(NOW - timedelta(hours=3), Plan(HASH, NOW, (held,)), (foreseen,))
    return a_page_case(
        *targets,
        status=CaseStatus.SCHEDULED,
        effective_at=later,
        starts_at=later - timedelta(days=1),
        ahead=ahead,
        **changes,
    )
