"""Which formats of stored data this code reads and writes; see docs/upgrading.md.

A store that says nothing is in format 1. Since format 2 cases, notices and deliveries
say by which format they were written last, so that a version that does not know it
leaves them to one that does.
"""

from collections.abc import Mapping
from typing import Final

# What is written once no older version runs.
FORMAT: Final = 2
# One version back, so that web and workers change one after another.
OLDEST: Final = 1
# Stored fields and words that format 1 does not know, by `Class.name`: each with the
# expression that finds it in a record's text, or None where an older version may drop
# it, or leaves it alone, without harm. What has one is written in format 2 only.
NEW: Final[Mapping[str, str | None]] = {
    # Without it the list of people is as old as a survey that had it whole.
    "AccountIndex.people_at": None,
    # A note without it is shown as one about no account in particular.
    "Note.account_id": None,
    # What is told of it waits for a version that knows it.
    "NoticeKind.key_too_old": None,
    # These come of an accounts file that format 1 refuses, or that is changed: which is
    # done when no older version runs (docs/upgrading.md).
    "NoticeLine.room": r'"room":"[^"]',
    "ReportLine.room": r'"room":"[^"]',
    "Reason.account_removed": r'"account_removed"',
    "Reason.approver_not_listed": r'"approver_not_listed"',
}


class NewerError(ValueError):
    """A record was written by a newer version than this one, and is left to it."""


def refuse_newer(mark: str | None) -> None:
    """Raise NewerError where a record's *mark* is above what this code reads."""
    if mark is not None and int(mark) > FORMAT:
        raise NewerError(f"A newer version wrote it, in format {int(mark)}.")
