"""What is about one account is told in its room too, by a notice of its own."""

from dataclasses import replace
from datetime import timedelta

import fakeredis
import pytest
from factories import DANA, FID, NOON, a_case, a_target
from fakes import RecordingNotifier
from test_telling import Told

from workers.offboarding.health import Verdict
from workers.offboarding.model import Channel, ReportKind, ReportLine, ReportState
from workers.offboarding.notice import taken_over
from workers.offboarding.report.value import Line
from workers.offboarding.rooms import id_in_room
from workers.offboarding.steps.reporting import UNSET_TRIES
from workers.refusing import RefusalWatch, noted
from workers.store.notices import Notices
from workers.store.refusals import Refusals
from workers.telling import tell

SLACK, MAIL = Channel.SLACK, Channel.MAIL
BOTH = (SLACK, MAIL)
ROOMS = {"acct1": (SLACK,), "acct2": (SLACK, MAIL)}
NOTICE = taken_over(a_target(), FID, DANA, at=NOON, read_before_at=NOON)
IN_ROOM = id_in_room(NOTICE.id, "acct1")


@pytest.fixture
def client():
    return fakeredis.FakeRedis(decode_responses=True)


@pytest.fixture
def notices(client):
    return Notices(client, ROOMS)


def test_a_finding_in_an_account_is_told_in_its_room_too_and_in_no_other(notices):
    notices.add(NOTICE, BOTH)

    assert sorted(notices.due(10)) == sorted(
        [(NOTICE.id, SLACK), (NOTICE.id, MAIL), (IN_ROOM, SLACK)]
    )


class TakenAway(dict):
    """Rooms of settings that are read anew as soon as somebody looked at them."""

    def _looked_at(self):
        self.notices.know({})

    def __contains__(self, account_id):
        self._looked_at()
        return super().__contains__(account_id)

    def __iter__(self):
        self._looked_at()
        return super().__iter__()


def test_rooms_that_are_taken_away_meanwhile_break_nothing(notices):
    for tell_all in (
        lambda: notices.add(NOTICE, BOTH),
        lambda: notices.add_trial(replace(NOTICE, id="test-1"), BOTH),
    ):
        rooms = TakenAway(ROOMS)
        rooms.notices = notices
        notices.know(rooms)
        tell_all()

    own = {(one, each) for one in (NOTICE.id, "test-1") for each in BOTH}
    assert own <= set(notices.due(20))


def test_it_is_told_there_once_however_often_it_is_found(notices):
    assert notices.add(NOTICE, BOTH)
    notices.due(10)

    assert not notices.add(NOTICE, BOTH)
    assert notices.due(10) == []


def test_who_dies_before_the_service_s_own_channels_have_it_tells_all_at_the_next(
    notices, client
):
    notices.add(NOTICE, BOTH)
    client.delete(f"offboard:notice:{NOTICE.id}", "offboard:notices:due")

    assert notices.add(NOTICE, BOTH)
    assert sorted(notices.due(10)) == [(NOTICE.id, MAIL), (NOTICE.id, SLACK)]


def test_what_is_about_no_account_is_told_in_no_room(notices):
    notices.add(replace(NOTICE, account_id=""), BOTH)

    assert {notice_id for notice_id, _ in notices.due(10)} == {NOTICE.id}


class Everywhere:
    """The service's own Slack and a room's, and the clock both go by."""

    def __init__(self):
        self.now = NOON
        self.own, self.room = Told(self), Told(self)

    def tell(self, notices, notice_id):
        rooms = {"acct1": {SLACK: self.room}}
        tell(notices, {SLACK: self.own}, notice_id, SLACK, lambda: self.now, rooms)


def test_each_is_told_where_it_belongs(notices):
    notices.add(NOTICE, [SLACK])
    far = Everywhere()

    far.tell(notices, NOTICE.id)
    far.tell(notices, IN_ROOM)

    assert [one.id for one, _, _ in far.own.got] == [NOTICE.id]
    assert [one.id for one, _, _ in far.room.got] == [IN_ROOM]


def test_a_room_that_is_set_up_no_more_fails_and_leaves_the_others(notices):
    notices.add(NOTICE, [SLACK])
    far = Everywhere()
    # Another worker may know the room, and this one not yet.
    for _ in range(UNSET_TRIES):
        tell(notices, {SLACK: far.own}, IN_ROOM, SLACK, lambda: NOON)
        assert notices.line(IN_ROOM, SLACK).state is ReportState.PENDING
    tell(notices, {SLACK: far.own}, IN_ROOM, SLACK, lambda: NOON)
    far.tell(notices, NOTICE.id)

    assert notices.line(IN_ROOM, SLACK).state is ReportState.FAILED
    assert notices.line(NOTICE.id, SLACK).state is ReportState.SENT


def test_a_trial_is_told_of_every_room_with_the_others(notices):
    notices.add_trial(replace(NOTICE, id="test-1", account_id=""), BOTH)

    assert [(one.room, one.channel) for one in notices.lines("test-1")] == [
        ("", SLACK),
        ("", MAIL),
        ("acct1", SLACK),
        ("acct2", SLACK),
        ("acct2", MAIL),
    ]


def test_a_trial_of_one_room_is_told_there_alone(notices):
    notices.add_trial_in("acct2", replace(NOTICE, id="test-1", account_id=""))

    assert [(one.room, one.channel) for one in notices.lines("test-1")] == [
        ("acct2", SLACK),
        ("acct2", MAIL),
    ]


# a room that refuses


class Refusing:
    """A room that refuses, and who watches."""

    def __init__(self, client, notices):
        self.now = NOON
        self.refusals, self.notices = Refusals(client), notices
        self.far = RecordingNotifier(self.clock)
        there = noted({SLACK: self.far}, self.refusals, self.clock, room="acct1")
        self.slack = there[SLACK]
        self.watch = RefusalWatch(self.refusals, notices, BOTH, self.clock)

    def clock(self):
        return self.now

    def deliver(self, state, detail=""):
        self.far.script.append({"state": state, "detail": detail})
        line = ReportLine(SLACK, ReportKind.FINAL, 2, room="acct1")
        return self.slack.deliver(a_case(), line)


@pytest.fixture
def refusing(client, notices):
    return Refusing(client, notices)


def words(line: Line):
    return "".join(map(str, line))


def test_the_service_s_own_channels_are_told_of_a_room_that_refuses(refusing):
    refusing.deliver(ReportState.FAILED, "is_archived")
    refusing.watch.look()
    refusing.watch.look()

    due = refusing.notices.due(10)
    notice = refusing.notices.load(due[0][0])
    assert sorted(channel for _, channel in due) == [MAIL, SLACK]
    assert words(notice.headline).startswith(
        "Slack for account acct1 refuses what it is told, since 2026-11-23"
    )
    assert words(notice.items[0].line) == (
        "The channel is archived: bring it back, or set another one."
    )


def test_the_doctor_says_which_account_s_room_refuses_until_it_takes_something(
    refusing,
):
    refusing.deliver(ReportState.FAILED, "channel_not_found")

    [check] = refusing.watch.checks()
    assert (check.what, check.verdict) == ("reports_by_slack", Verdict.FAILED)
    assert check.account_id == "acct1"
    assert check.mend.startswith("The account's slack_channel_id names no channel")

    refusing.now += timedelta(minutes=1)
    refusing.deliver(ReportState.SENT)
    assert refusing.watch.checks() == ()


def test_a_room_that_refuses_does_not_count_as_the_service_s_own_channel(refusing):
    refusing.deliver(ReportState.FAILED, "is_archived")

    assert refusing.refusals.listed() == {}
    assert list(refusing.refusals.in_rooms()) == [(SLACK, "acct1")]
