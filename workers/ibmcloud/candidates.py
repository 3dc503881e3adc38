"""Who may take a target over, by the rules of the accounts file.

Where several are left, the domain chooses the one with most free key slots.
"""

from collections.abc import Sequence

from workers.ibmcloud.pool import Member, place_of
from workers.offboarding.errors import PermanentError, Reason
from workers.offboarding.model import KeyOwner, Target


def candidates(
    members: Sequence[Member], target: Target, wanted: str | None
) -> tuple[KeyOwner, ...]:
    """Tell who may take *target* over: those of the most specific rule, in order.

    With *wanted*, a name in the file, an IAM ID or an e-mail: that one alone, by
    whichever rule. One whose key is refused is left out where another is left.

    Raises:
        TransientError: A token cannot be had now.
        PermanentError: ``no_functional_id`` where there is none, and why the only key
            is refused.
    """
    if not members:
        raise _nobody(
            f"Account {target.account_id} has no functional ID: give it an"
            " [[account.functional_id]] with its apikey_file in the accounts file,"
            " or set OFFBOARD_FUNCTIONAL_ID_APIKEY_FILE."
        )
    if wanted is not None:
        return _owners(_wanted(members, target, wanted))
    fitting = [one for one in members if one.may_own(target)]
    if not fitting:
        raise _nobody(
            f"No functional ID of account {target.account_id} may own"
            f" {place_of(target)}: in the accounts file, add them to the regions"
            " and resource_groups of an [[account.functional_id]], or leave both out of"
            " one."
        )
    most = max(one.specificity for one in fitting)
    return _owners([one for one in fitting if one.specificity == most])


def _owners(members: Sequence[Member]) -> tuple[KeyOwner, ...]:
    found: dict[str, KeyOwner] = {}
    refused: PermanentError | None = None
    for one in members:
        try:
            owner = one.owner()
        except PermanentError as error:
            refused = refused or error
        else:
            found.setdefault(owner.id, owner)
    if refused is not None and not found:
        raise refused
    return tuple(found.values())


def _wanted(members: Sequence[Member], target: Target, wanted: str) -> list[Member]:
    named = [one for one in members if one.name == wanted]
    found = named or _by_identity(members, target.account_id, wanted)
    fitting = [one for one in found if one.may_own(target)]
    if not fitting:
        raise _nobody(
            f"Functional ID {wanted} may not own {place_of(target)}: in the accounts"
            " file, add them to its regions and resource_groups, or leave both out."
        )
    return fitting


def _by_identity(
    members: Sequence[Member], account_id: str, wanted: str
) -> list[Member]:
    found: list[Member] = []
    hidden: list[str] = []
    for one in members:
        try:
            owner = one.owner()
        except PermanentError:
            hidden.append(one.name)
            continue
        if owner.id == wanted or owner.email == wanted.lower():
            found.append(one)
    if not found:
        refused = f"; the key of {', '.join(hidden)} is refused" if hidden else ""
        raise _nobody(
            f"No functional ID of account {account_id} is called {wanted}: give its"
            f" name in the accounts file, its IAM ID or its e-mail{refused}"
        )
    return found


def _nobody(message: str) -> PermanentError:
    return PermanentError(message, reason=Reason.NO_FUNCTIONAL_ID)
