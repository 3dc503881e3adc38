"""A desk in memory: takes departures as the real one promises to, and no further.

Beside it the clock, the secrets and the tokens the tests of the front door agree on.
"""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from evidence_scenes import Book, a_book, entry

from config.settings import Secret, Settings, Token
from config.sources import Sources, StandardSettings
from workers.desk import Opened, OpenedAs, Pack, Page, Paused
from workers.desk.hearing import HeardAs
from workers.desk.slack import Known
from workers.offboarding.brake import Brake
from workers.offboarding.errors import (
    ConflictError,
    NoSuchCaseError,
    NoSuchDeliveryError,
    NoSuchFollowUpError,
    NoSuchNoticeError,
    NotSealedError,
    Reason,
    StoreAwayError,
    TooSoonError,
)
from workers.offboarding.exposure import Exposure, GateAnswer
from workers.offboarding.health import Check, Verdict
from workers.offboarding.heard import Unreadable, understood
from workers.offboarding.heartbeat import Heartbeat
from workers.offboarding.intake import Kept, KeptBody, KeptState
from workers.offboarding.metrics import STORE_UP
from workers.offboarding.model import (
    BlindSpot,
    Case,
    CaseKind,
    CaseResult,
    CaseStatus,
    Channel,
    Departure,
    Ignored,
    OpenedBy,
)
from workers.offboarding.notice import NoticeLine
from workers.offboarding.samples import Sample
from workers.offboarding.tally import Tally
from workers.offboarding.trial_notice import state_of, trial

NOW = datetime.fromtimestamp(1771236131, UTC)
SECRET = "whsec_ZGVtby1zZWNyZXQtZm9yLWRvY3Mtb25seS0wMDAwMDAx"
OLD_SECRET = "whsec_" + "b29v" * 10


def token(name, role, text, person=None):
    return Token(name, role, hashlib.sha256(text.encode()).hexdigest(), person)


SETTINGS = Settings(
    sources=Sources(
        standard=StandardSettings(secret=(Secret(SECRET), Secret(OLD_SECRET)))
    ),
    api_tokens=(
        token("dashboard", "viewer", "ofb_viewer"),
        token("helpdesk", "operator", "ofb_operator"),
        token("lead", "approver", "ofb_approver", "sam"),
    ),
)


class FakeSlackDesk:
    """Notes presses and keeps late answers in memory."""

    def __init__(self):
        self.begun = {}
        self.said = []
        self.gates = []
        self.away = False

    def begin(self, signature):
        if self.away:
            raise StoreAwayError("The store: ConnectionError.")
        if signature in self.begun:
            return Known(self.begun[signature])
        self.begun[signature] = None
        return None

    def end(self, signature, answer):
        self.begun[signature] = answer

    def say(self, response_url, body):
        self.said.append((response_url, body))

    def ask_gate(self, response_url, leaver, *, user, is_viewer):
        self.gates.append((response_url, leaver, user, is_viewer))


class FakeDoor:
    """Counts in memory and lets everybody in, unless told otherwise."""

    def __init__(self):
        self.requests, self.failures, self.ended = [], [], {}
        self.too_many, self.held_for = None, None

    def asked(self, token_name):
        self.requests.append(token_name)
        return self.too_many

    def failed(self, address):
        self.failures.append(address)
        return self.held_for

    def is_held(self, address):
        return self.held_for is not None

    def end_session(self, session_id, seconds):
        self.ended[session_id] = seconds

    def has_ended(self, session_id):
        return session_id in self.ended


class FakeDesk:
    def __init__(self):
        self.door = FakeDoor()
        self.slack = FakeSlackDesk()
        self.cases = {}
        self.by_key = {}
        self.departures = []
        self.adoptions = []
        self.withdrawals = []
        self.heard = []
        self.digests = []
        self.hints = []
        self.kept = []
        self.noted = []
        self.in_quarantine = {}
        self.stats = ()
        self.conditions_found = ()
        self.same_people = ()
        self.known = {}
        self.spots = {}
        self.queries = []
        self.asked = []
        self.protected = set()
        self.paused = []
        self.paused_by = []
        self.paused_for = []
        self.tried_in = []
        self.old = None
        self.braked = Brake(20, 0)
        self.unknown_accounts = set()
        self.age = 2.0
        self.beats = (
            Heartbeat("host-7", "worker", "1.2.0", 1.0, 7_300.0),
            Heartbeat("host-8", "beat", "1.2.0", 2.0, 60.0),
        )
        self.unsealed, self.unsealed_at_all, self.waited = 0, False, []
        self.away = False
        self.damaged = ()
        self.days = ()
        self.ledgers = {}
        self.planned = None
        self.bug = None
        self.exposed = Exposure((), (), 0, 0, NOW)
        self.gated = []
        self.answer = None
        self.while_asked = lambda: None
        self.tried, self.trials = [], {}
        self.trial_lines = (
            NoticeLine(Channel.MAIL),
            NoticeLine(Channel.SLACK),
        )
        self.checks = (Check("key_list", Verdict.OK, "It is whole."),)
        self.tally = Tally()
        self.samples = [Sample(STORE_UP, (), 1)]
        self.named_accounts = []

    def scrape(self):
        self._used()
        return self.samples

    def known_accounts(self):
        return self.named_accounts

    def open(self, departure, *, idempotency=None):
        self._used()
        if departure.actor and str(departure.leaver) in self.protected:
            raise ConflictError("This person is protected.", reason="protected_user")
        key, digest = idempotency or (departure.event_key, None)
        if key in self.by_key:
            case_id, before = self.by_key[key]
            if before != digest:
                raise ConflictError(
                    "The key was used for another body.", reason="idempotency_key"
                )
            if digest is None and self.cases[case_id].leaver != departure.leaver:
                raise ConflictError("Used for another person.", reason="event_key")
            return Opened(self.cases[case_id], OpenedAs.REPEATED)
        self.departures.append(departure)
        case = self._add(departure)
        if key is not None:
            self.by_key[key] = case.id, digest
        return Opened(case, OpenedAs.NEW)

    def _add(self, departure):
        effective_at = departure.effective_at or NOW
        case = Case(
            id=f"01KHJ2V0W8Q3RZ5T7X9YABC{len(self.cases):03d}",
            leaver=departure.leaver,
            opened_by=OpenedBy(departure.source, departure.event_key, departure.actor),
            received_at=NOW,
            effective_at=effective_at,
            starts_at=effective_at - timedelta(hours=24),
            status=CaseStatus.SCHEDULED if departure.effective_at else CaseStatus.OPEN,
            dry_run=departure.dry_run,
            scope=departure.scope,
            request_id=departure.request_id,
        )
        return self.put(case)

    def put(self, case):
        self.cases[case.id] = case
        return case

    def run(self, departure):
        """Answer as `--local` does: there is no case but the one it shows."""
        self._used()
        self.departures.append(departure)
        return self.planned

    def withdraw(self, withdrawal):
        self._used()
        self.withdrawals.append(withdrawal)
        for case in self.cases.values():
            if case.leaver == withdrawal.leaver:
                return self.put(replace(case, status=CaseStatus.CANCELLED))
        return None

    def hear(self, heard, **how):
        return self.hear_as(heard, **how).case_id

    def hear_as(
        self, heard, *, request_id=None, delivery_sha256=None, delivered_at=None
    ):
        found = self._hear(heard, request_id, delivery_sha256)
        if delivered_at is not None:
            self.note_delivery(heard.source, delivered_at)
        return found

    def _hear(self, heard, request_id, delivery_sha256):
        self._used()
        self.heard.append(heard)
        self.digests.append(delivery_sha256)
        event = understood(
            heard,
            same_people=self.same_people,
            known=self.known,
            request_id=request_id,
        )
        match event:
            case Ignored():
                return HeardAs(None, is_ignored=True)
            case Departure():
                opened = self.open(event)
                is_repeat = opened.opened_as is OpenedAs.REPEATED
                return HeardAs(opened.case.id, is_repeat=is_repeat)
            case _:
                case = self.withdraw(event)
                return HeardAs(case and case.id)

    def await_look_up(self, hint, body):
        self._used()
        self.hints.append((hint, body))
        return f"look-up-{len(self.hints)}"

    def quarantine(self, source, key, body, error):
        self._used()
        self.kept.append((source, key, body, error.reason))
        return f"kept-{len(self.kept)}"

    def put_in_quarantine(self, number=1, body=None, **changed):
        """Have a delivery be in quarantine; ``body`` None: it expired."""
        kept = Kept(
            id=f"01KHJ2V0W8Q3RZ5T7X9YABD{number:03d}",
            source="standard",
            state=KeptState.QUARANTINE if body is not None else KeptState.EXPIRED,
            reason=Unreadable.UNKNOWN_PERSON,
            text="Nobody knows who that is.",
            received_at=NOW,
            expires_at=NOW + timedelta(days=30),
            size=71,
            digest="21" * 32,
        )
        kept = replace(kept, **changed)
        self.in_quarantine[kept.id] = kept, body
        return kept

    def quarantined(self, *, after=None, limit=100):
        self._used()
        found = [one for one, _ in self.in_quarantine.values()]
        return tuple(one for one in found if one.id > (after or ""))[:limit]

    def body_of(self, kept_id):
        kept, body = self._kept(kept_id)
        if body is None:
            raise ConflictError("Its body was removed.", reason="expired")
        return KeptBody(kept.source, f"{kept.source}:{kept_id[-3:]}", body)

    def drop(self, kept_id, actor):
        self._kept(kept_id)
        self.asked.append(("drop", kept_id, actor))
        del self.in_quarantine[kept_id]

    def replayed(self, kept_id):
        self._used()
        self.in_quarantine.pop(kept_id, None)

    def _kept(self, kept_id):
        self._used()
        if kept_id not in self.in_quarantine:
            raise NoSuchDeliveryError
        return self.in_quarantine[kept_id]

    def sources(self):
        self._used()
        return self.stats

    def note_delivery(self, source, at):
        self.noted.append((source, "delivered", at))

    def note_refusal(self, source, cause, at):
        self.noted.append((source, cause, at))

    def list(self, query):
        self._used()
        self.queries.append(query)
        found = [
            case
            for case in reversed(self.cases.values())
            if query.with_scheduled or case.status is not CaseStatus.SCHEDULED
        ]
        more = found[query.limit :]
        after = more[0].id if more else None
        return Page(tuple(found[: query.limit]), after, self.damaged)

    def show(self, case_id):
        self._used()
        if case_id not in self.cases:
            raise NoSuchCaseError(case_id)
        return self.cases[case_id]

    def retry(self, case_id, *, actor):
        case = self.show(case_id)
        if case.result is not CaseResult.ATTENTION:
            raise ConflictError("Nothing is left to retry.", reason="not_attention")
        self.asked.append(("retry", case_id, actor))
        return self.put(replace(case, status=CaseStatus.OPEN, result=None))

    def approve(self, case_id, plan_hash, *, actor, person, entered_as=None):
        case = self._decided(case_id, plan_hash)
        if person in case.askers:
            raise ConflictError("You asked for it yourself.", reason="own_request")
        if any(one.reason is Reason.PROTECTED_USER for one in case.warnings):
            raise ConflictError("Nobody may approve this.", reason="cannot_approve")
        self.asked.append(("approve", case_id, plan_hash, actor, person))
        plan = case.plan and replace(case.plan, refused=(), approved_by=person)
        return self.put(replace(case, status=CaseStatus.OPEN, plan=plan))

    def refuse(self, case_id, plan_hash, *, actor, person, entered_as=None):
        case = self._decided(case_id, plan_hash)
        self.asked.append(("refuse", case_id, plan_hash, actor, person))
        return self.put(replace(case, status=CaseStatus.CANCELLED))

    def _decided(self, case_id, plan_hash):
        case = self.show(case_id)
        if case.status is not CaseStatus.WAITING:
            raise ConflictError("The case does not wait.", reason="not_waiting")
        if plan_hash != (case.plan and case.plan.hash):
            raise ConflictError("It has another plan.", reason="other_plan")
        return case

    def tick(self, case_id, number, *, actor):
        case = self.show(case_id)
        places = [
            (index, place)
            for index, one in enumerate(case.targets)
            for place, _ in enumerate(one.follow_ups)
        ]
        if not 1 <= number <= len(places):
            raise NoSuchFollowUpError(str(number))
        self.asked.append(("tick", case_id, number, actor))
        index, place = places[number - 1]
        targets, mine = list(case.targets), list(case.targets[index].follow_ups)
        mine[place] = replace(mine[place], done_at=mine[place].done_at or NOW)
        targets[index] = replace(targets[index], follow_ups=tuple(mine))
        return self.put(replace(case, targets=tuple(targets)))

    def adopt(self, asked, *, idempotency=None):
        self._used()
        if asked.adoption.account_id in self.unknown_accounts:
            raise ConflictError("There is no such account.", reason="no_such_account")
        key, digest = idempotency or (None, None)
        if key in self.by_key:
            case_id, before = self.by_key[key]
            if before != digest:
                raise ConflictError("Another body.", reason="idempotency_key")
            return Opened(self.cases[case_id], OpenedAs.REPEATED)
        self.adoptions.append(asked)
        case = Case(
            id=f"01KHJ2V0W8Q3RZ5T7X9YABC{len(self.cases):03d}",
            kind=CaseKind.ADOPTION,
            leaver=asked.leaver,
            opened_by=OpenedBy("api", None, asked.actor),
            received_at=NOW,
            effective_at=NOW,
            starts_at=NOW,
            status=CaseStatus.OPEN,
            dry_run=asked.dry_run,
            scope=asked.scope,
            adoption=asked.adoption,
        )
        if key is not None:
            self.by_key[key] = case.id, digest
        return Opened(self.put(case), OpenedAs.NEW)

    def accept_blind_spot(self, target_id, *, reason, until, actor, person=None):
        self._used()
        if target_id.partition("/")[0] in self.unknown_accounts:
            raise ConflictError("There is no such account.", reason="no_such_account")
        spot = BlindSpot(target_id, reason, actor, NOW, until)
        self.spots[target_id] = spot
        return spot

    def withdraw_blind_spot(self, target_id, *, actor):
        self._used()
        return self.spots.pop(target_id, None) is not None

    def blind_spots(self):
        self._used()
        return tuple(self.spots.values())

    def pause(self, account_id, *, paused, actor=None, request_id=None, person=None):
        self._used()
        self.paused_for.append(person)
        if account_id in self.unknown_accounts:
            raise ConflictError("There is no such account.", reason="no_such_account")
        self.paused.append((account_id, paused))
        self.paused_by.append((actor, request_id))
        return Paused(
            account_id is None and paused, (account_id,) if account_id else ()
        )

    def brake(self, *, with_scheduled=True):
        self._used()
        return self.braked if with_scheduled else self.braked.without_confidential()

    def release_brake(self, *, actor, person, entered_as=None):
        return self._decide_brake("release", actor, person)

    def refuse_brake(self, *, actor, person, entered_as=None):
        return self._decide_brake("refuse", actor, person)

    def _decide_brake(self, does, actor, person):
        self._used()
        self.asked.append((does, actor, person))
        many = len(self.braked.waiting) + self.braked.more
        self.braked = Brake(self.braked.limit, self.braked.opened_last_hour)
        return many

    def cancel(self, case_id, *, actor):
        case = self.show(case_id)
        if case.status is CaseStatus.SETTLED:
            raise ConflictError("It was written already.", reason="already_written")
        self.asked.append(("cancel", case_id, actor))
        return self.put(replace(case, status=CaseStatus.CANCELLED))

    def evidence_of(self, case_id, *, may_wait=True):
        self._used()
        self.waited.append(may_wait)
        if self.unsealed_at_all:
            raise NotSealedError
        book = Book().seal(case_id, entry("case.opened_open"))
        return Pack(tuple(one.decode() for one in book.pack(case_id)), self.unsealed)

    def evidence_register(self):
        self._used()
        if self.unsealed_at_all:
            raise NotSealedError
        yield from (one.decode() for one in a_book().register())

    def check(self):
        self._used()

    def is_restored(self):
        self._used()
        return self.old is not None

    def restored(self, *, with_scheduled=True):
        self._used()
        if self.old is None or with_scheduled:
            return self.old
        return self.old.without_confidential()

    def session_key(self):
        self._used()
        return b"k" * 32

    def ledger_of(self, case_id):
        self._used()
        return self.ledgers.get(case_id, [])

    def pauses(self):
        self._used()
        return Paused(self.old is not None, ())

    def heartbeats(self):
        self._used()
        return self.beats

    def sweep_age_seconds(self):
        self._used()
        return self.age

    def exposure(self, account_ids=()):
        self._used()
        wanted = [
            one
            for one in self.exposed.accounts
            if not account_ids or one.account_id in account_ids
        ]
        return replace(self.exposed, accounts=tuple(wanted))

    def trend(self):
        self._used()
        return self.days

    def gate(self, leaver, *, user):
        self._used()
        self.gated.append((leaver, user))
        self.while_asked()
        return self.answer or GateAnswer(user, True, (), (), NOW)

    def test_notice(self, actor, account_id=None):
        self._used()
        if account_id in self.unknown_accounts:
            raise ConflictError("It has no room.", reason="no_room")
        if not self.trial_lines:
            raise ConflictError("No report channel is set up.", reason="no_channel")
        if self.tried:
            raise TooSoonError("test-1", retry_after_seconds=7.2)
        self.tried.append(actor)
        self.tried_in.append(account_id)
        self.trials["test-1"] = trial("test-1", actor, at=NOW)
        return self.notice_state("test-1")

    def notice_state(self, notice_id):
        self._used()
        if notice_id not in self.trials:
            raise NoSuchNoticeError("There is no such notice, or not any more.")
        return state_of(self.trials[notice_id], self.trial_lines)

    def conditions(self):
        self._used()
        return self.conditions_found

    def doctor(self):
        self._used()
        self.while_asked()
        return self.checks

    def _used(self):
        if self.bug is not None:
            raise self.bug
        if self.away:
            raise StoreAwayError("The store does not answer.")
