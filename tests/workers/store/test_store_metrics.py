"""What decides is counted where it is written: once, whatever is repeated or dies."""

from dataclasses import replace
from datetime import timedelta

import pytest
from store_scenes import (
    ACCOUNT,
    HOUR,
    NOW,
    AnswersGetLost,
    Room,
    a_case,
    a_plan,
    a_target,
    an_entry,
    settled,
)

from workers.offboarding.errors import LeaseLostError, Reason
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Channel,
    Departure,
    Leaver,
    OpenedBy,
    Outcome,
    ReportKind,
    ReportLine,
    ReportState,
    Step,
)
from workers.offboarding.notice import NoticeLine, taken_over
from workers.offboarding.ports import Change
from workers.store.brake import Brakes
from workers.store.codec import encode
from workers.store.metrics import Counts
from workers.store.notices import Notices

CASES, TARGETS = "offboard_cases_total|", f"offboard_targets_total|{ACCOUNT}|"
TOLD = "offboard_notifications_total|"
SAFE = CaseResult.SAFE


def counted(room, start=""):
    """What is counted under names that begin so, without that beginning."""
    found = Counts(room.client).standing().counted
    return {
        name.removeprefix(start): many
        for name, many in found.items()
        if name.startswith(start)
    }


def settle(room, case=None, *, result=SAFE, targets=(), **how):
    case = case or a_case()
    if room.open(case).verdict != "new":
        raise AssertionError("It was there.")
    room.plan(case.id, *targets)
    return room.report(case.id, result=result, **how)


@pytest.fixture(params=["once", "answers lost"])
def either(client, request):
    """A room, and one in which every script is called twice for one answer."""
    return Room(client if request.param == "once" else AnswersGetLost(client))


@pytest.mark.parametrize("result", CaseResult)
def test_a_case_that_settles_counts_once_by_its_result(either, result):
    settle(either, result=result)

    assert counted(either, CASES) == {f"webhook|{result}": 1}


@pytest.mark.parametrize(
    ("source", "trigger"),
    [
        ("api", "api"),
        ("cli", "cli"),
        ("slack", "slack"),
        ("survey", "survey"),
        ("okta", "webhook"),
    ],
)
def test_it_counts_by_how_it_was_opened(room, source, trigger):
    settle(room, a_case(opened_by=OpenedBy(source, None, "ann")))

    assert counted(room, CASES) == {f"{trigger}|safe": 1}


def test_a_case_that_is_open_still_counts_for_nothing(room):
    room.planned(settled())

    assert counted(room, CASES) == counted(room, "offboard_case_duration") == {}


def test_a_case_that_is_cancelled_counts_once(either):
    either.open()

    assert either.cancel() == "ok"

    assert counted(either, CASES) == {"webhook|cancelled": 1}


def test_a_case_that_gives_way_counts_as_cancelled(either):
    either.open()
    claim = either.claim(Step.PLAN)
    over = replace(either.cases.load("01A"), status=CaseStatus.CANCELLED)

    either.works.finish(claim, Change(case=over))

    assert counted(either, CASES) == {"webhook|cancelled": 1}


def test_what_the_brake_held_and_a_person_refused_counts_once_each(either):
    brake = {"limit": 0, "window_ms": 3_600_000, "line": "{}"}
    for number in range(3):
        case = a_case(f"01A{number}", leaver=Leaver(f"p{number}@example.com"))
        taken = a_braked(either, case, brake)
        assert taken.verdict == "braked"
    brakes = Brakes(either.client)

    brakes.decide(
        "op", "refuse", up_to=NOW + HOUR, by="sam", at=NOW, entry=an_entry("refused")
    )

    assert counted(either, CASES) == {"webhook|cancelled": 3}


def a_braked(room, case, brake):
    told = Departure("standard", case.leaver, event_key=case.opened_by.event_key)
    entries = (an_entry("case.opened"), an_entry("departure.joined"))
    held = {**brake, "entry": encode(an_entry("case.held"))}
    return room.cases.open(case, told, entries, brake=held)


def test_a_case_of_a_store_from_before_counts_as_opened_by_an_event(room):
    room.planned(settled())
    room.client.hdel("offboard:case:01A", "trigger")

    room.report(result=SAFE)

    assert counted(room, CASES) == {"webhook|safe": 1}


def test_a_case_that_is_taken_up_again_counts_at_each_of_its_ends(room):
    settle(room, result=CaseResult.ATTENTION)
    assert room.retry() == "ok"
    room.plan("01A")

    room.report(result=SAFE)

    assert counted(room, CASES) == {"webhook|attention": 1, "webhook|safe": 1}


def test_who_lost_his_lease_counts_nothing(room):
    room.planned(settled())
    claim = room.claim(Step.REPORT)
    room.client.hset(f"offboard:lease:{claim.lease}", "fence", claim.fence + 1)
    over = replace(room.cases.load("01A"), status=CaseStatus.SETTLED, result=SAFE)

    with pytest.raises(LeaseLostError):
        room.works.finish(claim, Change(case=over))

    assert counted(room, CASES) == {}


def test_how_long_a_case_took_stands_in_one_bucket_and_in_the_sum(either):
    plan, early = a_plan(), NOW - timedelta(seconds=20)
    case = a_case(received_at=early, effective_at=early, starts_at=early)
    one = replace(settled(), settled_at=NOW - timedelta(seconds=8))

    settle(either, case, targets=(one,), plan=plan)

    assert counted(either, "offboard_case_duration_seconds|") == {
        "30": 1,
        "sum_ms": 20_000,
    }
    assert counted(either, "offboard_owner_safe_seconds|") == {
        "15": 1,
        "sum_ms": 12_000,
    }


def test_a_case_put_off_took_as_long_as_since_it_began(room):
    early = NOW - timedelta(days=9)
    case = a_case(received_at=early, effective_at=NOW, starts_at=NOW)
    begun = replace(case, started_at=NOW - timedelta(seconds=3))

    settle(room, begun)

    assert counted(room, "offboard_case_duration_seconds|")["sum_ms"] == 3_000


def test_what_is_not_owner_safe_has_no_time_until_it_was(room):
    settle(room, result=CaseResult.ATTENTION, plan=a_plan())

    assert counted(room, "offboard_owner_safe") == {}


def failed(name, reason=Reason.MISSING_ROLE):
    return replace(settled(name), outcome=Outcome.FAILED, reason=reason)


def test_a_target_counts_when_it_gets_its_outcome_and_not_again(either):
    either.planned(settled("us-south"), failed("us-east"))
    # A second plan writes what it finds once more.
    claim = either.claim(Step.REPORT)
    either.works.finish(claim, Change(targets=(settled("us-south"), failed("us-east"))))

    assert counted(either, TARGETS) == {"verified|": 1, "failed|missing_role": 1}


def test_a_target_under_way_counts_for_nothing(room):
    room.planned(replace(settled(), outcome=None))

    assert counted(room, TARGETS) == {}


def test_a_target_that_is_tried_again_counts_with_its_second_outcome(room):
    settle(room, targets=(failed("us-south"),), result=CaseResult.ATTENTION)
    anew = replace(failed("us-south"), outcome=None, reason=None)
    assert room.retry(targets=(anew,)) == "ok"

    room.plan("01A", settled("us-south"))

    assert counted(room, TARGETS) == {"failed|missing_role": 1, "verified|": 1}


def test_a_target_that_a_person_ends_counts_once(either):
    open_one = replace(settled(), outcome=None, functional_id=None)
    case = either.planned(open_one)

    said = either.cases.turn(
        case,
        an_entry("plan.refused"),
        expected=(CaseStatus.OPEN,),
        takes=None,
        targets=(failed("us-south", Reason.REFUSED_PLAN),),
    )

    assert said == "ok"
    assert counted(either, TARGETS) == {"failed|refused_plan": 1}


def test_a_target_left_alone_since_it_was_read_counts_and_another_does_not(room):
    open_ones = [replace(settled(name), outcome=None) for name in ("a", "b")]
    room.planned(*open_ones)
    room.works.finish(
        room.claim(Step.RESET, a_target("a").id, shared=True),
        Change(targets=(settled("a"),)),
    )

    room.works.finish(
        room.claim(Step.PLAN) or room.claim(Step.RESET, a_target("b").id, shared=True),
        Change(untouched=(failed("a"), failed("b"))),
    )

    assert counted(room, TARGETS) == {"verified|": 1, "failed|missing_role": 1}


def test_an_account_with_odd_characters_is_one_label_still(room):
    room.open()
    one = settled(account="a|b%c")

    room.plan("01A", one)

    assert counted(room, "offboard_targets_total|") == {"a%7Cb%25c|verified|": 1}


def a_line(state, **changed):
    return ReportLine(Channel.SLACK, ReportKind.FINAL, state=state, **changed)


def write_line(room, *lines):
    room.works.record(room.claim(Step.REPORT), Change(reports=lines))
    room.client.delete("offboard:lease:work:01A|report|")


def test_a_message_counts_by_how_it_ended_and_once(either):
    either.planned(settled())
    for state in (ReportState.PENDING, ReportState.UNKNOWN, ReportState.UNKNOWN):
        write_line(either, a_line(state))
    for _ in range(3):
        write_line(either, a_line(ReportState.SENT))

    assert counted(either, TOLD) == {"slack|final|unknown": 1, "slack|final|sent": 1}


def test_a_line_that_a_digest_tells_of_is_no_message_of_its_own(room):
    room.planned(settled())

    write_line(
        room, ReportLine(Channel.MAIL, ReportKind.DIGEST, state=ReportState.SENT)
    )

    assert counted(room, TOLD) == {}


def test_a_notice_counts_by_its_kind_on_each_channel(either):
    notices = Notices(either.client)
    owner = settled().owner_before
    notice = taken_over(a_target(), owner, owner, at=NOW, read_before_at=NOW)
    notices.add(notice, (Channel.SLACK, Channel.MAIL))
    unknown = NoticeLine(Channel.SLACK, state=ReportState.UNKNOWN)

    notices.put(notice.id, unknown, NOW)
    notices.put(notice.id, replace(unknown, lost=1), NOW)
    notices.put(notice.id, NoticeLine(Channel.SLACK, state=ReportState.SENT), None)
    notices.put(notice.id, NoticeLine(Channel.MAIL, state=ReportState.FAILED), None)
    notices.put(notice.id, NoticeLine(Channel.MAIL, state=ReportState.SENT), None)

    assert counted(either, TOLD) == {
        "slack|taken_over|unknown": 1,
        "slack|taken_over|sent": 1,
        "mail|taken_over|failed": 1,
    }


def test_a_batch_that_is_given_again_adds_nothing(any_client):
    one, other = Counts(any_client), Counts(any_client)

    one.add(1, {"a": 2})
    one.add(1, {"a": 2})
    one.add(2, {"a": 1, "b": 1})
    other.add(1, {"a": 10})

    assert one.standing().counted == {"a": 13, "b": 1}


def test_what_was_counted_outlives_who_counted(any_client):
    Counts(any_client).add(1, {"a": 2})

    assert Counts(any_client).standing().counted == {"a": 2}


def test_an_empty_store_has_nothing_to_tell(any_client):
    found = Counts(any_client).standing()

    assert (found.counted, found.heartbeats, found.surveyed) == ({}, {}, {})
    assert (found.began, found.swept_at, found.paused) == (None, None, frozenset())
    assert set(found.numbers.values()) == {0}


def test_the_oldest_is_who_is_worked_on_for_longest_of_those_put_off_too(room):
    early = NOW - timedelta(days=30)
    put_off = a_case("01A", received_at=early, effective_at=NOW, starts_at=NOW)
    room.open(put_off)
    room.plan("01A", started_at=NOW - HOUR)
    for name, hours in (("01B", 3), ("01C", 2)):
        at = NOW - hours * HOUR
        leaver = Leaver(f"{name}@example.com".lower())
        room.open(a_case(name, leaver=leaver, received_at=at, starts_at=at))

    assert Counts(room.client).standing().began == NOW - 3 * HOUR


def test_a_head_that_cannot_be_read_hides_no_other(room):
    room.open()
    at = NOW - HOUR
    leaver = Leaver("kim.roe@example.com")
    room.open(a_case("01B", leaver=leaver, received_at=at, starts_at=at))
    room.client.hset("offboard:case:01A", "head", "{")

    assert Counts(room.client).standing().began == at
