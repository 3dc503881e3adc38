import smtplib
from email.message import EmailMessage
from email.policy import SMTP

import pytest


@pytest.fixture
def smtp(simulator):
    with smtplib.SMTP(simulator.smtp_host, simulator.smtp_port, timeout=60) as client:
        yield client


def a_message(to="ops@example.com"):
    message = EmailMessage(policy=SMTP)
    message["From"] = "offboard@example.com"
    message["To"] = to
    message["Subject"] = "Fünf Ziele"
    message.set_content("plain")
    message.add_alternative("<p>html</p>", subtype="html")
    message.add_attachment(b"{}", maintype="application", subtype="json", filename="e")
    return message


def test_a_message_is_kept_with_its_envelope(simulator, smtp):
    smtp.send_message(a_message(), from_addr="bounce@example.com")

    (caught,) = simulator.mail.messages
    assert caught.envelope_from == "bounce@example.com"
    assert caught.envelope_to == ("ops@example.com",)
    assert caught.message["Subject"] == "Fünf Ziele"
    assert caught.message.get_body(("plain",)).get_content() == "plain\r\n"
    assert len(list(caught.message.iter_attachments())) == 1


def test_one_recipient_can_be_refused(simulator, smtp):
    simulator.mail.refuse["gone@example.com"] = "550 no such mailbox"

    refused = smtp.send_message(a_message("ops@example.com, gone@example.com"))

    assert refused == {"gone@example.com": (550, b"no such mailbox")}
    assert simulator.mail.messages[0].envelope_to == ("ops@example.com",)


def test_all_recipients_refused_is_nothing_kept(simulator, smtp):
    simulator.mail.refuse["ops@example.com"] = "451 later"

    with pytest.raises(smtplib.SMTPRecipientsRefused) as raised:
        smtp.send_message(a_message())

    assert raised.value.recipients == {"ops@example.com": (451, b"later")}
    assert simulator.mail.messages == []
