"""What a case's ledger shows: in which order things were written."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.model import Entry, Outcome
from workers.offboarding.rules.values import (
    INTENDED,
    OUTCOMES,
    UNDONE,
    Broken,
    Record,
)

_PLANNED: Final = frozenset({"case.planned", "case.planned_from_index"})
_OVER: Final = {
    "case.cancelled": "was cancelled",
    "case.joined": "gave way to another",
    "case.refused": "was refused",
    "case.stopped": "was stopped",
    "case.settled": "was settled",
}
_BEGUN_ANEW: Final = frozenset({"case.retried"})
_LET_GO: Final = frozenset({"case.approved", "case.released", *_PLANNED, *_BEGUN_ANEW})
# A pause and a doubt hold a part of a case; the store itself looks at the pause.
_PARTLY: Final = frozenset({Reason.PAUSED, Reason.PREFLIGHT_UNKNOWN})


def dry_run_intended_nothing(record: Record) -> Iterator[Broken]:
    """Rule 9: a dry run has no intent in its ledger."""
    for one in record.ledger if record.case.dry_run else ():
        if one.what == INTENDED:
            yield _broken(9, record, one, "a dry run was about to reset it")


def intents_are_bounded(record: Record) -> Iterator[Broken]:
    """Rule 6: intents of a target are at most one more than resets proven undone."""
    for target_id, mine in _by_target(record).items():
        counts = Counter(one.what for one in mine)
        sent, undone = counts[INTENDED], sum(counts[each] for each in UNDONE)
        if sent > 1 + undone:
            text = f"{sent} intents with {undone} resets proven undone"
            yield Broken(6, record.case.id, target_id, text)


def ledger_and_case_agree(record: Record) -> Iterator[Broken]:
    """Rule 6: the ledger has as many intents as the case counts resets."""
    found = {
        each: sum(one.what == INTENDED for one in mine)
        for each, mine in _by_target(record).items()
    }
    counted = {one.target.id: one.resets for one in record.case.targets}
    for target_id in sorted({*found, *counted}):
        said, is_so = counted.get(target_id, 0), found.get(target_id, 0)
        if said != is_so:
            text = f"the case counts {said} resets, the ledger {is_so} intents"
            yield Broken(6, record.case.id, target_id, text)


def intents_do_not_overlap(record: Record) -> Iterator[Broken]:
    """Rule 2: no intent while an earlier one of the same target is out."""
    for mine in _by_target(record).values():
        is_out = False
        for one in mine:
            if one.what == INTENDED and is_out:
                yield _broken(2, record, one, "a reset while another of it is out")
            is_out = _is_out_after(one, is_out=is_out)


def intents_follow_a_plan(record: Record) -> Iterator[Broken]:
    """Rule 3: no intent before a plan."""
    is_planned = False
    for one in record.ledger:
        is_planned = is_planned or one.what in _PLANNED
        if one.what == INTENDED and not is_planned:
            yield _broken(3, record, one, "a reset before there was a plan")


def nothing_held_was_reset(record: Record) -> Iterator[Broken]:
    """Rule 1: no intent while the case was held or over, as far as its ledger tells."""
    why = ""
    for one in record.ledger:
        if one.what == INTENDED and why:
            yield _broken(1, record, one, f"a reset after the case {why}")
        why = _why_not(one, why)


def doubtful_waits(record: Record) -> Iterator[Broken]:
    """Rule 1: no intent for a target that was held by itself and not let go since."""
    held: set[str | None] = set()
    for one in record.ledger:
        if one.what == "target.held":
            held.add(one.target_id)
        elif one.what in _LET_GO:
            held.clear()
        elif one.what == INTENDED and one.target_id in held:
            text = "a reset where preflight could not tell, not let through"
            yield _broken(1, record, one, text)


def intended_is_who_owns(record: Record) -> Iterator[Broken]:
    """Rule 12: the last intent names the functional ID that the case names.

    But for one that did nothing, and a target found taken over since: a retry may have
    given those to another functional ID.
    """
    mine = {
        one.target.id: one.functional_id
        for one in record.case.targets
        if one.outcome is not Outcome.ALREADY
    }
    last: dict[str | None, Entry] = {}
    for one in record.ledger:
        if one.what == INTENDED:
            last[one.target_id] = one
        elif one.what in UNDONE:
            last.pop(one.target_id, None)
    for target_id, entry in last.items():
        taker = mine.get(target_id or "")
        if taker is not None and entry.detail != taker.id:
            text = f"the reset was by {entry.detail}, the case names {taker.id}"
            yield _broken(12, record, entry, text)


def safe_stands_in_the_ledger(record: Record) -> Iterator[Broken]:
    """Rule 5: a safe target's last word in the ledger is the read-back of it."""
    by_target = _by_target(record)
    for one in record.case.targets:
        mine = by_target.get(one.target.id, [])
        said = [each.what for each in mine if each.what in {INTENDED, *OUTCOMES}]
        if one.is_safe and said[-1:] != [f"target.{one.outcome}"]:
            text = f"it is {one.outcome}, and the ledger has no read-back at the end"
            yield Broken(5, record.case.id, one.target.id, text)


def final_comes_last(record: Record) -> Iterator[Broken]:
    """Rule 5: a case is settled, and told so, with nothing out."""
    settled = 0
    out: set[str | None] = set()
    for one in record.ledger:
        if one.what == INTENDED:
            out.add(one.target_id)
        elif one.what in UNDONE or one.what in OUTCOMES:
            out.discard(one.target_id)
        elif one.what == "case.settled":
            settled += 1
            for each in sorted(str(one) for one in out):
                text = "the case was settled while a reset of it was out"
                yield Broken(5, record.case.id, each, text)
        elif one.what == "target.extra_reset" and settled:
            # Found after the report, it is reported once more.
            settled += 1
        elif _final_number(one) > settled:
            yield _broken(5, record, one, "a final report before the case was settled")


def nothing_after_the_end(record: Record) -> Iterator[Broken]:
    """Rule 8: the ledger ends a case once, and where the case says that it ended."""
    ends = [
        one.what
        for one in record.ledger
        if one.what in ("case.settled", "case.cancelled", "case.joined", "case.retried")
    ]
    for before, after in pairwise(ends):
        if before != "case.retried" and after != "case.retried":
            text = f"{after} after {before}, and nobody retried it"
            yield Broken(8, record.case.id, None, text)


BY_LEDGER: Final = (
    dry_run_intended_nothing,
    intents_are_bounded,
    ledger_and_case_agree,
    intents_do_not_overlap,
    intents_follow_a_plan,
    nothing_held_was_reset,
    doubtful_waits,
    intended_is_who_owns,
    safe_stands_in_the_ledger,
    final_comes_last,
    nothing_after_the_end,
)


def _by_target(record: Record) -> dict[str, list[Entry]]:
    """Return the entries about each target; a report's line is no target."""
    found: dict[str, list[Entry]] = {}
    for one in record.ledger:
        if one.target_id is not None and one.what.startswith("target."):
            found.setdefault(one.target_id, []).append(one)
    return found


def _is_out_after(one: Entry, *, is_out: bool) -> bool:
    if one.what == INTENDED:
        return True
    return is_out and one.what not in UNDONE and one.what not in OUTCOMES


def _why_not(one: Entry, why: str) -> str:
    """Tell why nothing may be reset after an entry; empty if it may."""
    if one.what in _OVER:
        return _OVER[one.what]
    if one.what in _BEGUN_ANEW:
        return ""
    is_over = why in _OVER.values()
    if one.what in _LET_GO:
        return why if is_over else ""
    is_held = one.what == "case.held" and one.reason not in _PARTLY
    return f"was held ({one.reason})" if is_held and not is_over else why


def _final_number(one: Entry) -> int:
    """Return the number of the final report an entry tells of; 0 if it is none."""
    name = one.target_id or ""
    is_end = ":final:" in name or ":digest:" in name
    if not one.what.startswith("report.") or not is_end:
        return 0
    return int(name.rpartition(":")[2])


def _broken(rule: int, record: Record, one: Entry, what: str) -> Broken:
    return Broken(rule, record.case.id, one.target_id, what)
