import fakeredis
import pytest
from store_scenes import AnswersGetLost, Room


@pytest.fixture(params=["fake", "real"])
def any_client(request):
    """The same tests against the fake and the real server."""
    if request.param == "real":
        yield request.getfixturevalue("client")
    else:
        with fakeredis.FakeRedis(decode_responses=True) as client:
            yield client


@pytest.fixture
def room(any_client):
    return Room(any_client)


@pytest.fixture
def lossy(any_client):
    """The same room by a line on which every script's first answer is lost."""
    return Room(AnswersGetLost(any_client))


@pytest.fixture
def real(client):
    return Room(client)
