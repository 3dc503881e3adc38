"""What a step costs the worker, and that it does not grow with the case.

The account is a fake, the store a real server; what is measured is our own work alone,
one step after the other: what IBM Cloud and the broker's library take is not in it. The
floor of a step's round trips is three for a reset (claimed, "about to reset", what came
of it) and two for a read-back; that of the ratio is 1. Run it alone:
`.venv/bin/python -m benchmarks.large_case [few] [many]`.
"""

import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

FEW: Final = 100
MANY: Final = 600
GOAL: Final = 1.5
TESTS = Path(__file__).resolve().parent.parent / "tests"
# The fakes are imported as the tests do it.
sys.path[:0] = [str(TESTS), str(TESTS / "workers")]

import redis  # noqa: E402 - needs the path
from large_case import LargeCase, messages_of  # noqa: E402 - needs the path

from benchmarks.figures import Figure, report  # noqa: E402 - needs the path
from tests.conftest import embedded  # noqa: E402 - needs the path
from workers.embedded import Embedded  # noqa: E402 - needs the path
from workers.offboarding.model import Step  # noqa: E402 - needs the path
from workers.store.connection import connect  # noqa: E402 - needs the path

_FLOOR: Final = {Step.RESET: 3, Step.VERIFY: 2}


class Measured(LargeCase):
    """A large case of which each step's round trips and processor time are summed."""

    def __init__(self, client: Any, many: int) -> None:  # noqa: ANN401 - a client
        super().__init__(client, many)
        self.round_trips: Counter[str] = Counter()
        self.cpu: Counter[str] = Counter()

    def do(self, work: Any) -> Any:  # noqa: ANN401 - as the base class has it
        """Do a piece of work, and count what it took."""
        before, began = _sent["all"], time.process_time()
        following = super().do(work)
        self.cpu[work.step] += time.process_time() - began  # type: ignore[assignment]
        self.round_trips[work.step] += _sent["all"] - before
        return following


_sent: Counter[str] = Counter()


def _count_what_is_sent() -> None:
    connection = redis.connection.AbstractConnection
    send = connection.send_packed_command

    def counted(self: Any, command: Any, check_health: bool = True) -> Any:  # noqa: ANN401 - as the client has it
        _sent["all"] += 1
        return send(self, command, check_health)

    connection.send_packed_command = counted  # type: ignore[method-assign]


def _worked_off(client: Any, many: int) -> dict[str, Any]:  # noqa: ANN401 - a client
    """Work one case off, and return what it took."""
    client.flushdb()
    large = Measured(client, many)
    began = time.monotonic()
    case = large.run(at_most_seconds=900)
    took = time.monotonic() - began
    slack, mail = messages_of(case)
    return {
        "result": str(case.result),
        "resets": len(large.world.resets.sends),
        "seconds": round(took, 1),
        "cpu_ms_a_task": _a_task(large.cpu, large.tasks, 1000),
        "ms_a_task": _a_task(large.seconds, large.tasks, 1000),
        "round_trips_a_task": _a_task(large.round_trips, large.tasks, 1),
        "bytes": large.sizes(case.id),
        "slack_characters": sum(len(str(one)) for one in slack.blocks),
        "mail_characters": len(mail),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _a_task(
    sums: "Counter[str]", tasks: "Counter[str]", factor: int
) -> dict[str, float]:
    return {
        str(step): round(factor * sums[step] / count, 2)
        for step, count in tasks.items()
    }


def measured(few: int = FEW, many: int = MANY) -> tuple[list[Figure], dict[str, Any]]:
    """Work a small and a large case off, and hold one against the other."""
    _count_what_is_sent()
    folder = Path(tempfile.mkdtemp(prefix="ofb-"))
    try:
        with embedded(folder), connect(Embedded(folder).store_url) as client:
            # What is loaded once is loaded.
            _worked_off(client, 5)
            found = {one: _worked_off(client, one) for one in (few, many)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    figures = [
        figure
        for step in _FLOOR
        for figure in (_trips(step, found[many]), _growth(step, found, few, many))
    ]
    return figures, {str(size): one for size, one in found.items()}


def _trips(step: Step, large: dict[str, Any]) -> Figure:
    trips = large["round_trips_a_task"][step]
    limit = _FLOOR[step] + 1
    return Figure(
        f"round trips to the store, a {step}",
        f"at most {limit}",
        trips,
        limit + 0.1,
        ours=trips,
        floor=_FLOOR[step],
        unit="",
    )


def _growth(step: Step, found: dict[int, Any], few: int, many: int) -> Figure:
    small, large = (found[one]["cpu_ms_a_task"][step] for one in (few, many))
    return Figure(
        f"processor time of a {step} in a case of {many} targets",
        f"at most {GOAL:g} times that with {few}",
        large / small,
        GOAL,
        ours=large,
        peer=small,
        peer_name=f"{few} targets",
        unit="ms",
    )


if __name__ == "__main__":
    report("large_case", *measured(*map(int, sys.argv[1:])))
