"""Sources, quarantine and the brake: what waits for people, and what they decide."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import ROBIN
from fake_desk import NOW
from page_scenes import HOSTILE, ID

from workers.offboarding.brake import Brake, Braked, Waiting
from workers.offboarding.intake import SourceNote, SourceStats
from workers.offboarding.model import Leaver

BODY = {
    "type": "user.departed",
    "data": {"subjects": [{"format": "email", "email": "dana.lee@example.com"}]},
}


def a_source(name, **changes):
    made = SourceStats(name, True, SourceNote(), None, False, 0, 0)
    return replace(made, **changes)


def test_a_source_says_whether_it_speaks_and_what_waits(sign_in, desk):
    heard = SourceNote(7, NOW - timedelta(hours=2), 3, NOW, HOSTILE)
    desk.stats = (
        a_source("okta", note=heard, quarantined=2),
        a_source("standard", is_silent=True, expected_hours=24.0),
        a_source("hub"),
        a_source("gusto", is_on=False),
    )

    page = sign_in("ofb_viewer").get("/sources").get_data(as_text=True)

    assert '<span class="badge good">On</span>' in page
    assert '<span class="badge bad">Silent</span>' in page
    assert '<span class="badge held">Never heard</span>' in page
    assert "2 in quarantine" in page
    assert "2 hours ago" in page
    assert "Off, since they have no secret: gusto." in page
    assert "<script>alert" not in page


def test_without_a_source_it_says_how_one_is_turned_on(sign_in):
    page = sign_in().get("/sources").get_data(as_text=True)

    assert "OFFBOARD_SOURCE_&lt;NAME&gt;_SECRET" in page


@pytest.mark.parametrize(
    ("token", "may"),
    [("ofb_viewer", False), ("ofb_operator", True), ("ofb_approver", True)],
)
def test_what_is_in_quarantine_is_shown_and_operators_may_act(
    sign_in, desk, token, may
):
    kept = desk.put_in_quarantine(body=BODY, text=HOSTILE)

    page = sign_in(token).get("/quarantine").get_data(as_text=True)

    assert f"<code>{kept.id}</code>" in page
    assert ("/replay" in page) is may
    assert ("/drop" in page) is may
    assert "<script>alert" not in page
    # What it says stays shut.
    assert "dana" not in page


def test_what_can_be_read_by_now_leads_to_its_case(sign_in, press, desk):
    kept = desk.put_in_quarantine(body=BODY)

    answer = press(sign_in("ofb_operator"), f"/quarantine/{kept.id}/replay")

    (case,) = desk.cases
    assert answer.headers["Location"] == f"/cases/{case}"
    assert desk.in_quarantine == {}


def test_what_cannot_be_read_still_says_why_and_stays(sign_in, press, desk):
    kept = desk.put_in_quarantine(body={"type": "nonsense"})

    answer = press(sign_in("ofb_operator"), f"/quarantine/{kept.id}/replay")

    assert answer.status_code == 409
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert kept.id in desk.in_quarantine


def test_what_expired_can_only_be_dropped(sign_in, desk):
    desk.put_in_quarantine()

    page = sign_in().get("/quarantine").get_data(as_text=True)

    assert "/replay" not in page
    assert "/drop" in page


def test_drop_lets_it_go(sign_in, press, desk):
    kept = desk.put_in_quarantine(body=BODY)

    answer = press(sign_in("ofb_operator"), f"/quarantine/{kept.id}/drop")

    assert answer.headers["Location"] == "/quarantine?did=drop"
    assert desk.asked == [("drop", kept.id, "helpdesk")]


@pytest.mark.parametrize("verb", ["replay", "drop"])
@pytest.mark.parametrize("kept_id", [ID, "nonsense"])
def test_what_is_not_in_quarantine_is_a_page_that_says_so(
    sign_in, press, verb, kept_id
):
    answer = press(sign_in(), f"/quarantine/{kept_id}/{verb}")

    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_a_cursor_that_is_none_begins_at_the_beginning(sign_in, desk):
    desk.put_in_quarantine(body=BODY)

    page = sign_in().get("/quarantine?cursor=nonsense").get_data(as_text=True)

    assert "Nobody knows who that is." in page


def a_brake(many=1, more=0, **changes):
    braked = Braked(ID, Leaver(ROBIN.email, ROBIN.id, HOSTILE), "okta", NOW, NOW)
    waiting = Waiting(replace(braked, **changes), 2, 3, False, ROBIN)
    return Brake(20, 21, NOW, (waiting,) * many, more, NOW)


@pytest.mark.parametrize(
    ("token", "may"),
    [("ofb_viewer", False), ("ofb_operator", False), ("ofb_approver", True)],
)
def test_the_brake_says_who_waits_and_approvers_decide(sign_in, desk, token, may):
    desk.braked = a_brake(more=4)

    page = sign_in(token).get("/brake").get_data(as_text=True)

    assert "<strong>5</strong> departures wait" in page
    assert "2 targets" in page
    assert ("/brake/release" in page) is may
    assert ("/brake/refuse" in page) is may
    assert "<script>alert" not in page


@pytest.mark.parametrize("does", ["release", "refuse"])
def test_one_decision_is_for_all_of_them(sign_in, press, desk, does):
    desk.braked = a_brake(more=4)

    answer = press(sign_in(), f"/brake/{does}")

    assert answer.headers["Location"] == f"/brake?did={does}&many=5"
    assert desk.asked == [(does, "lead", "sam")]


@pytest.mark.parametrize("asked", ["did=x&many=5", "did=release&many=<b>", "many=5"])
def test_nothing_is_said_to_be_done_that_was_not(sign_in, asked):
    page = sign_in().get(f"/brake?{asked}").get_data(as_text=True)

    assert 'role="status"' not in page
    assert "<b>" not in page


def test_viewers_do_not_see_who_leaves_later(sign_in, desk):
    desk.braked = a_brake(is_to_come=True)

    page = sign_in("ofb_viewer").get("/brake").get_data(as_text=True)

    assert "robin" not in page.lower()
    assert "<strong>1</strong> departure waits" in page
