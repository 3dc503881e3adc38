"""From Graph to a case: the real store, the real desk, and the task that beat sends."""

import pytest
from structlog.testing import capture_logs

from config.sources import Sources
from workers.app import SYNC, SYNC_SECONDS, make_app
from workers.desk import Query, open_desk
from workers.directories.graph import open_directory
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.heard import Hint
from workers.store.connection import connect
from workers.store.graph import GraphMemory
from workers.tasks import register
from workers.wiring import back_office


class Silent:
    def send(self, *works):
        pass

    def survey(self):
        pass

    def ask(self, question_id):
        pass

    def look_up(self, kept_id):
        pass


@pytest.fixture
def redis(store_place):
    with connect(store_place.store_url) as client:
        client.flushall()
        yield client


@pytest.fixture
def given(settings, mine, redis):
    # A dry run is taken back by nothing, so the service is armed here.
    return settings(sources=Sources(entra_graph=mine), armed=True)


def open_cases(given):
    cases = open_desk(given).list(Query()).cases
    return {one.leaver.email: one.status for one in cases}


def test_who_is_disabled_between_two_comparings_gets_a_case(given, graph, redis):
    graph.subscriptions["s-1"] = {"expirationDateTime": "2099-01-01T00:00:00Z"}
    for name in ("ann", "bob", "cat"):
        graph.put(name)
    office = back_office(given, Silent())
    office.sync.make_due()
    before = open_cases(given)
    graph.put("bob", accountEnabled=False)
    graph.delete("cat")
    graph.purge("cat")
    GraphMemory(redis).bring_forward()

    office.sync.make_due()

    assert before == {}
    # Cat's name is gone there: it was learned before.
    assert open_cases(given) == {"bob@example.com": "open", "cat@example.com": "open"}


def test_who_is_enabled_again_has_the_case_taken_back(given, graph, redis):
    graph.put("bob")
    office = back_office(given, Silent())
    for enabled in (True, False, True):
        graph.put("bob", accountEnabled=enabled)
        GraphMemory(redis).bring_forward()
        office.sync.make_due()

    assert open_cases(given) == {"bob@example.com": "cancelled"}


def test_the_same_store_serves_the_look_up(given, graph, redis):
    graph.put("bob", accountEnabled=False)
    directory = open_directory(given, GraphMemory(redis))
    heard = directory.look_up(Hint("entra_graph", "entra_graph:k", "updated", "bob"))
    open_desk(given).hear(heard)

    back_office(given, Silent()).sync.make_due()

    assert open_cases(given) == {"bob@example.com": "open"}


def test_without_the_source_there_is_nothing_to_compare(settings, redis):
    office = back_office(settings(), Silent())

    assert office.sync is None
    assert open_directory(settings(), GraphMemory(redis)) is None


def test_a_store_that_is_away_leaves_it_to_the_next_time(given, redis, monkeypatch):
    office = back_office(given, Silent())
    app = make_app("memory://")
    register(app, lambda: office)

    def away():
        raise StoreAwayError("The store does not answer.")

    monkeypatch.setattr(office.sync, "make_due", away)
    with capture_logs() as logs:
        app.tasks[SYNC]()

    assert [one["event"] for one in logs] == ["sync.left"]


def test_beat_asks_every_minute():
    sync = make_app("memory://").conf.beat_schedule["sync"]

    assert (sync["task"], sync["schedule"]) == (SYNC, SYNC_SECONDS)
    assert sync["schedule"] <= 60
