"""A stream whose reader may have gone, as `head` goes when it has its lines."""

import os
from typing import Any, TextIO


class Patient:
    """Writes to *out*; when nobody reads it any more, what is left goes nowhere.

    So a command ends as what it found ends: a gate that is not safe must not look like
    one that is, whoever reads along.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        """Write *text*; says as if all of it was."""
        try:
            self._out.write(text)
        except BrokenPipeError:
            self._let_go()
        return len(text)

    def flush(self) -> None:
        """Hand on what is written."""
        try:
            self._out.flush()
        except BrokenPipeError:
            self._let_go()

    def _let_go(self) -> None:
        # Else the interpreter would complain of it at its end.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._out.fileno())
        os.close(nowhere)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a stream has
        return getattr(self._out, name)
