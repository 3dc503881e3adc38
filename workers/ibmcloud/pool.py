"""The functional IDs of an account, and which of them may own a target.

The most specific rule decides: regions and resource groups named, then resource groups
alone, then regions alone, then neither. Of equally specific ones the first in the file.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from config.accounts import AccountSettings, FunctionalIdSettings
from workers.ibmcloud.pace import Pace
from workers.ibmcloud.regions import todays_name
from workers.ibmcloud.tokens import Tokens
from workers.offboarding.errors import PermanentError, Reason
from workers.offboarding.model import KeyOwner, OwnerKind, Target

# How long a refused key of a functional ID is not tried again for a mere label.
_REFUSED_SECONDS: Final = 60.0


@dataclass(slots=True)
class Member:
    """One functional ID: what it may own, and its tokens."""

    name: str
    tokens: Tokens
    regions: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    refused_until: float = field(default=0.0, repr=False)

    def may_own(self, target: Target) -> bool:
        """Tell whether *target* lies within its regions and resource groups."""
        group = target.resource_group
        is_region = not self.regions or todays_name(target.region) in self.regions
        return is_region and (
            not self.groups or bool({group.id, group.name} & self.groups)
        )

    @property
    def specificity(self) -> tuple[bool, bool]:
        """Return what orders members: a group says more than a region."""
        return bool(self.groups), bool(self.regions)


class Pool:
    """The functional IDs of one account; safe to share between threads."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = tuple(members)
        self._lock = threading.Lock()

    @property
    def members(self) -> tuple[Member, ...]:
        """Return all of them, as in the file."""
        return self._members

    def for_target(self, target: Target) -> Member:
        """Choose the functional ID that is to own *target*.

        Raises:
            PermanentError: ``no_functional_id`` where the account has none, or none
                that may own this target.
        """
        if not self._members:
            raise PermanentError(
                f"Account {target.account_id} has no functional ID: give it an"
                " [[account.functional_id]] with its apikey_file in the accounts file,"
                " or set OFFBOARD_FUNCTIONAL_ID_APIKEY_FILE",
                reason=Reason.NO_FUNCTIONAL_ID,
            )
        fitting = [one for one in self._members if one.may_own(target)]
        if not fitting:
            raise PermanentError(
                f"No functional ID of account {target.account_id} may own"
                f" {target.region} / {target.resource_group.name}: in the accounts"
                " file, add them to the regions and resource_groups of an"
                " [[account.functional_id]], or leave both out of one",
                reason=Reason.NO_FUNCTIONAL_ID,
            )
        # The first of the greatest, so the first in the file.
        return max(fitting, key=lambda one: one.specificity)

    def owners(self) -> tuple[KeyOwner, ...]:
        """Return whom the functional IDs are; raises as ``Tokens.claims`` does."""
        return tuple(
            one.tokens.claims().as_owner(OwnerKind.FUNCTIONAL_ID)
            for one in self._members
        )

    def iam_ids(self) -> frozenset[str]:
        """Return the IAM IDs that make an owner a functional ID, as far as known.

        A functional ID whose key is refused hides no owner: the kind is a label, what
        is safe is decided by ids.
        """
        found = (self._iam_id(one) for one in self._members)
        return frozenset(one for one in found if one)

    def _iam_id(self, member: Member) -> str | None:
        known = member.tokens.known()
        if known is not None:
            return known.iam_id
        with self._lock:
            if time.monotonic() < member.refused_until:
                return None
        try:
            return member.tokens.claims().iam_id
        except PermanentError:
            with self._lock:
                member.refused_until = time.monotonic() + _REFUSED_SECONDS
            return None


def open_pool(
    account: AccountSettings, iam_url: str, *, beside: Tokens | None, pace: Pace
) -> Pool:
    """Make the functional IDs of an account, as they stand in the file. No I/O.

    Where the account is not named, theirs must be the account of *beside*, or else of
    the first of them.
    """
    members: list[Member] = []
    for one in account.functional_ids:
        tokens = Tokens(one.apikey, iam_url, account.id, beside=beside, pace=pace)
        beside = beside or tokens
        members.append(_member(one, tokens))
    return Pool(members)


def _member(one: FunctionalIdSettings, tokens: Tokens) -> Member:
    return Member(
        one.name,
        tokens,
        regions=frozenset(todays_name(region) for region in one.regions),
        groups=frozenset(one.resource_groups),
    )
