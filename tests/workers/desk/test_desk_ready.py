"""How long the front door waits for its store before it says that it is not ready."""

import os
import signal

import pytest

from config.settings import Settings
from tests.workers.store.store_scenes import waits_counted
from workers.desk import open_desk
from workers.offboarding.errors import StoreAwayError


def is_ready(desk):
    try:
        desk.check()
    except StoreAwayError:
        return False
    return True


def test_a_store_that_is_slow_to_answer_is_not_waited_for(client, store_place, until):
    desk = open_desk(Settings(store_url=store_place.store_url))
    until(lambda: is_ready(desk))
    pid = client.info("server")["process_id"]
    os.kill(pid, signal.SIGSTOP)

    try:
        with waits_counted() as waits, pytest.raises(StoreAwayError):
            desk.check()
    finally:
        os.kill(pid, signal.SIGCONT)

    assert len(waits) == 1
    assert waits[0] < 1
    until(lambda: is_ready(desk))
