"""Which files of secrets others on this machine may read. It opens none of them."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from config.secret import FileSecret
from config.settings import Settings, every_setting
from config.variables import variable_of


def secret_files(settings: Settings, environ: Mapping[str, str]) -> Iterator[Path]:
    """Return the files this process has secrets from, each once.

    Args:
        settings: The settings; the accounts file names the files of its keys.
        environ: Where they came from; it names the others.
    """
    named = (f"{variable_of(one)}_FILE" for one in every_setting())
    paths = [Path(environ[one]) for one in named if environ.get(one)]
    keys = (key for account in settings.accounts_file for key in account.keys)
    paths += [key.path for key in keys if isinstance(key, FileSecret)]
    yield from dict.fromkeys(paths)


def read_by_others(path: Path) -> str | None:
    """Tell by which mode others may read the file; None where they may not."""
    try:
        found = path.stat()
    except OSError:
        # Whoever needs it says so.
        return None
    # Of a file that is not ours the group may be the only way for us to read it, as
    # with secrets that Kubernetes mounts.
    needs_group = found.st_uid != os.geteuid()
    closed = stat.S_IROTH if needs_group else stat.S_IROTH | stat.S_IRGRP
    return f"{stat.S_IMODE(found.st_mode):04o}" if found.st_mode & closed else None
