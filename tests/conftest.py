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

from config.settings import Settings
from workers.embedded import Embedded
from workers.store.connection import connect

_SERVE = "import sys; from pathlib import Path; from workers.embedded import *; \
sys.exit(serve(Embedded(Path(sys.argv[1])), on_ready=lambda: print('up', flush=True)))"
_ENDING_SECONDS = 10


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


def await_true(true: Callable[[], Any], *, seconds: float = 10) -> Any:
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
    with connect(store_place.store_url) as client:
        client.flushall()
        yield client


@pytest.fixture
def settings(store_place: Embedded) -> Callable[..., Settings]:
    """Makes settings that point to the real server; say what shall differ."""

    def made(**changed: Any) -> Settings:
        return Settings(**{"store_url": store_place.store_url, **changed})

    return made
