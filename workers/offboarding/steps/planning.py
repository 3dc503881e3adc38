"""Plan: who is meant, what is theirs, and whether anything stops it.

The plan starts what it can at once: what the owner index says is theirs first, then
what a look at everything adds. Where another look may show more, the step comes back;
in the end it says what it could not see.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.adopting import adopted_of
from workers.offboarding.discovery import (
    at_once,
    look_at_all,
    read_again,
    told_apart,
)
from workers.offboarding.doubts import doubted as judged
from workers.offboarding.emptiness import Known, accounts_without, doubted_if_empty
from workers.offboarding.entries import about_plan
from workers.offboarding.errors import Reason
from workers.offboarding.exposure import AccountIndex
from workers.offboarding.guards import canaries_of
from workers.offboarding.joining import folded
from workers.offboarding.judging import LATER, Look, blocked_by, targets_of
from workers.offboarding.model import (
    BrakeState,
    Case,
    CaseStatus,
    CaseTarget,
    Entry,
    KeyOwner,
    Note,
    Plan,
    Right,
    Step,
    Work,
)
from workers.offboarding.plan import Resolved, who_is
from workers.offboarding.ports import Account, Change, Claim, Cloud
from workers.offboarding.remembered import has_stayed
from workers.offboarding.steps.assigning import assigned
from workers.offboarding.steps.holding import held, refuse_the_rest, stop
from workers.offboarding.steps.identifying import give_way, is_sure, refused_for
from workers.offboarding.steps.remembering import (
    is_fresh,
    knows_people,
    remembered_views,
    views_of_people,
)
from workers.offboarding.steps.showing import started
from workers.offboarding.steps.tools import (
    CRASH_LIMIT,
    PATIENCE_SECONDS,
    Tools,
    entry_of,
    pause,
)
from workers.offboarding.steps.weighing import (
    fault_notes,
    guarded,
    named_plan,
    paused_notes,
    plan_hash,
    since_of,
    weighed,
)
from workers.offboarding.view import View
from workers.offboarding.warnings import MADE_ANEW, warned
from workers.offboarding.words import counted

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
    early = _held_by_brake(tools, this, case)
    if early is None:
        early = _ended_early(tools, this, case)
    if early is not None:
        return early
    if claim.claims > CRASH_LIMIT:
        return _give_up(tools, this, case)
    case = _armed_or_not(tools, case)
    case = replace(case, started_at=case.started_at or now, joined_to=None, ahead=None)
    case = replace(case, status=_status(case))
    indexes = tuple(tools.index.of(each) for each in _accounts(tools, case))
    this = replace(this, indexes=indexes)
    is_begun = case.tries or case.targets or case.plan is not None
    is_fresh = not (is_begun or case.dry_run or case.adoption)
    begun = _begin(tools, this, case) if is_fresh else None
    return _look(tools, this, case) if begun is None else begun


def _held_by_brake(tools: Tools, this: Try, case: Case) -> tuple[Work, ...] | None:
    """Leave a case alone that the brake holds, unless it gives way; None: go on.

    It is due for giving way only; this is the second lock, should it ever be otherwise.
    """
    if case.brake is not BrakeState.HELD:
        return None
    other = tools.cases.adopt(case) if case.joined_to is not None else None
    if other is not None:
        return give_way(tools, this.claim, case, other, folds=this.folds, at=this.at)
    return tools.works.finish(this.claim, Change())


def _ended_early(tools: Tools, this: Try, case: Case) -> tuple[Work, ...] | None:
    """End a planning that has nothing to look at, or not yet; None: go on."""
    if case.status is CaseStatus.SETTLED:
        return tools.works.finish(this.claim, Change())
    if case.starts_at > this.at and case.started_at is None and case.joined_to is None:
        # Whoever joined may have moved its day, or named the leaver otherwise.
        after = (Work(case.id, Step.FORESEE),) if this.folds else ()
        status = CaseStatus.SCHEDULED
        change = Change(
            case=replace(case, status=status), folded=this.folds, after=after
        )
        return tools.works.again(this.claim, change, case.starts_at)
    other = tools.cases.adopt(case) if case.joined_to is not None else None
    if other is not None:
        return give_way(tools, this.claim, case, other, folds=this.folds, at=this.at)
    if case.refused_by is not None:
        return refuse_the_rest(tools, this.claim, case, this.folds, this.at)
    return None


def _accounts(tools: Tools, case: Case) -> Mapping[str, Account]:
    """Return the accounts a case is about: all of them, or the adoption's one."""
    if case.adoption is None:
        return tools.accounts
    mine = case.adoption.account_id
    return {each: one for each, one in tools.accounts.items() if each == mine}


def _begin(tools: Tools, this: Try, case: Case) -> tuple[Work, ...] | None:
    """Send what the owner index says is theirs on its way, before all is looked at.

    Each reset reads its owner live. None where the index does not plainly say who is
    meant and what is theirs: then only the full look can.
    """
    views = remembered_views(tools, this.indexes, case, this.at)
    if views is None:
        return None
    resolved = _resolved(tools, this, case, views)
    looks = _looks(tools, this, case, resolved, views)
    case = replace(case, leaver=resolved.leaver)
    if refused_for(tools, case, resolved, views) or tools.cases.adopt(case) is not None:
        return None
    # Only what is plainly theirs, and plainly may be reset: what cannot be told of one
    # account holds no other. All else is for the full look to say.
    mine = tuple(
        one
        for one in _found(tools, this, case, looks)
        if isinstance(one, CaseTarget)
        and not one.is_settled
        and one.preflight is not Right.CANNOT_TELL
    )
    if not mine:
        return None
    case = replace(case, targets=mine, tries=1)
    case = replace(case, canaries=canaries_of(case, is_wanted=tools.canary))
    plan = named_plan(case, this.at)
    if guarded(tools, case, plan, ()):
        # The full look sees all there is to be judged.
        return None
    case = replace(case, plan=replace(plan, refused=paused_notes(case)))
    lines, telling = started(tools, case)
    entry = entry_of(
        this.claim,
        this.at,
        "case.planned_from_index",
        detail=f"{len(mine)} targets of the leaver known to the owner index",
    )
    change = Change(
        case=case,
        targets=mine,
        reports=lines,
        folded=this.folds,
        entries=(about_plan(entry, case),),
        after=(*case.after(Step.PLAN), *telling),
    )
    return (*tools.works.again(this.claim, change, this.at), this.claim.work)


def _status(case: Case) -> CaseStatus:
    """Tell the status of a case at work; what holds it, the end of the plan lets go."""
    is_held = case.plan is not None and bool(case.plan.refused)
    is_waiting = is_held and case.status is CaseStatus.WAITING
    return CaseStatus.WAITING if is_waiting else CaseStatus.OPEN


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
    clouds = [each.cloud for each in _accounts(tools, case).values()]
    views = _seen_by(tools, this, case, clouds)
    tools.switches.protect([one for view in views for one in view.ours])
    resolved = _resolved(tools, this, case, views)
    views = _read_for(this, clouds, views, case, resolved)
    looks = _looks(tools, this, case, resolved, views)
    case = replace(case, empty_in=accounts_without(views))
    may_help = not this.is_last and not all(view.is_final for view in views)
    _keep(tools, this, case, looks, views)
    if may_help and not any(one.is_sure for one in looks):
        return _look_again(tools, this, case, views)
    case = replace(case, leaver=resolved.leaver)
    refused = refused_for(tools, case, resolved, views)
    if refused:
        return _hold(tools, this, case, refused)
    is_departure = case.adoption is None
    other = tools.cases.adopt(case) if is_departure and not case.dry_run else None
    if other is not None:
        return give_way(tools, this.claim, case, other, folds=this.folds, at=this.at)
    return _go(tools, this, case, looks)


def _seen_by(
    tools: Tools, this: Try, case: Case, clouds: Sequence[Cloud]
) -> list[View]:
    """Look at the accounts, but for those that this planning has seen whole.

    The first look leaves an account that is silent, so that what can be seen of the
    others is acted on; those that follow wait for its answer.
    """
    if this.folds or not case.tries:
        # Who joined may have widened the scope, or named the leaver otherwise.
        tools.kept.drop(case.id)
    known = {one.target.id for one in case.targets}
    kept = tools.kept.of(case.id, this.at, case.scope, known)
    if kept is None:
        # All is looked at anew, and what that shows is as young.
        tools.kept.drop(case.id)
    patience = PATIENCE_SECONDS if kept is None else None
    kept = kept or {}
    missing = [one for one in clouds if one.account_id not in kept]
    looked = (
        tools.looks.at(missing, patience=patience)
        if case.scope is None and not known
        else look_at_all(
            missing,
            case.scope,
            known,
            _to_go_by(tools, this, case),
            patience=patience,
        )
    )
    is_one = len(clouds) == 1
    kept.update({one.account_id: one if is_one else told_apart(one) for one in looked})
    return [kept[one.account_id] for one in clouds]


def _keep(
    tools: Tools, this: Try, case: Case, looks: Sequence[Look], views: Sequence[View]
) -> None:
    """Keep what was seen whole, should another look at the rest follow."""
    if all(one.view.is_final for one in looks):
        tools.kept.drop(case.id)
        return
    pairs = zip(looks, views, strict=True)
    whole = [view for look, view in pairs if look.view.is_final]
    known = {one.target.id for one in case.targets}
    tools.kept.keep(case.id, this.at, whole, case.scope, known)


def _to_go_by(tools: Tools, this: Try, case: Case) -> list[AccountIndex]:
    """Return what surveys read where that began the case; nothing where it did not."""
    if case.plan is None or case.dry_run or case.adoption is not None:
        return []
    return [one for one in this.indexes if is_fresh(tools, one, this.at)]


def _read_for(
    this: Try,
    clouds: Sequence[Cloud],
    views: Sequence[View],
    case: Case,
    resolved: Resolved,
) -> list[View]:
    """Read what was only remembered of an account that the leaver left meanwhile.

    Keys they made there since the survey went with them, so no list shows those.
    """
    by_account = {one.account_id: one for one in this.indexes}

    def read(pair: tuple[Cloud, View]) -> View:
        cloud, view = pair
        index = by_account.get(view.account_id, AccountIndex(view.account_id))
        stayed = has_stayed(view, index, resolved.leaver.iam_id)
        is_sure = stayed and view.account_id not in case.gone_from
        if is_sure or not any(one.is_remembered for one in view.seen):
            return view
        return judged(read_again(cloud, view))

    return at_once(read, list(zip(clouds, views, strict=True)))


def _resolved(tools: Tools, this: Try, case: Case, views: Sequence[View]) -> Resolved:
    """Find who is meant; of an account that shows no user list, by the last survey's.

    Else a second person of that e-mail would be overlooked that is known well enough.
    """
    hidden = {one.account_id for one in views if not one.has_people}
    known = [
        one
        for one in this.indexes
        if one.account_id in hidden and knows_people(tools, one, this.at)
    ]
    return who_is(
        case.leaver,
        [*views, *views_of_people(tools, known, case)],
        case.aliases,
        named=case.as_named,
        same_people=tools.same_people,
        remembered=this.owners,
    )


def _looks(
    tools: Tools, this: Try, case: Case, resolved: Resolved, views: Sequence[View]
) -> list[Look]:
    """Pair each view with what is known besides."""
    by_account = {one.account_id: one for one in this.indexes}
    people = frozenset(one.iam_id for view in views for one in view.people)

    def look(view: View) -> Look:
        index = by_account.get(view.account_id, AccountIndex(view.account_id))
        known = Known(
            index,
            this.at,
            resolved.leaver.iam_id,
            is_gone=view.account_id in case.gone_from,
            was_empty=view.account_id in case.empty_in,
        )
        return Look(
            at=this.at,
            leaver=resolved,
            is_gone=known.is_gone,
            view=doubted_if_empty(view, known),
            index=index,
            is_last=this.is_last,
            is_sure=is_sure(tools, case, view),
            people=people,
        )

    return [look(view) for view in views]


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


def _give_up(tools: Tools, this: Try, case: Case) -> tuple[Work, ...]:
    """End a planning that kills its workers: what it would have seen counts as unseen.

    A held case stays held: nothing was looked at that could let it go.
    """
    if case.is_held:
        return tools.works.finish(this.claim, Change())
    text = f"{this.claim.claims - 1} workers ended without a word while they planned."
    # Nobody looked, so nobody can say that the person is unknown.
    note = Note(Reason.LIST_UNREADABLE, text)
    view = View("", unseen=(note,), has_people=False)
    case = replace(case, started_at=case.started_at or this.at, status=CaseStatus.OPEN)
    nobody = Resolved(case.leaver, ())
    look = Look(this.at, nobody, view, AccountIndex(""), is_last=True, is_sure=False)
    return _go(tools, replace(this, is_last=True), _disarmed(tools, case), [look])


def _hold(
    tools: Tools, this: Try, case: Case, refused: tuple[Note, ...]
) -> tuple[Work, ...]:
    """Leave a case to a person: a guard stops it, and people are told why, once."""
    if any(one.resets for one in case.targets):
        warned_of = case.warned(*refused)
        return stop(
            tools, this.claim, warned_of, refused[0], folds=this.folds, now=this.at
        )
    before = case.plan.refused if case.plan is not None else ()
    plan = Plan(plan_hash(case), this.at, before, since=since_of(case))
    notes = (*refused, *fault_notes(case))
    waiting = held(tools, replace(case, plan=plan, tries=0), notes, this.at)
    entry = entry_of(this.claim, this.at, "case.held", reason=refused[0].reason)
    change = Change(
        case=waiting.case,
        reports=waiting.lines,
        folded=this.folds,
        entries=(about_plan(entry, waiting.case),),
        after=waiting.after,
    )
    return tools.works.finish(this.claim, change)


def _go(tools: Tools, this: Try, case: Case, looks: Sequence[Look]) -> tuple[Work, ...]:
    begun = {one.item for one in case.after(Step.PLAN)} if case.tries else set()
    known = assigned(tools, case, case.targets, this.at, is_last=this.is_last)
    changed = _changed(case, known)
    case = replace(case, targets=_updated(case, changed))
    found = _found(tools, this, case, looks)
    fresh = tuple(one for one in found if isinstance(one, CaseTarget))
    views = [one.view for one in looks]
    is_final = this.is_last or (
        LATER not in (*found, *known) and all(view.is_final for view in views)
    )
    case = replace(case, targets=case.targets + fresh, tries=case.tries + 1)
    listed = [one for view in views if view.keys for one in view.keys.keys]
    knows = {one.id for one in this.owners} | {one.iam_id for one in listed}
    case = _named(tools, warned(case, looks, knows=knows)) if is_final else case
    case = case.warned(*_not_here(case, looks))
    case = case.warned(*_held_back(tools, case))
    case = replace(
        case,
        blocked=blocked_by(looks, case.blocked),
        is_gone=_is_gone(case, looks),
    )
    case = replace(case, canaries=canaries_of(case, is_wanted=tools.canary))
    waiting = weighed(tools, case, looks, this.at)
    case = waiting.case
    lines, telling = started(tools, case)
    change = Change(
        case=replace(case, tries=0) if is_final else case,
        targets=fresh,
        untouched=changed,
        reports=(*lines, *waiting.lines),
        folded=this.folds,
        entries=_entries(this, case, looks, fresh),
        after=(
            *(one for one in case.after(Step.PLAN) if one.item not in begun),
            *telling,
            *waiting.after,
        ),
    )
    if is_final:
        return tools.works.finish(this.claim, change)
    return tools.works.again(this.claim, change, _next_look(this, case, views))


def _entries(
    this: Try, case: Case, looks: Sequence[Look], fresh: Sequence[CaseTarget]
) -> tuple[Entry, ...]:
    owned = [one for one in fresh if one.owner_before is not None]
    planned = entry_of(
        this.claim,
        this.at,
        "case.planned",
        detail=f"{_seen(looks)}, {len(owned)} to be taken over",
    )
    notes = case.plan.refused if case.plan is not None else ()
    holds = (one for one in notes if one.reason is not Reason.PAUSED)
    held_by = (
        entry_of(this.claim, this.at, "case.held", reason=one.reason, detail=one.text)
        for one in holds
    )
    return tuple(about_plan(one, case) for one in (planned, *held_by))


def _seen(looks: Sequence[Look]) -> str:
    """Say how many targets were seen, and how many of them were not read again."""
    seen = [each for one in looks for each in one.view.seen]
    remembered = sum(each.is_remembered for each in seen)
    said = f"{counted(len(seen), 'target')} seen"
    if not remembered:
        return said
    return f"{said} ({remembered} by the owner index: no key was made there since)"


def _changed(case: Case, known: Sequence[CaseTarget | str]) -> tuple[CaseTarget, ...]:
    pairs = zip(case.targets, known, strict=True)
    return tuple(
        now for before, now in pairs if isinstance(now, CaseTarget) and now != before
    )


def _updated(case: Case, changed: Iterable[CaseTarget]) -> tuple[CaseTarget, ...]:
    by_id = {one.target.id: one for one in changed}
    return tuple(by_id.get(one.target.id, one) for one in case.targets)


def _not_here(case: Case, looks: Sequence[Look]) -> list[Note]:
    """Say that an adoption is about an account that is not set up here."""
    if case.adoption is None or looks:
        return []
    text = f"Account {case.adoption.account_id} is not set up here: nothing was seen."
    return [Note(Reason.LIST_UNREADABLE, text, case.adoption.account_id)]


def _is_gone(case: Case, looks: Sequence[Look]) -> bool:
    if case.adoption is not None:
        return False
    iam_id = case.leaver.iam_id
    is_seen = bool(looks) and all(one.view.sees_people for one in looks)
    return iam_id is not None and is_seen and iam_id not in looks[0].people


def _named(tools: Tools, case: Case) -> Case:
    """Have the warnings that were just made say what accounts are called."""
    named = (
        replace(one, text=tools.named(one.text)) if one.reason in MADE_ANEW else one
        for one in case.warnings
    )
    return replace(case, warnings=tuple(named))


def _held_back(tools: Tools, case: Case) -> list[Note]:
    """Say which accounts of an armed case nothing is written in."""
    held = {
        one.target.account_id
        for one in case.targets
        if one.owner_before is not None
        and one.target.account_id in tools.accounts
        and tools.accounts[one.target.account_id].resets is None
    }
    if case.dry_run or not tools.is_armed:
        return []
    text = "Account {} is held back by armed = false: nothing is written there."
    return [
        Note(Reason.NOT_ARMED, tools.named(text.format(each)), each)
        for each in sorted(held)
    ]


def _found(
    tools: Tools, this: Try, case: Case, looks: Sequence[Look]
) -> list[CaseTarget | str]:
    """Judge what was seen, and say of each target of theirs who takes it over."""
    known = {one.target.id for one in case.targets}
    judge = targets_of if case.adoption is None else adopted_of(case.adoption)
    found = [each for look in looks for each in judge(look, known, case.scope)]
    return assigned(tools, case, found, this.at, is_last=this.is_last)
