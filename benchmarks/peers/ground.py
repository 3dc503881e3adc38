"""The account that peers are played on, and what is read off it afterwards."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import requests

from benchmarks.far_side import Call, FarSide, kind
from benchmarks.scenes import FUNCTIONAL_KEY, Scene

LATENCY_SECONDS: Final = 0.2
LAG_SECONDS: Final = 10.0
TARGETS: Final = 100
CLUSTERS: Final = 1000
# What IBM Cloud documents for one address.
DOCUMENTED_CALLS: Final = 200
WINDOW_SECONDS: Final = 10.0
SCENE: Final = Scene(
    targets=TARGETS,
    clusters=CLUSTERS,
    latency_seconds=LATENCY_SECONDS,
    lag_seconds=LAG_SECONDS,
)


def environ_of(far_side: FarSide) -> dict[str, str]:
    """Return what a peer finds in its environment."""
    return {**far_side.environ(), "PEER_APIKEY": FUNCTIONAL_KEY}


def most_in_a_window(calls: Sequence[Call]) -> int:
    """Count the most calls that came in any ten seconds."""
    times = sorted(one.at for one in calls)
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= WINDOW_SECONDS:
            first += 1
        most = max(most, last - first + 1)
    return most


def resets_of(calls: Sequence[Call]) -> Counter[tuple[str, str]]:
    """Count the resets of each region and group."""
    headers = [one.headers for one in calls if kind(one) == "reset"]
    return Counter((one["X-Region"], one["X-Auth-Resource-Group"]) for one in headers)


def messages(far_side: FarSide) -> list[str]:
    """Return what was posted to the channel."""
    answer = requests.get(f"{far_side.url}/_sim/slack", timeout=60).json()
    return [one["text"] for one in answer["messages"]]


def break_call(far_side: FarSide, **fault: Any) -> None:  # noqa: ANN401 - JSON
    """Have the far side answer a call to come in another way."""
    url = f"{far_side.url}/_sim/faults"
    requests.post(url, json=fault, timeout=60).raise_for_status()
