"""What the channels are told of a crowd: how many, who, and how all are let go."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from workers.offboarding.crowd import reasons_of
from workers.offboarding.errors import Reason
from workers.offboarding.model import Case, CaseResult, CaseStatus, ReportKind
from workers.offboarding.notice import Notice, NoticeKind
from workers.offboarding.notice_words import id_of
from workers.offboarding.reasons import REASONS
from workers.offboarding.report.holds import is_urgent
from workers.offboarding.report.phrases import about, listed
from workers.offboarding.report.value import Item, Section, Severity
from workers.offboarding.words import counted

# Who wants to see more of them has the list.
_MOST: Final = 20
_AT_ONCE: Final = "Too many for a message each; the first of them had one."


def crowd_notice(
    crowd: str,
    cases: Sequence[Case],
    *,
    many: int,
    number: int,
    at: datetime,
    public_url: str | None = None,
) -> Notice:
    """Tell of the cases of a crowd that no message of their own tells of.

    Args:
        crowd: Its name.
        cases: Those of them that were read, as they are now.
        many: How many there are.
        number: The number of the last of them: it tells one message from the next.
        at: Now.
        public_url: The base of links; None where there are no pages.
    """
    kind, reasons = reasons_of(crowd)
    is_held = kind is ReportKind.HELD
    # What went on meanwhile asks nobody for anything.
    left = [one for one in cases if _is_still_so(one, is_held=is_held)]
    gone_on = len(cases) - len(left)
    asks = bool(left) or many > len(cases)
    said = f"{counted(many, 'case')} {_verb(is_held, many)} for the same reason"
    return Notice(
        id=id_of(NoticeKind.CROWD, crowd, str(number)),
        kind=NoticeKind.CROWD,
        at=at,
        account_id="",
        about=(f"{said}, {', '.join(reasons)}",),
        headline=(f"{said} ({', '.join(reasons)}). {_AT_ONCE}{_went_on(gone_on)}",),
        items=(
            *map(_why, _known(reasons)),
            *(_to_do(reasons, is_held=is_held, public_url=public_url) if asks else ()),
        ),
        parts=_who(left, many - gone_on),
        severity=Severity.ATTENTION if asks else Severity.NEUTRAL,
    )


def _is_still_so(case: Case, *, is_held: bool) -> bool:
    """Tell whether a case was neither let go nor retried since."""
    if is_held:
        return case.status is CaseStatus.WAITING
    return case.result is CaseResult.ATTENTION


def _verb(is_held: bool, many: int) -> str:
    if is_held:
        return "is held" if many == 1 else "are held"
    return "ended with attention"


def _went_on(many: int) -> str:
    if not many:
        return ""
    return f" {many} of them {'goes' if many == 1 else 'go'} on by now."


def _known(reasons: Sequence[str]) -> list[Reason]:
    return [Reason(one) for one in reasons if one in REASONS]


def _why(reason: Reason) -> Item:
    told = REASONS[reason]
    return Item((f"{reason}: {told.sentence} To be mended by {told.who}.",))


def _who(cases: Sequence[Case], many: int) -> tuple[Section, ...]:
    """Name who is meant, whose keys are dead already first."""
    ordered = sorted(cases, key=lambda one: not is_urgent(one))
    urgent = sum(map(is_urgent, ordered))
    shown = ordered[:_MOST]
    if not shown:
        return ()
    who = listed((*about(one), f" ({one.id})") for one in shown)
    more = f", and {many - len(shown)} more" if many > len(shown) else ""
    dead = f"The first {urgent} of them are removed already: their keys are dead."
    if urgent == 1:
        dead = "The first of them is removed already: their keys are dead."
    item = Item((*who, f"{more}."), ((dead,),) if urgent else ())
    return (Section("Who, and the case", (item,)),)


def _to_do(
    reasons: Sequence[str], *, is_held: bool, public_url: str | None
) -> Iterator[Item]:
    base = public_url.rstrip("/") if public_url else None
    if not is_held:
        text = "See all that ended so, and retry each once the cause is mended:"
        link = f"{base}/?show=attention" if base else None
        yield Item((text,), (), "offboard case list --result attention", link=link)
        yield Item(("Retry one of them:",), (), "offboard case retry ID")
        return
    if Reason.PAUSED in reasons:
        text = "All go on by themselves when the pause ends (needs role approver):"
        yield Item((text,), (), "offboard resume")
    text = "See all that wait, with what each needs:"
    link = f"{base}/?show=waiting" if base else None
    yield Item((text,), (), "offboard case list --status waiting", link=link)
    if set(reasons) != {Reason.PAUSED}:
        text = "Decide about one of them; its plan's hash stands in it:"
        yield Item((text,), (), "offboard case show ID")
