"""A part of a case: what one step reads of a case with any number of targets."""

from dataclasses import replace

import pytest
from store_scenes import NOW, a_case, a_case_target, a_target, an_entry, settled

from workers.offboarding.errors import NoSuchCaseError
from workers.offboarding.model import Channel, ReportKind, ReportLine, Step
from workers.offboarding.part import PartOfCase
from workers.offboarding.ports import Change

MINE = a_target("us-south").id
FIRST = a_target("us-east").id


def regions(case):
    return [one.target.region for one in case.targets]


def a_large_case(room, **changed):
    others = [a_case_target(f"eu-{number}") for number in range(5)]
    mine = [a_case_target("us-south"), a_case_target("us-east")]
    return room.planned(*others, *mine, **changed)


def test_a_part_has_the_one_target_and_all_else_as_the_whole_has_it(room):
    whole = a_large_case(room)
    line = ReportLine(Channel.SLACK, ReportKind.HELD)
    claim = room.claim(Step.RESET, MINE, shared=True)
    room.works.record(claim, Change(reports=(line,)))
    room.open(a_case("01B"))

    part = room.cases.load_part(whole.id, MINE)

    assert regions(part) == ["us-south"]
    whole = room.cases.load(whole.id)
    assert part.reports == whole.reports == (line,)
    assert part.departures == whole.departures != ()
    assert part.revision == whole.revision
    assert part.plan == whole.plan


def test_a_part_has_those_that_go_first_besides(room):
    a_large_case(room, canaries=(FIRST,))

    assert regions(room.cases.load_part("01A", MINE)) == ["us-east", "us-south"]


def test_of_a_target_that_goes_first_the_whole_case_is_read(room):
    whole = a_large_case(room, canaries=(FIRST,))

    case = room.cases.load_part("01A", FIRST)

    assert case == whole
    assert len(case.targets) == 7


def test_without_a_target_none_is_read(room):
    a_large_case(room, canaries=(FIRST,))

    case = room.cases.load_part("01A")

    assert case.targets == ()
    assert case.canaries == (FIRST,)


def test_a_target_that_was_dropped_meanwhile_is_not_in_the_part(room):
    a_large_case(room)

    part = room.cases.load_part("01A", a_target("eu-gone").id)

    assert part.targets == ()


def test_there_is_no_part_of_a_case_that_does_not_exist(room):
    with pytest.raises(NoSuchCaseError):
        room.cases.load_part("01A", MINE)


def test_a_part_is_never_written_as_the_case(room):
    a_large_case(room)
    part = room.cases.load_part("01A", MINE)
    claim = room.claim(Step.RESET, MINE, shared=True)

    with pytest.raises(TypeError):
        room.works.finish(claim, Change(case=replace(part, tries=1)))
    with pytest.raises(TypeError):
        room.works.own_up(part, Change(case=part))

    assert isinstance(part, PartOfCase)
    assert room.cases.load("01A").tries == 0
    assert len(room.cases.load("01A").targets) == 7


def test_a_target_written_by_who_read_a_part_leaves_the_others_as_they_are(room):
    a_large_case(room)
    claim = room.claim(Step.RESET, MINE, shared=True)
    room.cases.load_part("01A", MINE)

    ended = Change(targets=(settled("us-south"),), entries=(an_entry(),))
    room.works.finish(claim, ended)

    case = room.cases.load("01A")
    assert [one.settled_at for one in case.targets if one.settled_at] == [NOW]
    assert len(case.targets) == 7
