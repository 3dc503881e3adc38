"""What a scenario plays on: an installation, and a voice that says what happens."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import redis

from simulator import Account, Call, Simulator, departure_account
from tests.processes.far_side import records_of, sent_resets
from tests.processes.installation import Service, installations, until
from workers.embedded import Embedded
from workers.offboarding.model import Entry
from workers.offboarding.rules import broken_by
from workers.store.cases import Cases
from workers.store.connection import connect

LEAVER = "dana.lee@example.com"
# The real command, with a lease short enough to run out in a scenario, which stops
# itself (as the kernel would stop it) where the file says so: once, and with no word.
STANDS_STILL = """
import os, pathlib, signal, time
from workers.store.work import Works
from workers.ibmcloud.client import WritingClient
from workers.ibmcloud.ready import IbmReadyReset
flag = pathlib.Path({flag!r})
Works.__init__.__kwdefaults__["lease_seconds"] = 3.0
def stopping(point, kind, name):
    does = getattr(kind, name)
    def stop(*given, **more):
        try:
            is_here = flag.read_text() == point
        except FileNotFoundError:
            is_here = False
        if is_here:
            flag.rename(str(flag) + ".taken")
            os.kill(os.getpid(), signal.SIGSTOP)
            # Another thread may be hit first; this one stops within this nap, which is
            # over when the process goes on.
            time.sleep(5)
        return does(*given, **more)
    setattr(kind, name, stop)
stopping("before_last_check", IbmReadyReset, "send")
stopping("before_call", WritingClient, "send")
from service.cli import main
main()
"""


@dataclass
class Scene:
    """One installation and what it plays on; ``say`` is silent where nobody reads."""

    simulator: Simulator
    install: Callable[..., Service]
    is_loud: bool = False
    began: float = field(default_factory=time.time)

    def say(self, text: str, *, at: float | None = None) -> None:
        if self.is_loud:
            seconds = (time.time() if at is None else at) - self.began
            sys.stdout.write(f"{seconds:7.1f} s  {text}\n")
            sys.stdout.flush()

    def up(self, *names: str, worker: str = "", **settings: str) -> Service:
        """Start an installation; *worker* is the code its own worker runs, if any."""
        service = self.install(**settings)
        service.start(*(names or ("up",)))
        if worker:
            service.start("worker", code=worker)
        service.await_ready()
        self.began = time.time()
        return service

    def story(self, service: Service, case_id: str) -> None:
        """Say what the far side got, what the ledger holds, and how the case ended.

        Then hold all of it against the rules.
        """
        lines = [
            (one.at, f"journal: POST {one.path} of {_place(one)}: {_answer(one)}")
            for one in self.simulator.journal.resets()
        ]
        lines += [
            (one.at.timestamp(), f"ledger: {one.what} {one.detail or ''}".rstrip())
            for one in ledger(service, case_id)
        ]
        for at, text in sorted(lines):
            self.say(text, at=at)
        case = service.case(case_id)
        self.say(f"verdict: {case['status']}, {case['result']}")
        for target in case["targets"]:
            place = f"{target['region']} / {target['resource_group']['name']}"
            why = f" ({target['reason']})" if target["reason"] else ""
            sent = f"{target['attempts']} sent"
            self.say(f"verdict: {place}: {target['outcome']}{why}, {sent}")
        for note in case["warnings"]:
            self.say(f"verdict: warning {note['reason']}: {note['text']}")
        broken = broken_by(records_of(service), sent_resets(self.simulator))
        for one in broken:
            self.say(f"verdict: rule {one.rule} broken: {one.what}")
        assert broken == ()


def _place(call: Call) -> str:
    return f"{call.headers['X-Region']}, {call.headers['X-Auth-Resource-Group']}"


def _answer(call: Call) -> str:
    return f"{call.status or 'no answer'}{f', {call.fault}' if call.fault else ''}"


def server_of(service: Service) -> "redis.Redis":
    """Connect to the installation's own store server."""
    folder = service.environ["OFFBOARD_STORE_URL"]
    place = Embedded.at(folder)
    assert place is not None
    return connect(place.store_url)


def ledger(service: Service, case_id: str) -> list[Entry]:
    with server_of(service) as client:
        return Cases(client).ledger(case_id)


def whats(service: Service, case_id: str) -> list[str]:
    return [entry.what for entry in ledger(service, case_id)]


def is_stopped(process: "subprocess.Popen[bytes]") -> bool:
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process.pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return listed.stdout.strip().startswith("T")


@contextmanager
def stopped(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Wait until a process stands still, and let it go on at the end."""
    until(lambda: is_stopped(process))
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


@contextmanager
def scenes(
    make: Callable[[], Account] = departure_account, *, is_loud: bool = False
) -> Iterator[Scene]:
    """Open a scene, and end everything it started."""
    account = make()
    account.replication_lag_seconds = 1.0
    with Simulator([account]) as simulator, installations(simulator) as install:
        yield Scene(simulator, install, is_loud)
