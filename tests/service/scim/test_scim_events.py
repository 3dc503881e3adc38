"""What an event says: who is meant, once, and what becomes of it."""

from datetime import UTC, datetime

import pytest
from fake_desk import NOW
from scim_scenes import ENTERPRISE

from service.errors import NotAuthenticError
from service.scim.again import KeptScim
from service.sources import SOURCES
from service.sources.source import Delivery, Part
from workers.desk.scim_users import heard_again
from workers.offboarding.heard import Authn, Unreadable, UnreadableError
from workers.offboarding.model import SamePerson

OFF = {"op": "replace", "path": "active", "value": False}
ON = {"op": "replace", "path": "active", "value": True}


def test_an_event_names_the_person_by_all_they_have(a_user, patch, told, desk):
    user = a_user(
        userName="Dana.Lee@Example.com",
        externalId="00uleaver0000000001d7",
        emails=[
            {"value": "d.lee@example.com", "type": "work"},
            {"value": "Dana@Home.Example.com", "type": "home", "primary": True},
            {"value": "no e-mail"},
            {"type": "other"},
        ],
        **{ENTERPRISE: {"employeeNumber": "E-157", "department": "Payments"}},
    )

    patch(user, OFF)

    (event,) = told()
    assert event.names.emails == (
        "dana.lee@example.com",
        "d.lee@example.com",
        "dana@home.example.com",
    )
    assert event.names.ids == (user["id"],)
    assert event.names.numbers == ("00uleaver0000000001d7", "E-157")
    (departure,) = desk.departures
    assert departure.leaver.email == "dana.lee@example.com"
    assert departure.aliases == ("d.lee@example.com", "dana@home.example.com")


def test_an_event_says_when_and_how_it_came(a_user, patch, desk):
    answer = patch(a_user(), OFF)

    (heard,) = desk.heard
    assert (heard.source, heard.native_type) == ("scim", "PATCH /Users")
    assert (heard.occurred_at, heard.effective_at) == (NOW, None)
    assert heard.authn is Authn.BEARER
    (departure,) = desk.departures
    assert departure.request_id == answer.headers["X-Request-ID"]


def test_who_is_renamed_when_deactivated_is_still_themselves(a_user, patch, told):
    user = a_user()

    patch(
        user,
        {"op": "replace", "path": "userName", "value": "gone-1@example.com"},
        {"op": "remove", "path": "emails"},
        OFF,
    )

    (event,) = told()
    assert event.names.emails == ("dana.lee@example.com", "gone-1@example.com")


@pytest.mark.parametrize("name", ["dana", "dana@", "dana lee@example.com", "\x00@b.c"])
def test_a_user_name_that_is_no_email_names_nobody(a_user, patch, told, name):
    patch(a_user(userName=name), OFF)

    assert told()[0].names.emails == ("dana.lee@example.com",)


@pytest.mark.parametrize("external", ["a\x00b", "a\nb", "x" * 255])
def test_an_id_that_is_no_line_of_text_names_nobody(a_user, patch, told, external):
    user = a_user(externalId=external)

    patch(user, OFF)

    assert told()[0].names.ids == (user["id"],)


def test_off_and_on_and_off_again_are_three_events(a_user, patch, told):
    user = a_user()

    for one in (OFF, OFF, ON, ON, OFF):
        patch(user, one)

    assert [(one.kind, one.key) for one in told()] == [
        ("disabled", f"scim:{user['id']}:2"),
        ("reactivated", f"scim:{user['id']}:3"),
        ("disabled", f"scim:{user['id']}:4"),
    ]


def test_a_change_that_is_none_leaves_the_user_as_they_were(a_user, patch, scim):
    user = a_user()

    same = patch(user, ON)

    assert same.json == user
    assert user["meta"]["lastModified"] == user["meta"]["created"]


def test_a_change_says_when_it_was(a_user, patch):
    user = a_user()

    changed = patch(user, OFF).json

    at = datetime.fromisoformat(changed["meta"]["lastModified"])
    assert at == datetime(2026, 2, 16, 10, 2, 11, tzinfo=UTC)


def test_an_event_about_two_people_is_kept_and_answered_as_a_success(
    a_user, patch, desk
):
    desk.same_people = (
        SamePerson(emails=("dana.lee@example.com",), ids=(), iam_id="IBMid-1"),
        SamePerson(emails=(), ids=("00uleaver0000000001d7",), iam_id="IBMid-2"),
    )
    user = a_user()

    answer = patch(user, OFF)

    assert (answer.status_code, answer.json["active"]) == (200, False)
    assert desk.departures == []
    (kept,) = desk.kept
    assert (kept[0], kept[1], kept[3]) == (
        "scim",
        f"scim:{user['id']}:2",
        Unreadable.TWO_PEOPLE,
    )


def test_a_person_of_no_email_is_kept_until_the_identity_map_knows_them(
    scim, desk, kinds
):
    user = scim("POST", "/Users", {"userName": "dana", "externalId": "E-157"}).json
    answer = scim("DELETE", f"/Users/{user['id']}")
    desk.same_people = (
        SamePerson(emails=("dana.lee@example.com",), ids=("scim:E-157",), iam_id=None),
    )

    ((source, _, body, reason),) = desk.kept
    desk.hear(heard_again(body))

    assert (answer.status_code, source) == (204, "scim")
    assert reason is Unreadable.UNKNOWN_PERSON
    assert kinds() == ["deleted", "deleted"]
    assert [one.leaver.email for one in desk.departures] == ["dana.lee@example.com"]


def test_what_is_read_back_from_quarantine_is_what_was_heard(a_user, patch, desk):
    desk.same_people = (
        SamePerson(emails=("dana.lee@example.com",), ids=(), iam_id="IBMid-1"),
        SamePerson(emails=(), ids=("00uleaver0000000001d7",), iam_id="IBMid-2"),
    )

    patch(a_user(), OFF)

    assert heard_again(desk.kept[0][2]) == desk.heard[0]


@pytest.mark.parametrize("body", [{}, {"source": "scim"}, {"kind": "fired"}])
def test_what_is_no_event_of_ours_cannot_be_read_back(body):
    with pytest.raises(UnreadableError) as raised:
        heard_again(body)

    assert raised.value.reason is Unreadable.UNKNOWN_SHAPE


def test_an_event_key_of_another_person_is_kept_and_answered_as_a_success(
    a_user, patch, desk
):
    user = a_user()
    key = f"scim:{user['id']}:2"
    other = a_user(userName="kim@example.com", emails=[], externalId="E-2")
    patch(other, OFF)
    desk.by_key[key] = (next(iter(desk.cases)), None)

    answer = patch(user, OFF)

    assert answer.status_code == 200
    assert [one[1:] for one in desk.kept] == [
        (key, desk.kept[0][2], Unreadable.KEY_REUSED)
    ]


def test_an_event_is_replayed_as_a_source_reads_its_parts(scim, a_user, desk, settings):
    user = scim("POST", "/Users", {"userName": "dana", "externalId": "E-157"}).json
    scim("DELETE", f"/Users/{user['id']}")
    ((_, key, body, _),) = desk.kept

    event = KeptScim().read(Part(key, body), settings, NOW)

    assert event == desk.heard[0]
    assert event.event_key == key


def test_nothing_is_delivered_to_what_only_replays(settings):
    with pytest.raises(NotAuthenticError):
        KeptScim().take_apart(Delivery("POST", {}, {}, b"{}", NOW), settings)

    assert "scim" not in SOURCES
