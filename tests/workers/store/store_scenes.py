"""Cases, targets and departures for the tests of the store, and roads to a state."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from unittest import mock

import redis

from workers.offboarding.model import (
    Case,
    CaseStatus,
    CaseTarget,
    Departure,
    Entry,
    KeyOwner,
    Leaver,
    Note,
    OpenedBy,
    Outcome,
    Plan,
    ResourceGroup,
    Step,
    Target,
    Work,
)
from workers.offboarding.ports import Change
from workers.store.cases import Cases
from workers.store.switches import Switches
from workers.store.work import Works

NOW = datetime.now(UTC).replace(microsecond=0)
ACCOUNT = "acc1"
DANA = Leaver(email="dana.lee@example.com")
DANA_BY_ID = Leaver(iam_id="IBMid-1")
DANA_KNOWN = Leaver(email="dana.lee@example.com", iam_id="IBMid-1")
KIM = Leaver(email="kim.roe@example.com")


def a_case(case_id="01A", **changed):
    case = Case(
        id=case_id,
        leaver=DANA,
        opened_by=OpenedBy("standard", f"standard:{case_id}"),
        received_at=NOW,
        effective_at=NOW,
        starts_at=NOW,
        status=CaseStatus.OPEN,
        dry_run=False,
    )
    return replace(case, **changed)


def an_entry(what="test.done"):
    return Entry(at=NOW, what=what)


def a_target(name="us-south", account=ACCOUNT):
    return Target(account, name, ResourceGroup("rg1", "payments"))


def a_case_target(name="us-south", account=ACCOUNT, **changed):
    return replace(
        CaseTarget(a_target(name, account), owner_before=KeyOwner("IBMid-1")), **changed
    )


def settled(name="us-south", **changed):
    return a_case_target(name, outcome=Outcome.VERIFIED, settled_at=NOW, **changed)


def a_plan(*reasons):
    return Plan("sha256:1", NOW, tuple(Note(one, str(one)) for one in reasons))


@contextmanager
def waits_counted():
    """Note how long each answer of a server behind a socket may take, as it begins.

    Only of those that the test itself waits for; threads of the process wait as well.
    """
    read, waits = redis.UnixDomainSocketConnection.read_response, []
    mine = threading.get_ident()

    def counted(connection, *args, **kwargs):
        if threading.get_ident() == mine:
            waits.append(connection.socket_timeout)
        return read(connection, *args, **kwargs)

    with mock.patch.object(redis.UnixDomainSocketConnection, "read_response", counted):
        yield waits


@dataclass
class Room:
    """The subjects of the store over one client, as the tests use them."""

    client: object
    lease_seconds: float = 60.0

    def __post_init__(self):
        self.cases = Cases(self.client)
        self.works = Works(self.client, lease_seconds=self.lease_seconds)
        self.switches = Switches(self.client)

    def with_leases_of(self, seconds):
        return Room(self.client, seconds)

    def open(self, case=None, *, idempotency=None, along=None, **departure):
        case = case or a_case()
        told = Departure(
            source=case.opened_by.source,
            leaver=case.leaver,
            event_key=case.opened_by.event_key,
            **departure,
        )
        entries = (an_entry("case.opened"), an_entry("departure.joined"))
        return self.cases.open(
            case, told, entries, idempotency=idempotency, along=along
        )

    def work(self, step, item="", case_id="01A"):
        return Work(case_id, step, item)

    def claim(self, step, item="", case_id="01A", *, shared=False):
        return self.works.claim(Work(case_id, step, item), shared=shared)

    def planned(self, *targets, case=None, **changed):
        """Open a case and plan it: its targets are under way. Returns it as stored."""
        case = case or a_case()
        assert self.open(case).verdict == "new"
        return self.plan(case.id, *targets, **changed)

    def plan(self, case_id, *targets, **changed):
        claim = self.claim(Step.PLAN, case_id=case_id)
        read = self.cases.load(case_id)
        case = replace(read, **{"plan": a_plan(), **changed})
        after = tuple(
            Work(case_id, Step.RESET, one.target.id)
            for one in targets
            if one.outcome is None
        )
        change = Change(
            case=case, targets=targets, after=after, folded=len(read.departures)
        )
        self.works.finish(claim, change)
        return self.cases.load(case_id)

    def intend(self, name="us-south", case_id="01A", account=ACCOUNT):
        """Claim the reset of a target and record "about to reset"; return the claim."""
        target = a_case_target(name, account, intent_at=NOW, resets=1)
        claim = self.claim(Step.RESET, target.target.id, case_id, shared=True)
        self.works.record(
            claim,
            Change(targets=(target,), entries=(an_entry("intended"),), wrote=True),
        )
        return claim

    def report(self, case_id="01A", **changed):
        """Settle a case whose report is due."""
        claim = self.claim(Step.REPORT, case_id=case_id)
        case = replace(
            self.cases.load(case_id),
            status=CaseStatus.SETTLED,
            settled_at=NOW,
            **changed,
        )
        self.works.finish(claim, Change(case=case))
        return self.cases.load(case_id)

    def cancel(self, case_id="01A", case=None):
        case = case or self.cases.load(case_id)
        return self.cases.turn(
            replace(case, status=CaseStatus.CANCELLED, settled_at=NOW),
            an_entry("case.cancelled"),
            expected=(CaseStatus.SCHEDULED, CaseStatus.OPEN, CaseStatus.WAITING),
            takes=False,
        )

    def retry(self, case_id="01A", case=None, **how):
        case = case or self.cases.load(case_id)
        return self.cases.turn(
            replace(case, status=CaseStatus.OPEN, result=None, settled_at=None),
            an_entry("case.retried"),
            expected=(CaseStatus.SETTLED,),
            takes=True,
            **how,
        )

    def due(self):
        return sorted(self.client.zrange("offboard:due", 0, -1))

    def make_due(self, *members):
        """Let the time come that work waits for."""
        for member in members or self.due():
            self.client.zadd("offboard:due", {member: 1})

    def ledger(self, case_id="01A"):
        return [entry.what for entry in self.cases.ledger(case_id)]


class AnswersGetLost:
    """A client whose server does what it is asked, and whose answer is lost once.

    As redis-py does after a broken connection, the same call is then made again.
    """

    def __init__(self, client):
        self._client = client

    def register_script(self, text):
        script = self._client.register_script(text)

        def twice(**given):
            script(**given)
            return script(**given)

        return twice

    def __getattr__(self, name):
        return getattr(self._client, name)


HOUR = timedelta(hours=1)


def due_notices(client, notices):
    """Load every notice that is still to be told, once for each channel."""
    members = client.zrange("offboard:notices:due", 0, -1)
    return [notices.load(one.partition("|")[0]) for one in members]
