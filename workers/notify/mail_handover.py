"""One recipient's mail handed to the server, step by step, and what became of it.

What certainly was not taken is told from what may have been.
"""

import smtplib
from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum
from typing import Final

GONE: Final = "connection_lost"


class Fate(StrEnum):
    """What became of one recipient's message."""

    SERVED = "served"
    LATER = "later"
    NEVER = "never"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Served:
    """The fate of one recipient's message. ``code`` is a number or our own word."""

    recipient: str
    fate: Fate
    code: str = ""


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
            code, _ = smtp.data(message.as_bytes())
    except smtplib.SMTPDataError as error:
        code = error.smtp_code
    except (OSError, smtplib.SMTPException):
        return Served(recipient, Fate.LOST if is_out else Fate.LATER, GONE)
    return _by_code(recipient, code)


def _by_code(recipient: str, code: int) -> Served:
    if 200 <= code < 300:
        return Served(recipient, Fate.SERVED)
    fate = Fate.NEVER if code >= 500 else Fate.LATER
    # a 421 says goodbye: the next command on this connection finds it closed
    return Served(recipient, fate, GONE if code == 421 else str(code))
