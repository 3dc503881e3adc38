"""Who takes a target over, and whether they may: asked before anything is written."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.choosing import chosen
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.judging import LATER
from workers.offboarding.model import Case, CaseTarget, KeyOwner, Outcome, Right
from workers.offboarding.ports import Cloud
from workers.offboarding.preflight import Preflight, preflight
from workers.offboarding.standing import Standing
from workers.offboarding.steps.tools import Tools

# What preflight said is used for so long, and then made again (design, rule 1).
FRESH: Final = timedelta(minutes=5)


@dataclass(slots=True)
class _Round:
    """One round of assigning: how functional IDs stand, and what they are to get."""

    tools: Tools
    case: Case
    at: datetime
    is_last: bool
    standings: dict[tuple[str, str], Standing] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)
    sent: list[tuple[str, datetime]] = field(default_factory=list)

    def cloud(self, target: CaseTarget) -> Cloud:
        return self.tools.account(target.target.account_id).cloud

    def standing(self, target: CaseTarget, one: KeyOwner) -> Standing:
        key = (target.target.account_id, one.id)
        if key not in self.standings:
            self.standings[key] = self.cloud(target).standing(one)
        return self.standings[key]

    def look_again(self, target: CaseTarget, candidates: Iterable[KeyOwner]) -> bool:
        """Look anew at who was looked at before this round; False if nobody was."""
        old = [one for one in candidates if self.standing(target, one).at < self.at]
        for one in old:
            fresh = self.cloud(target).standing(one, max_age_seconds=0)
            self.standings[target.target.account_id, one.id] = fresh
        return bool(old)

    def promised(self, standing: Standing) -> int:
        """Count the slots it is to give, or gave since it was looked at."""
        iam_id = standing.identity.id
        since = sum(each == iam_id and at >= standing.at for each, at in self.sent)
        return self.taken[iam_id] + since


def assigned(
    tools: Tools,
    case: Case,
    targets: Iterable[CaseTarget | str],
    at: datetime,
    *,
    is_last: bool,
) -> list[CaseTarget | str]:
    """Say of each target that is not settled who takes it over, and judge that.

    Red ends the target: nothing is written there. What has an intent is left as it is,
    and who was assigned once stays, so that the plan stays the same.

    Args:
        tools: The ports.
        case: The case; what it has already counts against the key slots.
        targets: The targets, and LATER for what another look may show.
        at: Now.
        is_last: Whether an answer that is missing now counts as missing.
    """
    this = _Round(tools, case, at, is_last)
    # Those that were reset have taken their slot already, and IAM counts them.
    this.taken.update(
        one.functional_id.id
        for one in case.targets
        if one.functional_id is not None and _is_to_be_reset(one)
    )
    this.sent += [
        (one.functional_id.id, one.intent_at)
        for one in case.targets
        if one.functional_id is not None and one.intent_at is not None
    ]
    return [
        _assigned(this, one)
        if isinstance(one, CaseTarget) and not one.is_settled and not one.intent_at
        else one
        for one in targets
    ]


def judged_anew(
    tools: Tools, case: Case, target: CaseTarget, now: datetime
) -> CaseTarget:
    """Judge the functional ID of a target again, unless that was done just now.

    Returns:
        The target as it is judged; ended as failed where preflight is red now.
    """
    taker = target.functional_id
    is_fresh = target.preflight_at is not None and now - target.preflight_at < FRESH
    if taker is None or is_fresh:
        return target
    cloud = tools.account(target.target.account_id).cloud
    standing = cloud.standing(taker)
    said = _judge(case, target, standing)
    if said.right is Right.MISSING and standing.at < now:
        said = _judge(case, target, cloud.standing(taker, max_age_seconds=0))
    return _put_down(case, target, said, now)


def _assigned(this: _Round, target: CaseTarget) -> CaseTarget | str:
    if target.target.account_id not in this.tools.accounts:
        return _elsewhere(this, target)
    try:
        account = this.tools.account(target.target.account_id)
        candidates = _candidates(this, target)
    except (PermanentError, TransientError) as error:
        if isinstance(error, TransientError) and not this.is_last:
            return LATER
        return target.ended(
            Outcome.FAILED, this.at, reason=error.reason, detail=str(error)
        )
    taker, said = _judged(this, target, candidates)
    if said.right is not Right.OK and this.look_again(target, candidates):
        # What was kept from before may have been mended since.
        taker, said = _judged(this, target, candidates)
    if target.functional_id is None and said.right is not Right.MISSING:
        this.taken[taker.id] += 1
    target = replace(target, functional_id=taker)
    target = _put_down(this.case, target, said, this.at)
    is_dry = this.case.dry_run or account.resets is None
    is_planned = is_dry and not target.is_settled
    return target.ended(Outcome.PLANNED, this.at) if is_planned else target


def _elsewhere(this: _Round, target: CaseTarget) -> CaseTarget | str:
    """Say of a target that its account is set up here no more, or not yet.

    Another worker may have read it off settings that this one is about to read.
    """
    if not this.is_last:
        return LATER
    return target.ended(Outcome.UNREAD, this.at, reason=Reason.ACCOUNT_REMOVED)


def _judged(
    this: _Round, target: CaseTarget, candidates: Sequence[KeyOwner]
) -> tuple[KeyOwner, Preflight]:
    """Choose who is to take a target over, with what preflight says of them."""
    standings = {one.id: this.standing(target, one) for one in candidates}
    promised = {one.id: this.promised(standings[one.id]) for one in candidates}
    judged = {
        one.id: _judge(this.case, target, standings[one.id], promised[one.id])
        for one in candidates
    }
    taker = _choice(target, candidates, judged, standings, promised)
    return taker, judged[taker.id]


def _is_to_be_reset(one: CaseTarget) -> bool:
    """Tell whether a slot is still to be taken for it, as far as a dry run would."""
    is_ahead = not one.is_settled or one.outcome is Outcome.PLANNED
    return is_ahead and one.intent_at is None


def _candidates(this: _Round, target: CaseTarget) -> Sequence[KeyOwner]:
    """Return who may take over; who was assigned before is the only one."""
    if target.functional_id is not None:
        return (target.functional_id,)
    adoption = this.case.adoption
    wanted = adoption.functional_id if adoption is not None else None
    found = this.cloud(target).candidates(target.target, wanted)
    # Nobody takes over from themselves: one that is to be replaced is none of them.
    before = target.owner_before.id if target.owner_before is not None else None
    others = [one for one in found if one.id != before]
    if not others:
        text = f"Only {before} itself may own this target by the accounts file."
        is_their_own = adoption is None
        reason = Reason.WRONG_IDENTITY if is_their_own else Reason.NO_FUNCTIONAL_ID
        raise PermanentError(text, reason=reason)
    return others


def _choice(
    target: CaseTarget,
    candidates: Sequence[KeyOwner],
    judged: Mapping[str, Preflight],
    standings: Mapping[str, Standing],
    taken: Mapping[str, int],
) -> KeyOwner:
    if target.functional_id is not None:
        return target.functional_id
    return chosen(candidates, judged=judged, standings=standings, taken=taken)


def _judge(
    case: Case, target: CaseTarget, standing: Standing, planned: int = 0
) -> Preflight:
    # A target that was counted already does not take a second slot.
    others = planned - (1 if target.functional_id is not None and planned else 0)
    return preflight(
        standing, target.target, leaver_id=case.leaver.iam_id, planned=others
    )


def _put_down(
    case: Case, target: CaseTarget, said: Preflight, now: datetime
) -> CaseTarget:
    """Write down what preflight says; red ends the target."""
    target = replace(
        target,
        preflight=said.right,
        preflight_at=said.at,
        preflight_text=said.text,
        mend=said.command,
    )
    if said.right is not Right.MISSING:
        return target
    reason = said.findings[0].reason
    return target.ended(Outcome.FAILED, now, reason=reason, detail=said.text)
