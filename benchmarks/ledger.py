"""A hundred thousand cases in the store: lists, pages and the sweep stay as quick.

Fills a real embedded store by copying cases that the real scripts wrote. It and one of
a hundred cases are asked in turn for what people and workers ask for, so that whatever
else the machine does meets both alike.
Run it alone: `.venv/bin/python -m benchmarks.ledger [how many]`.
"""

import json
import logging
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import redis
import structlog
from ulid import ULID

from config.settings import Settings
from service.app import create_app
from tests.conftest import embedded
from tests.workers.store.store_scenes import Room, a_case, a_case_target, settled
from workers.desk.opening import Store, desk_on, open_store
from workers.embedded import Embedded
from workers.offboarding.model import Case, CaseResult, CaseStatus, Leaver
from workers.offboarding.ports import Change
from workers.store.connection import connect

FEW: Final = 100
CALLS: Final = 200
COPIED_AT_ONCE: Final = 500
TOKENS: Final = {role: f"ofb_{role}_{'0' * 32}" for role in ("viewer", "operator")}
RESULTS: Final = Path(__file__).parent / "results"
# So many of a hundred stand so, the last the newest: a viewer sees none of those.
MIX: Final = {"settled": 60, "cancelled": 10, "waiting": 2, "scheduled": 28}


class Silent:
    """Sends nothing: no worker runs here."""

    def send(self, *works: object) -> None:
        """Do nothing."""


@dataclass(frozen=True)
class Original:
    """What the scripts wrote of one case: its keys, its places in what is shared."""

    id: str
    email: str
    keys: dict[str, Any]
    places: list[tuple[str, str, float]]

    def copy_to(self, pipe: "redis.client.Pipeline", case_id: str, email: str) -> None:
        """Write the same of another case."""

        def other(text: str) -> str:
            return text.replace(self.id, case_id).replace(self.email, email)

        for key, value in self.keys.items():
            name = other(key)
            if isinstance(value, str):
                pipe.set(name, other(value))
            elif isinstance(value, dict):
                pipe.hset(name, mapping={a: other(b) for a, b in value.items()})
            elif isinstance(value, list):
                pipe.rpush(name, *map(other, value))
            else:
                pipe.sadd(name, *map(other, value))
        for key, member, score in self.places:
            pipe.zadd(other(key), {other(member): score})


def original(client: "redis.Redis", kind: str) -> Original:
    """Have the real scripts write one case, and read all that they wrote."""
    client.flushall()
    case_id, email = str(ULID()), f"original-{kind}@example.com"
    make(Room(client), kind, a_case(case_id, leaver=Leaver(email=email)))
    keys: dict[str, Any] = {}
    places: list[tuple[str, str, float]] = []
    read = {
        "string": client.get,
        "hash": client.hgetall,
        "list": lambda key: client.lrange(key, 0, -1),
        "set": client.smembers,
    }
    for key in map(str, client.keys("*")):
        form = str(client.type(key))
        if form == "zset":
            found = client.zrange(key, 0, -1, withscores=True)
            places += [(key, str(member), score) for member, score in found]
        elif case_id in key or email in key or "event:" in key:
            keys[key] = read[form](key)
    return Original(case_id, email, keys, places)


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
    client: "redis.Redis", originals: list[Original], first: int, up_to: int
) -> None:
    """Write the cases from *first* to *up_to*, the newest last, kind by kind."""
    for begin in range(first, up_to, COPIED_AT_ONCE):
        with client.pipeline(transaction=False) as pipe:
            for number in range(begin, min(begin + COPIED_AT_ONCE, up_to)):
                one = originals[number * len(originals) // up_to]
                one.copy_to(pipe, _id(number), f"person{number}@example.com")
            pipe.execute()


def _id(number: int) -> str:
    made = datetime.now(UTC).timestamp() - 1_000_000 + number
    return str(ULID.from_timestamp(made))


def compared(
    few: Callable[[], object], many: Callable[[], object]
) -> dict[str, object]:
    """Call both in turn, often; their medians and their slowest of a hundred, in ms."""
    times: dict[str, list[float]] = {"few": [], "many": []}
    for _ in range(CALLS):
        for name, do in (("few", few), ("many", many)):
            began = time.perf_counter()
            do()
            times[name].append((time.perf_counter() - began) * 1000)
    parts = {name: quantiles(each, n=100) for name, each in times.items()}
    return {
        **{
            name: {"p50_ms": round(each[49], 2), "p99_ms": round(each[98], 2)}
            for name, each in parts.items()
        },
        "p50_ratio": round(parts["many"][49] / parts["few"][49], 2),
        "p99_ratio": round(parts["many"][98] / parts["few"][98], 2),
    }


@contextmanager
def store_of_its_own() -> Iterator[tuple[Settings, Store, "redis.Redis"]]:
    """Run an embedded server in a folder that goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="ofb-"))
    try:
        with embedded(folder):
            digests = {
                role: sha256(one.encode()).hexdigest() for role, one in TOKENS.items()
            }
            listed = ",".join(f"{one}:{one}:{text}" for one, text in digests.items())
            environ = {
                "OFFBOARD_STORE_URL": f"embedded:{folder}",
                "OFFBOARD_API_TOKENS": listed,
            }
            settings = Settings.from_env(environ)
            with connect(Embedded(folder).store_url, timeout_seconds=60) as client:
                yield settings, open_store(settings), client
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def asked_for(
    settings: Settings, store: Store, newest: str
) -> dict[str, Callable[[], object]]:
    """Say what is measured, by name."""
    app = create_app(settings, desk_on(store, settings, Silent()))  # type: ignore[arg-type]
    client = app.test_client()

    def get(path: str, role: str = "operator") -> Callable[[], object]:
        headers = {"Authorization": f"Bearer {TOKENS[role]}"}

        def call() -> None:
            answer = client.get(path, headers=headers)
            if answer.status_code != 200:
                raise RuntimeError(f"{path}: {answer.status_code}")

        return call

    lists = {
        "list": get("/api/cases?limit=20"),
        "list, viewer": get("/api/cases?limit=20", "viewer"),
        "list, result": get("/api/cases?limit=20&result=safe"),
        "list, two": get("/api/cases?limit=20&status=settled&result=safe"),
        "list, user": get("/api/cases?user=person7@example.com"),
        "list, unknown user": get("/api/cases?user=nobody@example.com"),
        # As many as both stores have: a page costs by what is on it.
        **{
            f"list, {one}": get(f"/api/cases?limit={min(20, many)}&status={one}")
            for one, many in MIX.items()
        },
    }
    old = datetime.now(UTC) - timedelta(days=730)
    return {
        **lists,
        "case": get(f"/api/cases/{newest}"),
        "brake": get("/api/brake"),
        "sweep": store.works.sweep,
        "notices": lambda: store.notices.due(100),
        "brake, worker": store.brakes.stand,
        "old cases": lambda: store.old_cases.due(old, 200),
    }


def main(many: int) -> dict[str, object]:
    """Measure, print a table, and return the figures."""
    with (
        store_of_its_own() as (few_settings, few_store, few_client),
        store_of_its_own() as (settings, store, client),
    ):
        originals = [
            one
            for kind, share in MIX.items()
            for one in [original(client, kind)] * share
        ]
        client.flushall()
        fill(few_client, originals, 0, FEW)
        began = time.monotonic()
        fill(client, originals, 0, many)
        filled = time.monotonic() - began
        of_few = asked_for(few_settings, few_store, _newest(few_store))
        of_many = asked_for(settings, store, _newest(store))
        figures = {name: compared(of_few[name], of_many[name]) for name in of_few}
        info = client.info("memory")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {
        "cases": many,
        "fill_seconds": round(filled, 1),
        "store_mb": round(info["used_memory"] / 1e6),
        "web_peak_mb": peak,
        "figures": figures,
    }


def _newest(store: Store) -> str:
    return store.cases.ids(limit=1)[0]


def show(found: dict[str, Any]) -> None:
    """Print the figures as a table."""
    out = sys.stdout.write
    out(f"{found['cases']} cases, filled in {found['fill_seconds']} s; ")
    out(f"store {found['store_mb']} MB, web at most {found['web_peak_mb']} MB\n")
    out(f"{'':26}{FEW:>8} p50    p99{found['cases']:>10} p50    p99   ratio p50  p99\n")
    for name, one in found["figures"].items():
        few, many = one["few"], one["many"]
        out(f"{name:26}{few['p50_ms']:>12}{few['p99_ms']:>8}")
        out(f"{many['p50_ms']:>14}{many['p99_ms']:>8}")
        out(f"{one['p50_ratio']:>12}{one['p99_ratio']:>6}\n")


def write(name: str, found: dict[str, Any]) -> None:
    """Keep the figures as a file."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(found, indent=2)
    (RESULTS / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR)
    )
    result = main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
    show(result)
    write("ledger", result)
