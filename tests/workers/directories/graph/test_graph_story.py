"""A notification at the door, a look-up by a worker, a case: all but Microsoft."""

import pytest

from config.sources import Sources
from service.app import create_app
from workers.desk import Query, open_desk
from workers.desk.opening import desk_on, open_store
from workers.store.connection import connect
from workers.wiring import back_office


class Silent:
    def send(self, *works):
        pass

    def survey(self):
        pass

    def ask(self, question_id):
        pass

    def __init__(self):
        self.kept = []

    def look_up(self, kept_id):
        self.kept.append(kept_id)


@pytest.fixture
def redis(store_place):
    with connect(store_place.store_url) as client:
        client.flushall()
        yield client


def test_who_is_disabled_has_a_case_when_the_look_up_is_made(
    settings, mine, graph, redis
):
    given = settings(sources=Sources(entra_graph=mine), armed=True)
    graph.put("o-1", mail="dana.lee@example.com", accountEnabled=False)
    element = {
        "subscriptionId": "s-1",
        "tenantId": "t-1",
        "clientState": "cs-demo-9f3b7c",
        "changeType": "updated",
        "resource": "Users/o-1",
        "resourceData": {"@odata.type": "#Microsoft.Graph.User", "id": "o-1"},
    }
    sender = Silent()
    web = create_app(given, desk_on(open_store(given), given, sender)).test_client()
    answer = web.post("/events/entra_graph", json={"value": [element]})
    office = back_office(given, Silent())

    for kept_id in sender.kept:
        office.look_ups.look_up(kept_id)

    assert answer.status_code == 202
    (case,) = open_desk(given).list(Query()).cases
    assert (case.leaver.email, case.status) == ("dana.lee@example.com", "open")
