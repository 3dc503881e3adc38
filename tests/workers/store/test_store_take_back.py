"""Words taken back in the store: where they go, when it is too late, told once."""

from store_scenes import KIM, NOW, a_case, a_case_target, an_entry, settled

from workers.offboarding.model import Departure, Leaver, Step, Work

WORD = Departure("okta", Leaver(), takes_back=("okta",))


def take_back(room, case=None):
    entry = an_entry("departure.left_to_others")
    return room.cases.take_back(case or room.cases.load("01A"), WORD, entry)


def test_a_word_taken_back_is_read_by_the_next_plan(room):
    room.planned(a_case_target())

    assert take_back(room) == "ok"

    assert room.cases.load("01A").departures == (WORD,)
    assert room.works.claim(Work("01A", Step.PLAN)) is not None


def test_it_is_there_once_though_its_answer_was_lost(room, lossy):
    room.planned(a_case_target())

    assert take_back(lossy) == "ok"

    assert room.cases.load("01A").departures == (WORD,)
    assert room.ledger().count("departure.left_to_others") == 1


def test_a_case_that_changed_since_it_was_read_is_read_again(room):
    room.planned(a_case_target())
    before = room.cases.load("01A")
    take_back(room)

    assert take_back(room, before) == "changed"

    assert len(room.cases.load("01A").departures) == 1


def test_once_something_was_written_it_is_too_late(room):
    room.planned(a_case_target())
    room.intend()

    assert take_back(room) == "written"

    assert room.cases.load("01A").departures == ()


def test_a_case_that_is_over_takes_nothing_in(room):
    room.planned(settled())
    room.report()

    assert take_back(room) == "changed"


def test_it_concerns_nobody_else(room):
    room.planned(a_case_target())
    room.open(a_case("01B", leaver=KIM, received_at=NOW))

    take_back(room)

    assert room.cases.load("01B").departures == ()
