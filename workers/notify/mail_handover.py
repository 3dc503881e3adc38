"""One recipient's mail handed to the server, step by step, and what became of it.

What certainly was not taken is told from what may have been.
"""

import smtplib
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum
from typing import Final

GONE: Final = "connection_lost"
NOT_TRIED: Final = "not_tried_yet"
_PATIENCE: Final = 3


class Fate(StrEnum):
    """What became of one recipient's message."""

    SERVED = "served"
    LATER = "later"
    NEVER = "never"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Served:
    """The fate of one recipient's message. ``code`` is a number or our own word.

    ``is_for_message``: it was the message that the server refused, and not the sender
    or the recipient.
    """

    recipient: str
    fate: Fate
    code: str = ""
    is_for_message: bool = False


def hand_over(
    smtp: smtplib.SMTP, message: EmailMessage, sender: str, recipient: str
) -> Served:
    """Hand one message over, step by step, to know how far it got.

    ``send_message`` would not tell a connection lost before the message from one lost
    after it.
    """
    is_out = False
    try:
        smtp.rset()
        code, _ = smtp.mail(sender)
        if code == 250:
            code, _ = smtp.rcpt(recipient)
        if code in (250, 251):
            is_out = True
            code = _sent(smtp, message)
    except smtplib.SMTPDataError as error:
        code = error.smtp_code
    except (OSError, smtplib.SMTPException):
        return Served(recipient, Fate.LOST if is_out else Fate.LATER, GONE)
    return _by_code(recipient, code, is_for_message=is_out)


def fits(smtp: smtplib.SMTP, message: EmailMessage) -> bool:
    """Tell whether *message* is within the size that the server says it takes."""
    said = smtp.esmtp_features.get("size", "")
    most = int(said) if said.isascii() and said.isdigit() else 0
    return most == 0 or len(message.as_bytes()) <= most


def _sent(smtp: smtplib.SMTP, message: EmailMessage) -> int:
    """Send the message itself and wait longer than for any other answer.

    Many servers look through a mail before they say yes, and a yes that is not waited
    for is a mail sent twice.
    """
    if smtp.sock is not None:
        smtp.sock.settimeout(_PATIENCE * smtp.timeout)
    code, _ = smtp.data(message.as_bytes())
    if smtp.sock is not None:
        smtp.sock.settimeout(smtp.timeout)
    return code


def _by_code(recipient: str, code: int, *, is_for_message: bool) -> Served:
    if 200 <= code < 300:
        return Served(recipient, Fate.SERVED)
    fate = Fate.NEVER if code >= 500 else Fate.LATER
    # a 421 says goodbye: the next command on this connection finds it closed
    return Served(recipient, fate, GONE if code == 421 else str(code), is_for_message)
