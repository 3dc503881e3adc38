"""RabbitMQ as the broker, held against the default: time to owner-safe, CPU seconds.

The floor is that of ``departure``. Where no RabbitMQ is installed nothing is measured.

Run it alone: `.venv/bin/python -m benchmarks.brokers`.
"""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.costs import cost_of
from benchmarks.departure import GOAL, TARGETS, WORKERS, figure, floor
from benchmarks.figures import Figure, report
from benchmarks.played import Played, grounds
from benchmarks.scenes import LEAVER_EMAIL, Scene
from tests.processes.rabbitmq import RabbitMQ, is_installed

_DEFAULT: Final = "the store's server"
_OTHER: Final = "RabbitMQ"


def measured() -> tuple[list[Figure], dict[str, object]]:
    """Play the same departure with each of the two brokers."""
    if not is_installed():
        return [], {"note": "no RabbitMQ is installed here"}
    scene = Scene(targets=TARGETS, clusters=TARGETS)
    with (
        tempfile.TemporaryDirectory(prefix="ofb") as folder,
        RabbitMQ(Path(folder)) as rabbitmq,
        grounds(
            scene,
            {
                _DEFAULT: {"workers": WORKERS},
                _OTHER: {"workers": WORKERS, "BROKER_URL": rabbitmq.url},
            },
        ) as ready,
    ):
        default = ready[_DEFAULT].play(LEAVER_EMAIL)
        before = cost_of(rabbitmq.pid)
        other = ready[_OTHER].play(LEAVER_EMAIL)
        after = cost_of(rabbitmq.pid)
    server = after.cpu_seconds - before.cpu_seconds
    return [_figure(other, default)], {
        "cpu_seconds": {_DEFAULT: default.cpu, _OTHER: other.cpu},
        "cpu_seconds_of_rabbitmq_itself": server,
        "idle_share_of_a_core": {_DEFAULT: default.idle, _OTHER: other.idle},
        "memory_mb": {_DEFAULT: default.memory, _OTHER: other.memory},
        "memory_mb_of_rabbitmq_itself": after.memory_mb,
    }


def _figure(other: Played, default: Played) -> Figure:
    measure = f"owner-safe, {TARGETS} targets, {_OTHER} as the broker"
    alone = figure(measure, f"<= {GOAL} x floor", other.safe, floor(TARGETS))
    return replace(alone, peer=default.safe, peer_name=_DEFAULT)


if __name__ == "__main__":
    report("brokers", *measured())
