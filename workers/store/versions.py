"""Which format the store is in, who is connected to it, and how it is changed.

Processes are told by the names of their connections, so that nothing has to be renewed,
and a process of a version that has no names is seen as well.
"""

import os
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import redis

from workers.offboarding.errors import OffboardingError, StoreAwayError
from workers.store.connection import PREFIX, Scripts, faults
from workers.store.formats import FORMAT, NEW, OLDEST

_FORMAT: Final = f"{PREFIX}format"
# A store in which somebody worked has one of these, whatever version it was.
_USED: Final = tuple(
    PREFIX + one
    for one in ("index:all", "sweeps", "swept", "quarantine", "lookups:due", "scim:ids")
)
_NAME: Final = re.compile(r"offboard/(\w+)/([^/ ]+)/(\d+)-(\d+)/([^ ]+)")
_FIT: Final = re.compile(r"[^A-Za-z0-9._+-]")
# Records that say in which format they were written.
_MARKED: Final = ("case", "notice", "delivery")
_AT_ONCE: Final = 1000


class StoreFormatError(OffboardingError):
    """This version cannot work on the store as it is; the message says what can."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that is connected to the store.

    Attributes:
        kind: ``web``, ``worker``; empty for one of a version without names.
        version: Of the service.
        oldest: The oldest format that it reads.
        newest: The newest one.
        where: Host and process id, or the address that the server sees.
    """

    kind: str
    version: str
    oldest: int
    newest: int
    where: str

    @property
    def name(self) -> str:
        """Name its connections; the server takes no blanks in a name."""
        where = _FIT.sub("-", self.where)
        reads = f"{self.oldest}-{self.newest}"
        return f"offboard/{self.kind}/{_FIT.sub('-', self.version)}/{reads}/{where}"


def this_process(kind: str, version: str) -> Process:
    """Say who this process is."""
    where = f"{socket.gethostname()}-{os.getpid()}"
    return Process(kind, version, OLDEST, FORMAT, where)


class Versions:
    """The format of the store; every method raises StoreAwayError."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._scripts = Scripts(client)

    def stored(self) -> int:
        """Return the format that is written now."""
        with faults():
            return int(self._client.get(_FORMAT) or 1)

    def begin(self) -> int:
        """Have a store that nobody used yet be in the newest format; return its format.

        Raises:
            StoreFormatError: It is in one that this version cannot read.
        """
        with faults():
            if not self._client.exists(_FORMAT, *_USED):
                self._client.set(_FORMAT, FORMAT, nx=True)
        stored = self.stored()
        if not OLDEST <= stored <= FORMAT:
            raise StoreFormatError(_unreadable(stored))
        return stored

    def processes(self) -> tuple[Process, ...] | None:
        """List who is connected; None where the server does not tell.

        A connection without a name may be an older version of this service: its first
        versions gave none.
        """
        try:
            with faults():
                rows = self._client.client_list()
        except StoreAwayError as error:
            if isinstance(error.__cause__, redis.ResponseError):
                return None
            raise
        mine = self._database()
        here = [one for one in rows if one.get("db") == mine]
        return tuple(sorted({*_processes(here)}, key=lambda one: one.name))

    def _database(self) -> str:
        return str(self._client.connection_pool.connection_kwargs.get("db") or 0)

    def change(self, was: int, now: int) -> bool:
        """Have another format written from now on; False if it was another by then."""
        return bool(self._scripts.call("format_set", was=was, now=now))

    def unreadable(self, news: Mapping[str, str | None] = NEW) -> dict[str, int]:
        """Count the records that have what the format before does not know.

        Args:
            news: What that is, as ``NEW`` has it.

        Returns:
            How many, by the names in *news*.
        """
        looked_for = {
            name: re.compile(text) for name, text in news.items() if text is not None
        }
        found = dict[str, int]()
        for key in self._marked() if looked_for else ():
            record = self._text_of(key)
            for name in [one for one, it in looked_for.items() if it.search(record)]:
                found[name] = found.get(name, 0) + 1
        return found

    def _text_of(self, key: str) -> str:
        """Return all that belongs to a record, as one text."""
        with faults(), self._client.pipeline(transaction=False) as pipe:
            for part in ("", ":targets", ":reports"):
                pipe.hvals(f"{key}{part}")
            pipe.lrange(f"{key}:joins", 0, -1)
            return "\n".join(str(one) for part in pipe.execute() for one in part)

    def unmark(self) -> int:
        """Take the mark of the format off every record; return how many had one."""
        keys = list(self._marked())
        for at in range(0, len(keys), _AT_ONCE):
            with faults(), self._client.pipeline(transaction=False) as pipe:
                for key in keys[at : at + _AT_ONCE]:
                    pipe.hdel(key, "format")
                pipe.execute()
        return len(keys)

    def _marked(self) -> Iterator[str]:
        for kind in _MARKED:
            with faults():
                keys = self._client.scan_iter(
                    f"{PREFIX}{kind}:*", count=_AT_ONCE, _type="hash"
                )
                some = [str(one) for one in keys]
            for at in range(0, len(some), _AT_ONCE):
                yield from self._with_mark(some[at : at + _AT_ONCE])

    def _with_mark(self, keys: list[str]) -> list[str]:
        with faults(), self._client.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.hexists(key, "format")
            found = pipe.execute()
        return [key for key, has in zip(keys, found, strict=True) if has]


def _processes(rows: list[dict[str, str]]) -> Iterator[Process]:
    for row in rows:
        named = _NAME.fullmatch(row.get("name", ""))
        if named is not None:
            kind, version, oldest, newest, where = named.groups()
            yield Process(kind, version, int(oldest), int(newest), where)
        elif not row.get("name") and _may_be_ours(row):
            yield Process("", "", 1, 1, row.get("addr") or row.get("laddr", ""))


def _may_be_ours(row: Mapping[str, str]) -> bool:
    # Servers before 7.2 do not say which library it is.
    return row.get("lib-name", "").startswith(("redis-py", "valkey-py")) or (
        "lib-name" not in row
    )


def _unreadable(stored: int) -> str:
    what = (
        f"The store is in format {stored}, and this version reads formats {OLDEST} to "
        f"{FORMAT}."
    )
    if stored < OLDEST:
        return f"{what} Upgrade by one version at a time."
    return (
        f"{what} Start the version that wrote it; to come back to this one, have that "
        "write the format before first: offboard upgrade back."
    )
