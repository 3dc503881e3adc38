"""`offboard upgrade`, on a real server; and a version that the store is out of."""

import json
import threading

import pytest
from click.testing import CliRunner

from service.cli import main
from workers.store.connection import connect
from workers.store.versions import this_process

pytestmark = pytest.mark.usefixtures("logs_as_before")


@pytest.fixture
def server(store_place):
    with connect(store_place.store_url) as found:
        found.flushall()
        yield found


@pytest.fixture
def run(server, store_place, monkeypatch):
    monkeypatch.setenv("OFFBOARD_STORE_URL", f"embedded:{store_place.folder}")
    # A store that was used before it said its format.
    server.set("offboard:sweeps", 1)
    return lambda *words: CliRunner().invoke(main, words)


def test_what_is_not_finished_is_shown_with_who_runs_it(run, store_place):
    worker = this_process("worker", "1.2.0")
    with connect(store_place.store_url, name=worker.name) as there:
        there.ping()
        shown = run("upgrade", "show")

    assert shown.exit_code == 4
    assert "The store is in format 1, which the version before reads too." in (
        shown.stdout
    )
    assert "1 to 2" in shown.stdout
    assert "1.2.0" in shown.stdout
    assert "offboard upgrade finish" in shown.stderr


def test_an_upgrade_is_finished_and_taken_back(run, server):
    finished = run("upgrade", "finish", "-o", "json")
    stored = server.get("offboard:format")
    back = run("upgrade", "back")
    again = run("upgrade", "back")

    assert (finished.exit_code, back.exit_code, again.exit_code) == (0, 0, 4)
    assert json.loads(finished.stdout)["finished"] is True
    assert stored == "2"
    assert server.get("offboard:format") == "1"
    assert "Start the version before now" in back.stdout
    assert "in format 1 already" in again.stderr


def test_an_older_connection_keeps_it_from_being_finished(run, server, store_place):
    with connect(store_place.store_url, name="") as older:
        older.ping()
        refused = run("upgrade", "finish")
        finished = run("upgrade", "finish", "--sure")

    assert (refused.exit_code, finished.exit_code) == (4, 0)
    assert "An older version is connected" in refused.stderr
    assert "unnamed" in finished.stdout


@pytest.mark.parametrize("words", [("web",), ("worker",), ("upgrade", "show")])
def test_a_version_that_cannot_read_the_store_ends_with_5_and_changes_nothing(
    run, server, monkeypatch, until, words
):
    monkeypatch.setenv("OFFBOARD_ACCOUNT_ID", "b1f3")
    monkeypatch.setenv("OFFBOARD_FUNCTIONAL_ID_APIKEY", "a-key-of-nobody")
    server.set("offboard:format", 3)
    before = sorted(server.keys("*"))

    ended = run(*words)

    assert ended.exit_code == 5
    assert "The store is in format 3, and this version reads formats 1 to 2." in (
        ended.stderr
    )
    assert "offboard upgrade back" in ended.stderr
    assert sorted(server.keys("*")) == before
    until(lambda: who_says_it_lives() == [])


def who_says_it_lives():
    return [one for one in threading.enumerate() if one.name == "living"]


def test_a_store_that_is_away_is_said_to_be(short_folder, monkeypatch):
    monkeypatch.setenv("OFFBOARD_STORE_URL", f"embedded:{short_folder}")

    ended = CliRunner().invoke(main, ("upgrade", "show"))

    assert ended.exit_code == 6
    assert "The store: ConnectionError." in ended.stderr
