"""Where finished log lines go: to one stream, a line at a time.

Our own events go there straight: a record of the standard module for each costs as
much as the line itself, and a busy process writes a thousand a second. It knows no rule
about what a line may hold.
"""

import logging
from typing import Final, TextIO

import structlog


class Lines:
    """The stream of a process, shared with the standard module's handler."""

    def __init__(self) -> None:
        self.handler: logging.StreamHandler[TextIO] | None = None

    def write(self, line: str) -> None:
        """Write one line; who cannot be told cannot be told of that either."""
        handler = self.handler
        if handler is None:
            return
        handler.acquire()
        try:
            handler.stream.write(f"{line}\n")
            handler.flush()
        except (OSError, ValueError):
            return
        finally:
            handler.release()


LINES: Final = Lines()


class Writer:
    """A logger of one name, as structlog hands its finished lines to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._levels = logging.getLogger(name)

    def _write(self, level: int, line: str) -> None:
        if self._levels.isEnabledFor(level):
            LINES.write(line)

    def debug(self, line: str) -> None:
        """Write a line of this level, if it is written at all; so do the others."""
        self._write(logging.DEBUG, line)

    def info(self, line: str) -> None:
        """See ``debug``."""
        self._write(logging.INFO, line)

    def warning(self, line: str) -> None:
        """See ``debug``."""
        self._write(logging.WARNING, line)

    def error(self, line: str) -> None:
        """See ``debug``."""
        self._write(logging.ERROR, line)

    def exception(self, line: str) -> None:
        """See ``debug``; an error, whose line has its traceback."""
        self._write(logging.ERROR, line)

    def critical(self, line: str) -> None:
        """See ``debug``."""
        self._write(logging.CRITICAL, line)


# It finds the name of whoever asks for a logger without giving one.
_named: Final = structlog.stdlib.LoggerFactory(ignore_frame_names=[__name__])


def writer(*names: str) -> Writer:
    """Make a logger, named by its module where no name is given."""
    return Writer(_named(*names).name)
