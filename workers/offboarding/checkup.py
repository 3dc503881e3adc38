"""One look at an account → what its keys can and cannot do there. Pure.

Each line is a question that somebody setting the service up would ask, with the answer
and how to mend it.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.health import Check, Verdict
from workers.offboarding.model import (
    KeyOwner,
    Note,
    OwnerKind,
    Right,
    Unread,
    Visibility,
)
from workers.offboarding.reasons import REASONS
from workers.offboarding.view import View

_ROLES: Final = (
    "Give the identity that reads Viewer on Kubernetes Service and on User "
    "Management, and Administrator on IAM Identity, each for the whole account:"
)


def checks_of(view: View) -> tuple[Check, ...]:
    """Say what one look at an account proves of its set-up.

    Args:
        view: What was seen, of the whole account.
    """
    if _saw_nothing(view):
        # One cause: what follows from it would only be told again and again.
        return (_identities(view),)
    return (
        _identities(view),
        _users(view),
        _clusters(view),
        _keys(view),
        *_rights(view),
        _owners(view),
        _owner_ids(view),
        *_credentials(view),
    )


def _saw_nothing(view: View) -> bool:
    is_blind = not view.has_people and view.keys is None and not view.places
    return is_blind and not view.has_ours


def _check(
    view: View,
    what: str,
    verdict: Verdict,
    text: str,
    mend: str | None = None,
    command: str | None = None,
) -> Check:
    return Check(what, verdict, text, mend, command, view.account_id)


def _identities(view: View) -> Check:
    if not view.has_ours:
        told = REASONS[Reason.BAD_KEY]
        text = _said(view, "our own identities") or told.sentence
        if _saw_nothing(view):
            text = f"{text.rstrip('.')}. So nothing else could be looked at."
        mend = (
            "See that IAM can be reached from here, and that the key files hold keys "
            "of this account that work; to make a key, as its identity:"
        )
        return _check(view, "keys_in_hand", Verdict.FAILED, text, mend, told.command)
    named = [f"{one.name or one.email or one.id} ({one.id})" for one in view.ours]
    text = f"IAM accepts the keys of {', '.join(named)}."
    if any(one.kind is OwnerKind.FUNCTIONAL_ID for one in view.ours):
        return _check(view, "keys_in_hand", Verdict.OK, text)
    text += " None of them is a functional ID, so nothing can be reset here."
    return _check(view, "keys_in_hand", Verdict.OK, text)


def _users(view: View) -> Check:
    if view.has_people:
        text = f"The user list was read: {len(view.people)} people."
        return _check(view, "user_list", Verdict.OK, text)
    text = _said(view, "users") or _said(view, "user list") or "It was not read."
    mend = "Give the identity that reads Viewer on User Management:"
    return _check(
        view,
        "user_list",
        Verdict.FAILED,
        text,
        mend,
        "ibmcloud iam user-policy-create READER --roles Viewer"
        " --service-name user-management",
    )


def _clusters(view: View) -> Check:
    many = sum(len(one.clusters) for one in view.places)
    found = f"{many} clusters in {len(view.places)} targets were listed."
    if view.has_clusters:
        return _check(view, "cluster_lists", Verdict.OK, found)
    text = " ".join((found, _said(view, "cluster")))
    return _check(
        view,
        "cluster_lists",
        Verdict.FAILED,
        text.strip(),
        "Give the identity that reads Viewer on Kubernetes Service, account-wide:",
        "ibmcloud iam user-policy-create READER --roles Viewer"
        " --service-name containers-kubernetes",
    )


def _keys(view: View) -> Check:
    if view.keys is not None and view.has_keys:
        owners = {one.iam_id for one in view.keys.keys}
        vague = sum(one.place is None for one in view.keys.keys)
        text = (
            f"IAM lists {len(view.keys.keys)} cluster API keys of {len(owners)} "
            "identities."
        )
        if not vague:
            return _check(view, "key_list", Verdict.OK, text)
        text += f" {vague} do not say for which region and resource group they are."
        return _check(
            view,
            "key_list",
            Verdict.UNPROVEN,
            text,
            "Look at their descriptions; targets without clusters may be missed:",
            "ibmcloud iam api-keys --output json",
        )
    text = _said(view, "keys") or "It was not read."
    return _check(
        view,
        "key_list",
        Verdict.FAILED,
        text,
        "Give the identity that reads Administrator on IAM Identity, account-wide:",
        "ibmcloud iam user-policy-create READER --roles Administrator"
        " --service-name iam-identity",
    )


def _rights(view: View) -> Iterator[Check]:
    seen = view.visibility
    if seen is None:
        return
    yield _right(view, "sees_every_cluster", seen.clusters, seen)
    yield _right(view, "sees_everybodys_keys", seen.keys, seen)
    yield _right(view, "sees_every_user", seen.users, seen)


def _right(view: View, what: str, right: Right, seen: Visibility) -> Check:
    if right is Right.OK:
        text = "Its policies prove it."
        if what == "sees_every_user":
            text = "Its policies, or the account's settings for everybody, prove it."
        return _check(view, what, Verdict.OK, text)
    missing = right is Right.MISSING
    text = (
        "Its policies do not give it."
        if missing
        else "It cannot be told from its policies."
    )
    mend = " ".join(seen.why) or _ROLES
    return _check(view, what, Verdict.UNPROVEN, text, mend)


def _owners(view: View) -> Check:
    unread = [
        one
        for one in view.seen
        if isinstance(one.reading, Unread)
        # There is no window to look through, which no right and no key would mend.
        and one.reading.reason is not Reason.NO_CLUSTER
    ]
    if not unread:
        text = "The owner of every target with a readable cluster was read."
        return _check(view, "owners", Verdict.OK, text)
    [first, *_] = unread
    reading = first.reading
    reason = reading.reason if isinstance(reading, Unread) else Reason.OWNER_UNKNOWN
    told = REASONS[reason]
    place = f"{first.target.region} / {first.target.resource_group.name}"
    text = (
        f"The owners of {len(unread)} of {len(view.seen)} targets could not be read, "
        f"as in {place}: {told.sentence}"
    )
    mend = f"Who mends it: {told.who}."
    return _check(view, "owners", Verdict.UNPROVEN, text, mend, told.command)


def _owner_ids(view: View) -> Check:
    """Compare the ids the Kubernetes Service gives with those in IAM's key list.

    That they are the same is inferred, so the first real account has to prove it.
    """
    both, same = _compared(view)
    if not both:
        text = (
            "No target has both an owner and a listed key, so it is not proven that "
            "the Kubernetes Service names owners by their IAM ID."
        )
        mend = "Let the identity that reads see IAM's key list, and ask again."
        return _check(view, "owner_ids", Verdict.UNPROVEN, text, mend)
    if same == both:
        text = (
            f"In all {both} targets that have both, the owner's id is the IAM ID of a "
            "key that IAM lists there."
        )
        return _check(view, "owner_ids", Verdict.OK, text)
    text = (
        f"In {both - same} of {both} targets the owner's id is the IAM ID of no key "
        "that IAM lists there."
    )
    mend = (
        "Do not arm this account until it is understood: owners may be named by other "
        "ids than IAM IDs, or the key list is not whole. Compare by hand:"
    )
    command = "ibmcloud ks api-key info --cluster CLUSTER --output json"
    return _check(view, "owner_ids", Verdict.FAILED, text, mend, command)


def _compared(view: View) -> tuple[int, int]:
    """Count the targets with an owner and a listed key, and those where they agree."""
    if view.keys is None:
        return 0, 0
    both = same = 0
    members = {one.iam_id for one in view.people} | {one.id for one in view.ours}
    for one in view.seen:
        listed = view.keys.owners_of(one.target.place)
        is_gone = (
            isinstance(one.reading, KeyOwner)
            and one.reading.id not in members
            and one.reading.id.startswith("IBMid-")
        )
        # The keys of somebody removed are gone, so nothing can be compared.
        if isinstance(one.reading, KeyOwner) and listed and not is_gone:
            both += 1
            same += one.reading.id in listed
    return both, same


def _credentials(view: View) -> Iterator[Check]:
    unread = [one for one in view.credentials.values() if isinstance(one, Unread)]
    if unread:
        told = REASONS[unread[0].reason]
        text = (
            f"The classic credentials of {len(unread)} targets could not be read: "
            f"{unread[0].detail or told.sentence}"
        )
        yield _check(
            view,
            "classic_credentials",
            Verdict.UNPROVEN,
            text,
            f"Who mends it: {told.who}.",
            told.command,
        )


def _said(view: View, about: str) -> str:
    """Return what was noted of a list, by a word in the note."""
    return " ".join(one.text for one in _notes(view) if about in one.text)


def _notes(view: View) -> Sequence[Note]:
    return [
        one
        for one in view.unseen
        if one.reason in (Reason.LIST_UNREADABLE, Reason.LIST_SHORT)
    ]
