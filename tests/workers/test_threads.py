"""The pool of a worker's threads, as Celery asks it to end."""

import threading
import time

from workers import threads
from workers.threads import Threads


def a_pool():
    pool = Threads(2)
    pool.start()
    return pool


def begin(pool, task):
    begun = threading.Event()

    def run(*_, **__):
        begun.set()
        task()

    pool.on_apply(run, (), {}, callback=lambda *_: None)
    assert begun.wait(60)


def test_what_is_under_way_ends_before_the_pool_does():
    pool, done = a_pool(), []
    begin(pool, lambda: (time.sleep(0.3), done.append("reset")))

    pool.stop()

    assert done == ["reset"]


def test_what_takes_too_long_holds_nobody(monkeypatch):
    monkeypatch.setattr(threads, "LAST_SECONDS", 0.2)
    pool, over = a_pool(), threading.Event()
    begin(pool, lambda: over.wait(30))
    began = time.monotonic()

    pool.stop()

    assert time.monotonic() - began < 10
    over.set()


def test_a_task_that_is_to_be_terminated_is_left_alone():
    pool, over, done = a_pool(), threading.Event(), []
    begin(pool, lambda: (over.wait(60), done.append("reset")))

    pool.terminate_job(0, "SIGTERM")
    over.set()
    pool.stop()

    assert done == ["reset"]
