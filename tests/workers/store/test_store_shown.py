"""Messages that are kept up to date wait in a row of their own, and delay nothing."""

from dataclasses import replace
from datetime import timedelta

from store_scenes import KIM, NOW, a_case

from workers.offboarding.model import (
    CaseResult,
    Channel,
    ReportKind,
    ReportLine,
    ReportState,
    Root,
    Step,
    Work,
)
from workers.offboarding.ports import Change
from workers.store.codec import decode, encode

SHOW = Work("01A", Step.SHOW)
ROOT = Root("C1", "1.2", "abc", NOW, told=("acct1/us-south/g1",))
LINE = ReportLine(
    Channel.SLACK, ReportKind.STARTED, state=ReportState.SENT, at=NOW, root=ROOT
)


def begun(room, case_id="01A", **changes):
    """Open a case whose plan leaves a message to be kept."""
    room.open(a_case(case_id, **changes))
    claim = room.works.claim(Work(case_id, Step.PLAN))
    after = (Work(case_id, Step.SHOW),)
    room.works.finish(claim, Change(reports=(LINE,), after=after))


def due_now(client, *names):
    for name in names:
        for member in client.zrange(f"offboard:{name}", 0, -1):
            client.zadd(f"offboard:{name}", {member: 0})


def test_a_message_waits_apart_and_keeps_what_is_known_of_it(room, any_client):
    begun(room)

    assert any_client.zscore("offboard:due", "01A|show|") is None
    assert any_client.zscore("offboard:shown", "01A|show|") is not None
    assert room.cases.load("01A").started_on(Channel.SLACK) == LINE


def test_a_line_without_a_message_is_read_as_it_was_written_before_there_were_any():
    text = '{"channel":"slack","kind":"final","number":2,"state":"sent","tries":1}'

    assert decode(text, ReportLine) == ReportLine(
        Channel.SLACK, ReportKind.FINAL, 2, ReportState.SENT, tries=1
    )
    assert decode(encode(LINE), ReportLine) == LINE


def test_a_thousand_messages_leave_the_sweep_to_other_work(room, any_client):
    for number in range(60):
        any_client.zadd("offboard:shown", {f"0{number:02}|show|": 0})
    room.open(a_case("99A"))
    due_now(any_client, "due")

    swept = room.works.sweep()

    assert Work("99A", Step.PLAN) in swept
    assert sum(one.step is Step.SHOW for one in swept) == 10


def test_a_message_comes_back_when_it_is_asked_for_and_goes_when_it_ends(
    room, any_client
):
    begun(room)
    due_now(any_client, "shown")
    at = NOW + timedelta(days=9)

    room.works.again(room.works.claim(SHOW), Change(), at)
    score = any_client.zscore("offboard:shown", "01A|show|")
    early = room.works.claim(SHOW)
    any_client.hdel("offboard:work:01A|show|", "not_before")
    room.works.finish(room.works.claim(SHOW), Change())

    assert score == at.timestamp() * 1000
    assert early is None
    assert any_client.zcard("offboard:shown") == 0


def test_a_message_that_is_asked_for_anew_does_not_wait_any_longer(room, any_client):
    begun(room)
    due_now(any_client, "shown")
    room.works.again(room.works.claim(SHOW), Change(), NOW + timedelta(days=9))
    any_client.zadd("offboard:due", {"01A|deliver|slack:final:1": 0})
    final = room.works.claim(Work("01A", Step.DELIVER, "slack:final:1"))

    room.works.finish(final, Change(after=(SHOW,)))

    assert room.works.claim(SHOW) is not None


def test_the_message_of_a_case_that_was_cancelled_is_changed_once_more(
    room, any_client
):
    begun(room)
    room.cancel()

    claim = room.works.claim(SHOW)
    room.works.finish(claim, Change(reports=(replace(LINE, tries=2),)))

    assert room.cases.load("01A").started_on(Channel.SLACK).tries == 2
    assert any_client.zcard("offboard:shown") == 0


def test_that_a_case_began_and_nobody_heard_of_it_counts_as_nothing_untold(
    room, any_client
):
    room.open(a_case("01A"))
    begun_line = replace(LINE, state=ReportState.FAILED, root=None)
    final = replace(begun_line, kind=ReportKind.FINAL)
    claim = room.works.claim(Work("01A", Step.PLAN))

    room.works.finish(claim, Change(reports=(begun_line, final)))

    assert any_client.zrange("offboard:untold", 0, -1) == ["01A|slack:final:1"]


def test_who_shows_a_case_as_it_was_shows_it_once_more_when_it_was_turned(
    room, any_client
):
    begun(room)
    any_client.zadd("offboard:due", {"01A|report|": 1})
    room.report(result=CaseResult.ATTENTION)
    shows = room.works.claim(SHOW)
    assert room.retry(after=(SHOW,)) == "ok"

    room.works.finish(shows, Change())

    assert any_client.zscore("offboard:shown", "01A|show|") is not None


def test_a_message_that_nobody_can_begin_is_put_off_in_its_own_row(room, any_client):
    begun(room, leaver=KIM)
    before = any_client.zscore("offboard:shown", "01A|show|")

    room.works.put_off(SHOW)

    assert any_client.zscore("offboard:shown", "01A|show|") > before
    assert any_client.zscore("offboard:due", "01A|show|") is None
