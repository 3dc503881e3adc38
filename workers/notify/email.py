"""Reports by mail, one message a recipient; knows no other channel.

A message that is sent again has the same Message-ID, so that a mailbox can show it
once. What certainly was not taken is told from what may have been.
"""

import hashlib
import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from enum import StrEnum
from typing import Final
from urllib.parse import quote

import structlog
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from config.settings import Secret
from workers.offboarding.errors import TransientError
from workers.offboarding.model import Case, Channel, ReportLine, ReportState
from workers.offboarding.ports import Clock
from workers.offboarding.report import Line, Report, Severity, report_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_TIMEOUT_SECONDS: Final = 10.0
_ADDRESS: Final = re.compile(r"[!-?A-~]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_COLOURS: Final = {
    Severity.GOOD: "#1a7f37",
    Severity.ATTENTION: "#c1121f",
    Severity.HELD: "#b35c00",
    Severity.NEUTRAL: "#57606a",
}


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


class _NeverError(Exception):
    """The server, or the way to it, is such that no mail can go; ``str`` says why."""


class Mail:
    """Sends reports to every recipient through one mail server.

    Attributes:
        security: ``starttls``, ``tls`` or ``none``. There is no way to skip the check
            of the server's certificate; ``ca_file`` names further trusted ones.
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
        self._server = (host, port)
        self._login = (user, password) if user and password else None
        self._sender = sender
        self._recipients = tuple(recipients)
        self._public_url = public_url
        self._settle = settle
        self._clock = clock
        self._ca_file = ca_file
        self._timeout_seconds = timeout_seconds
        self._security = security

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
        try:
            served = self._serve(case, line, report, waiting, now)
        except _NeverError as error:
            return _line_of(line, ReportState.FAILED, str(error), now)
        return _judged(line, served, now)

    def _serve(
        self,
        case: Case,
        line: ReportLine,
        report: Report,
        waiting: Sequence[str],
        now: datetime,
    ) -> list[_Served]:
        served: list[_Served] = []
        good = [one for one in waiting if _ADDRESS.fullmatch(one)]
        served += [
            _Served(one, _Fate.NEVER, "bad_address")
            for one in waiting
            if one not in good
        ]
        if not good:
            return served
        with self._session() as smtp:
            for recipient in good:
                message = self._message(case, line, report, recipient, now)
                served.append(_hand_over(smtp, message, self._sender, recipient))
                if served[-1].code == _GONE:
                    break
        tried = {one.recipient for one in served}
        untried = [one for one in good if one not in tried]
        return served + [_Served(one, _Fate.LATER, _GONE) for one in untried]

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """Connect, secure, log in: in this order, and none of it skipped."""
        try:
            smtp = self._connected()
        except (OSError, smtplib.SMTPException) as error:
            raise _unconnected(error) from error
        try:
            try:
                self._prepare(smtp)
            except (OSError, smtplib.SMTPException) as error:
                raise _unconnected(error) from error
            yield smtp
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
        finally:
            smtp.close()

    def _connected(self) -> smtplib.SMTP:
        host, port = self._server
        if self._security == "tls":
            return smtplib.SMTP_SSL(
                host, port, timeout=self._timeout_seconds, context=self._tls()
            )
        return smtplib.SMTP(host, port, timeout=self._timeout_seconds)

    def _prepare(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self._security == "starttls":
            smtp.starttls(context=self._tls())
            smtp.ehlo()
        if self._login is not None:
            user, password = self._login
            smtp.login(user, password.reveal())

    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._ca_file)

    def _message(
        self, case: Case, line: ReportLine, report: Report, to: str, now: datetime
    ) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["Subject"] = header_text(plain_text(report.subject))
        message["From"] = self._sender
        message["To"] = to
        message["Date"] = format_datetime(now)
        message["Message-ID"] = self._message_id(case, line, to)
        first = next((one for one in case.reports if one.channel is Channel.MAIL), line)
        if first.id != line.id:
            message["In-Reply-To"] = self._message_id(case, first, to)
            message["References"] = self._message_id(case, first, to)
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        page = _page(case, self._public_url)
        message.set_content(text_of(report, page), cte="quoted-printable")
        message.add_alternative(
            html_of(report, page), subtype="html", cte="quoted-printable"
        )
        return message

    def _message_id(self, case: Case, line: ReportLine, to: str) -> str:
        named = f"{case.id}:{line.kind}:{line.number}:{to}"
        digest = hashlib.sha256(named.encode()).hexdigest()[:32]
        return f"<{digest}@{self._sender.rpartition('@')[2]}>"


_GONE: Final = "connection_lost"


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


def _unconnected(error: Exception) -> Exception:
    """Tell what may mend itself from what a person must; nothing was sent so far."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _NeverError("bad_certificate")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return _NeverError("not_offered_by_server")
    code = error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0
    if isinstance(error, smtplib.SMTPAuthenticationError) and code >= 500:
        return _NeverError("login_refused")
    if code >= 500:
        return _NeverError(f"server_refused_{code}")
    log.info("report.postponed", channel="mail", code=code)
    return TransientError("The mail server could not be used.")


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


def header_text(text: str) -> str:
    """Make *text* fit for a header: on one line, at most 200 characters."""
    return _BREAKS.sub(" ", text).strip()[:200]


def _page(case: Case, public_url: str | None) -> str | None:
    if public_url is None:
        return None
    return f"{public_url.rstrip('/')}/cases/{quote(case.id, safe='')}"


def plain_text(line: Line) -> str:
    """Join the pieces of a line."""
    return "".join(str(piece) for piece in line)


def text_of(report: Report, page: str | None = None) -> str:
    """Render *report* as plain text, with a link to *page* where there is one."""
    text = _TEMPLATES.get_template("report.txt.j2").render(
        report=report, page=page, text=plain_text
    )
    return re.sub(r"\n{3,}", "\n\n", text)


def html_of(report: Report, page: str | None = None) -> str:
    """Render *report* as HTML; everything from outside is escaped."""
    return _TEMPLATES.get_template("report.html.j2").render(
        report=report, page=page, colour=_COLOURS[report.severity]
    )


# Only the HTML is escaped: in plain text an entity would be shown as it is.
_TEMPLATES: Final = Environment(
    loader=PackageLoader("workers.notify"),
    autoescape=select_autoescape(enabled_extensions=("html.j2",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
