"""What the desk says of an event whose person nobody knows."""

from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from workers.desk.hearing import Hearing
from workers.offboarding.errors import CaseDamagedError
from workers.offboarding.heard import (
    Heard,
    HeardKind,
    Names,
    Unreadable,
    UnreadableError,
)


class NoNames:
    """Has learned nothing, and learns nothing."""

    def of(self, _source, _ids):
        return {}

    def learn(self, _source, _found):
        """Forget it."""


def hearing_with(open_case=None):
    return Hearing(
        NoNames(),
        (),
        open_case=open_case,
        withdraw=None,
        resolved=None,
        note_delivery=None,
        clock=lambda: datetime.now(UTC),
    )


def logged(*ids, names=None):
    heard = Heard("okta", "okta:1", "gone", HeardKind.DELETED, names or Names(ids=ids))
    hearing = hearing_with()
    with capture_logs() as logs, pytest.raises(UnreadableError):
        hearing.hear(heard)
    return [one["ids"] for one in logs if one["event"] == "person.unknown"]


def test_an_id_that_nobody_knows_is_logged_as_the_identity_map_takes_it():
    assert logged("00u1abcdEXAMPLE") == [["okta:00u1abcdEXAMPLE"]]


def test_an_email_among_the_ids_is_not_logged():
    assert logged("dana.lee@example.com", "E-157") == [["okta:E-157"]]


def test_no_more_than_five_ids_are_logged_each_shortened_and_on_one_line():
    found = logged("a\nb", "x" * 5000, *(f"E-{n}" for n in range(9)))

    assert len(found[0]) == 5
    assert "\n" not in found[0][0]
    assert len(found[0][1]) <= 105


def test_of_who_is_named_by_nothing_there_is_nothing_to_log():
    assert logged(names=Names()) == []


def test_an_event_of_a_case_that_cannot_be_read_is_kept_for_people():
    def damaged(_departure, _along):
        raise CaseDamagedError("01CASE")

    heard = Heard(
        "okta", "okta:1", "gone", HeardKind.DELETED, Names(("dana.lee@example.com",))
    )

    with pytest.raises(UnreadableError) as kept:
        hearing_with(damaged).hear(heard)

    assert kept.value.reason is Unreadable.CASE_DAMAGED
    assert "01CASE" in kept.value.text
