"""The file by which a process shows on its own machine that it lives.

A health check reads it without the store and without the back office. Where several
processes of a kind share a temporary directory, any fresh file of it will do: one
process a container, or a ``TMPDIR`` each.
"""

import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

# Touched every two seconds.
FRESH_SECONDS: Final = 30.0


class FolderError(Exception):
    """The folder is not ours alone, so nothing in it proves anything."""


def touch(kind: str, *, folder: Path | None = None) -> None:
    """Show that a process of this kind lives; OSError, FolderError."""
    _private(folder or _folder(), make=True).joinpath(f"{kind}-{os.getpid()}").touch()


def remove(kind: str, *, folder: Path | None = None) -> None:
    """Show it no more, and leave nothing behind; OSError."""
    where = folder or _folder()
    where.joinpath(f"{kind}-{os.getpid()}").unlink(missing_ok=True)
    # Not where another process shows itself, too.
    with suppress(OSError):
        where.rmdir()


def age_seconds(kind: str, *, folder: Path | None = None) -> float | None:
    """Tell how long ago one of this kind showed itself; None if none ever did.

    Raises:
        FolderError: Others may write there.
    """
    where = folder or _folder()
    try:
        files = list(_private(where, make=False).glob(f"{kind}-*"))
    except FileNotFoundError:
        return None
    ages = []
    for one in files:
        # Another of this kind may end just now, and take its own away.
        with suppress(FileNotFoundError):
            # A clock that was put back makes times to come: they prove nothing either.
            ages.append(abs(time.time() - one.lstat().st_mtime))
    return min(ages, default=None)


def _folder() -> Path:
    return Path(tempfile.gettempdir()) / f"offboard-{os.geteuid()}"


def _private(folder: Path, *, make: bool) -> Path:
    """Return the folder if it is ours alone: anybody may make one in ``/tmp``."""
    if make:
        folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not is_ours or stat.S_IMODE(found.st_mode) & 0o077:
        raise FolderError("The folder in the temporary directory is not ours alone.")
    return folder
