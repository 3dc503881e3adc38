"""The store's server refuses to write: what was acknowledged is kept."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import requests

from tests.processes.installation import SHORT_LEASE, until
from tests.scenarios.scene import LEAVER, Scene, server_of

if TYPE_CHECKING:
    import redis

ROBIN = "robin.park@example.com"


def store_full(scene: Scene) -> None:
    """The server answers OOM: 503 for new events, and all goes on when memory is back.

    One departure is under way when it happens, its resets sent and not read back.
    """

    def fill(server: "redis.Redis") -> None:
        server.config_set("maxmemory", "1mb")

    def empty(server: "redis.Redis") -> None:
        server.config_set("maxmemory", "0")

    _refusing(scene, fill, empty, "OOM")


def store_readonly(scene: Scene) -> None:
    """The server was made a replica (READONLY), and is promoted again.

    As at a failover: what was acknowledged is there, and nothing is sent twice.
    """

    def demote(server: "redis.Redis") -> None:
        server.replicaof("127.0.0.1", "1")

    def promote(server: "redis.Redis") -> None:
        server.replicaof("NO", "ONE")

    _refusing(scene, demote, promote, "READONLY")


def _refusing(
    scene: Scene,
    begin: Callable[["redis.Redis"], None],
    end: Callable[["redis.Redis"], None],
    name: str,
) -> None:
    scene.simulator.account.replication_lag_seconds = 3.0
    service = scene.up("store", "web", "beat", worker=SHORT_LEASE)
    [danas] = service.tell(LEAVER, "msg_before").json()["cases"]
    until(scene.simulator.journal.resets)
    with server_of(service) as server:
        begin(server)
        scene.say(f"the server answers {name}")
        refused = [service.tell(ROBIN, "msg_while") for _ in range(5)]
        # Long enough for the read-back, the sweep and beat to meet it.
        time.sleep(6)
        end(server)
        scene.say("the server writes again")
    again = until(lambda: _accepted(scene, service, "msg_while"))
    until(lambda: _are_settled(scene, service, danas, again))
    cases = [service.settled(danas), service.settled(again)]
    for case in cases:
        scene.story(service, case["id"])

    assert {one.status_code for one in refused} == {503}
    assert all(one.headers["Retry-After"] for one in refused)
    assert [case["result"] for case in cases] == ["safe", "safe"]
    sent = scene.simulator.journal.resets()
    assert len(sent) == sum(len(case["targets"]) for case in cases) == 4
    scene.say("verdict: four targets, four resets; nothing acknowledged was lost")


def _revive(scene, service):
    """Start who has ended, as a supervisor would: some end only now."""
    for one in ("worker", "beat", "web"):
        if service.running[one].poll() is not None:
            scene.say(f"{one} had ended with {service.running[one].poll()}")
            service.start(one, code=SHORT_LEASE)


def _are_settled(scene, service, *case_ids):
    _revive(scene, service)
    try:
        return all(service.case(one)["status"] == "settled" for one in case_ids)
    except requests.ConnectionError:
        return False


def _accepted(scene, service, message_id):
    _revive(scene, service)
    try:
        answer = service.tell(ROBIN, message_id)
    except requests.ConnectionError:
        return None
    return answer.json()["cases"][0] if answer.status_code == 202 else None
