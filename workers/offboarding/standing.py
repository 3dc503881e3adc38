"""How a functional ID stands: what preflight judges, as it was seen. Values only."""

from dataclasses import dataclass
from datetime import datetime

from workers.offboarding.model import KeyOwner
from workers.offboarding.rights import Policy

KEY_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Standing:
    """What was seen of one functional ID in one account.

    A fault is a sentence that says why something could not be seen; it is empty where
    all was.

    Attributes:
        identity: Who it is, by its token's claims.
        at: When it was looked at.
        name: What the accounts file calls it.
        regions: What it may own by the accounts file; empty means every region.
        resource_groups: The same of resource groups, ids or names.
        policies: Its own access policies and those of its access groups.
        policies_fault: Why these may not be all of them.
        state: Its state as a user, ``ACTIVE`` for one in order; None of a service ID,
            and where it could not be read.
        state_fault: Why its state could not be read.
        is_locked: Whether it is a service ID that is locked, so that nobody can make an
            API key for it.
        keys: How many API keys it has; None where they could not be listed.
        key_limit: How many it may have; 20 unless the accounts file says otherwise.
        keys_fault: Why its keys could not be listed.
        is_key_creation_restricted: Whether the account lets only those with a role of
            its own create API keys; None where its settings could not be read.
        key_fault: Why IAM does not accept the API key that this service holds of it;
            empty where it does, or where nobody can say now.
    """

    identity: KeyOwner
    at: datetime
    name: str = ""
    regions: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()
    policies: tuple[Policy, ...] = ()
    policies_fault: str = ""
    state: str | None = None
    state_fault: str = ""
    is_locked: bool = False
    keys: int | None = None
    key_limit: int = KEY_LIMIT
    keys_fault: str = ""
    is_key_creation_restricted: bool | None = None
    key_fault: str = ""

    @property
    def free(self) -> int | None:
        """Return how many API keys it may still get; None where nobody knows."""
        return None if self.keys is None else max(0, self.key_limit - self.keys)
