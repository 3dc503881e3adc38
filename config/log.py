"""Structured logs for every process, and the one list of what is never logged.

Values are fields, events are constants. Whatever else writes to the standard logging
module comes out in the same form, through the same redaction.
"""

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from functools import lru_cache
from importlib.metadata import version as version_of
from threading import Lock
from typing import Any, Final

import structlog

from config.lines import LINES, writer

_LONGEST: Final = 2048
_SHORTEST_SECRET: Final = 4
_KEYS: Final = re.compile(
    r"(^|[_-])(authorization|api[_-]?key|token|secret|password|cookie|signature"
    r"|(webhook|response)[_-]url)s?($|[_-])",
    re.IGNORECASE,
)
_VALUES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), put)
    for pattern, put in (
        (r"Bearer\s+[^\s\"',]+", "Bearer [redacted]"),
        (r"xox[abposr]-[A-Za-z0-9-]+|xapp-[A-Za-z0-9-]+", "[redacted]"),
        (r"https?://hooks\.slack[\w.-]*/[^\s\"']+", "[webhook redacted]"),
        (r"https?://[^\s\"']*/services/[^\s\"']+", "[webhook redacted]"),
        (r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*", "[token redacted]"),
        # Up to the last @ of the host part: a password may hold one, a path is none.
        (r"(://[^:/@\s]*:)[^/?#\s]+@", r"\1[redacted]@"),
        (r"whsec_[A-Za-z0-9+/=]+|ofb_[\w-]{16,}", "[redacted]"),
        # As in a form, and as in JSON or in the repr of a dict.
        (
            r"((?:api_?key|access_token|refresh_token|password|client_secret)"
            r"(?:=|[\"']\s*:\s*[\"']))[^&\s\"']+",
            r"\1[redacted]",
        ),
    )
)

# One of these is in whatever a pattern above fits, in any case of its letters: to look
# for them takes a tenth of the time, and a busy process writes a thousand lines a
# second. No letter of them is one that case folding and the patterns treat differently.
_MARKS: Final = (
    "://",
    "bearer",
    "xox",
    "xapp-",
    "eyj",
    "whsec_",
    "ofb_",
    "key",
    "token",
    "password",
    "secret",
)

# A line or more a task, a sweep or a request, which our own events say better.
_NOISY: Final = (
    "amqp",
    "celery.app.trace",
    "celery.beat",
    "celery.worker.strategy",
    "ibm-cloud-sdk-core",
    "kombu",
    "slack_sdk",
    "urllib3",
)

Processed = MutableMapping[str, Any]


class Redactor:
    """Takes out secrets, by the name of a field, by their look, and by their text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = Lock()
        self._secrets: tuple[str, ...] = ()
        self.learn(*secrets)

    def learn(self, *secrets: str) -> None:
        """Take these texts out too from now on; safe while other threads write."""
        # The longest first: one may hold another. What is shorter than the bound is no
        # secret, and taking it out would garble every line.
        own = {one for one in secrets if len(one) >= _SHORTEST_SECRET}
        with self._lock:
            # Put in place whole, since it is read without the lock.
            self._secrets = tuple(
                sorted(own.union(self._secrets), key=len, reverse=True)
            )

    def __call__(self, _logger: object, _method: str, event: Processed) -> Processed:
        """Redact one event; the last processor before it becomes text."""
        return {key: self._field(key, value) for key, value in event.items()}

    def _field(self, key: str, value: Any) -> Any:  # noqa: ANN401 - any logged value
        if _is_secret(key):
            return "[redacted]"
        return self.text(value) if type(value) is str else self._value(value)

    def _value(self, value: Any) -> Any:  # noqa: ANN401 - any logged value
        match value:
            case str():
                return self.text(str(value))
            case None | bool() | int() | float():
                return value
            case bytes() | bytearray() | memoryview():
                return f"[BYTES {len(value)}]"
            case list() | tuple() | set() | frozenset():
                return [self._value(one) for one in value]
            case _:
                return self._other(value)

    def _other(self, value: Any) -> Any:  # noqa: ANN401 - any logged value
        if isinstance(value, dict):
            return {str(key): self._field(str(key), one) for key, one in value.items()}
        return self.text(str(value))

    def text(self, text: str) -> str:
        """Redact a text, and cut it to 2 KB."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, "[redacted]")
        folded = text.casefold()
        for mark in _MARKS:
            if mark in folded:
                return _shortened(_without_patterns(text))
        return _shortened(text)


@lru_cache(maxsize=1024)
def _is_secret(key: str) -> bool:
    return _KEYS.search(key) is not None


def _without_patterns(text: str) -> str:
    for pattern, put in _VALUES:
        text = pattern.sub(put, text)
    return text


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


# One a process: what it learned under way holds after a second set-up as well.
_redactor = Redactor()


def learn(secret: str) -> None:
    """Keep this text too out of every line of this process, from now on."""
    _redactor.learn(secret)


def set_up(level: str, *, secrets: Iterable[str] = (), service: str) -> None:
    """Send every log of this process to stderr as JSON lines.

    Args:
        level: The lowest level that is written.
        secrets: The very texts that must never appear, besides those learned.
        service: Which process this is, in every line.
    """
    _redactor.learn(*secrets)
    version = version_of("offboard")

    def name_process(_logger: object, _method: str, event: Processed) -> Processed:
        event["service"], event["version"] = service, version
        return event

    given: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    ours: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_process,
    ]
    # Not dict_tracebacks: it would print local variables, keys among them.
    redacted: list[Any] = [structlog.processors.format_exc_info, _redactor]
    to_text = structlog.processors.JSONRenderer()
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*given, *ours],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *redacted,
            to_text,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    LINES.handler = handler
    # Python's own words to whoever runs it would be lines of another form.
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        # What is ours comes last: nobody else's word is in it.
        processors=[*given, *redacted, *ours, to_text],
        logger_factory=writer,
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
