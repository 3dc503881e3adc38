"""A case of many targets: how long each step takes, against smaller cases.

The account is a fake, the store a real server; what is measured is our own work alone,
one step after the other. The floor is what a target costs in the smallest case, times
the targets: that is work that grows with them and not with their square.
Run it alone: `.venv/bin/python -m benchmarks.large_case [how many]...`, smallest first;
1000 are what the store is to bear.
"""

import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

SIZES: Final = (100, 500)
# Between growing as the targets and growing as their square, from 100 to 500: 1 and 5.
LIMIT: Final = 2.0
TESTS: Final = Path(__file__).resolve().parent.parent / "tests"
# The fakes are imported as the tests do it.
sys.path[:0] = [str(TESTS), str(TESTS / "workers")]

from large_case import LargeCase, messages_of  # noqa: E402 - needs the path

from benchmarks.figures import Figure, report  # noqa: E402 - needs the path
from tests.conftest import embedded  # noqa: E402 - needs the path
from workers.embedded import Embedded  # noqa: E402 - needs the path
from workers.store.connection import connect  # noqa: E402 - needs the path


def worked_off(client: Any, many: int) -> dict[str, Any]:  # noqa: ANN401 - a client
    """Work one case off, and return what it took."""
    client.flushall()
    large = LargeCase(client, many)
    began = time.monotonic()
    case = large.run(at_most_seconds=900)
    took = time.monotonic() - began
    slack, mail = messages_of(case)
    return {
        "result": str(case.result),
        "resets": len(large.world.resets.sends),
        "seconds": round(took, 1),
        "work_seconds": round(sum(large.seconds.values()), 2),
        "ms_a_task": {
            str(step): round(1000 * large.seconds[step] / count, 1)
            for step, count in large.tasks.items()
        },
        "bytes": large.sizes(case.id),
        "slack_characters": sum(len(str(one)) for one in slack.blocks),
        "mail_characters": len(mail),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def measured(sizes: tuple[int, ...] = SIZES) -> tuple[list[Figure], dict[str, object]]:
    """Work a case of each size off, and hold the largest against the smallest."""
    folder = Path(tempfile.mkdtemp(prefix="ofb-"))
    try:
        with embedded(folder), connect(Embedded(folder).store_url) as client:
            found = {many: worked_off(client, many) for many in sizes}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    few, many = min(sizes), max(sizes)
    floor = found[few]["work_seconds"] / few * many
    ours = found[many]["work_seconds"]
    figure = Figure(
        measure=f"our own work in a case of {many} targets",
        goal=f"<= {LIMIT:g} x what they cost in cases of {few}",
        value=ours / floor,
        limit=LIMIT,
        ours=ours,
        floor=floor,
        note="only our own work, one step after the other",
    )
    return [figure], {str(size): one for size, one in found.items()}


if __name__ == "__main__":
    report("large_case", *measured(tuple(map(int, sys.argv[1:])) or SIZES))
