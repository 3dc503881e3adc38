"""What the channels are told outside of any case: whole texts, compared as they are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from factories import FID, NOON, ROBIN, a_target

from workers.notify.mail_message import plain_text, text_of
from workers.offboarding.errors import Reason
from workers.offboarding.exposure import Dependence
from workers.offboarding.findings import missing
from workers.offboarding.functional_ids import FunctionalIdState
from workers.offboarding.heard import Unreadable
from workers.offboarding.intake import Kind, RunningOut, SourceNote
from workers.offboarding.intake_notice import quarantined, running_out, silent
from workers.offboarding.model import (
    Cluster,
    KeyOwner,
    Note,
    OwnerKind,
    ResourceGroup,
)
from workers.offboarding.notice import (
    gone_at_once,
    gone_from_one_account,
    report_of_notice,
    taken_over,
)
from workers.offboarding.report import Severity
from workers.offboarding.trial_notice import trial
from workers.offboarding.weak_notice import keys_refused, weak_functional_id

IKS = replace(FID, name="IKS Functional")
MORNING = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
DANA = KeyOwner("IBMid-1", "Dana Lee", "dana.lee@example.com", OwnerKind.PERSON)
NAMELESS = KeyOwner("IBMid-7")
TWO = tuple(Cluster(f"c{number}", f"web-{number}", "vpc-gen2") for number in (1, 2))
DALLAS = a_target("us-south", "payments", clusters=TWO)
FRANKFURT = a_target("eu-de", "platform")


def a_take_over(target=DALLAS, owner=ROBIN, **changes):
    given = {"at": NOON, "read_before_at": MORNING, "account_name": "production"}
    return taken_over(target, IKS, owner, **{**given, **changes})


def several_gone(*owners, **changes):
    given = {"at": NOON, "account_name": "production", **changes}
    return gone_at_once("acct1", owners, **given)


def one_gone(*targets, owner=DANA, still_in=("sandbox",), **changes):
    given = {"at": NOON, "account_name": "production", **changes}
    return gone_from_one_account("acct1", owner, targets, still_in=still_in, **given)


FEW = missing(Reason.FEW_KEY_SLOTS, "2 left of IKS.", "ibmcloud iam api-keys")
LOCK = missing(Reason.FUNCTIONAL_ID_LOCKED, "It is locked.")


def weakness(*findings, **changes):
    weak = tuple(Note(one.reason, one.text) for one in findings)
    state = FunctionalIdState(
        "acct1", IKS, NOON, keys=18, owns=3, would_take=1, weak=weak
    )
    given = {"at": NOON, "account_name": "production"}
    return weak_functional_id(replace(state, **changes), findings, **given)


def text(notice):
    return text_of(report_of_notice(notice))


def commands(notice):
    return [item.command for item in notice.items]


def subject(notice):
    return plain_text(report_of_notice(notice).subject)


def test_a_key_that_a_person_took_over_is_told_with_the_way_back():
    notice = a_take_over()

    assert text(notice) == (
        "A functional ID's key is a person's now: in account production, us-south / "
        "payments belonged to the functional ID IKS Functional and belongs to Robin "
        "Park (robin.park@example.com) now.\n"
        "\n"
        "LEFT TO DO BY HAND\n"
        "\n"
        "- When they leave, 2 clusters lose their key. Take it over before that:\n"
        "\n"
        "    offboard adopt --account acct1 --region us-south --group payments-id"
        " --from IBMid-2 --apply\n"
        "\n"
        "- Or, where the service is not armed, give it back by hand:\n"
        "  Run it logged in as the functional ID: whoever resets becomes the owner.\n"
        "\n"
        "    ibmcloud target -g payments-id -r us-south"
        " && ibmcloud ks api-key reset --region us-south\n"
        "\n"
        "FOUND\n"
        "\n"
        "- Found: 2026-11-23 12:00:00 UTC\n"
        "\n"
        f"Notice {notice.id}\n"
    )


def test_several_owners_gone_at_once_are_told_with_what_hangs_on_each():
    notice = several_gone(
        Dependence(NAMELESS, targets=1, clusters=1, has_left=True),
        Dependence(DANA, targets=2, clusters=5, has_left=True),
    )

    assert text(notice) == (
        "Several owners gone at once: 2 people who own cluster API keys are not on the "
        "user list of account production any more. So many at once may be a list that "
        "came short, so no case was opened: a person has to decide.\n"
        "\n"
        "LEFT TO DO BY HAND\n"
        "\n"
        "- See whether they are gone:\n"
        "  IBM Cloud deletes a person's keys when they are removed, and clusters on "
        "them can then no longer order workers, attach storage or scale.\n"
        "\n"
        "    ibmcloud account users --output json\n"
        "\n"
        "- Dana Lee (dana.lee@example.com): 2 keys with 5 clusters. If they are gone:\n"
        "\n"
        "    offboard run IBMid-1 --apply\n"
        "\n"
        "- IBMid-7: 1 key with 1 cluster. If they are gone:\n"
        "\n"
        "    offboard run IBMid-7 --apply\n"
        "\n"
        "FOUND\n"
        "\n"
        "- Found: 2026-11-23 12:00:00 UTC\n"
        "\n"
        f"Notice {notice.id}\n"
    )


def test_an_owner_gone_from_one_account_is_told_with_both_ways_on():
    notice = one_gone(DALLAS, FRANKFURT, still_in=("sandbox", "lab"))

    assert text(notice) == (
        "Gone from one account only: Dana Lee (dana.lee@example.com) is not on the "
        "user list of account production any more, and still on that of lab, sandbox. "
        "They may have left that account only, so no case was opened: a person has to "
        "decide.\n"
        "\n"
        "LEFT TO DO BY HAND\n"
        "\n"
        "- 2 keys with 3 clusters in production. If they leave the company:\n"
        "  IBM Cloud deletes a person's keys when they are removed, and clusters on "
        "them can then no longer order workers, attach storage or scale.\n"
        "\n"
        "    offboard run IBMid-1 --apply\n"
        "\n"
        "- If they left this account only, take over us-south / payments:\n"
        "  Run it logged in as the functional ID: whoever resets becomes the owner.\n"
        "\n"
        "    ibmcloud target -g payments-id -r us-south"
        " && ibmcloud ks api-key reset --region us-south\n"
        "\n"
        "- If they left this account only, take over eu-de / platform:\n"
        "  Run it logged in as the functional ID: whoever resets becomes the owner.\n"
        "\n"
        "    ibmcloud target -g platform-id -r eu-de"
        " && ibmcloud ks api-key reset --region eu-de\n"
        "\n"
        "FOUND\n"
        "\n"
        "- Found: 2026-11-23 12:00:00 UTC\n"
        "\n"
        f"Notice {notice.id}\n"
    )


@pytest.mark.parametrize(
    ("notice", "expected"),
    [
        (
            a_take_over(),
            "[offboard] A functional ID's key is a person's now: us-south / "
            "payments by Robin Park",
        ),
        (
            several_gone(
                Dependence(DANA, 1, 1, True), Dependence(NAMELESS, 1, 1, True)
            ),
            "[offboard] Several owners gone at once: 2 people in production",
        ),
        (
            one_gone(DALLAS),
            "[offboard] Gone from one account only: Dana Lee, production",
        ),
        (
            weakness(FEW),
            "[offboard] A functional ID is weak: IKS Functional, production",
        ),
        (
            quarantined(Kind("okta", Unreadable.BAD_TIME, 3, "01A:1"), at=NOON),
            "[offboard] A source's deliveries cannot be read: okta, bad_time",
        ),
        (
            running_out(RunningOut("okta", Unreadable.BAD_TIME, 3, NOON, "1"), at=NOON),
            "[offboard] Deliveries in quarantine run out: okta, bad_time",
        ),
        (
            silent("okta", SourceNote(on_since=NOON), expected_hours=1, at=NOON),
            "[offboard] A source is silent: okta",
        ),
    ],
)
def test_a_subject_says_what_and_whom(notice, expected):
    assert subject(notice) == expected


def test_a_notice_asks_for_attention_and_belongs_to_no_case():
    report = report_of_notice(a_take_over())

    assert report.severity is Severity.ATTENTION
    assert (report.case_id, report.kind) == (None, None)


def test_an_account_and_a_group_without_a_name_go_by_their_id():
    target = replace(DALLAS, resource_group=ResourceGroup("9f6b", ""))

    first = text(a_take_over(target, account_name="")).splitlines()[0]

    assert "in account acct1, us-south / 9f6b belonged to" in first


@pytest.mark.parametrize(
    ("clusters", "said"),
    [
        ((), "- When they leave, a cluster made here later would have a dead key. "),
        (TWO[:1], "- When they leave, 1 cluster loses its key. "),
        (TWO, "- When they leave, 2 clusters lose their key. "),
    ],
)
def test_what_is_lost_is_counted(clusters, said):
    assert said in text(a_take_over(replace(DALLAS, clusters=clusters)))


def test_where_no_group_can_be_named_nothing_is_reset():
    target = replace(DALLAS, resource_group=ResourceGroup(" ", "payments"))

    assert set(commands(a_take_over(target))) == {"ibmcloud resource groups"}


def test_hostile_names_stay_one_word_of_a_command_and_one_line_of_a_text():
    hostile = KeyOwner("x; rm -rf /", "\u202eeeL\r\nBcc: y", "a`b")
    group = ResourceGroup("$(reboot)", "<!channel>\n- ok")
    target = replace(DALLAS, region="us south' &&", resource_group=group)

    notice = one_gone(target, owner=hostile, account_name="a\nb")

    assert commands(notice) == [
        "offboard run 'x; rm -rf /' --apply",
        "ibmcloud target -g '$(reboot)' -r 'us south'\"'\"' &&'"
        " && ibmcloud ks api-key reset --region 'us south'\"'\"' &&'",
    ]
    assert plain_text(notice.headline).startswith(
        "\ufffdeeL Bcc: y (a`b) is not on the user list of account a b any more"
    )
    assert text(notice).count("\n- ") == 3


@pytest.mark.parametrize(
    "again",
    [
        a_take_over(at=NOON + timedelta(days=1)),
        a_take_over(account_name="renamed"),
        a_take_over(replace(DALLAS, clusters=())),
        a_take_over(owner=replace(ROBIN, name="R. Park")),
    ],
)
def test_the_same_finding_has_the_same_id(again):
    assert again.id == a_take_over().id


@pytest.mark.parametrize(
    "other",
    [
        a_take_over(FRANKFURT),
        a_take_over(owner=DANA),
        a_take_over(read_before_at=NOON),
        one_gone(DALLAS),
        one_gone(DALLAS, owner=ROBIN),
    ],
)
def test_another_finding_has_another_id(other):
    assert other.id != a_take_over().id


def test_the_order_in_which_people_are_missed_is_no_other_finding():
    one, other = Dependence(DANA, 1, 2, True), Dependence(ROBIN, 2, 3, True)

    ids = {several_gone(one, other).id, several_gone(other, one).id}

    assert len(ids) == 1
    assert several_gone(one).id not in ids


def test_a_weak_functional_id_is_told_with_what_mends_each_thing():
    notice = weakness(FEW, LOCK)

    assert text(notice) == (
        "A functional ID is weak: IKS Functional (fid@example.com) in account "
        "production owns 3 targets, and 1 target of people would fall to it. It could "
        "not be relied on now.\n"
        "\n"
        "LEFT TO DO BY HAND\n"
        "\n"
        "- 2 left of IKS.\n"
        "\n"
        "    ibmcloud iam api-keys\n"
        "\n"
        "- It is locked.\n"
        "\n"
        "FOUND\n"
        "\n"
        "- Found: 2026-11-23 12:00:00 UTC\n"
        "\n"
        "Notice 3ee6dff329de70ca\n"
    )


def test_a_key_that_is_refused_is_told_with_what_iam_said():
    notice = keys_refused("acct1", "403 <b>", after=None, at=NOON)

    assert plain_text(notice.headline) == (
        "a key that this service holds for account acct1 is refused. Nothing can be "
        "reset with it."
    )
    assert "403 <b>" in text(notice)


def test_another_weakness_or_the_same_one_anew_is_another_notice():
    first = weakness(FEW)

    assert weakness(FEW, owns=9, keys=17, checked_at=MORNING).id == first.id
    others = [weakness(LOCK), weakness(FEW, LOCK), weakness(FEW, weak_after=MORNING)]
    assert len({first.id, *(one.id for one in others)}) == 4


def test_a_long_list_of_weaknesses_is_cut_and_says_so():
    many = [missing(Reason.MISSING_ROLE, f"No. {each}") for each in range(25)]

    items = weakness(*many).items

    assert len(items) == 21
    assert (str(items[20].line[0]), items[20].command) == ("5 more:", "offboard doctor")


def test_a_test_says_who_tried_that_nothing_happened_and_nothing_to_do():
    report = report_of_notice(trial("test-1", "sam", at=NOON))

    assert report.severity is Severity.NEUTRAL
    assert plain_text(report.subject) == (
        "[offboard] Test: nothing happened, tried by sam"
    )
    assert text_of(report) == (
        "Test: this is a test by sam; nothing happened. Reports and notices come "
        "here.\n\nASKED\n\n- Tried: 2026-11-23 12:00:00 UTC\n\nNotice test-1\n"
    )
