"""A notice goes to each channel until it is sent, refused for good, or given up."""

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import fakeredis
import pytest
from factories import DANA, FID, NOON, a_target
from structlog.testing import capture_logs

from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import Channel, ReportState
from workers.offboarding.notice import taken_over
from workers.store.notices import Notices
from workers.telling import tell

SLACK, MAIL = Channel.SLACK, Channel.MAIL
NOTICE = taken_over(a_target(), FID, DANA, at=NOON, read_before_at=NOON)


class Told:
    """One channel; ``script`` holds states, changes or errors, used up first."""

    def __init__(self, room):
        self.room = room
        self.script = deque()
        self.got = []

    def tell(self, notice, line):
        self.got.append((notice, line, self.room.now))
        said = self.script.popleft() if self.script else ReportState.SENT
        if isinstance(said, BaseException):
            raise said
        changes = said if isinstance(said, dict) else {"state": said}
        return replace(line, at=self.room.now, tries=line.tries + 1, **changes)

    @property
    def times(self):
        return [at - self.got[0][2] for _, _, at in self.got]


class Room:
    """The outbox, its channels, and a clock that the waits move on."""

    def __init__(self, client):
        self.client = client
        self.notices = Notices(client)
        # The store goes by the server's clock, so this one starts there.
        self.now = datetime.now(UTC)
        self.slack, self.mail = Told(self), Told(self)
        self.channels = {SLACK: self.slack, MAIL: self.mail}

    def tell(self, channel=SLACK):
        tell(self.notices, self.channels, NOTICE.id, channel, lambda: self.now)

    def next(self):
        """Let the time come that the first of those waiting waits for."""
        [(member, at), *_] = self.client.zrange(
            "offboard:notices:due", 0, -1, withscores=True
        )
        self.now = max(self.now, datetime.fromtimestamp(at / 1000, UTC))
        self.client.zadd("offboard:notices:due", {member: 1})

    def run(self):
        """Tell until nothing waits."""
        while self.notices.waiting():
            for notice_id, channel in self.notices.due(10):
                assert notice_id == NOTICE.id
                self.tell(channel)
            if self.notices.waiting():
                self.next()

    def state(self, channel=SLACK):
        return self.notices.line(NOTICE.id, channel).state


@pytest.fixture
def room():
    with fakeredis.FakeRedis(decode_responses=True) as client:
        room = Room(client)
        room.notices.add(NOTICE, (SLACK, MAIL))
        yield room


def test_every_channel_is_told_once(room):
    room.run()

    assert [notice for notice, _, _ in room.slack.got] == [NOTICE]
    assert [notice for notice, _, _ in room.mail.got] == [NOTICE]
    assert (room.state(SLACK), room.state(MAIL)) == (ReportState.SENT, ReportState.SENT)


def test_a_dead_channel_does_not_hold_the_other(room):
    room.slack.script.extend([TransientError("503")] * 1000)

    for _, channel in room.notices.due(10):
        room.tell(channel)

    assert (room.state(SLACK), room.state(MAIL)) == (
        ReportState.PENDING,
        ReportState.SENT,
    )
    assert room.notices.waiting() == 1


def test_a_channel_that_is_dead_for_a_day_counts_as_failed(room):
    room.slack.script.extend([TransientError("Slack is away.")] * 1000)

    with capture_logs() as logs:
        room.run()

    line = room.notices.line(NOTICE.id, SLACK)
    assert (line.state, line.tries, line.at) == (ReportState.FAILED, 300, room.now)
    assert len(room.slack.got) == 300
    assert timedelta(hours=19) < room.slack.times[-1] < timedelta(hours=26)
    assert room.notices.failed() == [(NOTICE.id, SLACK)]
    assert [one for one in logs if one["log_level"] == "error"] == [
        {
            "event": "notice.failed",
            "log_level": "error",
            "notice_id": NOTICE.id,
            "channel": SLACK,
            "detail": "Slack is away.",
        }
    ]


def test_the_pause_grows_to_five_minutes_and_no_further(room):
    room.slack.script.extend([TransientError("503")] * 20)

    room.run()

    waits = [
        (later - earlier).total_seconds()
        for earlier, later in zip(room.slack.times, room.slack.times[1:], strict=False)
    ]
    assert 0.8 <= waits[0] <= 1.0
    assert 25 <= waits[5] <= 32.001
    assert all(240 <= wait <= 300 for wait in waits[9:])


def test_a_wait_a_channel_asks_for_is_kept(room):
    room.slack.script.append(TransientError("429", retry_after_seconds=100))

    room.run()

    assert 100 <= room.slack.times[1].total_seconds() < 101


def test_an_unknown_end_is_tried_over_hours_and_not_for_ever(room):
    room.slack.script.extend([ReportState.UNKNOWN] * 9)

    room.run()

    assert room.state() is ReportState.UNKNOWN
    assert len(room.slack.got) == 6
    assert room.notices.failed() == []


def test_an_unknown_end_that_arrives_the_second_time_is_sent(room):
    room.slack.script.append(ReportState.UNKNOWN)

    room.run()

    assert room.state() is ReportState.SENT


def test_mail_that_reached_some_goes_on_from_there(room):
    reached = ("a@example.com",)
    room.mail.script.append({"state": ReportState.PENDING, "reached": reached})

    room.run()

    line = room.notices.line(NOTICE.id, MAIL)
    assert (line.state, line.reached, line.tries) == (ReportState.SENT, reached, 2)
    assert room.mail.got[1][1].reached == reached


def test_a_refusal_for_good_is_final_and_logged(room):
    room.slack.script.append({"state": ReportState.FAILED, "detail": "is_archived"})

    with capture_logs() as logs:
        room.run()

    assert len(room.slack.got) == 1
    assert room.notices.failed() == [(NOTICE.id, SLACK)]
    [failed] = [one for one in logs if one["event"] == "notice.failed"]
    assert failed["detail"] == "is_archived"


def test_what_is_over_is_not_told_again(room):
    room.run()

    room.tell(SLACK)
    room.tell(MAIL)

    assert (len(room.slack.got), len(room.mail.got)) == (1, 1)


def test_what_is_forgotten_is_not_told(room):
    room.client.delete(f"offboard:notice:{NOTICE.id}")

    room.tell()

    assert room.slack.got == []


def test_a_channel_that_was_taken_away_says_so(room):
    del room.channels[SLACK]

    room.run()

    line = room.notices.line(NOTICE.id, SLACK)
    assert line.state is ReportState.FAILED
    assert line.detail == "The channel is not set up any more."
    assert room.state(MAIL) is ReportState.SENT


def test_a_channel_that_kills_its_workers_is_given_up(room):
    class WorkerDied(BaseException):
        pass

    room.slack.script.extend([WorkerDied()] * 100)
    died = 0
    while room.notices.waiting():
        for _, channel in room.notices.due(10):
            try:
                room.tell(channel)
            except WorkerDied:
                died += 1
        if room.notices.waiting():
            room.next()

    line = room.notices.line(NOTICE.id, SLACK)
    assert (died, line.state) == (5, ReportState.FAILED)
    assert line.detail == "5 workers ended without a word while they had it."


@pytest.mark.parametrize(
    "bug", [KeyError("bug"), PermanentError("no", reason=Reason.NO_ROLE)]
)
def test_a_bug_in_a_channel_is_not_taken_for_a_channel_that_is_gone(room, bug):
    room.slack.script.append(bug)

    with pytest.raises(type(bug)):
        room.tell()

    assert room.state() is ReportState.PENDING


def test_what_waits_in_an_old_copy_is_told_by_no_message_of_it(room):
    room.client.zadd("offboard:restored:notices", {f"{NOTICE.id}|slack": 1})

    room.tell()
    told_before = len(room.slack.got)
    room.client.delete("offboard:restored:notices")
    room.tell()

    assert (told_before, len(room.slack.got)) == (0, 1)
