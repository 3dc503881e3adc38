"""Mail, against real SMTP servers on loopback."""

import socket
from dataclasses import replace

import pytest
import structlog
from smtp_scenes import (
    BOSS,
    OPS,
    PASSWORD,
    SEC,
    greeted_by,
    read,
    tls_from_the_start,
    with_login,
)

from config.settings import Secret
from workers.notify.mail_message import header_text
from workers.offboarding.errors import TransientError
from workers.offboarding.model import (
    Channel,
    KeyOwner,
    Leaver,
    ReportKind,
    ReportLine,
    ReportState,
)
from workers.offboarding.notice import NoticeLine

NOTICED = NoticeLine(Channel.MAIL)
LINE = ReportLine(Channel.MAIL, ReportKind.FINAL)


def test_a_report_arrives_as_text_and_html(box, port, make_mail, make_case, clock):
    mail = make_mail(port, public_url="https://offboard.example.com")

    line = mail.deliver(make_case(), LINE)

    [message] = box.messages
    text = message.get_body(("plain",)).get_content()
    shown = read(message)
    first = "Attention needed: 1 failed. Leaver: Dana Lee."
    assert line == replace(
        LINE, state=ReportState.SENT, at=clock(), tries=1, reached=(OPS,)
    )
    assert message["Subject"] == "[offboard] ATTENTION, 1 failed: Dana Lee"
    assert message["From"] == "offboard@example.com"
    assert message["To"] == OPS
    assert message["Date"].datetime == clock()
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert text.splitlines()[0] == first
    assert first in shown.text
    assert "ibmcloud ks api-key info --cluster c1" in shown.text
    assert shown.links == ["https://offboard.example.com/cases/01CASE"]
    assert text.rstrip().endswith("Case 01CASE")


def test_each_recipient_gets_a_message_of_their_own(box, port, make_mail, make_case):
    line = make_mail(port, OPS, SEC).deliver(make_case(), LINE)

    assert [message["To"] for message in box.messages] == [OPS, SEC]
    assert line.reached == (OPS, SEC)


def test_the_same_report_has_the_same_message_id_again(box, port, make_mail, make_case):
    mail = make_mail(port, OPS, SEC)
    mail.deliver(make_case(), LINE)
    mail.deliver(make_case(), LINE)
    mail.deliver(make_case(), replace(LINE, number=2))

    ids = [message["Message-ID"] for message in box.messages]

    assert ids[0] == "<24ce3cd4f684dff751ca6131853cda6c@example.com>"
    assert ids[:2] == ids[2:4]
    assert len(set(ids)) == 4


def test_a_later_report_refers_to_the_first_of_the_case(
    box, port, make_mail, make_case
):
    held = replace(LINE, kind=ReportKind.HELD)
    case = make_case(reports=(held, LINE))
    mail = make_mail(port)

    mail.deliver(case, held)
    mail.deliver(case, LINE)

    first, second = box.messages
    assert first["References"] is None
    assert second["References"] == first["Message-ID"]
    assert second["In-Reply-To"] == first["Message-ID"]


def test_who_was_reached_before_is_not_written_to_again(
    box, port, make_mail, make_case
):
    line = replace(LINE, reached=(OPS,), tries=1)

    line = make_mail(port, OPS, SEC).deliver(make_case(), line)

    assert box.reached == [SEC]
    assert (line.state, line.reached, line.tries) == (ReportState.SENT, (OPS, SEC), 2)


def test_hostile_names_are_shown_as_they_are_and_do_nothing(
    box, port, make_mail, make_case, make_target
):
    owner = KeyOwner("IBMid-1", "<script>alert(1)</script>")
    leaver = Leaver(name="<b>x</b>\r\nBcc: spy@example.com\u2028\u202e" + "y" * 300)
    case = make_case(make_target(owner_before=owner), leaver=leaver)

    make_mail(port).deliver(case, LINE)

    [message] = box.messages
    shown = read(message)
    assert message["Bcc"] is None
    assert box.reached == [OPS]
    assert message["Subject"].startswith(
        "[offboard] ATTENTION, 1 failed: <b>x</b> Bcc: spy@example.com \ufffdyyy"
    )
    assert len(message["Subject"]) <= 200
    assert shown.tags.isdisjoint({"script", "b", "img"})
    assert "<script>alert(1)</script>" in shown.text
    text = message.get_body(("plain",)).get_content()
    assert "Owner: <script>alert(1)</script>, nothing was written" in text


def test_a_recipient_refused_for_good_is_named(box, port, make_mail, make_case):
    box.refuse[SEC] = "550 no such mailbox"

    line = make_mail(port, OPS, SEC).deliver(make_case(), LINE)

    assert (line.state, line.detail) == (ReportState.SENT, "sec@example.com 550")
    assert line.reached == (OPS,)


def test_all_refused_for_good_is_failed(box, port, make_mail, make_case):
    box.refuse = {OPS: "550 no", SEC: "553 no"}

    line = make_mail(port, OPS, SEC).deliver(make_case(), LINE)

    assert (line.state, line.reached) == (ReportState.FAILED, ())
    assert line.detail == "ops@example.com 550, sec@example.com 553"


def test_nobody_served_and_somebody_later_is_for_another_time(
    box, port, make_mail, make_case
):
    box.refuse = {OPS: "451 later", SEC: "550 no"}

    with pytest.raises(TransientError):
        make_mail(port, OPS, SEC).deliver(make_case(), LINE)


def test_some_served_and_some_later_keeps_the_progress(box, port, make_mail, make_case):
    box.refuse[OPS] = "451 later"
    mail = make_mail(port, OPS, SEC)

    first = mail.deliver(make_case(), LINE)
    box.refuse.clear()
    second = mail.deliver(make_case(), first)

    assert (first.state, first.reached) == (ReportState.PENDING, (SEC,))
    assert first.detail == "ops@example.com 451"
    assert (second.state, second.reached) == (ReportState.SENT, (SEC, OPS))
    assert box.reached == [SEC, OPS]


@pytest.mark.parametrize(
    ("answer", "state"),
    [("554 spam", ReportState.FAILED), ("vanish", ReportState.UNKNOWN)],
)
def test_what_the_server_says_to_the_message_itself_counts(
    box, port, make_mail, make_case, answer, state
):
    box.data[OPS] = answer

    line = make_mail(port).deliver(make_case(), LINE)

    assert (line.state, line.reached) == (state, ())


def test_a_connection_that_is_lost_with_one_is_made_anew_for_the_others(
    box, port, make_mail, make_case
):
    box.data[SEC] = "vanish"

    line = make_mail(port, OPS, SEC, BOSS).deliver(make_case(), LINE)

    assert (line.state, line.reached) == (ReportState.UNKNOWN, (OPS, BOSS))
    assert line.detail == "sec@example.com connection_lost"


@pytest.mark.parametrize("bad", ["nobody", "a b@example.com", "x@example.com>,<y@z.de"])
def test_an_address_that_is_none_never_reaches_the_server(
    box, port, make_mail, make_case, bad
):
    line = make_mail(port, bad, OPS).deliver(make_case(), LINE)

    assert box.reached == [OPS]
    assert line.state is ReportState.SENT
    assert line.detail == f"{bad} bad_address"


def test_a_server_that_is_not_there_is_for_another_time(make_mail, make_case):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]

    with pytest.raises(TransientError):
        make_mail(port).deliver(make_case(), LINE)


def test_a_black_hole_is_left_after_the_timeout(make_mail, make_case):
    with socket.create_server(("127.0.0.1", 0)) as hole:
        mail = make_mail(hole.getsockname()[1], timeout_seconds=0.2)

        with pytest.raises(TransientError, match=r"used: timed_out\.$"):
            mail.deliver(make_case(), LINE)


@pytest.mark.parametrize(
    ("greeting", "detail"), [(b"554 no service", "server_refused_554")]
)
def test_a_server_that_wants_no_mail_ever_is_failed(
    make_mail, make_case, greeting, detail
):
    with greeted_by(greeting) as port:
        line = make_mail(port).deliver(make_case(), LINE)

    assert (line.state, line.detail) == (ReportState.FAILED, detail)


def test_a_server_that_is_busy_is_for_another_time(make_mail, make_case):
    with greeted_by(b"421 busy") as port, pytest.raises(TransientError):
        make_mail(port).deliver(make_case(), LINE)


def test_starttls_comes_before_the_login(
    box, secured, certificate, make_mail, make_case
):
    with with_login(box, secured) as port:
        line = make_mail(
            port,
            security="starttls",
            user="offboard",
            password=Secret(PASSWORD),
            ca_file=str(certificate[0]),
        ).deliver(make_case(), LINE)

    assert line.state is ReportState.SENT
    assert box.logins == ["offboard"]
    assert [is_secure for _, is_secure, _ in box.mails] == [True]


def test_a_server_of_an_unknown_certificate_gets_no_password(
    box, secured, make_mail, make_case
):
    with with_login(box, secured) as port:
        line = make_mail(
            port, security="starttls", user="offboard", password=Secret(PASSWORD)
        ).deliver(make_case(), LINE)

    assert (line.state, line.detail) == (ReportState.FAILED, "bad_certificate")
    assert box.logins == []


def test_a_server_without_starttls_gets_no_password(box, port, make_mail, make_case):
    line = make_mail(
        port, security="starttls", user="offboard", password=Secret(PASSWORD)
    ).deliver(make_case(), LINE)

    assert (line.state, line.detail) == (ReportState.FAILED, "not_offered_by_server")
    assert box.logins == []


def test_a_refused_login_is_failed_and_shows_no_secret(
    box, secured, certificate, make_mail, make_case, caplog
):
    wrong = "planted-wrong-password"
    mail_to = {"security": "starttls", "user": "offboard", "password": Secret(wrong)}

    with (
        with_login(box, secured) as port,
        structlog.testing.capture_logs() as logs,
    ):
        mail = make_mail(port, ca_file=str(certificate[0]), **mail_to)
        line = mail.deliver(make_case(), LINE)

    assert (line.state, line.detail) == (ReportState.FAILED, "login_refused")
    assert wrong not in repr((line, logs, caplog.text, mail, box.mails))


def test_tls_from_the_first_byte_works_too(
    box, certificate, secured, make_mail, make_case
):
    with tls_from_the_start(box, secured) as port:
        line = make_mail(port, security="tls", ca_file=str(certificate[0])).deliver(
            make_case(), LINE
        )

    assert line.state is ReportState.SENT
    assert box.reached == [OPS]


def test_no_password_is_in_a_mail(box, secured, certificate, make_mail, make_case):
    with with_login(box, secured) as port:
        make_mail(
            port,
            security="starttls",
            user="offboard",
            password=Secret(PASSWORD),
            ca_file=str(certificate[0]),
        ).deliver(make_case(), LINE)

    [(_, _, raw)] = box.mails
    assert PASSWORD.encode() not in raw


@pytest.mark.parametrize("line_break", ["\r\n", "\x0b", "\u2028", "\x85", "\0"])
def test_a_header_stays_on_one_line(line_break):
    assert header_text(f"a{line_break}b") == "a b"


# notices


def test_a_notice_arrives_as_text_and_html_without_a_link(
    box, port, make_mail, make_notice, clock
):
    mail = make_mail(port, public_url="https://offboard.example.com")

    line = mail.tell(make_notice(id="n1"), NOTICED)

    [message] = box.messages
    text = message.get_body(("plain",)).get_content()
    read_by_eye = read(message)
    command = (
        "ibmcloud target -g payments-id -r us-south"
        " && ibmcloud ks api-key reset --region us-south"
    )
    assert line == replace(
        NOTICED, state=ReportState.SENT, at=clock(), tries=1, reached=(OPS,)
    )
    assert message["Subject"] == (
        "[offboard] A functional ID's key is a person's now: us-south / payments by "
        "Dana Lee"
    )
    assert text.splitlines()[:3] == [
        "A functional ID's key is a person's now: in account acct1, us-south /",
        "payments belonged to the functional ID IKS and belongs to Dana Lee",
        "(dana.lee@example.com) now.",
    ]
    assert text.rstrip().endswith("Notice n1")
    assert command in text
    assert command in read_by_eye.text
    assert read_by_eye.text.rstrip().endswith("Notice n1")
    assert read_by_eye.links == []


def test_the_same_notice_has_the_same_message_id_again(
    box, port, make_mail, make_notice
):
    mail = make_mail(port, OPS, SEC)
    mail.tell(make_notice(id="n1"), NOTICED)
    mail.tell(make_notice(id="n1"), NOTICED)
    mail.tell(make_notice(id="n2"), NOTICED)

    ids = [message["Message-ID"] for message in box.messages]

    assert ids[0] == "<e56aa6938808e4dbfc1b6d30de3d0da0@example.com>"
    assert ids[:2] == ids[2:4]
    assert len(set(ids)) == 4
    assert [message["References"] for message in box.messages] == [None] * 6


def test_a_notice_with_hostile_names_does_nothing(box, port, make_mail, make_notice):
    owner = "<script>alert(1)</script>\r\nBcc: spy@example.com"

    make_mail(port).tell(make_notice(owner=owner), NOTICED)

    [message] = box.messages
    assert message["Bcc"] is None
    assert read(message).tags.isdisjoint({"script", "b", "img"})
    assert "<script>alert(1)</script> Bcc:" in read(message).text


def test_who_got_a_notice_before_is_not_written_to_again(
    box, port, make_mail, make_notice
):
    box.refuse[OPS] = "451 later"
    mail = make_mail(port, OPS, SEC)

    first = mail.tell(make_notice(), NOTICED)
    box.refuse.clear()
    second = mail.tell(make_notice(), first)

    assert (first.state, first.reached) == (ReportState.PENDING, (SEC,))
    assert (second.state, second.reached) == (ReportState.SENT, (SEC, OPS))
    assert box.reached == [SEC, OPS]


def test_a_notice_nobody_can_get_now_is_for_another_time(
    box, port, make_mail, make_notice
):
    box.refuse[OPS] = "451 later"

    with pytest.raises(TransientError):
        make_mail(port).tell(make_notice(), NOTICED)
