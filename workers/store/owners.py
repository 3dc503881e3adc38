"""The owner index: what surveys have read, one hash an account, and when.

Written whole by a survey, corrected target by target by what cases read. It may be
lost: the next survey makes it anew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import redis

from workers.offboarding.exposure import AccountIndex, Holding, ReadingKind
from workers.offboarding.model import KeyOwner, Person, Target
from workers.store.codec import decode, encode
from workers.store.connection import PREFIX, Scripts, faults

_HEAD: Final = "head"
# A survey that takes longer lost its worker; another may begin.
_SURVEY_SECONDS: Final = 1800


class Owners:
    """The owner index; implements the port ``OwnerIndex``, and what surveys need."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._scripts = Scripts(client)

    def of(self, account_id: str) -> AccountIndex:
        """Read what is known of one account; an empty index where nothing is."""
        return self.all([account_id])[0]

    def all(self, account_ids: Iterable[str]) -> list[AccountIndex]:
        """Read several accounts in one round trip, in their order."""
        wanted = list(account_ids)
        with faults(), self._client.pipeline(transaction=False) as pipe:
            for each in wanted:
                pipe.hgetall(_index(each))
            answers = pipe.execute()
        return [_as_index(*pair) for pair in zip(wanted, answers, strict=True)]

    def accounts(self) -> list[str]:
        """List the accounts that were ever surveyed, or are to be."""
        with faults():
            return sorted(
                str(one) for one in self._client.smembers(f"{PREFIX}surveyed")
            )

    def know(self, account_ids: Iterable[str]) -> None:
        """Say which accounts this service has; others are forgotten."""
        self._scripts.call("know", accounts=sorted(set(account_ids)))

    def people(self, account_id: str, names: Sequence[str]) -> tuple[Person, ...]:
        """Find who had one of these e-mails, logins or IAM IDs at the last survey."""
        if not names:
            return ()
        key = f"{PREFIX}people:{account_id}"
        with faults():
            hits = self._client.hmget(key, [f"name:{one.lower()}" for one in names])
        ids = [each for hit in hits if hit for each in decode(hit, list[str])]
        ids += names
        with faults():
            found = self._client.hmget(
                key, [f"iam:{one}" for one in dict.fromkeys(ids)]
            )
        return tuple(decode(one, Person) for one in found if one)

    def note(self, target: Target, owner: KeyOwner, at: datetime) -> None:
        """Take in a reading that was made outside of a survey, unless a later is there.

        An account that was never surveyed is left alone: half an index would look like
        a whole one.
        """
        holding = Holding(target, ReadingKind.OWNER, owner, checked_at=at)
        self._scripts.call(
            "note",
            account=target.account_id,
            target=target.id,
            holding=encode(holding),
            at=at.timestamp(),
        )

    def put(self, index: AccountIndex, people: Sequence[Person] | None) -> None:
        """Write what a survey of one account found, all of it at once.

        What a case read since the survey began is kept.

        Args:
            index: The account as it is now.
            people: Its user list; None keeps the one before, since this was not whole.
        """
        self._scripts.call(
            "put",
            account=index.account_id,
            head=encode(replace(index, holdings=())),
            holdings={one.target.id: encode(one) for one in index.holdings},
            since=index.surveyed_at.timestamp() if index.surveyed_at else 0,
            people=None if people is None else _people(people),
        )

    def defer(self, owner: KeyOwner) -> None:
        """Remember who is gone from one account, and in another still."""
        with faults():
            self._client.hset(f"{PREFIX}deferred", owner.id, encode(owner))

    def deferred(self) -> list[KeyOwner]:
        """List who was remembered so."""
        with faults():
            found = self._client.hvals(f"{PREFIX}deferred")
        return [decode(one, KeyOwner) for one in found]

    def undefer(self, iam_id: str) -> None:
        """Forget who was remembered so."""
        with faults():
            self._client.hdel(f"{PREFIX}deferred", iam_id)

    def begin_survey(self, account_id: str) -> bool:
        """Claim the survey of an account, if one is due and nobody makes it."""
        answer = self._scripts.call(
            "survey", account=account_id, lease_ms=_SURVEY_SECONDS * 1000
        )
        return bool(answer)

    def end_survey(self, account_id: str, *, again_seconds: float) -> None:
        """Give the survey back; the next one is due after *again_seconds*."""
        self._scripts.call(
            "surveyed", account=account_id, again_ms=int(again_seconds * 1000)
        )


def _index(account_id: str) -> str:
    return f"{PREFIX}owners:{account_id}"


def _as_index(account_id: str, found: dict[str, str]) -> AccountIndex:
    head = found.get(_HEAD)
    if head is None:
        return AccountIndex(account_id)
    holdings = tuple(
        decode(text, Holding) for name, text in sorted(found.items()) if name != _HEAD
    )
    return replace(decode(head, AccountIndex), holdings=holdings)


def _people(people: Sequence[Person]) -> dict[str, str]:
    by_name: dict[str, list[str]] = {}
    for one in people:
        names = {each.lower() for each in (one.email, one.user_id) if each}
        for name in names:
            by_name.setdefault(f"name:{name}", []).append(one.iam_id)
    known = {name: encode(ids) for name, ids in by_name.items()}
    return known | {f"iam:{one.iam_id}": encode(one) for one in people}
