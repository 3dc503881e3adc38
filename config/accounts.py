"""The accounts and the keys that act in them."""

from dataclasses import dataclass
from typing import Final

from config.secret import Secret

# IAM's own limit of API keys for one identity.
KEY_LIMIT: Final = 20


@dataclass(frozen=True, slots=True)
class FunctionalIdSettings:
    """One functional ID of an account, and what it may own; empty means everything.

    ``key_limit`` is IAM's limit of API keys for this identity, if it was raised.
    """

    name: str
    apikey: Secret
    regions: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()
    key_limit: int = KEY_LIMIT


@dataclass(frozen=True, slots=True)
class FunctionalIdRule:
    """What one functional ID may own, known to every process; empty means everything.

    It names no key and no file of one.
    """

    name: str
    regions: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """One IBM Cloud account. Without a reader the first functional ID reads.

    ``armed`` False holds the account back: it is planned, and never written. ``rules``
    are those of ``functional_ids``, which a process without keys does not have.

    ``slack_channel_id`` and ``mail_to`` are the account's room: who is told there of
    what concerns this account, besides the service's own channels. ``approvers`` are
    the people who decide about it, by the names behind their tokens; empty: any
    approver.
    """

    id: str
    functional_ids: tuple[FunctionalIdSettings, ...] = ()
    reader: Secret | None = None
    name: str = ""
    armed: bool = True
    rules: tuple[FunctionalIdRule, ...] = ()
    slack_channel_id: str | None = None
    mail_to: tuple[str, ...] = ()
    approvers: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[Secret, ...]:
        """Return every key of the account."""
        functional = tuple(one.apikey for one in self.functional_ids)
        return functional if self.reader is None else (*functional, self.reader)
