"""The report channels tried from the desk, on a real store."""

import pytest

from config.settings import Secret
from workers.desk.trying import Trying
from workers.offboarding.errors import ConflictError, NoSuchNoticeError, TooSoonError
from workers.offboarding.model import Channel, ReportState
from workers.offboarding.notice import NoticeKind, NoticeLine, report_of_notice
from workers.offboarding.report import Severity
from workers.store.notices import Notices

MAIL = {
    "smtp_host": "127.0.0.1",
    "mail_from": "offboard@example.com",
    "mail_to": ("ops@example.com",),
}


@pytest.fixture
def notices(client):
    return Notices(client)


@pytest.fixture
def let_time_pass(client):
    """Ends the ten seconds, as the store's own clock would."""
    return lambda: client.delete("offboard:notices:turn")


def test_every_channel_is_told_that_nothing_happened(make_desk, notices, clock):
    told = make_desk(**MAIL).test_notice("sam")

    states = [(one.channel, one.state, one.tries) for one in told.channels]
    due = notices.due(10)
    assert told.id.startswith("test-")
    assert (told.kind, told.at, told.is_over) == (NoticeKind.TEST, clock(), False)
    assert states == [("mail", "pending", 0), ("slack", "pending", 0)]
    assert set(due) == {(told.id, Channel.MAIL), (told.id, Channel.SLACK)}
    report = report_of_notice(notices.load(told.id))
    assert report.severity is Severity.NEUTRAL
    assert report.verdict == "Test"
    assert "".join(map(str, report.headline)) == (
        "this is a test by sam; nothing happened. Reports and notices come here."
    )


def test_two_tests_are_two_notices(desk, let_time_pass):
    first = desk.test_notice("sam")
    let_time_pass()

    assert desk.test_notice("sam").id != first.id


def test_a_test_right_after_another_names_that_one(desk, notices, client):
    first = desk.test_notice("sam")

    with pytest.raises(TooSoonError) as caught:
        desk.test_notice("robin")

    assert caught.value.notice_id == first.id
    assert 0 < caught.value.retry_after_seconds <= 10
    assert len(notices.due(10)) == 1
    assert 0 < client.pttl("offboard:notices:turn") <= 10_000


def test_without_a_channel_nothing_is_told_and_no_turn_taken(make_desk, client):
    desk = make_desk(slack_bot_token=None)

    with pytest.raises(ConflictError) as caught:
        desk.test_notice("sam")

    assert caught.value.reason == "no_channel"
    assert client.keys("offboard:notice*") == []


def test_how_a_test_fares_is_told_with_how_it_is_mended(desk, notices, clock):
    told = desk.test_notice("sam")
    line = NoticeLine(
        Channel.SLACK, ReportState.FAILED, clock(), 1, "channel_not_found"
    )
    notices.put(told.id, line, None)

    state = desk.notice_state(told.id)

    [slack] = state.channels
    assert state.is_over
    assert (slack.state, slack.detail) == (ReportState.FAILED, "channel_not_found")
    assert slack.mend.startswith("OFFBOARD_SLACK_CHANNEL_ID names no")


def test_a_test_that_failed_is_no_finding_that_nobody_was_told_of(desk, notices, clock):
    told = desk.test_notice("sam")
    line = NoticeLine(Channel.SLACK, ReportState.FAILED, clock(), 1, "no_service")

    notices.put(told.id, line, None)

    assert notices.failed() == []


def test_a_test_is_kept_for_a_day(desk, client):
    told = desk.test_notice("sam")

    assert 86_000 < client.ttl(f"offboard:notice:{told.id}") <= 86_400


def test_no_notice_has_no_state(desk):
    with pytest.raises(NoSuchNoticeError):
        desk.notice_state("test-nothing")


def test_a_name_from_outside_is_marked_as_one(make_desk, notices):
    told = make_desk(slack_webhook_url=Secret("https://x")).test_notice("<b>\u202eno")

    notice = notices.load(told.id)

    assert str(notice.headline[1]) == "<b>\ufffdno"


# rooms of accounts


@pytest.fixture
def trying(client, clock):
    rooms = {"acct1": (Channel.SLACK,), "acct2": (Channel.MAIL,)}
    return Trying(Notices(client, rooms), (Channel.SLACK,), clock=clock)


def places(told):
    return [(one.account_id, one.channel) for one in told.channels]


def test_every_room_is_tried_with_the_service_s_own_channels(trying):
    told = trying.test_notice("sam")

    assert places(told) == [(None, "slack"), ("acct1", "slack"), ("acct2", "mail")]
    assert places(trying.notice_state(told.id)) == places(told)


def test_one_room_is_tried_alone(trying):
    assert places(trying.test_notice("sam", "acct2")) == [("acct2", "mail")]


def test_an_account_without_a_room_is_no_try(trying, notices):
    with pytest.raises(ConflictError) as raised:
        trying.test_notice("sam", "acct3")

    assert raised.value.reason == "no_room"
    assert notices.due(10) == []
