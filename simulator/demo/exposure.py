"""Who owns which target's key: read inside the simulated account, not told by anybody.

What the service says of itself plays no part here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from simulator.account import Account

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Holding:
    """A target and whose key is truly stored for it; clusters by id and name."""

    region: str
    group_id: str
    group: str
    clusters: tuple[tuple[str, str], ...]
    owner_id: str
    owner: str

    @property
    def place(self) -> Place:
        """Name the target as the journal does: region and resource group id."""
        return self.region, self.group_id

    @property
    def names(self) -> list[str]:
        """Return the names of its clusters."""
        return [name for _, name in self.clusters]

    def __str__(self) -> str:
        return f"{self.region} / {self.group}"


def holdings(account: Account) -> tuple[Holding, ...]:
    """Read every target that has a key, without any replication lag."""
    return tuple(
        Holding(
            region,
            group_id,
            _group_name(account, group_id),
            tuple(
                (one.cluster_id, one.name)
                for one in account.clusters()
                if (one.region, one.group_id) == (region, group_id)
            ),
            owner_id,
            owner_name(account, owner_id),
        )
        for (region, group_id), owner_id in account.owners().items()
    )


def after(account: Account, before: Iterable[Holding]) -> tuple[Holding, ...]:
    """Read the owners again, in the order of *before*."""
    now = account.owners()
    return tuple(
        replace(
            one,
            owner_id=now[one.place],
            owner=owner_name(account, now[one.place]),
        )
        for one in before
    )


def owner_name(account: Account, iam_id: str) -> str:
    """Return an identity's name, else its id."""
    identity = account.identity(iam_id)
    return identity.name if identity and identity.name else iam_id


def _group_name(account: Account, group_id: str) -> str:
    group = account.group(group_id)
    return group.name if group else group_id
