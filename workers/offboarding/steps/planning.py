"""Plan: who is meant, what is theirs, and whether anything stops it.

The plan starts what it can at once: what the owner index says is theirs first, then
what a look at everything adds. Where another look may show more, the step comes back;
in the end it says what it could not see.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.discovery import look_at_all
from workers.offboarding.errors import (
    PermanentError,
    Reason,
    TransientError,
)
from workers.offboarding.exposure import AccountIndex
from workers.offboarding.joining import folded
from workers.offboarding.judging import LATER, Look, blocked_by, targets_of
from workers.offboarding.model import (
    Case,
    CaseStatus,
    CaseTarget,
    KeyOwner,
    Note,
    Outcome,
    Plan,
    ReportKind,
    ReportLine,
    Step,
    Work,
)
from workers.offboarding.plan import Resolved, hash_of, refusals, who_is
from workers.offboarding.ports import Change, Claim
from workers.offboarding.steps.remembering import remembered_views
from workers.offboarding.steps.tools import (
    CRASH_LIMIT,
    Tools,
    entry_of,
    lines_for,
    pause,
    with_target,
)
from workers.offboarding.view import View
from workers.offboarding.warnings import warned

# Looks before what still cannot be seen is reported as not seen: a good minute.
LOOKS: Final = 7


@dataclass(frozen=True, slots=True)
class Try:
    """One try at planning: the claim it runs under, when, how much it may leave.

    ``indexes`` is what surveys have read, one for each account that was looked at.
    """

    claim: Claim
    at: datetime
    folds: int
    is_last: bool
    indexes: tuple[AccountIndex, ...] = ()

    @property
    def owners(self) -> list[KeyOwner]:
        """Return every owner that surveys have read."""
        return [
            one.owner
            for index in self.indexes
            for one in index.holdings
            if one.owner is not None
        ]


def plan(tools: Tools, claim: Claim) -> tuple[Work, ...]:
    """Make the plan of a case, or add to it, and send its resets on their way."""
    now = tools.clock()
    read = tools.cases.load(claim.work.case_id)
    case = folded(read, tools.lead_time, now)
    this = Try(claim, now, len(read.departures), read.tries + 1 >= LOOKS)
    if case.status is CaseStatus.SETTLED:
        return tools.works.finish(claim, Change())
    if case.starts_at > now and case.started_at is None and case.joined_to is None:
        change = Change(case=case, folded=this.folds)
        return tools.works.again(claim, change, case.starts_at)
    if case.joined_to is not None:
        other = tools.cases.adopt(case)
        if other is not None:
            return _give_way(tools, this, case, other)
    if claim.claims > CRASH_LIMIT:
        return _give_up(tools, this, case)
    case = _armed_or_not(tools, case)
    case = replace(case, started_at=case.started_at or now, joined_to=None)
    case = replace(case, status=_status(case))
    indexes = tuple(tools.index.of(each) for each in tools.accounts)
    this = replace(this, indexes=indexes)
    is_fresh = not (case.tries or case.targets or case.dry_run)
    begun = _begin(tools, this, case) if is_fresh else None
    return _look(tools, this, case) if begun is None else begun


def _begin(tools: Tools, this: Try, case: Case) -> tuple[Work, ...] | None:
    """Send what the owner index says is theirs on its way, before all is looked at.

    Each owner is read live first. None where the index does not plainly say who is
    meant and what is theirs: then only the full look can.
    """
    views = remembered_views(tools, this.indexes, case, this.at)
    if views is None:
        return None
    resolved = _resolved(tools, this, case, views)
    looks = _looks(tools, this, case, resolved, views)
    case = replace(case, leaver=resolved.leaver)
    if _refused(tools, case, resolved, views) or tools.cases.adopt(case) is not None:
        return None
    # Only what is plainly theirs: all else is for the full look to say.
    mine = tuple(
        one
        for one in _found(tools, this, case, looks)
        if isinstance(one, CaseTarget) and not one.is_settled
    )
    if not mine:
        return None
    case = replace(case, targets=mine, tries=1)
    case = replace(case, plan=_planned(case, this.at))
    entry = entry_of(
        this.claim,
        this.at,
        "case.planned_from_index",
        detail=f"{len(mine)} targets of the leaver known to the owner index",
    )
    change = Change(
        case=case,
        targets=mine,
        folded=this.folds,
        entries=(entry,),
        after=case.after(Step.PLAN),
    )
    return (*tools.works.again(this.claim, change, this.at), this.claim.work)


def _status(case: Case) -> CaseStatus:
    """Tell the status of a case at work; what the pause holds, the resets let go."""
    is_paused = bool(_paused(case)) and case.status is CaseStatus.WAITING
    return CaseStatus.WAITING if is_paused else CaseStatus.OPEN


def _paused(case: Case) -> tuple[Note, ...]:
    refused = case.plan.refused if case.plan is not None else ()
    return tuple(note for note in refused if note.reason is Reason.PAUSED)


def _armed_or_not(tools: Tools, case: Case) -> Case:
    """Decide on the day whether a case is a dry run, as the service is armed then."""
    if tools.is_armed and case.was_put_off_unarmed:
        kept = (one for one in case.warnings if one.reason is not Reason.NOT_ARMED)
        return replace(case, dry_run=False, warnings=tuple(kept))
    return _disarmed(tools, case)


def _disarmed(tools: Tools, case: Case) -> Case:
    """Make a case of a service that cannot write the dry run that it is."""
    # What was begun armed is no dry run: it is told as it is.
    if case.dry_run or tools.is_armed or any(one.resets for one in case.targets):
        return case
    return case.unarmed()


def _look(tools: Tools, this: Try, case: Case) -> tuple[Work, ...]:
    """Look at everything, and go on with what that shows."""
    known = {one.target.id for one in case.targets}
    clouds = [each.cloud for each in tools.accounts.values()]
    views = look_at_all(clouds, case.scope, known)
    tools.switches.protect([one for view in views for one in view.ours])
    resolved = _resolved(tools, this, case, views)
    looks = _looks(tools, this, case, resolved, views)
    may_help = not this.is_last and not all(view.is_final for view in views)
    if may_help and not any(one.is_sure for one in looks):
        return _look_again(tools, this, case, views)
    case = replace(case, leaver=resolved.leaver)
    refused = _refused(tools, case, resolved, views)
    if refused:
        return _hold(tools, this, case, refused)
    other = None if case.dry_run else tools.cases.adopt(case)
    if other is not None:
        return _give_way(tools, this, case, other)
    return _go(tools, this, case, looks)


def _resolved(tools: Tools, this: Try, case: Case, views: Sequence[View]) -> Resolved:
    return who_is(
        case.leaver,
        views,
        case.aliases,
        named=case.as_named,
        same_people=tools.same_people,
        remembered=this.owners,
    )


def _refused(
    tools: Tools, case: Case, resolved: Resolved, views: Sequence[View]
) -> tuple[Note, ...]:
    ours = [one for view in views for one in view.ours]
    refused = refusals(resolved, protected=tools.protected, ours=ours)
    return refused or _known_as_ours(tools, resolved) or _named_twice(case)


def _looks(
    tools: Tools, this: Try, case: Case, resolved: Resolved, views: Sequence[View]
) -> list[Look]:
    """Pair each view with what is known besides."""
    by_account = {one.account_id: one for one in this.indexes}
    people = frozenset(one.iam_id for view in views for one in view.people)
    return [
        Look(
            at=this.at,
            leaver=resolved,
            view=view,
            index=by_account.get(view.account_id, AccountIndex(view.account_id)),
            is_last=this.is_last,
            is_sure=_is_sure(tools, case, view),
            people=people,
        )
        for view in views
    ]


def _is_sure(tools: Tools, case: Case, view: View) -> bool:
    """Tell whether enough was seen to say who is meant, and that they may be reset.

    A missing user list may hide a second person of that e-mail, or that the person is
    protected under a name nobody gave. Whoever was named by an IAM ID alone, while
    nobody is protected by name, is known without it. What an earlier look began it was
    sure of.
    """
    if any(
        one.target.account_id == view.account_id
        and one.was_planned
        and not one.is_settled
        for one in case.targets
    ):
        return True
    if not view.has_ours:
        return False
    named = case.as_named
    by_id_alone = named.iam_id is not None and named.email is None
    needs_people = not by_id_alone or bool(tools.protected)
    return not needs_people or view.has_people


def _known_as_ours(tools: Tools, resolved: Resolved) -> tuple[Note, ...]:
    """Turn away what a worker once published as ours, though it is not seen now."""
    leaver = resolved.leaver
    refs = (*leaver.refs, *(f"email:{one}" for one in resolved.names))
    if not tools.switches.is_protected(refs):
        return ()
    text = f"{leaver} is one of our own identities and is never offboarded."
    return (Note(Reason.PROTECTED_USER, text),)


def _look_again(
    tools: Tools, this: Try, case: Case, views: Sequence[View]
) -> tuple[Work, ...]:
    entry = entry_of(this.claim, this.at, "case.looked", reason=Reason.LIST_UNREADABLE)
    tried = replace(case, tries=case.tries + 1)
    change = Change(case=tried, folded=this.folds, entries=(entry,))
    at = _next_look(this, tried, views)
    return tools.works.again(this.claim, change, at)


def _next_look(this: Try, case: Case, views: Sequence[View]) -> datetime:
    asked = max((view.retry_after_seconds for view in views), default=0.0)
    wait = pause(case.tries - 1, longest_seconds=60)
    return this.at + max(wait, timedelta(seconds=asked))


def _named_twice(case: Case) -> tuple[Note, ...]:
    """Return the note that joined departures name different people, if they do."""
    return tuple(
        note for note in case.warnings if note.reason is Reason.AMBIGUOUS_PERSON
    )[:1]


def _give_up(tools: Tools, this: Try, case: Case) -> tuple[Work, ...]:
    """End a planning that kills its workers: what it would have seen counts as unseen.

    A held case stays held: nothing was looked at that could let it go.
    """
    if case.is_held:
        return tools.works.finish(this.claim, Change())
    text = f"{this.claim.claims - 1} workers ended without a word while they planned."
    view = View("", unseen=(Note(Reason.LIST_UNREADABLE, text),))
    case = replace(case, started_at=case.started_at or this.at, status=CaseStatus.OPEN)
    nobody = Resolved(case.leaver, ())
    look = Look(this.at, nobody, view, AccountIndex(""), is_last=True, is_sure=False)
    return _go(tools, replace(this, is_last=True), _disarmed(tools, case), [look])


def _give_way(tools: Tools, this: Try, case: Case, other: str) -> tuple[Work, ...]:
    """End a case whose leaver proved to be that of another open case."""
    text = f"The same person leaves in case {other}, which does the work."
    ended = replace(
        case.warned(Note(Reason.JOINED, text)),
        status=CaseStatus.CANCELLED,
        joined_to=other,
        settled_at=this.at,
    )
    entry = entry_of(this.claim, this.at, "case.joined", detail=other)
    change = Change(case=ended, folded=this.folds, entries=(entry,))
    return tools.works.finish(this.claim, change)


def _hold(
    tools: Tools, this: Try, case: Case, refused: tuple[Note, ...]
) -> tuple[Work, ...]:
    """Leave a case to a person: a guard stops it, and people are told why, once."""
    if any(one.resets for one in case.targets):
        return _stop(tools, this, case, refused)
    before = case.plan.refused if case.plan is not None else ()
    plan = Plan(hash_of(case.leaver, case.targets), this.at, refused)
    case = replace(case, plan=plan, tries=0)
    lines: tuple[ReportLine, ...] = ()
    if not case.dry_run:
        case = replace(case, status=CaseStatus.WAITING)
        lines = lines_for(tools, case, ReportKind.HELD) if before != refused else ()
    entry = entry_of(this.claim, this.at, "case.held", reason=refused[0].reason)
    change = Change(
        case=case,
        reports=lines,
        folded=this.folds,
        entries=(entry,),
        after=replace(case, reports=lines).after(Step.REPORT),
    )
    return tools.works.finish(this.claim, change)


def _stop(
    tools: Tools, this: Try, case: Case, refused: tuple[Note, ...]
) -> tuple[Work, ...]:
    """End what a guard stops after the first write: it can be cancelled no more.

    What was not begun fails with the guard's reason; what is out is read back.
    """
    [note, *_] = refused
    stopped = tuple(
        one.ended(Outcome.FAILED, this.at, reason=note.reason, detail=note.text)
        for one in case.targets
        if not one.is_settled and one.intent_at is None
    )
    for one in stopped:
        case = with_target(case, one)
    entry = entry_of(this.claim, this.at, "case.stopped", reason=note.reason)
    change = Change(
        case=replace(case.warned(*refused), tries=0),
        targets=stopped,
        folded=this.folds,
        entries=(entry,),
        after=case.after(Step.PLAN),
    )
    return tools.works.finish(this.claim, change)


def _go(tools: Tools, this: Try, case: Case, looks: Sequence[Look]) -> tuple[Work, ...]:
    found = _found(tools, this, case, looks)
    fresh = tuple(one for one in found if isinstance(one, CaseTarget))
    views = [one.view for one in looks]
    is_final = this.is_last or (
        LATER not in found and all(view.is_final for view in views)
    )
    started = {one.item for one in case.after(Step.PLAN)} if case.tries else set()
    case = replace(case, targets=case.targets + fresh, tries=case.tries + 1)
    listed = [one for view in views if view.keys for one in view.keys.keys]
    knows = {one.id for one in this.owners} | {one.iam_id for one in listed}
    case = warned(case, looks, knows=knows) if is_final else case
    case = case.warned(*_held_back(tools, case))
    case = replace(
        case,
        blocked=blocked_by(looks, case.blocked),
        is_gone=_is_gone(case, looks),
    )
    case = replace(case, plan=_planned(case, this.at))
    owned = [one for one in fresh if one.owner_before is not None]
    seen = sum(len(view.seen) for view in views)
    entry = entry_of(
        this.claim,
        this.at,
        "case.planned",
        detail=f"{seen} targets seen, {len(owned)} owned by the leaver",
    )
    change = Change(
        case=replace(case, tries=0) if is_final else case,
        targets=fresh,
        folded=this.folds,
        entries=(entry,),
        after=tuple(one for one in case.after(Step.PLAN) if one.item not in started),
    )
    if is_final:
        return tools.works.finish(this.claim, change)
    return tools.works.again(this.claim, change, _next_look(this, case, views))


def _is_gone(case: Case, looks: Sequence[Look]) -> bool:
    iam_id = case.leaver.iam_id
    is_seen = bool(looks) and all(one.view.sees_people for one in looks)
    return iam_id is not None and is_seen and iam_id not in looks[0].people


def _held_back(tools: Tools, case: Case) -> list[Note]:
    """Say which accounts of an armed case nothing is written in."""
    held = {
        one.target.account_id
        for one in case.targets
        if one.owner_before is not None
        and tools.accounts[one.target.account_id].resets is None
    }
    if case.dry_run or not tools.is_armed:
        return []
    text = "Account {} is held back by armed = false: nothing is written there."
    return [Note(Reason.NOT_ARMED, text.format(each)) for each in sorted(held)]


def _found(
    tools: Tools, this: Try, case: Case, looks: Sequence[Look]
) -> list[CaseTarget | str]:
    """Judge what was seen, and say of each target of theirs who takes it over."""
    known = {one.target.id for one in case.targets}
    found = [each for look in looks for each in targets_of(look, known, case.scope)]
    return [
        _assigned(tools, this, case, one)
        if isinstance(one, CaseTarget) and not one.is_settled
        else one
        for one in found
    ]


def _assigned(
    tools: Tools, this: Try, case: Case, target: CaseTarget
) -> CaseTarget | str:
    """Say who takes a target over; without an answer it fails, or waits for one."""
    cloud = tools.accounts[target.target.account_id].cloud
    try:
        target = replace(target, functional_id=cloud.candidates(target.target)[0])
    except (PermanentError, TransientError) as error:
        if isinstance(error, TransientError) and not this.is_last:
            return LATER
        return target.ended(
            Outcome.FAILED, this.at, reason=error.reason, detail=str(error)
        )
    return target.ended(Outcome.PLANNED, this.at) if case.dry_run else target


def _planned(case: Case, now: datetime) -> Plan:
    """Name the plan; one whose targets did not change keeps its hash and its time."""
    made = Plan(hash_of(case.leaver, case.targets), now)
    unchanged = case.plan is not None and case.plan.hash == made.hash
    made = case.plan if case.plan is not None and unchanged else made
    return replace(made, refused=_paused(case))
