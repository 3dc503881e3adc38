"""A look-up ends in what its source says, or in quarantine; one worker makes it."""

from collections import deque
from datetime import UTC, datetime, timedelta

import fakeredis
import pytest
from structlog.testing import capture_logs

from workers.looking_up import LookUps
from workers.offboarding.errors import (
    ConflictError,
    PermanentError,
    Reason,
    StoreAwayError,
    TransientError,
)
from workers.offboarding.heard import (
    Heard,
    HeardKind,
    Hint,
    Names,
    Unreadable,
    UnreadableError,
)
from workers.offboarding.model import Ignored
from workers.store.intake import Deliveries

HINT = Hint("hibob", "hibob:1", "employee.left", "E-157")
BODY = {"employee": "E-157"}
FOUND = Heard(
    "hibob",
    "hibob:1",
    "employee.left",
    HeardKind.TERMINATED,
    Names(("dana.lee@example.com",), (), ("E-157",)),
)
HOUR = timedelta(hours=1)


class WorkerDied(BaseException):
    """Stands for kill -9: nothing after it runs."""


class Scripted:
    """Answers from its script, in order; then *last* for ever."""

    def __init__(self, *script, last=FOUND):
        self.script, self.last = deque(script), last
        self.asked = []

    def __call__(self, given):
        self.asked.append(given)
        said = self.script.popleft() if self.script else self.last
        if isinstance(said, BaseException):
            raise said
        return said


class Desk:
    """Hears what is found, as the real one does as far as this goes."""

    def __init__(self, deliveries, *script):
        self.deliveries, self.say = deliveries, Scripted(*script, last="01CASE")

    def hear(self, heard, *, request_id=None):
        case_id = self.say(heard)
        self.deliveries.resolved(heard.event_key)
        return case_id


class Directory:
    def __init__(self, *script, last=FOUND):
        self.say = Scripted(*script, last=last)

    def look_up(self, hint):
        return self.say(hint)


class Room:
    def __init__(self, client):
        self.client = client
        self.deliveries = Deliveries(client)
        # The store goes by the server's clock, so this one starts there.
        self.now = datetime.now(UTC)
        self.directory, self.desk = Directory(), Desk(self.deliveries)
        self.directories = {"hibob": self.directory}

    def given(self, *script, last=FOUND):
        self.directory = Directory(*script, last=last)
        self.directories = {"hibob": self.directory}

    def heard_as(self, *script):
        self.desk = Desk(self.deliveries, *script)

    def keep(self):
        return self.deliveries.keep_look_up(HINT, BODY, self.now)

    def look_up(self, kept_id):
        LookUps(self.deliveries, self.directories, self.desk, lambda: self.now).look_up(
            kept_id
        )

    def next(self):
        """Let the time come that the only one waits for; return how long that was."""
        [(member, at)] = self.client.zrange(
            "offboard:lookups:due", 0, -1, withscores=True
        )
        before, self.now = self.now, datetime.fromtimestamp(at / 1000, UTC)
        self.client.zadd("offboard:lookups:due", {member: 1})
        self.client.hdel(f"offboard:delivery:{member}", "not_before")
        return self.now - before

    @property
    def asked(self):
        return self.directory.say.asked

    @property
    def heard(self):
        return self.desk.say.asked

    @property
    def kept(self):
        return [(one.reason, one.text) for one in self.deliveries.page()]

    def waits(self):
        return self.deliveries.counts()[0].get("hibob", 0)


@pytest.fixture
def client():
    with fakeredis.FakeRedis(decode_responses=True) as client:
        yield client


@pytest.fixture
def room(client):
    return Room(client)


def test_what_is_found_is_heard_and_waits_no_more(room):
    room.look_up(room.keep())

    assert (room.asked, room.heard) == ([HINT], [FOUND])
    assert (room.waits(), room.kept) == (0, [])


def test_what_proves_to_be_nothing_is_logged_and_waits_no_more(room):
    room.given(Ignored("still_active"))
    kept_id = room.keep()

    with capture_logs() as logs:
        room.look_up(kept_id)

    assert room.heard == []
    assert (room.waits(), room.kept) == (0, [])
    assert [(one["event"], one["ignored"]) for one in logs] == [
        ("look_up.made", "still_active")
    ]


def test_what_is_found_under_another_key_waits_no_more_either(room):
    found = Heard("hibob", "hibob:2", "x", HeardKind.DELETED, FOUND.names)
    room.given(found)
    room.look_up(room.keep())

    assert (room.waits(), room.kept) == (0, [])


def test_a_second_worker_leaves_it_to_the_first(room):
    kept_id = room.keep()
    room.deliveries.claim(kept_id)

    room.look_up(kept_id)

    assert (room.asked, room.waits()) == ([], 1)


def test_what_is_done_is_not_done_again(room):
    kept_id = room.keep()
    room.look_up(kept_id)
    room.look_up(kept_id)

    assert len(room.asked) == 1


def test_a_message_that_comes_twice_does_not_shorten_the_wait(room):
    room.given(TransientError("429", retry_after_seconds=1200))
    kept_id = room.keep()
    room.look_up(kept_id)
    room.look_up(kept_id)

    assert len(room.asked) == 1


def test_a_slow_source_never_takes_all_of_a_worker(room):
    look_ups = LookUps(room.deliveries, room.directories, room.desk, lambda: room.now)
    kept_id = room.keep()
    first, second = look_ups.turns.acquire(), look_ups.turns.acquire()

    look_ups.look_up(kept_id)

    assert (first, second, room.asked, room.waits()) == (True, True, [], 1)
    assert room.next() <= timedelta(seconds=30)
    look_ups.turns.release()
    look_ups.look_up(kept_id)
    assert room.heard == [FOUND]


def test_a_source_without_a_directory_is_given_to_people_at_once(room):
    room.directories = {}
    room.look_up(room.keep())

    assert room.kept == [
        (
            Unreadable.LOOK_UP_NOT_SET_UP,
            "It has to be looked up at its source, and the way there is not set up. Set"
            " what docs/sources/hibob.md names for look-ups (OFFBOARD_SOURCE_HIBOB_…),"
            " restart the workers, then replay it.",
        )
    ]
    assert room.waits() == 0


@pytest.mark.parametrize(
    ("fault", "reason", "text"),
    [
        (
            PermanentError("401: dana.lee@example.com", reason=Reason.BAD_KEY),
            Unreadable.LOOK_UP_FAILED,
            "Its source refused the look-up, and asking again will not help.",
        ),
        (
            UnreadableError(Unreadable.NO_PERSON, "It names nobody."),
            Unreadable.NO_PERSON,
            "It names nobody.",
        ),
    ],
    ids=["refused", "unreadable"],
)
def test_what_cannot_be_looked_up_is_given_to_people_with_its_reason(
    room, fault, reason, text
):
    room.given(fault)
    room.look_up(room.keep())

    assert room.kept == [(reason, text)]
    assert (room.waits(), room.heard) == (0, [])


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (
            UnreadableError(Unreadable.TWO_PEOPLE, "It names two."),
            Unreadable.TWO_PEOPLE,
        ),
        (ConflictError("Used before.", reason="event_key"), Unreadable.KEY_REUSED),
    ],
)
def test_what_was_found_and_cannot_be_acted_on_is_given_to_people(room, fault, reason):
    room.heard_as(fault)
    room.look_up(room.keep())

    assert [one for one, _ in room.kept] == [reason]
    assert room.waits() == 0


def test_a_source_that_is_away_is_asked_again_ever_later_up_to_a_quarter(room):
    room.given(*[TransientError("503")] * 15)
    kept_id, waits = room.keep(), []
    for _ in range(15):
        room.look_up(kept_id)
        waits.append(room.next().total_seconds())

    assert 0.8 <= waits[0] <= 1.1
    assert 12 <= waits[4] <= 16.1
    assert all(720 <= wait <= 901 for wait in waits[11:])
    assert (room.waits(), room.kept) == (1, [])


def test_a_source_that_says_how_long_is_given_that_long(room):
    room.given(TransientError("429", retry_after_seconds=1200))
    room.look_up(room.keep())

    assert 1200 <= room.next().total_seconds() <= 1201


def test_nobody_waits_longer_than_an_hour_because_a_source_asks_for_it(room):
    room.given(TransientError("429", retry_after_seconds=10_000_000))
    room.look_up(room.keep())

    assert room.next().total_seconds() <= 3601


def test_after_a_day_it_is_given_to_people(room):
    room.given(last=TransientError("503"))
    kept_id, began = room.keep(), room.now
    while room.waits():
        room.look_up(kept_id)
        if room.waits():
            room.next()

    assert timedelta(hours=24) <= room.now - began < timedelta(hours=24, seconds=2)
    assert room.kept == [
        (Unreadable.LOOK_UP_FAILED, "Its source could not be asked for 24 hours.")
    ]


def test_what_was_given_up_and_is_put_back_has_a_day_again(room):
    room.given(PermanentError("no", reason=Reason.BAD_KEY), TransientError("503"))
    kept_id = room.keep()
    room.look_up(kept_id)
    room.now += 30 * HOUR

    assert room.keep() == kept_id
    room.look_up(kept_id)

    assert (room.waits(), room.kept) == (1, [])


def test_what_kills_workers_is_given_to_people(room, client):
    room.given(last=WorkerDied())
    kept_id = room.keep()
    for _ in range(5):
        with pytest.raises(WorkerDied):
            room.look_up(kept_id)
        client.hset(f"offboard:delivery:{kept_id}", "held_until", 1)
    room.look_up(kept_id)

    assert len(room.asked) == 5
    assert room.kept == [
        (
            Unreadable.LOOK_UP_FAILED,
            "5 workers ended without a word while they had it.",
        )
    ]


@pytest.mark.parametrize("where", ["hear", "look_up"])
def test_a_store_that_is_away_in_the_middle_leaves_it_due(room, client, where):
    kept_id = room.keep()
    if where == "hear":
        room.heard_as(StoreAwayError("away"))
    else:
        room.given(StoreAwayError("away"))

    with pytest.raises(StoreAwayError):
        room.look_up(kept_id)
    client.hset(f"offboard:delivery:{kept_id}", "held_until", 1)
    room.look_up(kept_id)

    assert room.heard[-1] == FOUND
    assert (room.waits(), room.kept) == (0, [])


def test_a_fault_of_the_far_side_is_in_the_log_and_never_in_the_store(room, client):
    room.given(PermanentError("no Dana Lee here", reason=Reason.NOT_FOUND))
    kept_id = room.keep()

    with capture_logs() as logs:
        room.look_up(kept_id)

    [line] = logs
    assert (line["event"], line["fault"]) == ("look_up.failed", "no Dana Lee here")
    assert "Dana" not in str(client.hgetall(f"offboard:delivery:{kept_id}"))
