"""The add-ons of a cluster: their names say what a reset leaves to be done."""

from typing import Final
from urllib.parse import quote

from marshmallow import ValidationError, fields
from marshmallow.validate import Length

from workers.ibmcloud.client import ReadingClient
from workers.ibmcloud.errors import odd_answer
from workers.ibmcloud.lenient import Lenient
from workers.offboarding.model import Cluster, Target

_DOING: Final = "Listing the cluster's add-ons"


class _Addon(Lenient):
    name = fields.String(required=True, validate=Length(1))


_ADDON: Final = _Addon()


def addon_names(listed: object) -> tuple[str, ...] | None:
    """Read the names in a list of add-ons; None where it does not tell them all."""
    if not isinstance(listed, list):
        return None
    try:
        return tuple(_ADDON.load(one)["name"] for one in listed)
    except ValidationError:
        return None


def addons(client: ReadingClient, target: Target, cluster: Cluster) -> tuple[str, ...]:
    """List the names of a cluster's add-ons; raises, never returns a part.

    Source: Kubernetes Service API, GET /v1/clusters/{id}/addons, for any provider.
    """
    headers = {
        "X-Auth-Resource-Group": target.resource_group.id,
        "X-Auth-Resource-Account": target.account_id,
    }
    path = f"/v1/clusters/{quote(cluster.id, safe='')}/addons"
    found = addon_names(client.get(path, doing=_DOING, headers=headers))
    if found is None:
        raise odd_answer(_DOING, "the answer is no list of add-ons")
    return found
