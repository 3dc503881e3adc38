"""What every source's events mean, whoever sent them: the rules of all sources."""

from datetime import UTC, datetime, timedelta

import pytest

from workers.offboarding.heard import (
    Heard,
    HeardKind,
    Names,
    Unreadable,
    UnreadableError,
    understood,
)
from workers.offboarding.model import (
    Departure,
    Ignored,
    Leaver,
    SamePerson,
    Withdrawal,
)
from workers.offboarding.times import (
    end_of_day,
    moment_of,
    of_millis,
    of_seconds,
    to_come,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DANA = SamePerson("IBMid-1", ("dana.lee@example.com", "dana@old.example.com"), ("E-1",))
KIM = SamePerson("IBMid-2", ("kim.roe@example.com",), ("okta:00u2",))


def heard(kind=HeardKind.DISABLED, *, emails=(), iam_ids=(), ids=(), **changed):
    names = Names(tuple(emails), tuple(iam_ids), tuple(ids))
    return Heard("okta", "okta:u-1", "user.lifecycle", kind, names, **changed)


def test_the_identity_map_outranks_what_was_learned_of_an_id():
    event = understood(
        heard(ids=("E-1",)), same_people=(DANA,), known={"E-1": "kim.roe@example.com"}
    )

    assert event.leaver == Leaver("dana.lee@example.com", "IBMid-1")
    assert event.aliases == ("dana@old.example.com",)


@pytest.mark.parametrize(
    "kind", [HeardKind.DISABLED, HeardKind.DELETED, HeardKind.TERMINATED]
)
def test_who_is_disabled_deleted_or_terminated_leaves(kind):
    event = heard(
        kind,
        emails=("dana.lee@example.com",),
        occurred_at=NOON,
        effective_at=NOON + timedelta(days=1),
        reason="resignation",
        gone_from="acct1",
    )

    assert understood(event, request_id="req-1") == Departure(
        source="okta",
        leaver=Leaver("dana.lee@example.com"),
        event_key="okta:u-1",
        effective_at=NOON + timedelta(days=1),
        reason="resignation",
        request_id="req-1",
        occurred_at=NOON,
        gone_from="acct1",
    )


@pytest.mark.parametrize("kind", [HeardKind.REACTIVATED, HeardKind.CANCELLED])
def test_who_returns_takes_the_departure_back(kind):
    event = heard(kind, iam_ids=("IBMid-1",), occurred_at=NOON)

    assert understood(event) == Withdrawal(
        "okta", Leaver(iam_id="IBMid-1"), "okta:u-1", occurred_at=NOON
    )


def test_a_suspension_is_no_departure_and_names_need_not_be_known():
    assert understood(heard(HeardKind.SUSPENDED)) == Ignored("suspended")


def test_an_id_of_the_senders_is_known_by_the_identity_map():
    event = heard(ids=("E-1",))

    assert understood(event, same_people=(DANA, KIM)).leaver == Leaver(
        "dana.lee@example.com", "IBMid-1"
    )


def test_an_entry_of_the_map_may_name_the_source_of_an_id():
    assert understood(heard(ids=("00u2",)), same_people=(DANA, KIM)).leaver.iam_id == (
        "IBMid-2"
    )
    with pytest.raises(UnreadableError) as unknown:
        understood(
            Heard("scim", "scim:1", "x", HeardKind.DELETED, Names(ids=("00u2",))),
            same_people=(DANA, KIM),
        )
    assert unknown.value.reason is Unreadable.UNKNOWN_PERSON


def test_an_id_of_another_source_is_not_taken_for_this_ones():
    other = SamePerson("IBMid-3", (), ("bamboohr:157",))

    with pytest.raises(UnreadableError):
        understood(heard(ids=("157",)), same_people=(other,))


@pytest.mark.parametrize(
    ("known", "leaver"),
    [
        ({"00u1": "Dana.Lee@example.com"}, Leaver("dana.lee@example.com")),
        ({"00u1": "IBMid-1"}, Leaver(iam_id="IBMid-1")),
    ],
)
def test_an_id_that_was_learned_before_names_the_person(known, leaver):
    assert understood(heard(ids=("00u1",)), known=known).leaver == leaver


def test_further_e_mails_of_the_person_go_along():
    event = heard(emails=("dana.lee@example.com", "d.lee@example.com"))

    departure = understood(event, same_people=(DANA,))

    assert departure.leaver == Leaver("dana.lee@example.com", "IBMid-1")
    assert departure.aliases == ("d.lee@example.com", "dana@old.example.com")


@pytest.mark.parametrize(
    "names",
    [
        {"iam_ids": ("IBMid-1", "IBMid-2")},
        {"iam_ids": ("IBMid-9",), "ids": ("E-1",)},
        {"emails": ("dana.lee@example.com", "kim.roe@example.com")},
        {"emails": ("kim.roe@example.com",), "ids": ("E-1",)},
    ],
)
def test_an_event_that_names_two_people_is_about_neither(names):
    with pytest.raises(UnreadableError) as two:
        understood(heard(**names), same_people=(DANA, KIM))

    assert two.value.reason is Unreadable.TWO_PEOPLE


def test_an_event_that_names_nobody_says_so_and_repeats_no_word_of_it():
    with pytest.raises(UnreadableError) as nobody:
        understood(heard())
    with pytest.raises(UnreadableError) as unknown:
        understood(heard(ids=("secret-looking-id",)))

    assert nobody.value.reason is Unreadable.NO_PERSON
    assert unknown.value.reason is Unreadable.UNKNOWN_PERSON
    assert "secret-looking-id" not in unknown.value.text


# Times.


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-03-31T17:00:00+02:00", datetime(2026, 3, 31, 15, tzinfo=UTC)),
        ("2026-03-31T15:00:00Z", datetime(2026, 3, 31, 15, tzinfo=UTC)),
        ("2026-03-31T15:00:00+0000", datetime(2026, 3, 31, 15, tzinfo=UTC)),
        ("2026-03-31t15:00z", datetime(2026, 3, 31, 15, tzinfo=UTC)),
        (
            "2026-03-02T09:16:10.42+0000",
            datetime(2026, 3, 2, 9, 16, 10, 420000, tzinfo=UTC),
        ),
    ],
)
def test_a_moment_is_read_with_its_offset(text, utc):
    assert moment_of(text) == utc


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-31T17:00:00",
        "2026-03-31",
        "2026-02-30T00:00:00Z",
        "1999-12-31T23:59:59Z",
        "9999-12-31T23:59:59-12:00",
        "",
        None,
        5,
    ],
)
def test_what_is_no_moment_is_said_so(value):
    with pytest.raises(UnreadableError) as bad:
        moment_of(value)

    assert bad.value.reason is Unreadable.BAD_TIME


def test_epochs_are_read_in_their_unit_and_in_no_other():
    assert of_seconds(1772442904) == datetime(2026, 3, 2, 9, 15, 4, tzinfo=UTC)
    assert of_millis(1772442970420) == datetime(
        2026, 3, 2, 9, 16, 10, 420000, tzinfo=UTC
    )
    for call, value in ((of_seconds, 1772442970420), (of_millis, 1772442904)):
        with pytest.raises(UnreadableError):
            call(value)


@pytest.mark.parametrize(
    "value", [True, "1772442904", None, float("nan"), float("inf"), -1, 10**400]
)
def test_what_is_no_epoch_is_said_so(value):
    with pytest.raises(UnreadableError):
        of_seconds(value)


@pytest.mark.parametrize(
    ("zone", "utc"),
    [
        ("Europe/Berlin", datetime(2026, 3, 31, 22, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 4, 1, 4, tzinfo=UTC)),
        ("UTC", datetime(2026, 4, 1, 0, tzinfo=UTC)),
    ],
)
def test_a_bare_date_ends_with_its_day_in_the_zone_of_the_connection(zone, utc):
    assert end_of_day("2026-03-31", zone) == utc


def test_a_day_of_the_change_of_clocks_ends_at_its_own_midnight():
    assert end_of_day("2026-03-29", "Europe/Berlin") == datetime(
        2026, 3, 29, 22, tzinfo=UTC
    )


@pytest.mark.parametrize("value", ["2026-02-30", "31.03.2026", "0000-00-00", "", None])
def test_what_is_no_date_is_said_so(value):
    with pytest.raises(UnreadableError):
        end_of_day(value, "Europe/Berlin")


def test_a_time_that_is_past_means_now_and_one_too_far_ahead_is_doubted():
    assert to_come(NOON - timedelta(days=3), NOON) is None
    assert to_come(None, NOON) is None
    assert to_come(NOON + timedelta(days=400), NOON) == NOON + timedelta(days=400)
    with pytest.raises(UnreadableError) as far:
        to_come(NOON + timedelta(days=401), NOON)
    assert far.value.reason is Unreadable.TOO_FAR_AHEAD
