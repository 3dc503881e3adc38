"""Which API key each worker uses, by its id in IAM and never by the key itself."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# A worker that said nothing for so long is taken for one that ended.
_LIVE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One key that a worker works with.

    Attributes:
        name: The functional ID's name in the settings, or ``reader``.
        iam_id: Whose key it is; empty where no key was good yet.
        key_id: Its id in IAM; empty where IAM did not show it.
        made_at: When it was made; None where IAM did not say it.
        since: Since when the worker uses it.
        unseen: Why IAM did not show it.
        declined: Why the key that stands in the file is not used.
    """

    account_id: str
    name: str
    since: datetime
    iam_id: str = ""
    key_id: str = ""
    key_name: str = ""
    made_at: datetime | None = None
    unseen: str = ""
    declined: str = ""

    @property
    def place(self) -> tuple[str, str]:
        """Return what is the same for a key and the one that takes its place."""
        return self.account_id, self.name


@dataclass(frozen=True, slots=True)
class WorkerWord:
    """What a worker last said: its keys, and why its files are not in force."""

    worker: str
    at: datetime
    uses: tuple[KeyUse, ...] = ()
    setting_faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UsedKey:
    """A key that some worker used, and when one was last known to."""

    use: KeyUse
    last_at: datetime


def live(words: Iterable[WorkerWord], now: datetime) -> list[WorkerWord]:
    """Return the words of the workers that are there now."""
    return [one for one in words if now - one.at <= _LIVE]


def each_key(words: Iterable[WorkerWord]) -> Iterator[KeyUse]:
    """Return each key that is in use once."""
    seen: set[tuple[str, str, str]] = set()
    for use in (each for one in words for each in one.uses):
        key = (*use.place, use.key_id)
        if use.key_id and key not in seen:
            seen.add(key)
            yield use


def old_keys(
    words: Sequence[WorkerWord], now: datetime, age: timedelta
) -> list[KeyUse]:
    """Return the keys in use that were made at least *age* ago, the oldest first."""
    found = [
        (one.made_at, one)
        for one in each_key(words)
        if one.made_at is not None and now - one.made_at >= age
    ]
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]
