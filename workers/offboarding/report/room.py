"""A case as the room of one account reads it: the verdict of all, that account's part.

Nothing here says how a part ended in the words of the whole, and nothing names a target
of another account; how many there are elsewhere is said.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from workers.offboarding.advice import shell_word
from workers.offboarding.approvers import Approvers
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    Case,
    CaseResult,
    CaseTarget,
    Note,
    Outcome,
    ReportKind,
)
from workers.offboarding.report.asked import asked_of
from workers.offboarding.report.clocks import at_stake
from workers.offboarding.report.commands import decide_command, retry_command
from workers.offboarding.report.deciders import deciders_of
from workers.offboarding.report.facts import (
    hold_reasons,
    is_accepted,
    is_adoption,
    is_approvable,
    is_blind,
    waiting,
)
from workers.offboarding.report.found import unseen_of
from workers.offboarding.report.phrases import named
from workers.offboarding.report.release import in_doubt, places, takers
from workers.offboarding.report.subject import subject_of
from workers.offboarding.report.targets import targets_of
from workers.offboarding.report.to_do import to_mend_of
from workers.offboarding.report.to_follow_up import to_follow_up
from workers.offboarding.report.value import Item, Line, Name, Report
from workers.offboarding.report.verdict import severity_of, verdict_of
from workers.offboarding.words import counted

# Warnings that say nothing of any account; of the others only those of this one count.
_GENERAL: Final = frozenset(
    {
        Reason.SCOPE_LIMITED,
        Reason.SCOPE_UNMATCHED,
        Reason.PERSON_NOT_FOUND,
        Reason.REFUSED_PLAN,
    }
)
_WORDS: Final = {
    Outcome.FAILED: "failed",
    Outcome.UNREAD: "not seen",
    Outcome.CHANGED_HANDS: "changed hands",
    None: "not done yet",
    Outcome.PLANNED: "would be reset",
    Outcome.VERIFIED: "reset and read back",
    Outcome.ALREADY: "the functional ID's already",
}
_REMOVE_LATER: Final = (
    "Remove the person from the account only when the whole case is fully safe; the "
    "gate says whether it is:"
)


@dataclass(frozen=True, slots=True)
class Here:
    """The account whose room is told; ``name`` is empty where it has none."""

    account_id: str
    name: str = ""

    @property
    def named(self) -> Name:
        """Name the account."""
        return named(self.name or self.account_id)

    def has(self, one: CaseTarget) -> bool:
        """Tell whether a target lies here."""
        return one.target.account_id == self.account_id

    def is_told(self, note: Note) -> bool:
        """Tell whether a note is about this account, or about none."""
        is_general = not note.account_id and note.reason in _GENERAL
        return is_general or note.account_id == self.account_id


def room_report_of(
    case: Case, kind: ReportKind, here: Here, approvers: Approvers
) -> Report:
    """Put a case into the words that the room of one account is told."""
    verdict, headline = verdict_of(case, kind)
    cut = _cut(case, here)
    return Report(
        case_id=case.id,
        kind=kind,
        severity=severity_of(case, kind),
        verdict=verdict,
        headline=(*headline, *_of_it_here(case, cut, here)),
        subject=(*subject_of(case, kind), ", account ", here.named),
        unseen=tuple(unseen_of(cut)),
        to_do=tuple(_to_do(case, cut, kind, here, approvers)),
        targets=tuple(targets_of(case, here.account_id)),
        clocks=tuple(_clocks(case, kind)),
        asked=tuple(asked_of(case)),
    )


def _cut(case: Case, here: Here) -> Case:
    """Return a case with the targets and warnings of one account alone."""
    return replace(
        case,
        targets=tuple(one for one in case.targets if here.has(one)),
        warnings=tuple(one for one in case.warnings if here.is_told(one)),
    )


def _of_it_here(case: Case, cut: Case, here: Here) -> Line:
    """Say what of the case is in this account, and that the rest is not told here."""
    account: Line = (" Account ", here.named)
    many = len(cut.targets)
    if not many:
        blind = ", and not everything there was seen" if is_blind(cut) else ""
        return (*account, f": no target of the case was found there{blind}.")
    elsewhere = len(case.targets) - many
    line = (*account, f": {counted(many, 'target')} of it, {_counts(cut)}.")
    if not elsewhere:
        return line
    are = "is" if elsewhere == 1 else "are"
    rest = f" {counted(elsewhere, 'target')} more {are} in other accounts, not told"
    return (*line, f"{rest} here; the verdict is of all of them.")


def _counts(cut: Case) -> str:
    many = Counter(one.outcome for one in cut.targets if not is_accepted(one))
    found = [f"{many[one]} {word}" for one, word in _WORDS.items() if many[one]]
    accepted = sum(map(is_accepted, cut.targets))
    return ", ".join(
        [*found, *[f"{accepted} not seen and accepted as that"] * bool(accepted)]
    )


def _to_do(
    case: Case, cut: Case, kind: ReportKind, here: Here, approvers: Approvers
) -> Iterator[Item]:
    if kind is ReportKind.CANCELLED:
        return
    if kind is ReportKind.HELD:
        yield from _to_decide(case, here, approvers)
        yield from in_doubt(cut)
    yield from to_mend_of(cut)
    if kind is ReportKind.HELD:
        return
    yield from to_follow_up(case, here.account_id)
    left = (Outcome.FAILED, Outcome.UNREAD)
    is_left = any(one.outcome in left and not is_accepted(one) for one in cut.targets)
    if case.result is CaseResult.ATTENTION and (is_left or is_blind(cut)):
        text = "When that is mended, let the service deal with all that is left:"
        yield Item((text,), (), retry_command(case))


def _to_decide(case: Case, here: Here, approvers: Approvers) -> Iterator[Item]:
    """Say what a decision lets go, of which only a part may be here."""
    if Reason.PAUSED in hold_reasons(case):
        yield Item(("Resets are paused; the case goes on by itself when that ends.",))
    if not is_approvable(case):
        return
    held = waiting(case)
    mine = tuple(one for one in held if here.has(one))
    text = (
        f"Approve the whole case, which lets {counted(len(held), 'reset')} go, "
        f"{len(mine)} of them in this account; for an approver who did not ask for it:"
    )
    details = (*places(mine), *takers(mine), *deciders_of(case, approvers))
    yield Item((text,), details, decide_command(case, "approve"))
    refuse = "Refuse the whole case; for an approver:"
    yield Item((refuse,), (), decide_command(case, "refuse"))


def _clocks(case: Case, kind: ReportKind) -> Iterator[Item]:
    """Say what the person's removal would do; both clocks are the whole case's."""
    if kind is ReportKind.CANCELLED:
        return
    result = case.result if kind is ReportKind.FINAL else None
    if result is CaseResult.SAFE and not is_adoption(case):
        leaver = shell_word(str(case.leaver))
        yield Item((_REMOVE_LATER,), (), f"offboard gate {leaver}")
    if result in (CaseResult.ATTENTION, None):
        yield Item((at_stake(case),))
