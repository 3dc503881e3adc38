"""What Gusto's records come to."""

from datetime import UTC, datetime

import pytest

from workers.offboarding.heard import HeardKind, Unreadable, UnreadableError
from workers.offboarding.model import Ignored

MIDNIGHT_AFTER_MARCH_IN_BERLIN = datetime(2026, 3, 31, 22, tzinfo=UTC)
EMAIL = "dana.lee@example.com"


@pytest.fixture
def ask(hr_api, open_room, hint):
    def asked(native_type, *days, terminated=False, **record):
        given = {
            "uuid": "157",
            "email": "dana@private.example.com",
            "work_email": EMAIL,
            "terminated": terminated,
        }
        hr_api.lay("/v1/employees/157", given | record)
        listed = [{"effective_date": day, "active": False} for day in days]
        hr_api.lay("/v1/employees/157/terminations", listed)
        return open_room("gusto").look_up(hint("gusto", native_type))

    return asked


def test_it_asks_with_the_token_as_it_is(hr_api, ask):
    ask("employee.terminated")

    assert [(path, auth) for _, path, _, auth, _ in hr_api.asked] == [
        ("/v1/employees/157", "Bearer user-1:word-1"),
        ("/v1/employees/157/terminations", "Bearer user-1:word-1"),
    ]


def test_a_termination_to_come_is_a_departure_to_come(ask):
    heard = ask("employee.terminated", "2024-01-31", "2026-03-31")

    assert heard.kind is HeardKind.TERMINATED
    assert heard.effective_at == MIDNIGHT_AFTER_MARCH_IN_BERLIN
    assert heard.names.emails == (EMAIL,)
    assert heard.names.ids == ("157",)


def test_the_private_email_is_taken_where_there_is_no_other(ask):
    heard = ask("employee.terminated", "2026-03-31", work_email=None)

    assert heard.names.emails == ("dana@private.example.com",)


@pytest.mark.parametrize(
    "native_type",
    [
        "employee.terminated",
        "employee.termination_effective",
        "employee.terminated_effective",
    ],
)
def test_who_left_is_a_departure_now(ask, native_type):
    heard = ask(native_type, "2026-01-31", terminated=True)

    assert (heard.kind, heard.effective_at) == (HeardKind.TERMINATED, None)


@pytest.mark.parametrize(
    "native_type", ["employee.termination_cancelled", "employee.terminated"]
)
@pytest.mark.parametrize("days", [(), ("2024-01-31",), (None,)])
def test_no_termination_any_more_takes_the_departure_back(ask, native_type, days):
    assert ask(native_type, *days).kind is HeardKind.CANCELLED


def test_a_termination_that_was_made_anew_after_a_cancelled_one_holds(ask):
    heard = ask("employee.termination_cancelled", "2026-03-31")

    assert heard.effective_at == MIDNIGHT_AFTER_MARCH_IN_BERLIN


def test_an_end_that_only_the_event_tells_is_for_a_person_to_look_at(ask):
    with pytest.raises(UnreadableError) as raised:
        ask("employee.termination_effective")

    assert raised.value.reason is Unreadable.LOOK_UP_FAILED


def test_a_rehire_takes_the_departure_back_once_it_is_in_force(ask):
    effective = ask("employee.rehire_effective", "2025-01-31")
    to_come = ask("employee.rehired", "2025-01-31", terminated=True)

    assert effective.kind is HeardKind.REACTIVATED
    assert to_come == Ignored("rehire_to_come")


def test_a_deletion_counts_only_once_the_record_is_gone(ask, open_room, hint, hr_api):
    still = ask("employee.deleted")
    hr_api.answers.clear()
    gone = open_room("gusto").look_up(hint("gusto", "employee.deleted"))

    assert still == Ignored("still_there")
    assert (gone.kind, gone.names.ids) == (HeardKind.DELETED, ("157",))


@pytest.mark.parametrize("listed", [{}, "x", None])
def test_terminations_of_another_form_are_for_a_person_to_look_at(
    hr_api, open_room, hint, listed
):
    hr_api.lay("/v1/employees/157", {"work_email": EMAIL, "terminated": False})
    hr_api.lay("/v1/employees/157/terminations", listed)

    with pytest.raises(UnreadableError) as raised:
        open_room("gusto").look_up(hint("gusto", "employee.terminated"))

    assert raised.value.reason is Unreadable.LOOK_UP_FAILED
