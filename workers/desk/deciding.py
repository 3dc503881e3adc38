"""What people decide about a case that waits: approve, refuse, tick off a follow-up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog

from workers.app import Sender
from workers.offboarding.approvers import ANYBODY, Approvers, decided_in
from workers.offboarding.entries import about_plan
from workers.offboarding.errors import ConflictError, NoSuchFollowUpError, Reason
from workers.offboarding.follow_ups import numbered_follow_ups
from workers.offboarding.joining import askers_of
from workers.offboarding.model import (
    Case,
    CaseStatus,
    CaseTarget,
    Channel,
    Entry,
    FollowUp,
    Note,
    Plan,
    ReportKind,
    ReportLine,
    Step,
    Work,
)
from workers.offboarding.rooms import Rooms, room_lines
from workers.store.cases import Cases

log = structlog.get_logger()

_TRIES: Final = 5
# Nobody may let these go: they are mended by naming the person, or in the settings.
_NEVER: Final = frozenset({Reason.PROTECTED_USER, Reason.AMBIGUOUS_PERSON})


class Deciding:
    """Decisions about cases. Every method raises StoreAwayError, NoSuchCaseError."""

    def __init__(
        self,
        cases: Cases,
        sender: Sender,
        channels: tuple[Channel, ...],
        *,
        clock: Callable[[], datetime],
        approvers: Approvers = ANYBODY,
        rooms: Rooms | None = None,
    ) -> None:
        self._approvers = approvers
        self._rooms = rooms or {}
        self._cases = cases
        self._sender = sender
        self._channels = channels
        self._clock = clock

    def approve(
        self,
        case_id: str,
        plan_hash: str | None,
        *,
        actor: str,
        person: str,
        entered_as: str | None = None,
    ) -> Case:
        """Let exactly this plan go; it is judged anew, and waits again if it changed.

        Args:
            case_id: The case.
            plan_hash: The plan that was looked at; None for a case held without one.
            actor: The name of the token, for the log.
            person: Who is behind it: nobody approves what they asked for.
            entered_as: Who the ledger says it was, where that is not the person.

        Raises:
            ConflictError: ``not_waiting``, ``other_plan``, ``not_their_account``,
                ``own_request``, ``cannot_approve``, ``other_case`` or ``changed``.
        """
        for _ in range(_TRIES):
            case = self._waiting(case_id, plan_hash, person)
            _refuse_own(case, person)
            _refuse_never(case)
            approved = _put_off(_approved(case, person), self._clock())
            answer = self._turned(approved, "case.approved", entered_as or person)
            if answer == "ok":
                log.warning("case.approved", case_id=case_id, actor=actor)
                self._sender.send(Work(case_id, Step.PLAN))
                return self._cases.load(case_id)
            _refuse_taken(answer)
        raise changed()

    def refuse(
        self,
        case_id: str,
        plan_hash: str | None,
        *,
        actor: str,
        person: str,
        entered_as: str | None = None,
    ) -> Case:
        """Cancel a case that waits; after its first write end what is not begun.

        Raises:
            ConflictError: ``not_waiting``, ``other_plan``, ``not_their_account``,
                ``other_case`` or ``changed``.
        """
        for _ in range(_TRIES):
            case = self._waiting(case_id, plan_hash, person)
            answer = self._cancelled(case, person, entered_as or person)
            if answer == "written":
                opened = replace(_let_go(case), refused_by=person)
                answer = self._turned(opened, "case.refused", entered_as or person)
            if answer == "ok":
                log.warning("case.refused", case_id=case_id, actor=actor)
                case = self._cases.load(case_id)
                self._sender.send(Work(case_id, Step.PLAN), *case.after(Step.REPORT))
                return case
            _refuse_taken(answer)
        raise changed()

    def tick(self, case_id: str, number: int, *, actor: str) -> Case:
        """Write down that a follow-up is done; one that is done already stays so.

        Args:
            case_id: The case.
            number: From 1, as reports and the command line number them.
            actor: The name of the token.

        Raises:
            NoSuchFollowUpError: The case has no follow-up of that number.
            ConflictError: ``changed``.
        """
        for _ in range(_TRIES):
            case = self._cases.load(case_id)
            target, follow_up = _numbered(case, number)
            if follow_up.done_at is not None:
                return case
            now = self._clock()
            entry = Entry(
                at=now,
                what="follow_up.done",
                target_id=target.target.id,
                actor=actor,
                detail=follow_up.kind,
            )
            done = _done(target, follow_up, now)
            answer = self._cases.turn(
                case, entry, expected=tuple(CaseStatus), takes=None, targets=(done,)
            )
            if answer == "ok":
                log.info("follow_up.done", case_id=case_id, actor=actor)
                return self._cases.load(case_id)
        raise changed()

    def _waiting(self, case_id: str, plan_hash: str | None, person: str) -> Case:
        """Read a case that waits for exactly this decision, by this person."""
        case = self._cases.load(case_id)
        notes = case.plan.refused if case.plan is not None else ()
        is_paused = bool(notes) and all(one.reason is Reason.PAUSED for one in notes)
        if case.status is not CaseStatus.WAITING or is_paused:
            text = f"The case is {case.status}; nobody has to decide about it."
            if is_paused:
                text = "Only the pause holds the case; it goes on when that ends."
            raise ConflictError(text, reason="not_waiting")
        now = case.plan.hash if case.plan is not None else None
        if now != plan_hash:
            text = f"The plan is {now or 'not made yet'} now; look at it and decide."
            raise ConflictError(text, reason="other_plan")
        self._approvers.demand(person, decided_in(case))
        return case

    def _turned(self, case: Case, what: str, actor: str) -> str:
        entry = about_plan(Entry(self._clock(), what, actor=actor), case)
        is_early = case.status is CaseStatus.SCHEDULED
        return self._cases.turn(
            case,
            entry,
            expected=(CaseStatus.WAITING,),
            takes=True,
            after=(Work(case.id, Step.FORESEE),) if is_early else (),
        )

    def _cancelled(self, case: Case, person: str, actor: str) -> str:
        now = self._clock()
        # Held before its work began, it was never told to the channel by its name.
        is_known = case.started_at is not None
        lines = cancelled_lines(case, self._channels, self._rooms) if is_known else ()
        note = Note(Reason.REFUSED_PLAN, f"{person} refused the plan.")
        ended = replace(
            case.warned(note),
            status=CaseStatus.CANCELLED,
            settled_at=now,
            reports=lines,
        )
        return self._cases.turn(
            ended,
            about_plan(Entry(now, "case.refused", actor=actor), case),
            expected=(CaseStatus.WAITING,),
            takes=False,
            reports=lines,
            after=ended.after(Step.REPORT),
        )


def cancelled_lines(
    case: Case, channels: tuple[Channel, ...], rooms: Rooms
) -> tuple[ReportLine, ...]:
    """Make the outbox lines that tell of a cancellation, where a case was told of."""
    kind = ReportKind.CANCELLED
    own = tuple(ReportLine(one, kind) for one in channels)
    return (*own, *room_lines(case, kind, rooms, 1))


def changed() -> ConflictError:
    """Say that a case was turned by somebody else each time it was tried."""
    return ConflictError("The case keeps changing; try again.", reason="changed")


def anew_of(plan: Plan | None) -> Plan | None:
    """Return a plan about which nobody has decided anything."""
    if plan is None:
        return None
    return replace(plan, approved_by=None, refused=(), let_go=(), since=())


def _approved(case: Case, person: str) -> Case:
    if case.plan is None:
        return _let_go(case)
    unknown = [one.target.id for one in case.targets if case.plan.holds_unknown(one)]
    let_go = (*case.plan.let_go, *unknown)
    plan = replace(case.plan, approved_by=person, let_go=let_go)
    return _let_go(replace(case, plan=plan))


def _put_off(case: Case, now: datetime) -> Case:
    """Have a case that is let go before its day await that day."""
    is_early = case.started_at is None and case.starts_at > now
    return replace(case, status=CaseStatus.SCHEDULED) if is_early else case


def _let_go(case: Case) -> Case:
    """Take what held the case off; a pause stays, and ends by itself."""
    plan = case.plan
    if plan is None:
        return replace(case, status=CaseStatus.OPEN, tries=0, held_at=None)
    kept = tuple(one for one in plan.refused if one.reason is Reason.PAUSED)
    return replace(
        case,
        status=CaseStatus.WAITING if kept else CaseStatus.OPEN,
        plan=replace(plan, refused=kept),
        tries=0,
        held_at=case.held_at if kept else None,
    )


def _refuse_own(case: Case, person: str) -> None:
    askers = case.askers
    for one in case.departures:
        askers = askers_of(askers, one)
    if person.casefold() in {one.casefold() for one in askers}:
        raise ConflictError(
            f"{person} asked for this case; another person has to approve it.",
            reason="own_request",
        )


def _refuse_never(case: Case) -> None:
    notes = case.plan.refused if case.plan is not None else ()
    never = next((one for one in notes if one.reason in _NEVER), None)
    if never is not None:
        raise ConflictError(
            f"Nobody can approve this, only refuse it: {never.text}",
            reason="cannot_approve",
        )


def _refuse_taken(answer: str) -> None:
    if answer.startswith("taken:"):
        other = answer.removeprefix("taken:")
        raise ConflictError(
            f"Case {other} of the same leaver is open.", reason="other_case"
        )


def _numbered(case: Case, number: int) -> tuple[CaseTarget, FollowUp]:
    listed = numbered_follow_ups(case)
    for each, target, follow_up in listed:
        if each == number:
            return target, follow_up
    many = str(len(listed)) if listed else "none"
    raise NoSuchFollowUpError(f"The case has no follow-up {number}; it has {many}.")


def _done(target: CaseTarget, follow_up: FollowUp, at: datetime) -> CaseTarget:
    return replace(
        target,
        follow_ups=tuple(
            replace(one, done_at=at) if one is follow_up else one
            for one in target.follow_ups
        ),
    )
