"""The way to the server: connecting, its scripts, its faults as ours, its safety."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from workers.offboarding.errors import StoreAwayError
from workers.store.formats import FORMAT, OLDEST
from workers.tls import fault_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()

PREFIX: Final = "offboard:"
_HERE: Final = Path(__file__).parent
# Looks at many accounts have hundreds of threads, each with a call now and then.
_CONNECTIONS: Final = 100
_WITH: Final = re.compile(r"^-- with (\w+)\.lua$", re.MULTILINE)
# How a script answers whose caller cannot read what is in the store (format.lua).
_OTHER_FORMAT: Final = "OTHERFORMAT"
_SAFE: Final = {
    "appendonly": "yes",
    "appendfsync": "always",
    "maxmemory-policy": "noeviction",
}


def connect(
    url: str, *, timeout_seconds: float = 5, name: str = "offboard"
) -> "redis.Redis":
    """Make a client for *url*; connects at the first call.

    The server shows its connections under *name*, where it takes names; an empty one
    gives none, as versions of format 1 do.

    A dead server is known after about a second, so that the front door can answer 503
    in time. One repeat on a fresh connection covers a server that was restarted; one
    that does not answer in time is not asked twice, or the wait would double. Of many
    threads that call at the same moment some wait for a connection, a matter of
    milliseconds: the usual pool raises instead, which would look as if it were away.
    Over TLS the server's certificate and name are checked; that is the library's
    default.
    """
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=_CONNECTIONS,
        timeout=timeout_seconds,
        decode_responses=True,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=1,
        redis_connect_func=partial(_on_connect, name),
        retry=Retry(NoBackoff(), 1, (redis.ConnectionError,)),
    )
    return redis.Redis.from_pool(pool)


def _on_connect(name: str, connection: "redis.Connection") -> None:
    """Greet the server, and give the connection its name; it does without, too."""
    connection.on_connect()  # type: ignore[no-untyped-call]  # untyped there
    if not name:
        return
    connection.send_command("CLIENT", "SETNAME", name)  # type: ignore[no-untyped-call]  # as well
    try:
        connection.read_response()
    except redis.ResponseError as error:
        _say_unnamed(type(error).__name__)


@cache
def _say_unnamed(fault: str) -> None:
    log.warning("store.connection_unnamed", fault=fault)


@contextmanager
def faults() -> Iterator[None]:
    """Turn the client's errors into StoreAwayError, whose message has no address."""
    try:
        yield
    except redis.RedisError as error:
        raise StoreAwayError(_said_of(error)) from error


def _said_of(error: redis.RedisError) -> str:
    _, is_other, stored = str(error).partition(_OTHER_FORMAT)
    if is_other:
        mine = f"this version reads {OLDEST} to {FORMAT}"
        return f"The store is in format {stored.strip()}, and {mine}."
    return f"The store: {fault_of(error)}."


@cache
def texts() -> dict[str, str]:
    """Read the scripts by name; once, since every subject of the store has them all.

    A line ``-- with <name>.lua`` has that file stand in front of the script; what asks
    for the store's format stands in front of all.
    """
    alone = {
        file.stem: file.read_text(encoding="utf-8")
        for file in sorted(_HERE.glob("*.lua"))
    }
    return {
        name: "".join(alone[each] for each in ["format", *_WITH.findall(text)]) + text
        for name, text in alone.items()
        if name != "format"
    }


class Scripts:
    """The Lua scripts of this folder, each called with one JSON value."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._scripts = {
            name: client.register_script(text) for name, text in texts().items()
        }

    def call(self, name: str, **asked: Any) -> Any:  # noqa: ANN401 - a script's answer
        """Run the script *name*; its arguments arrive in Lua as one decoded table.

        None is left out, since Lua's JSON would make it something that is not nil.
        """
        given = {key: value for key, value in asked.items() if value is not None}
        with faults():
            return self._scripts[name](args=[PREFIX, json.dumps(given), OLDEST, FORMAT])


def unsafe_settings(client: "redis.Redis") -> list[str]:
    """Tell how the server could lose what it acknowledged; empty when it cannot.

    Where CONFIG is blocked, as managed services do, what cannot be seen is a fault too:
    the override is a setting, and loud.
    """
    try:
        with faults():
            found = client.config_get(*_SAFE)
    except StoreAwayError as error:
        if isinstance(error.__cause__, redis.ResponseError):
            return ["CONFIG GET is not allowed, so durability cannot be checked"]
        raise
    return [
        f"{name} is {found.get(name, 'unknown')}, must be {wanted}"
        for name, wanted in _SAFE.items()
        if found.get(name) != wanted
    ]
