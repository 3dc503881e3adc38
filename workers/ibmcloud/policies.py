"""The access policies of one identity: its own, and those of its access groups.

Only policies that the caller may read are shown, so an empty list is no proof of
anything.
"""

from types import SimpleNamespace
from typing import Any, Final

from ibm_platform_services.iam_access_groups_v2 import AccessGroupsPager
from ibm_platform_services.iam_policy_management_v1 import V2PoliciesPager
from marshmallow import fields

from workers.ibmcloud.asker import Asker
from workers.ibmcloud.claims import text_of
from workers.ibmcloud.client import reading
from workers.ibmcloud.lenient import Lenient
from workers.ibmcloud.paging import PAGE, CheckedList, Trail, parameter_of
from workers.offboarding.rights import Policy

_POLICIES: Final = "Listing access policies"
_GROUPS: Final = "Listing access groups"


class _Attribute(Lenient):
    key = fields.String(required=True)
    operator = fields.String(required=True)
    value = fields.Raw(required=True)


class _Resource(Lenient):
    # Required: a policy without it would look like one for everything.
    attributes = fields.List(fields.Nested(_Attribute), required=True)
    tags = fields.Raw(load_default=None, allow_none=True)


class _Role(Lenient):
    role_id = fields.String(required=True)
    # There only where it was asked for, with ``format="display"``.
    actions = fields.Raw(load_default=None, allow_none=True)


class _Grant(Lenient):
    roles = fields.List(fields.Nested(_Role), required=True)


class _Control(Lenient):
    grant = fields.Nested(_Grant, required=True)


class _Policy(Lenient):
    type = fields.String(load_default="access")
    state = fields.String(load_default="active")
    resource = fields.Nested(_Resource, required=True)
    control = fields.Nested(_Control, required=True)
    rule = fields.Raw(load_default=None, allow_none=True)
    pattern = fields.Raw(load_default=None, allow_none=True)


_POLICY: Final = _Policy()


class _NextPolicies(Lenient):
    start = fields.String(load_default=None, allow_none=True)


class _PolicyPage(Lenient):
    policies = fields.List(fields.Nested(_Policy), required=True)
    next = fields.Nested(_NextPolicies, load_default=None, allow_none=True)


class _Group(Lenient):
    id = fields.String(required=True)


class _NextGroups(Lenient):
    href = fields.String(load_default=None, allow_none=True)


class _GroupPage(Lenient):
    groups = fields.List(fields.Nested(_Group), required=True)
    next = fields.Nested(_NextGroups, load_default=None, allow_none=True)


def policies_of(asker: Asker, **whose: str) -> tuple[Policy, ...]:
    """List the active access policies of ``iam_id=`` or ``access_group_id=``.

    With ``format="display"`` each comes with what its roles allow.

    Raises:
        TransientError: Any page failed or makes no sense.
        PermanentError: The key or its roles do not let us.

    Source: IAM Policy Management API, GET /v2/policies.
    """
    trail = Trail(_POLICIES)

    def look(page: dict[str, Any]) -> None:
        if page["next"] is not None:
            trail.by_token(page["next"]["start"])

    pages = CheckedList(asker.policies.list_v2_policies, _PolicyPage(), _POLICIES, look)
    with reading(asker.tokens, _POLICIES):
        pager = V2PoliciesPager(
            client=SimpleNamespace(list_v2_policies=pages),
            account_id=asker.tokens.claims().account_id,
            type="access",
            state="active",
            limit=PAGE,
            **whose,
        )
        found = [_POLICY.load(item) for item in pager.get_all()]
    return tuple(_policy(item) for item in found if item["type"] == "access")


def access_groups_of(asker: Asker, iam_id: str) -> tuple[str, ...]:
    """List the ids of the access groups an identity is in now, by whatever rule.

    Raises:
        TransientError: Any page failed or makes no sense.
        PermanentError: The key or its roles do not let us.

    Source: IAM Access Groups API, GET /v2/groups.
    """
    trail = Trail(_GROUPS)

    def look(page: dict[str, Any]) -> None:
        if page["next"] is not None:
            trail.by_token(parameter_of(page["next"]["href"] or "", "offset"))

    pages = CheckedList(asker.groups.list_access_groups, _GroupPage(), _GROUPS, look)
    with reading(asker.tokens, _GROUPS):
        pager = AccessGroupsPager(
            client=SimpleNamespace(list_access_groups=pages),
            account_id=asker.tokens.claims().account_id,
            iam_id=iam_id,
            membership_type="all",
            limit=PAGE,
        )
        return tuple(item["id"] for item in pager.get_all())


def _policy(item: dict[str, Any]) -> Policy:
    resource = item["resource"]
    roles = item["control"]["grant"]["roles"]
    return Policy(
        attributes=tuple(
            (one["key"], one["operator"], _value(one["value"]))
            for one in resource["attributes"]
        ),
        roles=tuple(one["role_id"] for one in roles),
        has_condition=bool(item["rule"] or item["pattern"] or resource["tags"]),
        state=item["state"],
        actions=_actions(roles),
    )


def _actions(roles: list[dict[str, Any]]) -> tuple[str, ...] | None:
    """Read what roles allow together; None where one of them does not say it.

    A role without a single action is none: then IAM did not say.
    """
    found: dict[str, None] = {}
    for role in roles:
        given = role["actions"]
        ids = [_action_id(one) for one in given] if isinstance(given, list) else []
        named = [one for one in ids if one]
        if not named or len(named) < len(ids):
            return None
        found.update(dict.fromkeys(named))
    return tuple(found) or None


def _action_id(action: object) -> str | None:
    # IAM's list of roles has bare ids where its list of policies has objects.
    return text_of(action.get("id") if isinstance(action, dict) else action)


def _value(value: object) -> str | tuple[str, ...]:
    if isinstance(value, list):
        return tuple(str(one) for one in value)
    # "stringExists" has a boolean.
    return str(value).lower() if isinstance(value, bool) else str(value)
