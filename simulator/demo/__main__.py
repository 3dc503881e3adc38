"""Play the demo: ``python -m simulator.demo``. ``KEEP=1`` leaves it running."""

import os
import sys
from typing import Final

from simulator.demo.ending import Ending
from simulator.demo.playing import play
from simulator.demo.screen import Screen, open_console
from simulator.server import Simulator

# A round trip to IBM Cloud, and how long a reset takes to show: scaled to a demo.
LATENCY_SECONDS: Final = 0.1
REPLICATION_SECONDS: Final = 1.0


def main() -> int:
    ending = Ending()
    ending.listen()
    simulator = Simulator()
    simulator.account.latency_seconds = LATENCY_SECONDS
    simulator.account.replication_lag_seconds = REPLICATION_SECONDS
    keep = os.environ.get("KEEP", "") not in ("", "0")
    return play(Screen(open_console()), simulator, ending, keep=keep)


if __name__ == "__main__":
    sys.exit(main())
