"""IAM policies and access groups, as frozen values.

Knows nothing of HTTP, and not what a policy allows: that is in ``rights``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from simulator.fields import checked

Attribute = tuple[str, str, Any]
State = Literal["active", "deleted"]

# Every member of the account is in this group. Its id is inferred, not confirmed
# against a live account.
PUBLIC_ACCESS = "AccessGroupId-PublicAccess"

_ROLE = "crn:v1:bluemix:public:iam::::role:"
_SERVICE_ROLE = "crn:v1:bluemix:public:iam::::serviceRole:"
_IDENTITY_ROLE = "crn:v1:bluemix:public:iam-identity::::serviceRole:"
_PREFIXES = {
    **dict.fromkeys(("Viewer", "Operator", "Editor", "Administrator"), _ROLE),
    **dict.fromkeys(("Reader", "Writer", "Manager"), _SERVICE_ROLE),
    **dict.fromkeys(("UserApiKeyCreator", "ServiceIdCreator"), _IDENTITY_ROLE),
}
_FIELDS: dict[str, type | tuple[type, ...]] = {
    "roles": list,
    "service_name": str,
    "service_type": str,
    "service_group_id": str,
    "region": str,
    "resource_group_id": str,
    "attributes": list,
    "tags": list,
    "rule": Mapping,
    "rule_is_met": bool,
    "state": str,
}


def role_crn(role: str) -> str:
    """Answer the CRN of a role; ``Viewer``, ``Manager`` and their like are enough.

    Raises:
        ValueError: It is neither one of ours nor a CRN.
    """
    if role.startswith("crn:"):
        return role
    if role not in _PREFIXES:
        raise ValueError("roles are CRNs, or of " + ", ".join(_PREFIXES))
    return _PREFIXES[role] + role


@dataclass(frozen=True, slots=True)
class Policy:
    """One access policy: roles on what all of its attributes fit.

    Attributes:
        roles: CRNs, or the short names of ``role_crn``.
        attributes: Further ones, each key, operator and value.
        tags: Key and value; nothing here carries tags, so such a policy gives nothing.
        rule: A condition as the API shows it, for example on the time of day.
        rule_is_met: Whether that condition holds now; a caller cannot see it.
    """

    roles: tuple[str, ...]
    service_name: str | None = None
    service_type: str | None = None
    service_group_id: str | None = None
    region: str | None = None
    resource_group_id: str | None = None
    attributes: tuple[Attribute, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    rule: Mapping[str, Any] | None = None
    rule_is_met: bool = True
    state: State = "active"

    def __post_init__(self) -> None:
        """Refuse a role nobody knows at once, not when it is first looked at."""
        for role in self.roles:
            role_crn(role)

    @property
    def role_crns(self) -> tuple[str, ...]:
        """Answer the roles as CRNs."""
        return tuple(role_crn(role) for role in self.roles)

    def resource(self, account_id: str) -> list[Attribute]:
        """Answer all attributes of what the policy is on, the account first."""
        named = {
            "accountId": account_id,
            "serviceName": self.service_name,
            "serviceType": self.service_type,
            "service_group_id": self.service_group_id,
            "region": self.region,
            "resourceGroupId": self.resource_group_id,
        }
        given = [(key, "stringEquals", value) for key, value in named.items() if value]
        return [*given, *self.attributes]

    @classmethod
    def from_json(cls, given: Mapping[str, object]) -> "Policy":
        """Read a policy from a JSON object with the fields' names.

        Raises:
            ValueError: A field is unknown, missing, or cannot be read.
        """
        fields = checked(given, _FIELDS, {"roles"})
        if fields.get("state", "active") not in ("active", "deleted"):
            raise ValueError("state is active or deleted")
        for name, length in (("attributes", 3), ("tags", 2)):
            fields[name] = _rows(fields.get(name, []), name, length)
        if not all(isinstance(role, str) for role in fields["roles"]):
            raise ValueError("roles are texts")
        return cls(**{**fields, "roles": tuple(fields["roles"])})


@dataclass(frozen=True, slots=True)
class AccessGroup:
    """An access group; ``dynamic_members`` are in it by a rule that matches now."""

    group_id: str
    name: str
    members: tuple[str, ...] = ()
    dynamic_members: tuple[str, ...] = ()
    policies: tuple[Policy, ...] = ()

    def holds(self, iam_id: str, membership: str = "all") -> bool:
        """Tell whether somebody is in it: ``static``, ``dynamic`` or ``all``."""
        is_static = iam_id in self.members or self.group_id == PUBLIC_ACCESS
        is_dynamic = iam_id in self.dynamic_members
        return (is_static and membership != "dynamic") or (
            is_dynamic and membership != "static"
        )


# What clusters need of other services. The registry and object storage are granted for
# the whole account.
_WHOLE_ACCOUNT = ("container-registry", "cloud-object-storage")
_BESIDE = (*_WHOLE_ACCOUNT, "is")


def on_resource_group(*roles: str, group_id: str | None = None) -> Policy:
    """Make a policy on resource groups themselves: on one, or on all there are."""
    attributes = [("resourceType", "stringEquals", "resource-group")]
    if group_id is not None:
        attributes.append(("resource", "stringEquals", group_id))
    return Policy(roles, attributes=tuple(attributes))


def account_administrator() -> tuple[Policy, ...]:
    """Make the policies of somebody who may do everything this package simulates."""
    return (
        Policy(("Administrator", "Manager"), service_name="containers-kubernetes"),
        Policy(
            ("Administrator", "UserApiKeyCreator", "ServiceIdCreator"),
            service_name="iam-identity",
        ),
        Policy(("Administrator",), service_name="user-management"),
        Policy(("Administrator",), service_name="iam-groups"),
        Policy(("Administrator",), service_name="iam-access-management"),
        on_resource_group("Administrator"),
        *(Policy(("Administrator",), service_name=name) for name in _BESIDE),
    )


def key_owner(
    group_id: str | None = None, *, but: Sequence[str] = ()
) -> tuple[Policy, ...]:
    """Make the policies IBM Cloud documents for who is to own cluster API keys.

    In one resource group or, without, in all. ``but`` names services to leave out.
    """
    kubernetes = Policy(
        ("Administrator", "Manager"),
        service_name="containers-kubernetes",
        resource_group_id=group_id,
    )
    identity = Policy(
        ("Operator", "UserApiKeyCreator", "ServiceIdCreator"),
        service_name="iam-identity",
    )
    beside = (
        Policy(
            ("Administrator",),
            service_name=name,
            resource_group_id=None if name in _WHOLE_ACCOUNT else group_id,
        )
        for name in _BESIDE
    )
    wanted = (kubernetes, identity, *beside)
    kept = tuple(one for one in wanted if one.service_name not in but)
    return (*kept, on_resource_group("Viewer", group_id=group_id))


def account_reader() -> tuple[Policy, ...]:
    """Make the policies of somebody who may see everything and change nothing.

    To see everybody's API keys takes Administrator, which is the least there is.
    """
    return (
        Policy(("Viewer", "Reader"), service_name="containers-kubernetes"),
        Policy(("Administrator",), service_name="iam-identity"),
        Policy(("Viewer",), service_name="user-management"),
        Policy(("Viewer",), service_name="iam-groups"),
        Policy(("Viewer",), service_name="iam-access-management"),
        on_resource_group("Viewer"),
    )


def _rows(given: list[Any], name: str, length: int) -> tuple[Any, ...]:
    rows = [tuple(row) if isinstance(row, list) else () for row in given]
    if any(len(row) != length or not isinstance(row[0], str) for row in rows):
        raise ValueError(f"{name} are lists of {length}, the key first")
    return tuple(rows)
