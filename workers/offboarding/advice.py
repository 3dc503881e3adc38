"""What each reason means to people: the sentence, who can mend it, the exact command.

Knows no channel and no far side. The roles are those IBM's documentation asks for; that
each error comes back as foreseen is not confirmed against a live account.
"""

from typing import Final

from workers.offboarding.addon_pods import ADDON_PODS, renewal_command
from workers.offboarding.errors import Reason
from workers.offboarding.mending import MENDERS, mender_of
from workers.offboarding.model import (
    CLASSIC_CREDENTIAL,
    RECREATE_ADDON_PODS,
    REFRESH_MASTER,
    Advice,
    CaseTarget,
    FollowUp,
    KeyOwner,
    Outcome,
    Right,
    Target,
)
from workers.offboarding.reasons import REASONS, sentence
from workers.offboarding.shell import (
    NO_GROUP,
    classic_credential_command,
    cleaned,
    reset_command,
    shell_word,
)

__all__ = [
    "TARGET_REASONS",
    "advise",
    "classic_credential_command",
    "cleaned",
    "command_at",
    "command_for",
    "renewed_by",
    "reset_command",
    "sentence",
    "shell_word",
]

TARGET_REASONS: Final = frozenset(MENDERS)
# No sentence here speaks of a leaver: in an adoption there need not be one.
_LOSS: Final = (
    "Once its owner is removed from the account, the clusters on this key can no "
    "longer order workers, attach storage or scale."
)
# What only preflight finds; the others it shares with IBM Cloud's own answers.
_OF_PREFLIGHT: Final = (
    Reason.MISSING_ROLE,
    Reason.FUNCTIONAL_ID_INACTIVE,
    Reason.FUNCTIONAL_ID_LOCKED,
    Reason.PREFLIGHT_UNKNOWN,
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
    is_red = _is_red(target)
    who, command = mender_of(reason, target)
    said = (
        sentence(reason),
        cleaned(target.detail, 900) if is_red or reason in _SAY_WHY else None,
        _EXTRA.get((reason, outcome)),
        _meaning(target, outcome),
    )
    text = " ".join(part for part in said if part)
    mend = target.mend if is_red else None
    return Advice(text=text, who=who, command=mend or command)


# What these mean is said by the detail alone: which name, which rule.
_SAY_WHY: Final = frozenset({Reason.NO_FUNCTIONAL_ID})


def _is_red(target: CaseTarget) -> bool:
    """Tell whether preflight ended it; one that let it go mends nothing that follows.

    The same reason may be IBM Cloud's own answer to a reset that preflight let go.
    """
    if target.outcome is not Outcome.FAILED:
        return False
    is_judged = target.preflight is not None
    is_mendable = target.mend is not None and not is_judged
    is_missing = target.preflight is Right.MISSING
    return is_missing or is_mendable or target.reason in _OF_PREFLIGHT


def command_for(follow_up: FollowUp, target: Target) -> str | None:
    """Return the command that does *follow_up* by hand; None where there is none."""
    addon = renewed_by(follow_up)
    if addon is not None and follow_up.cluster_id:
        return renewal_command(addon, [follow_up.cluster_id])
    cluster = shell_word(follow_up.cluster_id or "")
    if follow_up.kind == REFRESH_MASTER and follow_up.cluster_id:
        return f"ibmcloud ks cluster master refresh --cluster {cluster}"
    if follow_up.kind == CLASSIC_CREDENTIAL:
        return classic_credential_command(target)
    return None


def renewed_by(follow_up: FollowUp) -> str | None:
    """Name the add-on whose pods are to be made anew, where it is one we know."""
    is_one = follow_up.kind == RECREATE_ADDON_PODS and follow_up.cluster_id
    return follow_up.addon if is_one and follow_up.addon in ADDON_PODS else None


def _meaning(target: CaseTarget, outcome: Outcome) -> str:
    if outcome is Outcome.CHANGED_HANDS:
        now = f" It is {_named(target.owner_after)}." if target.owner_after else ""
        return (
            f"It was left alone, and this case does not touch it any more.{now} "
            "Find out whether they should own it: a person who owns it will leave too."
        )
    if outcome is Outcome.FAILED:
        return f"{_after_failure(target)} {_LOSS}"
    may_be = "The key may be that of a person who leaves"
    if target.reason is Reason.NO_CLUSTER:
        return f"{may_be}, and a cluster made here later would use it."
    return f"{may_be}. {_LOSS}"


def _after_failure(target: CaseTarget) -> str:
    before = target.owner_before
    whose = f"{_named(before)}'s" if before else "its former owner's"
    if target.resets > target.proven_failures:
        return f"Treat the key as {whose} until its owner was read."
    if _is_red(target) and not target.resets:
        return f"Nothing was written here: the key is {whose} still."
    return f"No reset took effect: treat the key as {whose}."


def _named(owner: KeyOwner) -> str:
    return cleaned(owner.name or owner.email or owner.id, 100)


def command_at(reason: Reason, target: Target) -> str | None:
    """Return the command for *reason* as the table of reasons has it, for one target.

    Where no group is named, what it would target shows what it lacks instead.
    """
    command = REASONS[reason].command
    group = target.resource_group.id.strip()
    if command is None or ("GROUP" in command and not group):
        return command and NO_GROUP
    command = command.replace("GROUP", shell_word(group))
    command = command.replace("REGION", shell_word(target.region))
    for cluster in target.clusters[:1]:
        command = command.replace("CLUSTER", shell_word(cluster.id))
    return command
