"""Whether Slack and the mail server take us: as far as it shows without sending."""

import smtplib
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from slack_sdk.errors import SlackApiError

from config.settings import Settings
from workers.notify.mail_server import MailServer, NeverError
from workers.notify.slack_answers import FAULTS, of_fault, of_refusal
from workers.notify.slack_clients import web_client
from workers.offboarding.channel_mending import what_mends
from workers.offboarding.errors import TransientError
from workers.offboarding.health import Check, Verdict
from workers.offboarding.model import Channel

_TIMEOUT_SECONDS: Final = 5.0
_TEST: Final = "offboard notify test"


def channel_checks(settings: Settings) -> Iterator[Callable[[], Check]]:
    """Return what is to be tried of the channels that are set up."""
    if settings.slack_bot_token:
        yield partial(_slack, settings)
    elif settings.slack_webhook_url:
        yield _webhook
    if settings.smtp_host:
        yield partial(_mail, settings, settings.smtp_host)


def _slack(settings: Settings) -> Check:
    """Ask Slack whose token it is; it needs no scope, and posts nothing.

    Source: Slack Web API, auth.test.
    """
    what = "slack"
    if settings.slack_bot_token is None:
        raise ValueError("Without a token there is nobody to ask as.")
    try:
        found = web_client(settings.slack_bot_token, settings.slack_api_url).auth_test()
    except SlackApiError as error:
        code = of_refusal(error).code
        text = f"Slack does not take the bot's token: {code}."
        return Check(what, Verdict.FAILED, text, what_mends(Channel.SLACK, code))
    except FAULTS as error:
        code = of_fault(error).code
        text = "Slack could not be asked whose token it is."
        return Check(
            what, Verdict.UNPROVEN, text, what_mends(Channel.SLACK, "unreachable")
        )
    text = f"Slack takes the bot's token: {found.get('user')} in {found.get('team')}."
    return Check(what, Verdict.OK, text)


def _webhook() -> Check:
    text = "A webhook can only be tried by posting to it, which a check does not."
    mend = "To see that it arrives, post a test:"
    return Check("slack", Verdict.UNPROVEN, text, mend, _TEST)


def _mail(settings: Settings, host: str) -> Check:
    """Connect, greet, secure and log in as a report would; and say goodbye."""
    what, where = "mail", f"{host}:{settings.smtp_port}"
    user, password = settings.smtp_user, settings.smtp_password
    login = (user, password) if user and password else None
    server = MailServer(
        host,
        settings.smtp_port,
        settings.smtp_security,
        login,
        None,
        _TIMEOUT_SECONDS,
    )
    try:
        with server.session():
            pass
    except NeverError as error:
        text = f"The mail server {where} does not take us: {error}."
        return Check(what, Verdict.FAILED, text, what_mends(Channel.MAIL, str(error)))
    except TransientError as error:
        return Check(what, Verdict.FAILED, *_unreached(where, error))
    how = "without TLS" if settings.smtp_security == "none" else "by TLS"
    who = f" It logged {user} in." if login else " No login is set."
    return Check(what, Verdict.OK, f"The mail server {where} takes us, {how}.{who}")


def _unreached(where: str, error: TransientError) -> tuple[str, str]:
    """Say why a session did not come about, in our words: the server's may be any."""
    cause = error.__cause__
    match cause:
        case socket.gaierror():
            why = "its name is not known"
        case ConnectionRefusedError():
            why = "it refuses the connection"
        case TimeoutError():
            why = "it does not answer"
        case smtplib.SMTPResponseException():
            why = f"it says {cause.smtp_code}, which is for later"
        case _:
            why = "the connection broke off"
    text = f"The mail server {where} could not be used: {why}."
    return text, what_mends(Channel.MAIL, "unreachable")
