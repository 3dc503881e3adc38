"""API keys: every identity's, and which one is stored for which target.

Knows no people and no rules, and has no lock: ``Account`` brings all three.
"""

import uuid
from collections.abc import Callable
from dataclasses import replace

from simulator.records import CLUSTER_KEY_NAME, Activity, ApiKey, StoredKey

Target = tuple[str, str]


class KeyRing:
    """The keys of one account; a target is its region and resource group id."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}
        self._raw: dict[str, str] = {}
        self._stored: dict[Target, list[StoredKey]] = {}
        self._logins: dict[str, Activity] = {}

    def all(self) -> list[ApiKey]:
        """Answer every key, oldest first."""
        return list(self._keys.values())

    def count(self, iam_id: str) -> int:
        """Answer how many keys an identity has."""
        return sum(1 for key in self._keys.values() if key.iam_id == iam_id)

    def add_login(self, iam_id: str, raw_key: str, created_at: float) -> None:
        """Make a key that gives tokens."""
        key = self._add(iam_id, "login-key", "made by hand", created_at)
        self._raw[raw_key] = key.key_id

    def raw_keys(self) -> list[str]:
        """Answer the keys that give tokens, in order of adding."""
        return list(self._raw)

    def login(self, raw_key: str) -> str | None:
        """Answer whose a raw key is; None where it is unknown, deleted or disabled."""
        key = self._keys.get(self._raw.get(raw_key, ""))
        return None if key is None or key.is_disabled else key.iam_id

    def key_of_raw(self, raw_key: str) -> ApiKey | None:
        """Answer the key that a raw key is; None where it is unknown or deleted."""
        return self._keys.get(self._raw.get(raw_key, ""))

    def count_login(self, raw_key: str, at: float) -> None:
        """Take in that a token was made with a raw key."""
        key_id = self._raw[raw_key]
        before = self._logins.get(key_id, Activity())
        self._logins[key_id] = Activity(before.count + 1, at)

    def raw_key_of(self, iam_id: str) -> str | None:
        """Answer an identity's first key that gives tokens; None without one."""
        mine = (raw for raw in self._raw if self.login(raw) == iam_id)
        return next(mine, None)

    def key(self, key_id: str) -> ApiKey | None:
        """Answer a key; None where there is none, or none any more."""
        return self._keys.get(key_id)

    def change(
        self,
        key_id: str,
        at: float,
        *,
        is_locked: bool | None = None,
        is_disabled: bool | None = None,
    ) -> None:
        """Lock or disable a key, or take that back; None leaves it.

        Raises:
            KeyError: There is no such key.
        """
        key = self._keys[key_id]
        self._keys[key_id] = replace(
            key,
            is_locked=key.is_locked if is_locked is None else is_locked,
            is_disabled=key.is_disabled if is_disabled is None else is_disabled,
            version=key.version + 1,
            modified_at=at,
        )

    def delete(self, *key_ids: str) -> None:
        """Delete keys; what is stored for targets stays named."""
        self._keys = {i: key for i, key in self._keys.items() if i not in key_ids}
        self._raw = {raw: i for raw, i in self._raw.items() if i not in key_ids}

    def delete_of(self, iam_id: str) -> None:
        """Delete all keys of an identity; what is stored for targets stays named."""
        self.delete(*[k.key_id for k in self._keys.values() if k.iam_id == iam_id])

    def store(
        self,
        target: Target,
        iam_id: str,
        *,
        description: str,
        created_at: float,
        visible_at: float,
    ) -> None:
        """Make a new cluster API key for a target, and store it; the old one stays."""
        key = self._add(iam_id, CLUSTER_KEY_NAME, description, created_at, target)
        entry = StoredKey(iam_id, key.key_id, visible_at)
        self._stored.setdefault(target, []).append(entry)

    def describe(self, describe: Callable[[Target], str]) -> None:
        """Describe every cluster API key anew."""
        for key in self.all():
            if key.target is not None:
                told = describe(key.target)
                self._keys[key.key_id] = replace(key, description=told)

    def owners(self) -> dict[Target, str]:
        """Answer whose key is truly stored for each target that has one."""
        return {target: past[-1].iam_id for target, past in self._stored.items()}

    def shown_owner(self, target: Target, now: float) -> str | None:
        """Answer whose key readers see at a time: the newest that is visible."""
        past = self._stored.get(target, [])
        shown = [entry.iam_id for entry in past if entry.visible_at <= now]
        return shown[-1] if shown else None

    def show(self, target: Target, now: float) -> None:
        """Have readers see from this time on what is stored for a target."""
        self._stored[target] = [
            replace(one, visible_at=min(one.visible_at, now))
            for one in self._stored.get(target, [])
        ]

    def used(self, target: Target, now: float) -> list[StoredKey]:
        """Answer what a target's clusters work with at a time, and what they will.

        The same entry where both are one; nothing where no key was ever stored.
        """
        past = self._stored.get(target, [])
        reached = [entry for entry in past if entry.visible_at <= now] or past[:1]
        return list(dict.fromkeys([*reached[-1:], *past[-1:]]))

    def activity(self, key_id: str, now: float, lag_seconds: float | None) -> Activity:
        """Answer how a key was used.

        A cluster API key is used once, ``lag_seconds`` after it shows; None is never.
        """
        entries = [one for past in self._stored.values() for one in past]
        shown_at = [one.visible_at for one in entries if one.key_id == key_id]
        if not shown_at:
            return self._logins.get(key_id, Activity())
        if lag_seconds is None or shown_at[0] + lag_seconds > now:
            return Activity()
        return Activity(1, shown_at[0] + lag_seconds)

    def _add(
        self,
        iam_id: str,
        name: str,
        description: str,
        created_at: float,
        target: Target | None = None,
    ) -> ApiKey:
        key_id = f"ApiKey-{uuid.uuid4()}"
        key = ApiKey(key_id, iam_id, name, description, created_at, target)
        self._keys[key.key_id] = key
        return key
