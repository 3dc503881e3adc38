"""The rules that hold always, as code.

By their numbers in the design, section 7. Pure: whoever has a case, its ledger and what
the far side got can ask; the tests of faults do, and the workers where it is cheap.
What no record shows is not asked here: that no secret is kept (10), and that evidence
verifies (11). A pause (1) is no part of a case; the store looks at it in the write that
precedes a reset.
"""

from collections.abc import Collection, Sequence
from datetime import timedelta
from itertools import chain

from workers.offboarding.model import CaseStatus
from workers.offboarding.rules.by_case import BY_CASE
from workers.offboarding.rules.by_change import (
    GuardedWorks,
    RuleBrokenError,
    broken_in_change,
)
from workers.offboarding.rules.by_journal import (
    cases_do_not_overlap,
    intents_of,
    sent_as_intended,
    sent_where_it_says,
)
from workers.offboarding.rules.by_ledger import BY_LEDGER
from workers.offboarding.rules.values import Broken, Record, SentReset

__all__ = [
    "Broken",
    "GuardedWorks",
    "Record",
    "RuleBrokenError",
    "SentReset",
    "broken_by",
    "broken_in",
    "broken_in_change",
    "unfinished",
]


def broken_in(record: Record) -> tuple[Broken, ...]:
    """Find the rules that one case breaks by its own record."""
    by_case = (check(record.case) for check in BY_CASE)
    by_ledger = (check(record) for check in BY_LEDGER)
    return tuple(chain(*by_case, *by_ledger))


def broken_by(
    records: Sequence[Record],
    resets: Sequence[SentReset],
    accepted: Collection[str] = (),
    *,
    ours: Collection[str] = (),
    skew: timedelta = timedelta(),
) -> tuple[Broken, ...]:
    """Find the rules that all cases together break, held against the far side.

    Args:
        records: Every case there is.
        resets: Every reset the far side got, whatever it answered.
        accepted: Keys of departures that were acknowledged: each is in some case.
        ours: IAM IDs of functional IDs besides those that the cases name.
        skew: How much later than the far side's our clock may be.
    """
    known = frozenset(chain(ours, *(one.functional_ids for one in records)))
    intents = list(chain.from_iterable(intents_of(one) for one in records))
    return (
        *chain.from_iterable(broken_in(one) for one in records),
        *cases_do_not_overlap(intents),
        *sent_as_intended(intents, resets, known, skew),
        *sent_where_it_says(records, resets, known),
        *_vanished(records, accepted),
    )


def unfinished(records: Sequence[Record]) -> tuple[Broken, ...]:
    """Find cases that are open though nothing works on them any more (rule 8).

    For the end of a test, when all that was due is done; a case that waits stands on a
    list, and a scheduled one awaits its day.
    """
    return tuple(
        Broken(8, one.case.id, None, "the case is open, and nothing is due any more")
        for one in records
        if one.case.status is CaseStatus.OPEN
    )


def _vanished(
    records: Sequence[Record], accepted: Collection[str]
) -> tuple[Broken, ...]:
    """Rule 8: what was acknowledged stands in a case."""
    opened = (one.case.opened_by.event_key for one in records)
    joined = (entry.detail for one in records for entry in one.ledger)
    known = {*opened, *joined}
    return tuple(
        Broken(8, "", None, f"the event {each} was accepted and is in no case")
        for each in accepted
        if each not in known
    )
