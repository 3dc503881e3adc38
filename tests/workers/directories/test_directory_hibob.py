"""What HiBob's records come to."""

import json

import pytest

from workers.offboarding.heard import HeardKind, Unreadable, UnreadableError
from workers.offboarding.model import Ignored

EMAIL = "dana.lee@example.com"
SLASHED_EMAIL = "/" + "root.email".replace(".", "/")


@pytest.fixture
def ask(hr_api, open_room, hint):
    def asked(native_type, record):
        hr_api.lay("/v1/people/157", record)
        return open_room("hibob").look_up(hint("hibob", native_type))

    return asked


def test_it_asks_for_three_fields_as_the_service_user(hr_api, ask):
    ask("employee.left", {"email": EMAIL})

    ((method, path, _, auth, body),) = hr_api.asked
    assert (method, path) == ("POST", "/v1/people/157")
    assert auth == "Basic dXNlci0xOndvcmQtMQ=="
    assert json.loads(body) == {
        "fields": [
            "root.email",
            "internal.lifecycleStatus",
            "internal.terminationDate",
        ]
    }


@pytest.mark.parametrize(
    "record",
    [
        {SLASHED_EMAIL: {"value": EMAIL}},
        {SLASHED_EMAIL: EMAIL},
        {"root": {"email": EMAIL}},
        {"email": EMAIL},
    ],
)
def test_the_email_is_read_in_either_form(ask, record):
    heard = ask("employee.left", record)

    assert (heard.kind, heard.effective_at) == (HeardKind.TERMINATED, None)
    assert heard.names.emails == (EMAIL,)
    assert heard.names.ids == ("157",)


@pytest.mark.parametrize(
    "lifecycle", ["terminated", "Garden Leave", "gardenLeave", None, "own word"]
)
def test_who_left_or_is_on_garden_leave_is_a_departure_now(ask, lifecycle):
    record = {"email": EMAIL, "internal": {"lifecycleStatus": lifecycle}}

    assert ask("employee.left", record).kind is HeardKind.TERMINATED


def test_who_works_there_after_all_is_for_a_person_to_look_at(ask):
    record = {
        "email": EMAIL,
        "/internal/lifecycleStatus": {"value": "Employed"},
        "/internal/terminationDate": {"value": None},
    }

    with pytest.raises(UnreadableError) as raised:
        ask("employee.left", record)

    assert raised.value.reason is Unreadable.LOOK_UP_FAILED


@pytest.mark.parametrize("date", [None, "2026-03-31"])
def test_access_that_was_revoked_is_a_departure_whatever_else_is_there(ask, date):
    internal = {"lifecycleStatus": "employed", "terminationDate": date}
    record = {"email": EMAIL, "internal": internal}

    heard = ask("employee.access.revoked.immediately", record)

    assert (heard.kind, heard.effective_at) == (HeardKind.TERMINATED, None)


@pytest.mark.parametrize("native_type", ["employee.joined", "employee.activated"])
def test_who_comes_back_takes_the_departure_back(ask, native_type):
    back = {"email": EMAIL, "internal": {"lifecycleStatus": "employed"}}
    left = {"email": EMAIL, "internal": {"lifecycleStatus": "terminated"}}

    assert ask(native_type, back).kind is HeardKind.REACTIVATED
    assert ask(native_type, left) == Ignored("has_left")
