"""The functional IDs of an account, and which of them may own a target.

The most specific rule decides: regions and resource groups named, then resource groups
alone, then regions alone, then neither. Of equally specific ones the domain chooses the
one with most free key slots.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from config.accounts import KEY_LIMIT, AccountSettings, FunctionalIdSettings
from workers.ibmcloud.pace import Pace
from workers.ibmcloud.regions import todays_name
from workers.ibmcloud.silence import Silence
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
    regions: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    key_limit: int = KEY_LIMIT
    refused_until: float = field(default=0.0, repr=False)

    def may_own(self, target: Target) -> bool:
        """Tell whether *target* lies within its regions and resource groups."""
        group = target.resource_group
        is_region = not self.regions or todays_name(target.region) in self.regions
        return is_region and (
            not self.groups or not {group.id, group.name}.isdisjoint(self.groups)
        )

    @property
    def specificity(self) -> tuple[bool, bool]:
        """Return what orders members: a group says more than a region."""
        return bool(self.groups), bool(self.regions)

    def owner(self) -> KeyOwner:
        """Return whom its token speaks for now; raises as ``Tokens.claims`` does."""
        return self.tokens.claims().as_owner(OwnerKind.FUNCTIONAL_ID)

    def iam_id(self) -> str:
        """Return whose its key is, as it was last told; raises as ``owner`` does.

        A key that was good once is known to be theirs after it is refused, too.
        """
        known = self.tokens.known()
        return known.iam_id if known is not None else self.tokens.claims().iam_id


class Pool:
    """The functional IDs of one account; safe to share between threads."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = tuple(members)
        self._lock = threading.Lock()

    @property
    def members(self) -> tuple[Member, ...]:
        """Return all of them, as in the file."""
        return self._members

    def of(self, functional_id: KeyOwner, target: Target | None = None) -> Member:
        """Find the member that is *functional_id*, and may own *target*.

        Raises:
            TransientError: A token cannot be had now, so who is who cannot be told.
            PermanentError: ``wrong_identity`` where none is; why a key is refused,
                where that hides whose it is.
        """
        hidden: PermanentError | None = None
        for one in self._members:
            if target is not None and not one.may_own(target):
                continue
            try:
                iam_id = one.iam_id()
            except PermanentError as error:
                hidden = hidden or error
                continue
            if iam_id == functional_id.id:
                return one
        if hidden is not None:
            raise hidden
        raise PermanentError(
            _stranger(functional_id, target), reason=Reason.WRONG_IDENTITY
        )

    def owners(self) -> tuple[KeyOwner, ...]:
        """Return whom the functional IDs are; raises as ``Tokens.claims`` does."""
        return tuple(one.owner() for one in self._members)

    def iam_ids(self) -> frozenset[str]:
        """Return the IAM IDs that make an owner a functional ID, as far as known.

        A functional ID whose key is refused hides no owner: the kind is a label, what
        is safe is decided by ids.
        """
        found = (self._iam_id(one) for one in self._members)
        return frozenset(one for one in found if one)

    def _iam_id(self, member: Member) -> str | None:
        with self._lock:
            is_refused = time.monotonic() < member.refused_until
        if is_refused and member.tokens.known() is None:
            return None
        try:
            return member.iam_id()
        except PermanentError:
            with self._lock:
                member.refused_until = time.monotonic() + _REFUSED_SECONDS
            return None


def open_pool(
    account: AccountSettings,
    iam_url: str,
    *,
    beside: Tokens | None,
    pace: Pace,
    silence: Silence | None = None,
) -> Pool:
    """Make the functional IDs of an account, as they stand in the file. No I/O.

    Where the account is not named, theirs must be the account of *beside*, or else of
    the first of them.
    """
    members: list[Member] = []
    for one in account.functional_ids:
        tokens = Tokens(
            one.apikey,
            iam_url,
            account.id,
            beside=beside,
            pace=pace,
            silence=silence,
        )
        beside = beside or tokens
        members.append(_member(one, tokens))
    return Pool(members)


def _member(one: FunctionalIdSettings, tokens: Tokens) -> Member:
    return Member(
        one.name,
        tokens,
        regions=tuple(todays_name(region) for region in one.regions),
        groups=one.resource_groups,
        key_limit=one.key_limit,
    )


def _stranger(functional_id: KeyOwner, target: Target | None) -> str:
    who = functional_id.email or functional_id.name or functional_id.id
    where = "" if target is None else f" that may own {place_of(target)}"
    return f"{who} ({functional_id.id}) is no functional ID of this account{where}"


def place_of(target: Target) -> str:
    """Name where a target is, as people read it."""
    return f"{target.region} / {target.resource_group.name}"
