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
        SlackUser("T012", "U034", "approver"),
        SlackUser("T012", "U035", "viewer"),
    )
}


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (BOT, "OFFBOARD_SLACK_SIGNING_SECRET"),
        (BOT | USERS, "OFFBOARD_SLACK_SIGNING_SECRET"),
        (BOT | SIGNED, "OFFBOARD_SLACK_USERS"),
        (SIGNED, "OFFBOARD_SLACK_USERS"),
    ],
)
def test_buttons_that_cannot_work_are_told_with_the_setting(given, names):
    (check,) = slack_checks(Settings(**given))

    assert (check.what, check.verdict) == ("slack_buttons", Verdict.UNPROVEN)
    assert names in check.mend


def test_buttons_that_can_work_are_in_order():
    (check,) = slack_checks(Settings(**BOT, **SIGNED, **USERS))

    assert check.verdict is Verdict.OK
    assert check.text == ("2 people may press or type in Slack, 1 of them as approver.")


def test_a_service_without_slack_is_told_nothing():
    assert slack_checks(Settings()) == ()
