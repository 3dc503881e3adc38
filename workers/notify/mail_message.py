"""The mail that tells a report: its headers, and the report as text and as HTML.

It sends nothing.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from itertools import chain
from textwrap import wrap
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from workers.notify.mail_cut import cut
from workers.notify.mail_evidence import Enclosure
from workers.offboarding.model import Case, Channel, ReportLine
from workers.offboarding.notice import Notice
from workers.offboarding.report import Line, Report, Severity

# Longer than any header here: folded, a subject would begin with a blank for readers
# that only join its lines. RFC 5322 allows 998.
_POLICY: Final = SMTP.clone(max_line_length=400)
_COLUMNS: Final = 72
_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_COLOURS: Final = {
    Severity.GOOD: "#1a7f37",
    Severity.ATTENTION: "#c1121f",
    Severity.HELD: "#b35c00",
    Severity.NEUTRAL: "#57606a",
}
# Only the HTML is escaped: in plain text an entity would be shown as it is.
_TEMPLATES: Final = Environment(
    loader=PackageLoader("workers.notify"),
    autoescape=select_autoescape(enabled_extensions=("html.j2",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


@dataclass(frozen=True, slots=True)
class Thread:
    """What a mail's Message-ID is made from, and that of the mail it refers to."""

    name: str
    first: str | None = None


def thread_of(case: Case, line: ReportLine) -> Thread:
    """Name the mail of a report; a later one of a case refers to the first."""
    mails = (
        one
        for one in case.reports
        if one.channel is Channel.MAIL and one.room == line.room
    )
    first = next((one for one in mails if one.is_told_alone), line)
    return Thread(
        _named(case, line), _named(case, first) if first.id != line.id else None
    )


def _named(case: Case, line: ReportLine) -> str:
    return f"{case.id}:{line.kind}:{line.number}"


def thread_of_notice(notice: Notice) -> Thread:
    """Name the mail of a notice; it refers to no other."""
    return Thread(f"notice:{notice.id}")


def message_of(
    report: Report,
    thread: Thread,
    *,
    sender: str,
    to: str,
    now: datetime,
    page: str | None,
    enclosure: Enclosure | None = None,
) -> EmailMessage:
    """Write the mail of *report* to one recipient; again it has the same Message-ID.

    One that is too long for a mail is cut.
    """
    report = cut(report)
    message = EmailMessage(policy=_POLICY)
    message["Subject"] = header_text(plain_text(report.subject))
    message["From"] = sender
    message["To"] = to
    message["Date"] = format_datetime(now)
    message["Message-ID"] = _message_id(thread.name, sender, to)
    if thread.first is not None:
        message["In-Reply-To"] = _message_id(thread.first, sender, to)
        message["References"] = _message_id(thread.first, sender, to)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    text, html = text_of(report, page, enclosure), html_of(report, page, enclosure)
    message.set_content(folded(text), cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    if enclosure is not None and enclosure.content is not None:
        # As bytes, so in base64: a line end that is changed on the way is a change.
        message.add_attachment(
            enclosure.content,
            maintype="application",
            subtype="json",
            filename=enclosure.name,
        )
    return message


def _message_id(name: str, sender: str, to: str) -> str:
    digest = hashlib.sha256(f"{name}:{to}".encode()).hexdigest()[:32]
    return f"<{digest}@{sender.rpartition('@')[2]}>"


def header_text(text: str) -> str:
    """Make *text* fit for a header: on one line, at most 200 characters."""
    return _BREAKS.sub(" ", text).strip()[:200]


def plain_text(line: Line) -> str:
    """Join the pieces of a line."""
    return "".join(str(piece) for piece in line)


def text_of(
    report: Report, page: str | None = None, enclosure: Enclosure | None = None
) -> str:
    """Render *report* as plain text, with a link to *page* where there is one."""
    text = _TEMPLATES.get_template("report.txt.j2").render(
        report=report, page=page, enclosure=enclosure, text=plain_text
    )
    return re.sub(r"\n{3,}", "\n\n", text)


def folded(text: str) -> str:
    """Fold lines to 72 columns; commands and addresses stay as they are, to be copied.

    A point's further lines stand below its first word.
    """
    return "\n".join(chain.from_iterable(map(_folded, text.split("\n"))))


def _folded(line: str) -> list[str]:
    is_kept = line.startswith("    ") or "://" in line
    if is_kept or len(line) <= _COLUMNS:
        return [line]
    words = line.lstrip("- ")
    first = line[: len(line) - len(words)]
    return wrap(
        words,
        _COLUMNS,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )


def html_of(
    report: Report, page: str | None = None, enclosure: Enclosure | None = None
) -> str:
    """Render *report* as HTML; everything from outside is escaped."""
    return _TEMPLATES.get_template("report.html.j2").render(
        report=report,
        page=page,
        enclosure=enclosure,
        colour=_COLOURS[report.severity],
    )
