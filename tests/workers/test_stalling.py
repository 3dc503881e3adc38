"""The stuck watch: what stands still is told once, and nothing else is."""

from dataclasses import replace
from datetime import timedelta

import fakeredis
import pytest
from factories import NOON, a_case, a_departure
from store.store_scenes import due_notices
from structlog.testing import capture_logs

from workers.offboarding.model import CaseStatus, Channel, Entry, Leaver
from workers.offboarding.notice import NoticeKind
from workers.stalling import StuckWatch
from workers.store.cases import Cases
from workers.store.notices import Notices
from workers.store.progress import Progress

HOUR = timedelta(hours=1)


class Room:
    def __init__(self, client):
        self.now, self.client = NOON, client
        self.cases, self.notices = Cases(client), Notices(client)
        self.watch = StuckWatch(
            self.cases,
            Progress(client),
            self.notices,
            (Channel.SLACK,),
            patience=HOUR,
            clock=lambda: self.now,
        )

    def open(self, case_id="01CASE", **changes):
        case = replace(a_case(), id=case_id, **changes)
        entry = Entry(self.now, "case.opened_open")
        departure = a_departure(event_key=None)
        return self.cases.open(case, departure, (entry, entry)).case_id

    def look(self, **passed):
        self.now += timedelta(**passed)
        self.watch.look()
        return due_notices(self.client, self.notices)


@pytest.fixture
def room():
    with fakeredis.FakeRedis(decode_responses=True) as client:
        yield Room(client)


def test_an_open_case_for_which_nothing_is_done_is_told_once(room):
    room.open()

    told = [len(room.look(minutes=59)), len(room.look(minutes=2)), len(room.look())]
    [notice] = room.look(hours=20)

    assert told == [0, 1, 1]
    assert notice.kind is NoticeKind.STUCK
    assert notice.about == ("case 01CASE",)
    assert "case.opened_open" in notice.items[1].line[0]
    assert notice.items[1].command == "offboard case show 01CASE --watch"


def test_it_is_a_fault_in_the_log_with_the_case(room):
    room.open()

    with capture_logs() as lines:
        room.look(hours=2)

    assert [(one["event"], one["case_id"]) for one in lines] == [
        ("case.stands_still", "01CASE")
    ]
    assert lines[0]["log_level"] == "error"


def test_a_case_that_goes_on_is_not_told(room):
    room.open()
    line = '{"at":"2026-11-23T13:30:00Z","what":"target.verified"}'
    room.client.rpush("offboard:case:01CASE:ledger", line)

    assert room.look(hours=2) == []
    assert len(room.look(hours=1)) == 1


@pytest.mark.parametrize(
    "status", [CaseStatus.WAITING, CaseStatus.SETTLED, CaseStatus.CANCELLED]
)
def test_what_waits_for_a_person_or_is_over_is_not_told(room, status):
    room.open(status=status)

    assert room.look(hours=48) == []


def test_a_scheduled_case_is_told_only_once_its_hour_has_passed(room):
    room.open(status=CaseStatus.SCHEDULED, starts_at=NOON + 24 * HOUR)

    assert room.look(hours=24) == []
    assert len(room.look(hours=2)) == 1


def test_nobody_is_named(room):
    room.open(status=CaseStatus.SCHEDULED, starts_at=NOON + HOUR)

    [notice] = room.look(hours=3)

    assert "dana" not in repr(notice).lower()


def test_a_case_that_stands_still_again_is_told_again(room):
    room.open()
    room.look(hours=2)
    line = '{"at":"2026-11-23T14:00:00Z","what":"case.planned"}'
    room.client.rpush("offboard:case:01CASE:ledger", line)

    assert len(room.look(hours=3)) == 2


def test_many_cases_are_one_notice_and_all_are_looked_at(room):
    for number in range(220):
        leaver = Leaver(f"dana.{number}@example.com")
        room.open(f"{number:05}", leaver=leaver)

    told = [len(room.look(hours=2)), len(room.look(hours=1)), len(room.look(hours=1))]
    counts = sorted(one.headline[0].split(" in a")[0] for one in room.look())

    assert told == [1, 2, 2]
    assert counts == [
        "nothing was done for 20 cases",
        "nothing was done for 200 cases",
    ]
    assert len(room.look(hours=5)) == 2
    assert len(stuck_now(room)) == 220


def test_a_worker_that_just_began_works_off_what_is_due_first(room):
    room.open()
    room.now += 5 * HOUR
    watch = StuckWatch(
        room.cases,
        Progress(room.client),
        room.notices,
        (Channel.SLACK,),
        patience=HOUR,
        clock=lambda: room.now,
    )

    watch.look()

    assert room.client.zrange("offboard:notices:due", 0, -1) == []


def test_a_worker_that_dies_between_telling_and_writing_so_tells_once(room):
    room.open()
    room.look(hours=2)
    room.client.delete("offboard:stuck:told")

    assert len(room.look(hours=1)) == 1


def stuck_now(room):
    return room.client.zrange("offboard:stuck", 0, -1)


def test_who_stands_still_is_counted_until_it_goes_on(room):
    room.open()
    room.look(hours=2)
    assert stuck_now(room) == ["01CASE"]
    line = '{"at":"2026-11-23T14:00:00Z","what":"case.planned"}'
    room.client.rpush("offboard:case:01CASE:ledger", line)

    room.look(minutes=30)

    assert stuck_now(room) == []


def test_who_is_over_or_gone_stands_still_no_more(room):
    room.open()
    room.open("01OVER", leaver=Leaver("kim.roe@example.com"))
    room.look(hours=2)
    assert stuck_now(room) == ["01CASE", "01OVER"]
    room.client.hset("offboard:case:01OVER", "status", "settled")
    room.client.zrem("offboard:index:status:open", "01OVER", "01CASE")
    room.client.delete("offboard:case:01CASE")

    room.look(hours=1)

    assert stuck_now(room) == []
