"""Quarantine and the sources over HTTP: listed, read again, dropped."""

from dataclasses import replace

import pytest
from fake_desk import NOW, SETTINGS
from structlog.testing import capture_logs

from config.sources import Sources
from service.sources import SOURCES
from service.sources.source import Source
from workers.offboarding.heard import (
    Hint,
    Unreadable,
    UnreadableError,
)
from workers.offboarding.intake import SourceNote, SourceStats
from workers.offboarding.model import Ignored, SamePerson

URL = "/api/quarantine"
DIGEST = "21" * 32
# How a part of Standard Webhooks is kept: the body as it came.
DEPARTED = {
    "type": "user.departed",
    "data": {"subjects": [{"format": "opaque", "id": "E-157"}]},
}
SHOWN = {
    "id": "01KHJ2V0W8Q3RZ5T7X9YABD001",
    "source": "standard",
    "state": "quarantine",
    "reason": "unknown_person",
    "text": "Nobody knows who that is.",
    "received_at": "2026-02-16T10:02:11.000Z",
    "expires_at": "2026-03-18T10:02:11.000Z",
    "size": 71,
    "digest": DIGEST,
}


@pytest.fixture
def post(client, as_operator):
    def posted(kept_id, verb="replay", **how):
        return client.post(f"{URL}/{kept_id}/{verb}", headers=as_operator, **how)

    return posted


class Played(Source):
    """A source whose reading is what the test says."""

    name = "okta"
    said = Ignored("suspended")

    def take_apart(self, delivery, settings):
        return ()

    def read(self, part, settings, now):
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


@pytest.fixture
def played(monkeypatch, with_settings, as_operator):
    """Have okta read a kept part as the test says."""
    source = Played()
    monkeypatch.setitem(SOURCES, "okta", source)
    okta = replace(SETTINGS.sources.okta, secret=SETTINGS.sources.standard.secret)
    client = with_settings(sources=replace(SETTINGS.sources, okta=okta))

    def replayed(kept_id, said):
        source.said = said
        return client.post(f"{URL}/{kept_id}/replay", headers=as_operator)

    return replayed


def test_what_is_kept_is_listed_without_what_it_said(client, desk, as_viewer):
    desk.put_in_quarantine(body=DEPARTED)

    answer = client.get(URL, headers=as_viewer)

    assert answer.json == {"quarantine": [SHOWN], "next": None}
    assert "E-157" not in answer.text


def test_what_expired_is_listed_as_that(client, desk, as_viewer):
    desk.put_in_quarantine(body=None)

    assert client.get(URL, headers=as_viewer).json["quarantine"] == [
        SHOWN | {"state": "expired"}
    ]


def test_pages_follow_each_other(client, desk, as_viewer):
    for number in (1, 2, 3):
        desk.put_in_quarantine(number, body=DEPARTED)

    first = client.get(f"{URL}?limit=2", headers=as_viewer).json
    rest = client.get(f"{URL}?limit=2&cursor={first['next']}", headers=as_viewer).json

    ids = [one["id"][-3:] for one in (*first["quarantine"], *rest["quarantine"])]
    assert ids == ["001", "002", "003"]
    assert (first["next"][-3:], rest["next"]) == ("002", None)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=x", "reason=bad_time"]
)
def test_a_filter_that_is_not_understood_is_refused(client, as_viewer, query):
    assert client.get(f"{URL}?{query}", headers=as_viewer).status_code == 422


def test_what_can_be_read_by_now_leads_to_its_case_and_goes(desk, post):
    desk.same_people = (
        SamePerson(emails=("dana.lee@example.com",), ids=("E-157",), iam_id=None),
    )
    kept = desk.put_in_quarantine(body=DEPARTED)

    with capture_logs() as logs:
        answer = post(kept.id)

    assert answer.status_code == 202
    assert answer.json == {"cases": [next(iter(desk.cases))]}
    assert desk.in_quarantine == {}
    replayed = [one for one in logs if one["event"] == "quarantine.replayed"]
    assert [(one["quarantine_id"], one["actor"]) for one in replayed] == [
        (kept.id, "helpdesk")
    ]


def test_what_can_still_not_be_read_stays_and_says_why(desk, post):
    kept = desk.put_in_quarantine(body=DEPARTED)

    answer = post(kept.id)

    assert (answer.status_code, answer.json["reason"]) == (409, "unknown_person")
    assert answer.json["type"] == "/problems/unknown-person"
    assert "E-157" not in answer.text
    assert list(desk.in_quarantine) == [kept.id]
    [(source, key, body, reason)] = desk.kept
    assert (source, key, body) == ("standard", "standard:001", DEPARTED)
    assert reason is Unreadable.UNKNOWN_PERSON


def test_what_has_no_known_form_stays_and_says_which_fields(desk, post):
    kept = desk.put_in_quarantine(body={"type": "user.departed", "data": {}})

    answer = post(kept.id)

    assert (answer.status_code, answer.json["reason"]) == (409, "unknown_shape")
    assert "data.subjects" in answer.json["detail"]
    assert list(desk.in_quarantine) == [kept.id]


def test_what_proves_to_be_nothing_goes_and_opens_nothing(desk, played):
    kept = desk.put_in_quarantine(body={}, source="okta")

    answer = played(kept.id, Ignored("suspended"))

    assert (answer.status_code, answer.json) == (202, {"cases": []})
    assert desk.in_quarantine == {}


def test_what_has_to_be_looked_up_waits_and_is_never_taken_for_done(desk, played):
    hint = Hint("okta", "okta:1", "x", "00u1")
    kept = desk.put_in_quarantine(body={"n": 1}, source="okta")

    answer = played(kept.id, hint)

    assert (answer.status_code, answer.json) == (202, {"cases": []})
    assert desk.hints == [(hint, {"n": 1})]
    # A worker may have put it back by now: the real desk moves it by itself.
    assert list(desk.in_quarantine) == [kept.id]


def test_another_reason_than_before_is_the_one_that_is_told(desk, played):
    kept = desk.put_in_quarantine(body={}, source="okta")

    answer = played(kept.id, UnreadableError(Unreadable.TRUNCATED, "Cut short."))

    assert (answer.status_code, answer.json["reason"]) == (409, "truncated")
    assert answer.json["detail"] == "Cut short."
    assert [one[3] for one in desk.kept] == [Unreadable.TRUNCATED]


@pytest.mark.parametrize("source", ["okta", "scim", "gone"])
def test_a_source_that_is_off_or_reads_no_parts_is_said(desk, post, source):
    kept = desk.put_in_quarantine(body={}, source=source)

    answer = post(kept.id)

    assert (answer.status_code, answer.json["reason"]) == (409, "cannot_replay")
    assert list(desk.in_quarantine) == [kept.id]


def test_a_source_that_was_turned_off_since_is_said(desk, with_settings, as_operator):
    kept = desk.put_in_quarantine(body=DEPARTED)
    client = with_settings(sources=Sources())

    answer = client.post(f"{URL}/{kept.id}/replay", headers=as_operator)

    assert (answer.status_code, answer.json["reason"]) == (409, "cannot_replay")
    assert desk.heard == []


def test_what_expired_can_be_read_no_more(desk, post):
    kept = desk.put_in_quarantine(body=None)

    answer = post(kept.id)

    assert (answer.status_code, answer.json["reason"]) == (409, "expired")


@pytest.mark.parametrize("verb", ["replay", "drop"])
@pytest.mark.parametrize(
    "kept_id", ["01KHJ2V0W8Q3RZ5T7X9YABD009", "x", "01khj2v0w8q3rz5t7x9yabd001"]
)
def test_an_id_that_is_not_there_is_404(desk, post, verb, kept_id):
    answer = post(kept_id, verb)

    assert (answer.status_code, answer.json["type"]) == (
        404,
        "/problems/no-such-delivery",
    )


def test_what_is_dropped_is_gone_and_the_desk_knows_who_did_it(desk, post):
    kept = desk.put_in_quarantine(body=DEPARTED)

    answer = post(kept.id, "drop")

    assert (answer.status_code, answer.json) == (202, {"dropped": kept.id})
    assert desk.in_quarantine == {}
    assert desk.asked == [("drop", kept.id, "helpdesk")]


@pytest.mark.parametrize("verb", ["replay", "drop"])
def test_a_body_that_says_something_is_a_misunderstanding(desk, post, verb):
    kept = desk.put_in_quarantine(body=DEPARTED)

    answer = post(kept.id, verb, json={"force": True})

    assert answer.status_code == 422
    assert list(desk.in_quarantine) == [kept.id]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", URL),
        ("post", f"{URL}/01KHJ2V0W8Q3RZ5T7X9YABD001/replay"),
        ("post", f"{URL}/01KHJ2V0W8Q3RZ5T7X9YABD001/drop"),
        ("get", "/api/sources"),
    ],
)
def test_a_store_that_is_away_is_no_empty_list(client, desk, as_operator, method, path):
    desk.away = True

    answer = client.open(path, method=method, headers=as_operator)

    assert answer.status_code == 503


def a_source(name="okta", **changed):
    note = SourceNote(42, NOW, 1, NOW, "header")
    stats = SourceStats(name, True, note, 24.0, True, 2, 3)
    return replace(stats, **changed)


def test_every_source_is_shown_with_how_it_fares(client, desk, as_viewer):
    quiet = a_source(
        "scim", is_on=False, note=SourceNote(), expected_hours=None, is_silent=False
    )
    desk.stats = (a_source(), replace(quiet, look_ups=0, quarantined=0))

    answer = client.get("/api/sources", headers=as_viewer)

    assert answer.json == {
        "sources": [
            {
                "name": "okta",
                "on": True,
                "path": "/events/okta",
                "last_delivered_at": "2026-02-16T10:02:11.000Z",
                "delivered": 42,
                "refused": 1,
                "last_refused_at": "2026-02-16T10:02:11.000Z",
                "last_refused_why": "header",
                "expected_hours": 24.0,
                "silent": True,
                "look_ups": 2,
                "quarantined": 3,
            },
            {
                "name": "scim",
                "on": False,
                "path": "/scim/v2",
                "last_delivered_at": None,
                "delivered": 0,
                "refused": 0,
                "last_refused_at": None,
                "last_refused_why": None,
                "expected_hours": None,
                "silent": False,
                "look_ups": 0,
                "quarantined": 0,
            },
        ]
    }
