"""Who owns what → the plan; who is meant; the guards that stop a plan. No I/O."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    Case,
    CaseTarget,
    KeyOwner,
    Leaver,
    Note,
    Person,
    Plan,
    SamePerson,
)
from workers.offboarding.view import View


@dataclass(frozen=True, slots=True)
class Resolved:
    """Who a leaver is: one identity, none (``leaver.iam_id`` is None), or several.

    ``names`` are all e-mails and logins of the one identity, lower-cased.
    """

    leaver: Leaver
    candidates: tuple[str, ...]
    names: tuple[str, ...] = ()

    @property
    def is_ambiguous(self) -> bool:
        """Tell whether more than one identity fits."""
        return len(self.candidates) > 1


def who_is(
    leaver: Leaver,
    views: Iterable[View],
    aliases: Sequence[str] = (),
    *,
    named: Leaver | None = None,
    same_people: Iterable[SamePerson] = (),
    remembered: Iterable[KeyOwner] = (),
) -> Resolved:
    """Find the one identity a departure means.

    By IAM ID where one is known, exactly: the departure's own or the identity map's.
    Else by e-mail, whole and lower-cased, among the accounts' users and among the
    owners of keys: who was removed already is in no user list, but their name stays on
    the key, or was learned before. Never by display name.

    Args:
        leaver: The person as far as known.
        named: The person as departures named them, if that is less: an IAM ID that an
            e-mail led to before does not decide between two people of that e-mail.
        views: What was seen of each account.
        aliases: Further e-mails that joined departures gave.
        same_people: The identity map.
        remembered: Owners of keys as surveys have read them.
    """
    views = list(views)
    people = [one for view in views for one in view.people]
    owners = [
        one.reading
        for view in views
        for one in view.seen
        if isinstance(one.reading, KeyOwner)
    ]
    owners += remembered
    emails, mapped = _mapped(leaver, aliases, same_people)
    found = [_ids_of(one, people, owners) for one in emails]
    ids = set[str]().union(*found)
    given = {(named or leaver).iam_id, *mapped} - {None}
    if given:
        # An e-mail that is surely somebody else's means two people.
        others = (each for each in found if not given & each)
        ids = {str(one) for one in given}.union(*others)
    ids |= {leaver.iam_id} if leaver.iam_id else set()
    if len(ids) != 1:
        return Resolved(leaver, tuple(sorted(ids)), tuple(emails))
    known = replace(leaver, iam_id=next(iter(ids)))
    mine = [set(one.addresses) for one in people if one.iam_id == known.iam_id]
    mine += [{one.email.lower()} for one in owners if _is(one, known) and one.email]
    names = tuple(sorted({*emails}.union(*mine)))
    return Resolved(_named(known, people, owners), (str(known.iam_id),), names)


def _mapped(
    leaver: Leaver, aliases: Sequence[str], same_people: Iterable[SamePerson]
) -> tuple[list[str], set[str]]:
    """Widen a leaver's e-mails by the identity map; return the IAM IDs it gives too."""
    emails = [one for one in (leaver.email, *aliases) if one]
    entries = [
        one
        for one in same_people
        if set(emails) & set(one.emails)
        or (leaver.iam_id is not None and leaver.iam_id == one.iam_id)
    ]
    wider = [*emails, *(each for one in entries for each in one.emails)]
    return list(dict.fromkeys(wider)), {one.iam_id for one in entries if one.iam_id}


def _ids_of(
    email: str, people: Iterable[Person], owners: Iterable[KeyOwner]
) -> set[str]:
    ids = {one.iam_id for one in people if email in one.addresses}
    return ids | {one.id for one in owners if _lower(one.email) == email}


def _is(owner: KeyOwner, leaver: Leaver) -> bool:
    return owner.id == leaver.iam_id


def _lower(email: str | None) -> str | None:
    return email.lower() if email else None


def _named(
    leaver: Leaver, people: Iterable[Person], owners: Iterable[KeyOwner]
) -> Leaver:
    names = [(one.email, one.name) for one in people if one.iam_id == leaver.iam_id]
    names += [(one.email, one.name) for one in owners if _is(one, leaver)]
    email = next((email.lower() for email, _ in names if email), None)
    name = next((name for _, name in names if name), None)
    return replace(leaver, email=leaver.email or email, name=leaver.name or name)


def hash_of(
    leaver: Leaver, targets: Iterable[CaseTarget], since: Sequence[str] = ()
) -> str:
    """Name exactly this plan: who leaves, which targets, who owned and takes over.

    *since* are the targets that turned doubtful after it was made: who approves it has
    to have been shown that.
    """
    rows = sorted(
        [
            one.target.id,
            one.owner_before.id if one.owner_before else None,
            one.functional_id.id if one.functional_id else None,
        ]
        for one in targets
    )
    named = [leaver.iam_id, rows, *([sorted(since)] if since else [])]
    text = json.dumps(named, separators=(",", ":"), sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def refusals(
    resolved: Resolved, *, protected: Sequence[str], ours: Sequence[KeyOwner]
) -> tuple[Note, ...]:
    """Find the guards that stop a plan; empty lets it go.

    Args:
        resolved: Who the leaver is.
        protected: Ids and e-mails nobody may offboard.
        ours: Our own identities in the accounts: functional IDs and readers.
    """
    if resolved.is_ambiguous:
        return ambiguity(resolved)
    leaver = resolved.leaver
    kept = {one.lower() for one in protected}
    # All the names the account knows them by: a departure may use any of them.
    named = (leaver.email, leaver.iam_id, *resolved.names)
    names = {one.lower() for one in named if one}
    is_ours = any(
        _is(one, leaver) or (one.email and one.email.lower() in names) for one in ours
    )
    if names & kept or is_ours:
        what = "one of our own identities" if is_ours else "in OFFBOARD_PROTECTED_USERS"
        text = f"{leaver} is {what} and is never offboarded."
        return (Note(Reason.PROTECTED_USER, text),)
    return ()


def ambiguity(resolved: Resolved) -> tuple[Note, ...]:
    """Say that more than one identity fits; empty where that is not so."""
    if not resolved.is_ambiguous:
        return ()
    several = ", ".join(resolved.candidates)
    text = f"{resolved.leaver} may be any of {several}. Name one by its IAM ID."
    return (Note(Reason.AMBIGUOUS_PERSON, text),)


def doubted(case: Case, plan: Plan, target: CaseTarget) -> Plan:
    """Give a plan another hash, since one of its targets turned doubtful at work."""
    since = tuple(sorted({*plan.since, target.target.id}))
    named = hash_of(case.leaver, case.targets, since)
    return replace(plan, hash=named, since=since)
