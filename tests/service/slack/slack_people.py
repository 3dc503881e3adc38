"""Who may press in the tests of Slack, and where they are answered."""

from config.slack_users import SlackUser

TEAM = "T0SIMULATED"
VIEWER, OPERATOR, APPROVER = "U0VIEWER", "U0OPERATOR", "U0APPROVER"
USERS = (
    SlackUser(TEAM, VIEWER, "viewer"),
    SlackUser(TEAM, OPERATOR, "operator", "otto"),
    SlackUser(TEAM, APPROVER, "approver", "sam"),
)
RESPONSE_URL = "https://hooks.slack.com/actions/T0/1/x"
