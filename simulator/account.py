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
from simulator.outages import Outage, outage
from simulator.policies import AccessGroup, Policy, account_administrator
from simulator.records import (
    Activity,
    ApiKey,
    Cluster,
    CustomRole,
    Group,
    Identity,
    Provider,
    Refresh,
    Steward,
    StoredKey,
)
from simulator.regions import canonical, is_known, legacy
from simulator.resetting import refuse_without_roles
from simulator.rights import Rights
from simulator.roles import custom_role_crn
from simulator.switches import (
    DESCRIPTION_STYLES,
    AddonList,
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
        pickup_seconds: Passes from then on until the clusters work with the new key.
        activity_lag_seconds: Passes from then on until IAM shows that a cluster API
            key was used; None is never.
        token_life_seconds: The life of tokens from now on.
        key_limit: How many API keys one identity may have; 20 is IAM's default.
        key_limits: The same for single identities, by IAM ID.
        resets_need_roles: Whether a reset is refused to who lacks the roles for it.
        refresh_seconds: A master refreshed less than this ago is not refreshed again.
        list_addons: With ``absent`` the cluster lists of version 2 have no add-ons.
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
        restrict_create_platform_apikey: With ``RESTRICTED`` who resets needs a role to
            create API keys.
        region_style: ``legacy`` gives clusters the older region name where one exists.
        account_name: What the accounts file calls it.
        functional_ids: Who takes over by the accounts file; see ``add_functional_id``.
        reader: The IAM ID that reads by it; None leaves that to a functional ID.
    """

    # Where the switches stand until one is set on an account.
    pickup_seconds = 0.0
    activity_lag_seconds: float | None = 0.0
    key_limit = 20
    resets_need_roles = True
    refresh_seconds = 0.0
    list_addons: AddonList = "shown"
    removed_owner_answer: OwnerAnswer = "keep"
    no_owner_answer: OwnerAnswer = "empty"
    service_owner_answer: OwnerAnswer = "keep"
    owner_id_style: OwnerIdStyle = "iam_id"
    key_list_refusal: KeyListRefusal = "short"
    policy_refusal: PolicyRefusal = "empty"
    own_policies_readable = True
    restrict_user_list_visibility: Restriction = "NOT_RESTRICTED"
    restrict_create_platform_apikey: Restriction = "NOT_RESTRICTED"
    region_style: RegionStyle = "as_given"

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
        self.key_limits: dict[str, int] = {}
        self._description_style = "plain"
        self._lock = threading.RLock()
        self._identities: dict[str, Identity] = {}
        self.functional_ids: list[Steward] = []
        self.reader: str | None = None
        self._fleet = Fleet()
        self._grants = Grants()
        self._keys = KeyRing()
        self._forbidden: set[str] = set()
        self._custom_roles: dict[str, CustomRole] = {}
        self._lags: dict[Target, float] = {}
        self._refreshes: list[Refresh] = []

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

    def lock_service_id(self, iam_id: str, *, is_locked: bool = True) -> None:
        """Lock a service ID, so that nobody can make an API key for it.

        Raises:
            KeyError: There is no such service ID.
        """
        with self._lock:
            one = self._identities[iam_id]
            if not one.is_service:
                raise KeyError(iam_id)
            self._identities[iam_id] = replace(one, is_locked=is_locked)

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

    def add_login_key(
        self, iam_id: str, raw_key: str, *, created_at: float | None = None
    ) -> None:
        """Give an identity an API key of its own to get tokens with.

        It takes one of the identity's key slots, as in IAM. It was made now, unless
        *created_at* (epoch seconds) says when.
        """
        with self._lock:
            at = self.clock() if created_at is None else created_at
            self._keys.add_login(self._known(iam_id), raw_key, at)

    def set_owner(self, region: str, group_id: str, iam_id: str) -> None:
        """Make an identity the owner of a target's cluster API key, visible at once.

        The key limit is not applied: this is how a scene is set.
        """
        with self._lock:
            self._store(region, group_id, self._known(iam_id), lag_seconds=0)

    def take_over(self, region: str, group_id: str, iam_id: str) -> None:
        """Have somebody reset a target beside the caller, as soon as it may show.

        Like ``set_owner``, but with the lag of a reset.
        """
        with self._lock:
            lag_seconds = self._lag_of(region, group_id)
            self._store(region, group_id, self._known(iam_id), lag_seconds=lag_seconds)

    def set_replication_lag(
        self, region: str, group_id: str, seconds: float | None
    ) -> None:
        """Give one target a replication lag of its own; None takes it away."""
        with self._lock:
            target = (canonical(region), group_id)
            self._lags.pop(target, None)
            if seconds is not None:
                self._lags[target] = seconds

    def end_replication_lag(self, region: str, group_id: str) -> None:
        """Have a reset of this target show now, whatever its lag was."""
        with self._lock:
            self._keys.show((canonical(region), group_id), self.clock())

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
        access group, else none. They limit what can be read and, unless
        ``resets_need_roles`` is switched off, who may reset.
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

    def add_custom_role(
        self,
        name: str,
        actions: Sequence[str],
        *,
        service_name: str = "containers-kubernetes",
    ) -> str:
        """Make a role of the account's own, and answer the CRN to grant it by."""
        crn = custom_role_crn(self.account_id, service_name, name)
        with self._lock:
            self._custom_roles[crn] = CustomRole(
                crn, name, service_name, tuple(actions)
            )
        return crn

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
                the caller has no key slot left; 403 A0656 when they may not, are
                locked, or are not in the account any more; 403 of ``resetting`` when
                they lack a role; 404 for an unknown group. That a reset answers the
                codes published for cluster creation is inferred, not confirmed
                against a live account, as are the other statuses.
        """
        with self._lock:
            if not self._knows_region(region):
                raise containers(400, "X-Region is missing or names no region.")
            target_group = group_id or self._fleet.default_group_id()
            if self._fleet.group(target_group) is None:
                raise containers(404, "There is no such resource group.")
            self._refuse(caller_iam_id, (canonical(region), target_group))
            limit = self.key_limits.get(caller_iam_id, self.key_limit)
            if self._keys.count(caller_iam_id) >= limit:
                raise published("A03e9b")
            lag_seconds = self._lag_of(region, target_group)
            self._store(region, target_group, caller_iam_id, lag_seconds=lag_seconds)

    def refresh_master(self, cluster_id: str, caller_iam_id: str) -> None:
        """Refresh a cluster's master.

        Raises:
            FarSideError: 409 where that was done less than ``refresh_seconds`` ago;
                inferred, not confirmed against a live account.
        """
        with self._lock:
            now = self.clock()
            since = now - self.refresh_seconds
            if any(
                r.cluster_id == cluster_id and r.at > since for r in self._refreshes
            ):
                raise containers(409, "The master is being refreshed.")
            self._refreshes.append(Refresh(cluster_id, caller_iam_id, now))

    def change_key(
        self,
        key_id: str,
        *,
        is_locked: bool | None = None,
        is_disabled: bool | None = None,
    ) -> None:
        """Lock or disable an API key, or take that back; None leaves it.

        Raises:
            KeyError: There is no such key.
        """
        with self._lock:
            self._keys.change(
                key_id, self.clock(), is_locked=is_locked, is_disabled=is_disabled
            )

    def delete_key(self, key_id: str) -> None:
        """Delete an API key, one that clusters work with too.

        Raises:
            KeyError: There is no such key.
        """
        with self._lock:
            if self._keys.key(key_id) is None:
                raise KeyError(key_id)
            self._keys.delete(key_id)

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

    def service_ids(self) -> list[Identity]:
        """Answer the service IDs, in order of adding."""
        with self._lock:
            everyone = list(self._identities.values())
        return [one for one in everyone if one.is_member and one.is_service]

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

    def custom_roles(self) -> dict[str, CustomRole]:
        """Answer the roles the account made, by CRN."""
        with self._lock:
            return dict(self._custom_roles)

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

    def api_key(self, key_id: str) -> ApiKey | None:
        """Answer an API key; None where there is none, or none any more."""
        with self._lock:
            return self._keys.key(key_id)

    def key_of_raw(self, raw_key: str) -> ApiKey | None:
        """Answer the API key that a raw key is; None where it is unknown or deleted."""
        with self._lock:
            return self._keys.key_of_raw(raw_key)

    def activity(self, key_id: str) -> Activity:
        """Answer how an API key was used."""
        with self._lock:
            lag_seconds = self.activity_lag_seconds
            return self._keys.activity(key_id, self.clock(), lag_seconds)

    def is_in_use(self, key: ApiKey) -> bool:
        """Tell whether clusters of a key's target work with it, now or soon."""
        with self._lock:
            used = [] if key.target is None else self._used(key.target)
            return key.key_id in {entry.key_id for entry in used}

    def refreshes(self) -> list[Refresh]:
        """Answer the refreshes of masters, oldest first."""
        with self._lock:
            return list(self._refreshes)

    def broken_clusters(self) -> list[Outage]:
        """Answer the clusters that cannot work with their key, or soon will not.

        Judged are the key a cluster works with and the one it will pick up. An owner to
        whom no policy was ever given is taken for one with full rights; a target
        without any key, and a cluster that is being deleted, for in order.
        """
        with self._lock:
            living = [c for c in self.clusters() if not c.state.startswith("delet")]
            found = [self._outage(one) for one in living]
        return [one for one in found if one is not None]

    def key_count(self, iam_id: str) -> int:
        """Answer how many key slots of an identity are taken."""
        with self._lock:
            return self._keys.count(iam_id)

    def login(self, raw_key: str) -> Identity | None:
        """Answer whose a raw API key is; None where it gives no tokens."""
        with self._lock:
            iam_id = self._keys.login(raw_key)
            return None if iam_id is None else self._identities[iam_id]

    def count_login(self, raw_key: str) -> None:
        """Take in that a token was made with a raw API key."""
        with self._lock:
            self._keys.count_login(raw_key, self.clock())

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

    def _refuse(self, caller_iam_id: str, target: Target) -> None:
        caller = self._identities.get(caller_iam_id)
        is_out = caller is None or not caller.is_member or caller.is_locked
        if caller is None or is_out or caller_iam_id in self._forbidden:
            raise published("A0656")
        if self.resets_need_roles:
            is_restricted = self.restrict_create_platform_apikey == "RESTRICTED"
            refuse_without_roles(
                caller,
                self._rights(caller_iam_id),
                target,
                is_creation_restricted=is_restricted,
            )

    def _rights(self, iam_id: str) -> Rights:
        """Judge what somebody may do; to whom nothing was given, everything was."""
        is_given = self._grants.is_given(iam_id)
        policies = self.policies(iam_id) if is_given else account_administrator()
        return Rights(policies, self._custom_roles)

    def _used(self, target: Target) -> list[StoredKey]:
        return self._keys.used(target, self.clock() - self.pickup_seconds)

    def _outage(self, cluster: Cluster) -> Outage | None:
        for entry in self._used((canonical(cluster.region), cluster.group_id)):
            owner = self._identities[entry.iam_id]
            key = self._keys.key(entry.key_id)
            found = outage(cluster, owner, key, self._rights(entry.iam_id))
            if found is not None:
                return found
        return None

    def _lag_of(self, region: str, group_id: str) -> float:
        target = (canonical(region), group_id)
        return self._lags.get(target, self.replication_lag_seconds)

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
