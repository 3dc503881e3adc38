"""A forecast → the doctor's lines of each functional ID of an account. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from workers.offboarding.advice import shell_word
from workers.offboarding.excess import broad, shared
from workers.offboarding.findings import Finding, because, who, worst_first
from workers.offboarding.forecast import Forecast
from workers.offboarding.grants import command_of, service_id_of
from workers.offboarding.health import Check, Verdict
from workers.offboarding.model import Right, Target
from workers.offboarding.needs import KEY_CREATOR
from workers.offboarding.preflight import role_findings
from workers.offboarding.reasons import REASONS
from workers.offboarding.rights import right_to
from workers.offboarding.soundness import faults_of, keys_command
from workers.offboarding.standing import Standing
from workers.offboarding.weakness import FEW
from workers.offboarding.words import counted

_VERDICTS: Final = {
    Right.OK: Verdict.OK,
    Right.CANNOT_TELL: Verdict.UNPROVEN,
    Right.MISSING: Verdict.FAILED,
}
_GRANT: Final = "Who mends it: an administrator of IAM in the account."
_SEE: Final = "`offboard permissions` prints what it needs. See what it has:"


def checks_of_functional_ids(
    account_id: str, found: Forecast, elsewhere: Mapping[str, Iterable[str]]
) -> tuple[Check, ...]:
    """Say how each functional ID of an account stands, and what would fall to it.

    Args:
        account_id: The account.
        found: What was seen and foreseen of them.
        elsewhere: The other accounts that use the same identity, by its IAM ID.
    """
    return tuple(
        check
        for one in found.standings
        for check in _checks(
            account_id, one, found, tuple(elsewhere.get(one.identity.id, ()))
        )
    )


def _checks(
    account_id: str, standing: Standing, found: Forecast, others: Sequence[str]
) -> Iterator[Check]:
    iam_id = standing.identity.id
    falls = found.taken_by(iam_id)
    targets = (*found.owned_by(iam_id), *falls)
    yield _sound(account_id, standing)
    yield _roles(account_id, standing, targets)
    yield _creation(account_id, standing)
    yield _slots(account_id, standing, len(falls))
    yield _alone(account_id, standing, others)
    yield _narrow(account_id, standing, found.group_names)
    yield from _classic(account_id, standing, targets)


def _sound(account_id: str, standing: Standing) -> Check:
    findings = worst_first(faults_of(standing))
    kind = "an active user"
    if service_id_of(standing.identity) is not None:
        kind = "a service ID that is not locked"
    fine = f"{who(standing)} is {kind}, and IAM accepts its key."
    return _found(account_id, "functional_id", findings, fine)


def _roles(account_id: str, standing: Standing, targets: Sequence[Target]) -> Check:
    first: dict[str, Finding] = {}
    for target in targets:
        for one in role_findings(standing, target):
            # One grant may be lacking in several targets.
            grant = one.command if one.right is Right.MISSING else None
            first.setdefault(grant or one.text, one)
    fine = (
        f"{who(standing)} has the roles for {counted(len(targets), 'target')}: those "
        "it owns, and those of people that would fall to it."
    )
    findings = worst_first(first.values())
    return _found(account_id, "functional_id_roles", findings, fine)


def _creation(account_id: str, standing: Standing) -> Check:
    what, restricted = "key_creation", standing.is_key_creation_restricted
    if restricted is False or service_id_of(standing.identity) is not None:
        text = f"Nothing restricts {who(standing)} from having API keys made for it."
        return Check(what, Verdict.OK, text, account_id=account_id)
    right = right_to(standing.policies, KEY_CREATOR.service, KEY_CREATOR.role)
    if right is Right.OK:
        text = f"{who(standing)} has the role that creating API keys may need here."
        return Check(what, Verdict.OK, text, account_id=account_id)
    is_known = restricted and right is Right.MISSING and not standing.policies_fault
    said = "The account restricts" if restricted else "It is not known to restrict"
    text = (
        f"{said} who creates API keys, and {who(standing)} "
        f"{'lacks' if is_known else 'is not known to have'} the "
        f"{KEY_CREATOR.role_title} on {KEY_CREATOR.title}."
    )
    verdict = Verdict.FAILED if is_known else Verdict.UNPROVEN
    command = command_of(KEY_CREATOR.grant(""), standing.identity)
    return Check(what, verdict, text, _GRANT, command, account_id)


def _slots(account_id: str, standing: Standing, falls: int) -> Check:
    what, free = "key_slots", standing.free
    if free is None:
        text = (
            f"How many API keys {who(standing)} has could not be "
            f"seen{because(standing.keys_fault)}"
        )
        mend = "Count them, logged in as it:"
        command = keys_command(standing)
        return Check(what, Verdict.UNPROVEN, text, mend, command, account_id)
    left = free - falls
    after = f"{left} left after" if left >= 0 else f"{-left} short then"
    text = (
        f"{who(standing)}: {standing.keys} of {standing.key_limit} API keys used; "
        f"{counted(falls, 'target')} of people would fall to it; {after}."
    )
    if free >= FEW and left >= 0:
        return Check(what, Verdict.OK, text, account_id=account_id)
    mend = (
        "Delete its superseded keys, have the limit raised, or add a functional ID to "
        "the accounts file; deleting a key in use breaks clusters:"
    )
    command = keys_command(standing)
    return Check(what, Verdict.FAILED, text, mend, command, account_id)


def _alone(account_id: str, standing: Standing, others: Sequence[str]) -> Check:
    also = shared(standing.identity, standing.name, others)
    what = "functional_id_alone"
    if also is None:
        text = f"{who(standing)} is a functional ID of no other account set up here."
        return Check(what, Verdict.OK, text, account_id=account_id)
    mend = "Put another identity into the accounts file, and adopt what this one owns."
    # A risk and no fault: what it is there for, it does.
    return Check(what, Verdict.WARNING, also.text, mend, None, account_id)


def _narrow(
    account_id: str, standing: Standing, group_names: Mapping[str, str]
) -> Check:
    what = "functional_id_narrow"
    found = tuple(broad(standing, group_names))
    if found:
        text = " ".join(one.text for one in found)
        command = found[0].command
        return Check(what, Verdict.WARNING, text, _SEE, command, account_id)
    if standing.policies_fault:
        text = (
            f"All that {who(standing)} may do could not be "
            f"seen{because(standing.policies_fault)}"
        )
        mend = "Give the identity that reads Viewer on IAM Access Management."
        return Check(what, Verdict.UNPROVEN, text, mend, None, account_id)
    text = f"No right of {who(standing)} was found that goes far beyond its clusters."
    return Check(what, Verdict.OK, text, account_id=account_id)


def _classic(
    account_id: str, standing: Standing, targets: Iterable[Target]
) -> Iterator[Check]:
    """Say what IAM cannot show: the permissions in classic infrastructure."""
    places = [
        one
        for one in targets
        if any(each.provider == "classic" and each.readable for each in one.clusters)
    ]
    if not places:
        return
    first = places[0]
    text = (
        f"{counted(len(places), 'target')} with classic clusters: whether "
        f"{who(standing)} has the classic infrastructure permissions that they need "
        "cannot be seen through IAM."
    )
    mend = (
        "Where the key is its already, this shows what lacks; else give it Super User, "
        "or the required permissions, in classic infrastructure:"
    )
    command = (
        f"ibmcloud target -g {shell_word(first.resource_group.id)} && ibmcloud ks "
        f"infra-permissions get --region {shell_word(first.region)}"
    )
    yield Check(
        "classic_infrastructure", Verdict.UNPROVEN, text, mend, command, account_id
    )


def _found(account_id: str, what: str, findings: Sequence[Finding], fine: str) -> Check:
    if not findings:
        return Check(what, Verdict.OK, fine, account_id=account_id)
    first, more = findings[0], len(findings) - 1
    text = f"{first.text} {more} more like it." if more else first.text
    verdict = _VERDICTS[first.right]
    mend = _GRANT
    if first.right is Right.MISSING:
        mend = f"Who mends it: {REASONS[first.reason].who}."
    return Check(what, verdict, text, mend, first.command, account_id)
