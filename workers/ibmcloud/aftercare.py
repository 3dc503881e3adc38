"""What is written after a reset is proven: old keys put away, masters refreshed.

Only says what is to be sent, and refuses what must never be; ``keys`` sends it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from workers.offboarding.model import Cluster, ListedKey, Target
from workers.offboarding.ports import Retirement

_DOING: Final = {
    Retirement.DISABLE: "Disabling a superseded cluster API key",
    Retirement.DELETE: "Deleting a superseded cluster API key",
}


@dataclass(frozen=True, slots=True)
class Write:
    """One write that is no reset; the token is still to be put on it."""

    doing: str
    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] | None = None


def retirement(key: ListedKey, how: Retirement) -> Write:
    """Say how a superseded cluster API key is disabled or deleted.

    Raises:
        ValueError: Nothing is to be done, the key is or may be locked, has no id, or
            names no target, so that it may be no cluster's.

    Source: IAM Identity API, POST /v1/apikeys/{id}/disable, DELETE /v1/apikeys/{id}.
    """
    if how is Retirement.OFF:
        raise ValueError("Old keys are not to be retired")
    if key.is_locked:
        raise ValueError("A locked key is never retired")
    if not key.id.strip() or key.place is None:
        raise ValueError("A key to be retired has an id, and a target it was made for")
    path = f"/v1/apikeys/{quote(key.id, safe='')}"
    if how is Retirement.DELETE:
        return Write(_DOING[how], "DELETE", path)
    return Write(_DOING[how], "POST", f"{path}/disable")


def refresh(target: Target, cluster: Cluster) -> Write:
    """Say how a refresh of a cluster's master is asked for.

    Raises:
        ValueError: The target lacks its resource group, or the cluster its id.

    Source: Kubernetes Service API, POST /v2/refreshMaster.
    """
    group_id = target.resource_group.id
    if not group_id.strip() or not cluster.id.strip():
        raise ValueError("A refresh always names resource group and cluster")
    headers = {
        "X-Auth-Resource-Group": group_id,
        "X-Auth-Resource-Account": target.account_id,
    }
    return Write(
        "Refreshing a cluster's master",
        "POST",
        "/v2/refreshMaster",
        headers,
        {"cluster": cluster.id},
    )
