"""What a request can reach: the settings, the desk, the clock. It holds no rule."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import Flask, current_app

from config.settings import Settings
from workers.desk import Desk

_NAME: Final = "offboard"


@dataclass(frozen=True, slots=True)
class Context:
    """What the routes of one application work with."""

    settings: Settings
    desk: Desk
    clock: Callable[[], datetime]


def give_context(app: Flask, context: Context) -> None:
    """Keep *context* with the application."""
    app.extensions[_NAME] = context


def here() -> Context:
    """Return the context of the application that answers now."""
    context: Context = current_app.extensions[_NAME]
    return context
