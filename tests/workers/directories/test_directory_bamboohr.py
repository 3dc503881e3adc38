"""What BambooHR's records come to."""

from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest

from workers.offboarding.heard import HeardKind, Precision, Unreadable, UnreadableError

MIDNIGHT_AFTER_MARCH_IN_BERLIN = datetime(2026, 3, 31, 22, tzinfo=UTC)
EMAIL = "dana.lee@example.com"


@pytest.fixture
def ask(hr_api, open_room, hint):
    def asked(record, **over):
        given = {
            "id": "157",
            "workEmail": "Dana.Lee@example.com",
            "employeeNumber": "E-157",
            "status": "Active",
            "employmentHistoryStatus": "Full-Time",
            "terminationDate": None,
        } | record
        hr_api.lay("/v1/employees/157", {k: v for k, v in given.items() if v != "-"})
        room = open_room("bamboohr", **over)
        return room.look_up(hint("bamboohr", "employee.updated"))

    return asked


def test_it_asks_for_the_fields_of_the_settings_with_the_key(hr_api, ask):
    ask({})

    ((method, path, query, auth, _),) = hr_api.asked
    assert (method, path) == ("GET", "/v1/employees/157")
    assert parse_qs(query) == {
        "fields": [
            "workEmail,employeeNumber,status,employmentHistoryStatus,terminationDate"
        ],
        "onlyCurrent": ["false"],
    }
    assert auth == "Basic dXNlci0xOndvcmQtMTp4"


def test_a_date_to_come_is_a_departure_to_come(ask):
    heard = ask({"terminationDate": "2026-03-31"})

    assert heard.kind is HeardKind.TERMINATED
    assert heard.effective_at == MIDNIGHT_AFTER_MARCH_IN_BERLIN
    assert heard.precision is Precision.DATE
    assert heard.names.emails == (EMAIL,)
    assert (heard.names.ids, heard.names.numbers) == (("157",), ("E-157",))
    assert heard.event_key == "bamboohr:key-1"


@pytest.mark.parametrize(
    "record",
    [
        {"status": "Inactive"},
        {"employmentHistoryStatus": "Terminated"},
        {"status": "Inactive", "terminationDate": "2026-02-15"},
        {"status": "Inactive", "terminationDate": "-"},
        {"status": "Active", "terminationDate": "2026-02-15"},
    ],
)
def test_who_left_is_a_departure_now(ask, record):
    heard = ask(record)

    assert (heard.kind, heard.effective_at) == (HeardKind.TERMINATED, None)


@pytest.mark.parametrize("empty", [None, "", "0000-00-00", "2019-05-31"])
def test_who_works_there_and_has_no_date_takes_the_departure_back(ask, empty):
    assert ask({"terminationDate": empty}).kind is HeardKind.CANCELLED


def test_a_date_that_was_not_shown_is_no_empty_one(ask):
    with pytest.raises(UnreadableError) as raised:
        ask({"terminationDate": "-"})

    assert raised.value.reason is Unreadable.LOOK_UP_FAILED


@pytest.mark.parametrize(
    ("date", "reason"),
    [
        ("31.03.2026", Unreadable.BAD_TIME),
        (20260331, Unreadable.BAD_TIME),
        ("2026-02-30", Unreadable.BAD_TIME),
        ("2031-01-01", Unreadable.TOO_FAR_AHEAD),
    ],
)
def test_a_date_that_cannot_be_used_is_told(ask, date, reason):
    with pytest.raises(UnreadableError) as raised:
        ask({"terminationDate": date})

    assert raised.value.reason is reason
