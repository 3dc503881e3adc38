"""A user of the server who may do what docs/deploying.md lists, and nothing else."""

import re
from pathlib import Path

import pytest
import redis
from store_scenes import Room, a_case, a_case_target, settled
from structlog.testing import capture_logs

from workers.app import Sender, make_app
from workers.desk.opening import UnsafeStoreError, now_utc, open_store, store_address
from workers.offboarding.health import Verdict
from workers.offboarding.model import Step, Work
from workers.store.condition import Condition
from workers.store.connection import connect

PAGE = Path(__file__).parents[3] / "docs" / "deploying.md"
_LINE = re.compile(r"^ACL SETUSER offboard on >PASSWORD (.+)$", re.MULTILINE)


@pytest.fixture
def limited(client, store_place, settings):
    """Makes such a user on the real server; gives settings that sign in as it."""

    def make(*more):
        rights = _LINE.search(PAGE.read_text("utf-8"))[1].split()
        client.execute_command(
            "ACL", "SETUSER", "limited", "reset", "on", ">pw", *rights, *more
        )
        client.execute_command("ACL", "LOG", "RESET")
        address = store_place.store_url.replace("unix://", "unix://limited:pw@")
        broker = store_place.broker_url.replace(
            "redis+socket://", "redis+socket://limited:pw@"
        )
        return settings(store_url=address, broker_url=broker)

    yield make
    client.execute_command("ACL", "DELUSER", "limited")


def test_the_rights_that_are_written_down_are_enough(limited, client):
    given = limited()

    store = open_store(given)
    store.works.sweep()
    with connect(store_address(given)) as own:
        room = Room(own)
        room.planned(a_case_target(), settled("eu-de"), case=a_case())
        room.intend()
        assert room.cases.load("01A").plan is not None
        assert {one.verdict for one in Condition(own, now_utc, "web").checks()} == {
            Verdict.OK
        }
    assert client.execute_command("ACL", "LOG") == []


def test_they_are_enough_for_the_broker_too(limited, client):
    app = make_app(limited().broker_url)

    Sender(app).send(Work("01A", Step.PLAN), Work("01B", Step.PLAN))

    with app.connection_for_read() as line, line.SimpleQueue("offboard") as queue:
        for _ in range(2):
            queue.get(timeout=60).ack()
    app.close()
    assert client.execute_command("ACL", "LOG") == []


def test_they_are_not_enough_for_anything_else(limited):
    with redis.Redis.from_url(store_address(limited())) as own:
        for refused in (
            ["FLUSHALL"],
            ["CONFIG", "SET", "appendfsync", "no"],
            ["KEYS", "*"],
            ["SET", "other", "1"],
            ["SCRIPT", "FLUSH"],
            ["ACL", "LIST"],
            ["SHUTDOWN"],
        ):
            with pytest.raises(redis.exceptions.NoPermissionError):
                own.execute_command(*refused)


def test_a_server_that_hides_its_settings_is_refused_and_it_is_said_what_to_set(
    limited,
):
    with pytest.raises(
        UnsafeStoreError, match=r"CONFIG GET .* OFFBOARD_STORE_UNSAFE=1"
    ):
        open_store(limited("-config|get"))


def test_where_that_was_accepted_it_runs_loudly_and_the_doctor_cannot_tell(limited):
    given = limited("-config|get")
    accepted = type(given)(
        store_url=given.store_url, broker_url=given.broker_url, store_unsafe=True
    )

    with capture_logs() as said:
        store = open_store(accepted)

    assert [(one["event"], one["log_level"]) for one in said] == [
        ("store.unsafe", "error")
    ]
    found = {one.what: one for one in store.condition("web").checks()}
    assert found["store_persistence"].verdict is Verdict.UNPROVEN
    assert "in the console of whoever runs it" in found["store_eviction"].mend
