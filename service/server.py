"""The web process: gunicorn around the front door. It holds no IBM Cloud key."""

import gc
import logging
import re
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import structlog
from flask.helpers import get_debug_flag
from gunicorn.app.base import BaseApplication

from config import log as logs
from config.settings import Settings
from service.app import create_app
from workers.desk import open_desk

log: structlog.stdlib.BoundLogger = structlog.get_logger()


def _tell_listening(arbiter: Any) -> None:  # noqa: ANN401 - gunicorn ships no types
    log.info("web.listening", addresses=[str(one) for one in arbiter.LISTENERS])


def _keep_out_of_the_way(_: Any) -> None:  # noqa: ANN401 - gunicorn ships no types
    """Have the collector of garbage look at what requests leave, and seldom.

    What an application is made of stays as long as its process, and looking through
    all of it takes longer than many requests do.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)


# Objects that come before the youngest are looked at, and how often that is before
# those that outlived it are.
_GARBAGE: Final = (20_000, 20, 20)

OPTIONS: Final[dict[str, Any]] = {
    "worker_class": "service.patience.PatientWorker",
    "workers": 2,
    "threads": 8,
    "timeout": 30,
    "graceful_timeout": 30,
    "when_ready": _tell_listening,
    "post_worker_init": _keep_out_of_the_way,
    # What leaks goes with its process. A new one costs a second of both cores, and by
    # a small number a busy service would have one every few seconds.
    "max_requests": 100_000,
    "max_requests_jitter": 20_000,
    "limit_request_line": 4094,
    "forwarded_allow_ips": "",
    "control_socket_disable": True,
    # Access lines are events of our own; gunicorn's words go the way of all others.
    "accesslog": None,
    "logconfig_dict": {
        "version": 1,
        "disable_existing_loggers": False,
        "root": {"handlers": []},
        "loggers": {"gunicorn.error": {"propagate": True, "handlers": []}},
        "handlers": {},
        "formatters": {},
    },
}


def _once_each(settings: Settings) -> Callable[[Any, Any], None]:
    """Make a hook that drops what a proxy must send once and comes twice.

    Joined with a comma, as the application gets them, a proxy's groups and those that
    somebody sent along past it could not be told apart.
    """
    names = {
        one.upper()
        for one in (
            settings.auth_proxy_secret_header,
            settings.auth_proxy_user_header,
            settings.auth_proxy_groups_header or "",
        )
    }

    def drop_repeated(_: Any, asked: Any) -> None:  # noqa: ANN401 - gunicorn ships no types
        count = Counter(name.upper() for name, _ in asked.headers)
        repeated = {name for name in names if count[name] > 1}
        if repeated:
            log.warning("proxy.header_repeated", headers=sorted(repeated))
        asked.headers = [one for one in asked.headers if one[0].upper() not in repeated]

    return drop_repeated


class _Unquoted(logging.Filter):
    """Keeps what was asked out of gunicorn's own words on a request.

    It quotes a line it cannot read, and names the path of one it cannot answer: a path
    may end with a secret, a wrong or an old one too, which no redaction knows.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Cut the line off where the quoting begins; every line passes."""
        if found := _QUOTES.match(record.getMessage()):
            record.msg, record.args = found[0].rstrip(), ()
        return True


_QUOTES: Final = re.compile(r"Invalid request [^'\"]*|Error handling request")
UNQUOTED: Final = _Unquoted()


_DEBUG: Final = (
    "FLASK_DEBUG is set, and shows what nobody outside may see: take it out of the"
    " environment of the web process."
)


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with our settings; each of its workers opens a desk of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Give gunicorn its settings."""
        address = f"{self._settings.host}:{self._settings.port}"
        options = {**OPTIONS, "bind": address, "on_starting": self._set_up_logs}
        if self._settings.auth_mode == "proxy":
            options["pre_request"] = _once_each(self._settings)
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def run(self) -> None:
        """Serve until told to end; say first if nobody could tell us anything."""
        if get_debug_flag():
            raise SystemExit(_DEBUG)
        has_source = any(one.is_on for _, one in self._settings.sources)
        if not has_source and not self._settings.api_tokens:
            log.warning("web.deaf", missing=["api_tokens", "source_…_secret"])
        super().run()

    def load(self) -> Any:  # noqa: ANN401 - a WSGI application
        """Make the application, in the worker that will serve it."""
        self._set_up_logs(None)
        desk = open_desk(self._settings)
        desk.begin_counting()
        return create_app(self._settings, desk)

    def _set_up_logs(self, _: object) -> None:
        # Again: gunicorn has taken the root's handler away, in the parent too.
        logs.set_up(
            self._settings.log_level, secrets=self._settings.secrets(), service="web"
        )
        # Added once, however often this is called.
        logging.getLogger("gunicorn.error").addFilter(UNQUOTED)
