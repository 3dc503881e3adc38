"""What a caller may see and do: their policies, held against what is there.

Plain Python over policies; knows no account and no route. How IAM itself judges is
documented, not confirmed against a live account.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from simulator.policies import Attribute, Policy, role_crn
from simulator.regions import canonical
from simulator.roles import (
    CREATE_API_KEY,
    CREATE_CLUSTER,
    CREATE_USER_API_KEY,
    HOLDERS,
    OPERATE_CLUSTER,
    READ_CLUSTER,
    CustomRoles,
)

CLUSTERS = "containers-kubernetes"
IDENTITY = "iam-identity"
USERS = "user-management"
ACCESS_GROUPS = "iam-groups"
ACCESS = "iam-access-management"

# The services behind service_group_id=IAM, and more generally account management: no
# policy on "all IAM-enabled services" reaches them.
_ACCOUNT_MANAGEMENT = {IDENTITY, USERS, ACCESS_GROUPS, ACCESS}
_NAMES_A_SERVICE = {"serviceName", "serviceType", "service_group_id"}
_PLATFORM_ROLES = ("Viewer", "Operator", "Editor", "Administrator")

Resource = Mapping[str, str]


class Rights:
    """The rights of one caller, as all policies that reach them add up.

    ``custom`` are the roles the account made, by CRN.
    """

    def __init__(
        self, policies: Sequence[Policy], custom: CustomRoles | None = None
    ) -> None:
        self._policies = [p for p in policies if _counts(p)]
        self._custom = custom or {}

    def sees_target(self, region: str, group_id: str, cluster_id: str = "") -> bool:
        """Tell whether they have Viewer or more on the clusters of a target."""
        return self._may(READ_CLUSTER, _clusters(region, group_id, cluster_id))

    def creates_clusters(self, region: str, group_id: str) -> bool:
        """Tell whether they may create clusters in a target, which a reset takes."""
        return self._may(CREATE_CLUSTER, _clusters(region, group_id))

    def operates(self, region: str, group_id: str, cluster_id: str) -> bool:
        """Tell whether they have Operator or more on a cluster."""
        return self._may(OPERATE_CLUSTER, _clusters(region, group_id, cluster_id))

    def sees_group(self, group_id: str) -> bool:
        """Tell whether they may view a resource group.

        A role on what is in the group is none on the group.
        """
        resource = {"resourceType": "resource-group", "resource": group_id}
        return self._has(resource, _PLATFORM_ROLES, {"resourceType"})

    def views(self, service: str) -> bool:
        """Tell whether they have Viewer or more on an account management service."""
        return self._has(_managed(service), _PLATFORM_ROLES, _NAMES_A_SERVICE)

    def administers(self, service: str) -> bool:
        """Tell whether they have Administrator on an account management service."""
        return self._has(_managed(service), ("Administrator",), _NAMES_A_SERVICE)

    def creates_keys(self) -> bool:
        """Tell whether they have Operator or more on IAM Identity."""
        return self._may(CREATE_API_KEY, _managed(IDENTITY), _NAMES_A_SERVICE)

    def creates_user_keys(self) -> bool:
        """Tell whether they make API keys where the account restricts that."""
        return self._may(CREATE_USER_API_KEY, _managed(IDENTITY), _NAMES_A_SERVICE)

    def administers_at(self, service: str, **place: str) -> bool:
        """Tell whether they have Administrator on a service, in a place.

        ``place`` is what a policy may be limited to there, ``region`` and
        ``resourceGroupId``; a policy limited to anything else does not reach it.
        """
        resource = {"serviceName": service, "serviceType": "service", **place}
        return self._has(resource, ("Administrator",))

    def _may(
        self, action: str, resource: Resource, one_named: set[str] | None = None
    ) -> bool:
        return self._has(resource, HOLDERS[action], one_named, action)

    def _has(
        self,
        resource: Resource,
        roles: tuple[str, ...],
        one_named: set[str] | None = None,
        action: str | None = None,
    ) -> bool:
        wanted = {role_crn(role) for role in roles} | {
            crn for crn, role in self._custom.items() if action in role.actions
        }
        return any(
            wanted.intersection(policy.role_crns)
            and _fits(policy.resource(""), resource, one_named)
            for policy in self._policies
        )


def _clusters(region: str, group_id: str, cluster_id: str = "") -> Resource:
    instance = {"serviceInstance": cluster_id} if cluster_id else {}
    return {
        "serviceName": CLUSTERS,
        "serviceType": "service",
        "region": canonical(region),
        "resourceGroupId": group_id,
        **instance,
    }


def _counts(policy: Policy) -> bool:
    return policy.state == "active" and policy.rule_is_met and not policy.tags


def _managed(service: str) -> Resource:
    resource = {"serviceName": service, "serviceType": "platform_service"}
    if service in _ACCOUNT_MANAGEMENT:
        # Which services the group holds besides iam-identity is inferred.
        resource["service_group_id"] = "IAM"
    return resource


def _fits(
    attributes: list[Attribute], resource: Resource, one_named: set[str] | None
) -> bool:
    # Attributes are ANDed and a missing one means any, but account management and
    # resource groups must be named.
    if one_named and not one_named.intersection(key for key, _, _ in attributes):
        return False
    return all(
        key == "accountId" or _matches(operator, value, resource.get(key))
        for key, operator, value in attributes
    )


def _matches(operator: str, wanted: Any, given: str | None) -> bool:  # noqa: ANN401 - a text, a list or a bool, as the API has it
    if operator == "stringExists":
        return (given is not None) == (str(wanted).lower() == "true")
    if given is None:
        return False
    options = wanted if isinstance(wanted, list | tuple) else [wanted]
    if operator in {"stringMatch", "stringMatchAnyOf"}:
        return any(fnmatchcase(given, str(option)) for option in options)
    is_equality = operator in {"stringEquals", "stringEqualsAnyOf"}
    return is_equality and given in options
