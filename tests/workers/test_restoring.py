"""Telling of a restored store: once, with what is due, and not who leaves later."""

from dataclasses import replace
from datetime import timedelta

import fakeredis
import pytest
from factories import a_case, a_departure
from structlog.testing import capture_logs

from workers.desk.restoring import Restoring
from workers.offboarding.model import CaseStatus, Channel, Entry, Leaver
from workers.offboarding.notice import NoticeKind, report_of_notice
from workers.restoring import RestoreWatch
from workers.store.cases import Cases
from workers.store.notices import Notices
from workers.store.restored import Restorations
from workers.store.work import Works

HOUR = timedelta(hours=1)


class Room:
    def __init__(self, client):
        self.client = client
        self.cases, self.notices = Cases(client), Notices(client)
        self.restoring = Restoring(self.cases, Restorations(client))
        self.watch = self.a_watch()

    def a_watch(self, channels=(Channel.SLACK,), notices=None):
        return RestoreWatch(self.restoring, notices or self.notices, channels)

    def restore(self):
        self.client.set("offboard:copied", "1771236131000")
        Works(self.client).see_whether_old()
        return self.restoring.found().at

    def open(self, name, *, starts_in=None, status=CaseStatus.OPEN, at=None):
        leaver = Leaver(email=f"{name}@example.com")
        case = a_case(id=f"01{name}", leaver=leaver)
        if starts_in is not None:
            starts_at = at + starts_in
            case = replace(
                case,
                status=status,
                received_at=at - 48 * HOUR,
                starts_at=starts_at,
                effective_at=starts_at,
            )
        told = a_departure(leaver=leaver, event_key=f"standard:{name}")
        self.cases.open(case, told, (Entry(case.received_at, "x"),) * 2)

    def told(self):
        due = self.client.zrange("offboard:notices:due", 0, -1)
        return [self.notices.load(one.partition("|")[0]) for one in due]


@pytest.fixture
def room():
    with fakeredis.FakeRedis(decode_responses=True) as client:
        yield Room(client)


def words_of(notice):
    return str(report_of_notice(notice))


def test_a_sound_store_is_not_told_of(room):
    room.watch.look()

    assert (room.told(), room.watch.is_on()) == ([], False)


def test_it_is_told_once_with_what_is_due(room):
    room.open("dana")
    room.restore()

    with capture_logs() as logs:
        room.watch.look()
        room.watch.look()

    (notice,) = room.told()
    assert notice.kind is NoticeKind.RESTORED
    words = words_of(notice)
    assert "dana@example.com" in words
    assert "offboard case cancel 01dana" in words
    assert "offboard resume" in words
    assert "1 case awaits a person's word" in words
    assert [one["event"] for one in logs] == ["notice.made"]


def test_who_leaves_later_is_counted_and_not_named(room):
    at = room.restore()
    scheduled = CaseStatus.SCHEDULED
    room.open("soon", starts_in=5 * HOUR, status=scheduled, at=at)
    room.open("later", starts_in=50 * HOUR, status=scheduled, at=at)
    room.open("begins", starts_in=-HOUR, status=scheduled, at=at)

    room.watch.look()

    (notice,) = room.told()
    words = words_of(notice)
    assert "2 cases await a person's word" in words
    assert ("begins@example.com" in words, "soon" in words) == (True, False)
    assert "And 1 case not listed" in words


def test_an_operator_sees_who_leaves_soon(room):
    at = room.restore()
    room.open("soon", starts_in=5 * HOUR, status=CaseStatus.SCHEDULED, at=at)

    seen = room.restoring.restored()
    hidden = room.restoring.restored(with_scheduled=False)

    assert [one.id for one in seen.due] == ["01soon"]
    assert (hidden.due, hidden.more) == ((), 1)


def test_who_dies_before_it_is_written_down_tells_it_once_more_under_one_name(room):
    class Dies(Notices):
        def add(self, notice, channels):
            super().add(notice, channels)
            raise SystemExit

    room.restore()
    with pytest.raises(SystemExit):
        room.a_watch(notices=Dies(room.client)).look()

    room.watch.look()

    assert len(room.told()) == 1
    assert room.restoring.found().is_told


def test_without_a_channel_it_is_told_once_there_is_one(room):
    room.restore()
    room.a_watch(channels=()).look()

    room.watch.look()

    assert len(room.told()) == 1


def test_a_second_restore_is_told_by_itself(room):
    room.restore()
    room.watch.look()
    room.client.hset("offboard:restored", "found", 1)
    room.restore()

    room.watch.look()

    assert len(room.told()) == 1
    assert room.restoring.restored().held_back == 1


def test_of_many_the_first_are_named_and_all_are_counted(room):
    for number in range(12):
        room.open(f"p{number:02}")
    room.restore()

    room.watch.look()

    (notice,) = room.told()
    assert "12 cases await" in words_of(notice)
    assert "And 2 cases not listed" in words_of(notice)
