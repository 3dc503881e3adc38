"""What people read of an adoption, by which nobody leaves: whole texts."""

from dataclasses import replace

import pytest
from report_scenes import (
    FID,
    NOON,
    PAGE,
    ROBIN,
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
    Adoption,
    CaseKind,
    CaseResult,
    CaseStatus,
    Leaver,
    Note,
    OpenedBy,
    Outcome,
    Plan,
    ReportKind,
    Right,
    Scope,
)

EVERYBODY = Adoption("acct1")
FROM_DANA = Adoption("acct1", "iks-functional-1", has_from=True)
DANA = Leaver("dana.lee@example.com", "IBMid-1", "Dana Lee")
PART = Scope(regions=("us-south",), resource_groups=("payments-id",))


def an_adoption(*targets, adoption=EVERYBODY, **changes):
    given = {
        "kind": CaseKind.ADOPTION,
        "adoption": adoption,
        "leaver": DANA if adoption.has_from else Leaver(),
        "opened_by": OpenedBy("api", None, "ops-laptop"),
        "reason": "before audit",
    }
    return a_case(*targets, **(given | changes))


FAILED = a_target(
    "eu-de",
    "payments",
    "payments-eu",
    outcome=Outcome.FAILED,
    reason=Reason.MISSING_ROLE,
    detail="iks@example.com lacks Reader on Key Protect (kms).",
    preflight=Right.MISSING,
    mend="ibmcloud iam user-policy-create iks@example.com --roles Reader"
    " --service-name kms",
)
ENDED = {
    "adoption_dry": an_adoption(
        a_target("us-south", "payments", "web", outcome=Outcome.PLANNED),
        a_target(
            "us-south", "platform", "ci", owner_before=ROBIN, outcome=Outcome.PLANNED
        ),
        dry_run=True,
        result=CaseResult.PLANNED,
    ),
    "adoption_done": an_adoption(
        verified("us-south", "payments", "web"),
        verified("us-south", "platform", "ci", owner_before=ROBIN),
        result=CaseResult.SAFE,
    ),
    "adoption_attention": an_adoption(
        verified("us-south", "payments", "web"),
        FAILED,
        adoption=FROM_DANA,
        result=CaseResult.ATTENTION,
    ),
    "adoption_clean": an_adoption(result=CaseResult.CLEAN),
}


@pytest.mark.parametrize("name", sorted(ENDED))
def test_an_adoption_reads_as_it_was_read_through_by_a_person(name):
    assert text_of(told(ENDED[name]), PAGE) == expected(name)


def held(note, **changes):
    plan = Plan("sha256:abc", NOON, (note,))
    target = a_target("us-south", "payments", "web")
    case = an_adoption(target, status=CaseStatus.WAITING, plan=plan, **changes)
    return told(case, ReportKind.HELD)


HOLDS = [
    Note(reason, "It is so.")
    for reason in (
        Reason.TOO_MANY_TARGETS,
        Reason.PAUSED,
        Reason.PROTECTED_USER,
        Reason.AMBIGUOUS_PERSON,
    )
]


@pytest.mark.parametrize("adoption", [EVERYBODY, FROM_DANA])
def test_no_sentence_of_an_adoption_speaks_of_somebody_who_leaves(adoption):
    reports = [told(one) for one in ENDED.values()]
    reports += [held(one, adoption=adoption, is_gone=True) for one in HOLDS]
    cancelled = an_adoption(adoption=adoption, status=CaseStatus.CANCELLED)
    reports.append(told(cancelled, ReportKind.CANCELLED))

    text = "\n".join(text_of(one) for one in reports)

    # What is known is that somebody will leave one day, and that nobody does by this.
    text = text.replace("taken over before anybody leaves", "")
    text = text.replace("Nobody leaves by an adoption", "")
    assert "leaver" not in text.lower()
    assert "leaves" not in text
    assert "is leaving" not in text
    assert "Remove the person" not in text
    assert "each minute counts" not in text


@pytest.mark.parametrize(
    ("adoption", "scope", "command"),
    [
        (
            EVERYBODY,
            None,
            "offboard adopt --account acct1 --apply --reason 'before audit'",
        ),
        (
            EVERYBODY,
            PART,
            "offboard adopt --account acct1 --region us-south --group payments-id"
            " --apply --reason 'before audit'",
        ),
        (
            FROM_DANA,
            PART,
            "offboard adopt --account acct1 --region us-south --group payments-id"
            " --from IBMid-1 --to iks-functional-1 --apply --reason 'before audit'",
        ),
    ],
)
def test_a_dry_run_comes_with_the_command_that_takes_over(adoption, scope, command):
    target = a_target("us-south", "payments", "web", outcome=Outcome.PLANNED)
    case = an_adoption(
        target,
        adoption=adoption,
        scope=scope,
        dry_run=True,
        result=CaseResult.PLANNED,
    )

    assert commands(told(case)) == [command]


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        (
            "adoption_dry",
            "[offboard] dry run: account acct1, adoption, 2 would be taken over",
        ),
        ("adoption_done", "[offboard] adopted: account acct1"),
        (
            "adoption_attention",
            "[offboard] ATTENTION, 1 failed: Dana Lee in account acct1, adoption, "
            "1 done",
        ),
        ("adoption_clean", "[offboard] nothing to take over: account acct1"),
    ],
)
def test_a_subject_says_that_it_is_an_adoption(name, subject):
    assert plain_text(told(ENDED[name]).subject) == subject


def test_a_held_adoption_names_what_is_to_be_decided():
    report = held(HOLDS[0], adoption=FROM_DANA)

    assert plain_text(report.subject) == (
        "[offboard] waiting: Dana Lee in account acct1, adoption, 1 reset in one case, "
        "more than may go by themselves"
    )
    assert plain_text(report.headline) == (
        "an approver has to decide about the adoption from Dana Lee in account acct1: "
        "1 reset in one case, more than may go by themselves. Nothing was changed."
    )


def test_an_owner_whom_several_fit_is_asked_for_again_by_their_iam_id():
    report = held(HOLDS[3], adoption=FROM_DANA, scope=PART)

    assert commands(report)[-1] == (
        "offboard case cancel 01CASE && offboard adopt --account acct1"
        " --region us-south --group payments-id --from IAM_ID --to iks-functional-1"
        " --apply --reason 'before audit'"
    )


def test_one_owner_who_owns_nothing_is_named():
    case = an_adoption(adoption=FROM_DANA, scope=PART, result=CaseResult.CLEAN)

    assert plain_text(told(case).headline) == (
        "Dana Lee in account acct1 owns no cluster API key in the part of the account "
        "asked for."
    )


def test_a_functional_id_that_is_replaced_is_no_person():
    old = replace(FID, id="IBMid-8", name="IKS Old", email="old@example.com")
    target = verified("us-south", "payments", "web", owner_before=old)
    leaver = Leaver("old@example.com", "IBMid-8", "IKS Old")
    case = an_adoption(
        target, adoption=FROM_DANA, leaver=leaver, result=CaseResult.SAFE
    )

    assert "person" not in text_of(told(case))
