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

_SAID: Final = {
    Reason.NO_CLUSTER: "There is no readable cluster here, and a key's owner is seen "
    "only through a cluster.",
    Reason.OWNER_UNKNOWN: "IBM Cloud answered without naming the key's owner.",
    Reason.UNREACHABLE: "IBM Cloud could not be reached, or kept answering with "
    "errors.",
    Reason.NO_ROLE: "IBM Cloud refused because a role is missing.",
    Reason.BAD_KEY: "IBM Cloud did not accept this service's own API key: it was "
    "deleted, disabled or locked, or its identity is gone.",
    Reason.WRONG_ACCOUNT: "The API key given to this service belongs to another "
    "account.",
    Reason.WRONG_IDENTITY: "The API key in hand is not the planned functional ID's, "
    "and whoever asks for a reset becomes the owner.",
    Reason.NOT_FOUND: "IBM Cloud says that the cluster or the resource group does not "
    "exist or may not be seen; it has said so of clusters that exist.",
    Reason.KEY_NOT_USABLE: "IBM Cloud says that the API key stored here cannot be "
    "used.",
    Reason.KEY_LIMIT: "The functional ID has no room for another API key: IAM allows "
    "20 for each identity unless the limit was raised.",
    Reason.REFUSED_BY_IBM_CLOUD: "IBM Cloud refused, and asking again will not help.",
    Reason.UNEXPECTED_ANSWER: "IBM Cloud's answer could not be understood, so it was "
    "not taken for a yes.",
    Reason.OWNER_NOT_SHOWN: "A reset was sent, but the functional ID did not show as "
    "the owner in time.",
    Reason.ANOTHER_OWNER: "The key belongs to somebody else now.",
    Reason.GAVE_UP: "The work here broke off several times without an end, so it was "
    "stopped.",
    Reason.PROTECTED_USER: "This person is on the list of people nobody may offboard, "
    "or is one of this service's own identities.",
    Reason.AMBIGUOUS_PERSON: "More than one person in the account fits, and the "
    "service does not guess.",
    Reason.PAUSED: "Resets are paused; none is sent until the pause ends.",
    Reason.NOT_ARMED: "The service is not armed, so every case is a dry run.",
    Reason.PERSON_NOT_FOUND: "Nobody in the account has this e-mail or IAM ID: it may "
    "be misspelt, or the person may be removed already.",
    Reason.SCOPE_LIMITED: "Only a part of the account was asked for; what lies outside "
    "was not dealt with.",
    Reason.SCOPE_UNMATCHED: "The part asked for names a region or a resource group in "
    "which no cluster was seen: it may be misspelt.",
    Reason.LIST_UNREADABLE: "A list in the account could not be read, so there may be "
    "more than is shown here.",
    Reason.JOINED: "This person has another open case, and this one goes on there.",
}
_LOSS: Final = (
    "Once the person is removed from the account, the clusters on this key can no "
    "longer order workers, attach storage or scale."
)
_KUBERNETES_ADMIN: Final = "an administrator of Kubernetes Service in the account"
_IAM_ADMIN: Final = "an administrator of IAM in the account"
_FUNCTIONAL_ID: Final = (
    "whoever can log in as the functional ID; nobody else may run this, since the one "
    "who resets becomes the owner"
)
_OPERATOR: Final = "an operator of this service, with whoever told it of the departure"
_KEY_KEEPER: Final = "whoever can log in as the functional ID and runs this service"
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


def sentence(reason: Reason) -> str:
    """Say in one sentence what *reason* is, without regard to any outcome."""
    return _SAID[reason]


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
    who, command = _MEND.get(reason, (_KUBERNETES_ADMIN, _look))
    said = (sentence(reason), _EXTRA.get((reason, outcome)), _meaning(target, outcome))
    text = " ".join(part for part in said if part)
    return Advice(text=text, who=who, command=command(target))


def command_for(follow_up: FollowUp, target: Target) -> str | None:
    """Return the command that does *follow_up* by hand; None where there is none."""
    cluster = shell_word(follow_up.cluster_id or "")
    pods = _ADDON_PODS.get(follow_up.addon or "")
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
_ADDON_PODS: Final = {
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


def _in(target: Target, command: str) -> str:
    """Run *command* in the target's group, or not at all.

    ``&&`` matters: without a targeted group a reset hits the account's default one,
    and so it would where no group is named.
    """
    group = target.resource_group.id.strip()
    if not group:
        return "ibmcloud resource groups"
    place = f"-g {shell_word(group)} -r {shell_word(target.region)}"
    return f"ibmcloud target {place} && {command}"


def _reset(target: CaseTarget) -> str:
    region = shell_word(target.target.region)
    return _in(target.target, f"ibmcloud ks api-key reset --region {region}")


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
    Reason.NO_CLUSTER: (_FUNCTIONAL_ID, _reset),
    Reason.OWNER_UNKNOWN: (_KUBERNETES_ADMIN, _look),
    Reason.UNREACHABLE: (_KUBERNETES_ADMIN, _look),
    Reason.NO_ROLE: (_IAM_ADMIN, _grant),
    Reason.BAD_KEY: (_KEY_KEEPER, _new_key),
    Reason.WRONG_ACCOUNT: (_KEY_KEEPER, _new_key),
    Reason.WRONG_IDENTITY: (_KEY_KEEPER, _new_key),
    Reason.NOT_FOUND: (_KUBERNETES_ADMIN, _find),
    Reason.KEY_NOT_USABLE: (_FUNCTIONAL_ID, _reset),
    Reason.KEY_LIMIT: ("whoever can log in as the functional ID", _keys),
    Reason.REFUSED_BY_IBM_CLOUD: (_FUNCTIONAL_ID, _reset),
    Reason.UNEXPECTED_ANSWER: (_KUBERNETES_ADMIN, _look),
    Reason.OWNER_NOT_SHOWN: (_KUBERNETES_ADMIN, _look),
    Reason.ANOTHER_OWNER: (_KUBERNETES_ADMIN, _look),
    Reason.GAVE_UP: (_KUBERNETES_ADMIN, _look),
    Reason.LIST_UNREADABLE: (_IAM_ADMIN, _grant_user_list),
    Reason.PROTECTED_USER: (_OPERATOR, _people),
    Reason.AMBIGUOUS_PERSON: (_OPERATOR, _people),
}
TARGET_REASONS: Final = frozenset(_MEND)
