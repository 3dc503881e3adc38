"""Fixtures of the tests that start real processes."""

import secrets
from collections.abc import Callable, Iterator

import pytest

from simulator import Account, Simulator, departure_account
from tests.processes.installation import Service, installations


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
    with installations(simulator) as make:
        yield make


@pytest.fixture
def message_id() -> str:
    return f"msg_{secrets.token_hex(8)}"
