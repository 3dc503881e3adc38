"""Runs one benchmark in this process, and keeps what it found: for the runner.

A process each, so that none inherits another's memory, threads or settings.
"""

import importlib
import logging
import sys

import structlog

from benchmarks.figures import report


def run(name: str) -> None:
    """Measure, and write the result of that name."""
    report(name, *importlib.import_module(f"benchmarks.{name}").measured())


if __name__ == "__main__":
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR)
    )
    run(sys.argv[1])
