"""A claim and what its step reads are one step: of one moment, and one round trip."""

from datetime import UTC, datetime, timedelta

import pytest
from store_scenes import a_case, a_case_target, a_target

from workers.offboarding.errors import CaseDamagedError, NoSuchCaseError
from workers.offboarding.model import Channel, ReportKind, ReportLine, Step, Work
from workers.offboarding.part import PartOfCase
from workers.offboarding.ports import Change

MINE = a_target("us-south").id
FIRST = a_target("us-east").id
RESET = Work("01A", Step.RESET, MINE)


def regions(case):
    return [one.target.region for one in case.targets]


def planned(room, **changed):
    targets = [a_case_target(name) for name in ("us-south", "us-east", "eu-de")]
    return room.planned(*targets, **changed)


def test_a_target_is_read_with_its_claim_as_it_would_be_read_after(room):
    planned(room)
    claim = room.claim(Step.RESET, MINE, shared=True)
    line = ReportLine(Channel.SLACK, ReportKind.HELD)
    room.works.again(claim, Change(reports=(line,)), datetime.now(UTC))

    begun = room.works.begin(RESET)

    assert begun.case == room.cases.load_part("01A", MINE)
    assert isinstance(begun.case, PartOfCase)
    assert regions(begun.case) == ["us-south"]
    assert begun.case.reports == (line,)


def test_who_goes_first_is_read_besides_and_of_them_all_are(room):
    planned(room, canaries=(FIRST,))

    mine = room.works.begin(RESET).case
    whole = room.works.begin(Work("01A", Step.RESET, FIRST)).case

    assert regions(mine) == ["us-east", "us-south"]
    assert whole == room.cases.load("01A")
    assert not isinstance(whole, PartOfCase)


def test_armed_cases_share_the_lease_of_a_target_and_a_dry_run_has_its_own(room):
    planned(room)
    planned(room, case=a_case("01B", dry_run=True))

    armed = room.works.begin(RESET)
    dry = room.works.begin(Work("01B", Step.RESET, MINE))

    assert armed.claim.lease == f"target:{MINE}"
    assert dry.claim.lease == f"work:01B|reset|{MINE}"
    assert room.works.begin(RESET) is None


def test_of_other_work_no_target_is_read_and_no_lease_is_shared(room):
    room.open()

    begun = room.works.begin(Work("01A", Step.PLAN))

    assert begun.claim.lease == "work:01A|plan|"
    assert begun.case == room.cases.load_part("01A")


def test_what_is_begun_is_written_as_under_any_claim(room):
    planned(room)
    begun = room.works.begin(RESET)

    room.works.finish(begun.claim, Change(targets=(a_case_target(tries=3),)))

    assert room.cases.load("01A").target(MINE).tries == 3
    assert room.works.begin(RESET) is None


def test_a_claim_whose_answer_was_lost_is_given_again_with_what_was_read(lossy):
    planned(lossy)

    begun = lossy.works.begin(RESET)

    # Claimed once, though the server was asked twice.
    assert begun.claim.claims == 1
    assert regions(begun.case) == ["us-south"]


def test_work_of_a_case_that_is_gone_is_due_no_more(room, any_client):
    any_client.zadd("offboard:due", {"01X|plan|": 0})

    with pytest.raises(NoSuchCaseError):
        room.works.begin(Work("01X", Step.PLAN))

    assert any_client.zscore("offboard:due", "01X|plan|") is None


@pytest.mark.parametrize("head", ["not JSON", '{"dry_run": 1}', "[]"])
def test_a_case_that_cannot_be_read_comes_back_later_and_leaves_the_target_to_others(
    room, any_client, head
):
    planned(room)
    any_client.hset("offboard:case:01A", "head", head)
    before = datetime.now(UTC)

    with pytest.raises(CaseDamagedError):
        room.works.begin(RESET)

    due = any_client.zscore("offboard:due", f"01A|reset|{MINE}") / 1000
    assert due > (before + timedelta(minutes=9)).timestamp()
    assert any_client.smembers("offboard:damaged") == {"01A"}
    leases = any_client.keys("offboard:lease:*reset*")
    assert [any_client.hget(one, "until") for one in leases] == ["0"]
