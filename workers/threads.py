"""The threads that a worker does its tasks with."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, Final

from celery.concurrency.thread import TaskPool

# Above what a call to IBM Cloud may take: no reset is cut off from its answer.
LAST_SECONDS: Final = 20.0


class Threads(TaskPool):
    """Celery's pool of threads, which ends in time whatever is under way in it."""

    executor: ThreadPoolExecutor

    def __init__(self, *given: Any, **more: Any) -> None:  # noqa: ANN401 - as Celery has it
        super().__init__(*given, **more)
        self._under_way: set[Future[Any]] = set()

    def on_apply(self, *given: Any, **more: Any) -> Any:  # noqa: ANN401 - as Celery has it
        """Begin a task; see Celery."""
        result = super().on_apply(*given, **more)
        self._under_way.add(result.f)
        result.f.add_done_callback(self._under_way.discard)
        return result

    def terminate_job(self, pid: Any, signal: Any = None) -> None:  # noqa: ANN401 - as Celery has it
        """Leave a task to its own end: no thread can be ended from outside.

        Without this, Celery's shutdown breaks off where a task outlasts the time it is
        given, and the worker goes on. What its message is given back for is done by
        another worker, under a lease of its own.
        """

    def on_stop(self) -> None:
        """Begin nothing more, and wait for what is under way, but not for ever.

        A survey of many accounts takes minutes where it gives way to cases.
        """
        self.executor.shutdown(wait=False, cancel_futures=True)
        wait(tuple(self._under_way), timeout=LAST_SECONDS)
