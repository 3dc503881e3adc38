"""What may be typed after /offboard, who may, and what is answered."""

from dataclasses import replace
from datetime import timedelta

import pytest
from fake_desk import NOW, SETTINGS
from slack_people import APPROVER, OPERATOR, RESPONSE_URL, VIEWER

from config.accounts import AccountSettings
from workers.offboarding.model import (
    Case,
    CaseResult,
    CaseStatus,
    Leaver,
    OpenedBy,
)
from workers.offboarding.restored import Found, Restored, WhyOld

DANA = "dana.lee@example.com"
CASE_ID = "01KHJ2V0W8Q3RZ5T7X9YABCDEF"


def a_case(**changed):
    case = Case(
        id=CASE_ID,
        leaver=Leaver(DANA, name="Dana Lee"),
        opened_by=OpenedBy("api"),
        received_at=NOW,
        effective_at=NOW,
        starts_at=NOW,
        status=CaseStatus.OPEN,
        dry_run=False,
    )
    return replace(case, **changed)


def scheduled():
    later = NOW + timedelta(days=9)
    return a_case(status=CaseStatus.SCHEDULED, effective_at=later, starts_at=later)


@pytest.mark.parametrize("user", ["U0STRANGER", "", "u0approver", "U0APPROVER "])
def test_who_is_not_on_the_list_is_told_the_id_to_put_there(type_, desk, user):
    said = type_("pause", user=user)["text"]

    assert "You are not on the list" in said
    assert f"`T0SIMULATED/{user.strip()}`" in said
    assert desk.paused == []


def test_the_same_person_of_another_workspace_is_not_on_the_list(type_, desk):
    said = type_("pause", user=APPROVER, team="T0ANOTHER")["text"]

    assert "You are not on the list" in said
    assert desk.paused == []


def test_an_id_that_is_markup_is_shown_as_text(type_):
    said = type_("help", user="`<!channel>` *x*")["text"]

    assert "<!channel>" not in said
    assert "&lt;!channel&gt;" in said


@pytest.mark.parametrize(
    ("text", "user", "needed"),
    [
        ("run dana.lee@example.com", VIEWER, "operator"),
        ("run dana.lee@example.com --apply", VIEWER, "operator"),
        ("pause", VIEWER, "operator"),
        ("resume", VIEWER, "approver"),
        ("resume", OPERATOR, "approver"),
    ],
)
def test_too_small_a_role_is_refused(type_, desk, text, user, needed):
    said = type_(text, user=user)["text"]

    assert f"This needs the role {needed}" in said
    assert (desk.paused, desk.departures) == ([], [])


@pytest.mark.parametrize("text", ["", "help", "HELP", "offboard everybody", "😀", "-h"])
def test_whatever_is_not_known_is_answered_with_help(type_, text):
    answer = type_(text, user=VIEWER)

    assert "`/offboard gate USER`" in answer["text"]
    assert answer["response_type"] == "ephemeral"


@pytest.mark.parametrize(
    "typed",
    [
        DANA,
        f"  {DANA}  ",
        f"<mailto:{DANA}|{DANA}>",
        f"<mailto:{DANA}|Dana Lee>",
        f"<mailto:{DANA}>",
        "Dana.Lee@Example.com",
    ],
)
def test_a_person_is_understood_as_slack_writes_them(type_, desk, typed):
    said = type_(f"gate {typed}", user=VIEWER)["text"]

    assert desk.slack.gates == [(RESPONSE_URL, Leaver(DANA), DANA, True)]
    assert "The answer comes here" in said


def test_an_iam_id_keeps_its_spelling(type_, desk):
    type_("gate IBMid-550000ABcd", user=OPERATOR)

    assert desk.slack.gates == [
        (
            RESPONSE_URL,
            Leaver(iam_id="IBMid-550000ABcd"),
            "IBMid-550000ABcd",
            False,
        )
    ]


@pytest.mark.parametrize(
    "typed",
    [
        "gate",
        "gate dana",
        "gate a@example.com b@example.com",
        "gate <@U123|dana>",
        "gate <https://example.com|dana.lee@example.com>",
        "gate iam-ServiceId-123",
        "gate dana&lt;x&gt;@example.com",
        "status",
        "run",
        "run --apply",
        f"run {DANA} --force",
        f"run {DANA} --region",
        f"run {DANA} --region --apply",
        f"run {DANA} --region <!channel>",
        f"run {DANA} --region {'x' * 50}",
        f"run {DANA} bob@example.com",
        "pause one two",
        "pause acc/ount",
    ],
)
def test_what_cannot_be_used_is_told_and_does_nothing(type_, desk, typed):
    said = type_(typed)["text"]

    assert said.startswith(":grey_question:")
    assert "<" not in said
    assert (desk.departures, desk.paused, desk.slack.gates) == ([], [], [])


def test_status_shows_a_case_by_its_id(type_, desk):
    desk.put(a_case(status=CaseStatus.SETTLED, result=CaseResult.SAFE))

    said = type_(f"status {CASE_ID.lower()}", user=VIEWER)["text"]

    assert f"<https://offboard.example.com/cases/{CASE_ID}|Case {CASE_ID}>" in said


def test_status_shows_the_cases_of_a_person(type_, desk):
    desk.put(a_case())

    said = type_(f"status {DANA}", user=VIEWER)["text"]

    assert said.startswith(f"*Cases of `{DANA}`*")
    assert "Leaver: `Dana Lee`. Under way: looking." in said
    assert [one.with_scheduled for one in desk.queries] == [False]


def test_status_of_nobody_says_so(type_):
    assert type_(f"status {DANA}")["text"] == f"There is no case of `{DANA}`."


def test_a_departure_that_is_to_come_is_not_for_viewers(type_, desk):
    desk.put(scheduled())

    hidden = type_(f"status {CASE_ID}", user=VIEWER)["text"]
    shown = type_(f"status {CASE_ID}", user=OPERATOR)["text"]

    assert "There is no case" in hidden
    assert "Dana" not in hidden
    assert "`Dana Lee`" in shown


def test_a_name_from_outside_is_shown_as_text(type_, desk):
    name = "`<!here>` *Dana* <https://evil.example|click>"
    desk.put(a_case(leaver=Leaver(DANA, name=name)))

    said = type_(f"status {CASE_ID}")["text"]

    assert "<!here>" not in said
    assert "<https://evil" not in said
    assert "&lt;!here&gt;" in said


def test_a_run_is_a_dry_run(type_, desk):
    said = type_(f"run {DANA}", user=OPERATOR)["text"]

    (departure,) = desk.departures
    assert (departure.dry_run, departure.source) == (True, "slack")
    assert departure.actor == "slack:T0SIMULATED/U0OPERATOR"
    assert departure.person == "otto"
    assert "Dry run" in said


def test_apply_asks_and_starts_nothing(type_, desk):
    answer = type_(f"run {DANA} --apply --region us-south", user=OPERATOR)

    assert desk.departures == []
    assert "Nothing has started yet" in answer["text"]
    assert f"`{DANA}`" in answer["text"]
    assert "in `us-south`" in answer["text"]
    assert [one["action_id"] for one in answer["blocks"][1]["elements"]] == [
        "offboard.run",
        "offboard.run.drop",
    ]


@pytest.mark.parametrize("dash", ["\u2014", "\u2013", "--"])
def test_the_long_dash_of_a_phone_is_an_option(type_, desk, dash):
    answer = type_(f"run {DANA} {dash}apply", user=OPERATOR)

    assert desk.departures == []
    assert "Nothing has started yet" in answer["text"]


def test_a_protected_person_is_not_started(type_, desk):
    desk.protected.add(DANA)

    said = type_(f"run {DANA}", user=OPERATOR)["text"]

    assert said == ":no_entry: Not started. This person is protected."


def test_pausing_holds_all_back_or_one_account(type_, desk):
    all_of_them = type_("pause", user=OPERATOR)["text"]
    one = type_("pause acc1", user=OPERATOR)["text"]

    assert desk.paused == [(None, True), ("acc1", True)]
    assert all_of_them == (
        ":double_vertical_bar: *Paused* in all accounts since 2026-02-16 10:02 UTC: no "
        "key is reset there until an approver resumes."
    )
    assert "*Paused* in account `acc1`" in one


def test_an_account_may_be_named(with_settings, desk, type_, monkeypatch):
    rules = (AccountSettings("acc1", name="production"),)
    monkeypatch.setattr(type(SETTINGS), "rules", property(lambda _: rules))

    type_("resume production")

    assert desk.paused == [("acc1", False)]


def test_an_account_that_is_not_there_is_told(type_, desk):
    desk.unknown_accounts.add("acc9")

    said = type_("pause acc9")["text"]

    assert said == ":no_entry: There is no such account."


def test_resuming_lets_resets_go_on(type_, desk):
    said = type_("resume")["text"]

    assert desk.paused == [(None, False)]
    assert "*Resumed* in all accounts; nothing else is paused." in said


def test_an_old_copy_of_the_store_is_not_resumed_from_here(type_, desk):
    desk.old = Restored(Found(at=NOW, why=WhyOld.COPIED))

    said = type_("resume")["text"]

    assert "Not resumed. The store was restored from a backup" in said
    assert desk.paused == []
