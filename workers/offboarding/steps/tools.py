"""What every step is given, and the few moves they share."""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.approvers import ANYBODY, Approvers
from workers.offboarding.errors import CaseChangedError, PermanentError, Reason
from workers.offboarding.kept_views import KeptViews
from workers.offboarding.model import (
    Case,
    CaseKind,
    CaseTarget,
    Channel,
    Entry,
    ReportKind,
    ReportLine,
    SamePerson,
)
from workers.offboarding.polls import OwnLags
from workers.offboarding.ports import (
    Account,
    BlindSpots,
    Cases,
    Change,
    Claim,
    Clock,
    Lags,
    Notifier,
    OwnerIndex,
    Retirement,
    Switches,
    Works,
)
from workers.offboarding.quiet import ReportClean
from workers.offboarding.rooms import next_number, room_lines
from workers.offboarding.shared_looks import SharedLooks

# A piece of work whose worker died this often is given up: it may be what kills them.
CRASH_LIMIT: Final = 5
# For how long a plan's first look waits for an account that is silent.
PATIENCE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Tools:
    """The ports and the few settings the steps go by.

    Attributes:
        accounts: By account id. Without ``resets`` nothing can be written there.
        protected: Ids and e-mails nobody may offboard.
        verify_deadline: How long a reset may take to show.
        lead_time: How long before ``effective_at`` work begins.
        same_people: The identity map.
        index_life: How long the owner index is trusted to begin a case with.
        max_targets: More resets than this in one case wait for approval.
        canary: Whether one target goes first, and the others when it is verified.
        lets_unknown_go: Whether a target is reset where preflight cannot tell.
        settle: How long clusters may take to pick a new key up.
        retirement: What is done with superseded keys.
        refreshes_masters: Whether clusters' masters are refreshed after a reset.
        looks: Looks at whole accounts, shared by cases that begin at once.
        kept: What cases that look again have seen already.
        blind_spots: Targets that an approver accepted as not readable.
        lags: How long resets take to show.
        report_clean: How a case that found nothing is told where a source opened it.
        names: What accounts are called, by id.
        is_in_force: Whether the settings behind all this hold still; they may have
            been read anew since the step began.
        rooms: The channels of accounts that have their own, by account id.
        approvers: Who decides about accounts that have approvers of their own.
    """

    accounts: Mapping[str, Account]
    cases: Cases
    works: Works
    switches: Switches
    index: OwnerIndex
    notifiers: Mapping[Channel, Notifier]
    clock: Clock
    verify_deadline: timedelta
    lead_time: timedelta = timedelta()
    protected: tuple[str, ...] = ()
    same_people: tuple[SamePerson, ...] = ()
    index_life: timedelta = timedelta(hours=12)
    max_targets: int = 20
    canary: bool = True
    lets_unknown_go: bool = False
    settle: timedelta = timedelta(minutes=30)
    retirement: Retirement = Retirement.OFF
    refreshes_masters: bool = False
    blind_spots: BlindSpots | None = None
    looks: SharedLooks = field(default_factory=SharedLooks)
    kept: KeptViews = field(default_factory=KeptViews)
    lags: Lags = field(default_factory=OwnLags)
    report_clean: ReportClean = ReportClean.EACH
    names: Mapping[str, str] = field(default_factory=dict)
    is_in_force: Callable[[], bool] = lambda: True
    rooms: Mapping[str, Mapping[Channel, Notifier]] = field(default_factory=dict)
    approvers: Approvers = ANYBODY

    @property
    def is_armed(self) -> bool:
        """Tell whether anything can be written anywhere."""
        return any(each.resets for each in self.accounts.values())

    def named(self, text: str) -> str:
        """Say of each account that a text names by its id what people call it."""
        for account_id, name in self.names.items():
            if name and account_id:
                text = text.replace(
                    f"ccount {account_id}", f"ccount {name} ({account_id})"
                )
        return text

    def notifier_of(self, line: ReportLine) -> Notifier | None:
        """Return where a line is told; None where that is not set up any more."""
        there = self.rooms.get(line.room, {}) if line.room else self.notifiers
        return there.get(line.channel)

    def account(self, account_id: str) -> Account:
        """Return an account; a case may outlive its entry in the accounts file.

        Raises:
            PermanentError: It is not set up here any more.
        """
        found = self.accounts.get(account_id)
        if found is None:
            text = f"Account {account_id} is not set up here any more."
            raise PermanentError(text, reason=Reason.ACCOUNT_REMOVED)
        return found


def pause(tries: int, *, longest_seconds: float, first_seconds: float = 1) -> timedelta:
    """Return a growing, jittered pause after *tries* failures in a row."""
    grown = min(first_seconds * 2 ** min(tries, 20), longest_seconds)
    return timedelta(seconds=grown * random.uniform(0.8, 1.0))  # noqa: S311 - no secret


def entry_of(
    claim: Claim,
    at: datetime,
    what: str,
    *,
    reason: Reason | None = None,
    request_id: str | None = None,
    detail: str | None = None,
) -> Entry:
    """Make a ledger entry of the work in hand."""
    work = claim.work
    return Entry(
        at=at,
        what=what,
        step=work.step,
        target_id=work.item or None,
        reason=reason,
        request_id=request_id,
        detail=detail,
    )


def moved(
    claim: Claim, case: Case, target: CaseTarget, *entries: Entry, wrote: bool = False
) -> Change:
    """Make the change that writes a target as it is now, and what follows it."""
    after = with_target(case, target).after(claim.work.step, target.target.id)
    return Change(targets=(target,), entries=entries, after=after, wrote=wrote)


def with_target(case: Case, target: CaseTarget) -> Case:
    """Return the case with this target in its present state."""
    kept = tuple(
        target if one.target.id == target.target.id else one for one in case.targets
    )
    return replace(case, targets=kept)


def with_targets(case: Case, targets: Iterable[CaseTarget]) -> Case:
    """Return the case with these targets in their present state."""
    now = {one.target.id: one for one in targets}
    kept = tuple(now.get(one.target.id, one) for one in case.targets)
    return replace(case, targets=kept)


def whole(tools: Tools, case: Case) -> Case:
    """Read all of a case of which a part was read.

    Raises:
        CaseChangedError: It changed since, so that what the part said may not hold.
    """
    found = tools.cases.load(case.id)
    if found.revision != case.revision:
        raise CaseChangedError("The case changed since it was read.")
    return found


def lines_for(tools: Tools, case: Case, kind: ReportKind) -> tuple[ReportLine, ...]:
    """Make the outbox lines of a new report: one a channel that takes its kind.

    They are numbered a kind. Those of rooms come behind those of the service's own
    channels.
    """
    number = next_number(case, kind)
    own = tuple(
        ReportLine(channel, kind, number)
        for channel, notifier in tools.notifiers.items()
        if notifier.takes(kind)
    )
    rooms = {each: tuple(there) for each, there in tools.rooms.items()}
    return (*own, *room_lines(case, kind, rooms, number))


def is_as_planned(case: Case, target: CaseTarget, owner_id: str) -> bool:
    """Tell whether an owner is the one whom the plan names, and nobody else.

    For a departure that is the leaver as they are known, too.
    """
    before = target.owner_before
    is_named = before is not None and before.id == owner_id
    return is_named and (
        case.kind is not CaseKind.DEPARTURE or owner_id == case.leaver.iam_id
    )
