"""How a channel that does not take what it is told is mended, by its own word for it.

One table for all who say it: the doctor, a test of the channels, the documentation.
What each of Slack's words means is as its documentation has it, not tried at Slack.
"""

from collections.abc import Iterator
from typing import Final

from workers.offboarding.model import Channel

_AGAIN: Final = "It is tried again by itself."
_OURS: Final = "A fault of this service: keep the workers' log, and report it."
_REMOVED: Final = (
    "The token is no good any more: install the app in the workspace again, and set "
    "OFFBOARD_SLACK_BOT_TOKEN to its new Bot User OAuth Token."
)
_ARCHIVED: Final = "The channel is archived: bring it back, or set another one."
_BAD_HOOK: Final = (
    "OFFBOARD_SLACK_WEBHOOK_URL is no webhook that Slack has any more: make a new one "
    "in the app's settings, and copy it whole."
)
_HOLD: Final = "An administrator of the workspace has to let the app post there."
_LATER: Final = f"Slack has trouble, or asks to wait. {_AGAIN}"
_PERHAPS: Final = f"It may have arrived, so look in the channel. {_AGAIN}"

SLACK: Final = {
    "not_in_channel": "Invite the bot: /invite @offboard, typed in the channel.",
    "channel_not_found": "OFFBOARD_SLACK_CHANNEL_ID names no channel that the bot "
    "sees. It is the id (C…) at the foot of the channel's details, not its name; into "
    "a private channel the bot has to be invited first: /invite @offboard",
    "invalid_auth": "OFFBOARD_SLACK_BOT_TOKEN is none that Slack knows: copy the app's "
    "Bot User OAuth Token (xoxb-…) again.",
    "not_authed": "OFFBOARD_SLACK_BOT_TOKEN is none that Slack knows: copy the app's "
    "Bot User OAuth Token (xoxb-…) again.",
    "account_inactive": _REMOVED,
    "token_revoked": _REMOVED,
    "token_expired": "The token ran out: turn token rotation off for the app, and set "
    "OFFBOARD_SLACK_BOT_TOKEN to a lasting one.",
    "not_allowed_token_type": _REMOVED,
    "access_denied": _HOLD,
    "org_login_required": f"The workspace is being moved. {_AGAIN}",
    "missing_scope": "The app lacks a scope: add chat:write under OAuth & Permissions, "
    "and install the app again.",
    "is_archived": _ARCHIVED,
    "channel_is_archived": _ARCHIVED,
    "restricted_action": _HOLD,
    "action_prohibited": _HOLD,
    "posting_to_general_channel_denied": _HOLD,
    "ekm_access_denied": _HOLD,
    "no_service": _BAD_HOOK,
    "no_service_id": _BAD_HOOK,
    "no_team": _BAD_HOOK,
    "no_active_hooks": _BAD_HOOK,
    "invalid_token": _BAD_HOOK,
    "http_403": _BAD_HOOK,
    "http_404": _BAD_HOOK,
    "http_410": _BAD_HOOK,
    "invalid_payload": _OURS,
    "invalid_blocks": _OURS,
    "invalid_blocks_format": _OURS,
    "msg_blocks_too_long": _OURS,
    "msg_too_long": _OURS,
    "metadata_too_large": _OURS,
    "no_text": _OURS,
    "ratelimited": _LATER,
    "rate_limited": _LATER,
    "fatal_error": _PERHAPS,
    "internal_error": _PERHAPS,
    "request_timeout": _PERHAPS,
    "service_unavailable": _PERHAPS,
    "team_added_to_org": _PERHAPS,
    "answer_lost": _PERHAPS,
    "unexpected_answer": "Something that is not Slack answers, a proxy say: look at "
    "OFFBOARD_SLACK_API_URL or OFFBOARD_SLACK_WEBHOOK_URL, and at HTTPS_PROXY of the "
    "workers.",
    "unreachable": "The workers cannot reach Slack (OFFBOARD_SLACK_API_URL): name "
    "resolution, a proxy (HTTPS_PROXY) or a firewall, to slack.com on port 443. "
    f"{_AGAIN}",
}
_LOGIN: Final = (
    "OFFBOARD_SMTP_USER or OFFBOARD_SMTP_PASSWORD is wrong, or that login may not send "
    "mail."
)
_WANTS: Final = (
    "The server wants TLS or a login first: OFFBOARD_SMTP_SECURITY=starttls, and "
    "OFFBOARD_SMTP_USER with OFFBOARD_SMTP_PASSWORD."
)
_NO_MAILBOX: Final = (
    "The server knows no such mailbox, or takes no mail for it from here: correct "
    "OFFBOARD_MAIL_TO, or have the server let this sender in."
)
_POLICY: Final = (
    "The server refuses the mail by its rules: have it let OFFBOARD_MAIL_FROM send "
    "from the workers' address."
)
_OTHER_PORT: Final = (
    "starttls belongs to port 587, tls to 465: set OFFBOARD_SMTP_PORT and "
    "OFFBOARD_SMTP_SECURITY as the server has it."
)

MAIL: Final = {
    "login_refused": _LOGIN,
    "535": _LOGIN,
    "hung_up_at_login": f"The server hung up at the login. {_LOGIN} {_AGAIN}",
    "530": _WANTS,
    "538": _WANTS,
    "not_offered_by_server": "The server offers no STARTTLS, or no login. "
    f"{_OTHER_PORT}",
    "unreachable": "The workers cannot reach OFFBOARD_SMTP_HOST and "
    f"OFFBOARD_SMTP_PORT: name resolution, a firewall, or the wrong port. "
    f"{_OTHER_PORT} {_AGAIN}",
    "bad_certificate": "The server's certificate is of another name, or of nobody who "
    "is trusted: OFFBOARD_SMTP_HOST has to be the name in it. For an authority of your "
    "own give the workers its certificate in a file that SSL_CERT_FILE names.",
    "tls_failed": f"No TLS came about. {_OTHER_PORT}",
    "unknown_host": f"OFFBOARD_SMTP_HOST has no address: is it spelt right? {_AGAIN}",
    "refused": f"Nothing listens at OFFBOARD_SMTP_HOST and OFFBOARD_SMTP_PORT. "
    f"{_AGAIN}",
    "timed_out": "The server did not answer in time: a firewall, or the wrong port. "
    f"{_OTHER_PORT} {_AGAIN}",
    "connection_lost": f"The server hung up. {_AGAIN}",
    "not_tried_yet": f"The server was slow, or hung up, with those before. {_AGAIN}",
    "bad_address": "OFFBOARD_MAIL_TO has an address that is none, or has letters "
    "beyond ASCII, which this service does not send to.",
    "501": "The server does not take OFFBOARD_MAIL_FROM or OFFBOARD_MAIL_TO for an "
    "address.",
    "550": _NO_MAILBOX,
    "551": _NO_MAILBOX,
    "553": _NO_MAILBOX,
    "552": "The mailbox is full, or the mail too large for it.",
    "554": _POLICY,
    "571": _POLICY,
}
_ANY_LATER: Final = f"The server asks to come again later. {_AGAIN}"
_OF_ROOM: Final = (
    ("OFFBOARD_SLACK_CHANNEL_ID", "the account's slack_channel_id"),
    ("OFFBOARD_MAIL_TO", "the account's mail_to"),
)
_TABLES: Final = {Channel.SLACK: SLACK, Channel.MAIL: MAIL}
_ELSE: Final = {
    Channel.SLACK: "See what Slack's documentation says of this word.",
    Channel.MAIL: "See what the server's log says of this connection.",
}


def mend_of(channel: Channel, detail: str, *, is_room: bool = False) -> str | None:
    """Say how to mend what *detail* of an outbox line, or a bare word, tells.

    Args:
        channel: Where it was told.
        detail: What was said there.
        is_room: Whether it is the room of an account: that is set in the accounts file.

    Returns:
        Sentences, each once; None where nothing is known to help.
    """
    found = (_of_word(channel, word) for word in _words(detail))
    said = " ".join(dict.fromkeys(one for one in found if one))
    return (_of_room(said) if is_room else said) or None


def what_mends(channel: Channel, detail: str, *, is_room: bool = False) -> str:
    """Say how to mend it, or where to look where nothing is known to help."""
    return mend_of(channel, detail, is_room=is_room) or _ELSE[channel]


def _of_room(said: str) -> str:
    """Name the settings by which a room is set up, in place of the service's own."""
    for setting, of_room in _OF_ROOM:
        said = said.replace(setting, of_room)
    return said[:1].upper() + said[1:]


def _words(detail: str) -> Iterator[str]:
    """Take the last word of each part: a line names recipients, each with a code."""
    for part in detail.split(", "):
        yield part.rstrip(". ").rpartition(" ")[2].removeprefix("server_refused_")


def _of_word(channel: Channel, word: str) -> str | None:
    known = _TABLES[channel].get(word)
    if known:
        return known
    if channel is Channel.SLACK:
        return _LATER if word.startswith("http_5") else None
    is_code = len(word) == 3 and word.isascii() and word.isdigit()
    if not is_code:
        return None
    return {"4": _ANY_LATER, "5": _POLICY}.get(word[0])
