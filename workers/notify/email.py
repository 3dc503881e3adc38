"""Reports and notices by mail, one message a recipient; knows no other channel.

A message that is sent again has the same Message-ID, so that a mailbox can show it
once. What certainly was not taken is told from what may have been.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Final

import structlog

from config.settings import Secret
from workers.notify.case_page import case_page
from workers.notify.lines import OutboxLine
from workers.notify.mail_evidence import Enclosure, WholeEvidence, enclosed
from workers.notify.mail_handover import Fate, Served
from workers.notify.mail_message import (
    Thread,
    header_text,
    message_of,
    thread_of,
    thread_of_notice,
)
from workers.notify.mail_round import serve
from workers.notify.mail_server import MailServer, NeverError
from workers.offboarding.approvers import ANYBODY, Approvers
from workers.offboarding.errors import TransientError
from workers.offboarding.model import Case, ReportKind, ReportLine, ReportState
from workers.offboarding.notice import Notice, NoticeLine, report_of_notice
from workers.offboarding.ports import Clock
from workers.offboarding.report import Here, Report, report_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_TIMEOUT_SECONDS: Final = 10.0


class Mail:
    """Sends to every recipient through one mail server.

    What *security* and *ca_file* may be, ``MailServer`` says. *here* is the account
    whose room the recipients are; None: they are told everything.
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
        evidence_key: str | None = None,
        whole_evidence: WholeEvidence | None = None,
        approvers: Approvers = ANYBODY,
        here: Here | None = None,
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
        self._evidence_key = evidence_key
        self._whole_evidence = whole_evidence
        self._approvers = approvers
        self._here = here

    def takes(self, kind: ReportKind) -> bool:
        """Take what is told once: a mail cannot be changed."""
        return kind is not ReportKind.STARTED

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
        enclosure = enclosed(self._whole_evidence, case, line, now)
        report = report_of(
            case,
            line.kind,
            now=now,
            settle=self._settle,
            evidence_key=self._evidence_key,
            approvers=self._approvers,
            here=self._here,
        )
        return self._send(report, thread_of(case, line), line, now, enclosure)

    def tell(self, notice: Notice, line: NoticeLine) -> NoticeLine:
        """Send *notice* to everybody who has not got it yet; as ``deliver``."""
        report, thread = report_of_notice(notice), thread_of_notice(notice)
        return self._send(report, thread, line, self._clock())

    def _send(
        self,
        report: Report,
        thread: Thread,
        line: OutboxLine,
        now: datetime,
        enclosure: Enclosure | None = None,
    ) -> OutboxLine:
        waiting = [one for one in self._recipients if one not in line.reached]
        page = case_page(self._public_url, report.case_id)

        def message_to(to: str, enclosure: Enclosure | None) -> EmailMessage:
            return message_of(
                report,
                thread,
                sender=self._sender,
                to=to,
                now=now,
                page=page,
                enclosure=enclosure,
            )

        try:
            served = serve(self._server, self._sender, waiting, message_to, enclosure)
        except NeverError as error:
            return _line_of(line, ReportState.FAILED, str(error), now)
        return _judged(line, served, now)


def _judged(line: OutboxLine, served: Sequence[Served], now: datetime) -> OutboxLine:
    fates = {one.fate for one in served}
    fresh = tuple(one.recipient for one in served if one.fate is Fate.SERVED)
    line = replace(line, reached=line.reached + fresh)
    rest = [one for one in served if one.fate is not Fate.SERVED]
    detail = ", ".join(f"{one.recipient} {one.code}" for one in rest)
    if Fate.LATER in fates and not line.reached and Fate.LOST not in fates:
        log.info("report.postponed", channel="mail", code=rest[0].code)
        raise TransientError(
            header_text(f"The mail server took it for nobody yet: {detail}")
        )
    if Fate.LATER in fates:
        return _line_of(line, ReportState.PENDING, detail, now)
    if Fate.LOST in fates:
        return _line_of(line, ReportState.UNKNOWN, detail, now)
    state = ReportState.SENT if line.reached else ReportState.FAILED
    return _line_of(line, state, detail, now)


def _line_of(
    line: OutboxLine, state: ReportState, detail: str, now: datetime
) -> OutboxLine:
    log.info("report.delivered", channel="mail", state=state)
    return replace(
        line, state=state, at=now, tries=line.tries + 1, detail=header_text(detail)
    )
