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
class Context:
    """What the routes of one application work with.

    ``waiting_places``: how many requests may wait for a worker's answer at a time, so
    that the threads which take events in are never all waiting. ``kept``: what a room
    keeps between requests and only one process needs, by the room's own name.
    """

    settings: Settings
    desk: Desk
    clock: Callable[[], datetime]
    waiting_places: BoundedSemaphore = field(
        default_factory=lambda: BoundedSemaphore(_WAITING_AT_ONCE)
    )
    kept: dict[str, Any] = field(default_factory=dict)


def give_context(app: Flask, context: Context) -> None:
    """Keep *context* with the application."""
    app.extensions[_NAME] = context


def here() -> Context:
    """Return the context of the application that answers now."""
    context: Context = current_app.extensions[_NAME]
    return context


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
