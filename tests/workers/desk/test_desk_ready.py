"""How long the front door waits for its store before it says that it is not ready."""

import time

import pytest

from config.settings import Settings
from workers.desk import open_desk
from workers.offboarding.errors import StoreAwayError


def test_a_store_that_is_slow_to_answer_is_not_waited_for(client, store_place):
    desk = open_desk(Settings(store_url=store_place.store_url))
    desk.check()
    client.execute_command("CLIENT", "PAUSE", 1_200, "ALL")
    began = time.monotonic()

    with pytest.raises(StoreAwayError):
        desk.check()

    assert time.monotonic() - began < 1
    time.sleep(1.2)
    desk.check()
