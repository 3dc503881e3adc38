"""The two kinds of line an outbox has; a channel treats both alike."""

from typing import TypeVar

from workers.offboarding.model import ReportLine
from workers.offboarding.notice import NoticeLine

OutboxLine = TypeVar("OutboxLine", ReportLine, NoticeLine)
