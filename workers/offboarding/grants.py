"""A grant of roles, and the commands that give it to somebody. Pure; it judges nobody.

The commands are those of IBM's documentation; that they do here what they should is not
confirmed against a live account.
"""

import re
from dataclasses import dataclass
from typing import Final

from workers.offboarding.advice import shell_word
from workers.offboarding.model import KeyOwner

# How IAM shows a role to people, where it is not the last part of its CRN.
_SHOWN: Final = {"UserApiKeyCreator": "User API key creator"}
_GROUP_ID: Final = re.compile(r"[0-9a-f]{32}")
_SERVICE_ID: Final = "iam-ServiceId-"


@dataclass(frozen=True, slots=True)
class Grant:
    """Roles on a service, or on resource groups themselves.

    Attributes:
        roles: As IAM shows them to people, ``Administrator``.
        service: As IAM names it; empty means resource groups themselves.
        group: In which resource group, by id or name, or which one; empty means all.
        why: What it is for, in a few words.
    """

    roles: tuple[str, ...]
    service: str = ""
    group: str = ""
    why: str = ""


def shown_role(role: str) -> str:
    """Return how IAM shows a role to people, by the last part of its CRN."""
    return _SHOWN.get(role, role)


def is_group_id(group: str) -> bool:
    """Tell whether a resource group is given by its id, and not by its name."""
    return _GROUP_ID.fullmatch(group) is not None


def service_id_of(identity: KeyOwner) -> str | None:
    """Return a service ID's own id, which commands want; None for anybody else."""
    if not identity.id.startswith(_SERVICE_ID):
        return None
    return identity.id.removeprefix("iam-")


def command_of(grant: Grant, identity: KeyOwner) -> str:
    """Return the one line for a shell that gives *grant* to *identity*."""
    service_id = service_id_of(identity)
    kind = "user" if service_id is None else "service"
    whom = service_id or identity.email or identity.id
    roles = shell_word(",".join(grant.roles))
    return (
        f"ibmcloud iam {kind}-policy-create {shell_word(whom)} --roles {roles}"
        f"{_on(grant)}"
    )


def look_command(identity: KeyOwner) -> str:
    """Return the command that shows which policies somebody has."""
    service_id = service_id_of(identity)
    if service_id is not None:
        return f"ibmcloud iam service-policies {shell_word(service_id)}"
    return f"ibmcloud iam user-policies {shell_word(identity.email or identity.id)}"


def _on(grant: Grant) -> str:
    if not grant.service:
        group = f" --resource {shell_word(grant.group)}" if grant.group else ""
        return f" --resource-type resource-group{group}"
    service = f" --service-name {shell_word(grant.service)}"
    if not grant.group:
        return service
    option = "id" if is_group_id(grant.group) else "name"
    return f"{service} --resource-group-{option} {shell_word(grant.group)}"
