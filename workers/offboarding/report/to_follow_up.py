"""The follow-ups that a report lists: those for the pods of one add-on are one item."""

from collections.abc import Iterator, Sequence

from workers.offboarding.addon_pods import MOST_AT_ONCE, renewal_command, renewal_of
from workers.offboarding.advice import cleaned, command_for, renewed_by
from workers.offboarding.follow_ups import Numbered, numbered_follow_ups
from workers.offboarding.model import (
    RETIRE_OLD_KEY,
    Case,
    CaseResult,
    CaseTarget,
    FollowUp,
)
from workers.offboarding.report.commands import done_command
from workers.offboarding.report.phrases import where, with_id
from workers.offboarding.report.value import Item, Keep, Line


def to_follow_up(case: Case, account_id: str | None = None) -> Iterator[Item]:
    """Tell the follow-ups that are not done, with what does them and ticks them off.

    With an account those of it alone, under the numbers that they have in the case.
    """
    left = [
        one
        for one in numbered_follow_ups(case)
        if one[2].done_at is None and account_id in (None, one[1].target.account_id)
    ]
    mine: list[int] = []
    for several in _grouped(left):
        for at in range(0, len(several), MOST_AT_ONCE):
            batch = several[at : at + MOST_AT_ONCE]
            item = _batch(case, batch) if batch[1:] else _one(case, *batch[0])
            mine += item.follow_ups
            yield item
    if mine:
        # A command of its own: within a sentence a mail would break it.
        text = "they are done, tick them" if mine[1:] else "it is done, tick it"
        yield Item((f"When {text} off:",), (), done_command(case, *sorted(mine)))


def _grouped(left: Sequence[Numbered]) -> list[list[Numbered]]:
    """Put those together that one command does; each other stands alone."""
    groups: dict[str | int, list[Numbered]] = {}
    for one in left:
        number, _, follow_up = one
        groups.setdefault(renewed_by(follow_up) or number, []).append(one)
    return list(groups.values())


def _batch(case: Case, several: Sequence[Numbered]) -> Item:
    numbers = tuple(number for number, _, _ in several)
    addon = several[0][2].addon or ""
    clusters = [one.cluster_id or "" for _, _, one in several]
    command = renewal_command(addon, clusters)
    places = tuple(_place(case, one) for one in several)
    if case.dry_run:
        # No clock runs in a dry run, so there is nothing to tick off.
        return Item((renewal_of(addon),), places, command, Keep.FIRST)
    line = (f"Follow-ups {_range(numbers)}: {renewal_of(addon)}",)
    return Item(line, places, command, Keep.FIRST, follow_ups=numbers)


def _place(case: Case, numbered: Numbered) -> Line:
    number, target, one = numbered
    names = {each.id: each.name for each in target.target.clusters}
    ident = one.cluster_id or ""
    cluster = with_id(names.get(ident) or ident, ident)
    return ("" if case.dry_run else f"{number}: ", *cluster, ", ", *where(case, target))


def _range(numbers: Sequence[int]) -> str:
    return f"{', '.join(str(one) for one in numbers[:-1])} and {numbers[-1]}"


def _one(case: Case, number: int, target: CaseTarget, follow_up: FollowUp) -> Item:
    line = (*where(case, target), f": {cleaned(follow_up.text)}")
    if follow_up.care is not None and not follow_up.care.is_refused:
        by_itself = ((_by_itself(case, follow_up),),)
        return Item((f"Follow-up {number}, ", *line), by_itself, keep=Keep.LAST)
    command = command_for(follow_up, target.target)
    if case.dry_run:
        return Item(line, (), command, Keep.FIRST)
    line = (f"Follow-up {number}, ", *line)
    return Item(line, (), command, Keep.FIRST, follow_ups=(number,))


def _by_itself(case: Case, follow_up: FollowUp) -> str:
    if follow_up.kind == RETIRE_OLD_KEY and case.result is not CaseResult.SAFE:
        return "The service does this once the case is retried and ends safe."
    return "The service does this by itself; nobody has to."
