"""A hundred thousand cases in the store: lists, pages and the sweep stay as quick.

It and a store of a hundred cases are asked in turn for what people and workers ask for,
so that whatever else the machine does meets both alike. The floor of a ratio is 1: what
is shown is as much from either store.
Run it alone: `.venv/bin/python -m benchmarks.ledger [how many]`.
"""

import gc
import logging
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import redis
import structlog
from flask.testing import FlaskClient

from benchmarks.figures import Figure, report
from benchmarks.filling import fill, original
from config.settings import Settings
from service.app import create_app
from tests.conftest import embedded
from workers.desk.opening import Store, desk_on, open_store
from workers.embedded import Embedded
from workers.store.connection import connect

FEW: Final = 100
MANY: Final = 100_000
CALLS: Final = 200
WARM_UP: Final = 20
TOKENS: Final = {role: f"ofb_{role}_{'0' * 32}" for role in ("viewer", "operator")}
# So many of a hundred stand so, the last the newest: a viewer sees none of those.
MIX: Final = {"settled": 60, "cancelled": 10, "waiting": 2, "scheduled": 28}
GOAL: Final = 2.0


class Silent:
    """Sends nothing: no worker runs here."""

    def send(self, *works: object) -> None:
        """Do nothing."""


def compared(few: Callable[[], object], many: Callable[[], object]) -> dict[str, Any]:
    """Call both in turn, often; their medians and their slowest of a hundred, in ms."""
    times: dict[str, list[float]] = {"few": [], "many": []}
    for call in range(WARM_UP + CALLS):
        for name, do in (("few", few), ("many", many)):
            began = time.perf_counter()
            do()
            if call >= WARM_UP:
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
                "OFFBOARD_REQUESTS_PER_MINUTE": "100000",
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
    api, browser = app.test_client(), _signed_in(app.test_client())

    def get(
        path: str, role: str = "operator", client: FlaskClient = api
    ) -> Callable[[], object]:
        headers = {"Authorization": f"Bearer {TOKENS[role]}"} if client is api else {}

        def call() -> None:
            answer = client.get(path, headers=headers)
            if answer.status_code != 200:
                raise RuntimeError(f"{path}: {answer.status_code}")

        return call

    old = datetime.now(UTC) - timedelta(days=730)
    return {
        "list": get("/api/cases?limit=20"),
        "list, viewer": get("/api/cases?limit=20", "viewer"),
        "list, result": get("/api/cases?limit=20&result=safe"),
        "list, two": get("/api/cases?limit=20&status=settled&result=safe"),
        "list, user": get("/api/cases?user=person7@example.com"),
        # As many as both stores have: a page costs by what is on it.
        **{
            f"list, {one}": get(f"/api/cases?limit={min(20, many)}&status={one}")
            for one, many in MIX.items()
        },
        "case": get(f"/api/cases/{newest}"),
        "page of the list": get("/", client=browser),
        "page of the case": get(f"/cases/{newest}", client=browser),
        "sweep": store.works.sweep,
        "notices": lambda: store.notices.due(100),
        "brake, worker": store.brakes.stand,
        "old cases": lambda: store.old_cases.due(old, 200),
    }


def _signed_in(client: FlaskClient) -> FlaskClient:
    answer = client.post(
        "/login",
        data={"token": TOKENS["operator"]},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    if answer.status_code >= 400:
        raise RuntimeError(f"/login: {answer.status_code}")
    return client


def measured(many: int = MANY) -> tuple[list[Figure], dict[str, object]]:
    """Measure, and return figures and details."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR)
    )
    with (
        store_of_its_own() as (few_settings, few_store, few_client),
        store_of_its_own() as (settings, store, client),
    ):
        originals = [(original(client, kind), share) for kind, share in MIX.items()]
        client.flushall()
        fill(few_client, originals, FEW)
        began = time.monotonic()
        fill(client, originals, many)
        filled = time.monotonic() - began
        of_few = asked_for(few_settings, few_store, _newest(few_store))
        of_many = asked_for(settings, store, _newest(store))
        # What was made so far is looked through no more.
        gc.collect()
        gc.freeze()
        asked = {name: compared(of_few[name], of_many[name]) for name in of_few}
        gc.unfreeze()
        info: Any = client.info("memory")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    details = {
        "cases": many,
        "fill_seconds": round(filled, 1),
        "store_mb": round(info["used_memory"] / 1e6),
        "web_peak_mb": peak,
        "calls_each": CALLS,
        "asked": asked,
    }
    return figures_of(asked, many), details


def figures_of(asked: Mapping[str, dict[str, Any]], many: int) -> list[Figure]:
    """Say each headline by the worst of its kind."""
    lists = [name for name in asked if name.startswith(("list", "page of the list"))]
    workers = ("sweep", "notices", "brake, worker", "old cases")
    return [
        _figure("case list", lists, asked, many),
        _figure("case and its page", ["case", "page of the case"], asked, many),
        _figure("what workers ask each second", list(workers), asked, many),
    ]


def _figure(
    measure: str, names: list[str], asked: Mapping[str, dict[str, Any]], many: int
) -> Figure:
    worst = max(names, key=lambda name: asked[name]["p99_ratio"])
    one = asked[worst]
    return Figure(
        f"{measure}, {many:,} cases in the store, p99",
        f"≤ {GOAL:g} times that with {FEW}",
        one["p99_ratio"],
        GOAL,
        ours=one["many"]["p99_ms"],
        peer=one["few"]["p99_ms"],
        peer_name=f"{FEW} cases",
        unit="ms",
        note=f"the worst of {len(names)}: {worst}; medians {one['p50_ratio']:g} times",
    )


def _newest(store: Store) -> str:
    return store.cases.ids(limit=1)[0]


def show(details: Mapping[str, Any]) -> None:
    """Print all that was asked as a table."""
    out = sys.stdout.write
    out(f"{'':26}{FEW:>8} p50    p99{details['cases']:>10} p50    p99   ratio\n")
    for name, one in details["asked"].items():
        few, many = one["few"], one["many"]
        out(f"{name:26}{few['p50_ms']:>12}{few['p99_ms']:>8}")
        out(f"{many['p50_ms']:>14}{many['p99_ms']:>8}")
        out(f"{one['p50_ratio']:>12}{one['p99_ratio']:>6}\n")


if __name__ == "__main__":
    found = measured(int(sys.argv[1]) if len(sys.argv) > 1 else MANY)
    show(found[1])
    report("ledger", *found)
