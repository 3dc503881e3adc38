"""Stores filled with a hundred thousand cases, in seconds.

The real scripts write one case of a kind; the server itself makes copies of all that
they wrote, under other ids and e-mails.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import redis
from ulid import ULID

from tests.workers.store.store_scenes import Room, a_case, a_case_target, settled
from workers.offboarding.model import Case, CaseResult, CaseStatus, Leaver
from workers.offboarding.ports import Change

COPIED_AT_ONCE: Final = 500
# A text comes in parts, of which 1 stands for the id and 2 for the e-mail: to look for
# them in each copy would take ten times as long.
_COPY: Final = """
local commands = cjson.decode(ARGV[1])
for at = 2, #ARGV, 2 do
  local names = {ARGV[at], ARGV[at + 1]}
  for _, words in ipairs(commands) do
    local said = {}
    for number, parts in ipairs(words) do
      local text = {}
      for place, part in ipairs(parts) do text[place] = names[part] or part end
      said[number] = table.concat(text)
    end
    redis.call(unpack(said))
  end
end
"""


@dataclass(frozen=True)
class Kept:
    """What one command writes again: the command, its key and the rest."""

    does: str
    key: str
    values: list[str]


@dataclass(frozen=True)
class Original:
    """What the scripts wrote of one case, in its own keys and in those of all."""

    id: str
    email: str
    keys: list[Kept]


def original(client: "redis.Redis", kind: str) -> Original:
    """Have the real scripts write one case, and read all that they wrote."""
    client.flushall()
    case_id, email = str(ULID()), f"original-{kind}@example.com"
    make(Room(client), kind, a_case(case_id, leaver=Leaver(email=email)))
    keys = [
        kept
        for key in map(str, client.keys("*"))
        for kept in _kept(client, key)
        if kept.does == "ZADD" or _is_own(key, case_id, email)
    ]
    return Original(case_id, email, keys)


def _is_own(key: str, case_id: str, email: str) -> bool:
    return case_id in key or email in key or "event:" in key


def _kept(client: "redis.Redis", key: str) -> list[Kept]:
    form = str(client.type(key))
    if form == "zset":
        found: Any = client.zrange(key, 0, -1, withscores=True)
        return [Kept("ZADD", key, [str(int(score)), member]) for member, score in found]
    if form == "string":
        return [Kept("SET", key, [str(client.get(key))])]
    if form == "hash":
        fields: Any = client.hgetall(key)
        return [Kept("HSET", key, [each for one in fields.items() for each in one])]
    if form == "list":
        entries: Any = client.lrange(key, 0, -1)
        return [Kept("RPUSH", key, list(entries))]
    members: Any = client.smembers(key)
    return [Kept("SADD", key, sorted(members))]


def make(room: Room, kind: str, case: Case) -> None:
    """Bring one case to where its kind stands."""
    if kind == "scheduled":
        day = datetime.now(UTC) + timedelta(days=200)
        put_off = replace(
            case, status=CaseStatus.SCHEDULED, starts_at=day, effective_at=day
        )
        room.open(put_off)
        return
    if kind == "cancelled":
        room.open(case)
        room.cancel(case.id)
        return
    room.planned(a_case_target(), case=case, status=_status_of(kind))
    if kind == "settled":
        claim = room.intend(case_id=case.id)
        room.works.finish(claim, Change(targets=(settled(),)))
        room.report(case.id, result=CaseResult.SAFE)


def _status_of(kind: str) -> CaseStatus:
    return CaseStatus.WAITING if kind == "waiting" else CaseStatus.OPEN


def fill(
    client: "redis.Redis", shares: Sequence[tuple[Original, int]], many: int
) -> None:
    """Write *many* cases, the newest last, kind by kind by shares of a hundred."""
    kept: Any = client.config_get("appendfsync", "auto-aof-rewrite-percentage")
    client.config_set("appendfsync", "no")
    client.config_set("auto-aof-rewrite-percentage", 0)
    first = 0
    for one, share in shares:
        up_to = first + many * share // 100
        _copy(client, one, range(first, up_to))
        first = up_to
    for name, value in kept.items():
        client.config_set(name, value)


def _copy(client: "redis.Redis", one: Original, numbers: range) -> None:
    copy = client.register_script(_COPY)
    mark = re.compile(f"({re.escape(one.id)}|{re.escape(one.email)})")
    commands = [
        [_parts(mark, one, word) for word in (kept.does, kept.key, *kept.values)]
        for kept in one.keys
    ]
    text = json.dumps(commands)
    began = datetime.now(UTC).timestamp() - 1_000_000
    for at in range(0, len(numbers), COPIED_AT_ONCE):
        names: list[str] = []
        for number in numbers[at : at + COPIED_AT_ONCE]:
            names.append(str(ULID.from_timestamp(began + number)))
            names.append(f"person{number}@example.com")
        copy(args=[text, *names])


def _parts(mark: "re.Pattern[str]", one: Original, word: str) -> list[str | int]:
    stands_for = {one.id: 1, one.email: 2}
    return [stands_for.get(part, part) for part in mark.split(word) if part]
