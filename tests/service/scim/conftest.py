from dataclasses import replace
from types import SimpleNamespace

import fakeredis
import pytest
from fake_desk import SETTINGS, FakeDesk
from scim_scenes import CORE, OLD_TOKEN, PATCH, TOKEN

from config.settings import Secret
from config.sources import SourceSettings
from workers.desk.scim_users import ScimUsers
from workers.store.scim import ScimTable


@pytest.fixture
def table():
    with fakeredis.FakeRedis(decode_responses=True) as client:
        yield ScimTable(client)


@pytest.fixture
def desk(table):
    """The desk in memory, its SCIM users in a real table."""
    desk = FakeDesk()
    desk.scim = ScimUsers(table, hear=desk.hear, quarantine=desk.quarantine)
    return desk


@pytest.fixture
def settings():
    on = SourceSettings(secret=(Secret(TOKEN), Secret(OLD_TOKEN)))
    return replace(SETTINGS, sources=replace(SETTINGS.sources, scim=on))


@pytest.fixture
def scim(client):
    """Sends a SCIM request as a client of this connection does."""

    def sent(method, path, body=None, **how):
        headers = {"Authorization": f"Bearer {TOKEN}", **how.pop("headers", {})}
        if body is not None:
            how["data" if isinstance(body, bytes) else "json"] = body
        answer = client.open(f"/scim/v2{path}", method=method, headers=headers, **how)
        assert answer.status_code < 500 or answer.status_code in (501, 503)
        assert answer.headers["Content-Type"] == "application/scim+json"
        if answer.status_code >= 400:
            assert answer.json["status"] == str(answer.status_code)
        return answer

    return sent


@pytest.fixture
def a_user(scim):
    """Creates a user and returns them."""

    def created(**changed):
        body = {
            "schemas": [CORE],
            "userName": "dana.lee@example.com",
            "externalId": "00uleaver0000000001d7",
            "emails": [
                {"value": "dana.lee@example.com", "type": "work", "primary": True}
            ],
            "active": True,
            **changed,
        }
        answer = scim("POST", "/Users", body)
        assert answer.status_code == 201, answer.text
        return answer.json

    return created


@pytest.fixture
def patch(scim):
    """Sends the operations of a PATCH."""

    def sent(user, *operations):
        body = {"schemas": [PATCH], "Operations": list(operations)}
        return scim("PATCH", f"/Users/{user['id']}", body)

    return sent


@pytest.fixture
def told(desk):
    """What was heard: kind, event key and names of each event."""

    def listed():
        return [
            SimpleNamespace(kind=str(one.kind), key=one.event_key, names=one.names)
            for one in desk.heard
        ]

    return listed


@pytest.fixture
def kinds(told):
    return lambda: [one.kind for one in told()]
