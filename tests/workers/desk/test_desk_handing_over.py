"""What a process counts: gathered by all its threads, handed over, never in the way."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from structlog.testing import capture_logs

from workers.desk import counting
from workers.desk.counting import Counting
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.metric import field_of, parts_of
from workers.offboarding.metrics import CASES, HTTP_REQUESTS, HTTP_SECONDS, IBM_SECONDS
from workers.offboarding.samples import samples_of
from workers.offboarding.tally import Tally
from workers.store.connection import connect
from workers.store.metrics import Counts

FIELD = "offboard_http_requests_total|/x|GET|200"


def asked(tally, times=1):
    for _ in range(times):
        tally.add(HTTP_REQUESTS, "/x", "GET", "200")


def test_what_many_threads_count_at_once_is_all_there():
    tally = Tally()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: asked(tally, 500), range(8)))

    assert tally.taken() == {FIELD: 4000}
    assert tally.taken() == {}


@pytest.mark.parametrize(
    ("seconds", "bucket"),
    [(0.0, "0.005"), (0.005, "0.005"), (0.3, "0.5"), (99, "+Inf")],
)
def test_an_observation_is_in_the_first_bucket_that_it_fits(seconds, bucket):
    tally = Tally()

    tally.observe(HTTP_SECONDS, seconds, "/x")

    name = "offboard_http_request_seconds|/x|"
    assert tally.taken() == {name + bucket: 1, name + "sum_ms": round(seconds * 1000)}


@pytest.mark.parametrize("label", ["", "a|b", "100%", "%7C", "|%|", 'a"b\\\n', "ü"])
def test_a_field_gives_back_the_labels_it_was_made_of(label):
    field = field_of(CASES, label, "x")

    assert parts_of(field) == ("offboard_cases_total", label, "x")


def test_a_bucket_that_another_version_had_counts_under_the_next():
    name = "offboard_ibmcloud_request_seconds|iam|GET|"

    (found,) = samples_of({name + "0.07": 2, name + "300": 1, name + "sum_ms": 9})

    assert found.labels == ("iam", "GET")
    assert found.buckets == (0, 2, 0, 0, 0, 0, 0, 0, 0, 1)
    assert found.value == 0.009
    assert len(found.buckets) == len(IBM_SECONDS.buckets) + 1


def test_what_was_counted_is_handed_over_and_only_once(client):
    mine = Counting(Counts(client), Tally())
    asked(mine.tally, 3)

    mine.hand_over()
    mine.hand_over()
    asked(mine.tally)
    mine.hand_over()

    assert Counts(client).standing().counted == {FIELD: 4}


class Away:
    """A store that is away at times; once it takes a batch and its answer is lost."""

    def __init__(self, counts):
        self.counts, self.faults = counts, []

    def add(self, number, counts):
        fault = self.faults.pop(0) if self.faults else None
        if fault != "away":
            self.counts.add(number, counts)
        if fault:
            raise StoreAwayError("The store: ConnectionError.")


@pytest.mark.parametrize("fault", ["away", "answer lost"])
def test_what_could_not_be_handed_over_is_later_and_counts_once(client, fault):
    store = Away(Counts(client))
    store.faults = [fault, fault]
    mine = Counting(store, Tally())

    with capture_logs() as logs:
        for _ in range(3):
            asked(mine.tally)
            mine.hand_over()

    assert Counts(client).standing().counted == {FIELD: 3}
    assert [one["event"] for one in logs] == ["counts.kept"]


def test_a_store_that_is_away_for_good_raises_nothing():
    mine = Counting(Counts(connect("redis://127.0.0.1:1/0")), Tally())
    asked(mine.tally)

    mine.hand_over()


def test_a_thread_hands_over_by_itself_and_once_more_at_the_end(
    client, monkeypatch, until
):
    ends = []
    monkeypatch.setattr(counting, "_EVERY_SECONDS", 0.01)
    monkeypatch.setattr(counting.atexit, "register", ends.append)
    mine, over = Counting(Counts(client), Tally()), threading.Event()

    mine.begin(over)
    asked(mine.tally)
    until(lambda: client.hget("offboard:metrics", FIELD) == "1")
    over.set()
    until(lambda: not [one for one in threading.enumerate() if one.name == "counting"])
    asked(mine.tally)
    ends[0]()

    assert client.hget("offboard:metrics", FIELD) == "2"
