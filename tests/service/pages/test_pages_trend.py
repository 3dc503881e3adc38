"""The lines of exposure over time."""

import re
from datetime import timedelta

import pytest
from fake_desk import NOW

from workers.offboarding.trend import Day

TODAY = NOW.date()


def a_day(ago, people=3, unread=0, is_whole=True):
    return Day(TODAY - timedelta(days=ago), people, 5, 9, unread, is_whole)


@pytest.fixture
def shown(sign_in, desk):
    def show(*days):
        desk.days = days
        return sign_in("ofb_viewer").get("/exposure").get_data(as_text=True)

    return show


def points(page, mark):
    return re.findall(rf'class="line {mark}" points="([^"]+)"', page)


def test_days_that_follow_each_other_are_one_line(shown):
    page = shown(a_day(2, people=6), a_day(1), a_day(0, people=0))

    # Ninety days are 712 wide; the highest figure is at the top, none at the bottom.
    assert points(page, "first") == ["700.0,4.0 708.0,70.0 716.0,136.0"]


def test_a_day_without_a_survey_is_a_gap_and_not_a_fall(shown):
    page = shown(a_day(5), a_day(4), a_day(1), a_day(0))

    assert len(points(page, "first")) == 2


def test_a_day_that_stands_alone_is_seen(shown):
    page = shown(a_day(9), a_day(1), a_day(0))

    assert len(points(page, "first")) == 1
    assert 'class="line first" x1=' in page


def test_a_day_on_which_not_everything_was_seen_is_marked(shown):
    page = shown(a_day(1, unread=2, is_whole=False), a_day(0))

    assert page.count('<rect class="gap" x="705.0" y="0"') == 1
    assert "On 1 day not everything was seen." in page
    assert page.count("Not everything seen</span>") == 1


def test_whoever_sees_no_lines_reads_them(shown):
    page = shown(a_day(1, people=6), a_day(0, people=4))

    assert 'role="img" aria-labelledby="chart-said"' in page
    assert f"on {TODAY} that of 4." in page
    assert f'<th scope="row">{TODAY}</th><td data-label="People">4</td>' in page


def test_one_day_is_no_line_yet(shown):
    page = shown(a_day(0))

    assert "<svg" not in page
    assert "from the second day on" in page
    assert f'<th scope="row">{TODAY}</th>' in page


def test_without_any_day_there_is_nothing_of_it(shown):
    assert "The last 90 days" not in shown()


def test_days_of_nothing_are_drawn_at_the_bottom(shown):
    nothing = [Day(TODAY - timedelta(days=ago), 0, 0, 0, 0, True) for ago in (1, 0)]

    assert points(shown(*nothing), "first") == ["708.0,136.0 716.0,136.0"]
