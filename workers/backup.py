"""A backup of the embedded store while it runs, and the store made of one.

A backup is the server's own snapshot, all of the store at one moment, with a mark in it
that the living store never has: what runs on it later knows that it is a copy, and
``sweep.lua`` pauses everything there until a person has looked.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import redis

from workers.embedded import Embedded, EmbeddedError, locked, running
from workers.offboarding.errors import OffboardingError, StoreAwayError
from workers.store.connection import PREFIX, connect, faults
from workers.store.versions import Versions

_MARK: Final = f"{PREFIX}copied"
_SNAPSHOT: Final = "dump.rdb"
_LOG_FOLDER: Final = "appendonlydir"
# A snapshot or a log that is written anew takes seconds; a hung disk takes for ever.
_LONGEST_SECONDS: Final = 600.0


class BackupError(OffboardingError):
    """There is no backup, or no store of it; the message says why."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made or restored: its file, its size, the cases in it."""

    file: Path
    size_bytes: int
    cases: int


def create(place: Embedded, file: Path) -> Backup:
    """Write all of a running store into a new file that only this user can read.

    Raises:
        BackupError: The file is there already or cannot be written, or the server
            cannot make a snapshot.
        EmbeddedError: The snapshot cannot be loaded.
        StoreAwayError: The store does not run.
    """
    if file.exists():
        raise BackupError(f"{file} is there already; a backup overwrites nothing.")
    client = connect(place.store_url, timeout_seconds=60)
    with faults():
        client.ping()
    making = place.folder / "backing-up"
    try:
        with (place.folder / "backup.lock").open("w") as lock:
            # One at a time: they share the server's one snapshot.
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                return _created(place, client, lock, making, file)
            finally:
                shutil.rmtree(making, ignore_errors=True)
    except OSError as error:
        fault = error.strerror or type(error).__name__
        raise BackupError(f"{file} cannot be written: {fault}.") from error


def _created(
    place: Embedded, client: "redis.Redis", lock: IO[str], making: Path, file: Path
) -> Backup:
    """Take a snapshot, load it beside the store, mark it there, and put it in place.

    So it is proven to load. The server cannot put the mark into its own snapshot: it
    takes none within a transaction, and a sweep must never see the mark.
    """
    at_millis = _save(client)
    _emptied(making)
    (place.folder / _SNAPSHOT).rename(making / _SNAPSHOT)
    copy = Embedded(place.folder, "copy")
    with running(copy, lock, dir=str(making), appendonly="no"):
        cases = _marked(copy, at_millis)
        with faults():
            connect(copy.store_url, timeout_seconds=_LONGEST_SECONDS).save()
    _copied(making / _SNAPSHOT, file)
    return Backup(file, file.stat().st_size, cases)


def restore(place: Embedded, file: Path) -> Backup:
    """Make the store of a folder out of a backup; nothing may run there, or be there.

    It appears whole or not at all. The queue is left out: what is due stands in the
    store itself.

    Raises:
        BackupError: The folder has a store already, or the file is no backup.
        EmbeddedError: A store runs on the folder.
    """
    if not file.is_file():
        raise BackupError(f"{file} is not a file.")
    ours = _not_there_yet(place)
    with locked(place) as lock, _taken_back(place, ours):
        if (place.folder / _LOG_FOLDER).exists():
            text = f"{place.folder} holds a store already. Move it away, and keep it"
            raise BackupError(f"{text}: it has what happened since the backup.")
        making = place.folder / "restoring"
        try:
            _emptied(making)
            _copied(file, making / _SNAPSHOT)
            with running(place, lock, dir=str(making), appendonly="no"):
                cases = _marked(place, 0)
                # Of a version that reads it; else nothing is left of the restore.
                Versions(connect(place.store_url, timeout_seconds=60)).begin()
                _log(place)
            (making / _LOG_FOLDER).rename(place.folder / _LOG_FOLDER)
            _sync(place.folder)
        except EmbeddedError as error:
            raise BackupError(f"{file} cannot be read as a backup. {error}") from error
        finally:
            shutil.rmtree(making, ignore_errors=True)
    return Backup(file, file.stat().st_size, cases)


def _not_there_yet(place: Embedded) -> list[Path]:
    """List what a restore would be the first to make in a folder, itself last."""
    lock = place.socket.with_name("store.lock")
    return [one for one in (place.socket, lock, place.folder) if not one.exists()]


@contextmanager
def _taken_back(place: Embedded, ours: list[Path]) -> Iterator[None]:
    """Have a restore that fails leave nothing that it made itself.

    While it holds the lock: nobody else can have begun with it.
    """
    try:
        yield
    except OffboardingError:
        for one in ours:
            if one != place.folder:
                one.unlink(missing_ok=True)
            elif not any(one.iterdir()):
                one.rmdir()
        raise


def _save(client: "redis.Redis") -> int:
    """Have the server write a snapshot; return when, by its time in milliseconds."""
    before, deadline = _persistence(client), time.monotonic() + _LONGEST_SECONDS
    with faults():
        seconds, micros = client.time()
    _await(
        lambda: _is_begun(client),
        deadline,
        "The server is busy with another copy of its own.",
    )
    _await(
        lambda: not _persistence(client)["rdb_bgsave_in_progress"],
        deadline,
        "The snapshot is not done.",
    )
    now = _persistence(client)
    is_made = now["rdb_saves"] > before["rdb_saves"]
    if now["rdb_last_bgsave_status"] != "ok" or not is_made:
        text = "The server could not write its snapshot: see its log, and its disk."
        raise BackupError(text)
    return int(seconds) * 1000 + int(micros) // 1000


def _is_begun(client: "redis.Redis") -> bool:
    with faults():
        try:
            client.bgsave(schedule=False)
        except redis.ResponseError:
            # It rewrites its log, which takes moments; both at a time it does not do.
            return False
    return True


def _marked(place: Embedded, at_millis: int) -> int:
    """Mark what was loaded as a copy and leave its queue out; return its cases.

    A snapshot that something else made has no mark yet; one of ours keeps its own.
    """
    client = connect(place.store_url, timeout_seconds=60)
    queue = connect(f"{place.store_url.removesuffix('0')}1", timeout_seconds=60)
    with faults():
        client.set(_MARK, at_millis, nx=True)
        queue.flushdb()
        return int(client.zcard(f"{PREFIX}index:all"))


def _log(place: Embedded) -> None:
    """Have what was loaded kept as every store is: in the append-only log."""
    client = connect(place.store_url, timeout_seconds=60)
    with faults():
        client.config_set("appendonly", "yes")
    deadline = time.monotonic() + _LONGEST_SECONDS
    _await(lambda: _is_logged(client), deadline, "The store's log is not written.")


def _is_logged(client: "redis.Redis") -> bool:
    now = _persistence(client)
    is_over = not now["aof_rewrite_in_progress"] and not now["aof_rewrite_scheduled"]
    return is_over and now["aof_last_bgrewrite_status"] == "ok"


def _persistence(client: "redis.Redis") -> dict[str, Any]:
    with faults():
        found: dict[str, Any] = client.info("persistence")
    return found


def _emptied(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)


def _await(true: Callable[[], bool], deadline: float, otherwise: str) -> None:
    while not true():
        _check(deadline, otherwise)


def _check(deadline: float, otherwise: str) -> None:
    if time.monotonic() > deadline:
        raise StoreAwayError(otherwise)
    time.sleep(0.05)


def _copied(source: Path, target: Path) -> None:
    """Copy a file whole and for good, or leave nothing; only this user can read it."""
    part = target.with_name(f"{target.name}.part")
    try:
        # Whatever an earlier try left: nobody else writes there.
        part.unlink(missing_ok=True)
        number = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "wb") as copy, source.open("rb") as original:
            shutil.copyfileobj(original, copy, 1024 * 1024)
            copy.flush()
            os.fsync(copy.fileno())
        part.rename(target)
        _sync(target.parent)
    finally:
        part.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
