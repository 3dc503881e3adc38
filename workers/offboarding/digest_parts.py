"""What of a digest does not wait yet: what grows weak, exposure, what was done."""

from collections.abc import Iterator
from typing import Final

from workers.offboarding.digest import Digest, Figures
from workers.offboarding.digest_waits import MOST, page_of, people
from workers.offboarding.errors import Reason
from workers.offboarding.functional_ids import FunctionalIdState
from workers.offboarding.model import Case
from workers.offboarding.report.phrases import about, listed, named, time_of
from workers.offboarding.report.value import Item, Line, Name
from workers.offboarding.words import counted

# How many cases that found nothing are named; the list has all of them.
NAMED: Final = 20


def weak_part(one: Digest) -> Iterator[Item]:
    """Say what could not be relied on in a departure."""
    weak = one.weak
    yield from (_functional_id(one, state) for state in weak.functional_ids[:MOST])
    if weak.functional_ids[MOST:]:
        yield Item((f"And {len(weak.functional_ids) - MOST} more that are weak.",))
    for account in weak.refused[:MOST]:
        yield Item(("IAM refuses a key that is held for account ", named(account), "."))
    if weak.functional_ids or weak.refused:
        yield Item(("See what mends them:",), (), "offboard doctor")
    for source, since in weak.silent[:MOST]:
        text = f" is silent since {time_of(since)}; its events may be lost:"
        yield Item(("Source ", named(source), text), (), "offboard source list")
    for each in weak.failing[:MOST]:
        text = f" ended well since {time_of(each.since)}: its exposure is old."
        yield Item(("No survey of account ", _account(one, each.account_id), text))
    for key in weak.old_keys[:MOST]:
        made = f" was made on {key.made_at:%Y-%m-%d}: rotate it." if key.made_at else ""
        where = _account(one, key.account_id)
        yield Item(("The API key of ", named(key.name), " in account ", where, made))


def _functional_id(one: Digest, state: FunctionalIdState) -> Item:
    free = "" if state.free is None else f", {counted(state.free, 'key slot')} free"
    line: Line = (
        named(state.shown_name),
        " in account ",
        _account(one, state.account_id),
        f": owns {counted(state.owns, 'target')}{free}.",
    )
    shown: list[Line] = [(named(note.text, 200),) for note in state.weak[:2]]
    if state.weak[2:]:
        shown.append((f"And {len(state.weak) - 2} more.",))
    return Item(line, tuple(shown))


def _account(one: Digest, account_id: str) -> Name:
    return named(one.names.get(account_id) or account_id)


def exposure_part(one: Digest) -> Iterator[Item]:
    """Say what hangs on people now, and how that changed."""
    now, before = one.figures, one.before.figures if one.before else None
    if now is None or one.surveyed_at is None:
        yield Item(("Not every account was surveyed yet, so nobody can tell.",))
        return
    outage = counted(now.departures, "departure")
    text = f"{outage} from an outage{_change(before, 'departures', now)}:"
    why = "So many people own keys with clusters behind them."
    yield Item((text,), ((why,),), "offboard exposure --people-only")
    yield from _left(now, before)
    yield from _unread(now, before)
    yield Item((f"As surveyed; the oldest survey is of {time_of(one.surveyed_at)}.",))


def _left(now: Figures, before: Figures | None) -> Iterator[Item]:
    if now.left:
        own = "owns" if now.left == 1 else "own"
        still = f"{people(now.left)} left and still {own} keys"
        yield Item((f"{still}{_change(before, 'left', now)}.",))
    elif before is not None and before.left:
        yield Item(("Nobody who left owns a key any more.",))


def _unread(now: Figures, before: Figures | None) -> Iterator[Item]:
    if now.unread:
        many = counted(now.unread, "target")
        yield Item((f"{many} could not be read{_change(before, 'unread', now)}.",))
    elif before is not None and before.unread:
        yield Item(("Every target could be read again.",))


def _change(before: Figures | None, name: str, now: Figures) -> str:
    """Say how a figure changed since the last digest."""
    if before is None:
        return ""
    more: int = getattr(now, name) - getattr(before, name)
    if not more:
        return ", as at the last digest"
    return f", {abs(more)} {'more' if more > 0 else 'fewer'} than at the last digest"


def done_part(one: Digest) -> Iterator[Item]:
    """Say what ended since the last digest; who owned nothing by name."""
    attention, safe = one.ended_since("attention"), one.ended_since("safe")
    if attention:
        text = f"{counted(attention, 'case')} ended with attention, told at the time:"
        command = "offboard case list --result attention"
        yield Item((text,), (), command, link=page_of(one, "attention"))
    if safe:
        yield Item((f"{counted(safe, 'case')} ended safe.",))
    planned = one.ended_since("planned")
    if planned:
        yield Item((f"{counted(planned, 'dry run')} ended.",))
    yield from _clean(one)


def _clean(one: Digest) -> Iterator[Item]:
    if not one.clean_many:
        return
    shown = one.clean[:NAMED]
    found = f"{people(one.clean_many)} left and owned nothing; nothing was done"
    names = (": ", *listed(map(_who, shown))) if shown else ()
    unproven = sum(_has(case, Reason.VISIBILITY_NOT_PROVEN) for case in shown)
    doubt = f"For {unproven} of them it is not proven that the reader sees everything."
    yield Item((found, *names, "."), ((doubt,),) if unproven else ())
    more = one.clean_many - len(shown)
    if more > 0:
        result = "clean" if one.is_armed else "planned"
        command = f"offboard case list --result {result}"
        yield Item((f"And {more} more:",), (), command, link=page_of(one, result))


def _who(case: Case) -> Line:
    said: list[str] = []
    if _has(case, Reason.PERSON_NOT_FOUND):
        said.append("unknown to the accounts")
    blind = sum(one.blind is not None for one in case.targets)
    if blind:
        said.append(f"but for {counted(blind, 'blind spot')}")
    return (*about(case), f" ({', '.join(said)})") if said else about(case)


def _has(case: Case, reason: Reason) -> bool:
    return any(one.reason is reason for one in case.warnings)
