"""What people read: whole texts, compared as they are."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import report_scenes
from report_scenes import (
    DANA,
    FID,
    NOON,
    PAGE,
    ROBIN,
    a_case,
    a_target,
    expected,
    verified,
)

from workers.notify.mail_message import plain_text, text_of
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    FollowUp,
    KeyOwner,
    Leaver,
    Note,
    OpenedBy,
    Outcome,
    Plan,
    ReportKind,
    Scope,
    Told,
)
from workers.offboarding.report import Report, Severity

FAILED = a_target(
    "eu-de",
    "payments",
    "payments-eu",
    outcome=Outcome.FAILED,
    reason=Reason.NO_ROLE,
    detail="IBM Cloud answered 403, A0656.",
    owner_after=DANA,
    resets=1,
    proven_failures=1,
)
UNREAD = a_target(
    "us-east",
    "default",
    "sandbox",
    owner_before=None,
    outcome=Outcome.UNREAD,
    reason=Reason.OWNER_UNKNOWN,
)
CHANGED = a_target(
    "us-south",
    "platform",
    "tools",
    outcome=Outcome.CHANGED_HANDS,
    reason=Reason.ANOTHER_OWNER,
    owner_after=ROBIN,
)
PODS = FollowUp(
    "recreate_addon_pods",
    "make the pods of vpc-block-csi-driver anew in cluster web.",
    "web-id",
    "vpc-block-csi-driver",
)
CASES = {
    "safe": a_case(
        verified("us-south", "payments", "web", "api", follow_ups=(PODS,)),
        verified("us-south", "platform", "tools"),
        a_target(
            "eu-de",
            "payments",
            "payments-eu",
            outcome=Outcome.ALREADY,
            owner_after=FID,
            settled_at=NOON + timedelta(seconds=3),
        ),
        result=CaseResult.SAFE,
    ),
    "attention": a_case(
        verified("us-south", "payments", "web"),
        CHANGED,
        UNREAD,
        FAILED,
        result=CaseResult.ATTENTION,
    ),
    "clean": a_case(result=CaseResult.CLEAN),
    "unknown": a_case(
        leaver=Leaver(email="dana.lee@example.com"),
        opened_by=OpenedBy("api", None, "ops-laptop"),
        reason="leaves on Friday",
        result=CaseResult.CLEAN,
        warnings=(
            Note(
                Reason.PERSON_NOT_FOUND,
                "Nobody in the account has this e-mail or IAM ID.",
            ),
        ),
    ),
    "dry": a_case(
        a_target("us-south", "payments", "web", outcome=Outcome.PLANNED),
        a_target("us-south", "platform", "tools", outcome=Outcome.PLANNED),
        dry_run=True,
        result=CaseResult.PLANNED,
        warnings=(Note(Reason.NOT_ARMED, "The service is not armed."),),
    ),
    "protected": a_case(
        status=CaseStatus.WAITING,
        plan=None,
        settled_at=None,
        warnings=(Note(Reason.PROTECTED_USER, "This person is protected."),),
    ),
    "ambiguous": a_case(
        leaver=Leaver(email="dana.lee@example.com"),
        status=CaseStatus.WAITING,
        settled_at=None,
        plan=Plan(
            "sha256:abc",
            NOON,
            (Note(Reason.AMBIGUOUS_PERSON, "Two people have this e-mail."),),
        ),
    ),
    "paused": a_case(
        a_target("us-south", "payments", "web"),
        status=CaseStatus.WAITING,
        settled_at=None,
        plan=Plan("sha256:abc", NOON, (Note(Reason.PAUSED, "Resets are paused."),)),
    ),
    "cancelled": a_case(
        a_target("us-south", "payments", "web"),
        status=CaseStatus.CANCELLED,
        settled_at=None,
    ),
    "hostile": a_case(
        a_target(
            "us-south\r\nBcc: x@example.com",
            "<!channel>",
            "`web` *bold*",
            owner_before=KeyOwner("IBMid-1", "<script>alert(1)</script>"),
            outcome=Outcome.FAILED,
            reason=Reason.REFUSED_BY_IBM_CLOUD,
            detail="<@U1> `x` \u202eevil",
        ),
        leaver=Leaver(name="\u202eeeL anaD\r\nSubject: `hi` <!channel> <script>"),
        result=CaseResult.ATTENTION,
    ),
}
KINDS = {
    "protected": ReportKind.HELD,
    "ambiguous": ReportKind.HELD,
    "paused": ReportKind.HELD,
    "cancelled": ReportKind.CANCELLED,
}


def told(name_or_case, kind=None, **given) -> Report:
    is_name = isinstance(name_or_case, str)
    case = CASES[name_or_case] if is_name else name_or_case
    kind = kind or KINDS.get(name_or_case if is_name else "", ReportKind.FINAL)
    return report_scenes.told(case, kind, **given)


def facts(report: Report) -> str:
    return text_of(report)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_report_reads_as_it_was_read_through_by_a_person(name):
    assert text_of(told(name), PAGE) == expected(name)


@pytest.mark.parametrize(
    "name", ["attention", "clean", "unknown", "dry", *KINDS, "hostile"]
)
def test_safe_is_never_said_alone_of_a_case_that_is_not(name):
    said = re.findall(r"(?i)(?<!owner-)(?<!fully )\bsafe\b", facts(told(name)))

    assert said == []


def test_a_held_report_of_a_case_with_a_verified_target_does_not_say_safe():
    case = replace(CASES["safe"], result=None, status=CaseStatus.WAITING)

    report = told(case, ReportKind.HELD)

    assert not re.search(r"(?i)(?<!owner-)(?<!fully )\bsafe\b", facts(report))
    assert "2 of 3 done so far" not in facts(report)
    assert plain_text(report.headline).endswith("3 of 3 done so far.")


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("safe", Severity.GOOD),
        ("clean", Severity.GOOD),
        ("unknown", Severity.NEUTRAL),
        ("attention", Severity.ATTENTION),
        ("dry", Severity.NEUTRAL),
        ("protected", Severity.HELD),
        ("ambiguous", Severity.HELD),
        ("paused", Severity.HELD),
        ("cancelled", Severity.NEUTRAL),
    ],
)
def test_a_report_is_as_severe_as_what_it_asks_for(name, severity):
    assert told(name).severity is severity


def test_a_dry_run_with_something_unread_asks_for_attention():
    report = told(a_case(UNREAD, dry_run=True, result=CaseResult.PLANNED))

    assert report.severity is Severity.ATTENTION
    assert facts(report).splitlines()[0] == (
        "Dry run, nothing was changed (as asked for): "
        "1 not seen, 0 cluster API keys would be reset. Leaver: Dana Lee."
    )


@pytest.mark.parametrize("kind", list(ReportKind))
@pytest.mark.parametrize("result", [None, *CaseResult])
def test_every_dry_run_says_on_its_first_line_that_nothing_was_changed(kind, result):
    case = replace(CASES["dry"], result=result)

    first = facts(told(case, kind)).splitlines()[0]

    assert first.startswith("Dry run, nothing was changed (the service is not armed): ")


def test_a_list_that_could_not_be_read_stands_first_after_the_headline():
    note = Note(Reason.LIST_UNREADABLE, "Satellite clusters: 403.")
    case = a_case(UNREAD, result=CaseResult.ATTENTION, warnings=(note,))

    lines = facts(told(case)).splitlines()

    assert lines[:5] == [
        "Attention needed: 1 not seen, not everything could be listed. "
        "Leaver: Dana Lee.",
        "",
        "NOT SEEN, AND WARNINGS",
        "",
        "- Satellite clusters: 403.",
    ]


def test_failed_and_unread_targets_stand_before_all_others():
    lines = [plain_text(item.line) for item in told("attention").targets]

    assert [line.rpartition(": ")[2] for line in lines] == [
        "FAILED",
        "NOT SEEN",
        "CHANGED HANDS, left alone",
        "reset, and read back under the functional ID",
    ]


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("safe", "[offboard] safe: Dana Lee, 1 follow-up left"),
        (
            "attention",
            "[offboard] ATTENTION, 1 failed: Dana Lee, 1 not seen, 1 changed hands, "
            "1 done",
        ),
        ("dry", "[offboard] dry run: Dana Lee, 2 would be reset"),
        ("protected", "[offboard] waiting: Dana Lee, the person is protected"),
        (
            "ambiguous",
            "[offboard] waiting: dana.lee@example.com, more than one person fits",
        ),
        ("cancelled", "[offboard] cancelled: Dana Lee"),
    ],
)
def test_a_subject_has_the_failures_first(name, subject):
    assert plain_text(told(name).subject) == subject


@pytest.mark.parametrize("name", ["safe", "attention", "dry", "protected", "cancelled"])
def test_what_a_telephone_shows_of_a_subject_has_the_name_in_it(name):
    assert "Dana Lee" in plain_text(told(name).subject)[:40]


def test_a_case_within_a_scope_is_safe_only_there_and_has_no_figure():
    case = replace(CASES["safe"], scope=Scope(regions=("us-south",)))

    text = facts(told(case))

    assert text.startswith("Safe in the part asked for: all 3 cluster API keys")
    assert "- Owner-safe: no figure, since only a part was asked for." in text
    assert "- Scope: only regions us-south" in text


def test_after_the_settling_time_only_open_follow_ups_are_waited_for():
    late = NOON + timedelta(hours=1)
    target = verified("us-south", "payments", "web")
    settled = a_case(target, result=CaseResult.SAFE)

    texts = [facts(told("safe", now=late)), facts(told(settled, now=late))]

    assert "- Fully safe: once the follow-up above is done." in texts[0]
    assert "- Fully safe: since 2026-11-23 12:30:12 UTC." in texts[1]


def test_a_follow_up_that_is_done_is_not_left_to_do():
    done = replace(PODS, done_at=NOON)
    target = verified("us-south", "payments", "web", follow_ups=(done,))

    report = told(a_case(target, result=CaseResult.SAFE))

    assert report.to_do == ()


def test_a_classic_credential_in_force_comes_with_the_command_that_shows_it():
    target = verified("us-south", "payments")
    blocked = replace(target, follow_ups=(FollowUp("classic_credential", "In force."),))

    report = told(a_case(blocked, result=CaseResult.ATTENTION))

    assert "a classic credential of the leaver is in force" in str(report.headline)
    assert [item.command for item in report.to_do] == [
        "ibmcloud target -g payments-id -r us-south"
        " && ibmcloud ks credential get --region us-south",
        "offboard case done 01CASE 1",
        "offboard case retry 01CASE",
    ]


def test_a_classic_credential_elsewhere_is_in_the_headline_and_retried():
    note = Note(Reason.CLASSIC_CREDENTIAL_ELSEWHERE, "In force in eu-de / payments.")
    case = a_case(result=CaseResult.ATTENTION, warnings=(note,))

    report = told(case)

    assert "a classic credential of the leaver is in force" in str(report.headline)
    assert [item.command for item in report.to_do] == ["offboard case retry 01CASE"]


def test_a_short_list_is_not_everything():
    note = Note(Reason.LIST_SHORT, "2 clusters are missing.")

    report = told(a_case(result=CaseResult.ATTENTION, warnings=(note,)))

    assert "not everything could be listed" in str(report.headline)
    assert str(report.unseen[0].line[0]) == "2 clusters are missing."


def test_a_joined_case_names_the_one_it_goes_on_in():
    case = replace(CASES["cancelled"], joined_to="01OTHER")

    first = facts(told(case, ReportKind.CANCELLED)).splitlines()[0]

    assert first == (
        "Cancelled: Dana Lee has another open case, and this goes on there: 01OTHER."
    )


@pytest.mark.parametrize("result", [CaseResult.ATTENTION, CaseResult.PLANNED])
def test_nobody_is_asked_to_keep_a_person_who_is_removed_already(result):
    unread = a_target("eu-de", "tools", "c1", owner_before=None, outcome=Outcome.UNREAD)
    case = replace(
        a_case(replace(unread, reason=Reason.NO_ROLE)),
        result=result,
        dry_run=result is CaseResult.PLANNED,
    )

    there, gone = (facts(told(replace(case, is_gone=one))) for one in (False, True))

    assert "Do not remove the person" in there
    assert "Do not remove the person" not in gone
    assert "The person is on no user list any more" in gone


def test_a_person_who_is_not_clear_yet_is_not_said_to_own_nothing():
    text = facts(told("ambiguous"))

    assert "Cluster API keys of the leaver" not in text


def test_a_changed_hands_alone_offers_no_retry():
    report = told(a_case(CHANGED, result=CaseResult.ATTENTION))

    commands = [item.command for item in report.to_do]

    assert commands == ["ibmcloud ks api-key info --cluster tools-id"]


def test_what_cannot_be_seen_in_a_name_is_made_visible():
    leaver = Leaver(name="Da\u200bna\u202e\r\nBcc: \ud800x")

    report = told(a_case(leaver=leaver, result=CaseResult.CLEAN))

    assert str(report.headline[0]) == "Da\ufffdna\ufffd Bcc: \ufffdx"


def test_an_owner_without_name_and_mail_is_shown_by_id():
    target = a_target("us-south", "g", "web", owner_before=KeyOwner("IBMid-7"))

    report = told(a_case(target, result=CaseResult.ATTENTION))

    assert plain_text(report.targets[0].details[0]) == "Owner: IBMid-7"


UNMATCHED = Note(
    Reason.SCOPE_UNMATCHED, "No cluster lies in region us-suth: see its spelling."
)


def test_a_part_that_names_what_was_not_seen_is_said_before_all_else():
    case = a_case(
        UNREAD,
        scope=Scope(regions=("us-suth",)),
        result=CaseResult.ATTENTION,
        warnings=(Note(Reason.LIST_UNREADABLE, "Satellite clusters: 403."), UNMATCHED),
    )

    report = told(case)

    assert facts(report).splitlines()[:6] == [
        "Attention needed: the part asked for names what was not seen, 1 not seen, "
        "not everything could be listed. Leaver: Dana Lee.",
        "",
        "NOT SEEN, AND WARNINGS",
        "",
        "- No cluster lies in region us-suth: see its spelling.",
        "- Satellite clusters: 403.",
    ]
    assert plain_text(report.subject).startswith(
        "[offboard] ATTENTION, 1 not seen: Dana Lee, the part asked for names what was "
    )


def test_a_misspelt_part_alone_is_asked_for_again_and_not_retried():
    case = a_case(
        scope=Scope(regions=("us-suth",)),
        result=CaseResult.ATTENTION,
        warnings=(UNMATCHED,),
    )

    commands = [item.command for item in told(case).to_do]

    assert commands == ["ibmcloud ks cluster ls --output json"]


def test_a_dry_run_of_a_misspelt_part_asks_for_attention():
    case = a_case(dry_run=True, result=CaseResult.PLANNED, warnings=(UNMATCHED,))

    report = told(case)

    assert report.severity is Severity.ATTENTION
    assert "the part asked for names what was not seen" in plain_text(report.headline)
    assert "Do not remove the person" in facts(report)


@pytest.mark.parametrize("result", [CaseResult.PLANNED, CaseResult.CLEAN])
def test_nobody_is_kept_from_removing_a_person_of_whom_nothing_was_found(result):
    case = a_case(dry_run=result is CaseResult.PLANNED, result=result)

    text = facts(told(case))

    assert "Do not remove the person" not in text
    assert "Before an armed run" not in text


@pytest.mark.parametrize(
    "changes",
    [
        {"targets": (UNREAD,)},
        {"warnings": (Note(Reason.LIST_UNREADABLE, "Satellite clusters: 403."),)},
    ],
    ids=["unread target", "unread list"],
)
def test_a_dry_run_that_did_not_see_everything_still_keeps_from_removing(changes):
    text = facts(told(a_case(dry_run=True, result=CaseResult.PLANNED, **changes)))

    assert "Do not remove the person" in text
    assert "Before an armed run" not in text


def test_a_dry_run_for_somebody_unknown_says_so_in_headline_and_subject():
    note = Note(Reason.PERSON_NOT_FOUND, "Nobody in the account has this e-mail.")
    case = a_case(dry_run=True, result=CaseResult.PLANNED, warnings=(note,))
    unread = replace(case, targets=(UNREAD,))

    nothing, something = told(case), told(unread)

    assert plain_text(nothing.headline) == (
        "Dana Lee is unknown to the account, and owns no cluster API key."
    )
    assert plain_text(nothing.subject) == (
        "[offboard] dry run: Dana Lee, unknown to the account"
    )
    assert plain_text(something.headline) == (
        "1 not seen, 0 cluster API keys would be reset. "
        "Leaver: Dana Lee, unknown to the account."
    )
    assert plain_text(something.subject) == (
        "[offboard] dry run, 1 not seen: Dana Lee, 0 would be reset, unknown to the "
        "account"
    )


def test_the_command_of_a_dry_run_says_when_and_why_again():
    case = replace(
        CASES["dry"],
        effective_at=NOON + timedelta(days=1),
        reason="end of contract",
        scope=Scope(regions=("us-south",)),
    )

    assert told(case).to_do[-1].command == (
        "offboard run dana.lee@example.com --apply --region us-south"
        " --effective-at 2026-11-24T12:00:00Z --reason 'end of contract'"
    )


def test_every_other_source_that_told_of_the_departure_is_named():
    first, second = Told("standard", NOON), Told("api", NOON + timedelta(hours=2))

    text = facts(told(a_case(result=CaseResult.CLEAN, told=(first, second))))
    alone = facts(told(a_case(result=CaseResult.CLEAN, told=(first,))))

    assert "- Also told by: api, leaves 2026-11-23 14:00:00 UTC" in text
    assert "Also told by" not in alone


def test_a_target_of_a_held_case_is_held():
    (line,) = [plain_text(item.line) for item in told("paused").targets]

    assert line.endswith(": held")


def test_what_is_mended_alike_is_explained_once_and_has_each_its_command():
    failed = [
        a_target(
            "us-south",
            f"team-{number}",
            "web",
            outcome=Outcome.FAILED,
            reason=Reason.NO_ROLE,
        )
        for number in range(3)
    ]
    other = a_target(
        "us-south", "team-9", "web", outcome=Outcome.FAILED, reason=Reason.KEY_LIMIT
    )

    report = told(a_case(*failed, other, result=CaseResult.ATTENTION))

    first, second, third, fourth, _ = report.to_do
    assert "IBM Cloud refused: a role is missing" in plain_text(first.line)
    assert [plain_text(one.line) for one in (second, third)] == [
        "us-south, resource group team-1 (team-1-id): the same as above.",
        "us-south, resource group team-2 (team-2-id): the same as above.",
    ]
    assert "the same" not in plain_text(fourth.line)
    assert len({one.command for one in (first, second, third)}) == 3
