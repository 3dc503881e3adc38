"""Settings that come from files, read again when one of the files changes.

The environment of a process cannot change, so what stands in it needs a restart. A file
with a fault in it leaves the settings in force that were read before.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from threading import Event
from typing import Final

import structlog

from config.changes import account_changes, changed_settings, token_changes
from config.log import learn
from config.settings import Settings, SettingsError, every_setting
from config.variables import may_read, variable_of

log = structlog.get_logger()

# A change counts once two looks see the same, so that no file is read half written.
LOOK_SECONDS: Final = 0.4
# What was faulty may be mended elsewhere: a key file that comes, a store that is back.
_AGAIN_SECONDS: Final = 5.0
_FILES: Final = ("accounts_file", "identity_map_file")
# Connections, and keys that all processes must change at the same moment.
NEEDS_RESTART: Final = ("store_url", "broker_url", "secret_key", "evidence_key")

Stamp = tuple[int, ...] | None


class SettingsWatch:
    """Looks after the files of one process's settings.

    Args:
        settings: The settings in force at first.
        environ: Where they came from.
        process: Whose they are.
        put: Puts new ones in force, whole; returns why that cannot be done now, or
            nothing.
    """

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        process: str,
        put: Callable[[Settings], str | None],
    ) -> None:
        self._settings = settings
        self._environ = environ
        self._process = process
        self._put = put
        self._files = tuple(_named(environ, process))
        # Unknown, not of now: a file may have changed since the settings were read.
        self._in_force: tuple[Stamp, ...] | None = None
        self._last = self._stamps()
        self._tried_at = 0.0
        self._tried: tuple[Stamp, ...] | None = None
        self.faults: tuple[str, ...] = ()

    @property
    def has_files(self) -> bool:
        """Tell whether there is anything to look after."""
        return bool(self._files)

    def run(self, over: Event | None = None) -> None:
        """Look again and again, until it is *over*; by default with the process."""
        over = over or Event()
        try:
            while not over.wait(LOOK_SECONDS):
                self.look()
        finally:
            if not over.is_set():
                log.critical("settings.watch_ended", process=self._process)

    def look(self) -> None:
        """Take a change in once it stands still for a look."""
        seen, before = self._stamps(), self._last
        self._last = seen
        if seen == before:
            self._take(seen)

    def catch_up(self) -> None:
        """Take in at once what changed since the settings were read."""
        self._last = self._stamps()
        self._take(self._last)

    def _take(self, seen: tuple[Stamp, ...]) -> None:
        if seen == self._in_force and not self.faults:
            return
        is_early = time.monotonic() < self._tried_at + _AGAIN_SECONDS
        if seen == self._tried and is_early:
            return
        self._tried, self._tried_at = seen, time.monotonic()
        try:
            found = self._read()
        except SettingsError as error:
            self._refuse(tuple(error.faults))
            return
        # What changed while it was read is taken by the next look.
        if self._stamps() == seen:
            self._put_in_force(found, seen)

    def _read(self) -> Settings:
        found = Settings.from_env(self._environ, process=self._process)
        before = {one.id: one for one in self._settings.accounts_file}
        # At a start such an account degrades alone; here it can go on as it was.
        changed = tuple(one for one in found.accounts_file if before.get(one.id) != one)
        faults = replace(found, accounts_file=changed).key_faults()
        if faults:
            raise SettingsError(
                [f"OFFBOARD_ACCOUNTS_FILE: {one}" for one in faults.values()]
            )
        return found

    def _put_in_force(self, found: Settings, seen: tuple[Stamp, ...]) -> None:
        before = self._settings
        late = [
            f"OFFBOARD_{name.upper()}"
            for name in NEEDS_RESTART
            if getattr(found, name) != getattr(before, name)
        ]
        found = replace(found, **{one: getattr(before, one) for one in NEEDS_RESTART})
        changed = changed_settings(before, found)
        if changed:
            for text in found.secrets():
                learn(text)
            fault = self._put(found)
            if fault:
                self._refuse((fault,))
                return
            log.info(
                "settings.reloaded",
                changed=changed,
                **account_changes(before, found),
                **token_changes(before, found),
            )
        self._settings, self._in_force = found, seen
        waits = tuple(
            f"{name}_FILE: It changed, which takes a restart of this process."
            for name in late
        )
        if waits:
            self._refuse(waits)
        elif self.faults:
            log.info("settings.mended")
            self.faults = ()

    def _refuse(self, faults: tuple[str, ...]) -> None:
        # Once, and not at each look until it is mended.
        if faults != self.faults:
            log.error("settings.not_reloaded", faults=faults)
        self.faults = faults

    def _stamps(self) -> tuple[Stamp, ...]:
        return tuple(_stamp(one) for one in self._files)


def _named(environ: Mapping[str, str], process: str) -> Iterator[str]:
    """Return the files that this process's settings come from.

    Not those that are read anew at each use, nor the keys that the accounts file names.
    """
    for each in every_setting():
        if not may_read(each, process) or each.metadata["rotates"]:
            continue
        variable = variable_of(each)
        name = variable if each.name in _FILES else f"{variable}_FILE"
        is_file = each.name in _FILES or each.metadata["secret"]
        if is_file and environ.get(name):
            yield environ[name]


def _stamp(path: str) -> Stamp:
    """Tell one state of a file from the next, whatever links lead to it."""
    try:
        found = os.stat(path)  # noqa: PTH116 - the path may be one that no Path can be
    except (OSError, ValueError):
        return None
    return (
        found.st_dev,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )
