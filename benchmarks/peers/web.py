"""Serves what ours is held against with the server options of ours, and nothing else.

Run with `hello` or `hook`, a port, and for the hook the addresses of store and broker
and the sender's secret.
"""

import sys
from collections.abc import Callable
from typing import Any, Final

from flask import Flask
from gunicorn.app.base import BaseApplication

from benchmarks.peers import hello, hook
from service.server import OPTIONS

_APPLICATIONS: Final[dict[str, Callable[..., Flask]]] = {
    "hello": hello.application,
    "hook": hook.application,
}
# Words of our own log, which these have not.
_LEFT_OUT: Final = ("when_ready", "logconfig_dict")


class _Peer(BaseApplication):
    """gunicorn as ours is set up; the application is made in each worker, too."""

    def __init__(self, port: str, make: Callable[..., Flask], *given: str) -> None:
        self._port, self._make, self._given = port, make, given
        super().__init__()

    def load_config(self) -> None:
        for name, value in OPTIONS.items():
            if name not in _LEFT_OUT:
                self.cfg.set(name, value)
        self.cfg.set("bind", f"127.0.0.1:{self._port}")
        self.cfg.set("loglevel", "warning")

    def load(self) -> Any:  # noqa: ANN401 - a WSGI application
        return self._make(*self._given)


if __name__ == "__main__":
    kind, port, *given = sys.argv[1:]
    _Peer(port, _APPLICATIONS[kind], *given).run()
