"""What the room of one account reads: the verdict of all, and its own part alone."""

from dataclasses import replace

from report_scenes import NOON, SETTLE, a_case, a_target, commands, told, verified

from workers.notify.mail_message import plain_text, text_of
from workers.offboarding.approvers import AccountApprovers, Approvers
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    RECREATE_ADDON_PODS,
    CaseResult,
    CaseStatus,
    FollowUp,
    Note,
    Outcome,
    Plan,
    ReportKind,
)
from workers.offboarding.report import Here, report_of

HERE = Here("acct1", "production")
LISTS = Approvers(
    (
        AccountApprovers("acct1", "production", ("ann", "lead@example.com")),
        AccountApprovers("acct2", "lab", ("bob",)),
    )
)
TOO_MANY = (Note(Reason.TOO_MANY_TARGETS, "The plan has 2 resets."),)


def elsewhere(target):
    return replace(target, target=replace(target.target, account_id="acct2"))


OURS = verified("us-south", "payments", "web")
THEIRS = elsewhere(verified("eu-de", "hidden-group", "hidden-cluster"))
RED = elsewhere(
    a_target(
        "eu-de",
        "hidden-group",
        "hidden-cluster",
        outcome=Outcome.FAILED,
        reason=Reason.MISSING_ROLE,
        follow_ups=(FollowUp("refresh_master", "Refresh hidden-cluster.", "h-id"),),
    )
)


def in_room(case, kind=ReportKind.FINAL, here=HERE):
    return report_of(case, kind, now=NOON, settle=SETTLE, approvers=LISTS, here=here)


def held(*targets):
    return a_case(
        *targets,
        status=CaseStatus.WAITING,
        settled_at=None,
        plan=Plan("sha256:abc", NOON, TOO_MANY),
    )


def test_a_part_that_went_well_is_never_called_safe_where_the_whole_is_not():
    report = in_room(a_case(OURS, RED, result=CaseResult.ATTENTION))

    assert report.verdict == "Attention needed"
    assert plain_text(report.headline) == (
        "1 failed, 1 done. Leaver: Dana Lee. Account production: 1 target of it, 1 "
        "reset and read back. 1 target more is in other accounts, not told here; the "
        "verdict is of all of them."
    )
    assert "safe" not in text_of(report).lower()


def test_safe_is_said_of_the_whole_with_what_still_comes_before_a_removal():
    report = in_room(a_case(OURS, THEIRS, result=CaseResult.SAFE))

    assert report.verdict == "Safe"
    assert plain_text(report.headline).startswith("all 2 cluster API keys of Dana Lee")
    assert [one.command for one in report.clocks] == [
        "offboard gate dana.lee@example.com"
    ]


def test_nothing_of_another_account_is_in_it():
    unseen = Note(Reason.LIST_UNREADABLE, "hidden-list was refused.", "acct2")
    canary = Note(Reason.CANARY_FAILED, "hidden-group went first.")
    case = a_case(OURS, RED, result=CaseResult.ATTENTION, warnings=(unseen, canary))

    text = text_of(in_room(case))

    assert "hidden" not in text
    assert "hidden" not in plain_text(in_room(case).subject)
    assert "web (web-id)" in text


def test_nothing_of_another_account_is_in_what_a_held_case_says():
    doubtful = replace(elsewhere(a_target("eu-de", "hidden-group", "hidden")), looks=1)

    assert "hidden" not in text_of(in_room(held(OURS, doubtful), ReportKind.HELD))


def test_what_was_not_seen_in_the_account_is_told_there():
    unseen = Note(Reason.LIST_UNREADABLE, "The lists were refused.", "acct1")
    case = a_case(THEIRS, result=CaseResult.ATTENTION, warnings=(unseen,))

    report = in_room(case)

    assert plain_text(report.headline).endswith(
        "Account production: no target of the case was found there, and not everything "
        "there was seen."
    )
    assert [plain_text(one.line) for one in report.unseen] == [
        "The lists were refused."
    ]
    assert commands(report) == ["offboard case retry 01CASE"]


def test_follow_ups_have_the_numbers_by_which_the_case_ticks_them_off():
    pods = FollowUp(RECREATE_ADDON_PODS, "Make the pods anew.", "web-id")
    mine = replace(OURS, follow_ups=(pods,))

    report = in_room(a_case(RED, mine, result=CaseResult.ATTENTION))

    assert commands(report)[-1] == "offboard case done 01CASE 2"


def test_a_decision_is_said_to_be_about_the_whole_and_who_may_take_it():
    report = in_room(
        held(a_target("us-south", "payments"), elsewhere(a_target("eu-de", "x"))),
        ReportKind.HELD,
    )

    approve = report.to_do[0]
    assert plain_text(approve.line) == (
        "Approve the whole case, which lets 2 resets go, 1 of them in this account; "
        "for an approver who did not ask for it:"
    )
    assert [plain_text(one) for one in approve.details] == [
        "Where: us-south / payments",
        "To: IKS Functional",
        "Who may, for account production: ann, lead@example.com",
        "Who may, for account lab: bob",
        "Only who stands in each of these lists may decide.",
    ]
    assert approve.command == "offboard case approve 01CASE --plan-hash sha256:abc"


def test_the_service_s_own_channel_is_told_who_may_decide_too():
    case = held(a_target("us-south", "payments"))
    report = report_of(case, ReportKind.HELD, now=NOON, settle=SETTLE, approvers=LISTS)

    [approve] = [one for one in report.to_do if "approve" in (one.command or "")]
    said = [plain_text(one) for one in approve.details]
    assert said[-1] == "Who may, for account production: ann, lead@example.com"
    assert "Who may" not in text_of(told(case, ReportKind.HELD))


def test_an_account_without_a_name_goes_by_its_id():
    report = in_room(a_case(OURS, result=CaseResult.SAFE), here=Here("acct1"))

    assert plain_text(report.subject).endswith(", account acct1")
