"""A second proof: has the new key been used? It never changes an outcome."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from workers.offboarding.discovery import at_once
from workers.offboarding.errors import PermanentError, TransientError
from workers.offboarding.model import Case, CaseTarget
from workers.offboarding.ports import Claim
from workers.offboarding.steps.caring import put, told
from workers.offboarding.steps.tools import Tools

# Counted from when the clusters should have picked the key up. IAM asks to look rarely:
# it calls this look expensive.
_LOOKS: Final = (timedelta(), timedelta(minutes=15), timedelta(minutes=60))
_NOT_SAID: Final = "IAM does not say that it was used."


def prove(tools: Tools, claim: Claim, case: Case) -> datetime | None:
    """Look whether new keys are in use; return when to look again, None for never."""
    waiting = [
        one
        for one in case.targets
        if one.was_reset_here and one.used_at is None and one.looks < len(_LOOKS)
    ]
    if not waiting:
        return None
    began = settled_in(tools, case)
    now = tools.clock()
    due = [one for one in waiting if began + _LOOKS[one.looks] <= now]
    looked = sum(began + each <= now for each in _LOOKS)
    for one, said in zip(due, _used(tools, due), strict=True):
        _put_down(tools, claim, one, said, looked)
    later = [one.looks for one in waiting if one not in due]
    if len(later) < len(waiting):
        later.append(looked)
    times = [began + _LOOKS[each] for each in later if each < len(_LOOKS)]
    return min(times, default=None)


def settled_in(tools: Tools, case: Case) -> datetime:
    """Return when the clusters should have picked up the last of the new keys."""
    times = [one.settled_at for one in case.targets if one.settled_at is not None]
    return max(times, default=case.received_at) + tools.settle


def _used(tools: Tools, targets: Sequence[CaseTarget]) -> list[datetime | str]:
    return at_once(partial(_look, tools), targets)


def _look(tools: Tools, one: CaseTarget) -> datetime | str:
    """Ask when the new key was used; a text says why that is not known."""
    account = tools.accounts.get(one.target.account_id)
    if account is None or one.functional_id is None or one.intent_at is None:
        return "Nobody can be asked."
    try:
        used_at = account.cloud.key_used_at(
            one.target, one.functional_id, since=one.intent_at
        )
    except (PermanentError, TransientError) as error:
        return str(error)
    return used_at or _NOT_SAID


def _put_down(
    tools: Tools, claim: Claim, one: CaseTarget, said: datetime | str, looks: int
) -> None:
    now = tools.clock()
    entries = []
    used_at = said if isinstance(said, datetime) else None
    if used_at is not None:
        entries.append(told(claim, now, "target.key_used", one, detail=f"{used_at}"))
    elif looks >= len(_LOOKS):
        what = "target.key_not_seen_used"
        entries.append(told(claim, now, what, one, detail=str(said)))

    def turned(target: CaseTarget) -> CaseTarget:
        return replace(target, used_at=used_at, looks=looks)

    put(tools, claim, one.target.id, turned, *entries)
