"""What people press and type in Slack, through real processes and over real HTTP."""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from simulator import Simulator, departure_account
from simulator.slack_hand import SLACK_SIGNING_SECRET, SLACK_TEAM_ID, SlackHand
from tests.processes.installation import installations, until

pytestmark = pytest.mark.processes

DANA = "dana.lee@example.com"
APPROVE, REFUSE, RUN = "offboard.approve", "offboard.refuse", "offboard.run"
ADA, ZOE, OTTO, VERA = "U0ADA", "U0ZOE", "U0OTTO", "U0VERA"
USERS = (
    f"{SLACK_TEAM_ID}/{ADA}:approver",
    f"{SLACK_TEAM_ID}/{ZOE}:approver",
    f"{SLACK_TEAM_ID}/{OTTO}:operator",
    f"{SLACK_TEAM_ID}/{VERA}:viewer",
)


@pytest.fixture(scope="module")
def service():
    account = departure_account()
    account.replication_lag_seconds = 1.0
    with Simulator([account]) as simulator, installations(simulator) as install:
        service = install(
            SLACK_SIGNING_SECRET=SLACK_SIGNING_SECRET,
            SLACK_USERS=",".join(USERS),
            MAX_TARGETS_PER_CASE="1",
            PUBLIC_URL="https://offboard.example.com",
            LOG_LEVEL="DEBUG",
        )
        service.start("store", "worker", "beat", "web")
        service.await_ready()
        yield service


@pytest.fixture
def hand(service):
    def of(user_id):
        simulator = service.simulator
        return SlackHand(simulator.slack, service.url, simulator.url, user_id)

    return of


def later(service, answered):
    """Wait for what comes by Slack's own address, and return it."""
    responses = service.simulator.slack.responses
    until(lambda: responses.answers(answered.name))
    return responses.answers(answered.name)[0]


def with_button(service, action):
    """Wait for the newest message that has a button."""

    def found():
        for message in reversed(service.simulator.slack.messages):
            elements = [
                one for block in message.blocks for one in block.get("elements", [])
            ]
            if any(one.get("action_id") == action for one in elements):
                return message
        return None

    return until(found)


def ledger_of(service, case_id):
    return service.call("GET", f"/api/cases/{case_id}/evidence", role="viewer").text


def test_a_departure_is_typed_approved_by_one_of_two_and_done(service, hand):
    # asked for by a person, who presses Start
    shown = hand(OTTO).type(f"run <mailto:{DANA}|{DANA}> --apply")
    started = hand(OTTO).press_shown(shown, RUN)
    assert "Started by <@U0OTTO>" in later(service, started)["text"]

    # held, with buttons; two people press at the same time
    held = with_button(service, APPROVE)
    with ThreadPoolExecutor(2) as pool:
        presses = [
            pool.submit(hand(user).press, held, action)
            for user, action in ((ADA, APPROVE), (ZOE, REFUSE))
        ]
    answers = [later(service, one.result()) for one in presses]

    # one of them decided; the other is told who
    decided = [one for one in answers if one["replace_original"]]
    too_late = [one for one in answers if not one["replace_original"]]
    assert (len(decided), len(too_late)) == (1, 1)
    assert "Nothing was done." in too_late[0]["text"]
    winner = ADA if "Approved" in str(decided[0]["blocks"]) else ZOE
    assert f"<@{winner}>" in too_late[0]["text"]

    # the buttons are gone from the message, and its words are not
    message = next(one for one in service.simulator.slack.messages if one.ts == held.ts)
    assert [block["type"] for block in message.blocks].count("actions") == 0
    assert message.text == held.text

    # what was pressed is evidence, under who pressed it
    case = service.call("GET", "/api/cases", params={"user": DANA}).json()["cases"][0]
    who = f"slack:{SLACK_TEAM_ID}/{winner}"
    until(lambda: who in ledger_of(service, case["id"]))
    assert case["opened_by"]["actor"] == f"slack:{SLACK_TEAM_ID}/{OTTO}"


def test_the_gate_is_answered_later_even_if_the_web_dies(service, hand):
    asked = hand(VERA).type(f"gate {DANA}")
    service.end("web", signal.SIGKILL)

    said = later(service, asked)
    service.start("web")
    service.await_ready()

    assert "The answer comes here" in asked.said
    assert f"do not remove `{DANA}`" in said["text"]


def test_nothing_secret_of_slack_is_in_a_log(service, hand):
    asked = hand(VERA).type(f"gate {DANA}")
    later(service, asked)

    logs = "".join(service.log(name) for name in ("web", "worker", "beat"))
    assert "slack.command_answered" in logs
    assert asked.name not in logs
    assert "/slack/responses/" not in logs
    assert SLACK_SIGNING_SECRET not in logs
