"""Blind spots on a real server, and on the fake one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import DALLAS, FRANKFURT, NOON, TOKYO

from workers.offboarding.errors import StoreAwayError
from workers.offboarding.model import BlindSpot
from workers.store.blind_spots import BlindSpots
from workers.store.connection import connect

SPOT = BlindSpot(
    DALLAS.id, "Two readers, no role: änderbar.", "lead", NOON, NOON + timedelta(days=7)
)
KEY = "offboard:blind_spots"


class Clock:
    now = NOON

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def spots(any_client, clock):
    return BlindSpots(any_client, clock=clock)


def elsewhere(target, **changes):
    return replace(SPOT, target_id=target.id, **changes)


def test_a_blind_spot_reads_back_as_it_was_accepted(spots):
    spots.put(SPOT)

    assert spots.among([DALLAS.id]) == {DALLAS.id: SPOT}
    assert spots.all() == (SPOT,)


def test_only_the_targets_asked_for_are_answered(spots):
    spots.put(SPOT)
    spots.put(elsewhere(TOKYO))

    assert set(spots.among([FRANKFURT.id, TOKYO.id, TOKYO.id])) == {TOKYO.id}
    assert spots.among([FRANKFURT.id]) == {}
    assert spots.among([]) == {}


def test_a_later_acceptance_replaces_the_one_before(spots):
    spots.put(SPOT)
    later = replace(SPOT, reason="Still so.", until=NOON + timedelta(days=20))

    spots.put(later)

    assert spots.all() == (later,)


def test_blind_spots_are_listed_by_target(spots):
    for one in (DALLAS, TOKYO, FRANKFURT):
        spots.put(elsewhere(one))

    ids = [one.target_id for one in spots.all()]

    assert ids == [FRANKFURT.id, TOKYO.id, DALLAS.id]


def test_what_has_run_out_holds_no_more_from_its_last_moment_on(spots, clock):
    spots.put(SPOT)

    clock.now = SPOT.until - timedelta(microseconds=1)
    before = spots.among([DALLAS.id])
    clock.now = SPOT.until

    assert before == {DALLAS.id: SPOT}
    assert spots.among([DALLAS.id]) == {}


def test_what_has_run_out_is_taken_out_when_it_is_listed(spots, clock, any_client):
    kept = elsewhere(TOKYO, until=NOON + timedelta(days=30))
    spots.put(SPOT)
    spots.put(kept)
    clock.now = SPOT.until

    listed = spots.all()

    assert listed == (kept,)
    assert any_client.hkeys(KEY) == [TOKYO.id]


def test_an_acceptance_made_anew_meanwhile_is_not_taken_out(any_client, clock):
    """Between reading and cleaning, somebody accepts the same target again."""
    anew = replace(SPOT, until=NOON + timedelta(days=30))

    class Overtaken(BlindSpots):
        def _holds(self, spot):
            super().put(anew)
            return super()._holds(spot)

    spots = Overtaken(any_client, clock=clock)
    spots.put(SPOT)
    clock.now = SPOT.until

    spots.all()

    assert BlindSpots(any_client, clock=clock).among([DALLAS.id]) == {DALLAS.id: anew}


def test_a_blind_spot_can_be_taken_back_once(spots):
    spots.put(SPOT)
    spots.put(elsewhere(TOKYO))

    assert (spots.drop(DALLAS.id), spots.drop(DALLAS.id)) == (True, False)
    assert [one.target_id for one in spots.all()] == [TOKYO.id]


def test_taking_back_what_has_run_out_says_that_there_was_none(spots, clock):
    spots.put(SPOT)
    clock.now = SPOT.until

    assert spots.drop(DALLAS.id) is False


def test_a_store_that_is_away_is_never_taken_for_no_blind_spots(short_folder):
    away = BlindSpots(connect(f"unix://{short_folder}/nobody.sock"))

    for ask in (
        lambda: away.among([DALLAS.id]),
        away.all,
        lambda: away.put(SPOT),
        lambda: away.drop(DALLAS.id),
    ):
        with pytest.raises(StoreAwayError):
            ask()
