"""What the far side got, held against the intents in all ledgers."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from workers.offboarding.rules.values import (
    INTENDED,
    OUTCOMES,
    RESET,
    UNDONE,
    Broken,
    Record,
    SentReset,
)


@dataclass(frozen=True, slots=True)
class Intent:
    """One "about to reset", from the ledger: until when it was out, and how it ended.

    ``ended_at`` is None while it is out; ``was_undone`` tells whether it ended as
    proven to have done nothing.
    """

    case_id: str
    target_id: str
    by: str
    at: datetime
    ended_at: datetime | None = None
    was_undone: bool = False

    def overlaps(self, other: "Intent") -> bool:
        """Tell whether two were out at once."""
        is_before = self.ended_at is not None and self.ended_at <= other.at
        is_after = other.ended_at is not None and other.ended_at <= self.at
        return not is_before and not is_after


def intents_of(record: Record) -> list[Intent]:
    """Read every intent of a case out of its ledger."""
    found: list[Intent] = []
    out: dict[str, int] = {}
    for one in record.ledger:
        target_id = one.target_id or ""
        if one.what == INTENDED:
            out[target_id] = len(found)
            found.append(Intent(record.case.id, target_id, one.detail or "", one.at))
        elif one.what in UNDONE | OUTCOMES and target_id in out:
            at = out.pop(target_id)
            is_undone = one.what in UNDONE
            found[at] = replace(found[at], ended_at=one.at, was_undone=is_undone)
    return found


def cases_do_not_overlap(intents: Sequence[Intent]) -> Iterator[Broken]:
    """Rule 2: two cases never have a reset of one target out at once."""
    ordered = sorted(intents, key=lambda one: (one.target_id, one.at))
    for before, after in pairwise(ordered):
        is_same = before.target_id == after.target_id
        if is_same and before.case_id != after.case_id and before.overlaps(after):
            text = f"a reset while case {before.case_id} has one of it out"
            yield Broken(2, after.case_id, after.target_id, text)


def sent_as_intended(
    intents: Sequence[Intent],
    resets: Sequence[SentReset],
    ours: Collection[str],
    skew: timedelta,
) -> Iterator[Broken]:
    """Rules 1, 2 and 6: each reset of ours has an intent of its own before it.

    A person may reset beside us; what does not carry a functional ID is none of ours.
    """
    left = list(intents)
    effective: Counter[tuple[str, str]] = Counter()
    for sent in sorted(resets, key=lambda one: one.at):
        if sent.caller not in ours:
            continue
        mine = [one for one in intents if _fits(one, sent, skew)]
        free = [one for one in mine if one in left]
        if not mine:
            text = f"{sent.caller} reset it, and no ledger has an intent before that"
            yield Broken(1, "", sent.target_id, text)
        elif not free:
            text = "a second reset within one intent"
            yield Broken(2, mine[-1].case_id, sent.target_id, text)
        if free:
            left.remove(free[-1])
            yield from _was_undone(free[-1], sent)
        if mine and sent.took_effect:
            effective[(free or mine)[-1].case_id, sent.target_id] += 1
    yield from _too_many(intents, effective)


def sent_where_it_says(
    records: Sequence[Record], resets: Sequence[SentReset], ours: Collection[str]
) -> Iterator[Broken]:
    """Rule 12: a reset names its place, and carries the token that was intended."""
    for sent in resets:
        if sent.caller in ours and not all(sent.target_id.split("/")):
            text = f"{sent.caller} reset without naming region or resource group"
            yield Broken(12, "", sent.target_id, text)
    by_request = {one.request_id: one for one in resets if one.request_id}
    for record in records:
        for one in record.ledger:
            got = by_request.get(one.request_id or "") if one.what == RESET else None
            if got is not None and got.target_id != one.target_id:
                text = f"the far side got it for {got.target_id}"
                yield Broken(12, record.case.id, one.target_id, text)
            if got is not None and got.caller not in record.functional_ids:
                text = f"the far side got it from {got.caller}"
                yield Broken(12, record.case.id, one.target_id, text)


def _fits(one: Intent, sent: SentReset, skew: timedelta) -> bool:
    is_same = one.target_id == sent.target_id and one.by == sent.caller
    return is_same and one.at <= sent.at + skew


def _was_undone(one: Intent, sent: SentReset) -> Iterator[Broken]:
    """Rule 6: what took effect was not proven to have done nothing."""
    ended_at = one.ended_at
    is_before = ended_at is not None and sent.at <= ended_at
    if one.was_undone and sent.took_effect and is_before:
        text = "a reset that took effect counts as proven to have done nothing"
        yield Broken(6, one.case_id, one.target_id, text)


def _too_many(
    intents: Sequence[Intent], effective: Counter[tuple[str, str]]
) -> Iterator[Broken]:
    undone = Counter((one.case_id, one.target_id) for one in intents if one.was_undone)
    for (case_id, target_id), many in effective.items():
        if many > 1 + undone[case_id, target_id]:
            text = f"the far side made {many} resets of it for one case"
            yield Broken(6, case_id, target_id, text)
