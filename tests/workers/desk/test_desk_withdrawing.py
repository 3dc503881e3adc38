"""Departures taken back: whose word counts, for what, and in which order."""

from dataclasses import replace
from datetime import timedelta

import pytest
from desk_scenes import DANA, NOW, begin, taken_back, told

from workers.desk import OpenedAs
from workers.offboarding.errors import CaseDamagedError, Reason
from workers.offboarding.joining import folded
from workers.offboarding.model import CaseStatus, Leaver, Step, Work
from workers.offboarding.ports import Change

HOUR = timedelta(hours=1)
FRIDAY = NOW + 240 * HOUR
NEXT_WEEK = NOW + 400 * HOUR


def back(at=None, source="standard", leaver=DANA, key="back", **changed):
    event = taken_back(leaver, source)
    return replace(event, event_key=f"{source}:{key}", occurred_at=at, **changed)


def fold(works, cases, case_id):
    """Do what the plan step does with departures that joined a scheduled case."""
    claim = works.claim(Work(case_id, Step.PLAN))
    case = cases.load(case_id)
    change = Change(case=folded(case, 24 * HOUR, NOW), folded=len(case.departures))
    works.again(claim, change, case.starts_at)


def test_a_reactivation_before_the_departure_takes_nothing_back(desk):
    case = desk.open(told(effective_at=FRIDAY, occurred_at=NOW)).case

    left = desk.withdraw(back(at=NOW - HOUR))

    assert (left.id, left.status) == (case.id, CaseStatus.SCHEDULED)


def test_a_reactivation_after_the_departure_cancels_it(desk):
    case = desk.open(told(effective_at=FRIDAY, occurred_at=NOW)).case

    ended = desk.withdraw(back(at=NOW + HOUR))

    assert (ended.id, ended.status) == (case.id, CaseStatus.CANCELLED)


def test_without_times_the_order_of_arrival_counts(desk):
    desk.open(told(effective_at=FRIDAY, occurred_at=NOW))

    assert desk.withdraw(back()).status is CaseStatus.CANCELLED


def test_a_departure_that_arrives_after_its_cancellation_is_opened_and_ended(
    desk, works
):
    desk.withdraw(back(at=NOW))

    opened = desk.open(told(effective_at=FRIDAY, occurred_at=NOW - HOUR))

    assert opened.opened_as is OpenedAs.NEW
    case = desk.show(opened.case.id)
    assert (case.status, case.dry_run) == (CaseStatus.CANCELLED, True)
    assert Reason.TAKEN_BACK in {one.reason for one in case.warnings}
    assert works.claim(Work(case.id, Step.PLAN)) is None


def test_a_departure_that_happened_after_the_cancellation_is_meant(desk):
    desk.withdraw(back(at=NOW - HOUR))

    case = desk.open(told(effective_at=FRIDAY, occurred_at=NOW)).case

    assert case.status is CaseStatus.SCHEDULED


def test_a_late_departure_does_not_touch_the_case_of_another_source(desk):
    case = desk.open(told(source="bamboohr", effective_at=FRIDAY)).case
    desk.withdraw(back(at=NOW, source="okta"))

    late = desk.open(told(2, source="okta", occurred_at=NOW - HOUR))

    assert late.case.id != case.id
    assert desk.show(case.id).effective_at == FRIDAY
    assert desk.show(case.id).departures == ()


def test_a_repeat_of_a_late_departure_is_the_same_case(desk):
    desk.withdraw(back(at=NOW))
    late = told(effective_at=FRIDAY, occurred_at=NOW - HOUR)
    first = desk.open(late)

    again = desk.open(late)

    assert (again.case.id, again.opened_as) == (first.case.id, OpenedAs.REPEATED)


def test_an_okta_reactivation_does_not_undo_an_hr_termination(desk):
    case = desk.open(told(source="bamboohr", effective_at=FRIDAY)).case

    assert desk.withdraw(back(source="okta")) is None
    assert desk.show(case.id).status is CaseStatus.SCHEDULED


def test_it_does_where_it_is_set_up_as_authoritative(make_desk):
    desk = make_desk(authoritative_sources=("okta",))
    case = desk.open(told(source="bamboohr", effective_at=FRIDAY)).case

    ended = desk.withdraw(back(source="okta"))

    assert (ended.id, ended.status) == (case.id, CaseStatus.CANCELLED)


@pytest.mark.parametrize("is_folded", [True, False])
def test_what_one_source_takes_back_leaves_the_day_of_the_other(
    desk, cases, works, is_folded
):
    case = desk.open(told(source="hibob", effective_at=FRIDAY)).case
    desk.open(told(source="okta", effective_at=NEXT_WEEK))
    if is_folded:
        fold(works, cases, case.id)

    left = desk.withdraw(back(source="hibob"))

    assert (left.id, left.status) == (case.id, CaseStatus.SCHEDULED)
    assert (left.effective_at, left.starts_at) == (NEXT_WEEK, NEXT_WEEK - 24 * HOUR)
    assert [one.source for one in left.told] == ["okta"]
    assert left.departures == ()
    assert cases.ledger(case.id)[-1].what == "departure.left_to_others"


def test_a_case_that_two_sources_told_of_goes_on_once_it_has_begun(desk, cases, works):
    case = desk.open(told(source="hibob")).case
    begin(cases, works, case.id)
    desk.open(told(source="okta"))

    assert desk.withdraw(back(source="hibob")) is None
    assert desk.show(case.id).status is CaseStatus.OPEN


def test_a_withdrawal_by_another_name_of_theirs_finds_the_case(desk):
    leaver = Leaver(email="dana.lee@example.com", iam_id="IBMid-1")
    case = desk.open(told(leaver=leaver, effective_at=FRIDAY)).case

    ended = desk.withdraw(back(leaver=Leaver(iam_id="IBMid-1")))

    assert (ended.id, ended.status) == (case.id, CaseStatus.CANCELLED)


def test_a_further_e_mail_of_the_person_finds_the_case_too(desk):
    event = told(aliases=("dana@old.example.com",), effective_at=FRIDAY)
    case = desk.open(event).case

    ended = desk.withdraw(back(leaver=Leaver(email="dana@old.example.com")))

    assert (ended.id, ended.status) == (case.id, CaseStatus.CANCELLED)
    assert case.aliases == ("dana@old.example.com",)


@pytest.mark.parametrize("spoilt", [0, 1])
def test_a_case_that_cannot_be_read_keeps_no_other_from_being_taken_back(
    desk, client, spoilt
):
    names = [DANA, Leaver(iam_id="IBMid-1")]
    ids = [
        desk.open(told(number, one, effective_at=FRIDAY)).case.id
        for number, one in enumerate(names)
    ]
    client.hset(f"offboard:case:{ids[spoilt]}", "head", "{")

    with pytest.raises(CaseDamagedError):
        desk.withdraw(back(leaver=replace(DANA, iam_id="IBMid-1")))

    assert desk.show(ids[1 - spoilt]).status is CaseStatus.CANCELLED


def test_a_departure_that_waits_for_its_day_unarmed_can_be_taken_back(make_desk):
    desk = make_desk(armed=False)
    case = desk.open(told(effective_at=FRIDAY)).case

    ended = desk.withdraw(back())

    assert case.dry_run is True
    assert (ended.id, ended.status) == (case.id, CaseStatus.CANCELLED)


def test_a_dry_run_that_a_person_asked_for_is_no_events_to_take_back(desk):
    asked = replace(
        told(source="api", effective_at=FRIDAY),
        event_key=None,
        actor="helpdesk",
        dry_run=True,
    )
    case = desk.open(asked).case

    assert desk.withdraw(back()) is None
    assert desk.show(case.id).status is CaseStatus.SCHEDULED


def in_between(cases, monkeypatch, happens):
    """Have something happen once, after a case was read and before it is turned."""
    turn, left = cases.turn, [happens]

    def turned(*given, **more):
        while left:
            left.pop()()
        return turn(*given, **more)

    monkeypatch.setattr(cases, "turn", turned)


def test_what_hr_tells_while_okta_takes_its_word_back_stands(desk, cases, monkeypatch):
    case = desk.open(told(source="okta")).case
    hr = told(source="bamboohr")
    in_between(cases, monkeypatch, lambda: desk.open(hr))

    assert desk.withdraw(back(source="okta")) is None

    assert desk.show(case.id).status is CaseStatus.OPEN


def test_what_its_source_tells_anew_while_it_is_taken_back_stands(
    desk, cases, monkeypatch
):
    case = desk.open(told(occurred_at=NOW - 2 * HOUR)).case
    later = told(2, occurred_at=NOW)
    in_between(cases, monkeypatch, lambda: desk.open(later))

    left = desk.withdraw(back(at=NOW - HOUR))

    assert (left.id, left.status) == (case.id, CaseStatus.OPEN)
