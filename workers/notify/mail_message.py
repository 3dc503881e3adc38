"""The mail that tells a report: its headers, and the report as text and as HTML.

It sends nothing.
"""

import hashlib
import re
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from workers.offboarding.model import Case, Channel, ReportLine
from workers.offboarding.report import Line, Report, Severity

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


def message_of(
    case: Case,
    line: ReportLine,
    report: Report,
    *,
    sender: str,
    to: str,
    now: datetime,
    page: str | None,
) -> EmailMessage:
    """Write the mail of *line* to one recipient.

    Sent again it has the same Message-ID; a later report of the case refers to the
    first.
    """
    message = EmailMessage(policy=SMTP)
    message["Subject"] = header_text(plain_text(report.subject))
    message["From"] = sender
    message["To"] = to
    message["Date"] = format_datetime(now)
    message["Message-ID"] = _message_id(case, line, sender, to)
    first = next((one for one in case.reports if one.channel is Channel.MAIL), line)
    if first.id != line.id:
        message["In-Reply-To"] = _message_id(case, first, sender, to)
        message["References"] = _message_id(case, first, sender, to)
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    message.set_content(text_of(report, page), cte="quoted-printable")
    message.add_alternative(
        html_of(report, page), subtype="html", cte="quoted-printable"
    )
    return message


def _message_id(case: Case, line: ReportLine, sender: str, to: str) -> str:
    named = f"{case.id}:{line.kind}:{line.number}:{to}"
    digest = hashlib.sha256(named.encode()).hexdigest()[:32]
    return f"<{digest}@{sender.rpartition('@')[2]}>"


def header_text(text: str) -> str:
    """Make *text* fit for a header: on one line, at most 200 characters."""
    return _BREAKS.sub(" ", text).strip()[:200]


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
