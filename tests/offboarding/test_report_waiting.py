"""What people read of a case that waits for somebody to decide: whole texts."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from report_scenes import (
    NOON,
    PAGE,
    a_case,
    a_target,
    commands,
    expected,
    told,
    verified,
)

from workers.notify.mail_message import plain_text, text_of
from workers.notify.slack_blocks import message_of
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Note,
    Outcome,
    Plan,
    ReportKind,
    Right,
)
from workers.offboarding.report import Severity

HASH = "sha256:" + "ab" * 32
APPROVE = f"offboard case approve 01CASE --plan-hash {HASH}"
REFUSE = f"offboard case refuse 01CASE --plan-hash {HASH}"
CANCEL = "offboard case cancel 01CASE"
READ_POLICIES = (
    "ibmcloud iam user-policy-create reader@example.com --roles Viewer"
    " --service-name iam-identity"
)
MANY = Note(
    Reason.TOO_MANY_TARGETS,
    "10 resets are more than the 8 of OFFBOARD_MAX_TARGETS_PER_CASE.",
)
UNKNOWN = Note(Reason.PREFLIGHT_UNKNOWN, "Preflight cannot tell in 1 of 2 targets.")
FIRST_FAILED = Note(Reason.CANARY_FAILED, "The reset that went first was not verified.")
CANNOT_TELL = {
    "preflight": Right.CANNOT_TELL,
    "preflight_at": NOON,
    "preflight_text": "The policies of iks@example.com could not be read.",
    "mend": READ_POLICIES,
}
CANARY = a_target(
    "eu-de",
    "sandbox",
    "toy",
    outcome=Outcome.FAILED,
    reason=Reason.OWNER_NOT_SHOWN,
    detail="After 300 s the owner is IBMid-1 still.",
    resets=1,
    intent_at=NOON,
    preflight=Right.OK,
)


def held(*targets, notes, **changes):
    given = {
        "status": CaseStatus.WAITING,
        "settled_at": None,
        "plan": Plan(HASH, NOON + timedelta(seconds=1), notes),
        "held_at": NOON + timedelta(seconds=1),
        "askers": ("robin",),
    }
    return a_case(*targets, **(given | changes))


def of_many(**changes):
    targets = [a_target("us-south", f"team-{one}", "web", "db") for one in range(10)]
    return held(*targets, notes=(MANY,), **changes)


def of_unknown(**changes):
    known = a_target("us-south", "platform", "tools", preflight=Right.OK)
    unsure = a_target("us-south", "payments", "web", **CANNOT_TELL)
    return held(unsure, known, notes=(UNKNOWN,), **changes)


def of_canary(**changes):
    other = a_target("us-south", "payments", "web", preflight=Right.OK)
    canaries = (CANARY.target.id,)
    return held(CANARY, other, notes=(FIRST_FAILED,), canaries=canaries, **changes)


HELD = {
    "held_many": of_many(),
    "held_unknown": of_unknown(),
    "held_canary": of_canary(),
    "reminder_gone": of_many(reminded=2, is_gone=True),
}


def waits(case):
    return told(case, ReportKind.HELD)


def headline(case):
    return plain_text(waits(case).headline)


@pytest.mark.parametrize("name", sorted(HELD))
def test_a_held_case_reads_as_it_was_read_through_by_a_person(name):
    assert text_of(waits(HELD[name]), PAGE) == expected(name)


@pytest.mark.parametrize("name", sorted(HELD))
def test_a_held_case_can_be_approved_and_refused_for_exactly_its_plan(name):
    said = commands(waits(HELD[name]))

    assert APPROVE in said
    assert REFUSE in said


@pytest.mark.parametrize("name", sorted(HELD))
def test_safe_is_never_said_of_a_case_that_waits(name):
    said = re.findall(r"(?i)(?<!owner-)(?<!fully )\bsafe\b", text_of(waits(HELD[name])))

    assert said == []


def test_what_was_written_already_cannot_be_cancelled():
    assert CANCEL in commands(waits(of_many()))
    assert CANCEL not in commands(waits(of_canary()))
    assert "Refuse, which ends 1 target as failed, without another" in text_of(
        waits(of_canary())
    )


@pytest.mark.parametrize("reason", [Reason.PROTECTED_USER, Reason.AMBIGUOUS_PERSON])
def test_what_cannot_be_approved_is_not_offered_for_approval(reason):
    case = held(notes=(MANY, Note(reason, "It is so.")))

    assert APPROVE not in commands(waits(case))


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        (Reason.PLAN_CHANGED, "the plan changed since it was approved"),
        (Reason.ANSWERS_LITTLE, "the account answers with suspiciously little"),
    ],
)
def test_the_headline_says_what_an_approver_has_to_decide(reason, why):
    case = held(a_target("us-south", "payments", "web"), notes=(Note(reason, "So."),))

    assert headline(case) == (
        f"an approver has to decide about Dana Lee: {why}. Nothing was changed."
    )


def test_every_hold_is_named_where_there_are_several():
    paused = Note(Reason.PAUSED, "Resets are paused.")
    case = replace(of_unknown(), plan=Plan(HASH, NOON, (UNKNOWN, MANY, paused)))

    assert headline(case) == (
        "an approver has to decide about Dana Lee: 2 resets in one case, more than may "
        "go by themselves; in 1 place it cannot be told whether the functional ID has "
        "the rights it needs; resets are paused. Nothing was changed."
    )
    assert "offboard resume" in commands(waits(case))


def test_only_what_preflight_cannot_tell_waits_where_nothing_else_holds():
    report = waits(of_unknown())

    stands = [plain_text(item.line).rpartition(": ")[2] for item in report.targets]

    assert stands == ["held", "not done yet"]
    assert "Approve, which lets 1 reset with 1 cluster go" in text_of(report)


def test_all_wait_where_more_than_preflight_holds():
    case = replace(of_unknown(), plan=Plan(HASH, NOON, (UNKNOWN, MANY)))

    assert "Approve, which lets 2 resets with 2 clusters go" in text_of(waits(case))


def test_a_canary_that_is_no_more_listed_is_told_only_where_it_is_plain():
    alone = replace(of_canary(), canaries=())
    another = verified("us-east", "payments", "web")
    unclear = replace(alone, targets=(*alone.targets, another))

    assert "went first, as a canary" in text_of(waits(alone))
    assert "went first, as a canary" not in text_of(waits(unclear))


def test_a_first_hold_is_no_reminder_however_many_went_before():
    assert waits(of_many()).verdict == "Waiting"
    assert waits(of_many(reminded=1)).verdict == "Still waiting"


SO_MANY = "10 resets in one case, more than may go by themselves"
WENT_FIRST = "the reset that went first was not verified"


@pytest.mark.parametrize(
    ("case", "subject"),
    [
        (of_many(), f"[offboard] waiting: Dana Lee, {SO_MANY}"),
        (of_many(reminded=1), f"[offboard] still waiting: Dana Lee, {SO_MANY}"),
        (of_canary(), f"[offboard] 1 failed, waiting: Dana Lee, {WENT_FIRST}"),
        (
            of_canary(is_gone=True, reminded=3),
            f"[offboard] URGENT, still waiting: Dana Lee, 1 failed, {WENT_FIRST}",
        ),
    ],
)
def test_a_subject_tells_what_failed_and_how_urgent_it_is(case, subject):
    assert plain_text(waits(case).subject) == subject


def test_nothing_is_urgent_while_the_person_is_there():
    texts = [text_of(waits(of_many(is_gone=gone))) for gone in (False, True)]

    assert "each minute counts" not in texts[0]
    assert "each minute counts" in texts[1]


def test_what_failed_meanwhile_is_told_with_its_advice():
    assert "ibmcloud ks api-key info --cluster toy-id" in commands(waits(of_canary()))


def test_slack_shows_both_commands_however_many_targets_wait():
    unsure = [
        a_target("us-south", f"team-{one}", *["web"] * 20, **CANNOT_TELL)
        for one in range(100)
    ]
    case = held(*unsure, notes=(UNKNOWN,))

    message = message_of(waits(case), None)

    shown = "\n".join(one["text"]["text"] for one in message.blocks)
    assert f"```{APPROVE}```" in shown
    assert f"```{REFUSE}```" in shown
    assert "more" in shown


def dry(*notes):
    unsure = a_target(
        "us-south", "payments", "web", outcome=Outcome.PLANNED, **CANNOT_TELL
    )
    known = a_target(
        "us-south", "platform", "tools", outcome=Outcome.PLANNED, preflight=Right.OK
    )
    plan = Plan(HASH, NOON + timedelta(seconds=1), notes)
    return a_case(unsure, known, dry_run=True, result=CaseResult.PLANNED, plan=plan)


def test_a_dry_run_tells_what_an_armed_run_would_wait_for():
    report = told(dry(UNKNOWN))

    assert text_of(report, PAGE) == expected("dry_held")
    assert report.severity is Severity.ATTENTION
    assert APPROVE not in commands(report)


def test_a_dry_run_that_nothing_holds_says_nothing_of_waiting():
    assert "wait" not in text_of(told(dry()))
