"""What roles allow: the actions of IBM Cloud's own roles, and of those an account made.

Knows no policy and no route. Of the actions only those that offboarding asks about are
here. ``containers-kubernetes.cluster.create`` and ``.read`` are documented, the others'
names and who has them are inferred, not confirmed against a live account.
"""

from collections.abc import Mapping

from simulator.errors import Json
from simulator.records import CustomRole

_VIEWER = ("Viewer", "Operator", "Editor", "Administrator")
_OPERATOR = ("Operator", "Administrator")

CREATE_CLUSTER = "containers-kubernetes.cluster.create"
READ_CLUSTER = "containers-kubernetes.cluster.read"
OPERATE_CLUSTER = "containers-kubernetes.cluster.operate"
CREATE_API_KEY = "iam-identity.apikey.create"
CREATE_USER_API_KEY = "iam-identity.user-apikey.create"

# action -> the roles of IBM Cloud that hold it
HOLDERS: dict[str, tuple[str, ...]] = {
    READ_CLUSTER: _VIEWER,
    OPERATE_CLUSTER: _OPERATOR,
    "containers-kubernetes.cluster.update": ("Editor", "Administrator"),
    CREATE_CLUSTER: ("Administrator",),
    "containers-kubernetes.cluster.delete": ("Administrator",),
    "containers-kubernetes.kube.read": ("Reader", "Writer", "Manager"),
    "containers-kubernetes.kube.write": ("Writer", "Manager"),
    "containers-kubernetes.kube.manage": ("Manager",),
    "iam-identity.apikey.get": _VIEWER,
    CREATE_API_KEY: _OPERATOR,
    "iam-identity.apikey.delete": _OPERATOR,
    "iam-identity.apikey.manage": ("Administrator",),
    CREATE_USER_API_KEY: ("UserApiKeyCreator", "Administrator"),
    "iam-identity.serviceid.create": ("ServiceIdCreator", "Administrator"),
    "is.vpc.vpc.read": _VIEWER,
    "is.vpc.vpc.create": ("Editor", "Administrator"),
    "is.instance.instance.create": ("Editor", "Administrator"),
    "is.load-balancer.load-balancer.manage": ("Administrator",),
    "container-registry.namespace.create": ("Administrator", "Manager"),
    "container-registry.auth.set": ("Administrator",),
    "cloud-object-storage.instance.create": ("Administrator",),
    "resource-controller.group.retrieve": _VIEWER,
}

CustomRoles = Mapping[str, CustomRole]


def custom_role_crn(account_id: str, service_name: str, name: str) -> str:
    """Answer the CRN of a role an account made; its form is the SDK's example."""
    return f"crn:v1:bluemix:public:{service_name}::a/{account_id}::customRole:{name}"


def actions_of(
    crn: str, service_name: str | None, custom: CustomRoles
) -> tuple[str, ...]:
    """Answer what a role allows on a service; without one, on every service."""
    if crn in custom:
        return custom[crn].actions
    name = crn.rpartition(":")[2]
    prefix = f"{service_name}." if service_name else ""
    is_custom = ":customRole:" in crn
    return tuple(
        action
        for action, holders in HOLDERS.items()
        if action.startswith(prefix) and name in holders and not is_custom
    )


def shown_role(crn: str, service_name: str | None, custom: CustomRoles) -> Json:
    """Shape a role with its actions, as ``format=display`` shows it."""
    return {
        "role_id": crn,
        "display_name": crn.rpartition(":")[2],
        "description": "",
        "actions": [
            {"id": action, "display_name": action, "description": ""}
            for action in actions_of(crn, service_name, custom)
        ],
    }
