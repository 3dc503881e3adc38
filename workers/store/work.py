"""Work under a lease: claimed, renewed, written with a fence, swept when it is due."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import redis
import structlog

from workers.offboarding.crowd import (
    APART,
    FEW,
    GATHERED,
    WITHIN,
    crowd_of,
    told_by_crowd,
)
from workers.offboarding.errors import (
    CaseCancelledError,
    CaseChangedError,
    CaseDamagedError,
    LeaseLostError,
    NoSuchCaseError,
    PausedError,
    UnderWayError,
)
from workers.offboarding.model import (
    Case,
    CaseStatus,
    ReportKind,
    ReportLine,
    ReportState,
    Step,
    Work,
)
from workers.offboarding.ports import Change, Claim
from workers.store.codec import CANNOT_BE_READ, encode, head_of, part_of
from workers.store.connection import Scripts
from workers.store.counted import ended_in, outcomes_of, told_by
from workers.store.damaged import Damaged
from workers.store.restored import Watermark
from workers.store.together import member_of_report

log: structlog.stdlib.BoundLogger = structlog.get_logger()

LEASE_SECONDS: Final = 60.0
# A lease is forgotten after this, far longer than anybody holds one.
FORGOTTEN_MS: Final = 7 * 86_400_000
# Work that was just sent is not sent again by the sweep for this long.
GRACE_MS: Final = 5_000
# Work that a process brings back at its time is left to it for so long after that.
SPARE_MS: Final = 3_000
# Swept work comes back after this long, in case the broker lost the message.
_PUSH_MS: Final = 30_000
_SWEPT_AT_ONCE: Final = 500
# A call whose answer was lost is repeated at once; this is far longer.
_REPEAT_SECONDS: Final = 3_600
# Work of a case that cannot be read is looked at again after this.
PUT_OFF: Final = timedelta(minutes=10)
# What is foreseen waits for the rest: a mass of it must not make anything late. A
# hundred thousand scheduled cases take their turn each day all the same.
_FORESEEN_AT_ONCE: Final = 5
# Whose end may be the last that a report waits for. A report is none: what it could not
# settle yet waits for a person, and would be asked for again and again.
_JOINS: Final = frozenset({Step.PLAN, Step.RESET, Step.VERIFY})


# What a target's lease protects is the reset; reading and reporting have their own.
_SHARED: Final = frozenset({Step.RESET, Step.VERIFY})
# What goes on of a case that was cancelled.
_TELLING: Final = frozenset({Step.DELIVER, Step.SHOW})
# Messages are kept up to date in a row of their own as well. Slack takes hardly more
# than one change a second, and a thousand cases must not fill what is swept.
_SHOWN_AT_ONCE: Final = 10


class Alarm(Protocol):
    """Brings work of this process back at its time, to the millisecond."""

    def covers(self, at: datetime) -> bool:
        """Tell whether what comes back at *at* is brought back."""

    def set(self, work: Work, at: datetime) -> None:
        """Bring *work* back at *at*."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A claim, and the part of its case that it is about, read in the same moment."""

    claim: Claim
    case: Case


def member_of(work: Work) -> str:
    """Name a piece of work in the ``due`` set."""
    return f"{work.case_id}|{work.step}|{work.item}"


def work_of(member: str) -> Work:
    """Read back what ``member_of`` wrote."""
    case_id, step, item = member.split("|", 2)
    return Work(case_id, Step(step), item)


def _is_ours(member: str) -> bool:
    parts = member.split("|", 2)
    return len(parts) == 3 and parts[1] in set(Step)


def _pending_name(work: Work) -> str:
    if work.step is Step.PLAN:
        return "plan"
    is_target = work.step in (Step.RESET, Step.VERIFY)
    return f"target:{work.item}" if is_target else ""


class Works:
    """Work; implements the port of the same name, and claiming for the tasks."""

    def __init__(
        self,
        client: "redis.Redis",
        *,
        lease_seconds: float = LEASE_SECONDS,
        watermark: Watermark | None = None,
    ) -> None:
        self._scripts = Scripts(client)
        self._damaged = Damaged(client)
        self.alarm: Alarm | None = None
        self.lease_seconds = lease_seconds
        self._watermark = watermark or Watermark()

    def claim(self, work: Work, *, shared: bool = False) -> Claim | None:
        """Claim *work*; None if it is done, not yet due, or in somebody's hands.

        Args:
            work: What to claim.
            shared: True takes the lease of the target itself, which all armed cases
                share: never two resets under way for one target.
        """
        member, token = member_of(work), uuid.uuid4().hex
        lease = f"target:{work.item}" if shared else f"work:{member}"
        verdict, fence, claims = self._scripts.call(
            "claim",
            case=work.case_id,
            member=member,
            lease=lease,
            token=token,
            ttl_ms=int(self.lease_seconds * 1000),
            survives_cancel=work.step in _TELLING,
            forgotten_ms=FORGOTTEN_MS,
        )
        if verdict != "claimed":
            return None
        return Claim(work, lease, token, int(fence), int(claims))

    def begin(self, work: Work) -> Begun | None:
        """Claim *work* and read what it is about in one step; None as ``claim`` says.

        Of a target's work that is the target and those that go first, else the case
        without its targets (``Cases.load_part``). Armed cases share a target's lease.

        Raises:
            NoSuchCaseError: Its case is gone, and it is not due any more.
            CaseDamagedError: It cannot be read; the lease is given back at once.
        """
        member, token = member_of(work), uuid.uuid4().hex
        is_targets = work.step in _SHARED
        verdict, fence, claims, *read = self._scripts.call(
            "claim",
            case=work.case_id,
            member=member,
            lease=f"work:{member}",
            shared=f"target:{work.item}" if is_targets else None,
            target=work.item if is_targets else None,
            token=token,
            ttl_ms=int(self.lease_seconds * 1000),
            survives_cancel=work.step in _TELLING,
            forgotten_ms=FORGOTTEN_MS,
            reads=True,
        )
        if verdict == "gone":
            raise NoSuchCaseError(f"There is no case {work.case_id}.")
        if verdict != "claimed":
            return None
        lease, *parts = read
        claim = Claim(work, lease, token, int(fence), int(claims))
        return Begun(claim, self._read(claim, parts))

    def _read(self, claim: Claim, parts: list[Any]) -> Case:
        is_whole, *stored = parts
        try:
            return part_of(*stored, is_whole=bool(is_whole))
        except CANNOT_BE_READ as error:
            case_id = claim.work.case_id
            self._damaged.met_unread({case_id: error})
            # Other cases may want the target.
            self._write(claim, Change(), mode="again")
            self.put_off(claim.work)
            raise CaseDamagedError(case_id) from error

    def renew(self, claim: Claim) -> bool:
        """Prolong the lease; False when it is no longer ours."""
        answer = self._scripts.call(
            "renew",
            member=member_of(claim.work),
            lease=claim.lease,
            fence=claim.fence,
            ttl_ms=int(self.lease_seconds * 1000),
            forgotten_ms=FORGOTTEN_MS,
        )
        return bool(answer)

    def put_off(self, work: Work) -> None:
        """Have work that nobody can begin come back later, and not at each sweep."""
        later_ms = int(PUT_OFF.total_seconds() * 1000)
        self._scripts.call("put_off", member=member_of(work), later_ms=later_ms)

    def record(self, claim: Claim, change: Change) -> None:
        """Write *change* and keep the work."""
        self._write(claim, change, mode="keep")

    def again(self, claim: Claim, change: Change, at: datetime) -> tuple[Work, ...]:
        """Write *change*, have the same work come back at *at*; return what to send."""
        # Decided once, and before: what the sweep is to leave must be brought back.
        is_brought, follows = self._is_brought(at), self._is_brought(change.after_at)
        self._write(
            claim,
            change,
            mode="again",
            again_at=_epoch_ms(at),
            spare_ms=_spare_ms(is_brought=is_brought),
            after_spare_ms=_spare_ms(is_brought=follows),
        )
        if is_brought:
            self._bring_back(at, claim.work)
        return self._following(change, is_brought=follows)

    def finish(self, claim: Claim, change: Change) -> tuple[Work, ...]:
        """Write *change*, end the work and return what is now to be sent."""
        follows = self._is_brought(change.after_at)
        said = self._write(
            claim, change, mode="end", after_spare_ms=_spare_ms(is_brought=follows)
        )
        report = Work(claim.work.case_id, Step.REPORT)
        after = self._following(change, is_brought=follows)
        if said == "anew":
            return (*after, claim.work)
        return (*after, report) if said == "last" else after

    def _is_brought(self, at: datetime | None) -> bool:
        """Tell whether this process brings back what comes at *at*."""
        return at is not None and self.alarm is not None and self.alarm.covers(at)

    def _bring_back(self, at: datetime, *works: Work) -> None:
        for each in works:
            if self.alarm is not None:
                self.alarm.set(each, at)

    def _following(self, change: Change, *, is_brought: bool) -> tuple[Work, ...]:
        """Return what follows, if it is due now; else have it come at its time."""
        if change.after_at is None:
            return change.after
        if is_brought:
            self._bring_back(change.after_at, *change.after)
        return ()

    def own_up(self, case: Case, change: Change) -> None:
        """Write what a worker did under a lease that it lost; see the port."""
        said = self._scripts.call(
            "own_up",
            case=case.id,
            op=uuid.uuid4().hex,
            op_ttl=_REPEAT_SECONDS,
            rev=case.revision,
            head=head_of(change.case) if change.case is not None else None,
            entries=[encode(entry) for entry in change.entries],
            reports={line.id: encode(line) for line in change.reports},
            after=[member_of(each) for each in change.after],
        )
        _refuse(said)

    def sweep(self) -> list[Work]:
        """Take what is due, so that it can be sent; nobody else gets it meanwhile.

        A store that is an old copy of itself is paused before.
        """
        return self._swept(_SWEPT_AT_ONCE)

    def see_whether_old(self) -> None:
        """Have everything wait where the store is an old copy of itself, and no more.

        For who begins to work: messages of the copy may be there before any sweep.
        """
        self._swept(0)

    def _swept(self, limit: int) -> list[Work]:
        sweeps, why, members = self._scripts.call(
            "sweep",
            limit=limit,
            ahead=_FORESEEN_AT_ONCE,
            shown=_SHOWN_AT_ONCE,
            push_ms=_PUSH_MS,
            **self._watermark.asked,
        )
        self._watermark.saw(int(sweeps))
        if why:
            log.error("store.is_an_old_copy", why=why, paused=True)
        # What another version has put there stays due for it, and holds nothing up.
        return [work_of(member) for member in members if _is_ours(member)]

    def _write(
        self,
        claim: Claim,
        change: Change,
        *,
        mode: str,
        again_at: int = 0,
        spare_ms: int = 0,
        after_spare_ms: int = 0,
    ) -> str:
        work = claim.work
        mine = _pending_name(work)
        following = {_pending_name(each) for each in change.after}
        said: str = self._scripts.call(
            "finish",
            case=work.case_id,
            member=member_of(work),
            lease=claim.lease,
            fence=claim.fence,
            op=uuid.uuid4().hex,
            mode=mode,
            survives_cancel=work.step in _TELLING,
            targets={one.target.id: encode(one) for one in change.targets},
            untouched={one.target.id: encode(one) for one in change.untouched},
            reports={line.id: encode(line) for line in change.reports},
            entries=[encode(entry) for entry in change.entries],
            wrote=change.wrote,
            account=change.targets[0].target.account_id if change.targets else "",
            folded=change.folded,
            settles=[mine] if mine and mine not in following else [],
            after=[
                {"member": member_of(each), "pending": _pending_name(each)}
                for each in change.after
            ],
            after_at=_epoch_ms(change.after_at) if change.after_at else None,
            after_spare_ms=after_spare_ms,
            grace_ms=GRACE_MS,
            again_at=again_at,
            spare_ms=spare_ms,
            joins=work.step in _JOINS,
            digested=_digested(work.case_id, change),
            crowd=_crowd(work.case_id, change),
            outcomes=outcomes_of((*change.targets, *change.untouched)),
            told=told_by(change.reports),
            untold=[line.id for line in change.reports if _is_untold(line)],
            **self._watermark.asked,
            **_head(change.case),
        )
        _refuse(said)
        return said


def _digested(case_id: str, change: Change) -> str | None:
    """Name what the next digest is to tell of; the lines of all channels alike."""
    for line in change.reports:
        if not line.is_told_alone and line.state is ReportState.PENDING:
            return member_of_report(case_id, line)
    return None


def _is_untold(line: ReportLine) -> bool:
    """Tell whether nobody learns what a line was to tell.

    That a case begins is told besides: by its end, and by what it waits for.
    """
    return line.state is ReportState.FAILED and line.kind is not ReportKind.STARTED


def _crowd(case_id: str, change: Change) -> dict[str, object] | None:
    """Say what the script needs to tell a report together with others of its reason."""
    name = crowd_of(change.case, change.reports)
    if name is None:
        return None
    return {
        "name": name,
        "member": member_of_report(case_id, told_by_crowd(change.reports)[0]),
        # Who is told of with many gets no message of its own.
        "left_out": {
            line.id: True for line in change.reports if line.kind is ReportKind.STARTED
        },
        # A room is told of the case by itself all the same.
        "apart": {
            member_of(Work(case_id, Step.DELIVER, line.id)): True
            for line in change.reports
            if line.room
        },
        "few": FEW,
        "within_ms": _millis(WITHIN),
        "gathered_ms": _millis(GATHERED),
        "apart_ms": _millis(APART),
    }


def _spare_ms(*, is_brought: bool) -> int:
    # The sweep only has what this process fails to bring back.
    return SPARE_MS if is_brought else 0


def _epoch_ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _millis(time: timedelta) -> int:
    return int(time.total_seconds() * 1000)


def _head(case: Case | None) -> dict[str, object]:
    if case is None:
        return {}
    return {
        "head": head_of(case),
        "rev": case.revision,
        "status": case.status,
        "result": case.result or "",
        "held": int(case.status is CaseStatus.WAITING and case.is_held),
        "refs": case.refs,
        "observed": ended_in(case),
    }


def _refuse(said: str) -> None:
    if said == "lost":
        raise LeaseLostError("Somebody else holds this work now.")
    if said == "paused":
        raise PausedError("Resets are paused.")
    if said == "under_way":
        raise UnderWayError("Another case has a reset of this target out.")
    if said == "changed":
        raise CaseChangedError("The case changed since it was read.")
    if said == "cancelled":
        raise CaseCancelledError("The case was cancelled.")
