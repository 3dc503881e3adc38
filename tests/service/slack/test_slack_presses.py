"""What each button does, for whom, and what somebody is told who comes too late."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from fake_desk import NOW
from slack_people import APPROVER, OPERATOR, TEAM, VIEWER

from workers.offboarding.brake import Brake, Braked, Waiting
from workers.offboarding.errors import CaseDamagedError
from workers.offboarding.model import (
    Case,
    CaseResult,
    CaseStatus,
    Entry,
    Leaver,
    OpenedBy,
    Plan,
)

CASE_ID = "01KHJ2V0W8Q3RZ5T7X9YABCDEF"
HASH = "sha256:5f1d7a84db00"
BOUND = {"case": CASE_ID, "plan": HASH}
DANA = "dana.lee@example.com"


def a_case(**changed):
    case = Case(
        id=CASE_ID,
        leaver=Leaver(DANA),
        opened_by=OpenedBy("api"),
        received_at=NOW,
        effective_at=NOW,
        starts_at=NOW,
        started_at=NOW,
        status=CaseStatus.WAITING,
        dry_run=False,
        plan=Plan(HASH, NOW),
    )
    return replace(case, **changed)


@pytest.fixture
def case(desk):
    return desk.put(a_case())


def section(text):
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


MESSAGE = {
    "ts": "1.1",
    "text": "An approver has to decide.",
    "blocks": [
        section("why"),
        {"type": "actions", "block_id": "b1", "elements": [{"type": "button"}]},
        section("Case"),
    ],
}


def test_approve_lets_exactly_this_plan_go(press, desk, case):
    answer = press("offboard.approve", BOUND, message=MESSAGE)

    who = f"slack:{TEAM}/{APPROVER}"
    assert desk.asked == [("approve", CASE_ID, HASH, who, "sam")]
    assert answer["replace_original"] is True
    assert answer["text"] == "An approver has to decide."
    assert [one["type"] for one in answer["blocks"]] == [
        "section",
        "context",
        "section",
    ]
    said = answer["blocks"][1]["elements"][0]["text"]
    assert said.startswith(
        f":white_check_mark: Approved by <@{APPROVER}> at 2026-02-16 10:02 UTC."
    )
    assert f"/cases/{CASE_ID}|" in said


def test_refuse_has_nothing_more_written(press, desk, case):
    answer = press("offboard.refuse", BOUND, message=MESSAGE)

    assert [one[0] for one in desk.asked] == ["refuse"]
    assert "Refused by" in json.dumps(answer["blocks"])


def test_a_case_held_before_it_had_a_plan_is_decided_without_one(press, desk):
    desk.put(a_case(plan=None))

    press("offboard.approve", {"case": CASE_ID, "plan": None})

    assert [one[:3] for one in desk.asked] == [("approve", CASE_ID, None)]


def test_retry_takes_a_case_back_to_work(press, desk):
    desk.put(a_case(status=CaseStatus.SETTLED, result=CaseResult.ATTENTION))

    answer = press("offboard.retry", {"case": CASE_ID}, user=OPERATOR, message=MESSAGE)

    assert desk.asked == [("retry", CASE_ID, f"slack:{TEAM}/{OPERATOR}")]
    assert "Taken back to work by" in json.dumps(answer["blocks"])


@pytest.mark.parametrize(
    ("action", "user", "needed"),
    [
        ("offboard.approve", OPERATOR, "approver"),
        ("offboard.refuse", OPERATOR, "approver"),
        ("offboard.retry", VIEWER, "operator"),
        ("offboard.brake.release", OPERATOR, "approver"),
        ("offboard.brake.refuse", OPERATOR, "approver"),
        ("offboard.run", VIEWER, "operator"),
    ],
)
def test_too_small_a_role_is_refused(press, desk, case, action, user, needed):
    answer = press(action, BOUND, user=user, message=MESSAGE)

    assert f"This needs the role {needed}" in answer["text"]
    assert answer["replace_original"] is False
    assert (desk.asked, desk.departures) == ([], [])


def test_who_is_not_on_the_list_decides_nothing(press, desk, case):
    answer = press("offboard.approve", BOUND, user="U0STRANGER")

    assert "`T0SIMULATED/U0STRANGER`" in answer["text"]
    assert answer["response_type"] == "ephemeral"
    assert desk.asked == []


def test_a_name_makes_nobody_an_approver(press, desk, case):
    user = {"id": "U0STRANGER", "name": "sam", "username": APPROVER, "team_id": TEAM}

    press("offboard.approve", BOUND, team={"id": "T0ANOTHER"})
    press("offboard.approve", BOUND, changed={"user": user})

    assert desk.asked == []


def test_nobody_approves_what_they_asked_for(press, desk):
    desk.put(a_case(askers=("sam",)))

    answer = press("offboard.approve", BOUND, message=MESSAGE)

    assert "Nothing was done. You asked for it yourself." in answer["text"]
    assert answer["replace_original"] is False
    assert desk.asked == []


def test_another_plan_by_now_is_told_with_how_the_case_stands(press, desk):
    desk.put(a_case(plan=Plan("sha256:another", NOW)))

    answer = press("offboard.approve", BOUND, message=MESSAGE)

    assert "Nothing was done. It has another plan." in answer["text"]
    assert f"Case {CASE_ID}" in answer["text"]
    assert desk.asked == []


def test_who_comes_second_is_told_who_decided_and_when(press, desk, case):
    press("offboard.approve", BOUND, message=MESSAGE)
    at = NOW + timedelta(minutes=3)
    desk.ledgers[CASE_ID] = [
        Entry(NOW, "case.opened_open", actor="lead"),
        Entry(at, "case.approved", actor=f"slack:{TEAM}/{APPROVER}"),
        Entry(at, "target.reset"),
    ]

    answer = press("offboard.refuse", BOUND, message=MESSAGE)

    assert len(desk.asked) == 1
    assert (
        f"It was approved by <@{APPROVER}> at 2026-02-16 10:05 UTC." in answer["text"]
    )


def test_who_decided_elsewhere_is_named_as_text(press, desk):
    desk.put(a_case(status=CaseStatus.CANCELLED))
    desk.ledgers[CASE_ID] = [Entry(NOW, "case.refused", actor="<!here>`lead`")]

    answer = press("offboard.approve", BOUND)

    assert "It was refused by `&lt;!here&gt;lead`" in answer["text"]


def test_somebody_of_another_workspace_is_not_mentioned(press, desk):
    desk.put(a_case(status=CaseStatus.CANCELLED))
    desk.ledgers[CASE_ID] = [Entry(NOW, "case.refused", actor="slack:T0ANOTHER/U01")]

    assert "by `slack:T0ANOTHER/U01`" in press("offboard.approve", BOUND)["text"]


def test_a_case_that_is_gone_is_told(press):
    answer = press("offboard.approve", BOUND)

    assert "there is no such case any more" in answer["text"]


def test_a_case_that_cannot_be_read_is_told(press, desk, case):
    def damaged(*_, **__):
        raise CaseDamagedError("Case 01K cannot be read.")

    desk.approve = damaged

    assert "Case 01K cannot be read." in press("offboard.approve", BOUND)["text"]


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"case": CASE_ID},
        {"case": 5, "plan": HASH},
        {"case": CASE_ID, "plan": 5},
        {"case": CASE_ID, "plan": [HASH]},
        {"case": [CASE_ID], "plan": None},
        [],
        "approve",
        None,
        5,
    ],
)
def test_a_button_that_is_bound_to_nothing_decides_nothing(press, desk, value):
    desk.put(a_case(plan=None))

    answer = press("offboard.approve", value)

    assert "nothing was done" in answer["text"]
    assert desk.asked == []


@pytest.mark.parametrize("action", ["", "approve", "offboard.delete", "a" * 300, "`<!"])
def test_an_unknown_button_does_nothing(press, desk, case, action):
    answer = press(action, BOUND, message=MESSAGE)

    assert "of another version" in answer["text"]
    assert desk.asked == []


def test_a_message_without_the_pressed_row_keeps_its_words(press, desk, case):
    blocks = [{"type": "actions", "block_id": "b2", "elements": []}]

    answer = press("offboard.approve", BOUND, message={"text": "x", "blocks": blocks})

    assert answer["replace_original"] is False
    assert "Approved by" in answer["text"]


def test_a_press_that_names_no_address_is_done_all_the_same(post, desk, case):
    payload = {
        "type": "block_actions",
        "team": {"id": TEAM},
        "user": {"id": APPROVER},
        "actions": [{"action_id": "offboard.approve", "value": json.dumps(BOUND)}],
    }

    answer = post("/slack/interactive", {"payload": json.dumps(payload)})

    assert answer.status_code == 200
    assert len(desk.asked) == 1
    assert desk.slack.said == []


TOLD_AT = int(NOW.timestamp())


def waiting(number):
    braked = Braked(f"01{number}", Leaver(DANA), "standard", NOW, NOW)
    return Waiting(braked, 1, 2, is_gone=False)


@pytest.mark.parametrize(
    ("action", "does", "said"),
    [
        ("offboard.brake.release", "release", "2 departures let go on by"),
        ("offboard.brake.refuse", "refuse", "2 departures cancelled by"),
    ],
)
def test_the_brake_is_decided_once(press, desk, action, does, said):
    desk.braked = Brake(20, 23, NOW, (waiting(1), waiting(2)))

    first = press(action, {"at": TOLD_AT}, message=MESSAGE)
    again = press(action, {"at": TOLD_AT}, message=MESSAGE)

    who = f"slack:{TEAM}/{APPROVER}"
    assert desk.asked[0] == (does, who, "sam")
    assert said in json.dumps(first["blocks"])
    assert "no departure waits for the brake any more" in again["text"]


@pytest.mark.parametrize("action", ["offboard.brake.release", "offboard.brake.refuse"])
@pytest.mark.parametrize(
    "value", [{"at": TOLD_AT - 86_400}, {}, {"at": None}, {"at": "9999999999"}]
)
def test_a_message_of_another_rush_decides_nothing_about_this_one(
    press, desk, action, value
):
    desk.braked = Brake(20, 23, NOW, (waiting(1), waiting(2)))

    answer = press(action, value, message=MESSAGE)

    assert desk.asked == []
    assert answer["replace_original"] is False
    assert "nobody waits any more; others do, since 2026-02-16 10:02" in answer["text"]
    assert "https://offboard.example.com/brake" in answer["text"]


def test_clocks_that_are_a_little_apart_make_no_message_one_of_others(press, desk):
    desk.braked = Brake(20, 23, NOW, (waiting(1),))

    answer = press("offboard.brake.release", {"at": TOLD_AT - 299}, message=MESSAGE)

    assert "1 departure let go on by" in json.dumps(answer["blocks"])


def value_of(answer):
    return json.loads(answer["blocks"][1]["elements"][0]["value"])


def test_start_opens_what_was_typed(type_, press, desk):
    shown = type_(f"run {DANA} --apply --region us-south --group payments", OPERATOR)

    answer = press("offboard.run", value_of(shown), user=OPERATOR)

    (departure,) = desk.departures
    assert (departure.leaver, departure.dry_run) == (Leaver(DANA), False)
    assert departure.scope.regions == ("us-south",)
    assert departure.scope.resource_groups == ("payments",)
    assert (departure.actor, departure.person) == (f"slack:{TEAM}/{OPERATOR}", "otto")
    assert answer["replace_original"] is True
    assert "Started by" in answer["text"]


def test_start_pressed_twice_opens_one_case(type_, press, desk):
    value = value_of(type_(f"run {DANA} --apply", OPERATOR))

    press("offboard.run", value, user=OPERATOR)
    press("offboard.run", value, user=OPERATOR)

    assert len(desk.departures) == 1


def test_only_who_typed_it_starts_it(type_, press, desk):
    value = value_of(type_(f"run {DANA} --apply", OPERATOR))

    answer = press("offboard.run", value, user=APPROVER)

    assert "Only who typed the command" in answer["text"]
    assert desk.departures == []


@pytest.mark.parametrize("seconds", [601, 10**11, -601])
def test_what_was_typed_long_ago_is_not_started(type_, press, desk, seconds):
    value = value_of(type_(f"run {DANA} --apply", OPERATOR))
    value["at"] -= seconds

    answer = press("offboard.run", value, user=OPERATOR)

    assert "too old" in answer["text"]
    assert desk.departures == []


@pytest.mark.parametrize(
    "changed",
    [{"user": "dana"}, {"user": 5}, {"regions": ["<!here>"]}, {"at": "now"}],
)
def test_a_start_that_cannot_be_read_starts_nothing(type_, press, desk, changed):
    value = value_of(type_(f"run {DANA} --apply", OPERATOR)) | changed

    answer = press("offboard.run", value, user=OPERATOR)

    assert "Not started" in answer["text"]
    assert desk.departures == []


def test_a_protected_person_is_not_started(type_, press, desk):
    desk.protected.add(DANA)
    value = value_of(type_(f"run {DANA} --apply", OPERATOR))

    answer = press("offboard.run", value, user=OPERATOR)

    assert "Not started. This person is protected." in answer["text"]


def test_do_nothing_starts_nothing(press, desk):
    answer = press("offboard.run.drop", {}, user=VIEWER)

    assert answer == {"replace_original": True, "text": "Nothing was started."}
    assert desk.departures == []
