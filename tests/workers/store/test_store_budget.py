"""The budget: never more calls in any window than the limit, whoever asks, whenever."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from unittest import mock

import fakeredis
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from store_scenes import AnswersGetLost

from workers.offboarding.errors import StoreAwayError
from workers.store.budget import Budget
from workers.store.connection import connect

START = 1_800_000_000.0


class Server:
    """A server whose time passes only when the test says so."""

    def __init__(self):
        self.time = START
        self.client = fakeredis.FakeRedis(decode_responses=True)

    def now(self):
        return self.time

    def budget(self, limit=8, *, answers_get_lost=False):
        client = AnswersGetLost(self.client) if answers_get_lost else self.client
        return Budget(client, limit)


@contextmanager
def stopped():
    server = Server()
    with server.client, mock.patch("time.time", server.now):
        yield server


@pytest.fixture
def server():
    with stopped() as server:
        yield server


def most_at_once(times, window=10.0):
    return max(
        (sum(one <= each < one + window for each in times) for one in times), default=0
    )


# one after another


def test_slots_are_given_up_to_the_limit_and_not_beyond(server):
    budget = server.budget(4)

    given = [budget.take().is_given for _ in range(6)]

    assert given == [True, True, True, True, False, False]


def test_several_slots_are_given_together_or_not_at_all(server):
    budget = server.budget(4)
    budget.take(3)

    refused, one = budget.take(2), budget.take(1)

    assert not refused.is_given
    assert one.is_given


def test_the_wait_is_until_enough_slots_have_fallen_out(server):
    budget = server.budget(4)
    budget.take(1)
    server.time += 2
    budget.take(2)
    server.time += 3
    budget.take(1)

    waits = [budget.take(calls).wait_seconds for calls in (1, 2, 3, 4)]

    # A window of ten seconds and the margin; five, three and no seconds are over.
    assert waits == [5.2, 7.2, 7.2, 10.2]


def test_who_waits_as_long_as_told_is_given(server):
    budget = server.budget(4)
    budget.take(4)
    server.time += 1

    wait = budget.take(2).wait_seconds
    server.time += wait - 0.001
    too_early = budget.take(2)
    server.time += 0.001

    assert not too_early.is_given
    assert budget.take(2).is_given


def test_all_workers_share_one_budget(server):
    given = [server.budget(4).take().is_given for _ in range(5)]

    assert given == [True, True, True, True, False]


@pytest.mark.parametrize(("calls", "is_survey"), [(0, False), (9, False), (3, True)])
def test_what_can_never_be_given_is_a_mistake_of_the_caller(server, calls, is_survey):
    with pytest.raises(ValueError, match="never given"):
        server.budget(8).take(calls, is_survey=is_survey)


def test_a_take_whose_answer_was_lost_takes_its_slots_once(server):
    budget = server.budget(4, answers_get_lost=True)

    given = [budget.take(2).is_given for _ in range(3)]

    assert given == [True, True, False]


def test_a_clock_that_was_put_back_locks_nobody_out(server):
    budget = server.budget(4)
    budget.take(4)
    server.time -= 3600

    refused = budget.take()
    server.time += 10.2

    assert refused.wait_seconds == 10.2
    assert budget.take().is_given


# surveys


def test_a_survey_gets_a_quarter(server):
    budget = server.budget(8)

    given = [budget.take(is_survey=True).is_given for _ in range(3)]

    assert given == [True, True, False]
    assert budget.take(6).is_given


def test_a_survey_waits_for_its_own_slots_to_fall_out(server):
    budget = server.budget(8)
    budget.take(is_survey=True)
    server.time += 4
    budget.take(is_survey=True)

    assert budget.take(is_survey=True).wait_seconds == 6.2


def test_a_survey_gets_less_than_its_quarter_where_others_took_the_rest(server):
    budget = server.budget(8)
    budget.take(7)

    given = [budget.take(is_survey=True).is_given for _ in range(2)]

    assert given == [True, False]


def test_a_survey_of_a_tiny_budget_still_gets_a_slot(server):
    assert server.budget(2).take(is_survey=True).is_given


def test_a_survey_gives_way_to_who_was_refused(server):
    budget = server.budget(8)
    budget.take(7)
    refused = budget.take(2)

    # One slot is free, and the survey's quarter untouched.
    survey = budget.take(is_survey=True)

    assert refused.wait_seconds == 10.2
    assert not survey.is_given
    assert survey.wait_seconds == 11.2


def test_a_survey_does_not_take_what_falls_out_while_others_wait(server):
    budget = server.budget(8)
    for _ in range(8):
        budget.take()
        server.time += 1
    wait = budget.take(4).wait_seconds

    surveys = []
    while wait > 0.5:
        server.time, wait = server.time + 0.5, wait - 0.5
        surveys.append(budget.take(is_survey=True).is_given)
    server.time += wait

    assert set(surveys) == {False}
    assert budget.take(4).is_given


def test_a_survey_goes_on_a_second_after_others_should_have_come_back(server):
    budget = server.budget(8)
    budget.take(8)
    server.time += 10.1
    wait = budget.take().wait_seconds

    server.time += wait + 0.9
    before = budget.take(is_survey=True)
    server.time += 0.1

    assert not before.is_given
    assert budget.take(is_survey=True).is_given


def test_a_survey_that_is_refused_keeps_nobody_waiting(server):
    budget = server.budget(8)
    budget.take(2, is_survey=True)
    budget.take(is_survey=True)

    assert budget.take(6).is_given


# sent


def test_a_slot_counts_from_when_its_call_is_sent(server):
    budget = server.budget(4)
    ticket = budget.take().ticket
    server.time += 5
    budget.sent(ticket)

    assert budget.take(4).wait_seconds == 10.2


def test_of_several_slots_only_the_last_is_a_call_that_comes_later(server):
    budget = server.budget(4)
    ticket = budget.take(4).ticket
    server.time += 5
    budget.sent(ticket)

    # What the others are for went out when they were given, before a reset its look.
    assert [budget.take(calls).wait_seconds for calls in (1, 3, 4)] == [5.2, 5.2, 10.2]


def test_only_the_slots_of_the_ticket_are_moved(server):
    budget = server.budget(4)
    first, second = budget.take(2).ticket, budget.take(2).ticket
    server.time += 5
    budget.sent(second)

    assert budget.take().wait_seconds == 5.2
    assert first != second


def test_a_slot_that_lost_its_place_counts_again_when_its_call_is_sent(server):
    budget = server.budget(4)
    ticket = budget.take(2).ticket
    server.time += 11
    budget.take(4)
    server.time += 1
    budget.sent(ticket)

    # Five are out: the four fall out first, and only then is there room for more.
    assert [budget.take(calls).wait_seconds for calls in (1, 3, 4)] == [9.2, 9.2, 10.2]


def test_a_survey_s_slot_that_is_sent_late_still_counts_as_a_survey_s(server):
    budget = server.budget(4)
    ticket = budget.take(is_survey=True).ticket
    server.time += 11
    budget.sent(ticket)

    assert budget.take(is_survey=True).wait_seconds == 10.2


# back off


def test_a_back_off_holds_everybody(server):
    budget = server.budget(8)
    budget.back_off(7)

    waits = [server.budget(8).take(is_survey=one).wait_seconds for one in (False, True)]
    server.time += 7

    assert waits == [7.0, 8.0]
    assert budget.take().is_given


def test_the_longest_back_off_counts(server):
    budget = server.budget(8)
    budget.back_off(20)
    budget.back_off(5)

    assert budget.take().wait_seconds == 20.0


def test_a_back_off_is_five_minutes_at_most(server):
    budget = server.budget(8)
    budget.back_off(86_400)

    assert budget.take().wait_seconds == 300.0


@pytest.mark.parametrize("seconds", [0, -1, 0.0001])
def test_a_back_off_of_nothing_holds_nobody(server, seconds):
    budget = server.budget(8)
    budget.back_off(seconds)

    assert budget.take().is_given


# in any order


MOVES = st.one_of(
    st.tuples(st.just("take"), st.integers(1, 3), st.booleans()),
    st.tuples(st.just("take"), st.just(1), st.booleans()),
    st.tuples(st.just("sent"), st.integers(0, 50)),
    st.tuples(st.just("back_off"), st.sampled_from([0.5, 3.0])),
    st.tuples(st.just("pass"), st.sampled_from([0.001, 0.3, 1.0, 2.5, 4.9, 10.0])),
)


@examples(max_examples=150, deadline=None)
@given(moves=st.lists(MOVES, max_size=80), answers_lost=st.booleans())
def test_no_window_ever_holds_more_than_the_limit(moves, answers_lost):
    with stopped() as server:
        budget = server.budget(12, answers_get_lost=answers_lost)
        reserved, sent, until = {}, [], 0.0
        for move, *how in moves:
            if move == "pass":
                server.time += how[0]
            elif move == "back_off":
                budget.back_off(*how)
                until = max(until, server.time + how[0])
            elif move == "take":
                grant = budget.take(how[0], is_survey=how[1])
                assert grant.is_given is (grant.wait_seconds == 0)
                if grant.is_given:
                    assert server.time >= until - 0.001
                    reserved[grant.ticket] = (server.time, *how)
            elif reserved:
                ticket = sorted(reserved)[how[0] % len(reserved)]
                taken_at, *of = reserved.pop(ticket)
                # Who is later takes anew; see the test of a slot that lost its place.
                number, survey = of
                if server.time - taken_at < 10:
                    budget.sent(ticket)
                    sent.append((taken_at, number - 1, survey))
                    sent.append((server.time, 1, survey))
                else:
                    sent.append((taken_at, number, survey))

    calls = [*sent, *reserved.values()]
    all_times = [at for at, number, _ in calls for _ in range(number)]
    surveyed = [at for at, number, survey in calls if survey for _ in range(number)]
    assert most_at_once(all_times) <= 12
    assert most_at_once(surveyed) <= 3


# at once, on a real server


@pytest.fixture
def workers(store_place, client):
    """Budgets of eight workers, each with its own connection."""
    clients = [connect(store_place.store_url, timeout_seconds=30) for _ in range(8)]
    yield clients
    for each in clients:
        each.close()


def served(client, calls, *, limit, window, is_survey=False):
    """Take *calls* slots one by one, waiting as told; return when each counted."""
    budget, times = Budget(client, limit, window_seconds=window), []
    while len(times) < calls:
        grant = budget.take(is_survey=is_survey)
        if grant.is_given:
            millis = client.zscore("offboard:budget", f"{grant.ticket}:1")
            times.append(millis / 1000)
        else:
            assert 0 < grant.wait_seconds <= 5
            time.sleep(grant.wait_seconds)
    return times


def test_many_workers_at_once_stay_within_the_limit_and_use_it(workers):
    with ThreadPoolExecutor(8) as pool:
        running = [pool.submit(served, one, 5, limit=20, window=4.8) for one in workers]
        times = sorted(at for each in running for at in each.result(timeout=60))

    # Windows of 4.8 s and the margin of 0.2 s: none fuller, and the limit is used.
    assert len(times) == 40
    assert most_at_once(times, 5.0) == 20
    assert times[-1] - times[0] < 20


def test_surveys_at_once_stay_within_their_quarter(workers):
    with ThreadPoolExecutor(8) as pool:
        running = [
            pool.submit(served, one, 2, limit=40, window=4.8, is_survey=True)
            for one in workers
        ]
        times = sorted(at for each in running for at in each.result(timeout=60))

    assert most_at_once(times, 5.0) == 10


def test_an_idle_budget_leaves_nothing_behind(client, until):
    budget = Budget(client, 4, window_seconds=0.01)
    budget.take(4)
    budget.back_off(0.05)

    until(lambda: not client.keys("offboard:*"), seconds=60)


def test_a_busy_budget_does_not_grow(server):
    budget = server.budget(8)
    for _ in range(50):
        budget.take(4)
        server.time += 5.1

    assert server.client.zcard("offboard:budget") == 8


@pytest.mark.parametrize(
    "ask",
    [
        lambda budget: budget.take(),
        lambda budget: budget.sent("c1-a"),
        lambda budget: budget.back_off(1),
    ],
    ids=["take", "sent", "back_off"],
)
def test_a_store_that_is_away_gives_nothing(short_folder, ask):
    with (
        connect(f"unix://{short_folder}/nobody") as client,
        pytest.raises(StoreAwayError),
    ):
        ask(Budget(client, 4))


# one account alone


def test_an_account_that_waits_alone_keeps_no_other_waiting(server):
    budget = server.budget(8)
    budget.of("a").back_off_alone(30)

    alone = budget.of("a").take()

    assert (alone.wait_seconds, alone.is_alone) == (30.0, True)
    assert budget.of("b").take().is_given
    assert budget.take().is_given
    # Nobody gives way to it, either.
    assert budget.of("b").take(is_survey=True).is_given


def test_whoever_waits_with_everybody_does_not_wait_alone(server):
    budget = server.budget(8)
    budget.of("a").back_off(30)

    waits = [budget.of(one).take() for one in ("a", "b")]

    assert [(one.wait_seconds, one.is_alone) for one in waits] == [(30.0, False)] * 2


def test_an_account_is_let_go_when_its_own_time_is_over(server):
    budget = server.budget(8)
    budget.of("a").back_off_alone(30)
    server.time += 30.1

    assert budget.of("a").take().is_given


def test_each_account_has_the_same_budget_each_time_it_is_asked_for(server):
    budget = server.budget(2)

    assert budget.of("a") is budget.of("a")
    assert [budget.of(one).take().is_given for one in "abc"] == [True, True, False]
