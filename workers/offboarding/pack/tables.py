"""A case as rows of tables: its targets, its entries, what was told of it. Pure.

A cell that a spreadsheet would run as a formula begins with an apostrophe.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Final

from workers.offboarding.pack.plain import second
from workers.offboarding.pack.story import Did, Story

_RUNS: Final = ("=", "+", "-", "@", "\t", "\r")

TARGET_COLUMNS: Final = (
    "case_id",
    "target_id",
    "place",
    "owner_before",
    "owner_after",
    "functional_id",
    "outcome",
    "reason",
    "detail",
    "reset_at",
    "read_back_at",
    "resets",
    "request_ids",
    "blind_spot",
)
_SAYS: Final = (
    "step",
    "target_id",
    "place",
    "actor",
    "source",
    "event_key",
    "authn",
    "delivery_sha256",
    "leaver",
    "effective_at",
    "scope",
    "owner_before",
    "owner_after",
    "functional_id",
    "request_id",
    "plan_hash",
    "reason",
    "detail",
)
EVENT_COLUMNS: Final = ("case_id", "n", "at", "what", *_SAYS)
LEAVER_COLUMNS: Final = (
    "received_at",
    "source",
    "event_key",
    "person_as_told",
    "iam_id",
    "effective_at",
    "became",
    "case_id",
    "result",
    "settled_at",
    "owner_safe_at",
    "fully_safe_at",
    "told_by",
    "not_safe_because",
)


def cell(text: str) -> str:
    """Return *text* as a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_RUNS) else text


def rows_as_csv(rows: Iterable[Sequence[str]]) -> str:
    """Write rows as CSV (RFC 4180)."""
    text = StringIO()
    csv.writer(text).writerows([cell(each) for each in row] for row in rows)
    return text.getvalue()


def target_rows(story: Story) -> Iterator[Sequence[str]]:
    """Give a row for each target of a case."""
    for one in story.places:
        yield (
            story.case_id,
            one.id,
            one.name,
            one.before,
            one.after,
            one.taker,
            one.outcome,
            one.reason,
            one.detail,
            second(one.reset_at),
            second(one.read_back_at),
            str(one.resets),
            " ".join(each for each in one.request_ids if each),
            one.blind,
        )


def event_rows(story: Story) -> Iterator[Sequence[str]]:
    """Give a row for each entry of a case."""
    for one in story.done:
        says = (one[name] for name in _SAYS)
        yield (story.case_id, str(one.n), second(one.at), one.what, *says)


def leaver_rows(story: Story) -> Iterator[Sequence[str]]:
    """Give a row for everything that was told of a leaver, and what became of it."""
    clocks = story.clocks
    for one in story.told:
        yield (
            second(one.at),
            one["source"],
            one["event_key"],
            one["leaver"],
            story.known_as,
            one["effective_at"],
            _became(story, one),
            story.case_id,
            story.state,
            second(clocks.settled_at),
            second(clocks.owner_safe_at),
            second(clocks.fully_safe_at),
            one["actor"],
            clocks.owner_safe_not or clocks.fully_safe_not,
        )


def _became(story: Story, one: Did) -> str:
    if one.what.startswith("case.opened_"):
        return "adoption" if story.is_adoption else "case"
    return one.what.partition(".")[2]
