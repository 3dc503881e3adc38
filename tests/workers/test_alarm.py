"""The alarm: what a process wrote comes back at its time; the sweep has the rest."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.workers.store.store_scenes import Room, a_case_target
from workers.alarm import Alarm
from workers.offboarding.model import Step, Work
from workers.offboarding.ports import Change
from workers.store.connection import PREFIX
from workers.store.work import member_of


@pytest.fixture
def planned_work(client):
    """A claimed verify on the real server: the works, the claim, its place in due."""
    room = Room(client)
    room.planned(a_case_target())
    claim = room.intend()
    verify = Work("01A", Step.VERIFY, claim.work.item)
    room.works.finish(claim, Change(after=(verify,)))
    return room.works, room.works.begin(verify).claim, member_of(verify)


VERIFY = Work("01A", Step.VERIFY, "t")
SOON = timedelta(milliseconds=150)


class Sent:
    """Remembers what was sent, when, and how much of it at once."""

    def __init__(self, many):
        self.calls, self._left, self.over = [], many, threading.Event()

    def __call__(self, *works):
        self.calls.append((datetime.now(UTC), works))
        self._left -= len(works)
        if self._left <= 0:
            self.over.set()


def test_work_is_sent_when_its_time_has_come_and_not_before():
    sent = Sent(1)
    at = datetime.now(UTC) + SOON

    Alarm(sent).set(VERIFY, at)

    assert sent.over.wait(60)
    [(sent_at, works)] = sent.calls
    assert works == (VERIFY,)
    assert sent_at >= at


def test_what_is_set_later_and_due_sooner_is_sent_sooner():
    sent = Sent(1)
    alarm, now = Alarm(sent), datetime.now(UTC)
    sooner = Work("01B", Step.VERIFY, "t")

    alarm.set(VERIFY, now + timedelta(hours=1))
    # Its thread waits for the first by now.
    time.sleep(0.05)
    alarm.set(sooner, now + SOON)

    assert sent.over.wait(60)
    assert [works for _, works in sent.calls] == [(sooner,)]


def test_what_comes_together_is_sent_together():
    sent = Sent(50)
    alarm, at = Alarm(sent), datetime.now(UTC) + SOON

    # Its thread does not look before the last of them is set.
    with alarm._changed:
        for number in range(50):
            alarm.set(Work("01A", Step.VERIFY, str(number)), at)

    assert sent.over.wait(60)
    assert len(sent.calls) < 10


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_in_sending_ends_no_other_work(until):
    sent = Sent(1)
    fails = iter([True, False])

    def send(*works):
        if next(fails):
            raise ZeroDivisionError("bug")
        sent(*works)

    alarm = Alarm(send)
    alarm.set(VERIFY, datetime.now(UTC))
    until(lambda: not alarm._thread.is_alive())

    alarm.set(VERIFY, datetime.now(UTC))

    assert sent.over.wait(60)


def test_it_brings_back_what_comes_soon_and_nothing_that_is_late_already():
    alarm, now = Alarm(print), datetime.now(UTC)

    assert alarm.covers(now + timedelta(seconds=30))
    assert not alarm.covers(now - timedelta(seconds=1))
    assert not alarm.covers(now + timedelta(minutes=5))


def test_the_sweep_leaves_to_a_process_what_it_brings_back_and_takes_what_it_does_not(
    planned_work, client
):
    works, claim, member = planned_work
    sent = Sent(1)
    works.alarm = Alarm(sent)
    at = datetime.now(UTC) + timedelta(seconds=2)

    works.again(claim, Change(), at)

    assert sent.over.wait(60)
    # In time to be claimed, and not handed out twice.
    assert works.begin(claim.work) is not None
    due = client.zscore(f"{PREFIX}due", member)
    assert due / 1000 > time.time() + 1


def test_what_no_process_brings_back_is_due_at_its_time(planned_work, client):
    works, claim, member = planned_work
    at = datetime.now(UTC) + timedelta(seconds=30)

    works.again(claim, Change(), at)

    assert client.zscore(f"{PREFIX}due", member) == int(at.timestamp() * 1000)


def test_what_a_process_was_to_bring_back_when_it_died_is_swept_soon_after(
    planned_work, client
):
    works, claim, member = planned_work
    works.alarm = Alarm(lambda *_: None)
    at = datetime.now(UTC) + timedelta(seconds=30)

    works.again(claim, Change(), at)

    due = client.zscore(f"{PREFIX}due", member) / 1000
    assert 0 < due - at.timestamp() <= 3.01
