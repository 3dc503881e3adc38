"""A mail has a limit: what needs somebody is in it, what is left out is counted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import DANA, NOON, a_case

from workers.notify.mail_cut import cut
from workers.notify.mail_message import Thread, html_of, message_of, text_of
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    CaseTarget,
    Cluster,
    FollowUp,
    KeyOwner,
    Leaver,
    Outcome,
    OwnerKind,
    Plan,
    ReportKind,
    ResourceGroup,
    Target,
)
from workers.offboarding.report import report_of

TAKER = KeyOwner("iam-ServiceId-1", "iks-functional-1", kind=OwnerKind.FUNCTIONAL_ID)
SHOW = "offboard case show 01CASE"
API = "GET /api/cases/01CASE"
BY_HAND = FollowUp("recreate_addon_pods", "Make the pods anew.", cluster_id="c1")


def a_report(*targets, case_id="01CASE"):
    case = a_case(
        *targets,
        id=case_id,
        leaver=Leaver("dana.lee@example.com", "IBMid-1", "Dana Lee"),
        status=CaseStatus.SETTLED,
        result=CaseResult.ATTENTION,
        settled_at=NOON,
        plan=Plan("sha256:1", NOON),
    )
    return report_of(case, ReportKind.FINAL, now=NOON, settle=timedelta(minutes=30))


def verified(first, many):
    return [
        CaseTarget(
            place(number),
            owner_before=DANA,
            owner_after=TAKER,
            functional_id=TAKER,
            outcome=Outcome.VERIFIED,
            settled_at=NOON,
        )
        for number in range(first, first + many)
    ]


def place(number):
    group = ResourceGroup(f"rg{number:04}", f"group-{number:04}")
    cluster = Cluster(f"cl{number:04}", f"cluster-{number:04}", "vpc-gen2")
    return Target("acct1", "us-south", group, (cluster,))


def not_safe(outcome, reason, first, many):
    return [
        replace(one, outcome=outcome, reason=reason, owner_after=None)
        for one in verified(first, many)
    ]


def failed(first, many):
    return not_safe(Outcome.FAILED, Reason.NO_ROLE, first, many)


def listed(text, first, many):
    return sum(f"rg{number:04}" in text for number in range(first, first + many))


def test_a_report_that_fits_is_left_as_it_is():
    report = a_report(*verified(0, 20), *failed(20, 2))

    assert cut(report) is report


def test_of_a_thousand_targets_all_that_need_somebody_stay():
    unread = not_safe(Outcome.UNREAD, Reason.OWNER_UNKNOWN, 5, 5)
    moved = not_safe(Outcome.CHANGED_HANDS, Reason.ANOTHER_OWNER, 10, 5)
    report = a_report(*failed(0, 5), *unread, *moved, *verified(15, 985))

    text = text_of(cut(report))

    assert len(text) < 37_000
    targets = text.split("BY REGION AND RESOURCE GROUP")[1]
    assert listed(targets, 0, 15) == 15
    shown = listed(targets, 15, 985)
    assert 50 < shown < 985
    left = f"{985 - shown} more do not fit into a mail, none of them needs anybody."
    assert left in targets
    assert SHOW in targets
    assert API in targets


def test_where_those_that_need_somebody_are_too_many_each_section_counts_them():
    report = a_report(*failed(0, 700), *verified(700, 300))

    text = text_of(cut(report))

    assert len(text) < 37_000
    to_do = text.split("LEFT TO DO BY HAND")[1].split("BY REGION")[0]
    targets = text.split("BY REGION AND RESOURCE GROUP")[1].split("CLOCKS")[0]
    for part, quiet in ((to_do, 0), (targets, 300)):
        shown = listed(part, 0, 700)
        assert 20 < shown < 700
        left = f"{700 - shown + quiet} more do not fit into a mail, {700 - shown} of"
        assert f"{left} them not safe yet." in part
    assert listed(targets, 700, 300) == 0
    # What is asked for the whole case stays behind what was left out of it.
    assert to_do.rstrip().endswith("offboard case retry 01CASE")


def test_what_is_to_be_done_by_hand_for_verified_targets_needs_somebody():
    some = [replace(one, follow_ups=(BY_HAND,)) for one in verified(0, 30)]

    text = text_of(cut(a_report(*some, *verified(30, 970))))

    to_do = text.split("LEFT TO DO BY HAND")[1].split("BY REGION")[0]
    assert listed(to_do, 0, 30) == 30


def test_nothing_is_cut_for_a_mail_that_is_just_as_long_as_it_may_be():
    targets = verified(0, 10)
    report = a_report(*targets)
    whole = len(text_of(report))

    assert cut(report, 2 * whole) is report
    assert cut(report, whole // 2) != report


@pytest.mark.parametrize("many", [0, 3, 500, 1000])
def test_the_html_of_any_case_stays_below_what_mail_programs_show(many):
    report = a_report(*failed(0, many), *verified(many, 1000 - many))

    assert len(html_of(cut(report)).encode()) < 100_000


def test_the_mail_that_is_sent_is_the_short_one():
    report = a_report(*verified(0, 1000))

    mail = message_of(
        report,
        Thread("01CASE:final:1"),
        sender="offboard@example.com",
        to="ops@example.com",
        now=NOON,
        page=None,
    )

    text = mail.get_body(("plain",)).get_content()
    assert len(text) < 37_000
    assert SHOW in text
    assert text.rstrip().endswith("Case 01CASE")
