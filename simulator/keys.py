"""API keys: every identity's, and which one is stored for which target.

Knows no people and no rules, and has no lock: ``Account`` brings all three.
"""

import uuid
from collections.abc import Callable
from dataclasses import replace

from simulator.records import CLUSTER_KEY_NAME, ApiKey, StoredKey

Target = tuple[str, str]


class KeyRing:
    """The keys of one account; a target is its region and resource group id."""

    def __init__(self) -> None:
        self._keys: dict[str, ApiKey] = {}
        self._raw: dict[str, str] = {}
        self._stored: dict[Target, list[StoredKey]] = {}

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
        """Answer whose a raw key is; None where it is unknown or deleted."""
        key_id = self._raw.get(raw_key)
        return None if key_id is None else self._keys[key_id].iam_id

    def raw_key_of(self, iam_id: str) -> str | None:
        """Answer an identity's first key that gives tokens; None without one."""
        mine = (raw for raw in self._raw if self.login(raw) == iam_id)
        return next(mine, None)

    def delete_of(self, iam_id: str) -> None:
        """Delete all keys of an identity; what is stored for targets stays named."""
        gone = {key.key_id for key in self._keys.values() if key.iam_id == iam_id}
        self._keys = {i: key for i, key in self._keys.items() if i not in gone}
        self._raw = {raw: i for raw, i in self._raw.items() if i not in gone}

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
