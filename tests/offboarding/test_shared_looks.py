"""Cases that begin at once share a look, and none is served by one older than it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from factories import DALLAS
from fakes import FakeCloud, VirtualClock

from workers.offboarding.shared_looks import SharedLooks

CLOUDS = (FakeCloud(VirtualClock(), [], DALLAS),)


class Slow:
    """Looks that begin in order, and each ends when it is told to."""

    def __init__(self):
        self.begun, self.ends = [], [Event() for _ in range(9)]
        self.begins = [Event() for _ in range(9)]

    def __call__(self, clouds, _patience):
        number = len(self.begun)
        self.begun.append(clouds)
        self.begins[number].set()
        assert self.ends[number].wait(10)
        return [number]


def test_who_asks_while_looks_are_under_way_shares_the_next_one():
    slow = Slow()
    looks = SharedLooks(slow)
    with ThreadPoolExecutor(9) as threads:
        first = threads.submit(looks.at, CLOUDS)
        assert slow.begins[0].wait(10)
        second = threads.submit(looks.at, CLOUDS)
        assert slow.begins[1].wait(10)

        waiting = [threads.submit(looks.at, CLOUDS) for _ in range(6)]
        while looks._next == {}:
            pass
        for each in slow.ends:
            each.set()

        assert (first.result(10), second.result(10)) == ([0], [1])
        served = [one.result(10) for one in waiting]
    assert all(one[0] >= 2 for one in served)
    assert len(slow.begun) < 8


def test_looks_that_wait_for_what_is_silent_keep_none_waiting_that_does_not():
    slow = Slow()
    looks = SharedLooks(slow)
    with ThreadPoolExecutor(3) as threads:
        for number in range(2):
            threads.submit(looks.at, CLOUDS)
            assert slow.begins[number].wait(10)

        first = threads.submit(looks.at, CLOUDS, patience=5.0)
        is_begun = slow.begins[2].wait(2)
        for each in slow.ends:
            each.set()

        assert first.result(10) == [2]
    assert is_begun


def test_nobody_is_served_by_a_look_that_began_before_they_asked():
    slow = Slow()
    looks = SharedLooks(slow)
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(looks.at, CLOUDS)
        assert slow.begins[0].wait(10)
        later = threads.submit(looks.at, CLOUDS)
        for each in slow.ends:
            each.set()

        assert (first.result(10), later.result(10)) == ([0], [1])


def test_a_look_that_breaks_breaks_for_all_who_share_it_and_for_nobody_after():
    answers = iter([KeyError("bug"), ["seen"]])

    def look(clouds, _patience):
        said = next(answers)
        if isinstance(said, Exception):
            raise said
        return said

    looks = SharedLooks(look)

    with pytest.raises(KeyError):
        looks.at(CLOUDS)
    assert looks.at(CLOUDS) == ["seen"]


def test_looks_at_other_accounts_are_not_shared():
    seen = []
    looks = SharedLooks(lambda clouds, _: seen.append(clouds) or [])
    other = (FakeCloud(VirtualClock(), [], account_id="acct2"),)

    looks.at(CLOUDS)
    looks.at(other)

    assert seen == [CLOUDS, other]
