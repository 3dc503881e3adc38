"""A real Celery worker on a real store, for those peers that need one."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from celery import Celery

from tests.conftest import embedded
from workers.embedded import Embedded

_READY_SECONDS: Final = 60.0


@contextmanager
def store() -> Iterator[dict[str, str]]:
    """Run a store for broker and results; give the settings that point there."""
    with tempfile.TemporaryDirectory(prefix="ofb") as folder, embedded(Path(folder)):
        place = Embedded(Path(folder))
        results = place.broker_url.replace("virtual_host=1", "virtual_host=0")
        yield {"PEER_BROKER": place.broker_url, "PEER_RESULTS": results}


def make_app(name: str) -> Celery:
    """Make an app; its addresses come from the environment, as in a worker."""
    app = Celery(name, set_as_current=False)
    app.conf.update(
        broker_url=os.environ.get("PEER_BROKER"),
        result_backend=os.environ.get("PEER_RESULTS"),
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        broker_connection_retry_on_startup=True,
    )
    return app


@contextmanager
def caller(environ: Mapping[str, str]) -> Iterator[Celery]:
    """Make an app that only sends to a store and waits for results there."""
    addresses = {"broker": environ["PEER_BROKER"], "backend": environ["PEER_RESULTS"]}
    app = Celery("caller", set_as_current=False, **addresses)
    try:
        yield app
    finally:
        app.close()


class Worker:
    """A worker process with so many threads, ready when entered."""

    def __init__(
        self, module: str, environ: Mapping[str, str], *, threads: int
    ) -> None:
        flags = f"-P threads -c {threads} --without-gossip --without-mingle -l error"
        words = ["-m", "celery", "-A", module, "worker", *flags.split()]
        self._command = [sys.executable, *words]
        self._environ = {**os.environ, **environ}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            self._command,
            env=self._environ,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            self._await_ready(self._process)
        except BaseException:
            self.kill()
            raise
        return self

    def _await_ready(self, process: "subprocess.Popen[bytes]") -> None:
        deadline = time.monotonic() + _READY_SECONDS
        with caller(self._environ) as app:
            while not app.control.ping(timeout=1.0):
                if time.monotonic() > deadline or process.poll() is not None:
                    raise RuntimeError("The worker does not come up")

    def kill(self) -> None:
        """End it as a machine that goes away would."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(30)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


def await_result(result: Any, *, seconds: float) -> Any:  # noqa: ANN401 - Celery's
    """Wait for a result; None where none comes in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if result.ready():
            return result.get()
        time.sleep(0.1)
    return None
