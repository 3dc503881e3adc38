"""The whole service in real processes, against the simulator on loopback."""

import base64
import hashlib
import hmac
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from simulator import Simulator
from simulator.demo import family
from simulator.demo.running import far_off, free_port

SECRET = "whsec_" + base64.b64encode(b"a secret of the tests, 32 bytes.").decode()
EVIDENCE_KEY = "5e" * 16 + "0123456789abcdef" * 2
TOKENS = {role: f"ofb_{role}_{'0' * 32}" for role in ("viewer", "operator", "approver")}
# The real command, with a lease short enough to see it run out in a test.
SHORT_LEASE = (
    "from workers.store.work import Works; "
    "Works.__init__.__kwdefaults__['lease_seconds'] = 3.0; "
    "from service.cli import main; main()"
)
# The real command, which looks as often as ever for what it cannot see, but sooner.
LOOKS_SOON = (
    "from datetime import timedelta; from workers.offboarding.steps import planning; "
    "planning.pause = lambda *_, **__: timedelta(seconds=0.5); "
    "from service.cli import main; main()"
)

# What processes are ended by, in tests.
_ASKED = (signal.SIGKILL, signal.SIGTERM)


def until(what: Callable[[], object], *, seconds: float = 150.0) -> object:
    """Wait until *what* gives something true; a deadline, so that no test hangs."""
    deadline = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {seconds} s in vain"
        time.sleep(0.1)


class Service:
    """One installation: its processes, its settings, and a caller with every role."""

    def __init__(self, simulator: Simulator, folder: Path, **settings: str) -> None:
        self.simulator = simulator
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        digests = {
            role: hashlib.sha256(text.encode()).hexdigest()
            for role, text in TOKENS.items()
        }
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("OFFBOARD_")
        }
        self.environ = {
            **kept,
            **simulator.environ(),
            "OFFBOARD_STORE_URL": f"embedded:{folder}/store",
            "OFFBOARD_API_TOKENS": ",".join(
                f"{role}:{role}:{digest}" for role, digest in digests.items()
            ),
            "OFFBOARD_SOURCE_STANDARD_SECRET": SECRET,
            "OFFBOARD_EVIDENCE_KEY": EVIDENCE_KEY,
            "OFFBOARD_ARMED": "1",
            "OFFBOARD_PORT": str(self.port),
            # Or whoever runs them at eight gets one message more.
            "OFFBOARD_DIGEST_AT": far_off(),
            # Tests look more often than anybody would.
            "OFFBOARD_REQUESTS_PER_MINUTE": "100000",
            **{f"OFFBOARD_{name}": value for name, value in settings.items()},
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *names: str, code: str = "") -> None:
        run = ["-c", code] if code else ["-m", "service.cli"]
        for name in names:
            with (self.folder / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    [sys.executable, *run, name],
                    env=self.environ,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def end(self, name: str, number: int = signal.SIGTERM) -> None:
        process = self.running.pop(name)
        if process.poll() is None:
            os.killpg(process.pid, number)
        process.wait(90)

    def kill_all(self) -> None:
        """End whatever runs at once: the test is over, and nobody looks at it again."""
        # What a supervisor started leads sessions of its own.
        below = [
            each for one in self.running.values() for each in family.below(one.pid)
        ]
        for process in self.running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        for process in self.running.values():
            process.wait(40)
        family.kill(below)
        self.running.clear()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def await_ready(self) -> None:
        def is_ready() -> bool:
            over = {
                name for name, one in self.running.items() if one.poll() is not None
            }
            assert not over, [self.log(name)[-2000:] for name in over]
            try:
                answer = requests.get(f"{self.url}/readyz", timeout=2)
            except (requests.ConnectionError, requests.Timeout):
                return False
            return bool(answer.ok and answer.json()["status"] == "ok")

        until(is_ready)

    def see_no_crash(self) -> None:
        """Fail where a process died that nobody killed, rather than wait in vain."""
        crashed = {
            name: code
            for name, one in list(self.running.items())
            if (code := one.poll() or 0) < 0 and -code not in _ASKED
        }
        assert not crashed, (crashed, [self.log(name)[-2000:] for name in crashed])

    def surveyed(self) -> dict[str, object]:
        """Wait for the first survey, which runs at the start; what it showed."""

        def shown() -> dict[str, object] | None:
            body = self.call("GET", "/api/exposure", role="viewer").json()
            return body if body["checked_at"] else None

        return until(shown)

    def call(
        self, method: str, path: str, *, role: str = "operator", **more: object
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {TOKENS[role]}"}
        return requests.request(
            method, self.url + path, headers=headers, timeout=30, **more
        )

    def tell(self, email: str, message_id: str, **data: object) -> requests.Response:
        """Send a signed departure event, as an HR system would."""
        subjects = [{"format": "email", "email": email}]
        return self.send("user.departed", message_id, {"subjects": subjects, **data})

    def send(
        self, kind: str, message_id: str, data: dict[str, object]
    ) -> requests.Response:
        """Send a signed event of any kind, with any data."""
        body = json.dumps({"type": kind, "data": data}).encode()
        at = str(int(time.time()))
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        signed = f"{message_id}.{at}.".encode() + body
        mark = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": at,
            "webhook-signature": f"v1,{mark.decode()}",
        }
        return requests.post(
            f"{self.url}/events/standard", data=body, headers=headers, timeout=30
        )

    def case(self, case_id: str) -> dict[str, object]:
        return self.call("GET", f"/api/cases/{case_id}").json()

    def settled(self, case_id: str, *, seconds: float = 150.0) -> dict[str, object]:
        """Wait until a case is settled and its reports are out."""

        def over() -> dict[str, object] | None:
            self.see_no_crash()
            case = self.case(case_id)
            # What a digest tells of waits for that.
            alone = [one for one in case["reports"] if one["kind"] != "digest"]
            pending = [one for one in alone if one["state"] == "pending"]
            return case if case["status"] == "settled" and not pending else None

        return until(over, seconds=seconds)

    def tick_off(self, case: dict[str, object]) -> None:
        """Tick every follow-up of a case off, as people do when they did it."""
        many = sum(len(one["follow_ups"]) for one in case["targets"])
        for number in range(1, many + 1):
            path = f"/api/cases/{case['id']}/follow-ups/{number}/done"
            assert self.call("POST", path).status_code == 202


def offboard(
    service: Service,
    *words: str,
    role: str = "operator",
    environ: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the command line as a person would, and return what it printed."""
    asked = {
        **service.environ,
        "OFFBOARD_URL": service.url,
        "OFFBOARD_TOKEN": TOKENS[role],
    }
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *words],
        env=environ or asked,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@contextmanager
def installations(simulator: Simulator) -> Iterator[Callable[..., Service]]:
    """Make installations that are ended, whatever becomes of the test."""
    made: list[Service] = []
    folders: list[Path] = []

    def make(**settings: str) -> Service:
        # Not tmp_path: a socket's path must be short.
        folders.append(Path(tempfile.mkdtemp(prefix="ofb")))
        made.append(Service(simulator, folders[-1], **settings))
        return made[-1]

    try:
        yield make
    finally:
        for service in made:
            service.kill_all()
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def told(message: object) -> str:
    """Put together all that a Slack message says, its sections too."""
    sections = [each.get("text") or {} for each in message.blocks]
    return "\n".join([message.text, *(each.get("text", "") for each in sections)])
