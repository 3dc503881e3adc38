"""What was seen → the targets of a case, and what its reader has to be warned of.

Pure: it asks nobody, and knows no store. In doubt a target stands in the case as
unread; it is left out only where it is plainly somebody else's, or nobody's.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.exposure import AccountIndex
from workers.offboarding.model import (
    CLASSIC_CREDENTIAL,
    Case,
    CaseKind,
    CaseTarget,
    FollowUp,
    KeyOwner,
    NoOwner,
    Outcome,
    OwnerKind,
    ResourceGroup,
    Scope,
    Target,
    Unread,
)
from workers.offboarding.plan import Resolved
from workers.offboarding.view import Seen, View

# IBM stores a classic user name behind the number of the classic account.
_CLASSIC_ACCOUNT: Final = re.compile(r"^[0-9]+_")


@dataclass(frozen=True, slots=True)
class Look:
    """One look at an account for a case.

    Attributes:
        at: When.
        leaver: Who the leaver is, as far as known.
        view: What was seen.
        index: What surveys have read before.
        is_last: Whether what cannot be seen now counts as not seen.
        is_sure: Whether it could be seen here who is meant; else nothing is reset.
        people: IAM IDs on the user lists of all accounts.
        is_gone: Whether an event proved the leaver removed from this account.
    """

    at: datetime
    leaver: Resolved
    view: View
    index: AccountIndex
    is_last: bool
    is_sure: bool
    people: frozenset[str] = frozenset()
    is_gone: bool = False

    @property
    def iam_id(self) -> str | None:
        """Return the leaver's IAM ID; None while nobody is found."""
        return self.leaver.leaver.iam_id


# What a target is that the next look may show.
LATER: Final = "later"


def targets_of(
    look: Look, known: Collection[str] = (), scope: Scope | None = None
) -> list[CaseTarget | str]:
    """Find the targets that a look adds to a case: theirs, unread ones, and LATER.

    Args:
        look: What was seen.
        known: Ids of the targets that the case has already.
        scope: What the case is narrowed to.
    """
    seen = [one for one in look.view.seen if one.target.id not in known]
    judged = [_judged(look, one) for one in seen]
    found: list[CaseTarget | str] = [one for one in judged if one is not None]
    hidden = [*_listed_only(look, scope), *_remembered_only(look, scope)]
    return found + [
        one
        for one in hidden
        if not isinstance(one, CaseTarget) or one.target.id not in known
    ]


def _judged(look: Look, one: Seen) -> CaseTarget | str | None:
    """Judge one target that was seen; None: it is plainly not theirs."""
    match one.reading:
        case Unread():
            return _unread(look, one, one.reading)
        case NoOwner():
            return _nobodys(look, one)
        case KeyOwner(id=owner_id) if owner_id == look.iam_id:
            return _theirs(look, CaseTarget(one.target, one.reading))
        case KeyOwner():
            return _nameless(look, one.target, one.reading)


def _theirs(look: Look, target: CaseTarget) -> CaseTarget | str:
    if look.is_sure:
        return target
    if not look.is_last and not look.view.is_final:
        return LATER
    text = "It could not be seen whether the departure means this person alone."
    return target.ended(
        Outcome.FAILED, look.at, reason=Reason.LIST_UNREADABLE, detail=text
    )


def _unread(look: Look, one: Seen, reading: Unread) -> CaseTarget | str | None:
    if not one.is_final and not look.is_last:
        return LATER
    # Without a cluster to look through, IAM's list tells whether a key is theirs.
    is_listed = look.view.keys is not None and look.iam_id in look.view.keys.owners_of(
        one.target.place
    )
    is_whole = look.view.has_keys and look.view.is_proven
    if reading.reason is Reason.NO_CLUSTER and is_whole and not is_listed:
        return None
    text = " ".join(part for part in (reading.detail, _history(look, one)) if part)
    return CaseTarget(one.target).ended(
        Outcome.UNREAD, look.at, reason=reading.reason, detail=text
    )


def _nobodys(look: Look, one: Seen) -> CaseTarget | str | None:
    """Keep a target in sight that has no key now, and may have had theirs.

    It had when it was last read, or they were removed: their keys went with them, so
    that IAM's list says nothing of it any more.
    """
    history = _history(look, one)
    if not history and not look.is_gone:
        return None
    if not history and not look.is_last:
        return LATER
    text = history or "It has clusters and no key; theirs went when they were removed."
    return CaseTarget(one.target).ended(
        Outcome.UNREAD, look.at, reason=Reason.OWNER_UNKNOWN, detail=text
    )


def _history(look: Look, one: Seen) -> str:
    """Say that a target was theirs when it was last read; empty if nobody knows."""
    before = next(
        (
            each
            for each in look.index.of(look.iam_id)
            if each.target.id == one.target.id
        ),
        None,
    )
    if before is None:
        return ""
    when = f" on {before.checked_at:%Y-%m-%d}" if before.checked_at else ""
    return f"It was theirs when its owner was last read{when}."


def _nameless(look: Look, target: Target, owner: KeyOwner) -> CaseTarget | None:
    """Keep a person's key in sight that may be the leaver's: nobody knows whose it is.

    That the id shown is an IAM ID is not confirmed against a live account: an id that
    is on no user list may be another name of the leaver. Somebody removed is on none
    either, and theirs may be the leaver's where the key's owner shows no e-mail.
    """
    is_person = owner.kind in (OwnerKind.PERSON, OwnerKind.UNKNOWN)
    if not is_person or owner.id in look.people or not _may_be(look, target, owner):
        return None
    shown = f"shows {owner.email}" if owner.email else "shows no e-mail"
    text = f"It belongs to {owner.id}, who is on no user list and {shown}."
    return CaseTarget(target).ended(
        Outcome.UNREAD, look.at, reason=Reason.OWNER_UNKNOWN, detail=text
    )


def _may_be(look: Look, target: Target, owner: KeyOwner) -> bool:
    """Tell whether an owner nobody knows may be the leaver."""
    if owner.email is not None:
        return owner.email.lower() in look.leaver.names
    if look.iam_id is None:
        return True
    keys = look.view.keys
    return keys is not None and look.iam_id in keys.owners_of(target.place)


def _listed_only(look: Look, scope: Scope | None) -> Iterator[CaseTarget | str]:
    """Find places without any cluster where IAM lists a key of the leaver."""
    view = look.view
    with_clusters = {one.place for one in view.places}
    mine = view.keys.keys if view.keys is not None and look.iam_id else ()
    places = {
        one.place for one in mine if one.iam_id == look.iam_id and one.place is not None
    }
    for region, group_id in sorted(places - with_clusters):
        group = ResourceGroup(group_id, view.group_names.get(group_id, group_id))
        target = Target(view.account_id, region, group)
        # A group whose name could not be read may be the one that was asked for.
        asked_for = scope
        if scope is not None and group_id not in view.group_names:
            asked_for = replace(scope, resource_groups=())
        if asked_for is None or asked_for.covers(target):
            yield _listed(look, target)


def _listed(look: Look, target: Target) -> CaseTarget | str:
    text = "IAM lists a cluster API key of theirs, and no cluster is here."
    reason = Reason.NO_CLUSTER
    if not look.view.has_clusters:
        if not look.is_last and not look.view.is_final:
            return LATER
        text = "IAM lists a cluster API key of theirs; the clusters were not listed."
        reason = Reason.LIST_UNREADABLE
    return CaseTarget(target).ended(Outcome.UNREAD, look.at, reason=reason, detail=text)


def _remembered_only(look: Look, scope: Scope | None) -> Iterator[CaseTarget | str]:
    """Find targets that were theirs at a survey and are listed nowhere now.

    Only lists that are whole, of a reader from whom nothing can be hidden, say that
    there is no cluster any more; then IAM's list has said all there is to say. The keys
    of somebody removed are in that list no more.
    """
    if look.view.sees_clusters:
        return
    with_clusters = {one.id for one in look.view.places}
    for one in look.index.of(look.iam_id):
        is_asked_for = scope is None or scope.covers(one.target)
        if one.target.id in with_clusters or not is_asked_for:
            continue
        if not look.is_last and not look.view.is_final:
            yield LATER
            continue
        when = f" of {one.checked_at:%Y-%m-%d}" if one.checked_at else ""
        text = f"A survey{when} saw it as theirs, and no list shows it now."
        yield CaseTarget(one.target).ended(
            Outcome.UNREAD, look.at, reason=Reason.LIST_SHORT, detail=text
        )


def blocked_by(looks: Iterable[Look], before: Collection[str]) -> tuple[str, ...]:
    """Find where a classic credential of the leaver is in force, by target id.

    What a look could not tell stays as it was *before*. The credential itself is never
    unset: that can cut clusters off from their infrastructure.
    """
    blocked = set(before)
    for look in looks:
        read = {
            one.id
            for one in look.view.places
            if not isinstance(look.view.credentials.get(one.id), Unread)
        }
        theirs = {one.id for one in their_credentials(look)}
        blocked = (blocked - read) | theirs
    return tuple(sorted(blocked))


def followed_up(case: Case, at: datetime) -> tuple[CaseTarget, ...]:
    """Return the targets whose follow-up on a credential is not as it is in the case.

    Only for a case all of whose targets are settled: nobody else writes them then.
    """
    return tuple(
        _blocked(case, one) if one.target.id in case.blocked else _freed(one, at)
        for one in case.targets
        if one.is_blocked != (one.target.id in case.blocked)
    )


def _blocked(case: Case, target: CaseTarget) -> CaseTarget:
    whose = "the leaver" if case.kind is CaseKind.DEPARTURE else str(case.leaver)
    text = (
        f"A classic infrastructure credential of {whose} is in force here. Classic "
        "clusters use it instead of the API key, and it ends with the person: have it "
        "replaced by a functional user's. A reset does not change it."
    )
    blocking = FollowUp(CLASSIC_CREDENTIAL, text)
    return replace(target, follow_ups=(*target.follow_ups, blocking))


def _freed(target: CaseTarget, at: datetime) -> CaseTarget:
    follow_ups = tuple(
        replace(one, done_at=at)
        if one.kind == CLASSIC_CREDENTIAL and one.done_at is None
        else one
        for one in target.follow_ups
    )
    return replace(target, follow_ups=follow_ups)


def their_credentials(look: Look) -> list[Target]:
    """Find where a classic credential of the leaver is in force, by their names."""
    named = set(look.leaver.names)
    return [
        one
        for one in look.view.places
        if isinstance(said := look.view.credentials.get(one.id), str)
        and _CLASSIC_ACCOUNT.sub("", said).lower() in named
    ]
