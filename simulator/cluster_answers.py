"""How clusters look on the wire, in each list that shows them.

Knows no routes. Field names and types are those of the published bodies; values that
say nothing about offboarding are plausible constants.
"""

from simulator.account import Account
from simulator.answers import timestamp
from simulator.errors import Json
from simulator.records import Cluster
from simulator.regions import REGIONS, canonical

_MASTER = {"kubernetes": "1.33.4_1543", "openshift": "4.18.9_1540_openshift"}
_CITIES = {"us-south": "Dallas", "us-east": "Washington DC", "eu-de": "Frankfurt"}
_DATA_CENTERS = {"us-south": "dal10", "us-east": "wdc04", "eu-de": "fra02"}
_COUNTRIES = {"us-south": "us", "us-east": "us", "eu-de": "de"}
# What a cluster's state is called by the resource controller; inferred.
_INSTANCE_STATES = {
    "deleted": "removed",
    "deleting": "pending_removal",
    "delete_failed": "pending_removal",
    "aborted": "failed",
    "deploy_failed": "failed",
    "requested": "provisioning",
    "deploying": "provisioning",
}


def cluster(one: Cluster, account: Account) -> Json:
    """Shape an item of the three v2 cluster lists; no owner and no CRN, as published.

    ``region`` is the managing region for every provider; for Satellite this is
    inferred, not confirmed against a live account.
    """
    is_classic = one.provider == "classic"
    addons = [{"name": name, "version": "1.0.0"} for name in one.addons] or None
    return {
        **({"addons": addons} if account.list_addons == "shown" else {}),
        "caCertRotationStatus": {
            "actionCompletedDate": "",
            "actionTriggerDate": "",
            "status": "",
        },
        "createdDate": _date(one),
        "datacenter": location(one) if is_classic else "",
        "entitlement": "",
        "etcdPort": "",
        "id": one.cluster_id,
        "imageSecurityEnabled": False,
        "ingress": {
            "hostname": "",
            "message": "",
            "secretName": "",
            "status": "healthy",
        },
        "isPaid": True,
        "location": location(one),
        "masterKubeVersion": _version(one),
        "masterURL": "https://c100.example.com:30000",
        "multiAzCapable": not is_classic,
        "name": one.name,
        "podSubnet": "172.17.0.0/18",
        "provider": one.provider,
        "region": account.shown_region(one.region),
        "resourceGroup": one.group_id,
        "resourceGroupName": _group_name(one, account),
        "serviceSubnet": "172.21.0.0/16",
        "state": one.state,
        "status": _status(one),
        "targetVersion": "",
        "type": one.type,
        "versionEOS": "",
        "workerCount": one.workers,
    }


def classic_cluster(one: Cluster, account: Account) -> Json:
    """Shape an item of the v1 cluster list.

    ``apiUser`` is the classic user name stored for its target, empty where there is
    none; ``ownerEmail`` is who ordered the cluster. Both are inferred from samples.
    """
    addons = [
        {"enabled": True, "name": name, "state": "ready", "status": "Ready"}
        for name in one.addons
    ]
    shaped: Json = {
        "addons": addons or None,
        "apiUser": account.classic_credential(one.region, one.group_id) or "",
        "createdDate": _date(one),
        "crn": crn(one, account.account_id),
        "dataCenter": location(one),
        "disableAutoUpdate": False,
        "id": one.cluster_id,
        "imageSecurityEnabled": False,
        "isPaid": True,
        "keyProtectEnabled": False,
        "location": location(one),
        "masterHealth": "normal",
        "masterKubeVersion": _version(one),
        "masterState": "deployed",
        "masterStatus": "Ready",
        "masterStatusModifiedDate": _date(one),
        "modifiedDate": _date(one),
        "multiAzCapable": False,
        "name": one.name,
        "ownerEmail": one.creator_email,
        "podSubnet": "172.17.0.0/18",
        "privateServiceEndpointEnabled": False,
        "publicServiceEndpointEnabled": True,
        "pullSecretApplied": True,
        "region": account.shown_region(one.region),
        "resourceGroup": one.group_id,
        "resourceGroupName": _group_name(one, account),
        "serverURL": "https://c100.example.com:30000",
        "serviceSubnet": "172.21.0.0/16",
        "state": one.state,
        "status": _status(one),
        "type": one.type,
        "vlans": None,
        "workerCount": one.workers,
        "workerZones": [location(one)],
        "worker_vlans": None,
    }
    return {**dict.fromkeys(_EMPTY, ""), **shaped}


_EMPTY = (
    "etcdPort",
    "ingressHostname",
    "ingressMessage",
    "ingressSecretName",
    "ingressStatus",
    "logOrg",
    "logOrgName",
    "logSpace",
    "logSpaceName",
    "monitoringURL",
    "privateServiceEndpointURL",
    "publicServiceEndpointURL",
    "targetVersion",
    "versionEOS",
)


def instance(one: Cluster, account: Account) -> Json:
    """Shape a cluster as an instance of the resource controller.

    That clusters are listed there, and that ``resource_id`` is their service's name, is
    inferred, not confirmed against a live account.
    """
    account_id = account.account_id
    name = crn(one, account_id)
    group_crn = f"crn:v1:bluemix:public:resource-controller::a/{account_id}"
    path = f"/v2/resource_instances/{one.cluster_id}"
    return {
        "id": name,
        "guid": one.cluster_id,
        "url": path,
        "created_at": timestamp(one.created_at, "%Y-%m-%dT%H:%M:%S.000Z"),
        "updated_at": timestamp(one.created_at, "%Y-%m-%dT%H:%M:%S.000Z"),
        "deleted_at": None,
        "name": one.name,
        "region_id": canonical(one.region),
        "account_id": account_id,
        "resource_plan_id": "containers.kubernetes.cluster.roks",
        "resource_group_id": one.group_id,
        "resource_group_crn": f"{group_crn}::resource-group:{one.group_id}",
        "crn": name,
        "state": _INSTANCE_STATES.get(one.state, "active"),
        "type": "service_instance",
        "resource_id": "containers-kubernetes",
        "resource_aliases_url": f"{path}/resource_aliases",
        "resource_bindings_url": f"{path}/resource_bindings",
        "resource_keys_url": f"{path}/resource_keys",
        "allow_cleanup": False,
        "locked": False,
    }


def crn(one: Cluster, account_id: str) -> str:
    """Answer a cluster's CRN; its instance part is the cluster's id."""
    service = "crn:v1:bluemix:public:containers-kubernetes"
    return f"{service}:{canonical(one.region)}:a/{account_id}:{one.cluster_id}::"


def location(one: Cluster) -> str:
    """Answer where a cluster is: a data center or a city, never its region's name."""
    region = canonical(one.region)
    places = _DATA_CENTERS if one.provider == "classic" else _CITIES
    return places.get(region, region)


def locations() -> list[Json]:
    """Shape the location list: one entry a region, as far as its fields are known."""
    return [
        {
            "country": _COUNTRIES.get(region, ""),
            "display_name": _CITIES.get(region, region),
            "geography": "",
            "id": region,
            "kind": "region",
            "metro": "",
            "multizone_metro": "",
            "name": region,
            "supportsFree": False,
        }
        for region in sorted(REGIONS)
    ]


def addon(name: str) -> Json:
    """Shape an installed add-on of a cluster."""
    return {
        "allowed_upgrade_versions": [],
        "deprecated": False,
        "healthState": "normal",
        "healthStatus": "Addon Ready",
        "installOptionsTemplate": {"content": "", "immutable": False},
        "minKubeVersion": "1.30",
        "minOCPVersion": "4.14",
        "name": name,
        "options": "",
        "supportedKubeRange": "",
        "supportedOCPRange": "",
        "targetVersion": "1.0.0",
        "version": "1.0.0",
        "vlan_spanning_required": False,
    }


def _date(one: Cluster) -> str:
    return timestamp(one.created_at, "%Y-%m-%dT%H:%M:%S+0000")


def _version(one: Cluster) -> str:
    return _MASTER.get(one.type, _MASTER["kubernetes"])


def _status(one: Cluster) -> str:
    return "All Workers Normal" if one.state == "normal" else ""


def _group_name(one: Cluster, account: Account) -> str:
    group = account.group(one.group_id)
    return group.name if group else ""
