"""Resource groups, clusters, and the classic credentials beside the cluster API key.

Knows no people and no keys, and has no lock: ``Account`` brings all three.
"""

from dataclasses import replace

from simulator.keys import Target
from simulator.records import Cluster, Group


class Fleet:
    """What of one account can be listed besides people and keys."""

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}
        self._clusters: dict[str, Cluster] = {}
        self._credentials: dict[Target, str] = {}

    def add_group(self, group: Group) -> None:
        """Add a resource group."""
        self._groups[group.group_id] = group

    def groups(self) -> list[Group]:
        """Answer the resource groups, in order of adding."""
        return list(self._groups.values())

    def group(self, group_id: str) -> Group | None:
        """Answer a resource group."""
        return self._groups.get(group_id)

    def default_group_id(self) -> str:
        """Answer the default group's id; empty where there is none."""
        return next((g.group_id for g in self._groups.values() if g.default), "")

    def add_cluster(self, cluster: Cluster) -> None:
        """Add a cluster; an id already there is replaced."""
        self._clusters[cluster.cluster_id] = cluster

    def change_cluster(
        self,
        cluster_id: str,
        *,
        state: str | None = None,
        is_hidden: bool | None = None,
    ) -> None:
        """Change a cluster's state, or whether lists show it; None leaves it.

        Raises:
            KeyError: There is no such cluster.
        """
        one = self._clusters[cluster_id]
        self._clusters[cluster_id] = replace(
            one,
            state=one.state if state is None else state,
            is_hidden=one.is_hidden if is_hidden is None else is_hidden,
        )

    def remove_cluster(self, cluster_id: str) -> None:
        """Make a cluster vanish."""
        del self._clusters[cluster_id]

    def clusters(self) -> list[Cluster]:
        """Answer all clusters, hidden ones too."""
        return list(self._clusters.values())

    def cluster(self, id_or_name: str) -> Cluster | None:
        """Answer a cluster by its id, else the first of that name."""
        if id_or_name in self._clusters:
            return self._clusters[id_or_name]
        named = [c for c in self._clusters.values() if c.name == id_or_name]
        return named[0] if named else None

    def set_credential(self, target: Target, api_user: str | None) -> None:
        """Store a classic user name for a target, or take it away."""
        if api_user is None:
            self._credentials.pop(target, None)
        else:
            self._credentials[target] = api_user

    def credential(self, target: Target) -> str | None:
        """Answer the classic user name stored for a target."""
        return self._credentials.get(target)
