"""Notices in the store: told once, on each channel, until sent or given up."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from store_scenes import AnswersGetLost

from workers.offboarding.errors import StoreAwayError
from workers.offboarding.model import (
    Channel,
    Cluster,
    KeyOwner,
    ReportState,
    ResourceGroup,
    Target,
)
from workers.offboarding.notice import (
    Notice,
    NoticeLine,
    gone_from_one_account,
    report_of_notice,
    taken_over,
)
from workers.store.codec import decode
from workers.store.connection import connect
from workers.store.notices import Notices

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SLACK, MAIL = Channel.SLACK, Channel.MAIL
BOTH = (SLACK, MAIL)
TARGET = Target(
    "acct1",
    "us-south",
    ResourceGroup("payments-id", "pay<ments> \u202e"),
    (Cluster("c1", "web", "vpc-gen2"),),
)
DANA = KeyOwner("IBMid-1", "Dana Lee", "dana.lee@example.com")
NOTICE = taken_over(
    TARGET, KeyOwner("IBMid-9", "IKS"), DANA, at=NOON, read_before_at=NOON
)
OTHER = gone_from_one_account("acct1", DANA, (TARGET,), still_in=("b", "a"), at=NOON)


@pytest.fixture
def notices(any_client):
    return Notices(any_client)


def make_due(client):
    for member in client.zrange("offboard:notices:due", 0, -1):
        client.zadd("offboard:notices:due", {member: 1})


def line(channel=SLACK, state=ReportState.SENT, **changes):
    return replace(NoticeLine(channel, state, NOON, tries=1), **changes)


def test_a_line_that_cannot_be_read_keeps_no_other_from_its_turn(notices, any_client):
    notices.add(NOTICE, [SLACK])
    notices.add(OTHER, [SLACK])
    any_client.hset(f"offboard:notice:{NOTICE.id}", "line:slack", "{")
    make_due(any_client)

    assert (OTHER.id, SLACK) in notices.due(10)


@pytest.mark.parametrize("notice", [NOTICE, OTHER], ids=["taken_over", "gone"])
def test_a_notice_comes_back_as_it_was_put_in(notices, notice):
    notices.add(notice, BOTH)

    assert notices.load(notice.id) == notice
    assert notices.line(notice.id, SLACK) == NoticeLine(SLACK)
    assert notices.line(notice.id, MAIL) == NoticeLine(MAIL)


def test_every_channel_is_told_at_once_and_for_itself(notices):
    notices.add(NOTICE, BOTH)

    assert notices.waiting() == 2
    assert sorted(notices.due(10)) == [(NOTICE.id, MAIL), (NOTICE.id, SLACK)]


def test_what_was_taken_is_nobody_else_s_for_a_minute(notices, any_client):
    notices.add(NOTICE, (SLACK,))
    notices.due(10)

    again = notices.due(10)
    [(_, at)] = any_client.zrange("offboard:notices:due", 0, -1, withscores=True)

    assert again == []
    assert 30 < at / 1000 - datetime.now(UTC).timestamp() <= 60


def test_who_died_over_it_leaves_it_to_the_next(notices, any_client):
    notices.add(NOTICE, (SLACK,))
    notices.due(10)
    make_due(any_client)

    assert notices.due(10) == [(NOTICE.id, SLACK)]


def test_no_more_is_taken_than_the_limit(notices):
    notices.add(NOTICE, BOTH)
    notices.add(OTHER, BOTH)

    taken = [len(notices.due(3)) for _ in range(3)]

    assert taken == [3, 1, 0]


def test_the_same_finding_is_told_once(notices, any_client):
    first = notices.add(NOTICE, (SLACK,))
    notices.due(10)
    notices.put(NOTICE.id, line(), None)

    second = notices.add(replace(NOTICE, at=NOON + timedelta(days=1)), BOTH)

    assert (first, second) == (True, False)
    assert notices.waiting() == 0
    assert notices.load(NOTICE.id) == NOTICE


def test_a_finding_is_remembered_for_ninety_days(notices, any_client):
    notices.add(NOTICE, (SLACK,))

    assert any_client.ttl(f"offboard:notice:{NOTICE.id}") == 90 * 86_400


def test_without_a_channel_nothing_is_remembered(notices):
    first = notices.add(NOTICE, ())
    second = notices.add(NOTICE, (MAIL,))

    assert (first, second) == (False, True)
    assert notices.waiting() == 1


def test_what_was_sent_waits_no_more(notices):
    notices.add(NOTICE, BOTH)
    notices.put(NOTICE.id, line(reached=("ops@example.com",)), None)

    assert notices.line(NOTICE.id, SLACK) == line(reached=("ops@example.com",))
    assert notices.due(10) == [(NOTICE.id, MAIL)]
    assert notices.failed() == []


def test_what_is_told_again_waits_for_its_time(notices, any_client):
    notices.add(NOTICE, (SLACK,))
    notices.due(10)
    pending = line(state=ReportState.PENDING, detail="429")
    again_at = datetime.now(UTC) + timedelta(seconds=30)
    notices.put(NOTICE.id, pending, again_at)

    before = notices.due(10)
    notices.put(NOTICE.id, pending, datetime.now(UTC) - timedelta(seconds=1))

    assert before == []
    assert notices.line(NOTICE.id, SLACK) == pending
    assert notices.due(10) == [(NOTICE.id, SLACK)]


def test_who_begins_is_counted_for_each_channel_until_there_is_word(notices):
    notices.add(NOTICE, BOTH)

    before = [notices.begin(NOTICE.id, SLACK) for _ in range(2)]
    notices.put(NOTICE.id, line(state=ReportState.PENDING), NOON)

    assert before == [1, 2]
    assert notices.begin(NOTICE.id, SLACK) == 1
    assert notices.begin(NOTICE.id, MAIL) == 1


def test_what_was_only_taken_has_not_begun(notices, any_client):
    notices.add(NOTICE, (SLACK,))
    for _ in range(3):
        notices.due(10)
        make_due(any_client)

    assert notices.begin(NOTICE.id, SLACK) == 1


def test_what_failed_is_listed_and_waits_no_more(notices):
    notices.add(NOTICE, BOTH)
    notices.put(NOTICE.id, line(MAIL, ReportState.FAILED), None)

    assert notices.failed() == [(NOTICE.id, MAIL)]
    assert notices.waiting() == 1


@pytest.mark.parametrize("first", [ReportState.SENT, ReportState.FAILED])
def test_a_worker_that_comes_late_changes_nothing(notices, first):
    notices.add(NOTICE, (SLACK,))
    notices.put(NOTICE.id, line(state=first), None)

    notices.put(NOTICE.id, line(state=ReportState.PENDING, tries=7), NOON)

    assert notices.line(NOTICE.id, SLACK) == line(state=first)
    assert notices.waiting() == 0


def test_an_unknown_end_may_still_be_told_once_more(notices):
    notices.add(NOTICE, (SLACK,))
    notices.put(NOTICE.id, line(state=ReportState.UNKNOWN), NOON)

    notices.put(NOTICE.id, line(state=ReportState.SENT, tries=2), None)

    assert notices.line(NOTICE.id, SLACK) == line(tries=2)


def test_what_is_forgotten_is_not_told_for_ever(notices, any_client):
    notices.add(NOTICE, BOTH)
    any_client.delete(f"offboard:notice:{NOTICE.id}")
    notices.put(NOTICE.id, line(), NOON)
    notices.begin(NOTICE.id, MAIL)

    waiting = notices.waiting()
    due = notices.due(10)

    assert (waiting, due, notices.waiting()) == (1, [], 0)
    assert notices.load(NOTICE.id) is None
    assert notices.line(NOTICE.id, SLACK) is None
    assert not any_client.exists(f"offboard:notice:{NOTICE.id}")


def test_a_lost_answer_of_the_store_changes_nothing(any_client):
    lossy = Notices(AnswersGetLost(any_client))

    is_new = lossy.add(NOTICE, (SLACK, MAIL))
    lossy.put(NOTICE.id, line(), None)
    lossy.put(NOTICE.id, line(MAIL, ReportState.FAILED), None)

    assert is_new is True
    assert lossy.line(NOTICE.id, SLACK) == line()
    assert lossy.failed() == [(NOTICE.id, MAIL)]
    assert lossy.waiting() == 0


def test_workers_at_once_share_nothing(store_place, client):
    with ThreadPoolExecutor(8) as pool, connect(store_place.store_url) as shared:
        notices = Notices(shared)
        for number in range(100):
            notices.add(replace(NOTICE, id=f"n{number}"), BOTH)

        taken = [
            one
            for each in pool.map(lambda _: notices.due(7), range(40))
            for one in each
        ]

    assert len(taken) == len(set(taken)) == 200


def test_surveys_that_find_the_same_at_once_tell_it_once(store_place, client):
    with ThreadPoolExecutor(8) as pool, connect(store_place.store_url) as shared:
        notices = Notices(shared)

        new = list(pool.map(lambda _: notices.add(NOTICE, BOTH), range(40)))

    assert sum(new) == 1
    assert notices_waiting(client) == 2


def notices_waiting(client):
    return Notices(client).waiting()


@pytest.mark.parametrize(
    "move",
    [
        lambda notices: notices.add(NOTICE, BOTH),
        lambda notices: notices.due(1),
        lambda notices: notices.load("n"),
        lambda notices: notices.line("n", SLACK),
        lambda notices: notices.begin("n", SLACK),
        lambda notices: notices.put("n", line(), None),
        lambda notices: notices.waiting(),
        lambda notices: notices.failed(),
    ],
    ids=["add", "due", "load", "line", "begin", "put", "waiting", "failed"],
)
def test_a_store_that_is_away_is_said(short_folder, move):
    with (
        connect(f"unix://{short_folder}/nobody") as client,
        pytest.raises(StoreAwayError),
    ):
        move(Notices(client))


def test_a_notice_from_before_it_had_parts_and_a_severity_is_read_and_told():
    text = (
        '{"id":"b1","kind":"stuck","at":"2026-11-20T10:00:00Z","account_id":"",'
        '"about":["case 01A"],"headline":["nothing was done for 1 case."],'
        '"items":[{"line":["Look:"],"details":[],"command":"offboard case show 01A",'
        '"keep":"always","follow_up":null}]}'
    )

    report = report_of_notice(decode(text, Notice))

    assert report.verdict == "A case stands still"
    assert report.severity == "attention"
    assert [one.command for one in report.to_do] == ["offboard case show 01A"]
