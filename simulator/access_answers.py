"""How policies, access groups and account settings look on the wire.

Knows no routes. Field names and types are those of IBM's Python SDK.
"""

import uuid

from simulator.account import Account
from simulator.errors import Json
from simulator.policies import AccessGroup, Policy
from simulator.roles import CustomRoles, shown_role

_OWNER = "IBMid-100000OWNER"
_AT = "2026-01-01T00:00:00.000Z"


def _made(href: str) -> Json:
    return {
        "href": href,
        "created_at": _AT,
        "created_by_id": _OWNER,
        "last_modified_at": _AT,
        "last_modified_by_id": _OWNER,
    }


def _attributes(rows: list[tuple[str, str, object]]) -> list[Json]:
    return [{"key": k, "operator": o, "value": v} for k, o, v in rows]


def policy(
    one: Policy,
    account_id: str,
    subject: tuple[str, str],
    number: int,
    base_url: str,
    shown: CustomRoles | None = None,
) -> Json:
    """Shape a policy of version 2.

    ``subject`` is the attribute that says whose it is; with ``number``, the policy's
    place among theirs, it makes the id. With ``shown``, the roles the account made, its
    roles have their actions.
    """
    name = "/".join((account_id, *subject, str(number)))
    policy_id = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
    key, value = subject
    resource: Json = {"attributes": _attributes(one.resource(account_id))}
    if one.tags:
        resource["tags"] = _attributes([(k, "stringEquals", v) for k, v in one.tags])
    roles: list[Json] = [{"role_id": crn} for crn in one.role_crns]
    if shown is not None:
        roles = [shown_role(crn, one.service_name, shown) for crn in one.role_crns]
    shaped: Json = {
        "type": "access",
        "description": "",
        "subject": {"attributes": _attributes([(key, "stringEquals", value)])},
        "resource": resource,
        "id": policy_id,
        "control": {"grant": {"roles": roles}},
        "state": one.state,
        **_made(f"{base_url}/{policy_id}"),
    }
    if one.rule is not None:
        shaped["rule"] = dict(one.rule)
        shaped["pattern"] = "time-based-conditions:weekly:custom-hours"
    return shaped


def access_group(one: AccessGroup, account_id: str, base_url: str) -> Json:
    """Shape an access group."""
    return {
        "id": one.group_id,
        "name": one.name,
        "description": "",
        "account_id": account_id,
        **_made(f"{base_url}/{one.group_id}"),
        "is_federated": bool(one.dynamic_members),
    }


def account_settings(account: Account) -> Json:
    """Shape the identity settings of an account."""
    life = account.token_life_seconds
    return {
        "account_id": account.account_id,
        "entity_tag": "3-abc",
        "restrict_create_service_id": "NOT_RESTRICTED",
        "restrict_create_platform_apikey": account.restrict_create_platform_apikey,
        "allowed_ip_addresses": "",
        "mfa": "NONE",
        "session_expiration_in_seconds": "NOT_SET",
        "session_invalidation_in_seconds": "NOT_SET",
        "max_sessions_per_identity": "NOT_SET",
        "system_access_token_expiration_in_seconds": (
            "NOT_SET" if life == 3600 else str(life)
        ),
        "system_refresh_token_expiration_in_seconds": "NOT_SET",
        "restrict_user_list_visibility": account.restrict_user_list_visibility,
        "user_mfa": [],
        "restrict_user_domains": [],
    }
