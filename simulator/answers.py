"""How an account's records look on the wire.

Knows no routes; clusters are in ``cluster_answers``. Field names and types are those of
the published bodies (IBM's Go and Python SDKs); values that say nothing about
offboarding are plausible constants.
"""

import uuid
from datetime import UTC, datetime

from simulator.account import Account
from simulator.errors import Json
from simulator.records import Activity, ApiKey, Group, Identity
from simulator.regions import ALIASES


def timestamp(epoch_seconds: float, pattern: str) -> str:
    """Write a time in UTC."""
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
        "added_on": timestamp(person.added_at, "%Y-%m-%dT%H:%M:%S.000Z"),
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


_BY_THE_MINUTE = "%Y-%m-%dT%H:%M+0000"


def api_key(key: ApiKey, account_id: str, activity: Activity | None = None) -> Json:
    """Shape an ApiKey of IAM; ``apikey`` is empty, as it is after the day of making.

    ``created_at`` has minutes and no seconds, as in the sample.
    """
    made_at = timestamp(key.created_at, _BY_THE_MINUTE)
    shown = {} if activity is None else {"activity": _activity(activity)}
    crn = f"crn:v1:bluemix:public:iam-identity::a/{account_id}::apikey:{key.key_id}"
    return {
        "id": key.key_id,
        "entity_tag": f"{key.version}-0123456789abcdef",
        "crn": crn,
        "locked": key.is_locked,
        "disabled": key.is_disabled,
        "created_at": made_at,
        "created_by": key.iam_id,
        "modified_at": timestamp(key.modified_at or key.created_at, _BY_THE_MINUTE),
        "name": key.name,
        "support_sessions": False,
        "action_when_leaked": "none",
        "description": key.description,
        "iam_id": key.iam_id,
        "account_id": account_id,
        "apikey": "",
        **shown,
    }


def _activity(activity: Activity) -> Json:
    """Shape an Activity.

    That ``last_authn`` is written as ``created_at`` is, and that it is absent for what
    was never used, is inferred, not confirmed against a live account.
    """
    if activity.last_at is None:
        return {"authn_count": activity.count}
    last = timestamp(activity.last_at, _BY_THE_MINUTE)
    return {"last_authn": last, "authn_count": activity.count}


def service_id(one: Identity, account_id: str) -> Json:
    """Shape a ServiceId of IAM; its ``id`` is the IAM ID without ``iam-``."""
    bare = one.iam_id.removeprefix("iam-")
    made_at = timestamp(one.added_at, _BY_THE_MINUTE)
    return {
        "id": bare,
        "iam_id": one.iam_id,
        "entity_tag": "1-0123456789abcdef",
        "crn": f"crn:v1:bluemix:public:iam-identity::a/{account_id}::serviceid:{bare}",
        "locked": one.is_locked,
        "created_at": made_at,
        "modified_at": made_at,
        "account_id": account_id,
        "name": one.name,
        "description": "",
        "unique_instance_crns": [],
    }


def key_owner(owner: Identity, account: Account) -> Json:
    """Shape the owner of a cluster API key.

    That ``id`` is the IAM ID, and that a service ID has an empty e-mail, is inferred,
    not confirmed against a live account; ``owner_id_style`` of the account makes it
    something else.
    """
    owner_id = owner.iam_id
    if account.owner_id_style == "other":
        owner_id = str(uuid.uuid5(uuid.NAMESPACE_URL, owner.iam_id))
    return {"id": owner_id, "name": owner.name, "email": owner.email}


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
