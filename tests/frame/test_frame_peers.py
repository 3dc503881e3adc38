"""What people use today: played fairly, and held against ours of the same run."""

from dataclasses import replace
from datetime import timedelta

import pytest
import requests
from bench_scenes import NOON, SAFE, found

from benchmarks import against
from benchmarks.far_side import Call
from benchmarks.peers import ground, sequential
from benchmarks.peers.cloud import Place


def calls_at(*times):
    return [Call(at, "GET", "/x", at, 200, {}) for at in times]


@pytest.mark.parametrize(
    ("times", "most"),
    [
        ([], 0),
        ([5.0], 1),
        # Ten seconds later is another window.
        ([0.0, 10.0], 1),
        ([0.0, 9.9], 2),
        ([0.0, 1.0, 9.0, 10.5, 10.6, 10.7], 5),
    ],
)
def test_calls_are_counted_in_any_ten_seconds(times, most):
    assert ground.most_in_a_window(calls_at(*times)) == most


def test_what_all_targets_take_is_computed_from_those_measured():
    told = sequential.computed(1.0, [10.0, 11.0])

    assert told["seconds"] == 1051.0
    assert (told["targets"], told["targets_measured"]) == (100, 2)


class OwnedBy:
    """A cloud of a few places; the one called broken answers nobody."""

    def __init__(self, **owners):
        self.owners = owners
        self.resets = []

    def owner(self, place):
        return self.owners[place.region]

    def reset(self, place):
        self.resets.append(place.region)
        if place.region == "broken":
            raise requests.ConnectionError
        self.owners[place.region] = "fid"


def test_the_script_leaves_others_alone_and_goes_on_where_one_fails(monkeypatch):
    monkeypatch.setattr(sequential, "WAIT_SECONDS", 0)
    cloud = OwnedBy(broken="dana", others="robin", mine="dana")
    places = [Place(region, "group", "cluster") for region in cloud.owners]

    done = list(sequential.take_over(cloud, places, "dana", "fid"))

    assert cloud.resets == ["broken", "mine"]
    assert [(one.place.region, one.is_safe, one.fault) for one in done] == [
        ("broken", False, "ConnectionError"),
        ("mine", True, ""),
    ]


@pytest.fixture
def of_one_run(monkeypatch):
    """Results as a run leaves them; another time of one may be given."""

    def have(**times):
        told = {"who": "somebody", "seconds": 1000.0}
        kept = {"departure": found("departure", replace(SAFE, ours=20.0))}
        for name in ("peers.sequential", "peers.naive", "peers.chord"):
            at = times.get(name.partition(".")[2], NOON)
            kept[name] = found(name, at=at, **told)
        monkeypatch.setattr(against, "read", kept.__getitem__)

    return have


def test_a_peer_is_held_against_ours_of_the_same_run(of_one_run):
    of_one_run()

    script = against.measured()[0][0]

    assert (script.value, script.limit, script.is_reached) == (50.0, 50.0, True)
    assert (script.ours, script.peer) == (20.0, 1000.0)


def test_results_of_several_runs_are_not_compared(of_one_run):
    of_one_run(naive=NOON - timedelta(hours=1))

    with pytest.raises(ValueError, match="several runs"):
        against.measured()
