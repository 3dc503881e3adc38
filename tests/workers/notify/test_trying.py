"""Whether Slack and mail take us, tried on loopback: nothing is posted or sent."""

import socket
import ssl

import pytest
from aiosmtpd.smtp import AuthResult
from smtp_scenes import serving

from config.settings import Secret, Settings
from simulator import Simulator, departure_account
from workers.notify.trying import channel_checks
from workers.offboarding.health import Verdict

PASSWORD = "planted-password"


def checked(**settings):
    [ask] = channel_checks(Settings(**settings))
    return ask()


@pytest.fixture
def simulator():
    with Simulator([departure_account()]) as running:
        yield running


def at_slack(simulator, token):
    return checked(
        slack_bot_token=Secret(token),
        slack_channel_id="C1",
        slack_api_url=simulator.slack_api_url,
    )


def test_a_token_that_slack_takes_is_ok_and_nothing_is_posted(simulator):
    found = at_slack(simulator, simulator.slack.token)

    assert (found.what, found.verdict) == ("slack", Verdict.OK)
    assert "offboard in Simulated" in found.text
    assert simulator.slack.messages == []


def test_a_wrong_token_is_named_with_slacks_word_and_how_to_mend_it(simulator):
    found = at_slack(simulator, "xoxb-planted")

    assert found.verdict is Verdict.FAILED
    assert found.text == "Slack does not take the bot's token: invalid_auth."
    assert "OFFBOARD_SLACK_BOT_TOKEN" in found.mend
    assert "planted" not in repr(found)


def test_slack_that_cannot_be_reached_proves_nothing_of_the_token():
    found = checked(
        slack_bot_token=Secret("xoxb-1"), slack_api_url="http://127.0.0.1:1/api/"
    )

    assert found.verdict is Verdict.UNPROVEN
    assert "OFFBOARD_SLACK_API_URL" in found.mend


def test_a_webhook_is_left_alone_and_that_is_said(simulator):
    found = checked(slack_webhook_url=Secret(simulator.slack_webhook_url))

    assert found.verdict is Verdict.UNPROVEN
    assert found.command == "offboard notify test"
    assert simulator.slack.messages == []


class Mailbox:
    def __init__(self):
        self.begun = []

    async def handle_MAIL(self, server, session, envelope, address, options):
        self.begun.append(address)
        return "250 OK"

    def login(self, server, session, envelope, mechanism, data):
        is_right = data.password == PASSWORD.encode()
        return AuthResult(success=is_right, handled=is_right)


def at_mail(port, security="none", **more):
    return checked(
        smtp_host="127.0.0.1", smtp_port=port, smtp_security=security, **more
    )


def logging_in(box):
    return serving(box, authenticator=box.login, auth_require_tls=False)


def as_user(password):
    return {"smtp_user": "offboard", "smtp_password": Secret(password)}


def test_a_mail_server_that_takes_us_is_ok_and_no_mail_is_begun():
    box = Mailbox()
    with logging_in(box) as port:
        found = at_mail(port, **as_user(PASSWORD))

    assert (found.what, found.verdict) == ("mail", Verdict.OK)
    assert "It logged offboard in." in found.text
    assert box.begun == []


def test_a_wrong_password_is_named_as_that():
    with logging_in(Mailbox()) as port:
        found = at_mail(port, **as_user("another-planted"))

    assert found.verdict is Verdict.FAILED
    assert "login_refused" in found.text
    assert "OFFBOARD_SMTP_PASSWORD" in found.mend
    assert "planted" not in repr(found)


def test_a_server_without_starttls_is_told_with_the_ports():
    with serving(Mailbox()) as port:
        found = at_mail(port, "starttls")

    assert found.verdict is Verdict.FAILED
    assert "not_offered_by_server" in found.text
    assert "tls to 465" in found.mend


def test_a_certificate_that_is_not_trusted_is_told(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with serving(Mailbox(), tls_context=context) as port:
        found = at_mail(port, "starttls")

    assert found.verdict is Verdict.FAILED
    assert "bad_certificate" in found.text
    assert "certificate" in found.mend


def test_a_port_where_nobody_listens_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = at_mail(taken.getsockname()[1])

    assert found.verdict is Verdict.FAILED
    assert "it refuses the connection" in found.text
    assert "OFFBOARD_SMTP_PORT" in found.mend


def test_a_name_nobody_knows_is_told(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    found = at_mail(25)

    assert "its name is not known" in found.text


def test_where_no_channel_is_set_up_nothing_is_tried():
    assert list(channel_checks(Settings())) == []
