"""Structured logs for every process, and the one list of what is never logged.

Values are fields, events are constants. Whatever else writes to the standard logging
module comes out in the same form, through the same redaction.
"""

import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from typing import Any, Final

import structlog

_LONGEST: Final = 2048
_KEYS: Final = re.compile(
    r"(^|_)(authorization|api_?key|token|secret|password|cookie|signature|webhook_url)"
    r"($|_)",
    re.IGNORECASE,
)
_VALUES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), put)
    for pattern, put in (
        (r"Bearer\s+[^\s\"',]+", "Bearer [redacted]"),
        (r"xox[abposr]-[A-Za-z0-9-]+|xapp-[A-Za-z0-9-]+", "[redacted]"),
        (r"https?://[^\s\"']*/services/[^\s\"']+", "[webhook redacted]"),
        (r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*", "[token redacted]"),
        (r"(://[^:/@\s]*:)[^@\s]+@", r"\1[redacted]@"),
        (r"whsec_[A-Za-z0-9+/=]+|ofb_[\w-]{16,}", "[redacted]"),
        (
            r"((?:apikey|access_token|refresh_token|password)=)[^&\s\"']+",
            r"\1[redacted]",
        ),
    )
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
        self._secrets = sorted({one for one in secrets if len(one) >= 8}, key=len)

    def __call__(self, _logger: object, _method: str, event: Processed) -> Processed:
        """Redact one event; the last processor before it becomes text."""
        return {key: self._field(key, value) for key, value in event.items()}

    def _field(self, key: str, value: Any) -> Any:  # noqa: ANN401 - any logged value
        if _KEYS.search(key):
            return "[redacted]"
        return self._value(value)

    def _value(self, value: Any) -> Any:  # noqa: ANN401 - any logged value
        match value:
            case None | bool() | int() | float():
                return value
            case bytes():
                return f"[BYTES {len(value)}]"
            case dict():
                return {
                    str(key): self._field(str(key), one) for key, one in value.items()
                }
            case list() | tuple() | set() | frozenset():
                return [self._value(one) for one in value]
            case _:
                return self.text(str(value))

    def text(self, text: str) -> str:
        """Redact a text, and cut it to 2 KB."""
        for secret in reversed(self._secrets):
            text = text.replace(secret, "[redacted]")
        for pattern, put in _VALUES:
            text = pattern.sub(put, text)
        return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def set_up(level: str, *, secrets: Iterable[str] = (), service: str) -> None:
    """Send every log of this process to stderr as JSON lines.

    Args:
        level: The lowest level that is written.
        secrets: The very texts that must never appear.
        service: Which process this is, in every line.
    """

    def name_process(_logger: object, _method: str, event: Processed) -> Processed:
        event["service"] = service
        return event

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_process,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            # Not dict_tracebacks: it would print local variables, keys among them.
            structlog.processors.format_exc_info,
            Redactor(secrets),
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
