"""When resets are read back, while nobody knows how long they take and after that."""

from datetime import timedelta

import pytest
from factories import DALLAS, FRANKFURT, NOON, TOKYO
from fakes import a_world

from workers.offboarding.model import CaseResult
from workers.offboarding.polls import (
    OwnLags,
    first_poll,
    learned,
    next_poll,
    wait_for_others,
)


@pytest.mark.parametrize(
    ("usual", "is_scout", "seconds"),
    [(None, True, 0.0), (None, False, 1.5), (6.0, True, 3.0), (6.0, False, 6.0)],
)
def test_a_few_look_early_and_the_others_when_resets_usually_show(
    usual, is_scout, seconds
):
    assert first_poll(usual, is_scout=is_scout) == seconds


def test_who_waits_for_others_looks_at_last_when_the_documented_time_is_over():
    waits = [wait_for_others(None, at, polls=0) for at in (1.5, 3.0, 5.5, 8.5, 10.01)]

    assert waits == [3.0, 5.5, 8.5, 10.01, None]


@pytest.mark.parametrize(
    ("usual", "elapsed", "polls"), [(2.0, 1.5, 0), (None, 0.1, 0), (None, 3.0, 1)]
)
def test_nobody_is_waited_for_once_it_is_known_nor_by_who_looks_early(
    usual, elapsed, polls
):
    assert wait_for_others(usual, elapsed, polls=polls) is None


def polls_of(usual, shows_at, first=0.0):
    """Play the read-backs of one reset that shows after *shows_at* seconds."""
    at, polls = first, []
    while at < shows_at:
        polls.append(at)
        at = next_poll(usual, at + 0.01)
    return polls, at


@pytest.mark.parametrize("shows_at", [0.5, 2.0, 5.0, 9.9])
def test_at_most_five_read_backs_are_in_vain_where_nothing_is_known(shows_at):
    polls, _ = polls_of(None, shows_at)

    assert len(polls) <= 5


@pytest.mark.parametrize("usual", [0.3, 2.0, 10.0, 45.0])
def test_what_shows_as_usual_is_read_once(usual):
    polls, seen_at = polls_of(usual, usual, first=usual)

    assert (polls, seen_at) == ([], usual)


@pytest.mark.parametrize(("late", "most"), [(0.4, 0.5), (3.0, 3.5), (40.0, 55.0)])
def test_what_shows_late_is_read_not_much_later(late, most):
    _, seen_at = polls_of(10.0, 10.0 + late, first=10.0)

    assert seen_at <= 10.0 + most


def test_read_backs_never_end_and_never_come_thick():
    polls, _ = polls_of(10.0, 600.0, first=10.0)

    assert 30 < len(polls) < 45


@pytest.mark.parametrize(
    ("usual", "elapsed", "in_vain", "seconds"),
    [
        (None, 4.0, None, 4.0),
        (None, 5.0, 2.5, 5.0),
        (10.0, 5.0, None, 5.0),
        (10.0, 10.6, 10.1, 10.6),
        # It may have shown earlier, and is what was expected.
        (10.0, 10.2, None, None),
        # It was looked at early, in vain, and then late: others know better.
        (10.0, 10.9, 8.0, None),
        # Clocks may differ, and a target may have been forgotten for an hour.
        (None, -3.0, None, 0.1),
        (None, 4000.0, 60.0, 120.0),
        # Nobody looked for so long, so it says nothing.
        (None, 4000.0, None, 10.01),
    ],
)
def test_what_a_read_back_teaches(usual, elapsed, in_vain, seconds):
    assert learned(usual, elapsed, in_vain_seconds=in_vain) == seconds


def test_who_began_before_it_was_known_does_not_look_too_early():
    assert wait_for_others(10.0, 1.5, polls=0) == 10.0
    # As a scout's does, who looks after half the time.
    assert wait_for_others(10.0, 5.0, polls=0) is None


def test_an_account_that_got_faster_is_found_out_by_who_looks_early():
    lags = OwnLags(scouts=1)
    lags.note("acct1", 20.0)

    usual, is_scout = lags.enlist("acct1")
    elapsed = first_poll(usual, is_scout=is_scout)

    assert (elapsed, learned(usual, elapsed, in_vain_seconds=None)) == (10.0, 10.0)


def reads_after_its_reset(world, target):
    sent = world.journal.index(f"send {target.id}")
    return world.journal[sent:].count(f"key_owner {target.id}")


def test_the_others_wait_for_who_looks_early_and_ask_ibm_cloud_once():
    world = a_world(DALLAS, FRANKFURT, TOKYO, lag=2.0, canary=False)

    case = world.settle()

    assert case.result is CaseResult.SAFE
    reads = sorted(reads_after_its_reset(world, each) for each in world.cloud.found)
    # Two look at 0, 1 and 2.5 seconds; the third when these have seen it.
    assert reads == [1, 3, 3]
    # Long before the documented time is over.
    assert case.settled_at <= NOON + timedelta(seconds=8)


def test_how_long_it_took_is_known_after_the_first_departure():
    world = a_world(DALLAS, FRANKFURT, lag=4.0, canary=False)

    world.settle()

    usual = world.tools.lags.usual("acct1")
    assert usual is not None
    assert 4.0 <= usual <= 8.0
