"""Permissions as ``ibmcloud`` commands, as Terraform and as a plain body. Pure.

The commands are those of IBM's documentation, the Terraform that of the provider's.
That they do here what they should is not confirmed against a live account.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from workers.offboarding.advice import cleaned, shell_word
from workers.offboarding.grants import Grant, command_of
from workers.offboarding.model import KeyOwner
from workers.offboarding.permissions import Needed, Permissions
from workers.offboarding.rights import ACCOUNT_MANAGEMENT

_UNPROVEN: Final = "Not confirmed against a live account."
_RAW_KEY: Final = (
    "The raw key of a functional ID lies in each of its clusters, readable by their "
    "administrators: give it no more than this, and no other account."
)
_CLASSIC: Final = (
    "Classic clusters also need classic infrastructure permissions, which are not "
    "IAM's: Super User, or the required ones."
)
_OPENSHIFT: Final = (
    "Leave out what no cluster needs: cloud-object-storage without OpenShift, `is` "
    "without VPC, the API key creator role where the account does not restrict that."
)


def as_commands(wanted: Permissions) -> str:
    """Write the grants as ``ibmcloud`` commands, with a comment before each."""
    lines = [
        f"# Account {_title(wanted)}. {_UNPROVEN}",
        "# Put an e-mail, or a service ID's id, in place of each word in capitals.",
        f"ibmcloud target -c {shell_word(wanted.account_id)}",
        "",
        "# For reading only: the reader, or without one the first functional ID.",
        *_commands(wanted.reading),
    ]
    for one in wanted.acting:
        lines += ["", f"# For acting: {cleaned(one.name)}.", *_commands(one)]
    return "\n".join([*lines, "", *_notes(wanted)]) + "\n"


def as_terraform(wanted: Permissions) -> str:
    """Write the grants as Terraform, for IBM Cloud's provider."""
    blocks = [f"# Account {_title(wanted)}. {_UNPROVEN}"]
    groups = _groups(wanted)
    blocks += [
        f'data "ibm_resource_group" "{label}" {{\n  name = {_text(name)}\n}}'
        for name, label in groups.items()
    ]
    blocks += ["# For reading only.", *_resources(wanted.reading, groups)]
    for one in wanted.acting:
        blocks += [f"# For acting: {cleaned(one.name)}.", *_resources(one, groups)]
    return "\n\n".join([*blocks, "\n".join(_notes(wanted))]) + "\n"


def as_body(wanted: Permissions) -> dict[str, object]:
    """Return the grants as a body of JSON, each with its command."""
    return {
        "account_id": wanted.account_id,
        "account": wanted.account_name or None,
        "reading": _part(wanted.reading),
        "acting": [{"functional_id": one.name, **_part(one)} for one in wanted.acting],
        "confirmed": False,
    }


def _part(one: Needed) -> dict[str, object]:
    return {
        "stand_in": one.stand_in,
        "kind": "service_id" if one.is_service_id else "user",
        "grants": [
            {
                "service": each.service or None,
                "resource_type": None if each.service else "resource-group",
                "resource_group": each.group or None,
                "roles": list(each.roles),
                "why": each.why,
                "command": command_of(each, _identity(one)),
            }
            for each in one.grants
        ],
    }


def _commands(one: Needed) -> Iterator[str]:
    for grant in one.grants:
        yield f"# {grant.why}"
        yield command_of(grant, _identity(one))


def _identity(one: Needed) -> KeyOwner:
    kind = "iam-ServiceId-" if one.is_service_id else ""
    return KeyOwner(f"{kind}{one.stand_in}")


def _groups(wanted: Permissions) -> dict[str, str]:
    """Give each resource group that is known by name a label of its own."""
    names = {
        each.group for one in wanted.acting for each in one.grants if each.is_by_name
    }
    return {
        name: f"group_{number}_{_label(name)}"
        for number, name in enumerate(sorted(names - {""}), 1)
    }


def _resources(one: Needed, groups: Mapping[str, str]) -> Iterator[str]:
    label = _label(one.stand_in)
    kind = "service ID's id" if one.is_service_id else "e-mail"
    yield (
        f'variable "{label}" {{\n  type        = string\n'
        f"  description = {_text(f'The {kind} of {cleaned(one.name)}')}\n}}"
    )
    for number, grant in enumerate(one.grants, 1):
        yield _resource(one, f"{label}_{number}", label, grant, groups)


def _resource(
    one: Needed, name: str, whom: str, grant: Grant, groups: Mapping[str, str]
) -> str:
    kind, key = "user", "ibm_id"
    if one.is_service_id:
        kind, key = "service", "iam_service_id"
    width = len(key)
    what = _label(grant.service or "resource_group")
    inside = "\n".join(f"    {line}" for line in _inside(grant, groups))
    return (
        f"# {grant.why}\n"
        f'resource "ibm_iam_{kind}_policy" "{name}_{what}" {{\n'
        f"  {key.ljust(width)} = var.{whom}\n"
        f"  {'roles'.ljust(width)} = {json.dumps(list(grant.roles))}\n\n"
        f"  {_block(grant)} {{\n{inside}\n  }}\n}}"
    )


def _block(grant: Grant) -> str:
    # `account_management = true` would give all account management services.
    is_management = grant.service in ACCOUNT_MANAGEMENT
    return "resource_attributes" if is_management else "resources"


def _inside(grant: Grant, groups: Mapping[str, str]) -> Iterator[str]:
    if grant.service in ACCOUNT_MANAGEMENT:
        yield 'name  = "serviceName"'
        yield f"value = {_text(grant.service)}"
        return
    if not grant.service:
        yield 'resource_type = "resource-group"'
        if grant.group:
            yield f"resource      = {_group(grant.group, groups)}"
        return
    if not grant.group:
        yield f"service = {_text(grant.service)}"
        return
    yield f"service           = {_text(grant.service)}"
    yield f"resource_group_id = {_group(grant.group, groups)}"


def _group(group: str, groups: Mapping[str, str]) -> str:
    label = groups.get(group)
    return f"data.ibm_resource_group.{label}.id" if label else _text(group)


def _label(text: str) -> str:
    """Make a name that Terraform takes; it may not begin with a digit."""
    word = re.sub(r"[^a-z0-9_]", "_", text.lower())
    return word if word[:1].isalpha() else f"x_{word}"


def _text(text: str) -> str:
    """Quote a text for Terraform, where ``${`` and ``%{`` would be run."""
    quoted = json.dumps(cleaned(text), ensure_ascii=False)
    return quoted.replace("${", "$${").replace("%{", "%%{")


def _title(wanted: Permissions) -> str:
    name = cleaned(wanted.account_name)
    ident = cleaned(wanted.account_id)
    return f"{name} ({ident})" if name else ident


def _notes(wanted: Permissions) -> list[str]:
    if not wanted.acting:
        return ["# No functional ID is set up for this account: it is only read."]
    return [f"# {text}" for text in (_RAW_KEY, _OPENSHIFT, _CLASSIC)]
