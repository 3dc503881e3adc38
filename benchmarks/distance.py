"""A store that is further away: time to owner-safe, over the floor.

The floor is that of ``departure``; the store has no part in it. A relay before the
store holds each round trip up by so many milliseconds, as a managed one does that is
in the next building, or in another zone. Broker and cases are both behind it.

Run it alone: `.venv/bin/python -m benchmarks.distance`.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.departure import GOAL, TARGETS, WORKERS, figure, floor
from benchmarks.figures import Figure, report
from benchmarks.played import Played, grounds
from benchmarks.relay import Relay
from benchmarks.scenes import LEAVER_EMAIL, Scene
from workers.embedded import Embedded

DELAYS_MS: Final = (0, 1, 5)
_IDLE_SECONDS: Final = 5.0


def measured() -> tuple[list[Figure], dict[str, object]]:
    """Play the same departure with a store nearby, and with one further away."""
    scene = Scene(targets=TARGETS, clusters=TARGETS)
    with _stores() as relays:
        settings = {
            str(delay): {
                "workers": WORKERS,
                "STORE_URL": f"redis://127.0.0.1:{relay.port}/0",
            }
            for delay, relay in relays.items()
        }
        played: dict[int, Played] = {}
        round_trips: dict[int, int] = {}
        with grounds(scene, settings) as ready:
            for delay, relay in relays.items():
                idle = _asked_in(relay, _IDLE_SECONDS) / _IDLE_SECONDS
                before, began = relay.requests, time.monotonic()
                played[delay] = ready[str(delay)].play(LEAVER_EMAIL)
                seconds = time.monotonic() - began
                asked = relay.requests - before
                round_trips[delay] = round(asked - idle * seconds)
    return [_figure(delay, one) for delay, one in played.items()], {
        "round_trips_until_told": round_trips,
        "cpu_seconds": {delay: one.cpu for delay, one in played.items()},
    }


def _asked_in(relay: Relay, seconds: float) -> int:
    before = relay.requests
    time.sleep(seconds)
    return relay.requests - before


@contextmanager
def _stores() -> Iterator[Mapping[int, Relay]]:
    """Run a store for each delay, and a relay before it."""
    running: list[subprocess.Popen[bytes]] = []
    relays: dict[int, Relay] = {}
    with tempfile.TemporaryDirectory(prefix="ofb") as folder:
        try:
            for delay in DELAYS_MS:
                place = Embedded(Path(folder) / str(delay))
                running.append(_store(place))
                relays[delay] = Relay(place.socket, delay / 1000)
            yield relays
        finally:
            for relay in relays.values():
                relay.close()
            for one in running:
                one.terminate()
                one.wait(30)


def _store(place: Embedded) -> "subprocess.Popen[bytes]":
    kept = {n: v for n, v in os.environ.items() if not n.startswith("OFFBOARD_")}
    environ = {**kept, "OFFBOARD_STORE_URL": f"embedded:{place.folder}"}
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "store"],
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not place.socket.exists() and process.poll() is None:
        time.sleep(0.1)
    return process


def _figure(delay: int, one: Played) -> Figure:
    measure = f"owner-safe, {TARGETS} targets, a store {delay} ms away"
    return figure(measure, f"<= {GOAL} x floor", one.safe, floor(TARGETS))


if __name__ == "__main__":
    report("distance", *measured())
