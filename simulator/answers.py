"""How an account's records look on the wire.

Knows no routes. Field names and types are those of the published bodies (IBM's Go and
Python SDKs); values that say nothing about offboarding are plausible constants.
"""

from datetime import UTC, datetime

from simulator.account import Account
from simulator.errors import Json
from simulator.records import ApiKey, Cluster, Group, Identity
from simulator.regions import ALIASES

_MASTER = {"kubernetes": "1.33.4_1543", "openshift": "4.18.9_1540_openshift"}
_CITIES = {"us-south": "Dallas", "us-east": "Washington DC", "eu-de": "Frankfurt"}
_DATA_CENTERS = {"us-south": "dal10", "us-east": "wdc04", "eu-de": "fra02"}


def _time(epoch_seconds: float, pattern: str) -> str:
    return datetime.fromtimestamp(epoch_seconds, tz=UTC).strftime(pattern)


def user(person: Identity, account_id: str) -> Json:
    """Shape a UserProfile of User Management."""
    first, _, last = person.name.partition(" ")
    return {
        "id": person.iam_id.lower(),
        "iam_id": person.iam_id,
        "realm": person.iam_id.partition("-")[0],
        "user_id": person.user_id,
        "firstname": first,
        "lastname": last,
        "state": person.state,
        "email": person.email,
        "phonenumber": "",
        "altphonenumber": "",
        "photo": "",
        "account_id": account_id,
        "added_on": _time(person.added_at, "%Y-%m-%dT%H:%M:%S.000Z"),
    }


def group(one: Group, account_id: str) -> Json:
    """Shape a ResourceGroup of the Resource Manager."""
    crn = f"crn:v1:bluemix:public:resource-controller::a/{account_id}"
    quota = "a3d7b8d01e261c24677937c29ab33f3c"
    path = f"/v2/resource_groups/{one.group_id}"
    return {
        "id": one.group_id,
        "crn": f"{crn}::resource-group:{one.group_id}",
        "account_id": account_id,
        "name": one.name,
        "state": "ACTIVE",
        "default": one.default,
        "quota_id": quota,
        "quota_url": f"/v2/quota_definitions/{quota}",
        "payment_methods_url": f"{path}/payment_methods",
        "resource_linkages": [],
        "teams_url": f"{path}/teams",
        "created_at": "2020-01-01T00:00:00.000Z",
        "updated_at": "2020-01-01T00:00:00.000Z",
    }


def api_key(key: ApiKey, account_id: str) -> Json:
    """Shape an ApiKey of IAM; ``apikey`` is empty, as it is after the day of making.

    ``created_at`` has minutes and no seconds, as in the sample.
    """
    made_at = _time(key.created_at, "%Y-%m-%dT%H:%M+0000")
    crn = f"crn:v1:bluemix:public:iam-identity::a/{account_id}::apikey:{key.key_id}"
    return {
        "id": key.key_id,
        "entity_tag": "1-0123456789abcdef",
        "crn": crn,
        "locked": False,
        "disabled": False,
        "created_at": made_at,
        "created_by": key.iam_id,
        "modified_at": made_at,
        "name": key.name,
        "support_sessions": False,
        "action_when_leaked": "none",
        "description": key.description,
        "iam_id": key.iam_id,
        "account_id": account_id,
        "apikey": "",
    }


def cluster(one: Cluster, account: Account) -> Json:
    """Shape an item of the three v2 cluster lists; no owner and no CRN, as published.

    ``region`` is the managing region for every provider; for Satellite this is
    inferred, not confirmed against a live account.
    """
    its_group = account.group(one.group_id)
    is_classic = one.provider == "classic"
    data_center = _DATA_CENTERS.get(one.region, one.region) if is_classic else ""
    return {
        "addons": [{"name": n, "version": "1.0.0"} for n in one.addons] or None,
        "caCertRotationStatus": {
            "actionCompletedDate": "",
            "actionTriggerDate": "",
            "status": "",
        },
        "createdDate": _time(one.created_at, "%Y-%m-%dT%H:%M:%S+0000"),
        "datacenter": data_center,
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
        "location": data_center or _CITIES.get(one.region, one.region),
        "masterKubeVersion": _MASTER.get(one.type, _MASTER["kubernetes"]),
        "masterURL": "https://c100.example.com:30000",
        "multiAzCapable": not is_classic,
        "name": one.name,
        "podSubnet": "172.17.0.0/18",
        "provider": one.provider,
        "region": one.region,
        "resourceGroup": one.group_id,
        "resourceGroupName": its_group.name if its_group else "",
        "serviceSubnet": "172.21.0.0/16",
        "state": one.state,
        "status": "All Workers Normal" if one.state == "normal" else "",
        "targetVersion": "",
        "type": one.type,
        "versionEOS": "",
        "workerCount": one.workers,
    }


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


def key_owner(owner: Identity) -> Json:
    """Shape the owner of a cluster API key.

    That ``id`` is the IAM ID, and that a service ID has an empty e-mail, is inferred,
    not confirmed against a live account.
    """
    return {"id": owner.iam_id, "name": owner.name, "email": owner.email}


def regions() -> Json:
    """Shape the region list: the six older names with their aliases."""
    return {
        "regions": [
            {
                "name": name,
                "alias": alias,
                "cfURL": "",
                "freeEnabled": name not in {"ap-north", "us-east"},
                "satellite": False,
            }
            for name, alias in ALIASES.items()
        ]
    }
