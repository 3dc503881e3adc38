"""What a mail server can do to us, each with its word and how it is mended."""

import socket
import socketserver
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest
from smtp_scenes import (
    BOSS,
    OPS,
    PASSWORD,
    SEC,
    greeted_by,
    serving,
    tls_from_the_start,
    with_login,
)

from config.settings import Secret
from workers.offboarding.channel_mending import mend_of
from workers.offboarding.errors import TransientError
from workers.offboarding.model import (
    Channel,
    Leaver,
    ReportKind,
    ReportLine,
    ReportState,
)

LINE = ReportLine(Channel.MAIL, ReportKind.FINAL)
LOGIN = {"security": "starttls", "user": "offboard", "password": Secret(PASSWORD)}


@contextmanager
def scripted(*answers):
    """Serve one script to every connection: an answer a command; None hangs up.

    Each but the greeting is sent after a line was read; ``...`` never answers.
    """

    class Door(socketserver.StreamRequestHandler):
        def handle(self):
            for place, answer in enumerate(answers):
                if place and not self.rfile.readline():
                    return
                if answer is ...:
                    over.wait(60)
                if answer in (None, ...):
                    return
                self.wfile.write(answer + b"\r\n")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    over = threading.Event()
    with Server(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            over.set()
            server.shutdown()
            thread.join(5)


def postponed(mail, case, line=LINE):
    """Deliver what cannot be delivered now; return what the outbox keeps of it."""
    with pytest.raises(TransientError) as caught:
        mail.deliver(case, line)
    return str(caught.value)


def mended(text):
    found = mend_of(Channel.MAIL, text)
    assert found is not None
    return found


# the way to the server


def test_a_server_that_listens_nowhere(make_mail, make_case):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    said = postponed(make_mail(port), make_case())

    assert said == "The mail server could not be used: refused."
    assert mended(said).startswith(
        "Nothing listens at OFFBOARD_SMTP_HOST and OFFBOARD_SMTP_PORT."
    )


def test_a_black_hole(make_mail, make_case):
    with scripted(...) as port:
        said = postponed(make_mail(port, timeout_seconds=0.2), make_case())

    assert said == "The mail server could not be used: timed_out."
    assert "a firewall, or the wrong port" in mended(said)


def test_tls_where_the_server_speaks_none(port, make_mail, make_case):
    said = postponed(make_mail(port, security="tls"), make_case())

    assert said == "The mail server could not be used: tls_failed."
    assert "starttls belongs to port 587, tls to 465" in mended(said)


def test_no_tls_where_the_server_speaks_nothing_else(
    box, secured, make_mail, make_case
):
    with tls_from_the_start(box, secured) as port:
        mail = make_mail(port, security="starttls", timeout_seconds=0.3)
        said = postponed(mail, make_case())

    assert said == "The mail server could not be used: timed_out."
    assert box.mails == []


def test_a_server_that_hangs_up_at_once(make_mail, make_case):
    with scripted(None) as port:
        said = postponed(make_mail(port), make_case())

    assert said == "The mail server could not be used: connection_lost."


def test_a_busy_server_says_its_own_code(make_mail, make_case):
    with greeted_by(b"421 too many of you") as port:
        said = postponed(make_mail(port), make_case())

    assert said == "The mail server could not be used: 421."
    assert mended(said) == (
        "The server asks to come again later. It is tried again by itself."
    )


def test_a_certificate_of_nobody_who_is_trusted(box, secured, make_mail, make_case):
    with with_login(box, secured) as port:
        line = make_mail(port, **LOGIN).deliver(make_case(), LINE)

    assert (line.state, line.detail) == (ReportState.FAILED, "bad_certificate")
    assert "SSL_CERT_FILE" in mended(line.detail)
    assert box.logins == []


def test_a_certificate_of_another_name(box, secured, certificate, make_mail, make_case):
    with tls_from_the_start(box, secured) as port:
        mail = make_mail(port, security="tls", ca_file=str(certificate[0]))
        mail._server = replace(mail._server, host="localhost")
        line = mail.deliver(make_case(), LINE)

    assert (line.state, line.detail) == (ReportState.FAILED, "bad_certificate")


# the login


def test_a_wrong_password_is_refused_for_good(
    box, secured, certificate, make_mail, make_case
):
    wrong = {**LOGIN, "password": Secret("planted-wrong")}
    with with_login(box, secured) as port:
        mail = make_mail(port, ca_file=str(certificate[0]), **wrong)
        line = mail.deliver(make_case(), LINE)

    assert (line.state, line.detail) == (ReportState.FAILED, "login_refused")
    assert mended(line.detail) == (
        "OFFBOARD_SMTP_USER or OFFBOARD_SMTP_PASSWORD is wrong, or that login may not "
        "send mail."
    )


def test_a_wrong_password_that_is_answered_by_hanging_up(make_mail, make_case):
    script = (b"220 hello", b"250-here\r\n250 AUTH PLAIN", None)
    with scripted(*script) as port:
        mail = make_mail(port, user="offboard", password=Secret(PASSWORD))
        said = postponed(mail, make_case())

    assert said == "The mail server could not be used: hung_up_at_login."
    assert "OFFBOARD_SMTP_USER or OFFBOARD_SMTP_PASSWORD is wrong" in mended(said)
    assert PASSWORD not in said


def test_a_login_that_cannot_be_checked_now_is_for_another_time(make_mail, make_case):
    script = (b"220 hello", b"250-here\r\n250 AUTH PLAIN", b"454 later", b"221 bye")
    with scripted(*script) as port:
        mail = make_mail(port, user="offboard", password=Secret(PASSWORD))
        said = postponed(mail, make_case())

    assert said == "The mail server could not be used: 454."


def test_a_server_that_knows_no_login(port, make_mail, make_case):
    mail = make_mail(port, user="offboard", password=Secret(PASSWORD))

    line = mail.deliver(make_case(), LINE)

    assert (line.state, line.detail) == (ReportState.FAILED, "not_offered_by_server")


def test_a_server_that_shares_no_way_to_log_in(make_mail, make_case):
    with scripted(b"220 hello", b"250-here\r\n250 AUTH GSSAPI", b"221 bye") as port:
        mail = make_mail(port, user="offboard", password=Secret(PASSWORD))
        line = mail.deliver(make_case(), LINE)

    assert (line.state, line.detail) == (ReportState.FAILED, "not_offered_by_server")


WANTS = (
    "The server wants TLS or a login first: OFFBOARD_SMTP_SECURITY=starttls, and "
    "OFFBOARD_SMTP_USER with OFFBOARD_SMTP_PASSWORD."
)


def test_a_server_that_wants_starttls_first(box, secured, make_mail, make_case):
    with serving(box, tls_context=secured, require_starttls=True) as port:
        line = make_mail(port).deliver(make_case(), LINE)

    assert (line.state, line.detail) == (ReportState.FAILED, "ops@example.com 530")
    assert mended(line.detail) == WANTS


def test_a_server_that_wants_a_login_first(make_mail, make_case):
    script = (b"220 hello", b"250 here", b"250 reset", b"530 log in", b"221 bye")
    with scripted(*script) as port:
        line = make_mail(port).deliver(make_case(), LINE)

    assert (line.state, line.detail) == (ReportState.FAILED, "ops@example.com 530")
    assert mended(line.detail) == WANTS


# the recipients, and the message


def test_each_recipient_is_judged_alone(box, port, make_mail, make_case):
    box.refuse = {OPS: "550 no such mailbox", SEC: "451 greylisted"}
    mail = make_mail(port, OPS, SEC, BOSS)

    line = mail.deliver(make_case(), LINE)
    del box.refuse[SEC]
    again = mail.deliver(make_case(), line)

    assert (line.state, line.reached) == (ReportState.PENDING, (BOSS,))
    assert line.detail == "ops@example.com 550, sec@example.com 451"
    assert (again.state, again.reached) == (ReportState.SENT, (BOSS, SEC))
    assert box.reached == [BOSS, SEC]
    assert "knows no such mailbox" in mended(line.detail)
    assert "come again later" in mended(line.detail)


def test_what_nobody_can_have_now_says_who_and_why(box, port, make_mail, make_case):
    box.refuse = {OPS: "450 mailbox busy", SEC: "421 closing"}

    said = postponed(make_mail(port, OPS, SEC), make_case())

    assert said == (
        "The mail server took it for nobody yet: ops@example.com 450, "
        "sec@example.com connection_lost"
    )


@pytest.mark.parametrize(
    ("answer", "state"),
    [("452 full", None), ("552 too large", ReportState.FAILED)],
)
def test_the_message_itself_refused(box, port, make_mail, make_case, answer, state):
    box.data[OPS] = answer
    mail = make_mail(port)

    if state is None:
        assert "ops@example.com 452" in postponed(mail, make_case())
    else:
        line = mail.deliver(make_case(), LINE)
        assert (line.state, line.detail) == (state, "ops@example.com 552")


def test_an_answer_lost_after_the_message_may_have_been_a_yes(
    box, port, make_mail, make_case
):
    box.data[OPS] = "vanish"

    line = make_mail(port).deliver(make_case(), LINE)

    assert (line.state, line.detail) == (
        ReportState.UNKNOWN,
        "ops@example.com connection_lost",
    )


def test_a_server_that_looks_through_the_mail_for_long_is_waited_for(
    box, port, make_mail, make_case
):
    box.data_seconds = 3

    line = make_mail(port, timeout_seconds=2).deliver(make_case(), LINE)

    assert (line.state, line.reached) == (ReportState.SENT, (OPS,))


def test_one_try_ends_though_many_wait_and_the_rest_has_another_turn(
    box, port, make_mail, make_case, monkeypatch
):
    monkeypatch.setattr("workers.notify.mail_round._LONGEST_SECONDS", 0.0)

    said = postponed(make_mail(port, OPS, SEC), make_case())

    assert said.endswith("ops@example.com not_tried_yet, sec@example.com not_tried_yet")
    assert box.mails == []


# what came from outside


@pytest.mark.parametrize("sign", ["\r\n", "\n", "\r", "\x0b", "\u2028", "\x85", "\0"])
def test_no_name_makes_a_header_of_its_own(box, port, make_mail, make_case, sign):
    name = f"Dana{sign}Bcc: spy@example.com{sign}{sign}hidden body"
    case = make_case(leaver=Leaver("dana.lee@example.com", "IBMid-1", name))

    make_mail(port).deliver(case, LINE)

    [message] = box.messages
    assert box.reached == [OPS]
    assert message["Bcc"] is None
    assert message["To"] == OPS
    assert "Bcc: spy@example.com" in message["Subject"]
    assert message.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize("name", ["Zoë Žižková", "李明", "🦊 Fox", "د‌انا"])
def test_a_name_beyond_ascii_arrives_at_a_server_that_takes_ascii_only(
    box, port, make_mail, make_case, name
):
    case = make_case(leaver=Leaver("dana.lee@example.com", "IBMid-1", name))

    line = make_mail(port).deliver(case, LINE)

    [(_, _, raw)] = box.mails
    assert line.state is ReportState.SENT
    assert raw.isascii()
    [message] = box.messages
    visible = name.replace("\u200c", "\ufffd")
    assert visible in message["Subject"]
    assert visible in message.get_body(("plain",)).get_content()


def test_an_address_beyond_ascii_is_not_written_to_and_said_so(
    box, port, make_mail, make_case
):
    line = make_mail(port, "zoë@example.com", OPS).deliver(make_case(), LINE)

    assert (line.state, box.reached) == (ReportState.SENT, [OPS])
    assert line.detail == "zoë@example.com bad_address"
    assert "letters beyond ASCII" in mended(line.detail)
