"""What is left to people, with the exact commands.

The advice on one target is in ``offboarding/advice.py``, what a held case asks for in
``release.py``, its follow-ups in ``to_follow_up.py``; here is what a case adds.
"""

from collections.abc import Iterator
from typing import assert_never

from workers.offboarding.advice import advise, cleaned
from workers.offboarding.approvers import ANYBODY, Approvers
from workers.offboarding.model import (
    Case,
    CaseResult,
    Outcome,
    ReportKind,
)
from workers.offboarding.report.commands import (
    apply_command,
    retry_command,
)
from workers.offboarding.report.facts import (
    count_of,
    has_credential,
    is_accepted,
    is_approvable,
    is_blind,
    is_disarmed,
    is_unknown,
    is_unmatched,
)
from workers.offboarding.report.phrases import where
from workers.offboarding.report.release import to_release
from workers.offboarding.report.targets import sorted_targets
from workers.offboarding.report.to_follow_up import to_follow_up
from workers.offboarding.report.value import Item, Keep, Line


def to_do_of(
    case: Case, kind: ReportKind, approvers: Approvers = ANYBODY
) -> Iterator[Item]:
    """Tell what is left to do by hand; what failed or was not seen comes first."""
    match kind:
        case ReportKind.HELD:
            yield from to_release(case, approvers)
            yield from to_mend_of(case)
        case ReportKind.CANCELLED | ReportKind.STARTED:
            return
        case ReportKind.FINAL | ReportKind.DIGEST:
            yield from to_mend_of(case)
            yield from to_follow_up(case)
            yield from _to_go_on(case)
        case _:
            assert_never(kind)


def to_mend_of(case: Case) -> Iterator[Item]:
    """Give the advice on each target that needs somebody."""
    above = None
    for one in sorted_targets(case):
        advice = advise(one)
        if advice is None or is_accepted(one):
            continue
        text, who = cleaned(advice.text, 1600), f"Who: {cleaned(advice.who)}."
        if (text, who) == above:
            # A case may have a thousand of them, and nobody reads it a second time.
            line = (*where(case, one), ": the same as above.")
            yield Item(line, (), advice.command, Keep.FIRST)
            continue
        above = text, who
        line = (*where(case, one), f": {text}")
        yield Item(line, ((who,),), advice.command, Keep.FIRST)


def _to_go_on(case: Case) -> Iterator[Item]:
    is_open = count_of(case, Outcome.FAILED) + count_of(case, Outcome.UNREAD) > 0
    can_help = is_open or is_blind(case) or has_credential(case)
    if case.result is CaseResult.ATTENTION and can_help:
        yield Item(
            ("When that is mended, let the service deal with what is left:",),
            (),
            retry_command(case),
        )
    if is_unmatched(case):
        yield Item(
            ("See what its regions and resource groups are called, and ask again:",),
            (),
            "ibmcloud ks cluster ls --output json",
        )
    if case.dry_run and count_of(case, Outcome.PLANNED):
        arm = "Arm the service (OFFBOARD_ARMED=1), then:"
        yield Item(
            (arm if is_disarmed(case) else "To have it done:",),
            _would_wait(case),
            apply_command(case),
        )
    if is_unknown(case):
        yield Item(
            ("See how the account knows the person, and ask again by that name:",),
            (),
            "ibmcloud account users",
        )


def _would_wait(case: Case) -> tuple[Line, ...]:
    if not is_approvable(case):
        return ()
    return (("It then waits for an approver who did not ask for it.",),)
