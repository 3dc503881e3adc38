from collections.abc import Callable, Iterator

import pytest
import requests

from simulator import Simulator, departure_account
from simulator.scenario import FUNCTIONAL_ID_APIKEY
from simulator.tokens import GRANT_TYPE


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator([departure_account()]) as running:
        yield running


@pytest.fixture
def token(simulator: Simulator) -> Callable[..., str]:
    def get(apikey: str = FUNCTIONAL_ID_APIKEY) -> str:
        answer = requests.post(
            f"{simulator.iam_url}/identity/token",
            data={"grant_type": GRANT_TYPE, "apikey": apikey},
            timeout=60,
        )
        return answer.json()["access_token"]

    return get


@pytest.fixture
def caller(token: Callable[..., str]) -> Iterator[requests.Session]:
    """A session that carries the functional ID's token."""
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {token()}"
        yield session


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_795_410_119.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
