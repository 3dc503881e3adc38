"""No call goes out without its slot, and a 429 slows everybody down."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibmcloud_scenes import STEWARD, a_target, an_account, settings_for

from simulator import Fault, rate_limited
from workers.ibmcloud.account import open_cloud
from workers.ibmcloud.errors import RateLimitedError
from workers.ibmcloud.keys import open_resets
from workers.ibmcloud.pace import LocalBudget, Pace
from workers.ibmcloud.session import reading_session
from workers.offboarding.errors import (
    PermanentError,
    Reason,
    StoreAwayError,
    TransientError,
)
from workers.offboarding.ports import Grant

READER_KEY = "reader-key-for-tests-000000000000000000000002"
TOKEN = "/identity/token"
KEYS = "/global/v1/keys"


@dataclass
class Counting:
    """A budget that gives, and writes down what it was asked."""

    waits: list[float] = field(default_factory=list)
    taken: list[bool] = field(default_factory=list)
    sent_tickets: list[str] = field(default_factory=list)
    backed_off: list[float] = field(default_factory=list)
    is_away: bool = False
    calls: int = 0

    def take(self, calls=1, *, is_survey=False):
        if self.waits:
            return Grant(wait_seconds=self.waits.pop(0))
        self.taken.append(is_survey)
        self.calls += calls
        return Grant(f"ticket-{len(self.taken)}")

    def sent(self, ticket):
        if self.is_away:
            raise StoreAwayError("away")
        self.sent_tickets.append(ticket)

    def back_off(self, seconds):
        if self.is_away:
            raise StoreAwayError("away")
        self.backed_off.append(seconds)


@pytest.fixture
def budget():
    return Counting()


@pytest.fixture
def paced(simulator, budget):
    account = an_account(reader=READER_KEY)
    return open_cloud(account, settings_for(simulator.url), budget=budget)


@pytest.fixture
def paced_resets(simulator, budget):
    return open_resets(an_account(), settings_for(simulator.url), budget=budget)


def test_every_call_but_token_calls_takes_a_slot(scene, simulator, budget, paced):
    for number in range(130):
        scene.add_person(f"IBMid-{number}", f"p{number}@example.com")
        scene.add_login_key("IBMid-550000ABCD", f"raw-{number}")
    targets = paced.targets().checked().targets
    paced.people()
    paced.key_owner(targets[0])
    paced.cluster_keys()
    paced.visibility()

    calls = simulator.journal.calls()
    tokens = [call for call in calls if call.path == TOKEN]
    assert len(tokens) == 2
    assert len(budget.taken) == len(calls) - 2
    assert set(budget.taken) == {False}


def test_a_surveys_calls_say_that_they_are_a_surveys(simulator, budget):
    settings = settings_for(simulator.url)
    account = an_account(reader=READER_KEY)

    open_cloud(account, settings, budget=budget, is_survey=True).people()

    assert budget.taken == [True]


def test_a_call_waits_in_naps_until_it_gets_its_slot(budget):
    naps = []
    budget.waits = [2.0, 0.3, 0.0001]

    ticket = Pace(budget, sleep=naps.append).wait()

    assert ticket == "ticket-1"
    assert naps == [0.5, 0.3, 0.01]


def test_a_survey_asks_less_often_whether_there_is_room(budget):
    naps = []
    budget.waits = [9.0, 6.5, 0.4]

    Pace(budget, is_survey=True, sleep=naps.append).wait()

    assert naps == [2.5, 2.5, 0.4]


def test_after_half_a_minute_a_call_gives_up_and_says_how_long_still(budget):
    naps = []
    budget.waits = [5.0] * 100

    with pytest.raises(RateLimitedError) as caught:
        Pace(budget, sleep=naps.append).wait()

    assert caught.value.reason is Reason.RATE_LIMITED
    assert caught.value.retry_after_seconds == 5.0
    assert 25 <= sum(naps) <= 30


def test_a_wait_that_is_too_long_anyway_is_not_begun(budget):
    naps = []
    budget.waits = [120.0]

    with pytest.raises(RateLimitedError):
        Pace(budget, sleep=naps.append).wait()

    assert naps == []


def test_a_call_without_a_slot_is_not_sent_and_asks_no_sibling(
    simulator, budget, paced
):
    paced.reader_id()
    budget.waits = [120.0]

    with pytest.raises(TransientError) as caught:
        paced.key_owner(a_target("c1", "c2"))

    assert caught.value.retry_after_seconds == 120.0
    assert simulator.journal.calls("GET") == []
    assert budget.waits == []


def test_a_budget_that_cannot_be_asked_stops_the_call(simulator, paced, budget):
    paced.reader_id()

    def away(calls=1, *, is_survey=False):
        raise StoreAwayError("The store is away.")

    budget.take = away

    with pytest.raises(StoreAwayError):
        paced.people()

    assert simulator.journal.calls("GET") == []


@pytest.mark.parametrize(
    ("path", "ask"),
    [
        (r"/global/.*", lambda cloud: cloud.key_owner(a_target("c1"))),
        (r"/v2/accounts/.*", lambda cloud: cloud.people()),
        ("/v1/apikeys", lambda cloud: cloud.cluster_keys()),
        (TOKEN, lambda cloud: cloud.people()),
    ],
)
@pytest.mark.parametrize(("asked", "seconds"), [(7, 7.0), (None, 10.0)])
def test_a_429_anywhere_slows_everybody_down(
    simulator, budget, paced, path, ask, asked, seconds
):
    method = "POST" if path == TOKEN else "GET"
    simulator.faults.add(Fault(method, path, rate_limited(asked)))

    with pytest.raises(RateLimitedError) as caught:
        ask(paced)

    assert caught.value.reason is Reason.RATE_LIMITED
    assert caught.value.retry_after_seconds == asked
    assert budget.backed_off == [seconds]


@pytest.mark.parametrize("path", ["/v2/policies", "/v2/resource_instances"])
def test_a_429_that_is_swallowed_slows_everybody_down_all_the_same(
    simulator, budget, paced, path
):
    simulator.faults.add(Fault("GET", path, rate_limited(3)))

    paced.targets().checked()
    paced.visibility()

    assert budget.backed_off == [3.0]


def test_a_429_on_a_reset_slows_everybody_down(simulator, budget, paced_resets):
    simulator.faults.add(Fault("POST", KEYS, rate_limited(4)))
    ready = paced_resets.prepare(a_target("c1"), STEWARD)

    with pytest.raises(RateLimitedError):
        ready.send()

    assert budget.backed_off == [4.0]


def test_a_reset_has_its_slot_before_it_is_ready_and_counts_when_it_is_sent(
    simulator, budget, paced_resets
):
    ready = paced_resets.prepare(a_target("c1"), STEWARD)

    assert budget.taken == [False]
    assert budget.sent_tickets == []
    ready.send()
    assert budget.taken == [False]
    assert budget.sent_tickets == ["ticket-1"]
    assert len(simulator.journal.resets()) == 1


def test_the_last_look_before_a_reset_is_paid_for_and_the_one_after_it_is_not(
    simulator, budget, paced, paced_resets
):
    paced.key_owner(a_target("c1"))
    before = budget.calls

    paced_resets.prepare(a_target("c1"), STEWARD)
    paced.key_owner(a_target("c1"))
    both = budget.calls - before
    paced.key_owner(a_target("c1"))

    assert both == 2
    assert budget.calls - before == 3
    looks = [one for one in simulator.journal.calls("GET") if "keyowner" in one.path]
    assert len(looks) == 3


def test_a_last_look_that_comes_late_or_elsewhere_is_not_paid_for(
    monkeypatch, budget, paced, paced_resets
):
    paced.key_owner(a_target("c1"))
    paced_resets.prepare(a_target("c1"), STEWARD)
    before = budget.calls
    other = threading.Thread(target=paced.key_owner, args=(a_target("c1"),))
    other.start()
    other.join()
    elsewhere = budget.calls - before
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 8.5)

    paced.key_owner(a_target("c1"))

    assert (elsewhere, budget.calls - before) == (1, 2)


def test_a_reset_without_a_slot_is_not_ready(simulator, budget, paced_resets):
    budget.waits = [31.0]

    with pytest.raises(RateLimitedError):
        paced_resets.prepare(a_target("c1"), STEWARD)

    assert simulator.journal.resets() == []


def test_a_reset_without_a_token_takes_no_slot(scene, budget, paced_resets):
    scene.remove_person("IBMid-6600001FID")

    with pytest.raises(PermanentError):
        paced_resets.prepare(a_target("c1"), STEWARD)

    assert budget.taken == []


def test_a_store_that_is_away_neither_stops_a_reset_nor_hides_its_answer(
    simulator, budget, paced_resets
):
    budget.is_away = True
    simulator.faults.add(Fault("POST", KEYS, rate_limited(4)))
    refused = paced_resets.prepare(a_target("c1"), STEWARD)
    ready = paced_resets.prepare(a_target("c1"), STEWARD)

    with pytest.raises(RateLimitedError):
        refused.send()
    ready.send()

    assert len(simulator.journal.resets()) == 2


def test_a_reset_is_fresh_for_eight_seconds(monkeypatch, paced_resets):
    ready = paced_resets.prepare(a_target("c1"), STEWARD)
    now = time.monotonic()
    assert ready.is_fresh

    monkeypatch.setattr(time, "monotonic", lambda: now + 7.5)
    assert ready.is_fresh
    monkeypatch.setattr(time, "monotonic", lambda: now + 8.5)
    assert not ready.is_fresh


def test_a_reset_that_was_held_up_before_its_call_is_not_sent(
    monkeypatch, paced_resets, simulator
):
    # A process that was stopped and goes on knows it only by the clock.
    ready = paced_resets.prepare(a_target("c1"), STEWARD)
    now = time.monotonic()

    monkeypatch.setattr(time, "monotonic", lambda: now + 8.5)
    with pytest.raises(TransientError) as raised:
        ready.send()

    assert raised.value.reason is Reason.RATE_LIMITED
    assert simulator.journal.resets() == []
    monkeypatch.undo()
    with pytest.raises(RuntimeError):
        ready.send()


@pytest.mark.parametrize(("life", "is_fresh"), [(35, True), (29, False)])
def test_a_reset_is_fresh_while_its_token_has_half_a_minute(
    scene, paced_resets, life, is_fresh
):
    scene.token_life_seconds = life

    assert paced_resets.prepare(a_target("c1"), STEWARD).is_fresh is is_fresh


def test_a_plain_session_is_not_limited(simulator):
    with reading_session() as session:
        assert session.get(f"{simulator.url}/v2/accounts/x/users").status_code == 401


class Ticking:
    """A clock that a test sets."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


steps = st.lists(
    st.tuples(
        st.floats(0, 4),
        st.integers(1, 3),
        st.booleans(),
        st.sampled_from(["take", "take", "take", "sent", "back_off"]),
    ),
    max_size=60,
)


@given(st.integers(4, 12), steps)
def test_no_ten_seconds_ever_hold_more_than_the_limit(limit, steps):
    clock = Ticking()
    budget = LocalBudget(limit, clock=clock)
    given_at: dict[str, tuple[float, int, bool]] = {}
    out: list[tuple[float, int, bool]] = []
    for passed, calls, is_survey, what in steps:
        clock.now += passed
        fresh = [one for one, (at, *_) in given_at.items() if clock.now - at < 8]
        if what == "back_off":
            budget.back_off(passed)
        elif what == "sent" and fresh:
            at, count, survey = given_at.pop(fresh[0])
            budget.sent(fresh[0])
            out += [(at, count - 1, survey), (clock.now, 1, survey)]
        elif calls <= (limit // 4 if is_survey else limit):
            grant = budget.take(calls, is_survey=is_survey)
            if grant.is_given:
                given_at[grant.ticket] = (clock.now, calls, is_survey)
            assert grant.is_given != (grant.wait_seconds > 0)

    every = [*out, *given_at.values()]
    for start, *_ in every:
        within = [one for one in every if start <= one[0] <= start + 10]
        assert sum(count for _, count, _ in within) <= limit
        assert sum(count for _, count, survey in within if survey) <= limit // 4


@given(st.integers(1, 8), st.lists(st.floats(0, 3), min_size=1, max_size=30))
def test_whoever_waits_as_long_as_told_gets_his_slot(limit, pauses):
    clock = Ticking()
    budget = LocalBudget(limit, clock=clock)
    for pause in pauses:
        clock.now += pause
        grant = budget.take()
        if not grant.is_given:
            clock.now += grant.wait_seconds + 0.001
            assert budget.take().is_given


def test_slots_are_kept_a_little_longer_than_the_window():
    clock = Ticking()
    budget = LocalBudget(4, clock=clock)
    budget.take(4)

    clock.now += 10.1
    assert not budget.take().is_given
    clock.now += 0.2
    assert budget.take().is_given


def test_a_survey_gives_way_while_other_work_waits():
    clock = Ticking()
    budget = LocalBudget(8, clock=clock)
    for _ in range(8):
        budget.take()
    clock.now += 5
    wait = budget.take().wait_seconds
    clock.now += wait + 0.1

    assert not budget.take(is_survey=True).is_given
    assert budget.take().is_given
    clock.now += 1.1
    assert budget.take(is_survey=True).is_given


def test_a_survey_gets_one_slot_even_of_a_tiny_budget():
    budget = LocalBudget(2, clock=Ticking())

    assert budget.take(is_survey=True).is_given
    assert not budget.take(is_survey=True).is_given
    assert budget.take().is_given


def test_a_back_off_holds_for_all_and_is_never_shortened():
    clock = Ticking()
    budget = LocalBudget(8, clock=clock)
    budget.back_off(20)
    budget.back_off(1)

    assert budget.take().wait_seconds == 20.0
    clock.now += 20.1
    assert budget.take().is_given


def test_a_back_off_ends_after_five_minutes_whatever_was_asked():
    clock = Ticking()
    budget = LocalBudget(8, clock=clock)

    budget.back_off(1e9)

    assert budget.take().wait_seconds == 300.0


@pytest.mark.parametrize(("calls", "is_survey"), [(9, False), (3, True), (0, False)])
def test_slots_that_are_never_there_at_once_are_refused(calls, is_survey):
    with pytest.raises(ValueError, match="never given"):
        LocalBudget(8, clock=Ticking()).take(calls, is_survey=is_survey)


def test_a_ticket_older_than_the_window_counts_again_when_it_is_used():
    clock = Ticking()
    budget = LocalBudget(4, clock=clock)
    ticket = budget.take(4).ticket
    clock.now += 30
    budget.take(3)
    budget.sent(ticket)

    assert not budget.take().is_given


def test_threads_share_one_budget():
    budget = LocalBudget(50, clock=Ticking())
    barrier = threading.Barrier(8)

    def ask(_):
        barrier.wait()
        return sum(budget.take().is_given for _ in range(20))

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(8))) == 50


def test_a_local_budget_paces_an_account(simulator):
    budget = LocalBudget(5)
    account = an_account(reader=READER_KEY)
    cloud = open_cloud(account, settings_for(simulator.url), budget=budget)

    cloud.targets().checked()

    assert budget.take().wait_seconds > 5
