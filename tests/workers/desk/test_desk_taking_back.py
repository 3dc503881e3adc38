"""Words taken back where several sources, cases or people are in it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from desk_scenes import DANA, NOW, begin, taken_back, told

from workers.offboarding.joining import folded
from workers.offboarding.model import BrakeState, CaseStatus, Leaver

HOUR = timedelta(hours=1)
FRIDAY = NOW + 240 * HOUR
BY_ID = Leaver(iam_id="IBMid-1")
KNOWN = Leaver(email="dana.lee@example.com", iam_id="IBMid-1")


def back(at=None, source="okta", leaver=DANA, key="back", **changed):
    event = taken_back(leaver, source)
    return replace(event, event_key=f"{source}:{key}", occurred_at=at, **changed)


def as_it_is(cases, case_id):
    return folded(cases.load(case_id), 24 * HOUR, NOW)


def test_the_latest_return_counts_in_whatever_order_returns_arrive(desk):
    desk.withdraw(back(at=NOW, key="third"))
    desk.withdraw(back(at=NOW - 2 * HOUR, key="first"))

    late = desk.open(told(source="okta", occurred_at=NOW - HOUR)).case

    assert desk.show(late.id).status is CaseStatus.CANCELLED


@pytest.mark.parametrize("call", ["open_cases_of", "note_withdrawal"])
def test_a_departure_that_arrives_while_it_is_taken_back_is_taken_back(
    desk, cases, monkeypatch, call
):
    original, opened = getattr(cases, call), []

    def in_the_middle(*given, **more):
        found = original(*given, **more)
        opened.append(desk.open(told(source="okta", occurred_at=NOW - HOUR)).case.id)
        return found

    monkeypatch.setattr(cases, call, in_the_middle)

    desk.withdraw(back(at=NOW))

    assert desk.show(opened[0]).status is CaseStatus.CANCELLED


def test_what_all_its_sources_take_back_is_cancelled_though_it_has_begun(
    desk, cases, works
):
    case = desk.open(told(source="okta")).case
    begin(cases, works, case.id)
    desk.open(told(source="bamboohr"))

    assert desk.withdraw(back(source="okta")) is None
    ended = desk.withdraw(back(source="bamboohr"))

    assert (ended.id, ended.status) == (case.id, CaseStatus.CANCELLED)


def test_what_has_not_begun_goes_back_to_the_day_of_the_other_source(
    desk, cases, works
):
    case = desk.open(told(source="okta")).case
    desk.open(told(source="bamboohr", effective_at=FRIDAY))

    desk.withdraw(back(source="okta"))

    mine = as_it_is(cases, case.id)
    assert [one.source for one in mine.told] == ["bamboohr"]
    assert mine.starts_at == FRIDAY - 24 * HOUR


def test_a_word_taken_back_lets_nothing_out_of_the_brake(make_desk, cases):
    desk = make_desk(max_cases_per_hour=1)
    desk.open(told(leaver=Leaver("kim.roe@example.com")))
    case = desk.open(told(2, source="okta")).case
    desk.open(told(source="bamboohr", effective_at=FRIDAY))

    desk.withdraw(back(source="okta"))

    mine = as_it_is(cases, case.id)
    assert (mine.status, mine.brake) == (CaseStatus.WAITING, BrakeState.HELD)
    assert mine.starts_at == FRIDAY - 24 * HOUR


def test_two_open_cases_of_one_person_are_both_taken_back(desk):
    by_mail = desk.open(told(1, source="okta")).case
    by_id = desk.open(told(2, source="okta", leaver=BY_ID)).case

    desk.withdraw(back(leaver=KNOWN))

    assert desk.show(by_mail.id).status is CaseStatus.CANCELLED
    assert desk.show(by_id.id).status is CaseStatus.CANCELLED


def test_an_e_mail_given_to_another_person_takes_nothing_back_of_the_first(desk):
    case = desk.open(told(source="okta", leaver=KNOWN, effective_at=FRIDAY)).case
    other = replace(KNOWN, iam_id="IBMid-2")

    assert desk.withdraw(back(leaver=other)) is None

    assert desk.show(case.id).status is CaseStatus.SCHEDULED


def test_no_other_source_takes_a_proven_removal_back(make_desk):
    desk = make_desk(authoritative_sources=("bamboohr",))
    case = desk.open(told(source="ibm_activity", gone_from="acc1")).case

    assert desk.withdraw(back(source="bamboohr")) is None

    assert desk.show(case.id).status is CaseStatus.OPEN


def test_a_case_that_gives_way_hands_on_what_every_source_told(desk, cases):
    first = desk.open(told(1, source="okta", occurred_at=NOW)).case
    second = desk.open(told(2, source="okta", leaver=BY_ID, occurred_at=NOW)).case
    desk.open(told(source="bamboohr", leaver=BY_ID, effective_at=FRIDAY))
    known = replace(as_it_is(cases, second.id), leaver=KNOWN)

    assert cases.adopt(known) == first.id
    assert desk.withdraw(back(source="okta", at=NOW + HOUR)) is None

    mine = as_it_is(cases, first.id)
    assert mine.status is CaseStatus.OPEN
    assert [(one.source, one.effective_at) for one in mine.told] == [
        ("bamboohr", FRIDAY)
    ]


def test_a_case_that_gives_way_hands_on_every_account_they_were_removed_from(
    desk, cases
):
    first = desk.open(told(1, source="okta")).case
    second = desk.open(told(1, source="ibm_activity", leaver=BY_ID, gone_from="a"))
    desk.open(told(2, source="ibm_activity", leaver=BY_ID, gone_from="b"))
    known = replace(as_it_is(cases, second.case.id), leaver=KNOWN)

    cases.adopt(known)

    assert as_it_is(cases, first.id).gone_from == ("a", "b")


def test_a_late_departure_that_another_return_ends_first_is_taken_in(
    desk, cases, monkeypatch
):
    desk.withdraw(back(at=NOW))
    original, left = cases.turn, [back(at=NOW, key="again")]

    def turned(*given, **more):
        while left:
            desk.withdraw(left.pop())
        return original(*given, **more)

    monkeypatch.setattr(cases, "turn", turned)

    late = told(source="okta", occurred_at=NOW - HOUR, effective_at=FRIDAY)
    opened = desk.open(late)

    assert opened.case.status is CaseStatus.CANCELLED
