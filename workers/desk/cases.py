"""Cases at the desk: open, list, show, retry, cancel. Writes first, then sends."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

import structlog
from ulid import ULID

from config.settings import Settings
from workers.app import Sender
from workers.desk.blind_spots import Accepting
from workers.desk.brake import Braking
from workers.desk.counting import Counting
from workers.desk.deciding import Deciding, anew_of, cancelled_lines, changed
from workers.desk.door import Door
from workers.desk.evidence import Proving
from workers.desk.hearing import HeardAs, Hearing
from workers.desk.intake import Intake
from workers.desk.places import (
    approvers_of,
    refuse_unknown_account,
    rooms_of,
    same_people,
)
from workers.desk.restoring import Restoring
from workers.desk.scim_users import ScimUsers
from workers.desk.scraping import Scraping
from workers.desk.seeing import Seeing
from workers.desk.slack import SlackDesk
from workers.desk.trying import Trying
from workers.desk.withdrawing import Withdrawing
from workers.offboarding.entries import about_plan, in_words
from workers.offboarding.errors import ConflictError, Reason
from workers.offboarding.joining import askers_of, gone_from_of, told_by
from workers.offboarding.model import (
    AdoptionAsked,
    Case,
    CaseKind,
    CaseResult,
    CaseStatus,
    Channel,
    Departure,
    Entry,
    Leaver,
    Note,
    OpenedBy,
    ReportLine,
    Step,
    Work,
)
from workers.offboarding.restored import Restored
from workers.store.cases import Along, Cases, Taken
from workers.store.names import KnownNames
from workers.store.own_key import OwnKey
from workers.store.scim import ScimTable
from workers.store.switches import EVERYWHERE, Paused, Switches
from workers.store.work import GRACE_MS

log = structlog.get_logger()

_TRIES: Final = 5
_LIVE: Final = (CaseStatus.SCHEDULED, CaseStatus.OPEN, CaseStatus.WAITING)


class OpenedAs(StrEnum):
    """What became of a departure."""

    NEW = "new"
    JOINED = "joined"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Opened:
    """A departure that is on disk: its case as it is now, and what became of it."""

    case: Case
    opened_as: OpenedAs


@dataclass(frozen=True, slots=True)
class _Put:
    """A departure that is on disk; ``case`` only where it need not be read anew."""

    case_id: str
    opened_as: OpenedAs
    case: Case | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """Which cases to list. ``user`` is an e-mail or an IAM ID; ``cursor`` a case id."""

    status: CaseStatus | None = None
    result: CaseResult | None = None
    user: str | None = None
    cursor: str | None = None
    limit: int = 50
    with_scheduled: bool = True


@dataclass(frozen=True, slots=True)
class Page:
    """Cases, newest first, and where the next page begins (None: this is the last).

    ``damaged`` are the ids of those that belong here and cannot be read.
    """

    cases: tuple[Case, ...]
    next: str | None
    damaged: tuple[str, ...] = ()


class Desk:
    """The desk. Every method raises StoreAwayError when the store cannot be used."""

    def __init__(  # noqa: PLR0915 - a line for each room that it opens to
        self,
        settings: Settings,
        cases: Cases,
        switches: Switches,
        sender: Sender,
        seeing: Seeing,
        accepting: Accepting,
        names: KnownNames,
        intake: Intake,
        *,
        scim: ScimTable,
        braking: Braking,
        proving: Proving,
        trying: Trying,
        own_key: OwnKey,
        slack: SlackDesk,
        counting: Counting,
        scraping: Scraping,
        door: Door,
        clock: Callable[[], datetime],
        has_turn: Callable[[], bool] = lambda: True,
        ping: Callable[[], None] | None = None,
    ) -> None:
        # What asks the store whether it answers, and waits for it but shortly.
        self._ping = ping
        self._armed = settings.armed
        self._accounts = settings.rules
        self._lead_time = timedelta(hours=settings.lead_time_hours)
        self._protected = frozenset(one.lower() for one in settings.protected_users)
        self._channels = tuple(Channel(name) for name in settings.channels)
        self._cases = cases
        self._switches = switches
        self._sender = sender
        self._has_turn = has_turn
        self._clock = clock
        # What people decide about a case that waits has a file of its own.
        self._approvers = approvers_of(settings)
        self._rooms = rooms_of(settings)
        deciding = Deciding(
            cases,
            sender,
            self._channels,
            clock=clock,
            approvers=self._approvers,
            rooms=self._rooms,
        )
        self.approve = deciding.approve
        self.refuse = deciding.refuse
        self.tick = deciding.tick
        # What only looks: exposure, gate and doctor have a file of their own.
        self.exposure = seeing.exposure
        self.trend = seeing.trend
        self.gate = seeing.gate
        self.doctor = seeing.doctor
        self.conditions = seeing.conditions
        self.heartbeats = seeing.heartbeats
        # So have the targets that are accepted as not readable.
        self.accept_blind_spot = accepting.accept_blind_spot
        self.withdraw_blind_spot = accepting.withdraw_blind_spot
        self.blind_spots = accepting.blind_spots
        self._listen(settings, names, intake)
        # So has what waits where too many departures came at once.
        self._braking = braking
        self.brake = braking.brake
        self.release_brake = braking.release_brake
        self.refuse_brake = braking.refuse_brake
        # So has evidence.
        self.evidence_of = proving.evidence_of
        self.evidence_register = proving.evidence_register
        # So has what tries the channels.
        self.test_notice = trying.test_notice
        self.notice_state = trying.notice_state
        # By what people's sessions are signed.
        self.session_key = own_key.for_sessions
        # What Slack needs besides: its presses noted, its answers sent later.
        self.slack = slack
        # What is counted in this process, and what a scrape is told of all.
        self.tally = counting.tally
        self.begin_counting = counting.begin
        self.scrape = scraping.scrape
        self.known_accounts = scraping.accounts
        self.door = door
        # SCIM clients keep users here, whose changes are events.
        self.scim = ScimUsers(scim, hear=self.hear, quarantine=self.quarantine)

    def _listen(self, settings: Settings, names: KnownNames, intake: Intake) -> None:
        """Put the rooms of what sources tell at the desk."""
        # What an event takes back has a file of its own, too.
        withdrawing = Withdrawing(
            self._cases,
            self._sender,
            settings.authoritative_sources,
            self._lead_time,
            # Once, as it was read: who joined meanwhile has a say, too.
            cancel=partial(self._cancel, tries=1),
            clock=self._clock,
        )
        self.withdraw = withdrawing.withdraw
        # What sources tell, and what of it waits, have a file each.
        hearing = Hearing(
            names,
            same_people(settings),
            open_case=self._heard,
            withdraw=self.withdraw,
            resolved=intake.resolved,
            note_delivery=intake.note_delivery,
            clock=self._clock,
        )
        self.hear = hearing.hear
        self.hear_as = hearing.hear_as
        self._let_go = intake.let_go
        self.await_look_up = intake.await_look_up
        self.quarantine = intake.quarantine
        self.note_delivery = intake.note_delivery
        self.note_refusal = intake.note_refusal
        self.quarantined = intake.quarantined
        self.body_of = intake.body_of
        self.drop = intake.drop
        self.replayed = intake.replayed
        self.sources = intake.sources

    def open(
        self, departure: Departure, *, idempotency: tuple[str, str] | None = None
    ) -> Opened:
        """Take a departure in; on return it is on disk.

        Args:
            departure: Who leaves. A protected leaver of a hand-made departure (one
                with an ``actor``) is refused; told by an event, the case is held.
            idempotency: The key, already bound to token and path, and a digest of the
                body. Remembered for 24 hours.

        Raises:
            ConflictError: ``protected_user``; ``idempotency_key`` used with another
                body; ``event_key`` used with another person.
        """
        if departure.actor is not None:
            self._refuse_protected(departure.leaver)
        put = self._put(departure, idempotency)
        return Opened(put.case or self.show(put.case_id), put.opened_as)

    def _put(
        self,
        departure: Departure,
        idempotency: tuple[str, str] | None = None,
        along: Along | None = None,
    ) -> _Put:
        now = self._clock()
        case = self._case_of(departure, now)
        # Many events at a time: the next sweep sends their work, which is due at once.
        is_sent = self._has_turn()
        entries = (
            _told(departure, now, f"case.opened_{case.status}"),
            _told(departure, now, "departure.joined"),
        )
        taken = self._cases.open(
            case,
            departure,
            entries,
            idempotency=idempotency,
            brake=self._braking.counted(case, departure),
            along=along,
            grace_ms=GRACE_MS if is_sent else 0,
        )
        if taken.verdict == "returned":
            return self._open_late(case, departure, along)
        if taken.verdict == "conflict":
            raise _other_body()
        if taken.verdict == "another":
            raise ConflictError(
                "This event id was used for another person: send it under a new id.",
                reason="event_key",
            )
        self._let_go_of(taken)
        if taken.verdict == "repeated":
            return _Put(taken.case_id, OpenedAs.REPEATED)
        if taken.verdict == "braked":
            log.warning("case.braked", case_id=taken.case_id)
            return _Put(taken.case_id, OpenedAs.NEW)
        is_new = taken.verdict == "new"
        if is_sent and (not is_new or case.status is CaseStatus.OPEN):
            self._sender.send(Work(taken.case_id, Step.PLAN))
        if not is_new:
            return _Put(taken.case_id, OpenedAs.JOINED)
        return _Put(case.id, OpenedAs.NEW, case)

    def _open_late(self, case: Case, departure: Departure, along: Along | None) -> _Put:
        """Open a departure that its source took back before it arrived, and end it.

        Deliveries come in any order. It joins nothing, and nothing is written for it.
        """
        text = "Its source took it back before it arrived here."
        late = replace(case, dry_run=True, is_dry_as_asked=True)
        late = late.warned(Note(Reason.TAKEN_BACK, text))
        entry = _told(departure, self._clock(), "case.opened_late")
        taken = self._cases.open(
            late, departure, (entry, entry), is_late=True, along=along
        )
        self._let_go_of(taken)
        if taken.verdict != "new":
            return _Put(taken.case_id, OpenedAs.REPEATED)
        try:
            self._cancel(late, f"event {departure.event_key}")
        except ConflictError:
            # Another return took it back meanwhile; nothing is ever written for it.
            log.info("case.late_was_over", case_id=late.id)
        return _Put(late.id, OpenedAs.NEW)

    def _let_go_of(self, taken: Taken) -> None:
        if taken.kept_id:
            self._let_go(taken.kept_id)

    def _heard(self, departure: Departure, along: Along) -> HeardAs:
        # A source is answered with the id alone, so that no case is read for it.
        put = self._put(departure, along=along)
        log.info("departure.opened", case_id=put.case_id, opened_as=str(put.opened_as))
        return HeardAs(put.case_id, is_repeat=put.opened_as is OpenedAs.REPEATED)

    def adopt(
        self, asked: AdoptionAsked, *, idempotency: tuple[str, str] | None = None
    ) -> Opened:
        """Open a case that takes targets over before anybody leaves.

        It joins nothing and nothing joins it.

        Raises:
            ConflictError: ``no_such_account``, where the accounts are known here;
                ``not_their_account``, where it has other approvers, unless it is a dry
                run; ``idempotency_key`` used with another body.
        """
        account_id = asked.adoption.account_id
        refuse_unknown_account(account_id, self._accounts)
        if not asked.dry_run:
            asker = asked.person or asked.actor or ""
            self._approvers.demand(asker, [account_id])
        now = self._clock()
        case = self._adoption_of(asked, now)
        entry = Entry(
            at=now,
            what=f"case.opened_{case.status}",
            actor=asked.actor,
            request_id=asked.request_id,
            detail=f"adoption in account {account_id}",
            leaver=asked.leaver.id,
            source=asked.source,
            effective_at=now,
            scope=in_words(asked.scope),
        )
        same = Departure(asked.source, asked.leaver)
        taken = self._cases.open(case, same, (entry, entry), idempotency=idempotency)
        if taken.verdict == "conflict":
            raise _other_body()
        if taken.verdict == "repeated":
            return Opened(self.show(taken.case_id), OpenedAs.REPEATED)
        self._sender.send(Work(taken.case_id, Step.PLAN))
        return Opened(case, OpenedAs.NEW)

    def _adoption_of(self, asked: AdoptionAsked, now: datetime) -> Case:
        asker = asked.person or asked.actor
        case = Case(
            id=str(ULID.from_datetime(now)),
            kind=CaseKind.ADOPTION,
            adoption=asked.adoption,
            leaver=asked.leaver,
            named=asked.leaver,
            opened_by=OpenedBy(asked.source, None, asked.actor),
            received_at=now,
            effective_at=now,
            starts_at=now,
            status=CaseStatus.OPEN,
            dry_run=asked.dry_run,
            is_dry_as_asked=asked.dry_run,
            scope=asked.scope,
            reason=asked.reason,
            request_id=asked.request_id,
            askers=(asker,) if asker else (),
        )
        return case if self._armed else case.unarmed()

    def list(self, query: Query) -> Page:
        """List cases, newest first."""
        if query.status is CaseStatus.SCHEDULED and not query.with_scheduled:
            return Page((), None)
        found, damaged = list[Case](), list[str]()
        cursor = query.cursor
        while len(found) <= query.limit:
            ids = self._cases.ids(
                status=query.status,
                result=query.result,
                ref=_ref(query.user),
                but_not=None if query.with_scheduled else CaseStatus.SCHEDULED,
                with_confidential=query.with_scheduled,
                before=cursor,
                limit=query.limit + 1,
            )
            read = self._cases.read(ids)
            damaged += read.damaged
            found += [
                one
                for one in read.cases
                if query.with_scheduled or one.status is not CaseStatus.SCHEDULED
            ]
            if len(ids) <= query.limit:
                break
            cursor = ids[-1]
        page = tuple(found[: query.limit])
        after = page[-1].id if len(found) > query.limit else None
        here = (one for one in damaged if after is None or one > after)
        return Page(page, after, tuple(here))

    def show(self, case_id: str) -> Case:
        """Read one case; NoSuchCaseError."""
        return self._cases.load(case_id)

    def ledger_of(self, case_id: str) -> Sequence[Entry]:
        """Return what was done in a case, oldest first; empty where there is none."""
        return self._cases.ledger(case_id)

    def retry(self, case_id: str, *, actor: str) -> Case:
        """Take a case that ended with attention back to open, and plan it again.

        What is verified or already safe stays; what was unread is looked for anew.

        Raises:
            ConflictError: ``not_attention``, ``other_case``, or ``changed``.
        """
        for _ in range(_TRIES):
            case = self.show(case_id)
            is_settled = case.status is CaseStatus.SETTLED
            if case.result is not CaseResult.ATTENTION or not is_settled:
                raise ConflictError(
                    "Only a case that ended with attention can be retried.",
                    reason="not_attention",
                )
            answer = self._retry(case, actor)
            if answer == "ok":
                log.info("case.retried", case_id=case_id, actor=actor)
                self._sender.send(Work(case_id, Step.PLAN))
                return self.show(case_id)
            if answer.startswith("taken:"):
                other = answer.removeprefix("taken:")
                raise ConflictError(
                    f"Case {other} of the same leaver is open.", reason="other_case"
                )
        raise changed()

    def _retry(self, case: Case, actor: str) -> str:
        anew = [one for one in case.targets if not one.is_safe]
        kept = [one for one in anew if one.was_planned]
        dropped = [one for one in anew if not one.was_planned]
        opened = replace(
            case,
            status=CaseStatus.OPEN,
            result=None,
            settled_at=None,
            tries=0,
            # What was decided about the plan before is no word about this one.
            refused_by=None,
            stopped=None,
            canaries=(),
            plan=anew_of(case.plan),
        )
        return self._cases.turn(
            opened,
            about_plan(Entry(self._clock(), "case.retried", actor=actor), case),
            expected=(CaseStatus.SETTLED,),
            takes=True,
            targets=tuple(
                replace(
                    one,
                    outcome=None,
                    reason=None,
                    detail="",
                    settled_at=None,
                    owner_after=None,
                    # Who takes over is asked for anew, save where a reset is out.
                    functional_id=one.functional_id if one.intent_at else None,
                    preflight=None,
                    preflight_at=None,
                    preflight_text="",
                    mend=None,
                    blind=None,
                    tries=0,
                    polls=0,
                )
                for one in kept
            ),
            dropped=tuple(one.target.id for one in dropped),
            # Its message says how it ended, until it says that it goes on.
            after=opened.to_show,
        )

    def cancel(self, case_id: str, *, actor: str) -> Case:
        """Withdraw a case before its first write.

        Raises:
            ConflictError: ``already_over``, ``already_written``, or ``changed``.
        """
        return self._cancel(self.show(case_id), actor)

    def _cancel(self, case: Case, actor: str, *, tries: int = _TRIES) -> Case:
        for _ in range(tries):
            if case.status not in _LIVE:
                raise ConflictError(
                    f"The case is {case.status}; there is nothing to cancel.",
                    reason="already_over",
                )
            lines = self._cancelled_lines(case)
            now = self._clock()
            ended = replace(
                case, status=CaseStatus.CANCELLED, settled_at=now, reports=lines
            )
            answer = self._cases.turn(
                ended,
                about_plan(Entry(now, "case.cancelled", actor=actor), case),
                expected=_LIVE,
                takes=False,
                reports=lines,
                after=ended.after(Step.REPORT),
            )
            if answer == "ok":
                log.info("case.cancelled", case_id=case.id, actor=actor)
                self._sender.send(*ended.after(Step.REPORT))
                return self.show(case.id)
            if answer == "written":
                raise ConflictError(
                    "A reset was already begun; the case has to be finished.",
                    reason="already_written",
                )
            case = self.show(case.id)
        raise changed()

    def _cancelled_lines(self, case: Case) -> tuple[ReportLine, ...]:
        # A departure that has not begun is confidential: the channel never heard of it.
        if case.status is CaseStatus.SCHEDULED or case.started_at is None:
            return ()
        return cancelled_lines(case, self._channels, self._rooms)

    def pause(
        self,
        account_id: str | None,
        *,
        paused: bool,
        actor: str | None = None,
        request_id: str | None = None,
        person: str | None = None,
    ) -> Paused:
        """Pause or resume resets, for all (None) or one account; return what is paused.

        Running workers see it before their next reset. The pause of everything is the
        service's own: ending it leaves the pauses of single accounts as they are.

        Args:
            account_id: The one account; None for all.
            paused: Whether it is to be paused.
            actor: Who does it, for the ledger.
            request_id: The request in which they ask.
            person: Who is behind *actor*; None: nobody else.

        Raises:
            ConflictError: ``no_such_account``, where the accounts are known here;
                ``not_their_account``, where an account that is to be resumed has other
                approvers.
        """
        if account_id is not None:
            refuse_unknown_account(account_id, self._accounts)
            if not paused:
                self._approvers.demand(person or actor or "", [account_id])
        self._switches.pause(
            account_id=account_id or EVERYWHERE,
            paused=paused,
            actor=actor,
            request_id=request_id,
        )
        return self._switches.paused()

    def pauses(self) -> Paused:
        """Tell what is paused now."""
        return self._switches.paused()

    def restored(self, *, with_scheduled: bool = True) -> Restored | None:
        """Tell what is due in a store that is an old copy; None for a sound one."""
        return self._restoring.restored(with_scheduled=with_scheduled)

    def is_restored(self) -> bool:
        """Tell whether everything is paused since the store may be an old copy."""
        return self._switches.is_restored()

    @property
    def _restoring(self) -> Restoring:
        return Restoring(self._cases, self._switches.restorations)

    def check(self) -> None:
        """Ask the store whether it answers; StoreAwayError."""
        (self._ping or self._switches.ping)()

    def sweep_age_seconds(self) -> float | None:
        """Tell how long ago a worker last swept; None if none ever did."""
        swept_at = self._switches.swept_at()
        if swept_at is None:
            return None
        return max(0.0, (self._clock() - swept_at).total_seconds())

    def _refuse_protected(self, leaver: Leaver) -> None:
        names = {one.lower() for one in (leaver.email, leaver.iam_id) if one}
        if names & self._protected or self._switches.is_protected(leaver.refs):
            raise ConflictError(
                f"{leaver} is protected and is never offboarded.",
                reason=Reason.PROTECTED_USER,
            )

    def _case_of(self, departure: Departure, now: datetime) -> Case:
        effective_at = max(departure.effective_at or now, now)
        starts_at = max(effective_at - self._lead_time, now)
        case = Case(
            id=str(ULID.from_datetime(now)),
            leaver=departure.leaver,
            named=departure.leaver,
            opened_by=OpenedBy(departure.source, departure.event_key, departure.actor),
            received_at=now,
            effective_at=effective_at,
            starts_at=starts_at,
            status=CaseStatus.SCHEDULED if starts_at > now else CaseStatus.OPEN,
            dry_run=departure.dry_run,
            is_dry_as_asked=departure.dry_run,
            told=(told_by(departure, effective_at),),
            aliases=departure.aliases,
            gone_from=gone_from_of((), departure),
            scope=departure.scope,
            reason=departure.reason,
            request_id=departure.request_id,
            askers=askers_of((), departure),
        )
        return case if self._armed else case.unarmed()


def _told(departure: Departure, now: datetime, what: str) -> Entry:
    return Entry(
        at=now,
        what=what,
        step=None,
        actor=departure.actor or departure.source,
        request_id=departure.request_id,
        detail=departure.event_key,
        leaver=departure.leaver.id,
        source=departure.source,
        event_key=departure.event_key,
        authn=departure.authn,
        delivery_sha256=departure.delivery_sha256,
        effective_at=departure.effective_at or now,
        scope=in_words(departure.scope),
    )


def _ref(user: str | None) -> str | None:
    if user is None:
        return None
    return f"email:{user.strip().lower()}" if "@" in user else f"iam:{user.strip()}"


def _other_body() -> ConflictError:
    return ConflictError(
        "This Idempotency-Key was used with another body.", reason="idempotency_key"
    )
