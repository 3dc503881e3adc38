"""Dry runs without a service: the same road as with one, and no way to write."""

import threading
from dataclasses import replace

import pytest
from factories import DALLAS, DANA, FID, FRANKFURT, ROBIN, a_person
from fakes import FakeCloud, VirtualClock

from config.settings import Settings
from workers import local
from workers.local import LocalDesk
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Departure,
    Leaver,
    Outcome,
    Scope,
)

DEPARTURE = Departure("local", Leaver("dana.lee@example.com"), dry_run=True)


@pytest.fixture
def cloud():
    return FakeCloud(VirtualClock(), [], DALLAS, FRANKFURT, owners={FRANKFURT: ROBIN})


@pytest.fixture
def desk(cloud):
    return LocalDesk(Settings(protected_users=("boss@example.com",)), (cloud,))


@pytest.fixture(autouse=True)
def no_sleep(monkeypatch):
    monkeypatch.setattr(local.time, "sleep", lambda _: None)


def test_an_account_that_is_slow_holds_up_no_other(cloud, monkeypatch):
    slow = FakeCloud(VirtualClock(), [], FRANKFURT)
    others_are_done = threading.Event()
    people, standing = slow.people, cloud.standing

    def slow_people():
        assert others_are_done.wait(60)
        return people()

    def last_of_all(*args, **kwargs):
        others_are_done.set()
        return standing(*args, **kwargs)

    monkeypatch.setattr(slow, "people", slow_people)
    monkeypatch.setattr(cloud, "standing", last_of_all)

    found = LocalDesk(Settings(), (slow, cloud)).exposure()

    assert len(found.holdings) == 3


def test_a_dry_run_plans_what_is_theirs(desk):
    case = desk.run(DEPARTURE)

    assert (case.status, case.result) == (CaseStatus.SETTLED, CaseResult.PLANNED)
    assert [(one.target, one.outcome) for one in case.targets] == [
        (DALLAS, Outcome.PLANNED)
    ]
    assert case.targets[0].functional_id == FID
    assert (case.dry_run, case.warnings) == (True, ())


def test_what_fails_for_a_moment_is_looked_at_again(desk, cloud):
    cloud.faults["people"].extend([TransientError("timeout")] * 2)

    case = desk.run(DEPARTURE)

    assert [one.outcome for one in case.targets] == [Outcome.PLANNED]
    assert case.warnings == ()


def test_what_fails_for_good_is_said(desk, cloud):
    denied = PermanentError("403", reason=Reason.NO_ROLE)
    cloud.faults["cluster_keys"].extend([denied] * 9)

    case = desk.run(DEPARTURE)

    assert [one.reason for one in case.warnings] == [Reason.LIST_UNREADABLE]


def test_a_protected_person_would_be_held(desk, cloud):
    cloud.users = [a_person(DANA, user_id="boss@example.com"), a_person(FID)]

    case = desk.run(DEPARTURE)

    assert [one.reason for one in case.plan.refused] == [Reason.PROTECTED_USER]
    assert case.targets == ()


def test_a_part_is_a_part(desk):
    scope = Scope(regions=("eu-de",))

    case = desk.run(replace(DEPARTURE, scope=scope))

    assert case.targets == ()
    assert [one.reason for one in case.warnings] == [Reason.SCOPE_LIMITED]


def test_exposure_is_read_now(desk, cloud):
    shown = desk.exposure()

    assert [one.owner.id for one in shown.people] == [DANA.id, ROBIN.id]
    assert shown.checked_at is not None


def test_two_runs_share_nothing(desk):
    first, second = desk.run(DEPARTURE), desk.run(DEPARTURE)

    assert first.plan.hash == second.plan.hash
    assert len(second.targets) == 1
