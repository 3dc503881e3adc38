"""Exposure of 50 accounts, 500 targets and 10,000 clusters: cold, warm, and its memory.

Cold is read from IBM Cloud: by `offboard exposure --local`, a process with a budget of
its own, and by a worker's survey into the owner index, which may use a quarter of the
budget. The floor is what N calls take at the least at a budget of B in any ten seconds,
plus two round trips, since who owns a target is asked after the lists:

    floor = 10 s * ((N - 1) // B) + 2 * latency

    N = accounts * (13 + ceil(clusters / 100)) + targets

Eleven lists an account and what tells of its functional ID: user list, resource groups,
three cluster lists, API keys of users and of service IDs, the reader's policies, the
account's settings, and of the functional ID its access groups and its own keys; the
resource controller's list comes in pages of 100. Tokens do not count, at IBM neither.

The survey is timed from its own first call. What a worker asks of its own keys, one
call an account at its start and every six hours, is no part of a survey; it takes its
slots of the same budget meanwhile.

Both run at 200 calls in ten seconds, the most that a setting allows, so that a run
takes two minutes: for the survey, of which that is a quarter, the setting is passed by.
At the default of 120 the survey of this scene takes six and a half minutes by its
floor, four times a day. Warm is answered from the index.

Run it alone: `.venv/bin/python -m benchmarks.exposure`.
"""

import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import requests

from benchmarks.far_side import Call, FarSide, kinds
from benchmarks.figures import Figure, report
from benchmarks.processes_of import Ran, family, peak_mb, ran
from benchmarks.scenes import Scene
from tests.processes.installation import TOKENS, Service, until

SCENE: Final = Scene(
    accounts=50, targets=5, others=5, clusters=200, latency_seconds=0.2
)
BUDGET: Final = 200
MOST_MB: Final = 300
WARM_SECONDS: Final = 2.0
_WINDOW_SECONDS: Final = 10.0
_TIMES: Final = 5
_OWN_KEY: Final = "/v1/apikeys/details"
# The real worker, with a budget of which a survey's share is ``BUDGET``.
_WIDE: Final = (
    "from workers.store.budget import Budget; "
    "made = Budget.__init__; "
    f"Budget.__init__ = lambda self, client, limit: made(self, client, {4 * BUDGET}); "
    "from service.cli import main; main()"
)
_OFFBOARD: Final = [sys.executable, "-m", "service.cli"]


def calls_needed(scene: Scene) -> int:
    """Count the calls that a look at every account takes, by the formula above."""
    pages = math.ceil(scene.clusters / 100)
    targets = scene.targets + scene.others
    return scene.accounts * (11 + pages + targets)


def floor_seconds(scene: Scene, budget: int) -> float:
    """Tell how long so many calls take at the least."""
    windows = (calls_needed(scene) - 1) // budget
    return _WINDOW_SECONDS * windows + 2 * scene.latency_seconds


def most_at_once(calls: list[Call]) -> int:
    """Count the most calls that arrived in any ten seconds, tokens left out."""
    times = sorted(one.at for one in calls)
    most, begin = 0, 0
    for end, at in enumerate(times):
        while times[begin] <= at - _WINDOW_SECONDS:
            begin += 1
        most = max(most, end - begin + 1)
    return most


@contextmanager
def installation(far_side: FarSide) -> Iterator[Service]:
    """Set up a service that writes nothing; nothing of it runs yet."""
    with tempfile.TemporaryDirectory(prefix="ofb") as folder:
        service = Service(
            far_side,  # type: ignore[arg-type]
            Path(folder),
            ARMED="0",
            IBM_CLOUD_REQUESTS_PER_10_SECONDS=str(BUDGET),
        )
        try:
            yield service
        finally:
            service.kill_all()


def counted(calls: list[Call]) -> list[Call]:
    """Leave out what the budget does not count."""
    return [one for one in calls if one.path != "/identity/token"]


def local(far_side: FarSide, service: Service) -> tuple[Ran, list[Call]]:
    """Read all accounts by a command without a service."""
    far_side.forget()
    found = ran([*_OFFBOARD, "exposure", "--local", "-o", "json"], service.environ)
    return found, counted(far_side.calls())


def surveyed(far_side: FarSide, service: Service) -> list[Call]:
    """Start the service, and wait until the index has every account."""
    far_side.forget()
    service.start("store", "web")
    service.start("worker", code=_WIDE)
    service.start("beat")
    service.await_ready()

    def is_whole() -> bool:
        return service.call("GET", "/api/exposure").json()["checked_at"] is not None

    until(is_whole, seconds=180)
    return [one for one in counted(far_side.calls()) if one.path != _OWN_KEY]


def signed_in(service: Service) -> requests.Session:
    """Sign in to the pages, as people do."""
    session = requests.Session()
    form = {"token": TOKENS["viewer"], "next": "/"}
    headers = {"Origin": service.url}
    session.post(f"{service.url}/login", data=form, headers=headers, timeout=30)
    return session


def timed(ask: Callable[[], object]) -> float:
    """Return the longest of several times, in seconds."""
    took = []
    for _ in range(_TIMES):
        began = time.monotonic()
        ask()
        took.append(time.monotonic() - began)
    return max(took)


def warm(service: Service) -> dict[str, float]:
    """Time what is answered from the index: the API, the page, the command."""
    session = signed_in(service)
    asked = {
        **service.environ,
        "OFFBOARD_URL": service.url,
        "OFFBOARD_TOKEN": TOKENS["viewer"],
    }

    def api() -> None:
        body = service.call("GET", "/api/exposure", role="viewer").json()
        _expect(len(body["targets"]) == _targets(), "the API has every target")

    def page() -> None:
        answer = session.get(f"{service.url}/exposure", timeout=30)
        _expect("Targets" in answer.text and answer.ok, "the page shows targets")

    def command() -> None:
        found = ran([*_OFFBOARD, "exposure"], asked)
        _expect(found.exit_code == 0, found.output)

    return {"api": timed(api), "page": timed(page), "command": timed(command)}


def _targets() -> int:
    return SCENE.accounts * (SCENE.targets + SCENE.others)


def _expect(is_so: bool, what: str) -> None:
    if not is_so:
        raise RuntimeError(what)


def memory(service: Service) -> dict[str, int]:
    """Return the most memory that each process has had, web's each by itself."""
    worker = peak_mb(service.running["worker"].pid)
    web = [peak_mb(one) for one in family(service.running["web"].pid)]
    return {"worker": worker, "web": max(web)}


def measured() -> tuple[list[Figure], dict[str, object]]:
    """Measure all of it; a minute and a half, most of it waiting for the budget."""
    with FarSide(SCENE) as far_side, installation(far_side) as service:
        alone, by_local = local(far_side, service)
        _expect(alone.exit_code in (0, 3), alone.output[-2000:])
        by_survey = surveyed(far_side, service)
        took = warm(service)
        peaks = {**memory(service), "local": alone.peak_mb}
    seconds = {
        "local": alone.seconds,
        "survey": max(one.answered_at or one.at for one in by_survey)
        - min(one.at for one in by_survey),
    }
    figures = [
        *_cold(seconds, {"local": by_local, "survey": by_survey}),
        *_warm(took),
        _memory(peaks),
    ]
    details: dict[str, object] = {
        "calls_needed": calls_needed(SCENE),
        "local": dict(kinds(by_local)),
        "survey": dict(kinds(by_survey)),
        "most_in_ten_seconds": {
            "local": most_at_once(by_local),
            "survey": most_at_once(by_survey),
            "budget": BUDGET,
        },
        "warm_seconds": took,
        "peak_mb": peaks,
        "local_cpu_seconds": alone.cpu_seconds,
    }
    return figures, details


def _cold(seconds: dict[str, float], calls: dict[str, list[Call]]) -> Iterator[Figure]:
    floor = floor_seconds(SCENE, BUDGET)
    named = {"local": "by `exposure --local`", "survey": "by a survey into the index"}
    for each, words in named.items():
        yield Figure(
            f"exposure of 50 accounts, 500 targets, 10,000 clusters, {words}",
            "at the request budget's floor <= 1.1 x",
            value=seconds[each] / floor,
            limit=1.1,
            ours=seconds[each],
            floor=floor,
            note=f"{len(calls[each])} calls of {calls_needed(SCENE)} needed",
        )


def _warm(took: dict[str, float]) -> Iterator[Figure]:
    for each, seconds in took.items():
        yield Figure(
            f"the same from the index, by the {each}",
            "<= 2 s",
            value=seconds,
            limit=WARM_SECONDS,
            ours=seconds,
            note=f"the longest of {_TIMES}",
        )


def _memory(peaks: dict[str, int]) -> Figure:
    said: Any = ", ".join(f"{name} {mb} MB" for name, mb in peaks.items())
    return Figure(
        "memory while it does that, the largest process",
        "< 300 MB",
        value=max(peaks.values()),
        limit=MOST_MB - 1,
        ours=max(peaks.values()),
        unit="MB",
        note=said,
    )


if __name__ == "__main__":
    report("exposure", *measured())
