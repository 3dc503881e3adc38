"""The owner index as numbers of a scrape: who owns what, how accounts fare. Pure."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from workers.offboarding.exposure import (
    AccountIndex,
    Holding,
    ReadingKind,
    exposure_of,
)
from workers.offboarding.metrics import (
    EXPOSED,
    FREE_SLOTS,
    FROM_OUTAGE,
    LEAVERS,
    WEAK,
    Sample,
)
from workers.offboarding.model import OwnerKind

UNREAD: Final = "unread"
_KINDS: Final = (*(str(one) for one in OwnerKind), UNREAD)


def index_samples(indexes: Sequence[AccountIndex]) -> Iterator[Sample]:
    """Say who owns what by the owner index, and how functional IDs stand."""
    for one in indexes:
        yield from _of_account(one)
    people = exposure_of(indexes).departures_from_outage
    yield Sample(FROM_OUTAGE, (), people)


def _of_account(index: AccountIndex) -> Iterator[Sample]:
    mine = (index.account_id,)
    kinds = Counter(_kind(one) for one in index.holdings)
    for kind in _KINDS:
        yield Sample(EXPOSED, (*mine, kind), kinds[kind])
    # Of who left little can be read now: whose it was when it was read counts.
    left = sum(one.has_left for one in index.holdings)
    yield Sample(LEAVERS, mine, left)
    weak = sum(bool(one.weak) for one in index.functional_ids)
    yield Sample(WEAK, mine, weak)
    free = {
        one.shown_name: one.free for one in index.functional_ids if one.free is not None
    }
    for name, slots in free.items():
        yield Sample(FREE_SLOTS, (*mine, name), slots)


def _kind(one: Holding) -> str | None:
    """Say whose a target is; None where it plainly is nobody's."""
    if one.owner_now is not None:
        return one.owner_now.kind
    return UNREAD if one.reading is ReadingKind.UNREAD else None
