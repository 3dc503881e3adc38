"""The gate: may this person be removed yet? Judged from readings made live. Pure.

Safe is said only with nothing against it: what could not be seen, or not be proven to
be seen, is against it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from workers.offboarding.emptiness import Known, doubted_if_empty
from workers.offboarding.errors import Reason
from workers.offboarding.exposure import AccountIndex, GateAnswer, Holding, ReadingKind
from workers.offboarding.judging import Look, targets_of, their_credentials
from workers.offboarding.model import (
    Case,
    CaseKind,
    CaseResult,
    CaseStatus,
    CaseTarget,
    KeyOwner,
    Leaver,
    Note,
    Outcome,
    SamePerson,
)
from workers.offboarding.plan import Resolved, refusals, who_is
from workers.offboarding.reasons import sentence
from workers.offboarding.view import View
from workers.offboarding.warnings import unknown_person, unseen_notes
from workers.offboarding.words import counted


def told_viewers(answer: GateAnswer) -> GateAnswer:
    """Say of a case only that there is one: a scheduled departure is confidential."""
    plain = Note(Reason.CASE_NOT_SAFE, sentence(Reason.CASE_NOT_SAFE))
    told = (
        plain if one.reason is Reason.CASE_NOT_SAFE else one for one in answer.reasons
    )
    return replace(answer, reasons=tuple(dict.fromkeys(told)))


@dataclass(frozen=True, slots=True)
class Asked:
    """What the gate was asked, and what its answer rests on.

    Attributes:
        user: The person as whoever asks named them.
        views: What was seen of each account, read for this answer.
        indexes: What surveys have read, for names of people removed already.
        settle: How long clusters may take to pick the new key up.
        at: When the look began.
        protected: Ids and e-mails nobody may offboard.
    """

    user: str
    leaver: Leaver
    views: Sequence[View]
    indexes: Sequence[AccountIndex]
    settle: timedelta
    at: datetime
    same_people: tuple[SamePerson, ...] = ()
    protected: tuple[str, ...] = ()

    @property
    def owners(self) -> list[KeyOwner]:
        """Return every owner that surveys have read."""
        return [
            one.owner for each in self.indexes for one in each.holdings if one.owner
        ]


def meant(asked: Asked) -> Resolved:
    """Find the one person the question means, or that there are several."""
    return who_is(
        asked.leaver,
        asked.views,
        same_people=asked.same_people,
        remembered=asked.owners,
    )


def answer_of(
    asked: Asked,
    resolved: Resolved,
    cases: Sequence[Case],
    *,
    damaged: Sequence[str] = (),
) -> GateAnswer:
    """Say whether the person may be removed, and every reason against it.

    Args:
        asked: The question, with what was seen for it.
        resolved: Who is meant, as ``meant`` says.
        cases: The person's cases, by any of their names.
        damaged: Ids of those that cannot be read.
    """
    ours = [one for view in asked.views for one in view.ours]
    refused = refusals(resolved, protected=asked.protected, ours=ours)
    if refused:
        # Nobody can tell which targets are meant, or they are not to be taken over.
        return _answer(asked, refused, ())
    looks = _looks(asked, resolved, cases)
    found = [each for look in looks for each in targets_of(look)]
    targets = [one for one in found if isinstance(one, CaseTarget)]
    knows = {one.id for one in asked.owners}
    notes = [
        *_owned(targets),
        *_unread(targets),
        *_credentials(looks),
        *unseen_notes(looks),
        *_unfinished(asked, cases),
        *_damaged(damaged),
        *_settling_in(asked, resolved, cases),
        *unknown_person(looks, resolved.leaver, knows=knows),
    ]
    if not looks:
        notes.append(Note(Reason.LIST_UNREADABLE, "No account is set up to be read."))
    return _answer(asked, notes, tuple(_holding(one, asked.at) for one in targets))


def _answer(
    asked: Asked, notes: Iterable[Note], holdings: tuple[Holding, ...]
) -> GateAnswer:
    reasons = tuple(dict.fromkeys(notes))
    return GateAnswer(asked.user, not reasons, reasons, holdings, asked.at)


def _looks(asked: Asked, resolved: Resolved, cases: Sequence[Case]) -> list[Look]:
    by_account = {one.account_id: one for one in asked.indexes}
    people = frozenset(one.iam_id for view in asked.views for one in view.people)

    def look(view: View) -> Look:
        account_id = view.account_id
        index = by_account.get(account_id, AccountIndex(account_id))
        known = Known(
            index,
            asked.at,
            resolved.leaver.iam_id,
            is_gone=any(account_id in one.gone_from for one in cases),
            was_empty=any(account_id in one.empty_in for one in cases),
        )
        return Look(
            at=asked.at,
            leaver=resolved,
            is_gone=known.is_gone,
            view=doubted_if_empty(view, known),
            index=index,
            is_last=True,
            is_sure=True,
            people=people,
        )

    return [look(view) for view in asked.views]


def _owned(targets: Sequence[CaseTarget]) -> Iterator[Note]:
    mine = [one.target for one in targets if one.owner_before is not None]
    clusters = sum(one.readable for one in mine)
    if mine:
        text = (
            f"They own the cluster API keys of {counted(len(mine), 'target')}, with "
            f"{counted(clusters, 'cluster')} behind. Removing them now breaks those."
        )
        yield Note(Reason.OWNS_TARGETS, text)


def _unread(targets: Sequence[CaseTarget]) -> Iterator[Note]:
    for one in targets:
        if one.outcome is Outcome.UNREAD and one.reason is not None:
            place = f"{one.target.region} / {one.target.resource_group.name}"
            said = (one.detail or sentence(one.reason)).rstrip(".")
            yield Note(one.reason, f"Not read: {place}. {said}.")


def _credentials(looks: Sequence[Look]) -> Iterator[Note]:
    for look in looks:
        for one in their_credentials(look):
            yield Note(
                Reason.CLASSIC_CREDENTIAL,
                "A classic infrastructure credential of theirs is in force in "
                f"{one.region} / {one.resource_group.name}. Have it replaced.",
            )


def _unfinished(asked: Asked, cases: Sequence[Case]) -> Iterator[Note]:
    """Say which armed cases are short of fully safe.

    An attention of old is no word about now: a newer case that looked at as much
    decides instead, and what was read for this answer. What the older one did has to
    settle in all the same, and its follow-ups to be done.
    """
    armed = [
        one
        for one in sorted(cases, key=lambda one: one.id)
        if not one.dry_run
        and one.status is not CaseStatus.CANCELLED
        and one.kind is CaseKind.DEPARTURE
    ]
    for case in armed:
        if _is_decided_since(case, armed):
            why = _unsettled(case, asked.settle, asked.at)
        else:
            why = _short_of_safe(case, asked.settle, asked.at)
        if why:
            yield Note(Reason.CASE_NOT_SAFE, f"Case {case.id} {why}")


def _is_decided_since(case: Case, armed: Iterable[Case]) -> bool:
    if case.status is not CaseStatus.SETTLED or case.result is not CaseResult.ATTENTION:
        return False
    newer = (one for one in armed if one.id > case.id and not _is_before(one, case))
    return any(one.scope is None or one.scope == case.scope for one in newer)


def _is_before(one: Case, other: Case) -> bool:
    """Tell whether a case ended before another did, which may have been retried."""
    if one.settled_at is None or other.settled_at is None:
        return False
    return one.settled_at < other.settled_at


def _damaged(case_ids: Sequence[str]) -> Iterator[Note]:
    for one in case_ids:
        text = f"Case {one} cannot be read, so nobody can tell what it lacks."
        yield Note(Reason.CASE_NOT_SAFE, text)


def _settling_in(
    asked: Asked, resolved: Resolved, cases: Sequence[Case]
) -> Iterator[Note]:
    """Say which adoptions took targets of theirs over that have not settled in yet."""
    iam_id = resolved.leaver.iam_id
    for case in cases:
        if case.kind is not CaseKind.ADOPTION or case.dry_run:
            continue
        theirs = tuple(
            one
            for one in case.targets
            if one.resets and one.owner_before and one.owner_before.id == iam_id
        )
        mine = replace(case, targets=theirs)
        why = _unsettled(mine, asked.settle, asked.at) if theirs else ""
        if case.settled_at is None and theirs:
            why = f"is {case.status}."
        if why:
            yield Note(Reason.CASE_NOT_SAFE, f"Adoption {case.id} {why}")


def _short_of_safe(case: Case, settle: timedelta, now: datetime) -> str:
    """Say what a case still lacks; empty where it lacks nothing."""
    match case.status, case.result:
        case CaseStatus.SETTLED, CaseResult.CLEAN:
            return ""
        case CaseStatus.SETTLED, CaseResult.SAFE:
            return _unsettled(case, settle, now)
        case CaseStatus.SETTLED, _:
            return "ended with attention: mend what it names, and retry it."
        case status, _:
            return f"is {status}."


def _unsettled(case: Case, settle: timedelta, now: datetime) -> str:
    if any(each.done_at is None for one in case.targets for each in one.follow_ups):
        return "has follow-ups that are not done."
    times = [one.settled_at for one in case.targets if one.settled_at is not None]
    until = max(times, default=now) + settle
    if until > now:
        return f"is owner-safe, and fully safe from {until:%Y-%m-%d %H:%M} UTC on."
    return ""


def _holding(one: CaseTarget, at: datetime) -> Holding:
    owner = one.owner_before
    if isinstance(owner, KeyOwner):
        return Holding(one.target, ReadingKind.OWNER, owner, None, at)
    return Holding(one.target, ReadingKind.UNREAD, None, one.reason, at)
