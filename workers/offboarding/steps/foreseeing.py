"""Foresee: what a scheduled case would do, by what surveys have read.

Made when the case arrives and daily, so that people see before the day what is missing.
It reads the owner index and how functional IDs stand, and no target: a hundred thousand
scheduled cases must not use the calls up that somebody who leaves today needs. On the
day everything is looked at anew, and nothing of this is taken for granted.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.exposure import AccountIndex, Holding
from workers.offboarding.joining import folded
from workers.offboarding.model import (
    Ahead,
    Case,
    CaseStatus,
    CaseTarget,
    Entry,
    Note,
    Outcome,
    Work,
)
from workers.offboarding.plan import Resolved
from workers.offboarding.ports import Change, Claim
from workers.offboarding.steps.assigning import assigned
from workers.offboarding.steps.identifying import give_way, refused_for
from workers.offboarding.steps.remembering import (
    is_fresh,
    ours_in,
    remembered_leaver,
    views_of_people,
)
from workers.offboarding.steps.tools import Tools, entry_of
from workers.offboarding.steps.weighing import guarded, named_plan
from workers.offboarding.view import View

_DAILY: Final = timedelta(hours=24)
# Not all of a mass import at the same minute of each day.
_SPREAD: Final = timedelta(hours=2)
# After a survey that was missing, old or in part.
_SOON: Final = timedelta(hours=1)


def foresee(tools: Tools, claim: Claim) -> tuple[Work, ...]:
    """Foresee a scheduled case, and again a day later; a case that began needs none."""
    now = tools.clock()
    read = tools.cases.load(claim.work.case_id)
    case, folds = folded(read, tools.lead_time, now), len(read.departures)
    is_scheduled = case.status is CaseStatus.SCHEDULED and case.starts_at > now
    if not is_scheduled or case.joined_to is not None:
        return tools.works.finish(claim, Change())
    indexes = [tools.index.of(each) for each in tools.accounts]
    fresh = [one for one in indexes if is_fresh(tools, one, now)]
    views = views_of_people(tools, fresh, case)
    resolved = remembered_leaver(tools, fresh, views, case)
    is_whole = len(fresh) == len(indexes)
    is_meant = not case.dry_run or case.was_put_off_unarmed
    if is_whole and not resolved.is_ambiguous and is_meant:
        # So that later events find the case by any name of theirs.
        other = tools.cases.adopt(replace(case, leaver=resolved.leaver))
        if other is not None:
            return give_way(tools, claim, case, other, folds=folds, at=now)
    ahead = _ahead(tools, case, resolved, _theirs(tools, fresh, views, resolved), now)
    ahead = replace(ahead, warnings=tuple(_warnings(tools, fresh, resolved)))
    change = Change(
        case=replace(case, leaver=resolved.leaver, ahead=ahead),
        folded=folds,
        entries=_entries(claim, read, ahead, now),
    )
    wait = _DAILY - _SPREAD * random.random()  # noqa: S311 - no secret
    return tools.works.again(claim, change, now + (wait if is_whole else _SOON))


def _theirs(
    tools: Tools,
    indexes: Sequence[AccountIndex],
    views: Sequence[View],
    resolved: Resolved,
) -> list[tuple[View, tuple[Holding, ...]]]:
    """Pair each account's view with what was theirs there; our own are named in it."""
    found = []
    for index, view in zip(indexes, views, strict=True):
        mine = index.of(resolved.leaver.iam_id) if resolved.leaver.iam_id else ()
        ours = ours_in(tools, index.account_id) if mine else None
        found.append((replace(view, ours=ours or ()), mine))
    return found


def _ahead(
    tools: Tools,
    case: Case,
    resolved: Resolved,
    theirs: Sequence[tuple[View, tuple[Holding, ...]]],
    at: datetime,
) -> Ahead:
    """Judge what was theirs as a plan would, and say what would hold it."""
    named = replace(case, leaver=resolved.leaver, plan=None, targets=())
    refused = refused_for(tools, case, resolved, [view for view, _ in theirs])
    mine = [
        _as_target(one, at)
        for _, holdings in theirs
        for one in holdings
        if not resolved.is_ambiguous
        and (case.scope is None or case.scope.covers(one.target))
    ]
    judged = assigned(tools, named, mine, at, is_last=True)
    targets = tuple(one for one in judged if isinstance(one, CaseTarget))
    named = replace(named, targets=targets)
    plan = named_plan(named, at)
    refused = refused or guarded(tools, named, plan, ())
    return Ahead(at, replace(plan, refused=refused), targets)


def _as_target(one: Holding, at: datetime) -> CaseTarget:
    if one.owner_now is not None:
        return CaseTarget(one.target, one.owner_now)
    text = "It was theirs when its owner was last read."
    reason = one.reason or Reason.OWNER_UNKNOWN
    return CaseTarget(one.target).ended(Outcome.UNREAD, at, reason=reason, detail=text)


def _warnings(
    tools: Tools, fresh: Sequence[AccountIndex], resolved: Resolved
) -> Iterator[Note]:
    known = {one.account_id for one in fresh}
    for account_id in tools.accounts:
        if account_id not in known:
            text = (
                f"Account {account_id} was not surveyed lately and as a whole: what is "
                "theirs there is not foreseen."
            )
            yield Note(Reason.INDEX_STALE, text)
    if resolved.leaver.iam_id is None and not resolved.is_ambiguous:
        text = f"No survey knows {resolved.leaver}; on the day all is looked at anew."
        yield Note(Reason.PERSON_NOT_FOUND, text)


def _entries(claim: Claim, read: Case, ahead: Ahead, at: datetime) -> tuple[Entry, ...]:
    """Write what is foreseen in the ledger where it is another than before."""
    before = read.ahead.plan if read.ahead is not None else None
    is_same = before is not None and (before.hash, before.refused) == (
        ahead.plan.hash,
        ahead.plan.refused,
    )
    if is_same:
        return ()
    many = sum(not one.is_settled for one in ahead.targets)
    detail = f"{many} targets to be taken over, by the owner index"
    return (entry_of(claim, at, "case.foreseen", detail=detail),)
