"""A benchmark in a process of its own, ended with all that it started."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from benchmarks.figures import RESULTS
from benchmarks.order import Turn
from simulator.demo import family

_ROOT: Final = Path(__file__).resolve().parent.parent
_WORDS: Final = 12


class Run:
    """One benchmark that runs; its words go to a log beside its result."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn
        self._began = time.monotonic()
        self._over: float | None = None
        self._log = RESULTS / f"{turn.name}.log"
        RESULTS.mkdir(exist_ok=True)
        # What an earlier run found must not be taken for this one's.
        (RESULTS / f"{turn.name}.json").unlink(missing_ok=True)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "benchmarks.one", turn.name],
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def seconds(self) -> float:
        """Return how long it ran, or runs."""
        return (self._over or time.monotonic()) - self._began

    def wait(self) -> str:
        """Wait as long as its budget lasts; return what went wrong, or nothing."""
        try:
            code = self._process.wait(max(0.0, self.turn.seconds - self.seconds))
        except subprocess.TimeoutExpired:
            self.end()
            return f"its {self.turn.seconds} s were over"
        finally:
            self._over = time.monotonic()
        return f"exit code {code}\n{self._last_words()}" if code else ""

    def end(self) -> None:
        """End it and whatever it started; nothing where it has ended."""
        if self._process.poll() is not None:
            return
        started = family.below(self._process.pid)
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(30)
        family.kill(started)

    def _last_words(self) -> str:
        text = self._log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-_WORDS:])
