"""One IBM Cloud account: its state, and the rules by which a reset changes it.

Plain Python; knows nothing of HTTP, tokens or answers' shapes. It is long because all
that changes an account is here, under one lock; the parts it is made of have none.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from simulator.errors import containers, published
from simulator.fleet import Fleet
from simulator.grants import Grants
from simulator.keys import KeyRing, Target
from simulator.policies import AccessGroup, Policy, account_administrator
from simulator.records import ApiKey, Cluster, Group, Identity, Provider, Steward
from simulator.regions import canonical, is_known, legacy
from simulator.switches import (
    DESCRIPTION_STYLES,
    KeyListRefusal,
    OwnerAnswer,
    OwnerIdStyle,
    PolicyRefusal,
    RegionStyle,
    Restriction,
    is_description_style,
)

__all__ = ["Account", "OwnerAnswer"]


class Account:
    """An account that can be changed while it is being asked.

    What is not confirmed against a live account can be switched, so that each way it
    may be can be tried.

    Attributes:
        latency_seconds: Added to every call.
        replication_lag_seconds: Passes before a reset shows in ``clusterkeyowner``.
        token_life_seconds: The life of tokens from now on.
        key_limit: How many API keys one identity may have; 20 is IAM's default.
        removed_owner_answer: What ``clusterkeyowner`` says of an owner who was removed:
            ``keep``, ``404``, ``empty`` or ``P0005``.
        no_owner_answer: The same for a target that never had a key.
        service_owner_answer: The same for a service ID that owns one.
        owner_id_style: ``iam_id``, or ``other`` for ids that are no IAM IDs.
        key_list_refusal: What who may not list everybody's API keys gets: ``short``,
            their own alone, or ``403``.
        policy_refusal: What who may not read somebody else's policies and access
            groups gets: ``empty`` or ``403``.
        own_policies_readable: Whether one may always read one's own.
        restrict_user_list_visibility: With ``RESTRICTED`` who has no Viewer role on
            User Management finds only themselves on the user list.
        restrict_create_platform_apikey: Only shown; resets do not heed it.
        region_style: ``legacy`` gives clusters the older region name where one exists.
        account_name: What the accounts file calls it.
        functional_ids: Who takes over by the accounts file; see ``add_functional_id``.
        reader: The IAM ID that reads by it; None leaves that to a functional ID.
    """

    def __init__(
        self,
        account_id: str = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7",
        *,
        name: str = "",
        clock: Callable[[], float] = time.time,
        latency_seconds: float = 0.0,
        replication_lag_seconds: float = 0.0,
        token_life_seconds: int = 3600,
    ) -> None:
        self.account_id = account_id
        self.account_name = name
        self.clock = clock
        self.latency_seconds = latency_seconds
        self.replication_lag_seconds = replication_lag_seconds
        self.token_life_seconds = token_life_seconds
        self.key_limit = 20
        self.removed_owner_answer: OwnerAnswer = "keep"
        self.no_owner_answer: OwnerAnswer = "empty"
        self.service_owner_answer: OwnerAnswer = "keep"
        self.owner_id_style: OwnerIdStyle = "iam_id"
        self.key_list_refusal: KeyListRefusal = "short"
        self.policy_refusal: PolicyRefusal = "empty"
        self.own_policies_readable = True
        self.restrict_user_list_visibility: Restriction = "NOT_RESTRICTED"
        self.restrict_create_platform_apikey: Restriction = "NOT_RESTRICTED"
        self.region_style: RegionStyle = "as_given"
        self._description_style = "plain"
        self._lock = threading.RLock()
        self._identities: dict[str, Identity] = {}
        self.functional_ids: list[Steward] = []
        self.reader: str | None = None
        self._fleet = Fleet()
        self._grants = Grants()
        self._keys = KeyRing()
        self._forbidden: set[str] = set()

    @property
    def description_style(self) -> str:
        """How cluster API keys are described in IAM.

        A name of ``switches.DESCRIPTION_STYLES``, or a text of one's own. Setting it
        describes the keys that are there anew.

        Raises:
            ValueError: The text has a name in braces that means nothing here.
        """
        return self._description_style

    @description_style.setter
    def description_style(self, style: str) -> None:
        if not is_description_style(style):
            raise ValueError("names in braces: region, group_id and the like")
        with self._lock:
            self._description_style = style
            self._keys.describe(self._described)

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
        """Take a person off the user list; their API keys and policies go at once.

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
            self._grants.forget(iam_id)

    def add_group(self, group_id: str, name: str, *, default: bool = False) -> None:
        """Add a resource group."""
        with self._lock:
            self._fleet.add_group(Group(group_id, name, default))

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
        creator_email: str = "",
    ) -> None:
        """Add a cluster; an id already there is replaced.

        ``region`` is shown as it is given, an older name too.
        """
        cluster = Cluster(
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
            creator_email=creator_email,
        )
        with self._lock:
            self._fleet.add_cluster(cluster)

    def set_cluster_state(self, cluster_id: str, state: str) -> None:
        """Change what lists say of a cluster, for example to ``deleting``."""
        with self._lock:
            self._fleet.change_cluster(cluster_id, state=state)

    def hide_from_lists(self, cluster_id: str, *, hidden: bool = True) -> None:
        """Keep a cluster out of every cluster list; the resource controller shows it.

        Calls that name it are answered as before.
        """
        with self._lock:
            self._fleet.change_cluster(cluster_id, is_hidden=hidden)

    def remove_cluster(self, cluster_id: str) -> None:
        """Make a cluster vanish; its target's key stays."""
        with self._lock:
            self._fleet.remove_cluster(cluster_id)

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

    def set_classic_credential(
        self, region: str, group_id: str, api_user: str | None
    ) -> None:
        """Store a classic infrastructure user name for a target; None takes it away."""
        with self._lock:
            self._fleet.set_credential((canonical(region), group_id), api_user)

    def set_policies(self, iam_id: str, policies: Sequence[Policy] | None) -> None:
        """Replace somebody's direct policies.

        None goes back to the default: full rights for who has a login key and is in no
        access group, else none. Policies limit what can be read; a reset is refused by
        ``forbid_reset`` alone.
        """
        with self._lock:
            self._grants.replace(self._known(iam_id), policies)

    def add_access_group(
        self,
        group_id: str,
        name: str,
        *,
        members: Sequence[str] = (),
        policies: Sequence[Policy] = (),
        dynamic_members: Sequence[str] = (),
    ) -> None:
        """Add an access group; one that has this id is replaced.

        Everybody is in the group ``policies.PUBLIC_ACCESS``. Being in any other takes
        the place of the full rights somebody has by default.
        """
        group = AccessGroup(
            group_id, name, tuple(members), tuple(dynamic_members), tuple(policies)
        )
        with self._lock:
            for iam_id in (*members, *dynamic_members):
                self._known(iam_id)
            self._grants.add_group(group)

    def add_functional_id(
        self,
        iam_id: str,
        name: str,
        *,
        regions: Sequence[str] = (),
        group_ids: Sequence[str] = (),
    ) -> None:
        """Name an identity with a login key as a functional ID in the accounts file."""
        with self._lock:
            self.functional_ids.append(
                Steward(self._known(iam_id), name, tuple(regions), tuple(group_ids))
            )

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
            target_group = group_id or self._fleet.default_group_id()
            if self._fleet.group(target_group) is None:
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
        """Answer the resource groups, in order of adding."""
        with self._lock:
            return self._fleet.groups()

    def group(self, group_id: str) -> Group | None:
        """Answer a resource group."""
        with self._lock:
            return self._fleet.group(group_id)

    def clusters(self) -> list[Cluster]:
        """Answer all clusters, those hidden from lists too."""
        with self._lock:
            return self._fleet.clusters()

    def cluster(self, id_or_name: str) -> Cluster | None:
        """Answer a cluster by its id, else the first of that name."""
        with self._lock:
            return self._fleet.cluster(id_or_name)

    def shown_region(self, region: str) -> str:
        """Answer a region's name as lists give it."""
        return legacy(canonical(region)) if self.region_style == "legacy" else region

    def classic_credential(self, region: str, group_id: str) -> str | None:
        """Answer the classic user name stored for a target."""
        with self._lock:
            return self._fleet.credential((canonical(region), group_id))

    def direct_policies(self, iam_id: str) -> tuple[Policy, ...]:
        """Answer somebody's own policies, without those of their access groups."""
        with self._lock:
            return self._grants.direct(iam_id, self._unasked(iam_id))

    def policies(self, iam_id: str) -> list[Policy]:
        """Answer all policies that reach somebody."""
        with self._lock:
            groups = self._grants.groups_of(iam_id)
            inherited = [policy for group in groups for policy in group.policies]
            return [*self.direct_policies(iam_id), *inherited]

    def policy_subjects(self) -> list[str]:
        """Answer who has direct policies: given ones, or all rights by default."""
        with self._lock:
            return [i for i in self._identities if self.direct_policies(i)]

    def access_groups(self) -> list[AccessGroup]:
        """Answer the access groups, in order of adding."""
        with self._lock:
            return self._grants.groups()

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

    def login_key(self, iam_id: str) -> str | None:
        """Answer an identity's first raw API key; None where it has none."""
        with self._lock:
            return self._keys.raw_key_of(iam_id)

    def _unasked(self, iam_id: str) -> tuple[Policy, ...]:
        has_login = self._keys.raw_key_of(iam_id) is not None
        return account_administrator() if has_login else ()

    def _described(self, target: Target) -> str:
        region, group_id = target
        group = self._fleet.group(group_id)
        style = self._description_style
        return DESCRIPTION_STYLES.get(style, style).format(
            region=region,
            legacy_region=legacy(region),
            group_id=group_id,
            group_name=group.name if group else "",
            account_id=self.account_id,
        )

    def _knows_region(self, region: str) -> bool:
        in_use = {c.region for c in self._fleet.clusters()}
        in_use |= {stored_region for stored_region, _ in self._keys.owners()}
        return bool(region) and (is_known(region) or region in in_use)

    def _known(self, iam_id: str) -> str:
        return self._identities[iam_id].iam_id

    def _store(
        self, region: str, group_id: str, iam_id: str, *, lag_seconds: float
    ) -> None:
        now = self.clock()
        target = (canonical(region), group_id)
        self._keys.store(
            target,
            iam_id,
            description=self._described(target),
            created_at=now,
            visible_at=now + lag_seconds,
        )
