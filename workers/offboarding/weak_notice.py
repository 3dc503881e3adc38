"""What the channels are told of a functional ID that grew weak, once a state."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.findings import Finding
from workers.offboarding.functional_ids import FunctionalIdState
from workers.offboarding.notice import Notice, NoticeKind
from workers.offboarding.notice_words import full_owner, id_of, short_owner
from workers.offboarding.reasons import REASONS
from workers.offboarding.report.phrases import named, time_of
from workers.offboarding.report.value import Item, Line
from workers.offboarding.words import counted

# Who wants more of them has the doctor.
_MOST: Final = 20


def weak_functional_id(
    state: FunctionalIdState,
    findings: Iterable[Finding],
    *,
    at: datetime,
    account_name: str = "",
) -> Notice:
    """Tell that a functional ID could not be relied on in a departure.

    Args:
        state: What is kept of it; a change in why it is weak is another notice, and so
            is the same weakness after it was mended.
        findings: Why it is weak, each with what mends it.
        at: When that was seen.
        account_name: What people call the account, if it has a name.
    """
    account = named(account_name or state.account_id)
    facts = [part for note in state.weak for part in (note.reason, note.text)]
    return Notice(
        id=id_of(
            NoticeKind.WEAK_FUNCTIONAL_ID,
            state.account_id,
            state.owner.id,
            _moment(state.weak_after),
            *facts,
        ),
        kind=NoticeKind.WEAK_FUNCTIONAL_ID,
        at=at,
        account_id=state.account_id,
        about=(short_owner(state.owner), ", ", account),
        headline=(
            *full_owner(state.owner),
            " in account ",
            account,
            f" owns {counted(state.owns, 'target')}, and "
            f"{counted(state.would_take, 'target')} of people would fall to it. It "
            "could not be relied on now.",
        ),
        items=_items(findings),
    )


def keys_refused(
    account_id: str,
    fault: str,
    *,
    after: datetime | None,
    at: datetime,
    account_name: str = "",
) -> Notice:
    """Tell that IAM refuses a key that this service holds, so nobody knows for whom.

    Args:
        account_id: The account.
        fault: What IAM said.
        after: When the keys were last known to be good; tells one time from a later.
        at: When that was seen.
        account_name: What people call the account, if it has a name.
    """
    account = named(account_name or account_id)
    told = REASONS[Reason.BAD_KEY]
    return Notice(
        id=id_of(NoticeKind.WEAK_FUNCTIONAL_ID, account_id, _moment(after)),
        kind=NoticeKind.WEAK_FUNCTIONAL_ID,
        at=at,
        account_id=account_id,
        about=("key refused, ", account),
        headline=(
            "a key that this service holds for account ",
            account,
            " is refused. Nothing can be reset with it.",
        ),
        items=(Item((told.sentence,), ((named(fault, 600),),), told.command),),
    )


def _items(findings: Iterable[Finding]) -> tuple[Item, ...]:
    lines = [Item(_line(one), (), one.command) for one in findings]
    if len(lines) <= _MOST:
        return tuple(lines)
    more = Item((f"{len(lines) - _MOST} more:",), (), "offboard doctor")
    return (*lines[:_MOST], more)


def _line(finding: Finding) -> Line:
    # It holds names from outside, so all of it is marked as one.
    return (named(finding.text, 600),)


def _moment(at: datetime | None) -> str:
    return time_of(at) if at is not None else ""
