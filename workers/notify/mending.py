"""How to mend that Slack or the mail server does not take us, by its own word.

Sentences for people who set the service up; what a report does on each is decided where
it is sent.
"""

from typing import Final

_APP: Final = "api.slack.com/apps"
_NEW_TOKEN: Final = (
    f"Install the app to the workspace again ({_APP}, OAuth & Permissions), and set "
    "OFFBOARD_SLACK_BOT_TOKEN to the bot token shown there (xoxb-…)."
)
_INVITE: Final = "Invite the bot in the channel: /invite and the bot's name."

SLACK: Final[dict[str, str]] = {
    "invalid_auth": _NEW_TOKEN,
    "not_authed": _NEW_TOKEN,
    "token_revoked": _NEW_TOKEN,
    "token_expired": _NEW_TOKEN,
    "not_allowed_token_type": _NEW_TOKEN,
    "account_inactive": (
        "The bot's account or its workspace was deactivated; have an administrator of "
        "the workspace restore it, or install the app again."
    ),
    "missing_scope": f"Give the app the scope chat:write ({_APP}), and reinstall it.",
    "ekm_access_denied": "An administrator of the workspace has suspended access.",
    "access_denied": "An administrator of the workspace has to allow the app.",
    "org_login_required": "The workspace is being moved; try again when it is done.",
    "channel_not_found": (
        "Set OFFBOARD_SLACK_CHANNEL_ID to the channel's id (C…, not its name); a "
        f"private channel is found by its members alone. {_INVITE}"
    ),
    "not_in_channel": _INVITE,
    "is_archived": "Unarchive it, or name another in OFFBOARD_SLACK_CHANNEL_ID.",
    "channel_is_archived": "Unarchive the channel, or make a webhook for another.",
    "restricted_action": "An administrator has to let the bot post in this channel.",
    "no_service": "It was removed: set OFFBOARD_SLACK_WEBHOOK_URL to a new one.",
    "action_prohibited": "An administrator has to let the webhook post.",
    "unreachable": (
        "See that Slack can be reached from here (OFFBOARD_SLACK_API_URL, proxy, "
        "firewall)."
    ),
}
_SLACK_ELSE: Final = "See what Slack's documentation of the method says of this word."

MAIL: Final[dict[str, str]] = {
    "bad_certificate": (
        "The server's certificate is not one this machine trusts for its name: set "
        "OFFBOARD_SMTP_HOST to the name in the certificate, or have it renewed."
    ),
    "not_offered_by_server": (
        "The server does not offer what is asked: with OFFBOARD_SMTP_SECURITY=starttls "
        "it must offer STARTTLS (port 587; tls is for port 465), and with a user a way "
        "to log in."
    ),
    "login_refused": "Correct OFFBOARD_SMTP_USER or OFFBOARD_SMTP_PASSWORD.",
    "unreachable": (
        "See that OFFBOARD_SMTP_HOST and OFFBOARD_SMTP_PORT are the server's, that "
        "OFFBOARD_SMTP_SECURITY fits the port (587 starttls, 465 tls), and that the "
        "server can be reached from here."
    ),
}
_MAIL_ELSE: Final = "See what the server's log says of this connection."


def slack_mend(code: str) -> str:
    """Say what mends Slack's answer *code*."""
    return SLACK.get(code, _SLACK_ELSE)


def mail_mend(code: str) -> str:
    """Say what mends the mail server's answer *code*."""
    return MAIL.get(code, _MAIL_ELSE)
