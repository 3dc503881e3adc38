"""Somebody else who resets a target at the worst moment, as a fault to plan.

Between the service's last look and its reset, or right after it, a person resets the
same target: IBM Cloud has no lock against that, and the last one wins.
"""

import re
from collections.abc import Callable, Sequence
from typing import Literal

from simulator.account import Account
from simulator.fault_actions import Action
from simulator.faults import Fault
from simulator.journal import RESET_PATH
from simulator.regions import canonical

At = Literal["reset", "reading"]
When = Literal["before", "after"]


def rival_fault(
    account: Account,
    region: str,
    group_id: str,
    iam_id: str,
    *,
    at: At = "reset",
    when: When = "before",
    seconds: float = 0.0,
    times: int | None = 1,
    skip: int = 0,
) -> Fault:
    """Make a fault: at the next reset or owner reading of a target, somebody resets it.

    The call itself is answered as ever. ``before`` is before it is looked at, ``after``
    is ``seconds`` after it was done. The clusters a reading may name are those there
    are now; a reset must name the region as it is given here.

    Raises:
        KeyError: Nobody in the account has this IAM ID.
    """
    if account.identity(iam_id) is None:
        raise KeyError(iam_id)
    action = Action(
        "rival_before" if when == "before" else "rival_after",
        seconds=seconds,
        account_id=account.account_id,
        region=region,
        resource_group=group_id,
        iam_id=iam_id,
    )
    if at == "reset":
        where = {"X-Region": region, "X-Auth-Resource-Group": group_id}
        return Fault("POST", RESET_PATH, action, times=times, skip=skip, where=where)
    path = _owner_path(account, region, group_id)
    return Fault("GET", path, action, times=times, skip=skip)


def rivals_of(accounts: Sequence[Account]) -> Callable[[Action], None]:
    """Make what has an action's person reset its target."""

    def reset(action: Action) -> None:
        for account in accounts:
            if action.account_id in ("", account.account_id):
                account.take_over(action.region, action.resource_group, action.iam_id)
                return

    return reset


def _owner_path(account: Account, region: str, group_id: str) -> str:
    names = [
        re.escape(name)
        for one in account.clusters()
        if (canonical(one.region), one.group_id) == (canonical(region), group_id)
        for name in (one.cluster_id, one.name)
    ]
    return f"/global/v1/logging/({'|'.join(names)})/clusterkeyowner"
