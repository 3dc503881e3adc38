"""The naive service: one Celery task a departure, and the script's loop in it.

    seconds(N) = queue + list + N x (read owner + reset + wait + read owner)

Timed on a part of the targets as the script is. Then, on a small account, its worker is
killed in the middle and another started, to see what becomes of the departure.
Run it alone: `.venv/bin/python -m benchmarks.peers.naive [how many]`.
"""

import os
import sys
import time
from typing import Final

from celery import Celery
from kombu.transport.redis import Channel
from redis import Redis

from benchmarks.far_side import FarSide, kind, kinds
from benchmarks.figures import Figure, report
from benchmarks.peers import celery_worker, ground
from benchmarks.peers.cloud import Cloud, tell
from benchmarks.peers.sequential import PART, computed, take_over
from benchmarks.scenes import FUNCTIONAL_ID, LEAVER, Scene

THREADS: Final = 16
_SMALL: Final = Scene(
    targets=4,
    clusters=40,
    latency_seconds=ground.LATENCY_SECONDS,
    lag_seconds=ground.LAG_SECONDS,
)
# Three of its targets would be done in this time.
_WATCHED_SECONDS: Final = 35.0
_FIRST_RESET_SECONDS: Final = 30.0

_HERE: Final = "benchmarks.peers.naive"

app: Celery = celery_worker.make_app("naive")


@app.task(name="naive.departure")
def departure(leaver: str, at_most: int) -> list[float]:
    """Take everything over, tell the channel, and return the seconds of each."""
    cloud = Cloud.of(os.environ)
    places = cloud.places()[:at_most]
    done = list(take_over(cloud, places, leaver, FUNCTIONAL_ID))
    safe = sum(one.is_safe for one in done)
    tell(f"{leaver}: {safe} of {len(done)} taken over")
    return [one.seconds for one in done]


def measured(many: int = PART) -> tuple[list[Figure], dict[str, object]]:
    """Run one departure on some targets; then kill a worker in the middle of one."""
    with FarSide(ground.SCENE) as far_side, celery_worker.store() as addresses:
        environ = {**addresses, **ground.environ_of(far_side)}
        with (
            celery_worker.Worker(_HERE, environ, threads=THREADS),
            celery_worker.caller(environ) as caller,
        ):
            began = time.monotonic()
            sent = caller.send_task(departure.name, [LEAVER, many])
            each = celery_worker.await_result(sent, seconds=60 + 15 * many)
            whole = time.monotonic() - began
        calls = far_side.calls()
    if each is None or len(each) != many:
        raise RuntimeError("The naive service did not do its work")
    return [], {
        "who": "a Celery task a departure, the same loop inside",
        **computed(whole - sum(each), each),
        "calls": dict(kinds(calls)),
        "most_calls_in_10_seconds": ground.most_in_a_window(calls),
        **_killed(),
    }


def _killed() -> dict[str, object]:
    """Kill the worker after its first reset, start another, and look what happens."""
    with FarSide(_SMALL) as far_side, celery_worker.store() as addresses:
        environ = {**addresses, **ground.environ_of(far_side)}
        with celery_worker.Worker(_HERE, environ, threads=1) as worker:
            with celery_worker.caller(environ) as caller:
                caller.send_task(departure.name, [LEAVER, _SMALL.targets])
            _await_reset(far_side)
            worker.kill()
        with celery_worker.Worker(_HERE, environ, threads=1):
            far_side.forget()
            time.sleep(_WATCHED_SECONDS)
            later = far_side.calls()
        told = ground.messages(far_side)
        held = _held(addresses)
    patience = Channel.visibility_timeout
    return {
        "killed": {
            "calls_in_the_seconds_after": len(later),
            "seconds_after": _WATCHED_SECONDS,
            "reports": len(told),
            "messages_held_for_the_dead_worker": held,
        },
        "wrong": "its worker killed in the middle and another started: in the"
        f" {_WATCHED_SECONDS:.0f} s after that calls {len(later)}, reports {len(told)};"
        f" the broker gives the departure out again after {patience} s",
    }


def _await_reset(far_side: FarSide) -> None:
    deadline = time.monotonic() + _FIRST_RESET_SECONDS
    while not any(kind(one) == "reset" for one in far_side.calls()):
        if time.monotonic() > deadline:
            raise RuntimeError("No reset came")
        time.sleep(0.2)


def _held(addresses: dict[str, str]) -> int:
    path = addresses["PEER_BROKER"].removeprefix("redis+socket://").partition("?")[0]
    with Redis(unix_socket_path=path, db=1) as client:
        return int(client.zcard("unacked_index"))


if __name__ == "__main__":
    part = int(sys.argv[1]) if len(sys.argv) > 1 else PART
    report("peers.naive", *measured(part))
