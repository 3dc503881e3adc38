"""How sources fare, as the store keeps it."""

from datetime import UTC, datetime, timedelta

import pytest

from workers.offboarding.errors import StoreAwayError
from workers.offboarding.intake import SourceNote
from workers.store.connection import connect
from workers.store.sources import SourceNotes

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def notes(any_client):
    return SourceNotes(any_client)


def test_what_was_delivered_and_what_was_refused_are_counted_apart(notes):
    notes.delivered("okta", NOON)
    notes.delivered("okta", NOON + HOUR)
    notes.refused("okta", "header", NOON)
    notes.refused("okta", "signature", NOON + 2 * HOUR)

    assert notes.all(["okta", "scim"]) == {
        "okta": SourceNote(
            delivered=2,
            last_delivered_at=NOON + HOUR,
            refused=2,
            last_refused_at=NOON + 2 * HOUR,
            last_refused_why="signature",
        ),
        "scim": SourceNote(),
    }


def test_a_refusal_is_no_sign_of_life(notes):
    notes.refused("okta", "header", NOON)

    assert notes.all(["okta"])["okta"].quiet_since is None


def test_a_source_is_on_since_it_was_first_seen_so_until_it_is_off(notes):
    notes.seen({"okta": True, "scim": False}, NOON)
    notes.seen({"okta": True, "scim": False}, NOON + HOUR)
    first = notes.all(["okta", "scim"])
    notes.seen({"okta": False}, NOON + HOUR)
    off = notes.all(["okta"])
    notes.seen({"okta": True}, NOON + 2 * HOUR)

    assert (first["okta"].on_since, first["scim"].on_since) == (NOON, None)
    assert off["okta"].on_since is None
    assert notes.all(["okta"])["okta"].on_since == NOON + 2 * HOUR


def test_of_which_silence_was_told_is_kept_by_its_beginning(notes):
    odd = NOON + timedelta(microseconds=123_456)
    notes.delivered("okta", odd)
    quiet_since = notes.all(["okta"])["okta"].quiet_since

    notes.silence_told("okta", quiet_since)

    assert notes.all(["okta"])["okta"].silence_told == quiet_since


@pytest.mark.parametrize(
    "move",
    [
        lambda notes: notes.delivered("okta", NOON),
        lambda notes: notes.refused("okta", "header", NOON),
        lambda notes: notes.all(["okta"]),
        lambda notes: notes.seen({"okta": True}, NOON),
        lambda notes: notes.silence_told("okta", NOON),
    ],
)
def test_a_store_that_is_away_is_said(short_folder, move):
    with (
        connect(f"unix://{short_folder}/nobody") as client,
        pytest.raises(StoreAwayError),
    ):
        move(SourceNotes(client))
