"""Reports by mail, one message a recipient; knows no other channel.

A message that is sent again has the same Message-ID, so that a mailbox can show it
once. What certainly was not taken is told from what may have been.
"""

import re
import smtplib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from enum import StrEnum
from typing import Final

import structlog

from config.settings import Secret
from workers.notify.case_page import case_page
from workers.notify.mail_message import header_text, message_of
from workers.notify.mail_server import MailServer, NeverError
from workers.offboarding.errors import TransientError
from workers.offboarding.model import Case, ReportLine, ReportState
from workers.offboarding.ports import Clock
from workers.offboarding.report import report_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_TIMEOUT_SECONDS: Final = 10.0
_ADDRESS: Final = re.compile(r"[!-?A-~]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_GONE: Final = "connection_lost"


class _Fate(StrEnum):
    SERVED = "served"
    LATER = "later"
    NEVER = "never"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class _Served:
    """What became of one recipient's message. ``code`` is a number or our own word."""

    recipient: str
    fate: _Fate
    code: str = ""


class Mail:
    """Sends reports to every recipient through one mail server.

    What *security* and *ca_file* may be, ``MailServer`` says.
    """

    def __init__(
        self,
        host: str,
        port: int,
        security: str,
        user: str | None,
        password: Secret | None,
        sender: str,
        recipients: Sequence[str],
        *,
        public_url: str | None,
        settle: timedelta,
        clock: Clock,
        ca_file: str | None = None,
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ) -> None:
        login = (user, password) if user and password else None
        self._server = MailServer(host, port, security, login, ca_file, timeout_seconds)
        self._sender = sender
        self._recipients = tuple(recipients)
        self._public_url = public_url
        self._settle = settle
        self._clock = clock

    def deliver(self, case: Case, line: ReportLine) -> ReportLine:
        """Send the report of *line* to everybody who has not got it yet.

        Returns:
            The line with those served in ``reached``: ``sent`` when nobody waits any
            more (``detail`` names who was refused for good), ``failed`` when nobody
            can be served, ``unknown`` when an answer was lost, ``pending`` when some
            are to be tried later and others are not.

        Raises:
            TransientError: Nobody got it, and somebody may later.
        """
        now = self._clock()
        waiting = [one for one in self._recipients if one not in line.reached]
        report = report_of(case, line.kind, now=now, settle=self._settle)
        page = case_page(self._public_url, case.id)

        def message_to(to: str) -> EmailMessage:
            sender = self._sender
            return message_of(
                case, line, report, sender=sender, to=to, now=now, page=page
            )

        try:
            served = self._serve(waiting, message_to)
        except NeverError as error:
            return _line_of(line, ReportState.FAILED, str(error), now)
        return _judged(line, served, now)

    def _serve(
        self, waiting: Sequence[str], message_to: Callable[[str], EmailMessage]
    ) -> list[_Served]:
        good = [one for one in waiting if _ADDRESS.fullmatch(one)]
        bad = [one for one in waiting if one not in good]
        served = [_Served(one, _Fate.NEVER, "bad_address") for one in bad]
        if not good:
            return served
        with self._server.session() as smtp:
            for recipient in good:
                message = message_to(recipient)
                served.append(_hand_over(smtp, message, self._sender, recipient))
                if served[-1].code == _GONE:
                    break
        tried = {one.recipient for one in served}
        untried = [one for one in good if one not in tried]
        return served + [_Served(one, _Fate.LATER, _GONE) for one in untried]


def _hand_over(
    smtp: smtplib.SMTP, message: EmailMessage, sender: str, recipient: str
) -> _Served:
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
        return _Served(recipient, _Fate.LOST if is_out else _Fate.LATER, _GONE)
    return _by_code(recipient, code)


def _by_code(recipient: str, code: int) -> _Served:
    if 200 <= code < 300:
        return _Served(recipient, _Fate.SERVED)
    fate = _Fate.NEVER if code >= 500 else _Fate.LATER
    # a 421 says goodbye: the next command on this connection finds it closed
    return _Served(recipient, fate, _GONE if code == 421 else str(code))


def _judged(line: ReportLine, served: Sequence[_Served], now: datetime) -> ReportLine:
    fates = {one.fate for one in served}
    fresh = tuple(one.recipient for one in served if one.fate is _Fate.SERVED)
    line = replace(line, reached=line.reached + fresh)
    rest = [one for one in served if one.fate is not _Fate.SERVED]
    detail = ", ".join(f"{one.recipient} {one.code}" for one in rest)
    if _Fate.LATER in fates and not line.reached and _Fate.LOST not in fates:
        log.info("report.postponed", channel="mail", code=rest[0].code)
        raise TransientError("The mail server took the report for nobody yet.")
    if _Fate.LATER in fates:
        return _line_of(line, ReportState.PENDING, detail, now)
    if _Fate.LOST in fates:
        return _line_of(line, ReportState.UNKNOWN, detail, now)
    state = ReportState.SENT if line.reached else ReportState.FAILED
    return _line_of(line, state, detail, now)


def _line_of(
    line: ReportLine, state: ReportState, detail: str, now: datetime
) -> ReportLine:
    log.info("report.delivered", channel="mail", state=state)
    return replace(
        line, state=state, at=now, tries=line.tries + 1, detail=header_text(detail)
    )
