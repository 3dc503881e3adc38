"""What a request can reach: the settings, the desk, the clock. It holds no rule."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import BoundedSemaphore
from typing import Any, Final

from flask import Flask, current_app

from config.settings import Settings
from workers.desk import Desk

_NAME: Final = "offboard"
# Of the eight threads of a web process; see server.py.
_WAITING_AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True)
class Front:
    """What changes when the settings are read anew, all of it at once.

    ``kept``: what a room keeps between requests, made of these settings, by the room's
    own name.
    """

    settings: Settings
    desk: Desk
    kept: dict[str, Any] = field(default_factory=dict)


class Context:
    """What the routes of one application work with.

    ``front``: settings and desk, put in place of one another whole. ``waiting_places``:
    how many requests may wait for a worker's answer at a time, so that the threads
    which take events in are never all waiting. ``setting_faults``: why the settings in
    force are not those in the files.
    """

    def __init__(
        self, settings: Settings, desk: Desk, clock: Callable[[], datetime]
    ) -> None:
        self.front = Front(settings, desk)
        self.clock = clock
        self.waiting_places = BoundedSemaphore(_WAITING_AT_ONCE)
        self.setting_faults: Callable[[], tuple[str, ...]] = tuple

    @property
    def settings(self) -> Settings:
        """Return the settings in force."""
        return self.front.settings

    @property
    def desk(self) -> Desk:
        """Return the desk that goes by them."""
        return self.front.desk

    @property
    def kept(self) -> dict[str, Any]:
        """Return what is kept between requests as long as they are in force."""
        return self.front.kept


def give_context(app: Flask, context: Context) -> None:
    """Keep *context* with the application."""
    app.extensions[_NAME] = context


def context_of(app: Flask) -> Context:
    """Return the context of an application."""
    context: Context = app.extensions[_NAME]
    return context


def here() -> Context:
    """Return the context of the application that answers now."""
    return context_of(current_app)


@contextmanager
def place_to_wait() -> Iterator[bool]:
    """Take a place among those who wait for a worker; False where none is free."""
    places = here().waiting_places
    is_free = places.acquire(blocking=False)
    try:
        yield is_free
    finally:
        if is_free:
            places.release()
