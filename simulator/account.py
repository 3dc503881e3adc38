"""One IBM Cloud account: its state, and the rules by which a reset changes it.

Plain Python; knows nothing of HTTP, tokens or answers' shapes.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from simulator.errors import containers, published
from simulator.keys import KeyRing
from simulator.records import ApiKey, Cluster, Group, Identity, Provider
from simulator.regions import canonical, is_known

OwnerAnswer = Literal["keep", "404", "empty", "P0005"]


class Account:
    """An account that can be changed while it is being asked.

    ``latency_seconds`` is added to every call, ``replication_lag_seconds`` passes
    before a reset shows in ``clusterkeyowner``, ``token_life_seconds`` is the life of
    tokens from now on, ``key_limit`` is how many API keys one identity may have
    (20 is IAM's documented default). ``removed_owner_answer`` is what
    ``clusterkeyowner`` says of an owner who was removed: ``keep``, ``404``, ``empty``
    or ``P0005``; ``no_owner_answer`` is the same for a target that never had a key.
    What IBM Cloud really answers in these two cases is not confirmed against a live
    account.
    """

    def __init__(
        self,
        account_id: str = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7",
        *,
        clock: Callable[[], float] = time.time,
        latency_seconds: float = 0.0,
        replication_lag_seconds: float = 0.0,
        token_life_seconds: int = 3600,
    ) -> None:
        self.account_id = account_id
        self.clock = clock
        self.latency_seconds = latency_seconds
        self.replication_lag_seconds = replication_lag_seconds
        self.token_life_seconds = token_life_seconds
        self.key_limit = 20
        self.removed_owner_answer: OwnerAnswer = "keep"
        self.no_owner_answer: OwnerAnswer = "empty"
        self._lock = threading.RLock()
        self._identities: dict[str, Identity] = {}
        self._groups: dict[str, Group] = {}
        self._clusters: dict[str, Cluster] = {}
        self._keys = KeyRing()
        self._forbidden: set[str] = set()

    # What a test or the demo puts in.

    def add_person(
        self,
        iam_id: str,
        email: str,
        *,
        name: str = "",
        state: str = "ACTIVE",
        user_id: str | None = None,
    ) -> None:
        """Put a person on the user list; ``user_id`` is the e-mail unless given."""
        user_id = email if user_id is None else user_id
        with self._lock:
            self._identities[iam_id] = Identity(
                iam_id, name, email, user_id, state, False, self.clock()
            )

    def add_service_id(self, iam_id: str, name: str) -> None:
        """Make a service ID, which can hold keys and is on no user list."""
        with self._lock:
            self._identities[iam_id] = Identity(
                iam_id, name, "", "", "ACTIVE", True, self.clock()
            )

    def remove_person(self, iam_id: str) -> None:
        """Take a person off the user list and delete all their API keys at once.

        Tokens already issued live on until they expire, as IBM Cloud's do.

        Raises:
            KeyError: Nobody has this IAM ID, or they were removed before.
        """
        with self._lock:
            person = self._identities[iam_id]
            if not person.is_member:
                raise KeyError(iam_id)
            self._identities[iam_id] = replace(person, is_member=False)
            self._keys.delete_of(iam_id)

    def add_group(self, group_id: str, name: str, *, default: bool = False) -> None:
        """Add a resource group."""
        with self._lock:
            self._groups[group_id] = Group(group_id, name, default)

    def add_cluster(
        self,
        cluster_id: str,
        name: str,
        *,
        region: str,
        group_id: str,
        provider: Provider = "vpc-gen2",
        state: str = "normal",
        type: str = "kubernetes",
        addons: tuple[str, ...] = (),
        workers: int = 3,
    ) -> None:
        """Add a cluster; an id already there is replaced."""
        with self._lock:
            self._clusters[cluster_id] = Cluster(
                cluster_id=cluster_id,
                name=name,
                region=region,
                group_id=group_id,
                provider=provider,
                state=state,
                type=type,
                addons=tuple(addons),
                workers=workers,
                created_at=self.clock(),
            )

    def remove_cluster(self, cluster_id: str) -> None:
        """Make a cluster vanish; its target's key stays."""
        with self._lock:
            del self._clusters[cluster_id]

    def add_login_key(self, iam_id: str, raw_key: str) -> None:
        """Give an identity an API key of its own to get tokens with.

        It takes one of the identity's key slots, as in IAM.
        """
        with self._lock:
            self._keys.add_login(self._known(iam_id), raw_key, self.clock())

    def set_owner(self, region: str, group_id: str, iam_id: str) -> None:
        """Make an identity the owner of a target's cluster API key, visible at once.

        The key limit is not applied: this is how a scene is set.
        """
        with self._lock:
            self._store(region, group_id, self._known(iam_id), lag_seconds=0)

    def forbid_reset(self, iam_id: str) -> None:
        """Refuse resets by this identity with A0656 from now on."""
        with self._lock:
            self._forbidden.add(iam_id)

    # What a caller does.

    def reset(self, region: str, group_id: str | None, caller_iam_id: str) -> None:
        """Store a new cluster API key of the CALLER for a target.

        The old key stays in IAM. Without a resource group the reset lands on the
        account's default group (verified in IBM Cloud's documentation).

        Raises:
            FarSideError: 400 without a region or with an unknown one, or A03e9b when
                the caller has no key slot left; 403 A0656 when they may not, or are
                not in the account any more; 404 for an unknown group. That a reset
                answers the codes published for cluster creation is inferred, not
                confirmed against a live account, as are the other statuses.
        """
        with self._lock:
            if not self._knows_region(region):
                raise containers(400, "X-Region is missing or names no region.")
            target_group = group_id or self._default_group_id()
            if target_group not in self._groups:
                raise containers(404, "There is no such resource group.")
            caller = self._identities.get(caller_iam_id)
            is_allowed = caller is not None and caller.is_member
            if caller_iam_id in self._forbidden or not is_allowed:
                raise published("A0656")
            if self._keys.count(caller_iam_id) >= self.key_limit:
                raise published("A03e9b")
            lag_seconds = self.replication_lag_seconds
            self._store(region, target_group, caller_iam_id, lag_seconds=lag_seconds)

    # What can be seen.

    def owner(self, region: str, group_id: str) -> str | None:
        """Answer who truly owns a target's key now, without any lag."""
        with self._lock:
            return self._keys.owners().get((canonical(region), group_id))

    def owners(self) -> dict[tuple[str, str], str]:
        """Answer the true owner of every target that has a key."""
        with self._lock:
            return self._keys.owners()

    def shown_owner(self, region: str, group_id: str) -> Identity | None:
        """Answer the owner readers see now; None where no key was ever stored."""
        with self._lock:
            target = (canonical(region), group_id)
            iam_id = self._keys.shown_owner(target, self.clock())
            return None if iam_id is None else self._identities[iam_id]

    def identity(self, iam_id: str) -> Identity | None:
        """Answer a person or service ID, removed ones too."""
        with self._lock:
            return self._identities.get(iam_id)

    def people(self) -> list[Identity]:
        """Answer the user list: members only, no service IDs, in order of adding."""
        with self._lock:
            everyone = list(self._identities.values())
        return [p for p in everyone if p.is_member and not p.is_service]

    def groups(self) -> list[Group]:
        with self._lock:
            return list(self._groups.values())

    def group(self, group_id: str) -> Group | None:
        with self._lock:
            return self._groups.get(group_id)

    def clusters(self) -> list[Cluster]:
        with self._lock:
            return list(self._clusters.values())

    def cluster(self, id_or_name: str) -> Cluster | None:
        """Answer a cluster by its id, else the first of that name."""
        with self._lock:
            if id_or_name in self._clusters:
                return self._clusters[id_or_name]
            named = [c for c in self._clusters.values() if c.name == id_or_name]
            return named[0] if named else None

    def api_keys(self) -> list[ApiKey]:
        """Answer all IAM API keys, oldest first."""
        with self._lock:
            return self._keys.all()

    def key_count(self, iam_id: str) -> int:
        """Answer how many key slots of an identity are taken."""
        with self._lock:
            return self._keys.count(iam_id)

    def login(self, raw_key: str) -> Identity | None:
        """Answer who a raw API key belongs to; None where it is unknown or deleted."""
        with self._lock:
            iam_id = self._keys.login(raw_key)
            return None if iam_id is None else self._identities[iam_id]

    def login_keys(self) -> list[str]:
        """Answer the raw API keys that give tokens, in order of adding."""
        with self._lock:
            return self._keys.raw_keys()

    def _knows_region(self, region: str) -> bool:
        in_use = {c.region for c in self._clusters.values()}
        in_use |= {stored_region for stored_region, _ in self._keys.owners()}
        return bool(region) and (is_known(region) or region in in_use)

    def _default_group_id(self) -> str:
        return next((g.group_id for g in self._groups.values() if g.default), "")

    def _known(self, iam_id: str) -> str:
        return self._identities[iam_id].iam_id

    def _store(
        self, region: str, group_id: str, iam_id: str, *, lag_seconds: float
    ) -> None:
        now = self.clock()
        self._keys.store(
            (canonical(region), group_id),
            iam_id,
            created_at=now,
            visible_at=now + lag_seconds,
        )
