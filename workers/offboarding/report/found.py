"""What was found of the leaver's, and what could not be seen."""

from collections.abc import Iterator
from typing import Final

from workers.offboarding.advice import cleaned, sentence
from workers.offboarding.errors import Reason
from workers.offboarding.model import Case, Outcome
from workers.offboarding.report.facts import (
    HOLDS,
    blind_spots,
    count_of,
    hold_notes,
    hold_reasons,
    is_adoption,
)
from workers.offboarding.report.phrases import named, time_of, where
from workers.offboarding.report.targets import blind_spot, sorted_targets
from workers.offboarding.report.value import Item, Keep

# Warnings that something was not seen, in the order of a report.
_UNSEEN: Final = (
    Reason.SCOPE_UNMATCHED,
    Reason.LIST_UNREADABLE,
    Reason.LIST_SHORT,
    Reason.CLASSIC_CREDENTIAL_ELSEWHERE,
)
_TOLD_ELSEWHERE: Final = (Reason.NOT_ARMED, Reason.JOINED, *HOLDS)


def unseen_of(case: Case) -> Iterator[Item]:
    """Tell what was not seen, lists before targets, then the other warnings.

    A part of the account that was asked for and is not there comes before all.
    """
    notes = [one for one in case.warnings if one.reason not in _TOLD_ELSEWHERE]
    lists = [one for reason in _UNSEEN for one in notes if one.reason is reason]
    for note in lists:
        yield Item((cleaned(note.text),))
    for one in sorted_targets(case):
        if one.outcome is Outcome.UNREAD:
            said = sentence(one.reason or Reason.OWNER_UNKNOWN)
            line = (*where(case, one), f": {said}")
            yield Item(line, tuple(blind_spot(one)), keep=Keep.FIRST)
    for note in notes:
        if note not in lists:
            yield Item((cleaned(note.text),))


def found_of(case: Case) -> Iterator[Item]:
    """Tell what holds the case, how many keys were found, how many not read."""
    holds = "What would hold an armed run" if case.dry_run else "What holds the case"
    for note in hold_notes(case):
        yield Item((f"{holds}: {cleaned(note.text)}",))
    # Before it is clear who leaves, "0 keys" would say more than anybody knows.
    if case.plan is None or _is_nobody_yet(case):
        yield Item(("Nothing was looked for so far.",))
        return
    accepted = blind_spots(case)
    unread = count_of(case, Outcome.UNREAD) + accepted
    whose = "to take over" if is_adoption(case) else "of the leaver"
    yield Item((f"Cluster API keys {whose}: {len(case.targets) - unread}",))
    blind = f", {accepted} of them accepted as blind spots" if accepted else ""
    yield Item((f"Cluster API keys whose owner could not be read: {unread}{blind}",))
    made_at = time_of(case.plan.made_at)
    yield Item((f"Plan made: {made_at}, ", named(case.plan.hash)))


def _is_nobody_yet(case: Case) -> bool:
    before = {Reason.PROTECTED_USER, Reason.AMBIGUOUS_PERSON}
    return bool(before & hold_reasons(case))
