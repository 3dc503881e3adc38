"""The tasks: which tools, under which lease, and what becomes of a fault."""

import threading
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
import structlog
from factories import DALLAS, NOON, a_case
from fakes import a_world
from structlog.testing import capture_logs

from workers import tasks
from workers.offboarding.errors import (
    CaseCancelledError,
    CaseChangedError,
    LeaseLostError,
    Reason,
    StoreAwayError,
)
from workers.offboarding.model import CaseStatus, Entry, Note, Step, Work
from workers.offboarding.ports import Change
from workers.tasks import perform
from workers.wiring import LoggedWorks

DAY = timedelta(days=1)

PLAN = Work("01CASE", Step.PLAN)
RESET = Work("01CASE", Step.RESET, DALLAS.id)


@dataclass
class Office:
    works: object
    switches: object
    armed: object
    dry: object


@pytest.fixture
def world():
    return a_world(DALLAS)


@pytest.fixture
def office(world):
    dry = a_world(DALLAS, armed=False).tools
    dry = replace(dry, cases=world.store, clock=world.clock)
    return Office(world.store, world.store, world.tools, dry)


@pytest.fixture
def done(monkeypatch):
    """Record what would be done, and do nothing; ``done.fault`` is raised instead."""
    seen = SimpleNamespace(calls=[], fault=None, meanwhile=lambda: None)

    def do(tools, claim):
        seen.calls.append((tools, claim))
        seen.context = dict(structlog.contextvars.get_contextvars())
        seen.meanwhile()
        if seen.fault:
            raise seen.fault
        return (RESET,)

    monkeypatch.setattr(tasks, "do", do)
    return seen


@pytest.fixture(autouse=True)
def _no_context():
    structlog.contextvars.clear_contextvars()
    yield
    structlog.contextvars.clear_contextvars()


def test_an_armed_case_gets_the_tools_that_can_write(world, office, done):
    world.open()

    assert perform(office, PLAN) == (RESET,)
    assert done.calls[0][0] is office.armed


def test_a_dry_run_gets_the_tools_that_cannot_write(world, office, done):
    world.open(a_case(dry_run=True))

    perform(office, PLAN)

    tools, _ = done.calls[0]
    assert tools is office.dry
    assert [one.resets for one in tools.accounts.values()] == [None]


def test_the_plan_of_a_case_put_off_unarmed_sees_whether_it_is_armed_now(
    world, office, done
):
    note = Note(Reason.NOT_ARMED, "Not armed.")
    put_off = a_case(dry_run=True, effective_at=NOON + DAY, warnings=(note,))
    world.open(replace(put_off, received_at=NOON - DAY, starts_at=NOON))

    perform(office, PLAN)

    assert done.calls[0][0] is office.armed


def test_what_is_written_is_logged_as_the_ledger_has_it():
    works = RecordingWorks()
    change = Change(entries=(Entry(NOON, "target.verified", detail="a -> b"),))

    with capture_logs() as lines:
        LoggedWorks(works).finish(None, change)

    assert works.changes == [change]
    assert lines == [
        {
            "event": "target.verified",
            "log_level": "info",
            "reason": None,
            "detail": "a -> b",
            "ibm_request_id": None,
        }
    ]


def test_what_is_not_written_is_not_logged():
    works = RecordingWorks(LeaseLostError("gone"))

    with (
        capture_logs() as lines,
        pytest.raises(LeaseLostError),
    ):
        LoggedWorks(works).record(None, Change(entries=(Entry(NOON, "x.y"),)))

    assert lines == []


class RecordingWorks:
    def __init__(self, fault=None):
        self.changes, self.fault = [], fault

    def record(self, _claim, change):
        if self.fault:
            raise self.fault
        self.changes.append(change)

    def finish(self, claim, change):
        self.record(claim, change)
        return ()


@pytest.mark.parametrize(
    ("dry_run", "step", "is_the_targets"),
    [
        (False, Step.RESET, True),
        (False, Step.VERIFY, True),
        (True, Step.RESET, False),
        (False, Step.DELIVER, False),
    ],
)
def test_armed_cases_share_the_lease_of_a_target(
    world, office, done, dry_run, step, is_the_targets
):
    world.open(a_case(dry_run=dry_run))
    work = Work("01CASE", step, DALLAS.id)
    world.store.due[work] = world.clock()

    perform(office, work)

    _, claim = done.calls[0]
    assert (claim.lease == f"target:{DALLAS.id}") is is_the_targets


def test_work_that_is_not_there_or_in_other_hands_is_not_done(world, office, done):
    world.open()
    world.store.claim(PLAN)

    assert perform(office, PLAN) == ()
    assert perform(office, RESET) == ()
    assert done.calls == []


def test_work_of_a_case_that_is_gone_is_not_done(office, done):
    with capture_logs() as logs:
        assert perform(office, PLAN) == ()

    assert [one["event"] for one in logs] == ["work.without_case"]
    assert done.calls == []


def test_a_case_that_changed_meanwhile_is_put_back_and_begun_anew(world, office, done):
    world.open()
    done.fault = CaseChangedError("changed")

    assert perform(office, PLAN) == (PLAN,)
    assert world.store.due[PLAN] == world.clock()
    assert world.store.claim(PLAN).claims == 1


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (LeaseLostError("lost"), "LeaseLostError"),
        (CaseCancelledError("cancelled"), "CaseCancelledError"),
        (StoreAwayError("away"), "StoreAwayError"),
    ],
)
def test_work_that_could_not_be_written_is_left_to_the_sweep(
    world, office, done, fault, name
):
    world.open()
    done.fault = fault

    with capture_logs() as logs:
        assert perform(office, PLAN) == ()

    assert [(one["event"], one["fault"]) for one in logs] == [("work.left", name)]
    assert PLAN in world.store.due


def test_a_store_that_is_away_at_the_claim_raises_nothing(world, office, done):
    def away(work):
        raise StoreAwayError("away")

    world.open()
    world.store.begin = away

    assert perform(office, PLAN) == ()
    assert done.calls == []


def test_a_bug_is_not_caught_and_the_work_stays_due(world, office, done):
    world.open()
    done.fault = ZeroDivisionError("bug")

    with pytest.raises(ZeroDivisionError):
        perform(office, PLAN)

    assert PLAN in world.store.due


def test_the_lease_is_renewed_while_the_step_runs_and_not_after(world, office, done):
    renewed, enough = [], threading.Event()

    def renew(claim):
        renewed.append(claim)
        if len(renewed) == 3:
            enough.set()
        return True

    world.open()
    world.store.lease_seconds = 0.03
    world.store.renew = renew
    done.meanwhile = lambda: enough.wait(60)

    perform(office, PLAN)
    count = len(renewed)
    time.sleep(0.1)

    assert count >= 3
    assert renewed[0] is done.calls[0][1]
    assert len(renewed) == count


def test_a_lease_that_is_lost_is_not_renewed_again(world, office, done):
    asked, first = [], threading.Event()

    def renew(claim):
        asked.append(claim)
        first.set()
        return False

    world.open()
    world.store.lease_seconds = 0.03
    world.store.renew = renew
    # Long enough after the first for many more.
    done.meanwhile = lambda: (first.wait(60), time.sleep(0.2))

    perform(office, PLAN)

    assert len(asked) == 1


def test_a_store_that_is_away_for_a_moment_does_not_end_the_renewing(
    world, office, done
):
    asked, enough = [], threading.Event()

    def renew(claim):
        asked.append(claim)
        if len(asked) == 1:
            raise StoreAwayError("away")
        enough.set()
        return True

    world.open()
    world.store.lease_seconds = 0.03
    world.store.renew = renew
    done.meanwhile = lambda: enough.wait(60)

    perform(office, PLAN)

    assert len(asked) >= 2


def test_the_step_is_done_in_the_context_of_its_case(world, office, done):
    world.open()

    perform(office, PLAN)

    assert done.context == {
        "case_id": "01CASE",
        "step": Step.PLAN,
        "item": None,
        "request_id": "req-1",
        "source": "standard",
    }


def test_what_follows_is_done_by_the_same_tasks_to_the_end(world, office):
    world.open()
    queue = [PLAN]

    while queue:
        queue += perform(office, queue.pop(0))

    assert world.case().result == "safe"


def test_a_settled_armed_case_is_looked_after_with_the_means_to_write(world, office):
    target = DALLAS.clusters[0]
    office.armed = replace(office.armed, refreshes_masters=True)
    world.open()
    queue = [PLAN]

    while queue:
        queue += perform(office, queue.pop(0))
    care = Work("01CASE", Step.AFTERCARE)

    # The report sent it on its way: the master is refreshed, and it comes back later.
    assert [each for each, _ in world.resets.refreshed] == [target.id]
    assert care in world.store.due
    world.clock.advance(2 * 3600)
    assert perform(office, care) == ()
    assert care not in world.store.due


def test_a_cancelled_case_is_looked_after_no_more(world, office):
    world.open()
    world.run(until=lambda: world.case().status == "settled")
    mine = world.store.stored["01CASE"]
    mine.head = replace(mine.head, status=CaseStatus.CANCELLED)
    asked = len(world.journal)

    assert perform(office, Work("01CASE", Step.AFTERCARE)) == ()
    assert world.journal[asked:] == []


def test_the_sweep_hears_what_scim_requests_left_unheard(world):
    heard_at = []

    office = SimpleNamespace(
        works=SimpleNamespace(sweep=lambda: ()),
        notices=SimpleNamespace(due=lambda limit: ()),
        dry=SimpleNamespace(clock=world.clock),
        scim=SimpleNamespace(hear_left_over=heard_at.append),
        deliveries=SimpleNamespace(due=lambda limit: ()),
        late=SimpleNamespace(due=lambda limit: ()),
    )

    sender = SimpleNamespace(send_again=lambda *works: None, tell=lambda *lines: None)
    tasks._sweep(lambda: office, sender)()

    assert heard_at == [world.clock()]
