"""The usual Celery answer: a chord, a task a target, and a callback that reports.

    seconds(N) = list + rounds x (read owner + reset + wait + read owner),
    rounds = N / threads, rounded up

Played whole with 16 threads, and once with a thread a target, for what that costs in
calls at a time. Then, on a small account, one target is refused and the answer to
another's reset is lost, to see what is told and what is reset twice. It tries again
what may be tried again, with Celery's own means.
Run it alone: `.venv/bin/python -m benchmarks.peers.chord`.
"""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any, Final

import requests
from celery import Celery, chord

from benchmarks.far_side import FarSide, kinds
from benchmarks.figures import Figure, report
from benchmarks.peers import celery_worker, ground
from benchmarks.peers.cloud import WAIT_SECONDS, Cloud, Place, tell
from benchmarks.scenes import FUNCTIONAL_ID, LEAVER, Scene

THREADS: Final = 16
_SMALL: Final = Scene(
    targets=6,
    clusters=60,
    latency_seconds=ground.LATENCY_SECONDS,
    lag_seconds=ground.LAG_SECONDS,
)
# Every target of the small account is done, and tried again, well before this.
_TROUBLE_SECONDS: Final = 35.0

_HERE: Final = "benchmarks.peers.chord"

app: Celery = celery_worker.make_app("chord")


class RefusedError(Exception):
    """IBM Cloud refused; trying again does not help."""


@app.task(name="chord.departure")
def departure(leaver: str) -> str:
    """List the account, and send a task for each target."""
    places = Cloud.of(os.environ).places()
    header = [take_over.s(asdict(one), leaver) for one in places]
    told = reported.s(leaver).on_error(failed.s(leaver=leaver))
    return str(chord(header, told).apply_async().id)


@app.task(
    name="chord.take_over",
    autoretry_for=(requests.RequestException,),
    retry_backoff=True,
    max_retries=5,
)
def take_over(place: dict[str, str], leaver: str) -> bool:
    """Take one target over, and tell whether it is safe."""
    cloud, one = _cloud(), Place(**place)
    try:
        if cloud.owner(one) != leaver:
            return True
        cloud.reset(one)
    except requests.HTTPError as error:
        if error.response.status_code in (400, 401, 403, 404):
            raise RefusedError(str(error)) from error
        raise
    time.sleep(WAIT_SECONDS)
    return cloud.owner(one) == FUNCTIONAL_ID


@app.task(name="chord.reported")
def reported(results: list[bool], leaver: str) -> int:
    """Tell the channel."""
    tell(f"{leaver}: {sum(results)} of {len(results)} taken over")
    return sum(results)


@app.task(name="chord.failed")
def failed(request: object, error: object, trace: object, *, leaver: str) -> None:
    """Tell the channel that there will be no report."""
    tell(f"{leaver}: failed: {error}")


_logged_in: dict[str, Cloud] = {}
_logging_in = threading.Lock()


def _cloud() -> Cloud:
    """Return the process's client: one token, and connections that stay open."""
    with _logging_in:
        if "one" not in _logged_in:
            _logged_in["one"] = Cloud.of(os.environ)
    return _logged_in["one"]


def measured() -> tuple[list[Figure], dict[str, object]]:
    """Play it with 16 threads, with one a target, and with two calls that go wrong."""
    # The small account sleeps nearly all the time, so it does so beside the other.
    with ThreadPoolExecutor(1) as beside:
        small = beside.submit(_trouble)
        usual = _play(THREADS)
        trouble = small.result()
    wide = _play(ground.TARGETS)
    over = max(0, wide["most_calls_in_10_seconds"] - ground.DOCUMENTED_CALLS)
    return [], {
        "who": f"a Celery chord, a task a target, {THREADS} threads",
        **usual,
        "wide": {
            "who": f"the same with {ground.TARGETS} threads",
            **wide,
            "calls_over_the_limit": over,
            "wrong": f"no budget: one departure makes {over} calls more in ten seconds"
            " than IBM documents",
        },
        "trouble": trouble,
        "wrong": f"one target of {_SMALL.targets} refused: messages that it failed"
        f" {len(trouble['messages'])}, reports of the others, which were taken over,"
        f" {trouble['reports']}; one answer lost: that target reset"
        f" {trouble['most_resets_of_a_target']} times",
    }


def _play(threads: int) -> dict[str, Any]:
    with FarSide(ground.SCENE) as far_side, celery_worker.store() as addresses:
        environ = {**addresses, **ground.environ_of(far_side)}
        with (
            celery_worker.Worker(_HERE, environ, threads=threads),
            celery_worker.caller(environ) as caller,
        ):
            began = time.monotonic()
            caller.send_task(departure.name, [LEAVER])
            took = _await_report(far_side, began)
        calls = far_side.calls()
    return {
        "seconds": round(took, 1),
        "targets": ground.TARGETS,
        "threads": threads,
        "calls": dict(kinds(calls)),
        "most_calls_in_10_seconds": ground.most_in_a_window(calls),
    }


def _await_report(far_side: FarSide, began: float) -> float:
    while not (told := ground.messages(far_side)):
        if time.monotonic() - began > 200:
            raise RuntimeError("The chord did not report")
        time.sleep(0.1)
    expected = f"{ground.TARGETS} of {ground.TARGETS}"
    if expected not in told[0]:
        raise RuntimeError(f"The chord did not do its work: {told}")
    return time.monotonic() - began


def _trouble() -> dict[str, Any]:
    reset = {"method": "POST", "path": "/global/v1/keys"}
    with FarSide(_SMALL) as far_side, celery_worker.store() as addresses:
        ground.break_call(
            far_side, **reset, action={"kind": "status", "code": 403}, times=1
        )
        ground.break_call(
            far_side, **reset, action={"kind": "drop_after"}, times=1, skip=1
        )
        environ = {**addresses, **ground.environ_of(far_side)}
        with (
            celery_worker.Worker(_HERE, environ, threads=THREADS),
            celery_worker.caller(environ) as caller,
        ):
            caller.send_task(departure.name, [LEAVER])
            time.sleep(_TROUBLE_SECONDS)
        resets = ground.resets_of(far_side.calls())
        told = ground.messages(far_side)
    reports = [one for one in told if "taken over" in one]
    return {
        "targets": _SMALL.targets,
        "resets": resets.total(),
        "most_resets_of_a_target": max(resets.values()),
        "reports": len(reports),
        "messages": [one for one in told if one not in reports],
        "watched_seconds": _TROUBLE_SECONDS,
    }


if __name__ == "__main__":
    report("peers.chord", *measured())
