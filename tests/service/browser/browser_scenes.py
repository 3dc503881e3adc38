"""A desk with something of everything, hostile names included."""

from dataclasses import replace
from datetime import timedelta

from factories import (
    DALLAS,
    DANA,
    FID,
    FRANKFURT,
    ROBIN,
    a_case,
    a_case_target,
    a_target,
)
from fake_desk import NOW

from workers.offboarding.brake import Brake, Braked, Waiting
from workers.offboarding.errors import Reason
from workers.offboarding.exposure import (
    Dependence,
    Exposure,
    GateAnswer,
    Holding,
    ReadingKind,
)
from workers.offboarding.heard import Unreadable
from workers.offboarding.intake import Kept, KeptState
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Channel,
    Entry,
    KeyOwner,
    Leaver,
    Note,
    Outcome,
    OwnerKind,
    Plan,
    ReportState,
)
from workers.offboarding.notice import NoticeLine
from workers.offboarding.trend import Day
from workers.offboarding.trial_notice import trial

HOSTILE = "<script>alert(1)</script>\u202e'\"&"
NASTY = KeyOwner("IBMid-6", HOSTILE, "nasty@example.com", OwnerKind.PERSON)
SAFE, HELD, BAD, UNDER_WAY, LATER = (
    f"01KHJ2V0W8Q3RZ5T7X9YABCD0{number}" for number in range(5)
)
HASH = "sha256:" + "a" * 64


def _case(case_id, *targets, name="Dana Lee", **changes):
    leaver = Leaver("dana.lee@example.com", "IBMid-1", name)
    made = a_case(*targets, id=case_id, leaver=leaver, received_at=NOW, **changes)
    return replace(made, effective_at=NOW, starts_at=NOW, started_at=NOW)


def cases():
    done = a_case_target(DALLAS).ended(Outcome.VERIFIED, NOW)
    done = replace(done, owner_after=FID, resets=1)
    failed = a_case_target(FRANKFURT, owner_before=NASTY).ended(
        Outcome.FAILED, NOW, reason=Reason.UNREACHABLE, detail=HOSTILE
    )
    many = a_target(group=HOSTILE)
    plan = Plan(HASH, NOW, (Note(Reason.TOO_MANY_TARGETS, "21 targets are many."),))
    over = {"status": CaseStatus.SETTLED, "settled_at": NOW}
    return [
        _case(SAFE, done, result=CaseResult.SAFE, **over),
        _case(HELD, a_case_target(DALLAS), status=CaseStatus.WAITING, plan=plan),
        _case(BAD, done, failed, name=HOSTILE, result=CaseResult.ATTENTION, **over),
        _case(UNDER_WAY, done, a_case_target(many), status=CaseStatus.OPEN),
        replace(
            _case(LATER, status=CaseStatus.SCHEDULED),
            effective_at=NOW + timedelta(days=9),
        ),
    ]


def trend():
    """Ninety days that get better, with a gap and some days not wholly seen."""
    return tuple(
        Day(
            (NOW - timedelta(days=ago)).date(),
            3 + ago // 12,
            5 + ago // 9,
            40 - ago // 6,
            2 if ago in (30, 31) else 0,
            ago not in (30, 31),
        )
        for ago in range(80, -1, -1)
        if not 50 < ago < 60
    )


def fill(desk):
    desk.days = trend()
    for case in cases():
        desk.cases[case.id] = case
        desk.ledgers[case.id] = [
            Entry(NOW, "case.opened_open", source="standard", detail="standard:msg_1"),
            Entry(NOW, "case.planned", detail="2 targets seen, 2 to be taken over"),
            Entry(NOW, "target.reset", target_id=DALLAS.id, request_id="r-1"),
            Entry(NOW, "something.new", actor=HOSTILE, reason="unreachable"),
        ]
    holdings = (
        Holding(DALLAS, ReadingKind.OWNER, DANA, checked_at=NOW, has_left=True),
        Holding(FRANKFURT, ReadingKind.OWNER, FID, checked_at=NOW),
        Holding(a_target(group="web"), ReadingKind.OWNER, NASTY, checked_at=NOW),
        Holding(a_target(group=HOSTILE), ReadingKind.UNREAD, reason=Reason.UNREACHABLE),
    )
    people = (Dependence(NASTY, 1, 1, False), Dependence(DANA, 1, 1, True))
    desk.exposed = Exposure(holdings, people, 2, 1, NOW)
    theirs = Note(Reason.OWNS_TARGETS, "They own the cluster API keys of 1 target.")
    desk.answer = GateAnswer("robin.park@example.com", False, (theirs,), holdings, NOW)
    desk.trials["test-1"] = trial("test-1", HOSTILE, at=NOW)
    desk.trial_lines = (
        NoticeLine(
            Channel.MAIL, ReportState.FAILED, NOW, 1, f"{HOSTILE}@example.com 550"
        ),
        NoticeLine(Channel.SLACK, ReportState.FAILED, NOW, 1, "not_in_channel"),
    )
    kept = Kept(
        "01KHJ2V0W8Q3RZ5T7X9YABCDQ1",
        "okta",
        KeptState.QUARANTINE,
        next(iter(Unreadable)),
        "The event names nobody.",
        NOW - timedelta(hours=3),
        NOW + timedelta(days=3),
        512,
        "b" * 64,
    )
    desk.in_quarantine[kept.id] = (kept, None)
    braked = Braked(HELD, Leaver(ROBIN.email, ROBIN.id, HOSTILE), "okta", NOW, NOW)
    desk.braked = Brake(20, 21, NOW, (Waiting(braked, 2, 3, False, ROBIN),), 4, NOW)
