"""What people read of preflight, follow-ups, blind spots and proofs: whole texts."""

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
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    BlindSpot,
    Care,
    CaseResult,
    FollowUp,
    Outcome,
    Right,
    Scope,
)
from workers.offboarding.report import Severity

LATER = NOON + timedelta(hours=2)
GRANT = (
    "ibmcloud iam user-policy-create iks@example.com --roles Reader"
    " --service-name kms --region eu-de"
)
RED = a_target(
    "eu-de",
    "payments",
    "payments-eu",
    outcome=Outcome.FAILED,
    reason=Reason.MISSING_ROLE,
    detail="iks@example.com lacks Reader on Key Protect (kms).",
    preflight=Right.MISSING,
    preflight_text="iks@example.com lacks Reader on Key Protect (kms).",
    mend=GRANT,
)
PODS = FollowUp(
    "recreate_addon_pods",
    "make the pods of vpc-block-csi-driver anew in cluster web.",
    "web-id",
    "vpc-block-csi-driver",
)
MASTER = FollowUp("refresh_master", "refresh the master of cluster web.", "web-id")
OLD_KEY = FollowUp("retire_old_key", "retire the key that ends in 1a2b.")
FOLLOWED = verified(
    "us-south",
    "payments",
    "web",
    follow_ups=(replace(PODS, done_at=LATER), MASTER),
    used_at=NOON + timedelta(minutes=20),
)
ALSO = verified("eu-de", "payments", "payments-eu", follow_ups=(OLD_KEY,))
ACCEPTED = a_target(
    "us-east",
    "default",
    "sandbox",
    owner_before=None,
    outcome=Outcome.UNREAD,
    reason=Reason.NO_ROLE,
    blind=BlindSpot(
        "acct1/us-east/default-id",
        "Belongs to <another> team",
        "robin",
        NOON,
        NOON + timedelta(days=30),
    ),
)
THEIRS = replace(PODS, cluster_id="payments-eu-id")
TOGETHER = (
    verified("us-south", "payments", "web", follow_ups=(PODS, MASTER)),
    verified("eu-de", "payments", "payments-eu", follow_ups=(THEIRS,)),
)
CASES = {
    "pods_together": a_case(*TOGETHER, result=CaseResult.SAFE),
    "red_preflight": a_case(
        RED, verified("us-south", "payments", "web"), result=CaseResult.ATTENTION
    ),
    "follow_ups": a_case(FOLLOWED, ALSO, result=CaseResult.SAFE),
    "blind_spot": a_case(
        verified("us-south", "payments", "web"), ACCEPTED, result=CaseResult.SAFE
    ),
}


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_report_reads_as_it_was_read_through_by_a_person(name):
    assert text_of(told(CASES[name]), PAGE) == expected(name)


def test_a_red_preflight_comes_with_its_grant():
    assert commands(told(CASES["red_preflight"])) == [
        GRANT,
        "offboard case retry 01CASE",
    ]


def test_a_dry_run_names_the_pods_once_and_nothing_to_tick_off():
    report = told(a_case(*TOGETHER, result=CaseResult.PLANNED, dry_run=True))

    text = text_of(report, PAGE)
    assert text.count("once each cluster has picked the new key up") == 1
    assert "for cluster in web-id payments-eu-id; do " in text
    assert "case done" not in text


def test_of_many_pods_no_command_is_longer_than_a_chat_takes():
    names = [f"cluster-{number}" for number in range(45)]
    left = tuple(replace(PODS, cluster_id=f"{one}-id") for one in names)
    target = verified("us-south", "payments", *names, follow_ups=left)

    report = told(a_case(target, result=CaseResult.SAFE))

    assert [len(one.follow_ups) for one in report.to_do] == [20, 20, 5, 0]
    assert all(len(one) < 1_000 for one in commands(report))


def test_follow_ups_have_the_numbers_that_ticking_them_off_takes():
    report = told(CASES["follow_ups"])

    assert [plain_text(item.line).partition(",")[0] for item in report.to_do] == [
        "Follow-up 2",
        "Follow-up 3",
        "When they are done",
    ]
    assert commands(report) == [
        "ibmcloud ks cluster master refresh --cluster web-id",
        None,
        "offboard case done 01CASE 2 3",
    ]


def test_a_dry_run_has_nothing_to_tick_off():
    blocking = FollowUp("classic_credential", "It is in force here.")
    target = a_target("us-south", "payments", outcome=Outcome.PLANNED)
    case = a_case(
        replace(target, follow_ups=(blocking,)),
        dry_run=True,
        result=CaseResult.PLANNED,
    )

    report = told(case)

    assert "case done" not in text_of(report)
    assert "It is in force here." in text_of(report)


@pytest.mark.parametrize(
    ("done_at", "said"),
    [
        (None, "- Fully safe: once the follow-up above is done."),
        (NOON, "- Fully safe: since 2026-11-23 12:30:12 UTC."),
        (LATER, "- Fully safe: since 2026-11-23 14:00:00 UTC."),
    ],
)
def test_fully_safe_waits_for_the_last_follow_up(done_at, said):
    follow_up = replace(MASTER, done_at=done_at)
    target = verified("us-south", "payments", "web", follow_ups=(follow_up,))

    report = told(a_case(target, result=CaseResult.SAFE), now=NOON + timedelta(hours=3))

    assert said in text_of(report)


@pytest.mark.parametrize(
    ("targets", "verdict", "subject"),
    [
        (
            (verified("us-south", "payments", "web"), ACCEPTED),
            "Safe, where it was seen",
            "[offboard] not all seen: Dana Lee, safe where it was seen, 1 not seen and "
            "accepted as that",
        ),
        (
            (ACCEPTED,),
            "Nothing to do, where it was seen",
            "[offboard] not all seen: Dana Lee, nothing to do where it was seen, 1 not "
            "seen and accepted as that",
        ),
    ],
)
def test_a_blind_spot_is_said_wherever_a_case_ended_well(targets, verdict, subject):
    is_clean = targets == (ACCEPTED,)
    result = CaseResult.CLEAN if is_clean else CaseResult.SAFE

    report = told(a_case(*targets, result=result))

    assert report.verdict == verdict
    assert plain_text(report.subject) == subject
    assert report.severity is Severity.NEUTRAL
    assert "1 place was not seen, which an approver accepted." in text_of(report)


def test_a_blind_spot_is_not_retried_and_a_new_unread_target_is():
    unread = replace(ACCEPTED, blind=None)
    cases = [
        a_case(RED, ACCEPTED, result=CaseResult.ATTENTION),
        a_case(unread, result=CaseResult.ATTENTION),
    ]

    headlines = [plain_text(told(one).headline) for one in cases]

    assert headlines == [
        "1 failed, 1 not seen and accepted as that. Leaver: Dana Lee.",
        "1 not seen. Leaver: Dana Lee.",
    ]
    assert commands(told(cases[0])) == [GRANT, "offboard case retry 01CASE"]


def test_a_blind_spot_that_was_read_after_all_is_none_any_more():
    seen = replace(ACCEPTED, outcome=Outcome.VERIFIED, reason=None)

    report = told(a_case(seen, result=CaseResult.SAFE))

    assert report.verdict == "Safe"
    assert "blind" not in text_of(report)


def test_a_blind_spot_within_a_part_is_seen_neither_here_nor_there():
    target = verified("us-south", "payments", "web")
    scope = Scope(regions=("us-south",))

    report = told(a_case(target, ACCEPTED, scope=scope, result=CaseResult.SAFE))

    assert report.verdict == "Safe in the part asked for, where it was seen"


def test_a_new_key_that_was_used_is_a_second_proof():
    assert "Second proof: its new key was used at 2026-11-23 12:20:00 UTC" in text_of(
        told(CASES["follow_ups"])
    )
    assert "Second proof" not in text_of(told(CASES["red_preflight"]))


def test_what_the_service_does_by_itself_asks_nobody_for_anything():
    mine = replace(MASTER, care=Care(LATER))
    refused = replace(OLD_KEY, care=Care(LATER, is_refused=True))
    case = a_case(
        verified("us-south", "payments", "web", follow_ups=(mine, refused)),
        result=CaseResult.SAFE,
    )

    first, second, tick = told(case).to_do

    assert first.command is None
    assert first.details == (("The service does this by itself; nobody has to.",),)
    assert (first.follow_ups, second.follow_ups) == ((), (2,))
    assert tick.command == "offboard case done 01CASE 2"


def test_old_keys_of_a_case_that_needs_attention_wait_for_its_retry():
    mine = replace(OLD_KEY, care=Care(LATER))
    case = a_case(
        verified("us-south", "payments", "web", follow_ups=(mine,)),
        result=CaseResult.ATTENTION,
    )

    [item, *_] = told(case).to_do

    assert item.details == (
        ("The service does this once the case is retried and ends safe.",),
    )
