"""What a worker writes that lost its lease: more words, and nothing of another's."""

import pytest
from store_scenes import NOW, a_case_target, an_entry

from workers.offboarding.errors import CaseChangedError, LeaseLostError, Reason
from workers.offboarding.model import (
    Channel,
    Note,
    ReportKind,
    ReportLine,
    Step,
    Work,
)
from workers.offboarding.ports import Change

NOTE = Note(Reason.EXTRA_RESET, "One reset too many was sent.")
LINE = ReportLine(Channel.SLACK, ReportKind.FINAL, 2)


def told(case):
    return Change(
        case=case.warned(NOTE),
        entries=(an_entry("target.extra_reset"),),
        reports=(LINE,),
        after=(Work(case.id, Step.DELIVER, LINE.id),),
    )


def test_it_adds_a_warning_an_entry_and_a_report_and_touches_no_target(room):
    room.planned(a_case_target())
    room.intend()
    before = room.cases.load("01A")

    room.works.own_up(before, told(before))

    after = room.cases.load("01A")
    assert after.warnings == (NOTE,)
    assert after.reports == (LINE,)
    assert after.targets == before.targets
    assert after.status is before.status
    assert room.ledger()[-1] == "target.extra_reset"
    assert "01A|deliver|slack:final:2" in room.due()


def test_a_message_to_be_shown_anew_comes_with_the_next_sweep(room):
    room.planned(a_case_target())
    show = Work("01A", Step.SHOW)

    room.works.own_up(room.cases.load("01A"), Change(after=(show,)))

    assert show in room.works.sweep()
    assert room.works.claim(show) is not None


def test_whoever_holds_the_work_keeps_it(room):
    room.planned(a_case_target())
    claim = room.intend()
    case = room.cases.load("01A")

    room.works.own_up(case, told(case))

    outcome = a_case_target(intent_at=NOW, reset_at=NOW, resets=1)
    room.works.finish(claim, Change(targets=(outcome,)))
    assert room.cases.load("01A").targets == (outcome,)


def test_a_case_that_changed_since_it_was_read_is_left_to_another_look(room):
    read = room.planned(a_case_target())
    room.works.own_up(read, told(read))

    with pytest.raises(CaseChangedError):
        room.works.own_up(read, told(read))

    assert room.ledger().count("target.extra_reset") == 1


def test_a_word_whose_answer_was_lost_is_written_once(lossy):
    read = lossy.planned(a_case_target())

    lossy.works.own_up(read, told(read))

    assert lossy.ledger().count("target.extra_reset") == 1
    assert lossy.cases.load("01A").revision == read.revision + 1


def test_an_entry_alone_leaves_the_case_as_it_was(room):
    read = room.planned(a_case_target())

    room.works.own_up(read, Change(entries=(an_entry("target.reset_late"),)))

    assert room.cases.load("01A") == read
    assert room.ledger()[-1] == "target.reset_late"


def test_a_step_that_read_the_case_before_begins_anew(room):
    read = room.planned(a_case_target())
    claim = room.claim(Step.RESET, a_case_target().target.id, shared=True)
    room.works.own_up(read, told(read))

    with pytest.raises(CaseChangedError):
        room.works.finish(claim, Change(case=read))

    assert room.cases.load("01A").warnings == (NOTE,)


def test_the_fence_still_refuses_everything_else(room):
    room.planned(a_case_target())
    target = a_case_target().target.id
    old = room.with_leases_of(0.0).claim(Step.RESET, target, shared=True)
    room.make_due()
    assert room.claim(Step.RESET, target, shared=True) is not None

    with pytest.raises(LeaseLostError):
        room.works.finish(old, Change())


def test_a_repeat_that_comes_after_another_word_is_written_once(room):
    """Two workers own up; the first one's answer was lost, and its repeat is late."""
    read = room.planned(a_case_target())
    calls = []
    call = room.works._scripts.call
    room.works._scripts.call = lambda name, **given: (
        calls.append((name, given)),
        call(name, **given),
    )[1]
    room.works.own_up(read, Change(entries=(an_entry("target.reset_late"),)))
    room.works.own_up(read, Change(entries=(an_entry("target.extra_reset"),)))

    (name, first), _ = calls
    assert call(name, **first) == "ok"

    assert room.ledger().count("target.reset_late") == 1
