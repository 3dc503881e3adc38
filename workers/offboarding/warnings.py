"""What was seen → what the reader of a case has to be warned of. Pure.

What could not be seen, or not be proven to be seen, is said here; it is never taken
for "nothing".
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.judging import Look, their_credentials
from workers.offboarding.model import Case, Leaver, Note, Scope
from workers.offboarding.view import View


def warned(case: Case, looks: Sequence[Look], *, knows: Collection[str]) -> Case:
    """Write down what the reader of the case has to know, as of this look.

    Args:
        case: The case with its targets.
        looks: One for each account.
        knows: IAM IDs that are known though no user list has them.
    """
    kept = tuple(note for note in case.warnings if note.reason not in MADE_ANEW)
    here = {one.target.id for one in case.targets}
    is_about_one = case.adoption is None or case.adoption.has_from
    notes = unseen_notes(looks) if is_about_one else _unlisted(looks)
    notes += [note for one in looks for note in _elsewhere(one, here)]
    if case.scope is not None:
        text = "Only a part of the account was looked at, as asked."
        notes.append(Note(Reason.SCOPE_LIMITED, text))
        notes += _unmatched(case.scope, [one.view for one in looks])
    owns = any(one.owner_before is not None for one in case.targets)
    if not owns and is_about_one:
        notes += unknown_person(looks, case.leaver, knows=knows)
    return replace(case, warnings=kept).warned(*notes)


def unseen_notes(looks: Sequence[Look]) -> list[Note]:
    """Say what could not be seen, or not be proven to be seen, in any account."""
    return _unlisted(looks) + [note for one in looks for note in _untold(one)]


def _unlisted(looks: Sequence[Look]) -> list[Note]:
    notes = [note for one in looks for note in _about(one, one.view.unseen)]
    return notes + [note for one in looks for note in hidden_from(one.view)]


def _about(look: Look, notes: Iterable[Note]) -> Iterator[Note]:
    """Note with each note of a look whose account it is about."""
    for one in notes:
        yield replace(one, account_id=look.view.account_id)


def unknown_person(
    looks: Sequence[Look], leaver: Leaver, *, knows: Collection[str]
) -> list[Note]:
    """Say that nobody of the leaver's names is known anywhere; empty if somebody is.

    Where no user list at all was read, nothing is known of that.
    """
    if not any(one.view.has_people for one in looks):
        return []
    people = frozenset[str]().union(*(one.people for one in looks))
    if leaver.iam_id in people.union(knows):
        return []
    text = f"No account that was read knows {leaver}."
    return [Note(Reason.PERSON_NOT_FOUND, text)]


MADE_ANEW: Final = (
    Reason.LIST_UNREADABLE,
    Reason.LIST_SHORT,
    Reason.VISIBILITY_NOT_PROVEN,
    Reason.CLASSIC_CREDENTIAL_ELSEWHERE,
    Reason.PERSON_NOT_FOUND,
    Reason.SCOPE_LIMITED,
    Reason.SCOPE_UNMATCHED,
)


def hidden_from(view: View) -> list[Note]:
    """Say what the reader's policies do not prove it can see; nothing where they do."""
    if view.visibility is None or view.visibility.is_proven:
        return []
    why = " ".join(view.visibility.why)
    text = (
        f"In account {view.account_id} it is not proven that the identity that reads "
        f"can see everything. {why}"
    )
    return [Note(Reason.VISIBILITY_NOT_PROVEN, text.strip(), view.account_id)]


def _elsewhere(look: Look, here: Collection[str]) -> Iterator[Note]:
    """Say where their classic credential is in force outside of the case's targets."""
    for one in their_credentials(look):
        if one.id not in here:
            yield Note(
                Reason.CLASSIC_CREDENTIAL_ELSEWHERE,
                "A classic infrastructure credential of the leaver is in force in "
                f"{one.region} / {one.resource_group.name}, whose cluster API key is "
                "not theirs. Classic clusters there use it: have it replaced.",
                one.account_id,
            )


def _untold(look: Look) -> Iterator[Note]:
    """Say what was seen and does not tell whose, or for which target, it is."""
    yield from _about(look, _untold_credentials(look))
    keys = look.view.keys.keys if look.view.keys is not None and look.iam_id else ()
    vague = sum(one.iam_id == look.iam_id and one.place is None for one in keys)
    if vague:
        yield Note(
            Reason.LIST_UNREADABLE,
            f"In account {look.view.account_id}, {vague} cluster API keys of the "
            "leaver do not say for which region and resource group they are.",
            look.view.account_id,
        )


def _untold_credentials(look: Look) -> Iterator[Note]:
    """Say where a classic credential is in force and no name of the leaver is known."""
    some = [one for one in look.view.credentials.values() if isinstance(one, str)]
    if some and not look.leaver.names:
        yield Note(
            Reason.LIST_UNREADABLE,
            f"In account {look.view.account_id}, classic infrastructure credentials "
            "are in force, and no e-mail of the leaver is known to compare them with.",
        )


def _unmatched(scope: Scope, views: Iterable[View]) -> list[Note]:
    """Find the words of a scope that name nothing that was seen: typos, mostly."""
    places = [one for view in views for one in view.places]
    regions = {one.region for one in places}
    groups = {
        name
        for one in places
        for name in (one.resource_group.id, one.resource_group.name)
    }
    odd = [f"region {one}" for one in scope.regions if one not in regions]
    odd += [
        f"resource group {one}" for one in scope.resource_groups if one not in groups
    ]
    return [
        Note(Reason.SCOPE_UNMATCHED, f"No cluster lies in {one}: see its spelling.")
        for one in odd
    ]
