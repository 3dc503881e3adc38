"""Who is meant, and whether that is sure enough to act on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from workers.offboarding.errors import Reason
from workers.offboarding.model import Case, CaseStatus, Note, Work
from workers.offboarding.plan import Resolved, ambiguity, refusals
from workers.offboarding.ports import Change, Claim
from workers.offboarding.steps.tools import Tools, entry_of
from workers.offboarding.view import View


def refused_for(
    tools: Tools, case: Case, resolved: Resolved, views: Sequence[View]
) -> tuple[Note, ...]:
    """Say why nobody may act on who is meant; empty where nothing is against it."""
    if case.adoption is not None:
        # Nobody is offboarded: a functional ID may be replaced, a protected person's
        # targets may be taken over. Who is meant has to be plain all the same.
        return ambiguity(resolved) if case.adoption.has_from else ()
    ours = [one for view in views for one in view.ours]
    refused = refusals(resolved, protected=tools.protected, ours=ours)
    return refused or _known_as_ours(tools, resolved) or _named_twice(case)


def is_sure(tools: Tools, case: Case, view: View) -> bool:
    """Tell whether enough was seen to say who is meant, and that they may be reset.

    A missing user list may hide a second person of that e-mail, or that the person is
    protected under a name nobody gave. Whoever was named by an IAM ID alone, while
    nobody is protected by name, is known without it. What an earlier look began it was
    sure of.
    """
    if case.adoption is not None:
        # Where one of our own is not known, its targets would look like a person's.
        return view.has_ours
    if any(
        one.target.account_id == view.account_id
        and one.was_planned
        and not one.is_settled
        for one in case.targets
    ):
        return True
    if not view.has_ours:
        return False
    named = case.as_named
    by_id_alone = named.iam_id is not None and named.email is None
    needs_people = not by_id_alone or bool(tools.protected)
    return not needs_people or view.has_people


def _known_as_ours(tools: Tools, resolved: Resolved) -> tuple[Note, ...]:
    """Turn away what a worker once published as ours, though it is not seen now."""
    leaver = resolved.leaver
    refs = (*leaver.refs, *(f"email:{one}" for one in resolved.names))
    if not tools.switches.is_protected(refs):
        return ()
    text = f"{leaver} is one of our own identities and is never offboarded."
    return (Note(Reason.PROTECTED_USER, text),)


def _named_twice(case: Case) -> tuple[Note, ...]:
    """Return the note that joined departures name different people, if they do."""
    return tuple(
        note for note in case.warnings if note.reason is Reason.AMBIGUOUS_PERSON
    )[:1]


def give_way(
    tools: Tools, claim: Claim, case: Case, other: str, *, folds: int, at: datetime
) -> tuple[Work, ...]:
    """End a case whose leaver proved to be that of another open case."""
    text = f"The same person leaves in case {other}, which does the work."
    ended = replace(
        case.warned(Note(Reason.JOINED, text)),
        status=CaseStatus.CANCELLED,
        joined_to=other,
        settled_at=at,
    )
    entry = entry_of(claim, at, "case.joined", detail=other)
    change = Change(case=ended, folded=folds, entries=(entry,))
    return tools.works.finish(claim, change)
