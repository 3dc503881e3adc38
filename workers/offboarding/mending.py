"""Who can mend what ended badly in one target, and the command for it."""

from collections.abc import Callable
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.model import CaseTarget, Cluster, KeyOwner, Outcome, Target
from workers.offboarding.reasons import (
    FUNCTIONAL_ID,
    IAM_ADMIN,
    KEY_KEEPER,
    KUBERNETES_ADMIN,
    OPERATOR,
    REASONS,
    RUNNER,
)
from workers.offboarding.shell import reset_command, shell_word, within


def mender_of(reason: Reason, target: CaseTarget) -> tuple[str, str]:
    """Return who can mend *reason* in this target, and the command."""
    who, command = MENDERS.get(reason, (KUBERNETES_ADMIN, _look))
    return who, command(target)


def _reset(target: CaseTarget) -> str:
    return reset_command(target.target)


def _cluster(target: CaseTarget) -> Cluster | None:
    clusters = target.target.clusters
    return next((one for one in clusters if one.readable), next(iter(clusters), None))


def _look(target: CaseTarget) -> str:
    cluster = _cluster(target)
    if cluster is None:
        return within(target.target, "ibmcloud ks cluster ls")
    return f"ibmcloud ks api-key info --cluster {shell_word(cluster.id)}"


def _find(target: CaseTarget) -> str:
    cluster = _cluster(target)
    if cluster is None:
        return within(target.target, "ibmcloud ks cluster ls")
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


def _permissions(target: CaseTarget) -> str:
    account = shell_word(target.target.account_id)
    return f"offboard permissions --account {account}"


def _unlock(target: CaseTarget) -> str:
    service_id = _service_id(target.functional_id) or "FUNCTIONAL_ID"
    return f"ibmcloud iam service-id-unlock {shell_word(service_id)}"


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


MENDERS: Final[dict[Reason, tuple[str, Callable[[CaseTarget], str]]]] = {
    Reason.NO_CLUSTER: (FUNCTIONAL_ID, _reset),
    Reason.OWNER_UNKNOWN: (KUBERNETES_ADMIN, _look),
    Reason.UNREACHABLE: (KUBERNETES_ADMIN, _look),
    Reason.NO_ROLE: (IAM_ADMIN, _grant),
    Reason.NO_FUNCTIONAL_ID: (RUNNER, _doctor),
    Reason.ACCOUNT_REMOVED: (RUNNER, _doctor),
    Reason.MISSING_ROLE: (IAM_ADMIN, _permissions),
    Reason.FUNCTIONAL_ID_INACTIVE: (IAM_ADMIN, _people),
    Reason.FUNCTIONAL_ID_LOCKED: (IAM_ADMIN, _unlock),
    Reason.PREFLIGHT_UNKNOWN: (IAM_ADMIN, _permissions),
    Reason.REFUSED_PLAN: (REASONS[Reason.REFUSED_PLAN].who, _look),
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
