"""Leases that are kept while their steps run, all of them by one thread."""

import threading
from collections import Counter

import pytest

from workers.keeping import Keeper
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.model import Step, Work
from workers.offboarding.ports import Claim


class Leases:
    """Renews, and counts it; a fault is raised each time."""

    def __init__(self, seconds, *, is_ours=True, fault=None):
        self.lease_seconds, self.is_ours, self.fault = seconds, is_ours, fault
        self.renewed = Counter()
        self.threads = set()

    def renew(self, claim):
        self.renewed[claim.work.item] += 1
        self.threads.add(threading.current_thread().name)
        if self.fault is not None:
            raise self.fault
        return self.is_ours


def a_claim(item="a"):
    return Claim(Work("01A", Step.RESET, item), f"target:{item}", "token", 1, 1)


def test_a_lease_is_renewed_while_its_step_runs_and_not_after(until):
    keeper, leases = Keeper(), Leases(0.09)

    with keeper.keeps(leases, a_claim()):
        until(lambda: leases.renewed["a"] >= 3)
    after = leases.renewed["a"]
    with keeper.keeps(leases, a_claim("b")):
        until(lambda: leases.renewed["b"] >= 3)

    # One may have been under way when it ended.
    assert leases.renewed["a"] <= after + 1
    assert leases.threads == {"leases"}


def test_many_are_kept_at_a_time(until):
    keeper, leases = Keeper(), Leases(0.3)
    names = [str(number) for number in range(60)]
    held = [keeper.keeps(leases, a_claim(name)) for name in names]
    for one in held:
        one.__enter__()

    until(lambda: all(leases.renewed[name] >= 2 for name in names))

    for one in held:
        one.__exit__(None, None, None)


def test_one_that_is_lost_is_asked_for_no_more(until):
    keeper = Keeper()
    lost, ours = Leases(0.03, is_ours=False), Leases(0.03)

    with keeper.keeps(lost, a_claim()), keeper.keeps(ours, a_claim("b")):
        until(lambda: ours.renewed["b"] >= 4)

    assert lost.renewed["a"] == 1


def test_while_the_store_is_away_it_is_tried_again_sooner(until):
    keeper = Keeper()
    away, there = Leases(0.6, fault=StoreAwayError("away")), Leases(0.6)

    with keeper.keeps(away, a_claim()), keeper.keeps(there, a_claim("b")):
        # Each third of its life; where it is away each twelfth, after the first.
        until(lambda: there.renewed["b"] >= 6)

    assert away.renewed["a"] > there.renewed["b"] + 3


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_in_one_renewal_costs_no_other_lease(until):
    keeper, before = Keeper(), set(threading.enumerate())
    broken, sound = Leases(0.06, fault=RuntimeError("a bug")), Leases(0.06)

    with keeper.keeps(broken, a_claim()):
        until(lambda: broken.renewed["a"] >= 1)
        with keeper.keeps(sound, a_claim("b")), keeper.keeps(sound, a_claim("c")):
            until(lambda: sound.renewed["c"] >= 1)
        broken.fault, so_far = None, broken.renewed["a"]
        until(lambda: broken.renewed["a"] > so_far + 1)

    # What the threads say that the bug ended is said before another test begins.
    until(lambda: leases_since(before) == {keeper._thread})


def leases_since(before):
    return {one for one in threading.enumerate() if one.name == "leases"} - before
