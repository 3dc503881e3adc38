"""The back office that holds now: it is replaced whole when the settings are read anew.

What a task began with it ends with, so each takes the one that holds when it begins.
"""

import os
from collections.abc import Callable
from socket import gethostname
from threading import Event, Lock
from typing import Final

import structlog

from config.settings import Settings
from workers.app import Sender
from workers.desk.opening import now_utc
from workers.key_watch import KeyWatch
from workers.offboarding.errors import OffboardingError, StoreAwayError
from workers.wiring import BackOffice, back_office, be_ready, note_armed, open_kept

log = structlog.get_logger()

# Well within the time for which tokens are had ready.
_READY_EVERY_SECONDS: Final = 300.0
# A look is a read of each key file; IAM is asked where one changed.
_KEYS_EVERY_SECONDS: Final = 1.0


class Offices:
    """Holds the back office of one worker, and builds the next on what is kept."""

    def __init__(self, settings: Settings, sender: Sender) -> None:
        self._sender = sender
        self._kept = open_kept(settings)
        self._lock = Lock()
        self._news = Event()
        name = f"{gethostname()}:{os.getpid()}"
        self._keys = KeyWatch(name, self._kept.store.key_uses, now_utc)
        self._number = 0
        self.now = self._build(settings, 0)

    def put(self, settings: Settings) -> str | None:
        """Put new settings in force; return why that cannot be done now, or nothing."""
        with self._lock:
            number = self._number + 1
            try:
                office = self._build(settings, number)
            except OffboardingError as error:
                return f"They cannot be put in force now: {error}"
            # Only now: whatever broke before, the former one is in force still.
            self._number, self.now = number, office
            self._kept.clients.keep_only(settings.accounts)
        note_armed(office)
        # Tokens of an account that came are had before anybody needs them.
        self._news.set()
        return None

    def say_keys(
        self, setting_faults: Callable[[], tuple[str, ...]], over: Event | None = None
    ) -> None:
        """Take changed keys in and say which are in use, until it is *over*."""
        over = over or Event()
        while not over.wait(_KEYS_EVERY_SECONDS):
            try:
                self._keys.look(self.now.opened, setting_faults())
            except StoreAwayError as error:
                log.warning("keys.not_said", fault=str(error))

    def leave(self) -> None:
        """Say that this worker ends; best effort, since its silence says it too."""
        try:
            self._keys.leave()
        except StoreAwayError as error:
            log.info("keys.not_left", fault=str(error))

    def stay_ready(self, over: Event | None = None) -> None:
        """Have tokens in hand again and again, until it is *over*."""
        over = over or Event()
        while not over.is_set():
            self._news.clear()
            be_ready(self.now)
            self._news.wait(_READY_EVERY_SECONDS)

    def _build(self, settings: Settings, number: int) -> BackOffice:
        return back_office(
            settings,
            self._sender,
            self._kept,
            is_in_force=lambda: self._number == number,
        )
