"""A channel that refuses for good is told of by the other, once, and by the doctor."""

from dataclasses import replace
from datetime import timedelta

import fakeredis
import pytest
from factories import NOON, a_case
from fakes import RecordingNotifier

from workers.offboarding.errors import StoreAwayError
from workers.offboarding.health import Verdict
from workers.offboarding.model import Channel, ReportKind, ReportLine, ReportState, Root
from workers.offboarding.notice import NoticeKind, report_of_notice
from workers.refusing import RefusalWatch, noted
from workers.store.notices import Notices
from workers.store.refusals import Refusals

SLACK = ReportLine(Channel.SLACK, ReportKind.FINAL)
BOTH = (Channel.SLACK, Channel.MAIL)


class Place:
    """Slack as it is told, and who watches."""

    def __init__(self, client, channels=BOTH):
        self.client, self.now = client, NOON
        self.refusals, self.notices = Refusals(client), Notices(client)
        self.far = RecordingNotifier(self.clock)
        channel = noted({Channel.SLACK: self.far}, self.refusals, self.clock)
        self.slack = channel[Channel.SLACK]
        self.watch = RefusalWatch(self.refusals, self.notices, channels, self.clock)

    def clock(self):
        return self.now

    def deliver(self, state=ReportState.SENT, detail="", line=SLACK):
        self.far.script.append({"state": state, "detail": detail})
        return self.slack.deliver(a_case(), line)


@pytest.fixture
def client():
    return fakeredis.FakeRedis(decode_responses=True)


@pytest.fixture
def place(client):
    return Place(client)


def test_what_slack_refuses_for_good_is_told_by_mail_and_only_there(place):
    place.deliver(ReportState.FAILED, "invalid_auth")

    place.watch.look()

    [(notice_id, channel)] = place.notices.due(10)
    notice = place.notices.load(notice_id)
    assert channel is Channel.MAIL
    assert notice.kind is NoticeKind.CHANNEL_REFUSES
    assert "".join(map(str, notice.headline)) == (
        "Slack refuses what it is told, since 2026-11-23 12:00:00 UTC: invalid_auth. "
        "Whoever reads only there learns nothing; here everything is told."
    )
    assert "OFFBOARD_SLACK_BOT_TOKEN" in "".join(map(str, notice.items[0].line))
    subject = "".join(map(str, report_of_notice(notice).subject))
    assert subject == "[offboard] A channel refuses what it is told: Slack"


def test_it_is_told_once_however_often_it_is_refused(place):
    for _ in range(3):
        place.deliver(ReportState.FAILED, "invalid_auth")
        place.now += timedelta(minutes=5)
        place.watch.look()

    assert len(place.notices.due(10)) == 1


def test_a_channel_that_took_something_and_refuses_again_is_told_of_again(place):
    place.deliver(ReportState.FAILED, "invalid_auth")
    place.watch.look()
    place.deliver()
    place.now += timedelta(minutes=5)

    place.deliver(ReportState.FAILED, "invalid_auth")
    place.watch.look()

    assert len(place.notices.due(10)) == 2


@pytest.mark.parametrize("state", [ReportState.UNKNOWN, ReportState.PENDING])
def test_what_may_have_arrived_or_will_is_no_refusal(place, state):
    place.deliver(state, "answer_lost")

    place.watch.look()

    assert place.notices.due(10) == []


def test_a_change_of_a_message_says_nothing_of_what_is_told_anew(place):
    place.deliver(ReportState.FAILED, "is_archived")
    root = Root("C1", "1.2", "", NOON)
    line = replace(SLACK, kind=ReportKind.STARTED, root=root)

    place.slack.deliver(a_case(), line)

    assert place.refusals.listed()[Channel.SLACK].code == "is_archived"


def test_where_no_other_channel_is_left_nobody_is_told_and_the_doctor_says_it(client):
    place = Place(client, (Channel.SLACK,))
    place.deliver(ReportState.FAILED, "not_in_channel")

    place.watch.look()
    [check] = place.watch.checks()

    assert place.notices.due(10) == []
    assert (check.what, check.verdict) == ("reports_by_slack", Verdict.FAILED)
    assert check.text == (
        "Slack refuses reports since 2026-11-23 12:00:00 UTC: not_in_channel."
    )
    assert "invite the bot" in check.mend


def test_a_channel_that_takes_what_it_is_told_is_well(place):
    place.deliver()

    assert [one.verdict for one in place.watch.checks()] == [Verdict.OK, Verdict.OK]


def test_two_channels_that_refuse_are_told_of_once_one_is_mended(place):
    place.refusals.refused(Channel.SLACK, "invalid_auth", NOON)
    place.refusals.refused(Channel.MAIL, "550", NOON)
    place.watch.look()
    before = place.notices.due(10)
    place.refusals.took(Channel.MAIL)

    place.watch.look()

    assert before == []
    assert [channel for _, channel in place.notices.due(10)] == [Channel.MAIL]


def test_a_store_that_is_away_keeps_no_report_from_being_told(place, monkeypatch):
    def away(*_args, **_more):
        raise StoreAwayError("away")

    monkeypatch.setattr(place.refusals, "listed", away)

    line = place.deliver(ReportState.FAILED, "invalid_auth")

    assert line.state is ReportState.FAILED


def test_a_record_that_cannot_be_read_is_none(place, client):
    client.hset("offboard:channels:refusing", "slack", "{")
    client.hset("offboard:channels:refusing", "pigeon", "{}")

    assert place.refusals.listed() == {}


def test_a_channel_that_is_not_set_up_any_more_is_told_of_no_more(client):
    place = Place(client, (Channel.MAIL,))
    place.refusals.refused(Channel.SLACK, "invalid_auth", NOON)

    place.watch.look()

    assert place.notices.due(10) == []
