"""The buttons under a message: where they stand, what they are bound to and ask."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from factories import DALLAS, FID, FRANKFURT, NOON, a_case, a_case_target

from config.settings import Secret
from simulator.server import Simulator
from simulator.slack import SLACK_BOT_TOKEN, SLACK_CHANNEL_ID
from simulator.slack_limits import fault_of
from workers.notify.slack import SlackBot
from workers.notify.slack_buttons import buttons_of, buttons_of_notice
from workers.offboarding.brake import Brake
from workers.offboarding.brake_notice import brake_notice
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Channel,
    Cluster,
    Note,
    Outcome,
    Plan,
    ReportKind,
    ReportLine,
)

HASH = "sha256:5f1d7a84db00"


def held(*reasons, **changes):
    refused = tuple(Note(one, str(one)) for one in reasons)
    targets = tuple(
        a_case_target(replace(one, clusters=clusters), functional_id=FID)
        for one, clusters in (
            (DALLAS, (Cluster("c1", "one", "vpc-gen2"),)),
            (FRANKFURT, (Cluster("c2", "two", "vpc-gen2"),) * 3),
        )
    )
    case = a_case(*targets, status=CaseStatus.WAITING, plan=Plan(HASH, NOON, refused))
    return replace(case, **changes)


def pressable(case, kind=ReportKind.HELD):
    rows = buttons_of(case, kind)
    return [one for row in rows for one in row["elements"]]


def names(*found, **how):
    return [one["text"]["text"] for one in pressable(*found, **how)]


def test_a_held_report_may_be_approved_and_refused():
    case = held(Reason.TOO_MANY_TARGETS)

    approve, refuse = pressable(case)

    assert (approve["action_id"], refuse["action_id"]) == (
        "offboard.approve",
        "offboard.refuse",
    )
    assert json.loads(approve["value"]) == {"case": case.id, "plan": HASH}
    assert approve["confirm"]["text"]["text"] == (
        "2 resets with 4 clusters go on to Functional 1. If the plan is another by "
        "then, nothing goes."
    )
    assert refuse["confirm"]["text"]["text"] == (
        "The case is cancelled. Nothing was written, and nothing is."
    )


def test_after_the_first_write_refusing_says_what_it_ends():
    case = held(Reason.CANARY_FAILED)
    written = replace(
        case.targets[0], outcome=Outcome.VERIFIED, resets=1, settled_at=NOON
    )
    case = replace(case, targets=(written, case.targets[1]))

    asks = pressable(case)[1]["confirm"]["text"]["text"]

    assert asks == (
        "1 target ends as failed, without another reset. What is done stays."
    )


@pytest.mark.parametrize("reason", [Reason.PROTECTED_USER, Reason.AMBIGUOUS_PERSON])
def test_what_nobody_may_approve_can_only_be_refused(reason):
    assert names(held(reason)) == ["Refuse"]


def test_a_pause_asks_nobody():
    assert buttons_of(held(Reason.PAUSED), ReportKind.HELD) == []


def test_what_is_decided_already_has_no_buttons():
    decided = held(Reason.TOO_MANY_TARGETS, status=CaseStatus.OPEN)

    assert buttons_of(decided, ReportKind.HELD) == []


def test_an_end_with_attention_may_be_retried():
    case = held(status=CaseStatus.SETTLED, result=CaseResult.ATTENTION)

    (retry,) = pressable(case, ReportKind.FINAL)

    assert json.loads(retry["value"]) == {"case": case.id}
    assert (
        "What is left (2 targets with 4 clusters)" in retry["confirm"]["text"]["text"]
    )


@pytest.mark.parametrize(
    "result", [CaseResult.SAFE, CaseResult.CLEAN, CaseResult.PLANNED]
)
def test_a_good_end_has_no_buttons(result):
    case = held(status=CaseStatus.SETTLED, result=result)

    assert buttons_of(case, ReportKind.FINAL) == []


def test_a_message_that_is_edited_has_no_buttons():
    case = held(Reason.TOO_MANY_TARGETS)

    assert buttons_of(case, ReportKind.STARTED) == []


def test_each_row_has_an_id_of_its_own():
    case = held(Reason.TOO_MANY_TARGETS)

    ids = {buttons_of(case, ReportKind.HELD)[0]["block_id"] for _ in range(3)}

    assert len(ids) == 3
    assert all(len(one) <= 255 for one in ids)


def test_the_longest_names_stay_within_slacks_limits():
    taker = replace(FID, name="<!here> " + "n" * 500)
    case = held(Reason.TOO_MANY_TARGETS)
    targets = tuple(
        replace(one, functional_id=replace(taker, id=f"IBMid-{number}"))
        for number, one in enumerate(case.targets * 5)
    )
    case = replace(case, id="0" * 26, targets=targets)

    assert fault_of("x", buttons_of(case, ReportKind.HELD)) is None
    assert "<!here>" in pressable(case)[0]["confirm"]["text"]["text"]
    assert pressable(case)[0]["confirm"]["text"]["type"] == "plain_text"


def test_the_brakes_notice_has_both_decisions():
    notice = brake_notice(Brake(20, 23), began_at=NOON, reminded=0, at=NOON)

    rows = buttons_of_notice(notice)

    assert [one["text"]["text"] for one in rows[0]["elements"]] == [
        "Release all",
        "Refuse all",
    ]
    told_at = f'{{"at":{int(NOON.timestamp())}}}'
    assert [one["value"] for one in rows[0]["elements"]] == [told_at, told_at]
    assert fault_of("x", rows) is None


def test_another_notice_has_none(make_notice):
    assert buttons_of_notice(make_notice()) == []


@pytest.fixture(scope="module")
def slack():
    with Simulator() as running:
        yield running


@pytest.fixture
def posted(slack, clock):
    def post(case, kind, **how):
        slack.slack.clear()
        bot = SlackBot(
            Secret(SLACK_BOT_TOKEN),
            SLACK_CHANNEL_ID,
            api_url=slack.slack_api_url,
            public_url=None,
            settle=timedelta(minutes=30),
            clock=clock,
            **how,
        )
        bot.deliver(case, ReportLine(Channel.SLACK, kind))
        (message,) = slack.slack.messages
        return [block["type"] for block in message.blocks]

    return post


def test_buttons_are_posted_between_what_is_said_and_the_cases_id(posted):
    case = held(Reason.TOO_MANY_TARGETS)

    kinds = posted(case, ReportKind.HELD, has_buttons=True)

    assert kinds == ["section", "actions", "section"]


def test_without_a_signing_secret_no_buttons_are_posted(posted):
    case = held(Reason.TOO_MANY_TARGETS)

    assert "actions" not in posted(case, ReportKind.HELD)
