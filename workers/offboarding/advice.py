"""What each reason means to people: the sentence, who can mend it, the exact command.

Knows no channel and no far side. The roles are those IBM's documentation asks for; that
each error comes back as foreseen is not confirmed against a live account.
"""

import shlex
import unicodedata
from collections.abc import Callable
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    Advice,
    CaseTarget,
    Cluster,
    FollowUp,
    KeyOwner,
    Outcome,
    Target,
)
from workers.offboarding.reasons import (
    FUNCTIONAL_ID,
    IAM_ADMIN,
    KEY_KEEPER,
    KUBERNETES_ADMIN,
    OPERATOR,
    REASONS,
    RUNNER,
    sentence,
)

__all__ = [
    "ADDON_PODS",
    "TARGET_REASONS",
    "advise",
    "classic_credential_command",
    "cleaned",
    "command_for",
    "sentence",
    "shell_word",
]

_LOSS: Final = (
    "Once the person is removed from the account, the clusters on this key can no "
    "longer order workers, attach storage or scale."
)
_DEFAULT: Final = {
    Outcome.CHANGED_HANDS: Reason.ANOTHER_OWNER,
    Outcome.FAILED: Reason.UNEXPECTED_ANSWER,
    Outcome.UNREAD: Reason.OWNER_UNKNOWN,
}
_ROLES: Final = (
    "The functional ID needs Administrator on Kubernetes Service here, and the roles "
    "for the other services its clusters use; a service ID also needs Operator on IAM "
    "Identity, and where the account restricts key creation it needs that right too."
)
_STOPPED: Final = (
    "This became known after the case's first write, so it was stopped here. Settle "
    "who is meant, and open a new departure by the IAM ID."
)
_EXTRA: Final = {
    (Reason.NO_ROLE, Outcome.FAILED): _ROLES,
    (Reason.NO_ROLE, Outcome.UNREAD): "The identity that reads needs Viewer on "
    "Kubernetes Service here; put its login in place of READER.",
    (Reason.BAD_KEY, Outcome.FAILED): "Give the service a lasting key, not one that "
    "Secrets Manager makes for each read.",
    (Reason.BAD_KEY, Outcome.UNREAD): "Give the service a lasting key, not one that "
    "Secrets Manager makes for each read.",
    (Reason.LIST_UNREADABLE, Outcome.FAILED): "It could not be seen whom the departure "
    "means, so nothing was reset here. The identity that reads needs Viewer on User "
    "Management; put its login in place of READER.",
    (Reason.CANNOT_CREATE_KEY, Outcome.FAILED): "A service ID needs Operator on IAM "
    "Identity; where the account restricts key creation, a user needs User API key "
    "creator there.",
    (Reason.LIST_SHORT, Outcome.UNREAD): "The identity that reads needs Viewer on "
    "Kubernetes Service and Administrator on IAM Identity, account-wide; put its login "
    "in place of READER.",
    (Reason.PROTECTED_USER, Outcome.FAILED): _STOPPED,
    (Reason.AMBIGUOUS_PERSON, Outcome.FAILED): _STOPPED,
    (Reason.KEY_LIMIT, Outcome.FAILED): "Make room by deleting its superseded keys; "
    "deleting one in use breaks clusters.",
}


def cleaned(text: str, limit: int = 600) -> str:
    """Return *text* on one line, invisible characters shown as U+FFFD, cut to *limit*.

    What turns writing round or hides between letters could make one name look like
    another, so it is made visible rather than dropped.
    """
    line = " ".join("".join(_visible(one) for one in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    return "\ufffd" if category in ("Cf", "Cs") else character


def advise(target: CaseTarget) -> Advice | None:
    """Say what a target that did not end well means, and who mends it with what.

    Returns:
        None for a target that is under way, planned, or read back under a functional
        ID. ``command`` is one line for a shell; where it resets, it must be run as the
        functional ID.
    """
    outcome = target.outcome
    if outcome is None or outcome not in _DEFAULT:
        return None
    reason = target.reason or _DEFAULT[outcome]
    who, command = _MEND.get(reason, (KUBERNETES_ADMIN, _look))
    said = (sentence(reason), _EXTRA.get((reason, outcome)), _meaning(target, outcome))
    text = " ".join(part for part in said if part)
    return Advice(text=text, who=who, command=command(target))


def command_for(follow_up: FollowUp, target: Target) -> str | None:
    """Return the command that does *follow_up* by hand; None where there is none."""
    cluster = shell_word(follow_up.cluster_id or "")
    pods = ADDON_PODS.get(follow_up.addon or "")
    if follow_up.kind == "recreate_addon_pods" and follow_up.cluster_id and pods:
        return (
            f"ibmcloud ks cluster config --cluster {cluster}"
            f" && kubectl -n kube-system get pods -o name | grep '^pod/{pods}'"
            " | xargs kubectl -n kube-system delete"
        )
    if follow_up.kind == "refresh_master" and follow_up.cluster_id:
        return f"ibmcloud ks cluster master refresh --cluster {cluster}"
    if follow_up.kind == "classic_credential":
        return classic_credential_command(target)
    return None


# The pods IBM's troubleshooting pages name for these add-ons.
ADDON_PODS: Final = {
    "vpc-block-csi-driver": "ibm-vpc-block-csi-controller",
    "cluster-autoscaler": "cluster-autoscaler",
}


def classic_credential_command(target: Target) -> str:
    """Return the command that shows a target's classic credential, changing nothing."""
    region = shell_word(target.region)
    return _in(target, f"ibmcloud ks credential get --region {region}")


def _meaning(target: CaseTarget, outcome: Outcome) -> str:
    if outcome is Outcome.CHANGED_HANDS:
        now = f" It is {_named(target.owner_after)}." if target.owner_after else ""
        return (
            f"It was left alone, and this departure does not touch it any more.{now} "
            "Find out whether they should own it: a person who owns it will leave too."
        )
    if outcome is Outcome.UNREAD and target.reason is Reason.NO_CLUSTER:
        return (
            "The key may be the leaver's, and a cluster made here later would use it."
        )
    if outcome is Outcome.UNREAD:
        return f"The key may be the leaver's. {_LOSS}"
    if target.resets > target.proven_failures:
        return f"Treat the key as the leaver's until its owner was read. {_LOSS}"
    return f"No reset took effect: treat the key as the leaver's. {_LOSS}"


def _named(owner: KeyOwner) -> str:
    return cleaned(owner.name or owner.email or owner.id, 100)


def shell_word(text: str) -> str:
    """Quote *text* as one word of a shell."""
    return shlex.quote(cleaned(text))


_NO_GROUP: Final = "ibmcloud resource groups"


def _in(target: Target, command: str) -> str:
    """Run *command* in the target's group, or not at all.

    ``&&`` matters: without a targeted group a reset hits the account's default one,
    and so it would where no group is named.
    """
    group = target.resource_group.id.strip()
    if not group:
        return _NO_GROUP
    place = f"-g {shell_word(group)} -r {shell_word(target.region)}"
    return f"ibmcloud target {place} && {command}"


def reset_command(target: Target) -> str:
    """Return the command that resets one target, or shows what it lacks."""
    region = shell_word(target.region)
    return _in(target, f"ibmcloud ks api-key reset --region {region}")


def command_at(reason: Reason, target: Target) -> str | None:
    """Return the command for *reason* as the table of reasons has it, for one target.

    Where no group is named, what it would target shows what it lacks instead.
    """
    command = REASONS[reason].command
    group = target.resource_group.id.strip()
    if command is None or ("GROUP" in command and not group):
        return command and _NO_GROUP
    command = command.replace("GROUP", shell_word(group))
    command = command.replace("REGION", shell_word(target.region))
    for cluster in target.clusters[:1]:
        command = command.replace("CLUSTER", shell_word(cluster.id))
    return command


def _reset(target: CaseTarget) -> str:
    return reset_command(target.target)


def _cluster(target: CaseTarget) -> Cluster | None:
    clusters = target.target.clusters
    return next((one for one in clusters if one.readable), next(iter(clusters), None))


def _look(target: CaseTarget) -> str:
    cluster = _cluster(target)
    if cluster is None:
        return _in(target.target, "ibmcloud ks cluster ls")
    return f"ibmcloud ks api-key info --cluster {shell_word(cluster.id)}"


def _find(target: CaseTarget) -> str:
    cluster = _cluster(target)
    if cluster is None:
        return _in(target.target, "ibmcloud ks cluster ls")
    return f"ibmcloud ks cluster get --cluster {shell_word(cluster.id)}"


def _grant(target: CaseTarget) -> str:
    if target.outcome is Outcome.UNREAD:
        return _policy("user", "READER", "Viewer", target.target)
    owner = target.functional_id
    service_id = _service_id(owner)
    if service_id is None:
        login = (owner.email or owner.id) if owner else "FUNCTIONAL_ID"
        return _policy("user", login, "Administrator,Manager", target.target)
    grant = _policy("service", service_id, "Administrator,Manager", target.target)
    return (
        f"{grant} && ibmcloud iam service-policy-create {shell_word(service_id)}"
        " --roles Operator --service-name iam-identity"
    )


def _doctor(_: CaseTarget) -> str:
    return "offboard doctor"


def _grant_keys(target: CaseTarget) -> str:
    owner = target.functional_id
    service_id = _service_id(owner)
    if service_id is not None:
        return (
            f"ibmcloud iam service-policy-create {shell_word(service_id)}"
            " --roles Operator --service-name iam-identity"
        )
    login = (owner.email or owner.id) if owner else "FUNCTIONAL_ID"
    return (
        f"ibmcloud iam user-policy-create {shell_word(login)}"
        " --roles 'User API key creator' --service-name iam-identity"
    )


def _reading_roles(_: CaseTarget) -> str:
    return (
        "ibmcloud iam user-policy-create READER --roles Viewer"
        " --service-name containers-kubernetes"
        " && ibmcloud iam user-policy-create READER --roles Administrator"
        " --service-name iam-identity"
    )


def _grant_user_list(_: CaseTarget) -> str:
    return (
        "ibmcloud iam user-policy-create READER --roles Viewer"
        " --service-name user-management"
    )


def _people(_: CaseTarget) -> str:
    return "ibmcloud account users --output json"


def _policy(kind: str, login: str, roles: str, target: Target) -> str:
    return (
        f"ibmcloud iam {kind}-policy-create {shell_word(login)} --roles {roles}"
        " --service-name containers-kubernetes"
        f" --resource-group-id {shell_word(target.resource_group.id)}"
        f" --region {shell_word(target.region)}"
    )


def _service_id(owner: KeyOwner | None) -> str | None:
    if owner is None or not owner.id.startswith("iam-ServiceId-"):
        return None
    return owner.id.removeprefix("iam-")


def _new_key(target: CaseTarget) -> str:
    service_id = _service_id(target.functional_id)
    account = shell_word(target.target.account_id)
    kind, whose = (
        ("api-key-create offboard", "")
        if service_id is None
        else ("service-api-key-create offboard", f" {shell_word(service_id)}")
    )
    return (
        f"ibmcloud target -c {account}"
        f" && ibmcloud iam {kind}{whose} --file offboard-apikey.json"
    )


def _keys(target: CaseTarget) -> str:
    service_id = _service_id(target.functional_id)
    if service_id is None:
        return "ibmcloud iam api-keys"
    return f"ibmcloud iam service-api-keys {shell_word(service_id)}"


_MEND: Final[dict[Reason, tuple[str, Callable[[CaseTarget], str]]]] = {
    Reason.NO_CLUSTER: (FUNCTIONAL_ID, _reset),
    Reason.OWNER_UNKNOWN: (KUBERNETES_ADMIN, _look),
    Reason.UNREACHABLE: (KUBERNETES_ADMIN, _look),
    Reason.NO_ROLE: (IAM_ADMIN, _grant),
    Reason.NO_FUNCTIONAL_ID: (RUNNER, _doctor),
    Reason.CANNOT_CREATE_KEY: (IAM_ADMIN, _grant_keys),
    Reason.RATE_LIMITED: (REASONS[Reason.RATE_LIMITED].who, _look),
    Reason.WRONG_PROVIDER: (KUBERNETES_ADMIN, _find),
    Reason.LIST_SHORT: (IAM_ADMIN, _reading_roles),
    Reason.BAD_KEY: (KEY_KEEPER, _new_key),
    Reason.WRONG_ACCOUNT: (KEY_KEEPER, _new_key),
    Reason.WRONG_IDENTITY: (KEY_KEEPER, _new_key),
    Reason.NOT_FOUND: (KUBERNETES_ADMIN, _find),
    Reason.KEY_NOT_USABLE: (FUNCTIONAL_ID, _reset),
    Reason.KEY_LIMIT: (REASONS[Reason.KEY_LIMIT].who, _keys),
    Reason.REFUSED_BY_IBM_CLOUD: (FUNCTIONAL_ID, _reset),
    Reason.UNEXPECTED_ANSWER: (KUBERNETES_ADMIN, _look),
    Reason.OWNER_NOT_SHOWN: (KUBERNETES_ADMIN, _look),
    Reason.ANOTHER_OWNER: (KUBERNETES_ADMIN, _look),
    Reason.GAVE_UP: (KUBERNETES_ADMIN, _look),
    Reason.LIST_UNREADABLE: (IAM_ADMIN, _grant_user_list),
    Reason.PROTECTED_USER: (OPERATOR, _people),
    Reason.AMBIGUOUS_PERSON: (OPERATOR, _people),
}
TARGET_REASONS: Final = frozenset(_MEND)
