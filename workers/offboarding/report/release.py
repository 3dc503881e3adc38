"""What a held case asks of people: what it is about, and the two ways to decide."""

from collections.abc import Iterator
from typing import Final

from workers.offboarding.advice import cleaned
from workers.offboarding.approvers import Approvers
from workers.offboarding.errors import Reason
from workers.offboarding.model import Case, CaseTarget, Right
from workers.offboarding.reasons import sentence
from workers.offboarding.report.commands import (
    cancel_command,
    decide_command,
    look_command,
)
from workers.offboarding.report.deciders import deciders_of
from workers.offboarding.report.facts import (
    HOLDS,
    failed_canaries,
    hold_notes,
    hold_reasons,
    is_adoption,
    is_approvable,
    is_untouched,
    waiting,
)
from workers.offboarding.report.phrases import listed, named, where
from workers.offboarding.report.targets import OUTCOMES
from workers.offboarding.report.value import Item, Keep, Line
from workers.offboarding.words import counted

_PLACES_SHOWN: Final = 8
_PROTECTED: Final = (
    "This cannot be approved. If nobody meant it, cancel the case. If the person does "
    "leave, take them out of OFFBOARD_PROTECTED_USERS, start the service again, cancel "
    "this case and open a new one. A functional ID always stays protected."
)
_PROTECTED_OWNER: Final = (
    "This cannot be approved. If nobody meant it, cancel the case. To take over what "
    "they own, take them out of OFFBOARD_PROTECTED_USERS, start the service again, "
    "cancel this case and open a new one."
)


def to_release(case: Case, approvers: Approvers) -> Iterator[Item]:
    """Tell what holds the case and what to do about each hold."""
    reasons = hold_reasons(case)
    yield from _what_it_is(case)
    if Reason.PROTECTED_USER in reasons:
        text = _PROTECTED_OWNER if is_adoption(case) else _PROTECTED
        yield Item((text,), (), cancel_command(case))
    if Reason.AMBIGUOUS_PERSON in reasons:
        yield from _to_name_the_person(case)
    if is_approvable(case):
        yield from _to_decide(case, approvers)
    # Behind the decision: there may be more of them than a channel shows.
    yield from in_doubt(case)
    if Reason.PAUSED in reasons:
        yield Item(
            ("The case goes on by itself when the pause ends (needs role approver):",),
            (),
            "offboard resume",
        )
    if is_untouched(case) and (is_approvable(case) or Reason.PAUSED in reasons):
        text = "If it is not wanted" if is_adoption(case) else "If nobody is leaving"
        yield Item((f"{text}, cancel it:",), (), cancel_command(case))


def _what_it_is(case: Case) -> Iterator[Item]:
    for note in hold_notes(case):
        if note.reason not in HOLDS:
            yield Item((cleaned(note.text),))
        if note.reason is Reason.CANARY_FAILED:
            yield from (_canary(case, one) for one in failed_canaries(case))


def _canary(case: Case, one: CaseTarget) -> Item:
    line = (*where(case, one), f": went first, as a canary. {OUTCOMES[one.outcome]}.")
    said = ((sentence(one.reason),),) if one.reason is not None else ()
    detail = ((cleaned(one.detail, 300),),) if one.detail else ()
    return Item(line, said + detail)


def in_doubt(case: Case) -> Iterator[Item]:
    """Name each target of which preflight cannot tell, with what lets it be told."""
    if Reason.PREFLIGHT_UNKNOWN not in hold_reasons(case):
        return
    for one in case.targets:
        if one.outcome is None and one.preflight is Right.CANNOT_TELL:
            text = cleaned(one.preflight_text) or sentence(Reason.PREFLIGHT_UNKNOWN)
            mend = (("This lets it be told:",),) if one.mend else ()
            line = (*where(case, one), f": {text}")
            yield Item(line, mend, one.mend, Keep.FIRST)


def _to_decide(case: Case, approvers: Approvers) -> Iterator[Item]:
    held = waiting(case)
    resets = counted(len(held), "reset")
    clusters = counted(sum(len(one.target.clusters) for one in held), "cluster")
    yield Item(
        (
            f"Approve, which lets {resets} with {clusters} go; for an approver who did "
            "not ask for it:",
        ),
        (
            *places(held),
            *takers(held),
            *_not_by(case),
            *deciders_of(case, approvers),
        ),
        decide_command(case, "approve"),
    )
    refused = "cancels the case before anything is written"
    if not is_untouched(case):
        targets = counted(len(held), "target")
        refused = f"ends {targets} as failed, without another reset"
    text = f"Refuse, which {refused}; for an approver:"
    yield Item((text,), (), decide_command(case, "refuse"))


def places(held: tuple[CaseTarget, ...]) -> tuple[Line, ...]:
    """Say where these targets are, as far as a few words do."""
    if not held:
        return ()
    shown = [
        (named(one.target.region), " / ", named(one.target.resource_group.name))
        for one in held[:_PLACES_SHOWN]
    ]
    left = len(held) - _PLACES_SHOWN
    more = (f" and {left} more",) if left > 0 else ()
    return (("Where: ", *listed(shown), *more),)


def takers(held: tuple[CaseTarget, ...]) -> tuple[Line, ...]:
    """Say who takes over: the approval is of that, too."""
    found = {
        one.functional_id.id: one.functional_id for one in held if one.functional_id
    }
    if not found:
        return ()
    names = [(named(one.name or one.email or one.id),) for one in found.values()]
    return (("To: ", *listed(names)),)


def _not_by(case: Case) -> tuple[Line, ...]:
    if not case.askers:
        return ()
    return (("Asked for by: ", *listed((named(one),) for one in case.askers)),)


def _to_name_the_person(case: Case) -> Iterator[Item]:
    yield Item(
        ("Find the person's IAM ID:",), (), "ibmcloud account users --output json"
    )
    yield Item(
        ("Cancel this case, and open one with the IAM ID in place of IAM_ID:",),
        (),
        f"{cancel_command(case)} && {look_command(case, 'IAM_ID')}",
    )
