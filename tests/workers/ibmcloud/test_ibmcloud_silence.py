"""What is not asked again for a while, since it got no answer in time."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import pytest
from ibmcloud_scenes import an_account, settings_for
from requests import ConnectionError as Refused
from requests import Timeout

from simulator import Fault, delay
from workers.ibmcloud import silence as rooms
from workers.ibmcloud import tokens
from workers.ibmcloud.account import open_cloud
from workers.ibmcloud.apart import Apart, Whose
from workers.ibmcloud.silence import Silence, kind_of
from workers.offboarding.errors import Reason, TransientError


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def silence(clock):
    return Silence(clock=clock)


def ask(silence, kind="lists", *, fault=None):
    with silence.call(kind) as sent:
        sent()
        if fault is not None:
            raise fault


def no_answer(silence, kind="lists"):
    with pytest.raises(Timeout):
        ask(silence, kind, fault=Timeout())


def refusal(silence, kind="lists"):
    with pytest.raises(TransientError) as raised:
        ask(silence, kind)
    return raised.value


def test_what_got_no_answer_is_not_asked_again_at_once(silence):
    no_answer(silence)

    refused = refusal(silence)

    assert refused.reason is Reason.UNREACHABLE
    assert refused.retry_after_seconds == 5.0
    assert "Not asked: no answer in time a moment ago" in str(refused)


def test_other_kinds_of_call_go_on(silence):
    no_answer(silence, "owners")

    ask(silence, "lists")


def test_after_the_pause_one_tries_and_an_answer_ends_it(silence, clock):
    no_answer(silence)
    clock.now += 5.0

    ask(silence)
    ask(silence)


def test_the_pause_doubles_up_to_a_minute_while_nothing_answers(silence, clock):
    pauses = []
    for _ in range(6):
        no_answer(silence)
        pauses.append(refusal(silence).retry_after_seconds)
        clock.now += pauses[-1]

    assert pauses == [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]


def test_many_that_got_no_answer_together_make_one_pause(silence, clock):
    calls = [silence.call("lists") for _ in range(9)]
    for one in calls:
        one.__enter__()()
    clock.now += 15
    for one in calls:
        one.__exit__(Timeout, Timeout(), None)

    assert refusal(silence).retry_after_seconds == 5.0


def test_one_call_without_an_answer_stops_nothing_while_others_have_one(silence, clock):
    slow = silence.call("owners")
    slow.__enter__()()
    clock.now += 1
    ask(silence, "owners")
    fault = Timeout()
    with pytest.raises(Timeout):
        slow.gen.throw(fault)

    ask(silence, "owners")


@pytest.mark.parametrize("fault", [Refused(), ValueError("odd")])
def test_what_is_answered_at_once_is_no_silence(silence, fault):
    with pytest.raises(type(fault)):
        ask(silence, fault=fault)

    ask(silence)


def test_what_never_went_out_says_nothing(silence):
    with pytest.raises(TransientError), silence.call("lists"):
        raise TransientError("no slot in the budget")

    ask(silence)
    assert silence.seconds() == 0.0


def test_who_comes_while_one_tries_waits_for_what_comes_of_it(silence, clock):
    no_answer(silence)
    clock.now += 5.0
    tries = silence.call("lists")
    tries.__enter__()()
    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(ask, silence) for _ in range(4)]
        tries.__exit__(None, None, None)
        for one in waiting:
            one.result(60)


def test_who_comes_while_one_tries_in_vain_is_turned_away(silence, clock, monkeypatch):
    monkeypatch.setattr(rooms, "_WAIT_FOR_PROBE_SECONDS", 0.05)
    no_answer(silence)
    clock.now += 5.0
    tries = silence.call("lists")
    tries.__enter__()()

    assert refusal(silence).retry_after_seconds == 1.0


def test_an_account_never_holds_all_threads_of_a_worker(silence, monkeypatch):
    monkeypatch.setattr(rooms, "_WAIT_FOR_ROOM_SECONDS", 0.05)
    calls = [silence.call(f"kind {at}") for at in range(48)]
    for one in calls:
        one.__enter__()()

    assert "too many calls" in str(refusal(silence, "another"))
    calls[0].__exit__(None, None, None)
    ask(silence, "another")


def test_room_that_comes_within_a_moment_is_taken(silence):
    calls = [silence.call("owners") for _ in range(48)]
    for one in calls:
        one.__enter__()()
    began = Event()

    def wait_and_ask():
        began.set()
        ask(silence, "owners")

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(wait_and_ask)
        assert began.wait(60)
        calls[0].__exit__(None, None, None)
        waiting.result(60)


def test_silence_counts_from_the_oldest_call_that_really_went_out(silence, clock):
    with silence.call("lists") as sent:
        clock.now += 9
        assert silence.seconds() == 0.0
        sent()
        clock.now += 3
        assert silence.seconds() == 3.0
    assert silence.seconds() == 0.0


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://c/global/v2/vpc/getClusters", "c/global/v2/vpc/getClusters"),
        (
            "https://c/v1/logging/ck3v9abc12/clusterkeyowner",
            "c/v1/logging/*/clusterkeyowner",
        ),
        (
            "https://u/v2/accounts/0123456789abcdef/users?limit=100",
            "u/v2/accounts/*/users",
        ),
        ("https://i/v1/apikeys?type=user", "i/v1/apikeys"),
    ],
)
def test_calls_are_of_one_kind_whatever_they_are_about(url, kind):
    assert kind_of(url) == kind


def test_a_hanging_list_is_asked_once_and_the_others_are_answered(
    simulator, scene, monkeypatch
):
    config = {"timeout": (3.05, 3), "allow_redirects": False}
    monkeypatch.setattr("workers.ibmcloud.session.HTTP_CONFIG", config)
    path = "/v2/accounts/[^/]+/users"
    simulator.faults.add(Fault("GET", path, delay(30), times=None))
    cloud = open_cloud(an_account(), settings_for(simulator.url))

    for _ in range(3):
        with pytest.raises(TransientError):
            cloud.people()

    asked = [one for one in simulator.journal.calls() if one.path.endswith("/users")]
    assert len(asked) == 1
    assert cloud.cluster_keys().has_own


def test_a_token_that_is_not_answered_is_not_waited_for_by_each_in_turn(
    simulator, scene, monkeypatch
):
    config = {"timeout": (3.05, 3), "allow_redirects": False}
    monkeypatch.setattr(tokens, "HTTP_CONFIG", config)
    simulator.faults.add(Fault("POST", "/identity/token", delay(30), times=None))
    cloud = open_cloud(an_account(), settings_for(simulator.url))

    for _ in range(3):
        with pytest.raises(TransientError):
            cloud.people()

    assert len(simulator.journal.calls("POST", "/identity/token")) == 1


# who has to wait after a 429


@pytest.fixture
def apart(clock):
    return Apart(40, clock=clock)


def test_a_first_429_counts_for_everybody_for_the_documented_window(apart):
    assert apart.refused("a") is Whose.EVERYBODY_SHORTLY


def test_calls_that_were_refused_together_say_no_more_than_one(apart, clock):
    apart.refused("a")
    clock.now += 0.2

    assert apart.refused("a") is Whose.EVERYBODY_SHORTLY


def test_an_account_that_is_refused_while_others_are_served_waits_alone(apart, clock):
    apart.refused("a")
    clock.now += 11
    apart.answered("b", clock.now)

    assert apart.refused("a") is Whose.THIS_ACCOUNT


def test_an_answer_to_what_went_out_before_proves_nothing(apart, clock):
    apart.answered("b", clock.now - 1)
    apart.refused("a")
    clock.now += 11

    assert apart.refused("a") is Whose.EVERYBODY


def test_its_own_answers_prove_nothing(apart, clock):
    apart.refused("a")
    clock.now += 11
    apart.answered("a", clock.now)

    assert apart.refused("a") is Whose.EVERYBODY


def test_where_there_is_one_account_alone_it_is_everybody(clock):
    one = Apart(1, clock=clock)
    one.refused("a")
    clock.now += 11

    assert one.refused("a") is Whose.EVERYBODY


def test_what_is_long_ago_is_a_first_one_again(apart, clock):
    apart.refused("a")
    apart.answered("b", clock.now + 1)
    clock.now += 601

    assert apart.refused("a") is Whose.EVERYBODY_SHORTLY


def test_an_account_that_is_answered_for_the_first_time_breaks_no_judgement(apart):
    class Slow(dict):
        """Answers that are looked through while another one comes."""

        def items(self):
            for each in super().items():
                threads.submit(apart.answered, "new", 1.0)
                sleep(0.05)
                yield each

    with ThreadPoolExecutor() as threads:
        apart._answered = Slow(b=1.0, c=1.0)
        apart.refused("a")
        apart._clock.now += 11

        assert apart.refused("a") is Whose.EVERYBODY
