"""Telling of the brake: once when the rush is over, then reminded until decided."""

from dataclasses import replace
from datetime import timedelta
from unittest import mock

import fakeredis
import pytest
from factories import a_case, a_departure
from structlog.testing import capture_logs

from workers.braking import BrakeWatch
from workers.desk.brake import Braking
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.exposure import AccountIndex, Holding, ReadingKind
from workers.offboarding.model import (
    Channel,
    Entry,
    KeyOwner,
    Leaver,
    OwnerKind,
    ResourceGroup,
    Target,
)
from workers.offboarding.notice import NoticeKind
from workers.store.brake import Brakes
from workers.store.cases import Cases
from workers.store.notices import Notices
from workers.store.owners import Owners

SECOND, MINUTE, HOUR = (
    timedelta(**{one: 1}) for one in ("seconds", "minutes", "hours")
)

START = 1_800_000_000.0


class Room:
    """The brake with one case too many allowed, and time that passes when told to.

    The store goes by its server's time, so what it tells is moved on from there.
    """

    def __init__(self, client):
        self.client = client
        self.cases, self.owners = Cases(client), Owners(client)
        self.passed = timedelta()
        self.notices = Notices(client)
        room = self

        class Later(Brakes):
            def stand(self):
                found = super().stand()
                return replace(found, now=found.now + room.passed)

        self.brakes = Later(client)
        self.braking = Braking(
            self.brakes,
            self.owners,
            limit=1,
            same_people=(),
            clock=lambda: self.brakes.stand().now,
        )
        self.watch = self.a_watch()
        self.arrivals = 0

    def a_watch(self, channels=(Channel.SLACK,)):
        return BrakeWatch(self.braking, self.brakes, self.notices, channels)

    def arrive(self, many=1, **changed):
        for _ in range(many):
            self.arrivals += 1
            leaver = Leaver(email=f"person{self.arrivals}@example.com")
            told = a_departure(
                leaver=leaver, event_key=f"standard:{self.arrivals}", **changed
            )
            case = a_case(id=f"01{self.arrivals:04}", leaver=leaver)
            entries = (Entry(case.received_at, "x"),) * 2
            brake = self.braking.counted(case, told)
            self.cases.open(case, told, entries, brake=brake)

    def wait(self, time, step=MINUTE):
        """Let time pass, with a look after each step of it, and at its end."""
        end = self.passed + time
        while self.passed < end:
            self.passed = min(end, self.passed + step)
            self.watch.look()

    def told(self):
        """Read what is in the outbox."""
        keys = self.client.keys("offboard:notice:*")
        ids = [key.removeprefix("offboard:notice:") for key in keys]
        found = [self.notices.load(each) for each in ids]
        return sorted(found, key=lambda one: one.at)

    def decide(self):
        self.braking.release_brake(actor="t", person="Ann")


@pytest.fixture
def room():
    with (
        fakeredis.FakeRedis(decode_responses=True) as client,
        mock.patch("time.time", return_value=START),
    ):
        yield Room(client)


def test_a_rush_is_told_once_when_it_is_over(room):
    room.arrive(4)

    room.wait(4 * SECOND)
    during = room.told()
    room.wait(2 * SECOND)
    room.wait(10 * MINUTE)

    assert during == []
    (notice,) = room.told()
    assert notice.kind is NoticeKind.BRAKE
    assert str(notice.about[0]) == "3 departures wait for a decision"


def test_a_rush_that_goes_on_is_told_after_half_a_minute(room):
    room.arrive(2)
    room.passed = 29 * SECOND
    # As if the last had just been held.
    room.client.zadd("offboard:braked", {"010002": 10**14})
    room.watch.look()
    during = room.told()

    room.passed = 31 * SECOND
    room.watch.look()

    assert (during, len(room.told())) == ([], 1)


def test_what_comes_later_to_the_same_brake_is_no_second_notice(room):
    room.arrive(3)
    room.wait(6 * SECOND)
    room.arrive(30)

    room.wait(10 * MINUTE)

    assert len(room.told()) == 1


def test_nothing_that_waits_is_nothing_to_tell(room):
    room.arrive(1)

    room.wait(2 * HOUR)

    assert room.told() == []


def test_what_was_decided_before_it_was_told_is_not_told(room):
    room.arrive(3)
    room.decide()

    room.wait(HOUR)

    assert room.told() == []


def test_a_brake_that_is_on_again_is_told_again(room):
    room.arrive(3)
    room.wait(6 * SECOND)
    room.decide()
    room.wait(6 * SECOND)
    room.arrive(1)
    room.client.hincrby("offboard:brake:episode", "began", 7)

    room.wait(40 * SECOND)

    assert len(room.told()) == 2


def test_people_are_reminded_less_and_less_until_it_is_decided(room):
    room.arrive(3)
    room.wait(6 * SECOND)

    room.wait(44 * HOUR, 10 * MINUTE)
    first, *others = room.told()
    room.decide()
    room.wait(48 * HOUR, HOUR)

    waits = [round((one.at - first.at) / HOUR) for one in others]
    assert waits == [1, 5, 17, 41]
    assert len(room.told()) == 5


def test_while_somebody_is_gone_it_is_each_quarter_of_an_hour(room):
    room.arrive(2)
    room.arrive(1, gone_from="acct1")
    room.wait(6 * SECOND)

    room.wait(HOUR + MINUTE)

    first, *others = room.told()
    waits = [round((one.at - first.at) / MINUTE) for one in others]
    assert waits == [15, 30, 45, 60]


def test_who_is_gone_by_the_owner_index_alone_is_reminded_of_as_often(room):
    owner = KeyOwner("IBMid-1", None, "person2@example.com", OwnerKind.PERSON)
    target = Target("acct1", "us-south", ResourceGroup("g", "g"))
    holding = Holding(target, ReadingKind.UNREAD, owner, has_left=True)
    room.owners.know(["acct1"])
    room.arrive(2)
    room.wait(6 * SECOND)
    room.owners.put(
        AccountIndex("acct1", (holding,), surveyed_at=room.told()[0].at), None
    )

    room.wait(31 * MINUTE)

    assert len(room.told()) == 3


def test_after_an_outage_one_reminder_comes_and_not_all_at_once(room):
    room.arrive(2)
    room.wait(6 * SECOND)
    room.passed += 10 * HOUR

    room.wait(14 * MINUTE)

    assert len(room.told()) == 2


def test_two_workers_tell_it_once(room):
    room.arrive(3)
    room.passed = 6 * SECOND
    stand = room.brakes.stand()

    for watch in (room.a_watch(), room.a_watch()):
        watch._tell(stand, stand.episode, 0)

    assert len(room.told()) == 1


def test_who_dies_before_it_is_written_down_tells_the_same_again(room):
    room.arrive(3)
    room.passed = 6 * SECOND
    room.watch.look()
    room.client.hdel("offboard:brake:episode", "reminded", "told_at", "said_at")

    room.wait(MINUTE)

    assert len(room.told()) == 1
    assert room.brakes.stand().episode.reminded == 0


def test_without_a_channel_nothing_counts_as_told(room):
    room.arrive(3)
    room.watch = room.a_watch(channels=())

    room.wait(MINUTE)
    room.watch = room.a_watch()
    room.wait(MINUTE)

    assert len(room.told()) == 1


def test_a_store_that_is_away_is_asked_at_the_next_turn(room):
    class Away:
        def stand(self):
            raise StoreAwayError("The store: ConnectionError.")

    watch = BrakeWatch(room.braking, Away(), room.notices, (Channel.SLACK,))

    with capture_logs() as logs:
        watch.look()

    assert [one["event"] for one in logs] == ["brake.left"]
