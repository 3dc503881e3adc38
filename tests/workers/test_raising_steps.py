"""A fault in a step that nobody foresaw: it is raised, counted, and comes to an end."""

from dataclasses import replace
from types import SimpleNamespace

import fakeredis
import pytest
from factories import DALLAS, FID, a_case, a_departure
from fakes import a_world

from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Entry,
    Outcome,
    Step,
    Work,
)
from workers.offboarding.rules import GuardedWorks
from workers.store.cases import Cases
from workers.store.work import Works
from workers.tasks import perform

PLAN = Work("01CASE", Step.PLAN)
VERIFY = Work("01CASE", Step.VERIFY, DALLAS.id)
REPORT = Work("01CASE", Step.REPORT)


class Bug(Exception):
    """What no code expects."""


def raising(*_, **__):
    raise Bug


class Room:
    """One worker on the real scripts, whose leases run out with each task."""

    def __init__(self, client):
        self.client, self.world = client, a_world(DALLAS)
        self.cases, works = Cases(client), Works(client)
        tools = replace(self.world.tools, cases=self.cases, works=GuardedWorks(works))
        self.office = SimpleNamespace(works=works, armed=tools, dry=tools)
        entry = Entry(self.world.clock(), "case.opened_open")
        # Its day has come long ago by the store's clock too.
        self.cases.open(a_case(), a_departure(), (entry, entry))

    def perform(self, work):
        """Do a piece of work, or have its task fail; the lease is over either way."""
        self.client.hdel(f"offboard:work:{'|'.join(_parts(work))}", "not_before")
        try:
            perform(self.office, work)
        except Bug:
            return False
        finally:
            lease = f"offboard:lease:{_lease(work)}"
            self.client.hset(lease, "until", 1)
        return True

    def until_it_ends(self, work, tries=20):
        for number in range(1, tries):
            if self.perform(work):
                return number
        raise AssertionError("It is tried for ever.")

    @property
    def case(self):
        return self.cases.load("01CASE")

    def whats(self):
        return [one.what for one in self.cases.ledger("01CASE")]


def _parts(work):
    return work.case_id, str(work.step), work.item


def _lease(work):
    is_shared = work.step in (Step.RESET, Step.VERIFY)
    return f"target:{work.item}" if is_shared else f"work:{'|'.join(_parts(work))}"


@pytest.fixture
def room():
    with fakeredis.FakeRedis(decode_responses=True) as client:
        yield Room(client)


def test_a_plan_that_raises_each_time_is_given_up_and_seen_by_nobody(room):
    room.office.armed.looks.at = raising

    tries = room.until_it_ends(PLAN)

    assert tries == 6
    room.perform(REPORT)
    assert (room.case.status, room.case.result) == (
        CaseStatus.SETTLED,
        CaseResult.ATTENTION,
    )
    assert Reason.LIST_UNREADABLE in [one.reason for one in room.case.warnings]


def test_a_plan_that_cannot_even_be_given_up_waits_for_a_person(room):
    room.office.armed.looks.at = raising
    room.office.armed.works.finish = _only_held(room.office.armed.works.finish)

    tries = room.until_it_ends(PLAN)

    assert tries == 9
    assert room.case.status is CaseStatus.WAITING
    assert [one.reason for one in room.case.plan.refused] == [Reason.STUCK]
    assert [str(one.kind) for one in room.case.reports] == ["held", "held"]
    assert room.whats()[-1] == "case.stuck"


def test_a_report_that_raises_each_time_waits_for_a_person(room):
    room.perform(PLAN)
    room.perform(Work("01CASE", Step.RESET, DALLAS.id))
    room.perform(VERIFY)
    finish = room.office.armed.works.finish
    room.office.armed.works.finish = _only_held(finish)

    tries = room.until_it_ends(REPORT)

    assert room.case.targets[0].outcome is Outcome.VERIFIED
    assert room.case.targets[0].owner_after == FID
    assert tries == 6
    assert room.case.status is CaseStatus.WAITING
    assert [one.reason for one in room.case.plan.refused] == [Reason.STUCK]


def _only_held(finish):
    def finish_if_held(claim, change):
        if change.entries[-1].what != "case.stuck":
            raise Bug
        return finish(claim, change)

    return finish_if_held
