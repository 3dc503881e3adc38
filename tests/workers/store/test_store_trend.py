"""The figure of each day, on a real server and on the fake one."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from workers.offboarding.errors import StoreAwayError
from workers.offboarding.trend import Day
from workers.store.connection import connect
from workers.store.trend import Trend

TODAY = date(2026, 11, 23)
DAY = Day(TODAY, 2, 3, 4, 5, is_whole=False)


@pytest.fixture
def trend(any_client):
    return Trend(any_client)


def test_a_day_comes_back_as_it_was_written(trend):
    trend.put(DAY)

    assert trend.since(TODAY) == (DAY,)


def test_a_later_survey_of_the_day_takes_the_place_of_the_earlier(trend):
    trend.put(DAY)
    trend.put(replace(DAY, unread=0, is_whole=True))

    assert trend.since(TODAY) == (replace(DAY, unread=0, is_whole=True),)


def test_days_come_oldest_first_and_from_the_day_asked_for(trend):
    for ago in (0, 2, 1, 90, 89):
        trend.put(replace(DAY, day=TODAY - timedelta(days=ago)))

    found = trend.since(TODAY - timedelta(days=89))

    assert [(TODAY - one.day).days for one in found] == [89, 2, 1, 0]


def test_a_day_is_kept_for_four_hundred_days(trend):
    for ago in (401, 400, 399):
        trend.put(replace(DAY, day=TODAY - timedelta(days=ago)))

    trend.put(DAY)

    kept = [(TODAY - one.day).days for one in trend.since(date(2000, 1, 1))]
    assert kept == [399, 0]


def test_a_store_that_is_away_is_said_to_be():
    away = Trend(connect("redis://127.0.0.1:1"))

    with pytest.raises(StoreAwayError):
        away.since(TODAY)
    with pytest.raises(StoreAwayError):
        away.put(DAY)


def test_a_day_that_cannot_be_read_leaves_a_gap_and_hides_no_other(trend, any_client):
    trend.put(DAY)
    any_client.hset("offboard:trend", "2026-11-22", "{half of it")

    assert trend.since(date(2026, 11, 1)) == (DAY,)
