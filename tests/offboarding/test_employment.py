from datetime import UTC, datetime

import pytest

from workers.offboarding.employment import (
    Employment,
    Leaves,
    Stays,
    date_in,
    what_follows,
)
from workers.offboarding.heard import Precision, Unreadable, UnreadableError

NOW = datetime(2026, 2, 16, 10, tzinfo=UTC)


def follows(has_left, last_day=None, *, shown=True, zone="Europe/Berlin", now=NOW):
    return what_follows(Employment(has_left, last_day, shown), zone, now)


@pytest.mark.parametrize("has_left", [True, False, None])
def test_a_date_to_come_decides_whatever_the_status_says(has_left):
    leaves = follows(has_left, "2026-03-31")

    assert leaves == Leaves(datetime(2026, 3, 31, 22, tzinfo=UTC))
    assert leaves.precision is Precision.DATE


@pytest.mark.parametrize("shown", [True, False])
@pytest.mark.parametrize("last_day", [None, "2026-02-15", "2001-01-01"])
def test_who_left_left_now(last_day, shown):
    leaves = follows(True, last_day, shown=shown)

    assert leaves == Leaves(None)
    assert leaves.precision is Precision.INSTANT


def test_a_day_ends_at_midnight_in_the_zone_and_not_before():
    before = datetime(2026, 3, 31, 21, 59, 59, tzinfo=UTC)
    after = datetime(2026, 3, 31, 22, tzinfo=UTC)

    assert follows(False, "2026-03-31", now=before).effective_at == after
    assert follows(False, "2026-03-31", now=after) == Leaves(None)
    assert follows(False, "2026-03-31", now=after, zone="America/New_York") == Leaves(
        datetime(2026, 4, 1, 4, tzinfo=UTC)
    )


def test_a_status_that_is_switched_late_does_not_keep_a_leaver():
    assert follows(False, "2026-02-10") == Leaves(None)


def test_a_date_of_an_earlier_employment_is_none():
    assert follows(False, "2026-02-08") == Stays()


def test_a_past_date_counts_where_no_status_was_shown():
    assert follows(None, "2020-01-01") == Leaves(None)


@pytest.mark.parametrize("has_left", [False, None])
def test_an_empty_date_means_that_the_person_stays(has_left):
    assert follows(has_left) == Stays()


@pytest.mark.parametrize("has_left", [False, None])
def test_a_date_that_was_not_shown_is_no_empty_one(has_left):
    with pytest.raises(UnreadableError) as raised:
        follows(has_left, shown=False)

    assert raised.value.reason is Unreadable.LOOK_UP_FAILED


def test_a_date_too_far_ahead_is_told():
    with pytest.raises(UnreadableError) as raised:
        follows(False, "2027-03-31")

    assert raised.value.reason is Unreadable.TOO_FAR_AHEAD


@pytest.mark.parametrize("value", [None, "", "  ", "0000-00-00"])
def test_an_empty_field_holds_no_date(value):
    assert date_in(value) is None


@pytest.mark.parametrize("value", [0, 20260331, True, [], {}])
def test_what_is_no_text_is_no_date(value):
    with pytest.raises(UnreadableError):
        date_in(value)
