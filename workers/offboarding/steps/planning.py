"""Plan: who is meant, what is theirs, and whether anything stops it.

The plan starts what it can at once. Where another look may show more, the step comes
back and adds what it finds; in the end it says what it could not see.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.discovery import Seen, View, look_at
from workers.offboarding.errors import (
    PermanentError,
    Reason,
    TransientError,
)
from workers.offboarding.joining import folded
from workers.offboarding.model import (
    Case,
    CaseStatus,
    CaseTarget,
    KeyOwner,
    Note,
    Outcome,
    OwnerKind,
    Plan,
    ReportKind,
    ReportLine,
    ResourceGroup,
    Scope,
    Step,
    Unread,
    Work,
)
from workers.offboarding.plan import Resolved, hash_of, refusals, who_is
from workers.offboarding.ports import Change, Claim
from workers.offboarding.steps.tools import (
    CRASH_LIMIT,
    Tools,
    entry_of,
    lines_for,
    pause,
    with_target,
)

# Looks before what still cannot be seen is reported as not seen: a good minute.
LOOKS: Final = 7


@dataclass(frozen=True, slots=True)
class Look:
    """One try at planning: the claim it runs under, when, and how much it may leave.

    ``is_sure`` is False where it could not be seen who is meant: then nothing is reset.
    """

    claim: Claim
    at: datetime
    folds: int
    is_last: bool
    is_sure: bool = True
    people: frozenset[str] = frozenset()


def plan(tools: Tools, claim: Claim) -> tuple[Work, ...]:
    """Make the plan of a case, or add to it, and send its resets on their way."""
    now = tools.clock()
    read = tools.cases.load(claim.work.case_id)
    case = folded(read, tools.lead_time, now)
    look = Look(claim, now, len(read.departures), read.tries + 1 >= LOOKS)
    if case.status is CaseStatus.SETTLED:
        return tools.works.finish(claim, Change())
    if case.starts_at > now and case.started_at is None and case.joined_to is None:
        change = Change(case=case, folded=look.folds)
        return tools.works.again(claim, change, case.starts_at)
    if case.joined_to is not None:
        other = tools.cases.adopt(case)
        if other is not None:
            return _give_way(tools, look, case, other)
    if claim.claims > CRASH_LIMIT:
        return _give_up(tools, look, case)
    case = _armed_or_not(tools, case)
    case = replace(case, started_at=case.started_at or now, joined_to=None)
    return _look(tools, look, replace(case, status=_status(case)))


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


def _look(tools: Tools, look: Look, case: Case) -> tuple[Work, ...]:
    views = [look_at(each.cloud, case.scope) for each in tools.accounts.values()]
    ours = [one for view in views for one in view.ours]
    tools.switches.protect(ours)
    resolved = who_is(case.leaver, views, case.aliases)
    is_sure = _is_sure(tools, case, views)
    may_help = not look.is_last and not all(view.is_final for view in views)
    if not is_sure and may_help and not case.after(Step.PLAN):
        return _look_again(tools, look, case, views)
    people = frozenset(one.iam_id for view in views for one in view.people)
    is_sure = is_sure or bool(case.after(Step.PLAN))
    look = replace(look, is_sure=is_sure, people=people)
    case = replace(case, leaver=resolved.leaver)
    refused = refusals(resolved, protected=tools.protected, ours=ours)
    refused = refused or _known_as_ours(tools, resolved) or _named_twice(case)
    if refused:
        return _hold(tools, look, case, refused)
    other = None if case.dry_run else tools.cases.adopt(case)
    if other is not None:
        return _give_way(tools, look, case, other)
    return _go(tools, look, case, views)


def _is_sure(tools: Tools, case: Case, views: Sequence[View]) -> bool:
    """Tell whether enough was seen to say who is meant, and that they may be reset.

    A missing user list may hide a second person of that e-mail, or that the person is
    protected under a name nobody gave. Whoever was named by an IAM ID alone, while
    nobody is protected by name, is known without it.
    """
    if not all(view.has_ours for view in views):
        return False
    by_id_alone = case.leaver.iam_id is not None and case.leaver.email is None
    needs_people = not by_id_alone or bool(tools.protected)
    return not needs_people or all(view.has_people for view in views)


def _known_as_ours(tools: Tools, resolved: Resolved) -> tuple[Note, ...]:
    """Turn away what a worker once published as ours, though it is not seen now."""
    leaver = resolved.leaver
    refs = (*leaver.refs, *(f"email:{one}" for one in resolved.names))
    if not tools.switches.is_protected(refs):
        return ()
    text = f"{leaver} is one of our own identities and is never offboarded."
    return (Note(Reason.PROTECTED_USER, text),)


def _look_again(
    tools: Tools, look: Look, case: Case, views: Sequence[View]
) -> tuple[Work, ...]:
    entry = entry_of(look.claim, look.at, "case.looked", reason=Reason.LIST_UNREADABLE)
    tried = replace(case, tries=case.tries + 1)
    change = Change(case=tried, folded=look.folds, entries=(entry,))
    at = _next_look(look, tried, views)
    return tools.works.again(look.claim, change, at)


def _next_look(look: Look, case: Case, views: Sequence[View]) -> datetime:
    asked = max((view.retry_after_seconds for view in views), default=0.0)
    wait = pause(case.tries - 1, longest_seconds=60)
    return look.at + max(wait, timedelta(seconds=asked))


def _named_twice(case: Case) -> tuple[Note, ...]:
    """Return the note that joined departures name different people, if they do."""
    return tuple(
        note for note in case.warnings if note.reason is Reason.AMBIGUOUS_PERSON
    )[:1]


def _give_up(tools: Tools, look: Look, case: Case) -> tuple[Work, ...]:
    """End a planning that kills its workers: what it would have seen counts as unseen.

    A held case stays held: nothing was looked at that could let it go.
    """
    if case.is_held:
        return tools.works.finish(look.claim, Change())
    text = f"{look.claim.claims - 1} workers ended without a word while they planned."
    view = View("", unseen=(Note(Reason.LIST_UNREADABLE, text),))
    case = replace(case, started_at=case.started_at or look.at, status=CaseStatus.OPEN)
    return _go(tools, replace(look, is_last=True), _disarmed(tools, case), [view])


def _give_way(tools: Tools, look: Look, case: Case, other: str) -> tuple[Work, ...]:
    """End a case whose leaver proved to be that of another open case."""
    text = f"The same person leaves in case {other}, which does the work."
    ended = replace(
        case.warned(Note(Reason.JOINED, text)),
        status=CaseStatus.CANCELLED,
        joined_to=other,
        settled_at=look.at,
    )
    entry = entry_of(look.claim, look.at, "case.joined", detail=other)
    change = Change(case=ended, folded=look.folds, entries=(entry,))
    return tools.works.finish(look.claim, change)


def _hold(
    tools: Tools, look: Look, case: Case, refused: tuple[Note, ...]
) -> tuple[Work, ...]:
    """Leave a case to a person: a guard stops it, and people are told why, once."""
    if any(one.resets for one in case.targets):
        return _stop(tools, look, case, refused)
    before = case.plan.refused if case.plan is not None else ()
    plan = Plan(hash_of(case.leaver, case.targets), look.at, refused)
    case = replace(case, plan=plan, tries=0)
    lines: tuple[ReportLine, ...] = ()
    if not case.dry_run:
        case = replace(case, status=CaseStatus.WAITING)
        lines = lines_for(tools, case, ReportKind.HELD) if before != refused else ()
    entry = entry_of(look.claim, look.at, "case.held", reason=refused[0].reason)
    change = Change(
        case=case,
        reports=lines,
        folded=look.folds,
        entries=(entry,),
        after=replace(case, reports=lines).after(Step.REPORT),
    )
    return tools.works.finish(look.claim, change)


def _stop(
    tools: Tools, look: Look, case: Case, refused: tuple[Note, ...]
) -> tuple[Work, ...]:
    """End what a guard stops after the first write: it can be cancelled no more.

    What was not begun fails with the guard's reason; what is out is read back.
    """
    [note, *_] = refused
    stopped = tuple(
        one.ended(Outcome.FAILED, look.at, reason=note.reason, detail=note.text)
        for one in case.targets
        if not one.is_settled and one.intent_at is None
    )
    for one in stopped:
        case = with_target(case, one)
    entry = entry_of(look.claim, look.at, "case.stopped", reason=note.reason)
    change = Change(
        case=replace(case.warned(*refused), tries=0),
        targets=stopped,
        folded=look.folds,
        entries=(entry,),
        after=case.after(Step.PLAN),
    )
    return tools.works.finish(look.claim, change)


def _go(
    tools: Tools, look: Look, case: Case, views: Sequence[View]
) -> tuple[Work, ...]:
    known = {one.target.id for one in case.targets}
    seen = [one for view in views for one in view.seen if one.target.id not in known]
    judged = [_judged(tools, look, case, one) for one in seen]
    fresh = tuple(one for one in judged if isinstance(one, CaseTarget))
    is_final = look.is_last or (
        _LATER not in judged and all(view.is_final for view in views)
    )
    started = {one.item for one in case.after(Step.PLAN)} if case.tries else set()
    case = replace(case, targets=case.targets + fresh, tries=case.tries + 1)
    case = _warned(case, views) if is_final else case
    case = replace(case, plan=_planned(case, look.at))
    owned = [one for one in fresh if one.owner_before is not None]
    entry = entry_of(
        look.claim,
        look.at,
        "case.planned",
        detail=f"{len(seen)} targets seen, {len(owned)} owned by the leaver",
    )
    change = Change(
        case=replace(case, tries=0) if is_final else case,
        targets=fresh,
        folded=look.folds,
        entries=(entry,),
        after=tuple(one for one in case.after(Step.PLAN) if one.item not in started),
    )
    if is_final:
        return tools.works.finish(look.claim, change)
    return tools.works.again(look.claim, change, _next_look(look, case, views))


# What a target is that the next look may show, and one that is not the leaver's.
_LATER: Final = "later"
_NOT_THEIRS: Final = "not theirs"


def _judged(tools: Tools, look: Look, case: Case, one: Seen) -> CaseTarget | str:
    if isinstance(one.reading, Unread):
        if not one.is_final and not look.is_last:
            return _LATER
        return CaseTarget(one.target).ended(
            Outcome.UNREAD,
            look.at,
            reason=one.reading.reason,
            detail=one.reading.detail,
        )
    if not isinstance(one.reading, KeyOwner) or one.reading.id != case.leaver.iam_id:
        return _nameless(look, case, one)
    if not look.is_sure:
        text = "It could not be seen whether the departure means this person alone."
        return CaseTarget(one.target, one.reading).ended(
            Outcome.FAILED, look.at, reason=Reason.LIST_UNREADABLE, detail=text
        )
    return _assigned(tools, look, case, CaseTarget(one.target, one.reading))


def _nameless(look: Look, case: Case, one: Seen) -> CaseTarget | str:
    """Keep a person's key in sight that may be the leaver's: nobody knows whose it is.

    Somebody removed is on no user list; where the key's owner shows no e-mail either,
    a leaver named by e-mail alone may be them.
    """
    owner = one.reading
    if case.leaver.iam_id is not None or not isinstance(owner, KeyOwner):
        return _NOT_THEIRS
    may_be_theirs = (
        owner.email is None
        and owner.kind in (OwnerKind.PERSON, OwnerKind.UNKNOWN)
        and owner.id not in look.people
    )
    if not may_be_theirs:
        return _NOT_THEIRS
    text = f"It belongs to {owner.id}, who is on no user list and shows no e-mail."
    return CaseTarget(one.target).ended(
        Outcome.UNREAD, look.at, reason=Reason.OWNER_UNKNOWN, detail=text
    )


def _assigned(
    tools: Tools, look: Look, case: Case, target: CaseTarget
) -> CaseTarget | str:
    """Say who takes a target over; without an answer it fails, or waits for one."""
    cloud = tools.accounts[target.target.account_id].cloud
    try:
        target = replace(target, functional_id=cloud.functional_id(target.target))
    except (PermanentError, TransientError) as error:
        if isinstance(error, TransientError) and not look.is_last:
            return _LATER
        return target.ended(
            Outcome.FAILED, look.at, reason=error.reason, detail=str(error)
        )
    return target.ended(Outcome.PLANNED, look.at) if case.dry_run else target


def _planned(case: Case, now: datetime) -> Plan:
    """Name the plan; one whose targets did not change keeps its hash and its time."""
    made = Plan(hash_of(case.leaver, case.targets), now)
    unchanged = case.plan is not None and case.plan.hash == made.hash
    made = case.plan if case.plan is not None and unchanged else made
    return replace(made, refused=_paused(case))


def _unmatched(scope: Scope, views: Sequence[View]) -> list[Note]:
    """Find the words of a scope that name nothing that was seen: typos, mostly."""
    places = [one for view in views for one in view.places]
    regions = {one.region for one in places}
    groups = {name for one in places for name in _names(one.resource_group)}
    odd = [f"region {one}" for one in scope.regions if one not in regions]
    odd += [
        f"resource group {one}" for one in scope.resource_groups if one not in groups
    ]
    return [
        Note(Reason.SCOPE_UNMATCHED, f"No cluster lies in {one}: see its spelling.")
        for one in odd
    ]


def _names(group: ResourceGroup) -> tuple[str, str]:
    return group.id, group.name


def _warned(case: Case, views: Sequence[View]) -> Case:
    """Write down what the reader of the case has to know, as of this look."""
    made_anew = (
        Reason.LIST_UNREADABLE,
        Reason.PERSON_NOT_FOUND,
        Reason.SCOPE_LIMITED,
        Reason.SCOPE_UNMATCHED,
    )
    kept = tuple(note for note in case.warnings if note.reason not in made_anew)
    notes = [note for view in views for note in view.unseen]
    if case.scope is not None:
        text = "Only a part of the account was looked at, as asked."
        notes.append(Note(Reason.SCOPE_LIMITED, text))
        notes += _unmatched(case.scope, views)
    people = {one.iam_id for view in views for one in view.people}
    owns = any(one.owner_before is not None for one in case.targets)
    if case.leaver.iam_id not in people and not owns:
        text = f"No account that was read knows {case.leaver}."
        notes.append(Note(Reason.PERSON_NOT_FOUND, text))
    return replace(case, warnings=kept).warned(*notes)
