from datetime import UTC, datetime, timedelta

import fakeredis
import pytest
from fake_graph import FakeGraph

from config.settings import Secret
from config.sources import EntraGraphSettings
from workers.directories.graph import GraphDirectory
from workers.directories.graph_client import GraphClient
from workers.store.graph import GraphMemory

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now

    def pass_by(self, **time):
        self.now += timedelta(**time)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def graph():
    fake = FakeGraph()
    yield fake
    fake.close()


@pytest.fixture
def mine(graph):
    return EntraGraphSettings(
        secret=(Secret("cs-demo-9f3b7c"),),
        tenant_id="t-1",
        subscription_ids=("s-1",),
        client_id="app-1",
        client_secret=Secret("app-secret-1"),
        graph_url=graph.url,
        login_url=graph.url,
    )


@pytest.fixture
def fake_store():
    with fakeredis.FakeRedis(decode_responses=True) as client:
        yield client


@pytest.fixture
def memory(fake_store):
    return GraphMemory(fake_store)


@pytest.fixture
def client(mine):
    return GraphClient(mine)


@pytest.fixture
def directory(client, memory, clock):
    return GraphDirectory(client, memory, clock=clock)
