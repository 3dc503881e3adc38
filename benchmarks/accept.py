"""Events accepted durably a second, against the same server's bare hello-world.

Three applications on one set-up of gunicorn, that of `offboard web`: one that says
hello, a plain persist-then-enqueue hook (`peers/hook.py`), and ours, which gets signed
departures, each of another person, on a store that flushes every write before it
answers. They are measured by turns, by the same sender on the same number of
connections, and the ratios are those of the medians. Nothing is braked, so that each
event opens a case and sends its work.

The floor of an answer is one round trip to the store with one flush; there is none for
the rate but the bare server's own, which is what it is held against.

No worker runs meanwhile: in production that is another host, and what it costs is
measured by others. What is accepted with worker and beat beside it, on the same two
cores, is in the details. At last the store is killed and started anew, and every event
that was acknowledged is looked for in it.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

import requests

from benchmarks.far_side import FarSide
from benchmarks.figures import Figure, report
from benchmarks.load import Answered, Load, sent
from benchmarks.scenes import Scene
from config.settings import Settings
from tests.processes.installation import SECRET, Service, free_port, until
from workers.desk.opening import broker_address, store_address
from workers.store.connection import PREFIX, connect

ROUNDS: Final = 4
SECONDS: Final = 2.0
LINES: Final = 16
PACED_SECONDS: Final = 6.0
# Where a machine cannot drive the first, the next tells what it can.
PACES: Final = (500.0, 350.0, 200.0, 100.0)
P99_MS: Final = 25.0
SHARE: Final = 0.30
UNBRAKED: Final = "100000"


class Bench:
    """The three servers, and what was sent to ours so far."""

    def __init__(self, service: Service, peers: dict[str, int]) -> None:
        self.service = service
        self.peers = peers
        self.cases: dict[str, str] = {}
        self._runs = 0

    def hello(self, seconds: float = SECONDS) -> Answered:
        """Ask for hello."""
        return sent(Load(self.peers["hello"], "/", seconds=seconds, lines=LINES))

    def hook(self, seconds: float = SECONDS) -> Answered:
        """Send events to the plain hook."""
        self._runs += 1
        run = f"h{self._runs}"
        port = self.peers["hook"]
        return sent(Load(port, "/hook", SECRET, seconds=seconds, lines=LINES, run=run))

    def ours(self, seconds: float = SECONDS, **more: Any) -> Answered:  # noqa: ANN401 - fields of a load
        """Send events to ours, and keep what it acknowledged."""
        self._runs += 1
        load = Load(
            self.service.port,
            "/events/standard",
            SECRET,
            **{"seconds": seconds, "lines": LINES, "run": f"o{self._runs}", **more},
        )
        found = sent(load)
        self.cases.update(found.cases)
        return found


@contextmanager
def bench() -> Iterator[Bench]:
    """Run the three servers on one store; no worker, no beat."""
    folder = Path(tempfile.mkdtemp(prefix="ofb"))
    peers: list[subprocess.Popen[bytes]] = []
    with FarSide(Scene(targets=1, clusters=1)) as far_side:
        service = Service(far_side, folder, MAX_CASES_PER_HOUR=UNBRAKED)  # type: ignore[arg-type]
        try:
            service.start("store", "web")
            settings = Settings.from_env(service.environ)
            addresses = [store_address(settings), broker_address(settings), SECRET]
            ports = {"hello": free_port(), "hook": free_port()}
            peers.append(_peer("hello", ports["hello"]))
            peers.append(_peer("hook", ports["hook"], *addresses))
            for port in (*ports.values(), service.port):
                _await_server(port)
            yield Bench(service, ports)
        finally:
            for each in peers:
                each.terminate()
            for each in peers:
                each.wait(60)
            service.kill_all()
            shutil.rmtree(folder, ignore_errors=True)


def _peer(kind: str, port: int, *given: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "benchmarks.peers.web", kind, str(port), *given]
    return subprocess.Popen(command)  # noqa: S603 - our own module


def _await_server(port: int) -> None:
    def answers() -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{port}/", timeout=2).status_code > 0
        except (requests.ConnectionError, requests.Timeout):
            return False

    until(answers, seconds=60)


def rates(on: Bench) -> dict[str, list[Answered]]:
    """Measure the three by turns; a first turn warms them up and counts for nothing."""
    asked = {"hello": on.hello, "hook": on.hook, "ours": on.ours}
    for each in asked.values():
        each(1.0)
    found: dict[str, list[Answered]] = {name: [] for name in asked}
    for _ in range(ROUNDS):
        for name, each in asked.items():
            found[name].append(each())
    return found


def paced(on: Bench) -> tuple[float, Answered]:
    """Return the highest pace that ours holds within the goal, and how it did there."""
    for pace in PACES:
        found = at_pace(on, pace)
        if found.within(0.99) <= P99_MS:
            return pace, found
    return 0.0, found


def at_pace(on: Bench, pace: float, **more: Any) -> Answered:  # noqa: ANN401 - fields of a load
    """Send at a set pace; times count from when each should have been sent."""
    many = int(pace * PACED_SECONDS)
    return on.ours(PACED_SECONDS, rate=pace, lines=64, most=many, **more)


def lost(on: Bench) -> int:
    """Kill the store, start it anew, and count acknowledged events it has not."""
    on.service.end("store", 9)
    on.service.start("store")
    settings = Settings.from_env(on.service.environ)
    with connect(store_address(settings), timeout_seconds=60) as client:
        until(lambda: _answers(client), seconds=60)
        with client.pipeline(transaction=False) as pipe:
            for key in on.cases:
                pipe.get(f"{PREFIX}event:standard:{key}")
            known = pipe.execute()
            for one in known:
                pipe.exists(f"{PREFIX}case:{(one or '-').split()[0]}")
            there = pipe.execute()
    said = [one.split('"')[3] if '"' in one else "" for one in on.cases.values()]
    return sum(
        not is_there or (one or "").split()[0] != case_id
        for one, is_there, case_id in zip(known, there, said, strict=True)
    )


def _answers(client: Any) -> bool:  # noqa: ANN401 - a client of the store
    try:
        return bool(client.ping())
    except Exception:  # noqa: BLE001 - whatever it is, it does not answer yet
        return False


def with_worker() -> dict[str, object]:
    """Measure ours once with worker and beat on the same cores, and a brake of 20.

    The brake is the default's; on a store of its own, since the thousands of cases that
    were opened without one would be what is measured.
    """
    folder = Path(tempfile.mkdtemp(prefix="ofb"))
    with FarSide(Scene(targets=1, clusters=1)) as far_side:
        service = Service(far_side, folder)  # type: ignore[arg-type]
        try:
            service.start("store", "web", "worker", "beat")
            service.await_ready()
            return _told(Bench(service, {}).ours())
        finally:
            service.kill_all()
            shutil.rmtree(folder, ignore_errors=True)


def _told(found: Answered) -> dict[str, object]:
    return {
        "per_second": round(found.rate),
        "p50_ms": round(found.within(0.5), 1),
        "p99_ms": round(found.within(0.99), 1),
        "sent_again": found.sent_again,
        "statuses": found.statuses,
        "sender_cpu_seconds": round(found.cpu_seconds, 2),
    }


def measured() -> tuple[list[Figure], dict[str, object]]:
    """Measure all of it: a minute and a half at most."""
    with bench() as on:
        found = rates(on)
        pace, at_best = paced(on)
        repeated = on.ours(repeated=0.3)
        missing = lost(on)
    beside = with_worker()
    per_second = {
        name: median(one.rate for one in each) for name, each in found.items()
    }
    hello, hook, ours = (per_second[name] for name in ("hello", "hook", "ours"))
    figures = [
        Figure(
            measure="webhook accepted durably, of the bare server's rate",
            goal=f">= {SHARE:.0%} of hello-world",
            value=ours / hello,
            limit=SHARE,
            at_most=False,
            ours=ours,
            floor=hello,
            peer=hook,
            peer_name="persist, then enqueue",
            unit="per s",
            note=f"the plain hook reaches {hook / hello:.0%}; floor is hello-world",
        ),
        Figure(
            measure=f"webhook accepted, p99 at {pace:.0f} per second",
            goal=f"<= {P99_MS:.0f} ms at {PACES[0]:.0f} per second",
            value=at_best.within(0.99),
            limit=P99_MS if pace == PACES[0] else 0.0,
            ours=at_best.within(0.99),
            unit="ms",
            note=f"p50 {at_best.within(0.5):.1f} ms",
        ),
        Figure(
            measure="events acknowledged and not in the store after it was killed",
            goal="0",
            value=missing,
            limit=0,
            note=f"of {len(on.cases)}",
        ),
    ]
    details: dict[str, object] = {
        name: [_told(one) for one in each] for name, each in found.items()
    }
    details |= {"paced": {"per_second": pace, **_told(at_best)}}
    details |= {"three_in_ten_repeated": _told(repeated), "worker_beside": beside}
    return figures, details


if __name__ == "__main__":
    report("accept", *measured())
