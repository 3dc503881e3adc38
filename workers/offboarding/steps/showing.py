"""Show: the message that tells of a case under way, kept as the case is until it ends.

It has work of its own, beside the outbox: a report is told once, and this again and
again. Nothing waits for it.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.discovery import asked_wait
from workers.offboarding.errors import (
    CaseChangedError,
    LeaseLostError,
    TransientError,
)
from workers.offboarding.model import (
    Case,
    CaseStatus,
    ReportKind,
    ReportLine,
    ReportState,
    Root,
    Step,
    Work,
)
from workers.offboarding.ports import Change, Claim, Notifier
from workers.offboarding.report.progress import ended_badly
from workers.offboarding.steps.tools import Tools, entry_of, lines_for, pause

_OFTEN: Final = timedelta(seconds=3)
_SELDOM: Final = timedelta(seconds=30)
_WHILE_WAITING: Final = timedelta(seconds=60)
_RARELY: Final = timedelta(minutes=5)
# Without a change for so long, it is looked at less often. A plan and an end are
# looked for at once.
_QUIET: Final = timedelta(minutes=5)
_ASLEEP: Final = timedelta(hours=1)
# What fails within this of another is told with the next.
_BETWEEN_FAILURES: Final = timedelta(seconds=30)
# A case of a thousand targets takes long to read: so many of them cost a second more.
_TARGETS_A_SECOND: Final = 50
# Tries to show how a case ended: with pauses of up to five minutes, an hour.
_LAST_TRIES: Final = 15
_LONGEST_SECONDS: Final = 300
# A case that changes between reading and writing it is read again, so often.
_WRITES: Final = 10
# A report waits no longer than this for the message that it answers.
_LONGEST_FOR_ROOT: Final = timedelta(minutes=10)


def started(
    tools: Tools, case: Case
) -> tuple[tuple[ReportLine, ...], tuple[Work, ...]]:
    """Make the line of a case that has a plan, on each channel that can keep it.

    A case that has one already and is taken up again goes on with it.
    """
    if case.dry_run or case.plan is None or not case.targets:
        return (), ()
    lines = tuple(
        one
        for one in lines_for(tools, case, ReportKind.STARTED)
        if case.started_on(one.channel) is None
    )
    works = tuple(Work(case.id, Step.DELIVER, one.id) for one in lines)
    return lines, (*works, *case.to_show)


def awaits_root(case: Case, line: ReportLine, now: datetime) -> bool:
    """Tell whether a report is to answer a message that is about to be sent.

    That one has the same way to go, so it is sent, or has failed once, in a moment. In
    an old copy of the store it waits for people, and the report does not.
    """
    root = case.started_on(line.channel)
    # A room has no message that is kept, so nothing there answers one.
    if root is None or root.id == line.id or line.room:
        return False
    since = case.settled_at or case.held_at
    is_late = since is not None and now > since + _LONGEST_FOR_ROOT
    return root.state is ReportState.PENDING and not root.tries and not is_late


def shown_with(case: Case, line: ReportLine) -> tuple[Work, ...]:
    """Return what follows the delivery of *line*: to show what it tells of, too."""
    if line.room:
        return ()
    started_line = line if line.root is not None else case.started_on(line.channel)
    has_root = started_line is not None and started_line.root is not None
    return (Work(case.id, Step.SHOW),) if has_root else ()


def show(tools: Tools, claim: Claim) -> tuple[Work, ...]:
    """Bring the message of a case up to date, and come back until the case is over."""
    now = tools.clock()
    case = tools.cases.load(claim.work.case_id)
    line = next((one for one in case.reports if one.root is not None), None)
    notifier = tools.notifiers.get(line.channel) if line is not None else None
    is_kept = notifier is not None and notifier.takes(ReportKind.STARTED)
    if line is None or line.root is None or notifier is None or not is_kept:
        return tools.works.finish(claim, Change())
    if tools.switches.is_restored():
        # An old copy knows less than the message says already.
        return tools.works.again(claim, Change(), now + _WHILE_WAITING)
    if line.root.later is not None and line.root.later > now:
        return tools.works.again(claim, Change(), line.root.later)
    fresh = _untold(case, line, line.root, now)
    if fresh:
        return _tell(tools, claim, case, line, fresh, notifier)
    return _change(tools, claim, case, line, notifier)


def _untold(case: Case, line: ReportLine, root: Root, now: datetime) -> tuple[str, ...]:
    """Return the targets that ended badly and that nobody was told of yet.

    The end of a case tells of all of them, and so does what says that it is held.
    """
    is_early = root.told_at is not None and now < root.told_at + _BETWEEN_FAILURES
    is_last = all(one.is_settled for one in case.targets)
    if case.is_over or is_last or is_early:
        return ()
    held = [
        one
        for one in case.reports
        if one.kind is ReportKind.HELD and one.channel is line.channel and not one.room
    ]
    if any(one.state is ReportState.PENDING for one in held):
        return ()
    told_at = max((one.at for one in held if one.at is not None), default=None)
    known = {*root.told, *root.telling}
    return tuple(
        one.target.id
        for one in ended_badly(case)
        if one.target.id not in known
        and not (told_at and one.settled_at and one.settled_at <= told_at)
    )


def _tell(
    tools: Tools,
    claim: Claim,
    case: Case,
    line: ReportLine,
    fresh: tuple[str, ...],
    notifier: Notifier,
) -> tuple[Work, ...]:
    """Tell of what failed, at most once: that it is told is written before."""
    now = tools.clock()
    before = _settled(line)
    if before.root is None:
        raise ValueError("What is told below a message has one")
    telling = replace(before, root=replace(before.root, telling=fresh, told_at=now))
    tools.works.record(claim, Change(reports=(telling,)))
    try:
        after = _settled(notifier.deliver(case, telling))
    except TransientError as error:
        at = now + max(timedelta(seconds=asked_wait(error)), _OFTEN)
        untold = replace(before, root=replace(before.root, later=at))
        return tools.works.again(claim, Change(reports=(untold,)), at)
    entry = entry_of(claim, now, "report.failures_told", detail=", ".join(fresh))
    change = Change(reports=(after,), entries=(entry,))
    return tools.works.again(claim, change, now + _OFTEN)


def _settled(line: ReportLine) -> ReportLine:
    """Count what was about to be told as told: whoever was at it may have done it."""
    root = line.root
    if root is None or not root.telling:
        return line
    told = (*root.told, *root.telling)
    return replace(line, root=replace(root, told=told, telling=()))


def _change(
    tools: Tools, claim: Claim, case: Case, line: ReportLine, notifier: Notifier
) -> tuple[Work, ...]:
    line = _settled(line)
    asked = timedelta()
    try:
        now_shown = notifier.deliver(case, line)
    except TransientError as error:
        asked = timedelta(seconds=asked_wait(error))
        now_shown = _failed(line, tools.clock() + asked)
    root = now_shown.root
    change = Change(reports=(now_shown,) if now_shown != line else ())
    now = tools.clock()
    try:
        # One that was gone has no root, and whether there is another nobody knows.
        if root is None or _was_last(case, root):
            return tools.works.finish(claim, change)
        return tools.works.again(
            claim, change, now + max(_wait(case, root, now), asked)
        )
    except LeaseLostError:
        _show_anew(tools, case.id, line)
        raise


def _was_last(case: Case, root: Root) -> bool:
    return case.is_over and (not root.faults or root.faults > _LAST_TRIES)


def _show_anew(tools: Tools, case_id: str, line: ReportLine) -> None:
    """Have a message brought up to date that was changed by who stood still too long.

    What it shows now is older than what is written of it.
    """
    for _ in range(_WRITES):
        case = tools.cases.load(case_id)
        mine = case.started_on(line.channel)
        if mine is None or mine.root is None:
            return
        unknown = replace(mine, root=replace(mine.root, digest=""))
        change = Change(reports=(unknown,), after=(Work(case_id, Step.SHOW),))
        try:
            tools.works.own_up(case, change)
        except CaseChangedError:
            continue
        return


def _failed(line: ReportLine, later: datetime) -> ReportLine:
    root = line.root
    if root is None:
        return line
    return replace(line, root=replace(root, faults=root.faults + 1, later=later))


def _wait(case: Case, root: Root, now: datetime) -> timedelta:
    if root.faults:
        first = _OFTEN.total_seconds()
        grown = pause(
            root.faults, longest_seconds=_LONGEST_SECONDS, first_seconds=first
        )
        return max(grown, _OFTEN)
    large = timedelta(seconds=len(case.targets) / _TARGETS_A_SECOND)
    quiet = now - root.shown_at
    if quiet > _ASLEEP:
        return _RARELY
    if case.status is CaseStatus.WAITING:
        return max(_WHILE_WAITING, large)
    return max(_SELDOM if quiet > _QUIET else _OFTEN, large)
