"""Does in the simulated account what an ``ibmcloud`` command that grants a role does.

Knows this one command only, so that what a report tells is done to the letter.
"""

import shlex
import time
from typing import Final

from simulator.account import Account
from simulator.policies import Policy

_OPTIONS: Final = {"--roles", "--service-name", "--region", "--resource-group-id"}


def granted(account: Account, command: str) -> float | None:
    """Give a user the policy that *command* would, and return when that was done.

    None, and nothing is done, where it is not ``ibmcloud iam user-policy-create``,
    names nobody of the account, or has an option that is not known here.
    """
    words = shlex.split(command)
    if words[:3] != ["ibmcloud", "iam", "user-policy-create"] or len(words) % 2:
        return None
    options = dict(zip(words[4::2], words[5::2], strict=True))
    users = [one.iam_id for one in account.people() if one.email == words[3]]
    if options.keys() - _OPTIONS or "--roles" not in options or len(users) != 1:
        return None
    policy = Policy(
        tuple(options["--roles"].split(",")),
        service_name=options.get("--service-name"),
        region=options.get("--region"),
        resource_group_id=options.get("--resource-group-id"),
    )
    (user,) = users
    account.set_policies(user, [*account.direct_policies(user), policy])
    return time.time()
