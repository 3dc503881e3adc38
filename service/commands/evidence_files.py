"""The files that evidence is written to: there as a whole, or not at all."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import click

_SUFFIX: Final = ".part"
_ID: Final = re.compile(r"[0-9A-Z]{1,26}")
STDOUT: Final = Path("-")


def known_id(case_id: str) -> str:
    """Return *case_id* if it can be one, since a file is named by it."""
    if not _ID.fullmatch(case_id):
        raise click.UsageError("That is no id of a case.")
    return case_id


@contextmanager
def written(out: Path, *, force: bool) -> Iterator[IO[bytes]]:
    """Give what is written to: stdout, or a file that is there whole or not at all."""
    if out == STDOUT:
        yield sys.stdout.buffer
        return
    if out.exists() and not force:
        raise click.UsageError(f"{out} is there already; --force replaces it.")
    part = out.with_name(out.name + _SUFFIX)
    flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC
    try:
        with os.fdopen(os.open(part, flags, 0o600), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
    except OSError as error:
        raise click.UsageError(f"{out}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def is_zip(out: Path) -> bool:
    """Tell whether a file is to be a pack for people, and not the bare lines."""
    return out.suffix.lower() == ".zip"
