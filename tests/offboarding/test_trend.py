"""The figure of a day: what is not seen is never a fall."""

from dataclasses import replace
from datetime import date

import pytest
from factories import DALLAS, DANA, FID, FRANKFURT, NOON, ROBIN, TOKYO, a_target

from workers.offboarding.errors import Reason
from workers.offboarding.exposure import AccountIndex, Holding, ReadingKind
from workers.offboarding.model import Note
from workers.offboarding.trend import Day, day_of

TODAY = date(2026, 11, 23)


def owned(target, owner):
    return Holding(target, ReadingKind.OWNER, owner, checked_at=NOON)


def unread(target, owner=None):
    return Holding(target, ReadingKind.UNREAD, owner, Reason.UNREACHABLE)


def an_index(*holdings, **changes):
    return replace(AccountIndex("acct1", holdings, NOON, has_people=True), **changes)


WHOLE = an_index(owned(DALLAS, DANA), owned(FRANKFURT, ROBIN), owned(TOKYO, FID))


def test_a_day_counts_people_and_whose_the_targets_are():
    assert day_of([WHOLE], [], TODAY) == Day(TODAY, 2, 2, 1, 0, is_whole=True)


def test_somebody_who_owns_no_cluster_breaks_nothing():
    empty = a_target("eu-gb", clusters=())

    day = day_of([an_index(owned(empty, DANA))], [], TODAY)

    assert (day.departures_from_outage, day.of_people) == (0, 1)


def test_what_was_not_seen_counts_as_it_was_last_read():
    dark = an_index(unread(DALLAS, DANA), unread(FRANKFURT, ROBIN), unread(TOKYO, FID))

    assert day_of([dark], [], TODAY) == Day(TODAY, 2, 2, 1, 3, is_whole=False)


def test_what_was_never_seen_is_nobodys_and_said_to_be_unseen():
    day = day_of([an_index(unread(DALLAS))], [], TODAY)

    assert day == Day(TODAY, 0, 0, 0, 1, is_whole=False)


@pytest.mark.parametrize(
    ("indexes", "failing"),
    [
        ([WHOLE], ["acct1"]),
        ([WHOLE, AccountIndex("acct2")], []),
        ([replace(WHOLE, notes=(Note(Reason.LIST_UNREADABLE, "No."),))], []),
    ],
)
def test_a_survey_that_did_not_see_everything_marks_its_day(indexes, failing):
    day = day_of(indexes, failing, TODAY)

    assert day == Day(TODAY, 2, 2, 1, 0, is_whole=False)


def test_before_the_first_survey_there_is_no_figure():
    assert day_of([AccountIndex("acct1")], ["acct1"], TODAY) is None
    assert day_of([], [], TODAY) is None
