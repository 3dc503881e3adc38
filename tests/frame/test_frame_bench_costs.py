"""What the benchmarks read of processes, and the relay that they put before a store."""

import os
import subprocess
import sys
import time

import pytest
import redis

from benchmarks.costs import cost_of
from benchmarks.relay import Relay

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_what_a_process_takes_is_counted_with_what_it_started(until):
    works = "print(flush=True)\nwhile True: pass"
    starts = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {works!r}])"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", starts],
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        parent.stdout.readline()
        began = cost_of(parent.pid)
        until(lambda: cost_of(parent.pid).cpu_seconds >= began.cpu_seconds + 0.5)
    finally:
        os.killpg(parent.pid, 9)
        parent.communicate()

    assert began.memory_mb > 5


def test_what_has_ended_takes_nothing_and_is_no_fault():
    over = subprocess.Popen([sys.executable, "-c", ""])
    over.wait()

    assert cost_of(over.pid).cpu_seconds == 0.0


def test_a_relay_holds_up_each_round_trip_and_counts_it(store_place):
    relay = Relay(store_place.socket, delay_seconds=0.02)
    with redis.Redis(port=relay.port) as client:
        client.ping()
        before, began = relay.requests, time.monotonic()

        answers = [client.ping() for _ in range(5)]

        assert time.monotonic() - began >= 0.1
        assert answers == [True] * 5
        assert relay.requests - before == 5
    relay.close()
