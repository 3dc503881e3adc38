"""Two cases of one person, and what a person's hand does to a case."""

from dataclasses import replace

import pytest
from store_scenes import (
    DANA,
    DANA_BY_ID,
    DANA_KNOWN,
    KIM,
    NOW,
    a_case,
    a_case_target,
    settled,
)

from workers.offboarding.errors import CaseCancelledError, CaseChangedError
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Channel,
    Outcome,
    ReportKind,
    ReportLine,
    Scope,
    Step,
)
from workers.offboarding.ports import Change
from workers.store.cases import Taken

TARGET = a_case_target().target.id


@pytest.fixture
def two(room):
    """Two open cases that prove to be one person: 01A by e-mail, 01B by IAM ID."""
    room.planned(a_case_target())
    room.planned(a_case_target(), case=a_case("01B", leaver=DANA_BY_ID))
    return room


def adopt(room, case_id, **changed):
    read = room.cases.load(case_id)
    return room.cases.adopt(replace(read, leaver=DANA_KNOWN, **changed))


def give_way(room, case_id):
    """End a case as the plan step does when it has to join another."""
    claim = room.claim(Step.PLAN, case_id=case_id)
    read = room.cases.load(case_id)
    ended = replace(read, status=CaseStatus.CANCELLED, settled_at=NOW)
    room.works.finish(claim, Change(case=ended, folded=len(read.departures)))


# adopt


def test_a_case_alone_takes_its_leavers_names(room):
    room.open()

    assert adopt(room, "01A") is None

    assert room.open(a_case("01B", leaver=DANA_BY_ID)) == Taken("joined", "01A")


def test_the_later_of_two_cases_has_to_join_the_earlier(two):
    assert adopt(two, "01B", scope=Scope(("eu-de",)), reason="left") == "01A"

    joined = two.cases.load("01A").departures
    assert [(one.leaver, one.scope, one.reason) for one in joined] == [
        (DANA_KNOWN, Scope(("eu-de",)), "left")
    ]
    assert two.claim(Step.PLAN, case_id="01A") is not None


def test_the_later_of_two_cases_is_told_when_the_earlier_finds_out(two):
    assert adopt(two, "01A") is None

    assert two.cases.load("01B").joined_to == "01A"
    assert two.claim(Step.PLAN, case_id="01B") is not None
    assert adopt(two, "01B") == "01A"
    assert two.open(a_case("01C", leaver=DANA_BY_ID)) == Taken("joined", "01A")


def test_a_later_case_that_has_written_stays_and_the_earlier_joins_it(two):
    two.intend(case_id="01B")

    assert adopt(two, "01A") == "01B"


def test_a_later_case_that_has_written_stays_when_it_finds_out_itself(two):
    two.intend(case_id="01B")

    assert adopt(two, "01B") is None

    assert two.cases.load("01A").joined_to == "01B"


def test_two_cases_that_have_both_written_both_stay(two):
    two.intend(case_id="01A")
    two.client.hset("offboard:case:01B", "wrote", 1)

    assert adopt(two, "01A") is None
    assert adopt(two, "01B") is None
    assert two.cases.load("01A").joined_to is None
    assert two.cases.load("01B").joined_to is None


def test_a_case_that_gives_way_writes_no_more(two):
    claim = two.claim(Step.RESET, TARGET, "01B", shared=True)
    adopt(two, "01A")

    with pytest.raises(CaseCancelledError):
        two.works.record(claim, Change(targets=(a_case_target(),), wrote=True))

    assert two.claim(Step.RESET, TARGET, "01A", shared=True) is not None


def test_a_case_that_has_decided_to_join_writes_no_more(two):
    claim = two.claim(Step.RESET, TARGET, "01B", shared=True)
    adopt(two, "01B")

    with pytest.raises(CaseCancelledError):
        two.works.record(claim, Change(targets=(a_case_target(),), wrote=True))


def test_nobody_gives_way_to_a_case_that_was_cancelled_meanwhile(two):
    assert adopt(two, "01B") == "01A"
    two.client.zadd("offboard:due", {"01B|plan|": 0})
    claim = two.claim(Step.PLAN, "", "01B")
    two.client.hset("offboard:case:01A", "status", "cancelled")
    ended = replace(two.cases.load("01B"), status=CaseStatus.CANCELLED)

    with pytest.raises(CaseChangedError):
        two.works.finish(claim, Change(case=ended))


def test_asking_twice_joins_once(two):
    assert adopt(two, "01B") == "01A"
    revision = two.cases.load("01A").revision

    assert adopt(two, "01B") == "01A"

    assert len(two.cases.load("01A").departures) == 1
    assert two.cases.load("01A").revision == revision


def test_joining_with_a_lost_answer_joins_once(two, lossy):
    assert adopt(lossy, "01B") == "01A"

    assert len(two.cases.load("01A").departures) == 1


def test_a_case_that_was_widened_meanwhile_is_joined_as_it_is_then(two):
    adopt(two, "01B")

    adopt(two, "01B", scope=Scope(("eu-de",)))

    scopes = [one.scope for one in two.cases.load("01A").departures]
    assert scopes == [None, Scope(("eu-de",))]


def test_a_case_goes_its_own_way_when_the_other_was_cancelled_before_it_joined(two):
    adopt(two, "01A")
    read = two.cases.load("01B")
    two.cancel("01A")

    assert adopt(two, "01B") is None

    assert two.cases.load("01B").joined_to is None
    assert two.cases.load("01B").revision > read.revision
    assert two.cases.open_case_of(DANA_KNOWN.refs) == "01B"


def test_a_plan_made_to_give_way_is_made_anew_when_the_other_is_over(two):
    adopt(two, "01A")
    two.cancel("01A")

    claim = two.claim(Step.PLAN, case_id="01B")
    read = two.cases.load("01B")
    adopt(two, "01B")

    with pytest.raises(CaseChangedError):
        two.works.finish(claim, Change(case=read))


def test_a_case_that_was_cancelled_meanwhile_takes_no_names(room):
    room.open()
    read = room.cases.load("01A")
    room.cancel()

    assert room.cases.adopt(replace(read, leaver=DANA_KNOWN)) is None

    assert room.open(a_case("01B", leaver=DANA_BY_ID)) == Taken("new", "01B")


def test_what_joined_a_case_that_gives_way_can_still_be_found(two):
    adopt(two, "01A")
    give_way(two, "01B")

    assert two.open(a_case("01C", leaver=DANA_BY_ID)) == Taken("joined", "01A")
    assert two.open(a_case("01D", leaver=DANA)) == Taken("joined", "01A")


# A person cancels.


def test_a_case_is_cancelled_before_its_first_write(room):
    room.planned(a_case_target())

    assert room.cancel() == "ok"

    case = room.cases.load("01A")
    assert case.status is CaseStatus.CANCELLED
    assert room.ledger() == ["case.opened", "case.cancelled"]
    assert room.cases.ids(status=CaseStatus.CANCELLED, limit=9) == ["01A"]
    assert room.cases.ids(status=CaseStatus.OPEN, limit=9) == []


def test_a_case_is_not_cancelled_after_its_first_write(room):
    room.planned(a_case_target())
    room.intend()

    assert room.cancel() == "written"

    assert room.cases.load("01A").status is CaseStatus.OPEN
    assert room.ledger() == ["case.opened", "intended"]
    assert room.cases.open_case_of(DANA.refs) == "01A"


def test_a_case_is_not_cancelled_though_its_only_write_did_nothing(room):
    room.planned(a_case_target())
    claim = room.intend()
    room.works.record(claim, Change(targets=(a_case_target(proven_failures=1),)))

    assert room.cancel() == "written"


@pytest.mark.parametrize("end", ["settled", "cancelled"])
def test_a_case_that_is_over_is_not_cancelled(room, end):
    room.planned(settled())
    room.report() if end == "settled" else room.cancel()

    assert room.cancel() == "state"


def test_a_case_that_changed_since_it_was_read_is_not_turned(room):
    room.open()
    read = room.cases.load("01A")
    room.open(a_case("01B"))

    assert room.cancel(case=read) == "changed"
    assert room.cases.load("01A").status is CaseStatus.OPEN


def test_a_case_that_does_not_exist_is_not_turned(room):
    assert room.cancel(case=a_case("01X")) == "changed"


def test_a_cancellation_whose_answer_was_lost_is_in_the_ledger_once(room, lossy):
    room.open()

    assert lossy.cancel() == "ok"

    assert room.ledger() == ["case.opened", "case.cancelled"]


# A person retries.


def attention(room):
    lost = a_case_target("eu-de", outcome=Outcome.FAILED, settled_at=NOW)
    gone = a_case_target("jp-tok", outcome=Outcome.UNREAD, settled_at=NOW)
    room.planned(settled("us-south"), lost, gone)
    return room.report(result=CaseResult.ATTENTION)


def test_a_retried_case_is_open_again_and_plans(room):
    attention(room)
    line = ReportLine(Channel.SLACK, ReportKind.FINAL, 2)

    answer = room.retry(
        targets=(a_case_target("eu-de"),),
        dropped=(a_case_target("jp-tok").target.id,),
        reports=(line,),
    )

    case = room.cases.load("01A")
    assert answer == "ok"
    assert (case.status, case.result) == (CaseStatus.OPEN, None)
    assert [(one.target.region, one.outcome) for one in case.targets] == [
        ("eu-de", None),
        ("us-south", Outcome.VERIFIED),
    ]
    assert case.reports == (line,)
    assert room.cases.ids(result=CaseResult.ATTENTION, limit=9) == []
    assert room.claim(Step.PLAN) is not None


def test_a_retried_case_has_its_leavers_name_again(room):
    attention(room)
    room.retry()

    assert room.open(a_case("01B")) == Taken("joined", "01A")


def test_a_case_is_not_retried_while_another_of_that_leaver_is_open(room):
    attention(room)
    room.open(a_case("01B"))

    assert room.retry() == "taken:01B"

    assert room.cases.load("01A").status is CaseStatus.SETTLED
    assert room.cases.open_case_of(DANA.refs) == "01B"


def test_a_case_of_somebody_else_does_not_stand_in_the_way_of_a_retry(room):
    attention(room)
    room.open(a_case("01B", leaver=KIM))

    assert room.retry() == "ok"


def test_a_retry_whose_answer_was_lost_is_in_the_ledger_once(room, lossy):
    attention(room)

    assert lossy.retry() == "ok"

    assert room.ledger() == ["case.opened", "case.retried"]


def test_two_retries_of_what_was_read_once_are_one(room):
    read = attention(room)

    assert [room.retry(case=read), room.retry(case=read)] == ["ok", "changed"]


def test_a_retried_case_is_written_already_and_cannot_be_cancelled(room):
    room.planned(a_case_target())
    claim = room.intend()
    room.works.finish(claim, Change(targets=(settled(),)))
    room.report(result=CaseResult.ATTENTION)
    room.retry()

    assert room.cancel() == "written"


def test_a_retried_case_does_not_give_way_to_a_case_of_long_ago(room):
    lost = a_case_target(outcome=Outcome.FAILED, settled_at=NOW)
    room.planned(case=a_case(leaver=DANA_BY_ID))
    room.planned(lost, case=a_case("01B"))
    adopt(room, "01A")
    room.make_due("01B|report|")
    room.report("01B", result=CaseResult.ATTENTION)
    room.cancel("01A")

    assert room.retry("01B") == "ok"

    assert room.cases.load("01B").joined_to is None
