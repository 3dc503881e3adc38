"""Calls that do not wait for each other.

Each has a thread of its own while it lasts, so that none waits for one that hangs, and
logs as the work in hand.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

_T = TypeVar("_T")


def begun(call: Callable[[], _T]) -> "Future[_T]":
    """Begin *call*; ``result`` of what is returned waits for its answer, or raises."""
    threads = ThreadPoolExecutor(1, thread_name_prefix="abreast")
    answer = threads.submit(copy_context().run, call)
    # It is done all the same, and the thread ends with it.
    threads.shutdown(wait=False)
    return answer
