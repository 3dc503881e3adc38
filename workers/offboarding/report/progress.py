"""What is told of a case while it is under way: how far it is, and what is at stake.

Two reports: the message that is kept up to date, and what says below it what failed.
"""

from collections.abc import Collection, Iterator
from typing import Final

from workers.offboarding.advice import advise, cleaned, sentence
from workers.offboarding.errors import Reason
from workers.offboarding.model import Case, CaseStatus, CaseTarget, Outcome
from workers.offboarding.report.clocks import at_stake
from workers.offboarding.report.counts import ended_badly as counted_badly
from workers.offboarding.report.facts import is_accepted
from workers.offboarding.report.phrases import listed, time_of, where, with_id
from workers.offboarding.report.targets import OUTCOMES, sorted_targets
from workers.offboarding.report.value import Item, Keep, Line
from workers.offboarding.words import counted

_BADLY: Final = (Outcome.FAILED, Outcome.UNREAD, Outcome.CHANGED_HANDS)
_SHOWN: Final = 5
_CLUSTERS_SHOWN: Final = 4
_BAR: Final = 20


def ended_badly(case: Case) -> list[CaseTarget]:
    """Return the targets that ended and need somebody, in the order of a report."""
    return [
        one
        for one in sorted_targets(case)
        if one.outcome in _BADLY and not is_accepted(one)
    ]


def counts_so_far(case: Case) -> str:
    """Count the targets: verified ones of how many, what went wrong, what is left."""
    all_ = len(case.targets)
    safe = sum(one.is_safe for one in case.targets)
    accepted = sum(is_accepted(one) for one in case.targets)
    left = sum(one.outcome is None for one in case.targets)
    word = "waiting" if case.status is CaseStatus.WAITING else "under way"
    parts = [f"{safe} of {counted(all_, 'target')} verified", *counted_badly(case)]
    parts += [f"{accepted} not seen and accepted as that"] if accepted else []
    parts += [f"{left} {word}"] if left and not case.is_over else []
    parts += [f"{left} not touched"] if left and case.is_over else []
    return ", ".join(parts)


def progress_of(case: Case) -> Iterator[Item]:
    """Show how far the case is, in a line that needs no picture, and when it ended."""
    ended = sum(one.is_settled for one in case.targets)
    all_ = len(case.targets)
    full = _BAR * ended // all_ if all_ else 0
    bar = "■" * full + "□" * (_BAR - full)
    yield Item((f"{bar} {ended} of {all_} ended",))
    if case.started_at is not None:
        yield Item((f"Begun: {time_of(case.started_at)}",))
    if case.is_over and case.settled_at is not None:
        at = time_of(case.settled_at)
        yield Item((f"Ended: {at}. The report in this thread has the whole of it.",))
    elif case.is_held:
        yield Item(("What is to be decided, and how, is said in this thread.",))


def failures_of(case: Case) -> Iterator[Item]:
    """Tell which targets ended badly and why, each in a line."""
    mine = ended_badly(case)
    for one in mine[:_SHOWN]:
        yield Item((*_how(case, one), f" {_why(one)}"))
    if len(mine) > _SHOWN:
        yield Item((f"and {len(mine) - _SHOWN} more",))


def to_mend(case: Case, ids: Collection[str]) -> Iterator[Item]:
    """Tell of each of the targets *ids* what to do about it, with the exact command."""
    for one in ended_badly(case):
        if one.target.id not in ids:
            continue
        advice = advise(one)
        if advice is None:
            yield Item((*_how(case, one), f" {_why(one)}"))
            continue
        line = (*_how(case, one), f" {cleaned(advice.text, 1600)}")
        who = (f"Who: {cleaned(advice.who)}.",)
        yield Item(line, (who,), advice.command, Keep.FIRST)


def _how(case: Case, one: CaseTarget) -> Line:
    return *where(case, one), f": {OUTCOMES[one.outcome]}."


def _why(one: CaseTarget) -> str:
    return sentence(one.reason or Reason.OWNER_UNKNOWN)


def breaks_of(case: Case) -> Iterator[Item]:
    """Tell which clusters still hang on the key of who leaves, and what that means."""
    if case.is_over:
        return
    left = [one for one in sorted_targets(case) if not _is_done(one)]
    if not left:
        return
    yield Item((at_stake(case),))
    for one in left[:_SHOWN]:
        yield Item((*where(case, one), ": ", *_clusters(one)))
    if len(left) > _SHOWN:
        yield Item((f"and {len(left) - _SHOWN} places more",))


def _is_done(one: CaseTarget) -> bool:
    # Who owns what is not seen, or changed hands, nobody can say here.
    return one.is_safe or one.outcome in (Outcome.UNREAD, Outcome.CHANGED_HANDS)


def _clusters(one: CaseTarget) -> Line:
    mine = one.target.clusters
    shown = [with_id(each.name, each.id)[:1] for each in mine[:_CLUSTERS_SHOWN]]
    many = len(mine) - len(shown)
    more = (f" and {many} more",) if many else ()
    return (
        (counted(len(mine), "cluster"), ": ", *listed(shown), *more)
        if mine
        else ("no cluster",)
    )
