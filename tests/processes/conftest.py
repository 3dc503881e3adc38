"""Fixtures of the tests that start real processes."""

import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simulator import Account, Simulator, departure_account
from tests.processes.installation import Service


@pytest.fixture
def account(request: pytest.FixtureRequest) -> Account:
    """The account of a test: the small one, or what an indirect parameter makes."""
    make = getattr(request, "param", departure_account)
    account: Account = make()
    account.replication_lag_seconds = 1.0
    return account


@pytest.fixture
def simulator(account: Account) -> Iterator[Simulator]:
    with Simulator([account]) as running:
        yield running


@pytest.fixture
def install(simulator: Simulator) -> Iterator[Callable[..., Service]]:
    """Make installations that are ended, whatever becomes of the test."""
    made: list[Service] = []
    folders: list[Path] = []

    def make(**settings: str) -> Service:
        # Not tmp_path: a socket's path must be short.
        folders.append(Path(tempfile.mkdtemp(prefix="ofb")))
        made.append(Service(simulator, folders[-1], **settings))
        return made[-1]

    yield make
    for service in made:
        service.end_all()
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def message_id() -> str:
    return f"msg_{secrets.token_hex(8)}"
