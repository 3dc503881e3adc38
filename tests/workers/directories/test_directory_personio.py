"""What Personio's records come to."""

from datetime import UTC, datetime

import pytest

from workers.offboarding.errors import PermanentError
from workers.offboarding.heard import HeardKind, Precision, Unreadable, UnreadableError

MIDNIGHT_AFTER_MARCH_IN_BERLIN = datetime(2026, 3, 31, 22, tzinfo=UTC)
EMAIL = "dana.lee@example.com"


@pytest.fixture
def ask(hr_api, open_room, hint):
    def asked(native_type, *employments, person=True, **over):
        hr_api.lay("/v2/auth/token", {"access_token": "token-1"})
        if person:
            hr_api.lay("/v2/persons/157", {"id": "157", "email": EMAIL})
            listed = {"_data": list(employments)}
            hr_api.lay("/v2/persons/157/employments", listed)
        return open_room("personio", **over).look_up(hint("personio", native_type))

    return asked


def an_employment(status="ACTIVE", last=None, end=None, **over):
    return {
        "id": "e-1",
        "status": status,
        "employment_start_date": "2020-01-01",
        "termination": {"last_working_date": last, "termination_date": end},
        **over,
    }


def test_it_gets_a_token_and_asks_with_it(hr_api, ask):
    ask("employment.updated", an_employment())

    token, person, employments = hr_api.asked
    assert token[:2] == ("POST", "/v2/auth/token")
    assert token[4] == (
        b"grant_type=client_credentials&client_id=user-1&client_secret=word-1"
    )
    assert person[:4] == ("GET", "/v2/persons/157", "", "Bearer token-1")
    assert employments[1] == "/v2/persons/157/employments"


@pytest.mark.parametrize("token", [None, 5, "a\nb", "é", {}])
def test_without_a_token_a_person_is_told(hr_api, open_room, hint, token):
    hr_api.lay("/v2/auth/token", {"access_token": token})

    with pytest.raises(PermanentError):
        open_room("personio").look_up(hint("personio", "employment.updated"))


@pytest.mark.parametrize(
    "native_type",
    [
        "employment.updated",
        "employment.terminated",
        "employment.deleted",
        "person.deleted",
        "employment.started",
    ],
)
def test_the_earliest_end_is_a_departure_to_come(ask, native_type):
    employment = an_employment(last="2026-03-31", end="2026-04-30")

    heard = ask(native_type, employment)

    assert heard.kind is HeardKind.TERMINATED
    assert heard.effective_at == MIDNIGHT_AFTER_MARCH_IN_BERLIN
    assert heard.precision is Precision.DATE
    assert heard.authn == "none_verified_by_lookup"


def test_which_dates_count_is_a_setting(ask):
    employment = an_employment(last="2026-02-28", end="2026-03-31")

    heard = ask(
        "employment.updated",
        employment,
        date_paths=("termination.termination_date",),
    )

    assert heard.effective_at == MIDNIGHT_AFTER_MARCH_IN_BERLIN


def test_who_left_is_a_departure_now(ask):
    inactive = an_employment("INACTIVE")
    ended = an_employment("INACTIVE", last="2026-02-15")

    assert ask("employment.terminated", inactive).effective_at is None
    assert ask("employment.updated", ended).kind is HeardKind.TERMINATED


@pytest.mark.parametrize("status", ["LEAVE", "PAUSED", "ONBOARDING", "ACTIVE"])
@pytest.mark.parametrize(
    "native_type", ["employment.updated", "employment.started", "person.deleted"]
)
def test_who_works_there_takes_the_departure_back_even_on_leave(
    ask, status, native_type
):
    heard = ask(native_type, an_employment(status))

    assert heard.kind is HeardKind.CANCELLED
    assert heard.names.emails == (EMAIL,)


def test_a_second_employment_that_goes_on_keeps_the_person(ask):
    ended = an_employment("INACTIVE", last="2026-01-31")
    goes_on = an_employment()
    ends = an_employment(last="2026-03-31")

    assert ask("employment.updated", ended, goes_on).kind is HeardKind.CANCELLED
    assert ask("employment.updated", goes_on, ends).kind is HeardKind.CANCELLED


def test_an_end_that_only_the_event_tells_is_for_a_person_to_look_at(ask):
    with pytest.raises(UnreadableError) as raised:
        ask("employment.terminated", an_employment())

    assert raised.value.reason is Unreadable.LOOK_UP_FAILED


def test_an_employment_of_which_little_was_shown_is_no_cleared_date(ask):
    with pytest.raises(UnreadableError) as raised:
        ask("employment.updated", {"id": "e-1", "status": "ACTIVE"})

    assert raised.value.reason is Unreadable.LOOK_UP_FAILED


def test_a_termination_that_is_left_out_beside_other_members_is_none(ask):
    employment = {"status": "ACTIVE", "employment_start_date": "2020-01-01"}

    assert ask("employment.updated", employment).kind is HeardKind.CANCELLED


@pytest.mark.parametrize("native_type", ["person.deleted", "employment.deleted"])
def test_who_is_not_there_any_more_was_deleted(ask, native_type):
    gone = ask(native_type, person=False)
    jobless = ask(native_type)

    assert (gone.kind, gone.names.ids) == (HeardKind.DELETED, ("157",))
    assert gone.names.emails == ()
    assert (jobless.kind, jobless.names.emails) == (HeardKind.DELETED, (EMAIL,))


@pytest.mark.parametrize("native_type", ["employment.updated", "employment.terminated"])
def test_no_employment_after_another_event_is_for_a_person_to_look_at(ask, native_type):
    with pytest.raises(UnreadableError):
        ask(native_type)


@pytest.mark.parametrize("listed", [{}, {"_data": {}}, {"_data": ["x"]}, []])
def test_a_list_of_another_form_is_for_a_person_to_look_at(
    hr_api, open_room, hint, listed
):
    hr_api.lay("/v2/auth/token", {"access_token": "token-1"})
    hr_api.lay("/v2/persons/157", {"email": EMAIL})
    hr_api.lay("/v2/persons/157/employments", listed)

    with pytest.raises(UnreadableError) as raised:
        open_room("personio").look_up(hint("personio", "employment.deleted"))

    assert raised.value.reason is Unreadable.LOOK_UP_FAILED
