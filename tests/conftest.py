"""What every room's tests may use: a real server, a fresh client of it, settings.

Being here, this file also puts the folder on the path: ``from fakes import …``.
"""

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from structlog.contextvars import clear_contextvars
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from config.settings import Settings
from workers.embedded import Embedded
from workers.store.connection import connect

_SERVE = "import sys; from pathlib import Path; from workers.embedded import *; \
sys.exit(serve(Embedded(Path(sys.argv[1])), on_ready=lambda: print('up', flush=True)))"
_ENDING_SECONDS = 10
# What these start is started once for all tests of the file.
_TOGETHER = {
    "test_demo.py",
    "test_processes_doors.py",
    "test_processes_killed.py",
    "test_processes_slack.py",
    "test_processes_waiting.py",
}
# So long that they would be waited for at the end, had they not begun first.
_LONG = {
    "test_processes_restore.py",
    "test_processes_rolling.py",
    "test_processes_secrets.py",
    "test_processes_storm.py",
}

# A busy machine may stand still at any example, and what it finds it finds each time.
hypothesis_settings.register_profile(
    "offboard",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("offboard")


class Spread(LoadScopeScheduling):
    """Gives each worker the next test, or all tests of a file that shares its start."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if Path(file).name in _TOGETHER else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Spread | None:
    """Spread tests where ``--dist loadscope`` asks for it."""
    return Spread(config, log) if config.getvalue("dist") == "loadscope" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first."""
    items.sort(key=lambda item: item.path.name not in _LONG)


def pytest_runtest_setup() -> None:
    """Forget what another test had the lines of the log say."""
    clear_contextvars()


@contextlib.contextmanager
def embedded(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run an embedded server as its own process, answering; end it afterwards."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            # The server itself writes there as well.
            assert "up\n" in iter(process.stdout.readline, "")
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_ENDING_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def await_true(true: Callable[[], Any], *, seconds: float = 60) -> Any:
    """Wait until *true* says something true, and return that; fail after *seconds*."""
    deadline = time.monotonic() + seconds
    while not (said := true()):
        assert time.monotonic() < deadline, f"not true after {seconds} s"
        time.sleep(0.01)
    return said


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose path a Unix socket can bear; pytest's own are too long for it."""
    folder = Path(tempfile.mkdtemp(prefix="ofb-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def run_embedded() -> Any:
    return embedded


@pytest.fixture
def until() -> Any:
    return await_true


@pytest.fixture(scope="session")
def store_place() -> Iterator[Embedded]:
    """The place of a real server that runs for the whole session."""
    folder = Path(tempfile.mkdtemp(prefix="ofb-"))
    with embedded(folder):
        yield Embedded(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def client(store_place: Embedded) -> Iterator["redis.Redis"]:
    """A client of the real server, emptied."""
    with connect(store_place.store_url, timeout_seconds=30) as client:
        client.flushall()
        yield client


@pytest.fixture
def settings(store_place: Embedded) -> Callable[..., Settings]:
    """Makes settings that point to the real server; say what shall differ."""

    def made(**changed: Any) -> Settings:
        return Settings(**{"store_url": store_place.store_url, **changed})

    return made
