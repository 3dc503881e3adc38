"""What people are told of the intake: found by a look, once, though anybody may die."""

from dataclasses import replace
from datetime import timedelta

import fakeredis
import pytest
from factories import NOON
from structlog.testing import capture_logs

from config.settings import Secret
from config.sources import OktaSettings, Sources
from workers.minding import Minding
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.heard import Unreadable
from workers.offboarding.model import Channel
from workers.offboarding.notice import NoticeKind
from workers.store.connection import connect
from workers.store.intake import Deliveries
from workers.store.notices import Notices
from workers.store.sources import SourceNotes

DAY = timedelta(days=1)
OKTA = Sources(okta=OktaSettings(secret=(Secret("s" * 32),), expected_hours=24.0))


class WorkerDied(BaseException):
    """Stands for kill -9: nothing after it runs."""


class DiesAfterTelling(Notices):
    """Puts a notice into the outbox, and the worker dies before it says so."""

    def add(self, notice, channels):
        super().add(notice, channels)
        raise WorkerDied


class Room:
    def __init__(self, client, sources=OKTA, channels=(Channel.SLACK,)):
        self.now = NOON
        self.client = client
        self.deliveries, self.notes = Deliveries(client), SourceNotes(client)
        self.notices = Notices(client)
        self.minding = Minding(
            self.deliveries,
            self.notes,
            self.notices,
            channels,
            sources,
            lambda: self.now,
        )

    def keep(self, number=1, reason=Unreadable.BAD_TIME):
        at, key = self.now + timedelta(seconds=number), f"okta:{number}"
        return self.deliveries.keep_unreadable("okta", key, {}, reason, "Bad.", at)

    def look(self, **passed):
        self.now += timedelta(**passed)
        self.minding.look()
        return self.told()

    def told(self):
        found = sorted(
            (self.notices.load(one) for one in self.ids()), key=lambda one: one.at
        )
        return [one.kind for one in found]

    def ids(self):
        members = self.client.zrange("offboard:notices:due", 0, -1)
        return [one.partition("|")[0] for one in members]

    def dying(self):
        return replace(self.minding, notices=DiesAfterTelling(self.client))


@pytest.fixture
def client():
    with fakeredis.FakeRedis(decode_responses=True) as client:
        yield client


@pytest.fixture
def room(client):
    return Room(client, Sources())


@pytest.fixture
def okta(client):
    return Room(client)


QUARANTINED, RUNNING_OUT = NoticeKind.QUARANTINED, NoticeKind.RUNNING_OUT
SILENT = NoticeKind.SOURCE_SILENT


def test_a_kind_is_told_once_however_many_come(room):
    room.keep(1)
    first = room.look()
    room.keep(2), room.keep(3)

    assert first == [QUARANTINED]
    assert room.look(hours=1) == [QUARANTINED]


def test_another_reason_is_another_kind(room):
    room.keep(1), room.keep(2, Unreadable.NO_PERSON)

    assert room.look() == [QUARANTINED, QUARANTINED]


def test_a_kind_that_was_emptied_and_fills_again_is_told_again(room):
    kept_id = room.keep()
    room.look()
    room.deliveries.drop(kept_id)
    room.look()
    room.keep()

    assert room.look(hours=1) == [QUARANTINED, QUARANTINED]


def test_what_was_told_is_not_told_anew_though_its_notice_is_forgotten(room, client):
    room.keep()
    told = [room.look(), room.look(days=28)]
    client.delete(*client.keys("offboard:notice*"))

    assert told == [[QUARANTINED], [QUARANTINED, RUNNING_OUT]]
    assert room.look(hours=1) == []


def test_a_worker_that_dies_between_telling_and_writing_so_tells_once(room):
    room.keep()
    with pytest.raises(WorkerDied):
        room.dying().look()

    assert room.look(minutes=1) == [QUARANTINED]


def test_without_a_channel_nothing_counts_as_told(client):
    silent = Room(client, channels=())
    silent.keep()
    silent.look()
    silent.look(hours=25)

    assert Room(client).look(hours=25) == [QUARANTINED, SILENT]


def test_what_runs_out_is_told_three_days_ahead_once_and_then_goes(room):
    room.keep()
    before = room.look(days=26)
    ahead = room.look(days=1, seconds=2)
    still = room.look(days=2)
    with capture_logs() as logs:
        after = room.look(days=1)

    assert before == [QUARANTINED]
    assert ahead == still == after == [QUARANTINED, RUNNING_OUT]
    assert [one.state for one in room.deliveries.page()] == ["expired"]
    assert logs == [
        {"event": "quarantine.expired", "log_level": "warning", "deliveries": 1}
    ]


def test_a_worker_that_dies_while_it_tells_what_runs_out_tells_it_once(room):
    room.keep()
    room.look()
    room.now += timedelta(days=28)
    with pytest.raises(WorkerDied):
        room.dying().look()

    assert room.look(minutes=1) == [QUARANTINED, RUNNING_OUT]


def test_what_ran_out_while_no_worker_looked_is_told_before_it_goes(room):
    room.keep()

    # Both in one millisecond are told in either order.
    assert sorted(room.look(days=40)) == sorted([QUARANTINED, RUNNING_OUT])
    assert [one.state for one in room.deliveries.page()] == ["expired"]


def test_a_source_that_never_spoke_is_told_counted_from_when_it_was_seen_on(okta):
    first, before, after = okta.look(), okta.look(hours=24), okta.look(seconds=1)

    assert (first, before, after) == ([], [], [SILENT])


def test_a_silence_is_told_once_and_the_next_one_again(okta):
    okta.look()
    okta.look(hours=25)
    still = okta.look(days=300)
    okta.notes.delivered("okta", okta.now)
    spoken = okta.look(hours=1)
    again = okta.look(hours=24)

    assert (still, spoken, again) == ([SILENT], [SILENT], [SILENT, SILENT])


def test_a_silence_is_told_once_though_its_notice_is_forgotten(okta, client):
    okta.look()
    okta.look(hours=25)
    client.delete(*client.keys("offboard:notice*"))

    assert okta.look(days=100) == []


def test_a_worker_that_dies_while_it_tells_of_a_silence_tells_it_once(okta):
    okta.look()
    okta.now += timedelta(hours=25)
    with pytest.raises(WorkerDied):
        okta.dying().look()

    assert okta.look(minutes=1) == [SILENT]


def test_a_source_that_was_off_is_counted_from_when_it_is_on_again(client, okta):
    okta.look()
    okta.notes.delivered("okta", okta.now)
    off = Room(client, Sources())
    off.look(days=30)
    on = Room(client)

    assert on.look(days=31) == []
    assert on.look(hours=25) == [SILENT]


def test_a_source_that_is_off_or_said_nothing_of_it_is_never_silent(client):
    secret = (Secret("s" * 32),)
    sources = Sources(
        okta=OktaSettings(expected_hours=1.0), hub=replace(Sources().hub, secret=secret)
    )
    room = Room(client, sources)
    room.notes.delivered("okta", NOON), room.notes.delivered("hub", NOON)
    room.look()

    assert room.look(days=30) == []


def test_a_store_that_is_away_is_said_and_tried_at_the_next_look(short_folder):
    with (
        connect(f"unix://{short_folder}/nobody") as client,
        pytest.raises(StoreAwayError),
    ):
        Room(client).look()
