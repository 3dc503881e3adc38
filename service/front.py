"""The front door's settings and desk, replaced whole when files are read anew."""

from collections.abc import Callable, Mapping
from threading import Thread

from flask import Flask

from config.settings import Settings
from config.watching import SettingsWatch
from service.context import Front, context_of
from workers.desk import Desk


def watch_settings(
    app: Flask,
    settings: Settings,
    environ: Mapping[str, str],
    desk_for: Callable[[Settings], Desk],
) -> SettingsWatch:
    """Have *app* go by its files as they are from now on.

    A process that takes the place of another was given the settings of the first, so
    what changed since is taken in before anything is answered.
    """
    context = context_of(app)

    def put(found: Settings) -> None:
        context.front = Front(found, desk_for(found))

    watch = SettingsWatch(settings, environ, "web", put)
    if not watch.has_files:
        return watch
    context.setting_faults = lambda: watch.faults
    watch.catch_up()
    Thread(target=watch.run, name="settings", daemon=True).start()
    return watch
