"""The list of cases: what is in it for whom, and how it is asked."""

from dataclasses import replace

import pytest
from factories import DALLAS, a_case_target
from fake_desk import NOW
from page_scenes import HOSTILE, attention, safe, scheduled, waiting

from workers.offboarding.model import CaseResult, CaseStatus

IDS = [f"01KHJ2V0W8Q3RZ5T7X9YABCD{number:02d}" for number in range(60)]


def put(desk, *cases):
    for number, case in enumerate(cases):
        desk.put(replace(case, id=IDS[number]))


def test_each_case_is_a_line_that_says_how_it_stands(sign_in, desk):
    put(desk, safe(), attention(), waiting())

    page = sign_in().get("/").get_data(as_text=True)

    assert [page.count(f'href="/cases/{one}"') for one in IDS[:3]] == [1, 1, 1]
    assert "2 of 3 left to mend" in page
    assert '<span class="badge held">Waiting</span>' in page
    assert '<time datetime="2026-02-16T10:02:11Z">2026-02-16 10:02 UTC</time>' in page


def test_hostile_names_are_text(sign_in, desk):
    put(desk, attention(name=HOSTILE))

    page = sign_in().get("/").get_data(as_text=True)

    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_without_a_case_it_says_how_one_comes(sign_in):
    page = sign_in().get("/").get_data(as_text=True)

    assert "No case yet." in page


@pytest.mark.parametrize(
    ("show", "status", "result"),
    [
        ("", None, None),
        ("attention", None, CaseResult.ATTENTION),
        ("waiting", CaseStatus.WAITING, None),
        ("planned", None, CaseResult.PLANNED),
        ("nonsense", None, None),
    ],
)
def test_a_view_asks_for_its_cases(sign_in, desk, show, status, result):
    sign_in().get(f"/?show={show}&user=Dana.Lee@example.com")

    asked = desk.queries[-1]
    assert (asked.status, asked.result) == (status, result)
    assert asked.user == "dana.lee@example.com"


@pytest.mark.parametrize(
    "asked", ["user=nonsense", "user=%00", "user=a@example.com%0a", "user=" + "x" * 300]
)
def test_what_names_nobody_is_said_at_its_field_and_asks_nothing(sign_in, desk, asked):
    answer = sign_in().get(f"/?{asked}")

    page = answer.get_data(as_text=True)
    if "%0a" in asked:  # A blank at the end is no fault of anybody's.
        assert "aria-invalid" not in page
        return
    assert answer.status_code == 200
    assert 'aria-invalid="true" aria-describedby="fault"' in page
    assert "Give a whole e-mail address, or an IAM ID." in page
    assert desk.queries == []


@pytest.mark.parametrize("cursor", ["nonsense", "%00", "01KHJ2V0W8Q3RZ5T7X9YABCDEFG"])
def test_a_cursor_that_is_none_is_said_to_be_one(sign_in, desk, cursor):
    answer = sign_in().get(f"/?cursor={cursor}")

    assert answer.status_code == 200
    assert "This page of the list does not exist." in answer.get_data(as_text=True)
    assert "aria-invalid" not in answer.get_data(as_text=True)


def test_many_cases_come_a_page_at_a_time(sign_in, desk):
    put(desk, *[safe() for _ in range(26)])
    client = sign_in()

    page = client.get("/?show=safe").get_data(as_text=True)

    assert page.count('scope="row"') == 25
    assert f'href="/?show=safe&amp;user=&amp;cursor={IDS[0]}" rel="next"' in page
    older = client.get(f"/?show=safe&cursor={IDS[0]}").get_data(as_text=True)
    assert ">Newest</a>" in older


def test_viewers_see_nothing_of_who_leaves_later(sign_in, desk):
    put(desk, replace(scheduled(), status=CaseStatus.CANCELLED), scheduled())

    page = sign_in("ofb_viewer").get("/").get_data(as_text=True)

    assert "dana" not in page.lower()
    assert desk.queries[-1].with_scheduled is False


@pytest.mark.parametrize(
    ("token", "is_told"),
    [("ofb_viewer", False), ("ofb_operator", True), ("ofb_approver", True)],
)
def test_a_case_that_cannot_be_read_is_said_to_be_missing(
    sign_in, desk, token, is_told
):
    desk.damaged = (IDS[7],)

    page = sign_in(token).get("/").get_data(as_text=True)

    assert ("1 case cannot be read" in page) is is_told
    assert (f"<code>{IDS[7]}</code>" in page) is is_told
    assert ('href="/doctor"' in page) is is_told


def test_a_case_that_is_under_way_says_how_far_it_is(sign_in, desk):
    put(desk, replace(waiting(), status=CaseStatus.OPEN, received_at=NOW))
    desk.put(replace(desk.show(IDS[0]), targets=(a_case_target(DALLAS),)))

    page = sign_in().get("/").get_data(as_text=True)

    assert "Under way: 0 of 1 target done." in page
