"""A case of a thousand targets: how long each step takes, against smaller ones.

The account is a fake, the store a real server; what is measured is our own work alone,
one step after the other. Run it alone: `.venv/bin/python -m benchmarks.large_case
[how many]...`.
"""

import json
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SIZES = (100, 250, 500, 1000)
TESTS = Path(__file__).resolve().parent.parent / "tests"
# The fakes are imported as the tests do it.
sys.path[:0] = [str(TESTS), str(TESTS / "workers")]

from large_case import LargeCase, messages_of  # noqa: E402 - needs the path

from benchmarks.ledger import write  # noqa: E402 - needs the path
from tests.conftest import embedded  # noqa: E402 - needs the path
from workers.embedded import Embedded  # noqa: E402 - needs the path
from workers.store.connection import connect  # noqa: E402 - needs the path


def measured(client: Any, many: int) -> dict[str, object]:  # noqa: ANN401 - a client
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
        "ms_a_task": {
            str(step): round(1000 * large.seconds[step] / count, 1)
            for step, count in large.tasks.items()
        },
        "bytes": large.sizes(case.id),
        "slack_characters": sum(len(str(one)) for one in slack.blocks),
        "mail_characters": len(mail),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main(sizes: tuple[int, ...]) -> dict[str, object]:
    """Measure a case of each size, and return the figures."""
    folder = Path(tempfile.mkdtemp(prefix="ofb-"))
    try:
        with embedded(folder), connect(Embedded(folder).store_url) as client:
            return {str(many): measured(client, many) for many in sizes}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    found = main(tuple(map(int, sys.argv[1:])) or SIZES)
    print(json.dumps(found, indent=2))  # noqa: T201 - its result
    write("large_case", found)
