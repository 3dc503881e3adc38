"""What the doctor says of Slack's buttons."""

import pytest

from config.secret import Secret
from config.settings import Settings
from config.slack_users import SlackUser
from workers.notify.slack_checks import slack_checks
from workers.offboarding.health import Verdict

BOT = {"slack_bot_token": Secret("xoxb-1"), "slack_channel_id": "C1"}
SIGNED = {"slack_signing_secret": (Secret("a-signing-secret"),)}
USERS = {
    "slack_users": (
        SlackUser("T012", "U034", "approver", "sam@example.com"),
        SlackUser("T012", "U035", "viewer"),
    )
}


@pytest.mark.parametrize("given", [BOT, BOT | USERS])
def test_a_bot_without_a_signing_secret_is_told_of_and_no_fault(given):
    (check,) = slack_checks(Settings(**given))

    assert (check.what, check.verdict) == ("slack_buttons", Verdict.OK)
    assert "have no buttons" in check.text
    assert "OFFBOARD_SLACK_SIGNING_SECRET is not set" in check.text


@pytest.mark.parametrize("given", [BOT | SIGNED, SIGNED])
def test_a_signing_secret_with_nobody_to_press_is_told_with_the_setting(given):
    (check,) = slack_checks(Settings(**given))

    assert (check.what, check.verdict) == ("slack_buttons", Verdict.UNPROVEN)
    assert "OFFBOARD_SLACK_USERS" in check.mend


def test_buttons_that_can_work_are_in_order():
    (check,) = slack_checks(Settings(**BOT, **SIGNED, **USERS))

    assert check.verdict is Verdict.OK
    assert check.text == ("2 people may press or type in Slack, 1 of them as approver.")


@pytest.mark.parametrize("role", ["operator", "approver"])
def test_who_may_start_or_approve_and_has_no_name_is_told_with_how_to_give_one(role):
    users = (SlackUser("T012", "U034", role), *USERS["slack_users"])

    (check,) = slack_checks(Settings(**BOT, **SIGNED, slack_users=users))

    assert check.verdict is Verdict.UNPROVEN
    assert check.text == (
        "1 person who may start or approve in Slack cannot be told from whoever has a "
        "token: with one of their own they could approve what they asked for "
        "themselves."
    )
    assert "TEAM/USER:role:person" in check.mend


def test_a_service_without_slack_is_told_nothing():
    assert slack_checks(Settings()) == ()
