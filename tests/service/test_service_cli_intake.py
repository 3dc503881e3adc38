"""`offboard quarantine list | replay | drop` and `offboard source list`."""

import pytest
from fake_api import CASE_ID, LOST, Says, a_problem, result_in, squeezed

ID = "01KHJ2V0W8Q3RZ5T7X9YABD001"
LIST = ("GET", "/api/quarantine")
REPLAY = ("POST", f"/api/quarantine/{ID}/replay")
DROP = ("POST", f"/api/quarantine/{ID}/drop")
SOURCES = ("GET", "/api/sources")
KEPT = {
    "id": ID,
    "source": "okta",
    "state": "quarantine",
    "reason": "unknown_person",
    "text": "Nobody knows who that is.",
    "received_at": "2026-02-16T10:02:11.000Z",
    "expires_at": "2026-03-18T10:02:11.000Z",
    "size": 71,
    "digest": "21",
}
SOURCE = {
    "name": "okta",
    "on": True,
    "path": "/events/okta",
    "last_delivered_at": "2026-02-16T10:02:11.000Z",
    "delivered": 42,
    "refused": 1,
    "last_refused_at": "2026-02-16T09:00:00.000Z",
    "last_refused_why": "header",
    "expected_hours": 24.0,
    "silent": True,
    "look_ups": 2,
    "quarantined": 3,
}
OFF = {
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
}


def a_page(*kept, next=None):
    return Says({"quarantine": list(kept), "next": next})


def test_what_is_in_quarantine_is_listed(api, offboard):
    expired = KEPT | {"id": ID[:-1] + "2", "state": "expired"}
    api.script(LIST, a_page(KEPT, expired))

    table = offboard("quarantine", "list")
    as_json = offboard("quarantine", "list", "-o", "json")

    assert table.exit_code == 0
    assert table.stdout.splitlines() == [
        f"{ID} okta: unknown_person",
        "Nobody knows who that is.",
        "Received 2026-02-16T10:02:11.000Z, kept until 2026-03-18T10:02:11.000Z",
        "",
        f"{ID[:-1]}2 okta: unknown_person",
        "Nobody knows who that is.",
        "Received 2026-02-16T10:02:11.000Z, its body was removed "
        "2026-03-18T10:02:11.000Z",
        "",
    ]
    assert result_in(as_json.stdout) == {"quarantine": [KEPT, expired], "next": None}


def test_an_empty_quarantine_says_so(api, offboard):
    api.script(LIST, a_page())

    assert offboard("quarantine", "list").stdout == "Nothing is in quarantine.\n"


def test_pages_are_read_into_one(api, offboard):
    other = KEPT | {"id": ID[:-1] + "2"}
    api.script(LIST, a_page(KEPT, next=ID), a_page(other))

    done = offboard("quarantine", "list", "-o", "json")

    assert result_in(done.stdout) == {"quarantine": [KEPT, other], "next": None}
    assert [one.query for one in api.asked] == [
        {"limit": "200"},
        {"limit": "200", "cursor": ID},
    ]


def test_no_more_than_a_thousand_are_listed_and_that_is_said(api, offboard):
    api.script(LIST, a_page(*[KEPT] * 200, next=ID))

    done = offboard("quarantine", "list")

    assert done.stdout.count(ID) == 1000
    assert done.stderr == "There are more: replay or drop the oldest first.\n"


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        ([CASE_ID], f"It was read, and leads to case {CASE_ID}.\n"),
        (
            [],
            "It was read, and no case comes of it now. Where it has to be looked up at"
            " its source, it may come back: see offboard quarantine list.\n",
        ),
    ],
)
def test_a_replay_tells_what_came_of_it(api, offboard, cases, said):
    api.script(REPLAY, Says({"cases": cases}, 202))

    done = offboard("quarantine", "replay", ID)
    as_json = offboard("quarantine", "replay", ID, "-o", "json")

    assert (done.exit_code, done.stdout) == (0, said)
    assert result_in(as_json.stdout) == {"cases": cases}


@pytest.mark.parametrize(
    ("status", "code"), [(409, 4), (404, 2), (403, 5), (401, 5), (503, 6)]
)
@pytest.mark.parametrize("route", [REPLAY, DROP], ids=["replay", "drop"])
def test_what_is_refused_ends_with_its_code(api, offboard, route, status, code):
    problem = a_problem(status, "Still nobody.", title="No such delivery")
    api.script(route, problem)

    done = offboard("quarantine", route[1].rpartition("/")[2], ID)

    assert done.exit_code == code
    assert done.stdout == ""
    assert len(api.asked) == 1


@pytest.mark.parametrize("verb", ["replay", "drop"])
def test_what_changes_something_is_sent_once(api, offboard, verb):
    api.script(REPLAY, LOST)
    api.script(DROP, LOST)

    done = offboard("quarantine", verb, ID)

    assert (done.exit_code, len(api.asked)) == (6, 1)
    assert "It may have been carried out all the same." in done.stderr


def test_a_drop_says_what_is_gone(api, offboard):
    api.script(DROP, Says({"dropped": ID}, 202))

    assert offboard("quarantine", "drop", ID).stdout == f"Dropped: {ID}.\n"


def test_every_source_is_listed_with_how_it_fares(api, offboard):
    api.script(SOURCES, Says({"sources": [SOURCE, OFF]}))

    table = offboard("source", "list")
    as_json = offboard("source", "list", "-o", "json")

    assert squeezed(table.stdout) == [
        "Source State Delivered Refused",
        "okta SILENT 42, last 2026-02-16T10:02Z 1, last 2026-02-16T09:00Z: header",
        "okta is silent: it is expected to speak every 24 h.",
        "To be looked up at the source: okta 2.",
        "In quarantine: okta 3. See offboard quarantine list.",
        "Off, since they have no secret: scim.",
    ]
    assert result_in(as_json.stdout) == {"sources": [SOURCE, OFF]}


def test_where_no_source_is_on_that_is_all_there_is_to_say(api, offboard):
    api.script(SOURCES, Says({"sources": [OFF]}))

    done = offboard("source", "list")

    assert done.stdout == "Off, since they have no secret: scim.\n"


def test_what_is_kept_of_a_source_that_is_off_is_said_all_the_same(api, offboard):
    api.script(SOURCES, Says({"sources": [OFF | {"quarantined": 1}]}))

    assert "In quarantine: scim 1." in offboard("source", "list").stdout


@pytest.mark.parametrize(
    "words",
    [
        ("quarantine", "list"),
        ("quarantine", "replay", ID),
        ("quarantine", "drop", ID),
        ("source", "list"),
    ],
)
def test_an_answer_of_another_kind_is_no_good_end(api, offboard, words):
    for route in (LIST, REPLAY, DROP, SOURCES):
        api.script(route, Says({"something": 1}, 200))

    assert offboard(*words).exit_code == 6
