"""A storm of departures against one installation, its workers killed meanwhile.

The short form is a test, the long one a benchmark.
"""

import base64
import hashlib
import hmac
import http.client
import json
import math
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from threading import Event, Lock, Thread

from tests.processes.installation import SECRET, SHORT_LEASE, Service, until
from workers.desk.opening import Store
from workers.offboarding.model import CaseStatus

SENDERS = 16
TRIES = 50
# Who owns something: they are sent first, so that the brake lets them go.
OWNERS = ("dana.lee@example.com", "robin.park@example.com")


@dataclass
class Sent:
    """What a sender was told, and when."""

    first_at: dict[str, float] = field(default_factory=dict)
    answered: dict[str, set[str]] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)
    lock: Lock = field(default_factory=Lock)

    def accepted(self, key: str, case_id: str, began: float) -> None:
        now = time.monotonic()
        with self.lock:
            self.first_at.setdefault(key, now)
            self.answered.setdefault(key, set()).add(case_id)
            self.seconds.append(now - began)


def messages(many: int, dice: random.Random) -> list[tuple[str, bytes, dict[str, str]]]:
    """Sign *many* deliveries, of which three in ten are repeats of another."""
    different = many * 7 // 10
    people = [*OWNERS, *(f"person{n}@example.com" for n in range(2, different))]
    order = list(range(len(OWNERS), different))
    order += [dice.randrange(different) for _ in range(many - different)]
    dice.shuffle(order)
    numbers = [*range(len(OWNERS)), *order]
    return [signed(f"msg_{number}", people[number]) for number in numbers]


def signed(message_id: str, email: str) -> tuple[str, bytes, dict[str, str]]:
    data = {"subjects": [{"format": "email", "email": email}]}
    body = json.dumps({"type": "user.departed", "data": data}).encode()
    at = str(int(time.time()))
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    mark = hmac.new(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256)
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(mark.digest()).decode()}",
    }
    return message_id, body, headers


def send(
    service: Service,
    queue: Iterator,
    take: Lock,
    sent: Sent,
    pace: float,
    at_most_seconds: float = math.inf,
) -> None:
    """Send what is next, no sooner than its time, until each has its 202."""
    line = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    began_all = time.monotonic()
    while True:
        is_over = time.monotonic() - began_all > at_most_seconds
        with take:
            number, (key, body, headers) = (
                (0, ("", b"", {})) if is_over else next(queue, (0, ("", b"", {})))
            )
            sent.keys.add(key)
        if not key:
            line.close()
            return
        time.sleep(max(0.0, began_all + number * pace - time.monotonic()))
        for _ in range(TRIES):
            began = time.monotonic()
            try:
                line.request("POST", "/events/standard", body, headers)
                answer = line.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException) as error:
                line.close()
                sent.refused[type(error).__name__] += 1
                # A web that is away comes back later than it is asked in vain.
                time.sleep(0.1)
                continue
            if answer.status == 202:
                sent.accepted(key, json.loads(text)["cases"][0], began)
                break
            # As a sender does: what was not acknowledged is sent again.
            sent.refused[str(answer.status)] += 1
            time.sleep(0.1)


def kill_workers(
    service: Service, store: Store, many: int, over: Event, dice: random.Random
) -> int:
    """Kill the worker *many* times while it works, and start it anew each time.

    One that was not given the time to begin would prove nothing.
    """
    for number in range(many):
        since = datetime.now(UTC)
        while not _works_since(store, since):
            if over.wait(0.05):
                return number
        over.wait(dice.uniform(0.0, 2.0))
        service.end("worker", 9)
        service.start("worker", code=SHORT_LEASE)
    return many


def _works_since(store: Store, since: datetime) -> bool:
    swept_at = store.switches.swept_at()
    return swept_at is not None and swept_at > since


def watch_brake(store: Store, over: Event, seen: dict[str, float]) -> None:
    while not over.wait(0.02):
        if store.brakes.stand().waiting:
            seen["brake"] = time.monotonic()
            return


def peak_memory(service: Service, over: Event, peaks: dict[str, int]) -> None:
    """Keep the most that each process with its children had resident, in MB."""
    while not over.wait(0.5):
        for name, process in list(service.running.items()):
            used = sum(map(_resident_mb, _members(process.pid)))
            peaks[name] = max(peaks.get(name, 0), used)


def _members(group: int) -> Iterator[int]:
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(each.name)) == group:
                yield int(each.name)
        except ProcessLookupError:
            continue


def _resident_mb(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGESIZE") // 1_000_000


def play(
    service: Service,
    store: Store,
    many: int,
    *,
    seconds: float,
    deaths: int,
    limit: int,
    seed: int,
    at_most_seconds: float = math.inf,
    resets: Callable[[], list] | None = None,
) -> dict[str, object]:
    """Have a storm of *many* deliveries in *seconds*, or as fast as they are taken.

    After *at_most_seconds* no more are sent. *resets* lists those that were made; by
    default the simulator's journal does.
    """
    dice = random.Random(seed)  # noqa: S311 - only a shuffle
    sent, seen, over, peaks = Sent(), {}, Event(), {}
    kills: list[int] = []
    signed_ones, take = messages(many, dice), Lock()
    # Sixteen senders at once keep no order, and the brake counts who comes first.
    first, rest = signed_ones[: len(OWNERS)], signed_ones[len(OWNERS) :]
    queue = iter(enumerate(rest))
    killer = Thread(
        target=lambda: kills.append(kill_workers(service, store, deaths, over, dice))
    )
    asides = [
        Thread(target=watch_brake, args=(store, over, seen)),
        Thread(target=peak_memory, args=(service, over, peaks)),
    ]
    senders = [
        Thread(
            target=send,
            args=(service, queue, take, sent, seconds / many, at_most_seconds),
        )
        for _ in range(SENDERS)
    ]
    began = time.monotonic()
    send(service, iter(enumerate(first)), take, sent, 0.0)
    for each in (killer, *asides, *senders):
        each.start()
    try:
        for each in senders:
            each.join()
        took = time.monotonic() - began
        killer.join(120)
        _await_end(service, store)
    finally:
        over.set()
        for each in (killer, *asides):
            each.join()
    return {
        "seed": seed,
        "deliveries": len(sent.seconds),
        "seconds": round(took, 1),
        "per_second": round(len(sent.seconds) / took),
        "p50_ms": round(quantiles(sent.seconds, n=100)[49] * 1000, 1),
        "p99_ms": round(quantiles(sent.seconds, n=100)[98] * 1000, 1),
        "sent_again": dict(sent.refused),
        "worker_kills": kills[0],
        "peak_mb": peaks,
        **judged(
            store, limit, sent, seen, (resets or service.simulator.journal.resets)()
        ),
    }


def _await_end(service: Service, store: Store) -> None:
    """Wait until all that the brake let go is settled; say where what is not stands."""

    def is_over() -> bool:
        service.see_no_crash()
        return not store.cases.ids(status=CaseStatus.OPEN, limit=1)

    try:
        until(is_over, seconds=150)
    except AssertionError as error:
        left = store.cases.load_all(store.cases.ids(status=CaseStatus.OPEN, limit=10))
        last = {one.id: store.cases.ledger(one.id)[-1] for one in left}
        raise AssertionError(f"{len(left)} cases are still open: {last}") from error


def judged(
    store: Store, limit: int, sent: Sent, seen: dict[str, float], made: list
) -> dict[str, object]:
    """Hold what was acknowledged against the store, resets against the journal."""
    keys = sent.keys - {""}
    ids = [min(one) for one in sent.answered.values()]
    found = {
        one.id: one
        for at in range(0, len(ids), 500)
        for one in store.cases.load_all(ids[at : at + 500])
    }
    held = {one.case_id for one in store.brakes.held()}
    lost = [
        key
        for key in keys
        if not (of := sent.answered.get(key))
        or not (case := found.get(min(of)))
        or case.opened_by.event_key != f"standard:{key}"
        or not (case.status == "settled" or case.id in held)
    ]
    resets = Counter(
        (one.headers.get("X-Region"), one.headers.get("X-Auth-Resource-Group"))
        for one in made
    )
    order = sorted(sent.first_at.values())
    late = seen["brake"] - order[limit] if "brake" in seen else None
    return {
        "accepted": len(sent.answered),
        "lost": len(lost),
        "two_cases_of_one_event": sum(len(one) > 1 for one in sent.answered.values()),
        "resets": sum(resets.values()),
        "reset_twice": sum(many > 1 for many in resets.values()),
        "waiting": len(held),
        "brake_after_threshold_seconds": None if late is None else round(late, 3),
    }
