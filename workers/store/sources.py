"""How each source fares, in one hash a source: when it spoke, what was refused."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from itertools import chain

import redis

from workers.offboarding.intake import SourceNote
from workers.store.connection import PREFIX, faults


class SourceNotes:
    """What is written down of the sources."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client

    def delivered(self, source: str, at: datetime) -> None:
        """Count an authentic delivery."""
        self._note(source, "delivered", {"last_delivered_at": _millis(at)})

    def refused(self, source: str, why: str, at: datetime) -> None:
        """Count a refused one; *why* is one of our own words."""
        last = {"last_refused_at": _millis(at), "last_refused_why": why}
        self._note(source, "refused", last)

    def _note(self, source: str, counted: str, last: Mapping[str, str]) -> None:
        with faults(), self._client.pipeline(transaction=False) as pipe:
            pipe.hincrby(_key(source), counted, 1)
            pipe.hset(_key(source), items=[*chain(*last.items())])
            pipe.execute()

    def all(self, sources: Iterable[str]) -> dict[str, SourceNote]:
        """Read what is known of each of *sources*."""
        names = list(sources)
        with faults(), self._client.pipeline(transaction=False) as pipe:
            for one in names:
                pipe.hgetall(_key(one))
            found = pipe.execute()
        return {one: _note_of(fields) for one, fields in zip(names, found, strict=True)}

    def seen(self, is_on: Mapping[str, bool], at: datetime) -> None:
        """Write down since when sources are on; one that is off forgets it."""
        with faults(), self._client.pipeline(transaction=False) as pipe:
            for source, on in is_on.items():
                if on:
                    pipe.hsetnx(_key(source), "on_since", _millis(at))
                else:
                    pipe.hdel(_key(source), "on_since")
            pipe.execute()

    def silence_told(self, source: str, since: datetime) -> None:
        """Write down that the channels were told of the silence that began then."""
        with faults():
            self._client.hset(_key(source), "silence_told", _millis(since))


def _key(source: str) -> str:
    return f"{PREFIX}source:{source}"


def _millis(at: datetime) -> str:
    return str(round(at.timestamp() * 1000))


def _moment(millis: str | None) -> datetime | None:
    return datetime.fromtimestamp(int(millis) / 1000, UTC) if millis else None


def _note_of(fields: Mapping[str, str]) -> SourceNote:
    return SourceNote(
        delivered=int(fields.get("delivered", 0)),
        last_delivered_at=_moment(fields.get("last_delivered_at")),
        refused=int(fields.get("refused", 0)),
        last_refused_at=_moment(fields.get("last_refused_at")),
        last_refused_why=fields.get("last_refused_why"),
        on_since=_moment(fields.get("on_since")),
        silence_told=_moment(fields.get("silence_told")),
    )
