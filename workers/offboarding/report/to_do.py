"""What is left to people, with the exact commands.

The advice on one target is in ``offboarding/advice.py``; here is what a case adds.
"""

from collections.abc import Iterator
from datetime import UTC
from typing import Final, assert_never

from workers.offboarding.advice import (
    advise,
    cleaned,
    command_for,
    shell_word,
)
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    Case,
    CaseResult,
    Outcome,
    ReportKind,
)
from workers.offboarding.report.facts import (
    HOLDS,
    count_of,
    has_credential,
    hold_notes,
    hold_reasons,
    is_blind,
    is_disarmed,
    is_unknown,
    is_unmatched,
    is_untouched,
)
from workers.offboarding.report.phrases import narrowing, where
from workers.offboarding.report.targets import sorted_targets
from workers.offboarding.report.value import Item

_PROTECTED: Final = (
    "This cannot be approved. If nobody meant it, cancel the case. If the person does "
    "leave, take them out of OFFBOARD_PROTECTED_USERS, start the service again, cancel "
    "this case and open a new one. A functional ID always stays protected."
)


def to_do_of(case: Case, kind: ReportKind) -> Iterator[Item]:
    """Tell what is left to do by hand; what failed or was not seen comes first."""
    match kind:
        case ReportKind.HELD:
            yield from _to_release(case)
        case ReportKind.CANCELLED:
            return
        case ReportKind.FINAL:
            yield from _to_mend(case)
            yield from _to_follow_up(case)
            yield from _to_go_on(case)
        case _:
            assert_never(kind)


def _to_mend(case: Case) -> Iterator[Item]:
    for one in sorted_targets(case):
        advice = advise(one)
        if advice is not None:
            who = f"Who: {cleaned(advice.who)}."
            yield Item(
                (*where(case, one), f": {cleaned(advice.text)}"),
                ((who,),),
                advice.command,
            )


def _to_follow_up(case: Case) -> Iterator[Item]:
    for one in sorted_targets(case):
        for follow_up in one.follow_ups:
            if follow_up.done_at is None:
                command = command_for(follow_up, one.target)
                line = (*where(case, one), f": {cleaned(follow_up.text)}")
                yield Item(line, (), command)


def _to_go_on(case: Case) -> Iterator[Item]:
    is_open = count_of(case, Outcome.FAILED) + count_of(case, Outcome.UNREAD) > 0
    can_help = is_open or is_blind(case) or has_credential(case)
    if case.result is CaseResult.ATTENTION and can_help:
        yield Item(
            ("When that is mended, let the service deal with what is left:",),
            (),
            f"offboard case retry {shell_word(case.id)}",
        )
    if is_unmatched(case):
        yield Item(
            ("See what its regions and resource groups are called, and ask again:",),
            (),
            "ibmcloud ks cluster ls --output json",
        )
    if case.dry_run and count_of(case, Outcome.PLANNED):
        leaver = shell_word(str(case.leaver))
        arm = "Arm the service (OFFBOARD_ARMED=1), then:"
        yield Item(
            (arm if is_disarmed(case) else "To have it done:",),
            (),
            f"offboard run {leaver} --apply{narrowing(case.scope)}{_as_asked(case)}",
        )
    if is_unknown(case):
        yield Item(
            ("See how the account knows the person, and ask again by that name:",),
            (),
            "ibmcloud account users",
        )


def _to_release(case: Case) -> Iterator[Item]:
    reasons = hold_reasons(case)
    for note in hold_notes(case):
        if note.reason not in HOLDS:
            yield Item((cleaned(note.text),))
    if Reason.PROTECTED_USER in reasons:
        yield Item((_PROTECTED,), (), _cancel(case))
    if Reason.AMBIGUOUS_PERSON in reasons:
        yield from _to_name_the_person(case)
    if Reason.PAUSED in reasons:
        yield Item(
            ("The case goes on by itself when the pause ends (needs role approver):",),
            (),
            "offboard resume",
        )
        if is_untouched(case):
            yield Item(("If nobody is leaving, cancel it:",), (), _cancel(case))


def _to_name_the_person(case: Case) -> Iterator[Item]:
    apply = "" if case.dry_run else " --apply"
    asked = f"{narrowing(case.scope)}{_as_asked(case)}"
    yield Item(
        ("Find the person's IAM ID:",), (), "ibmcloud account users --output json"
    )
    yield Item(
        ("Cancel this case, and open one with the IAM ID in place of IAM_ID:",),
        (),
        f"{_cancel(case)} && offboard run IAM_ID{apply}{asked}",
    )


def _as_asked(case: Case) -> str:
    """Return the options that say when and why again, each after a space."""
    is_put_off = case.effective_at != case.received_at
    day = case.effective_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    at = f" --effective-at {day}" if is_put_off else ""
    why = f" --reason {shell_word(case.reason)}" if case.reason else ""
    return at + why


def _cancel(case: Case) -> str:
    return f"offboard case cancel {shell_word(case.id)}"
