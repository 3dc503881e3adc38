"""Departures that arrive before the service is armed, and are to come after that."""

from dataclasses import replace
from datetime import timedelta

import pytest
from desk_scenes import DANA, NOW, begin, taken_back, told

from workers.desk import OpenedAs
from workers.offboarding.joining import folded
from workers.offboarding.model import CaseStatus, Leaver

HOUR = timedelta(hours=1)
FRIDAY = NOW + 240 * HOUR
NEXT_WEEK = NOW + 400 * HOUR


def as_it_is(cases, case_id):
    return folded(cases.load(case_id), 24 * HOUR, NOW)


def test_a_changed_date_moves_what_was_told_before_the_service_was_armed(
    make_desk, cases
):
    case = make_desk(armed=False).open(told(effective_at=FRIDAY, occurred_at=NOW)).case

    changed = told(2, effective_at=NEXT_WEEK, occurred_at=NOW + HOUR)
    opened = make_desk(armed=False).open(changed)

    assert (opened.case.id, opened.opened_as) == (case.id, OpenedAs.JOINED)
    assert as_it_is(cases, case.id).starts_at == NEXT_WEEK - 24 * HOUR


def test_so_does_one_that_arrives_once_it_is_armed(make_desk, cases):
    case = make_desk(armed=False).open(told(effective_at=FRIDAY, occurred_at=NOW)).case

    changed = told(2, effective_at=NEXT_WEEK, occurred_at=NOW + HOUR)
    opened = make_desk(armed=True).open(changed)

    assert (opened.case.id, opened.opened_as) == (case.id, OpenedAs.JOINED)
    assert as_it_is(cases, case.id).starts_at == NEXT_WEEK - 24 * HOUR


@pytest.fixture
def begun(make_desk, cases, works, client):
    """A case that was put off, whose day came while the service was not armed."""
    case = make_desk(armed=False).open(told(effective_at=FRIDAY)).case
    client.delete(f"offboard:work:{case.id}|plan|")
    begin(cases, works, case.id)
    return case


def test_what_began_as_a_dry_run_takes_no_departure_in(make_desk, cases, begun):
    opened = make_desk(armed=True).open(told(2))

    assert (opened.opened_as, opened.case.dry_run) == (OpenedAs.NEW, False)
    assert cases.open_case_of(DANA.refs) == opened.case.id


def test_nobody_gives_way_to_what_began_as_a_dry_run(make_desk, cases, begun):
    by_id = told(2, leaver=Leaver(iam_id="IBMid-1"))
    armed = make_desk(armed=True).open(by_id).case
    both = Leaver(DANA.email, "IBMid-1")

    assert cases.adopt(replace(cases.load(armed.id), leaver=both)) is None
    assert cases.open_case_of(DANA.refs) == armed.id


def test_a_dry_run_that_begins_at_once_still_joins_nothing(make_desk):
    desk = make_desk(armed=False)
    case = desk.open(told(effective_at=FRIDAY)).case

    now = desk.open(told(2, source="okta"))

    assert now.opened_as is OpenedAs.NEW
    assert now.case.id != case.id
    assert desk.show(case.id).departures == ()


def test_what_was_put_off_unarmed_is_left_to_the_other_source(make_desk, cases):
    desk = make_desk(armed=False)
    case = desk.open(told(source="hibob", effective_at=FRIDAY)).case
    desk.open(told(source="okta", effective_at=NEXT_WEEK))

    left = desk.withdraw(taken_back(source="hibob"))

    assert (left.id, left.status) == (case.id, CaseStatus.SCHEDULED)
    assert left.starts_at == NEXT_WEEK - 24 * HOUR
