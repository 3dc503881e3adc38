"""Write tests/fixtures/stored/format-1.json: a store that format 1 left in use.

The code of the last version that wrote it plays departures that end in every status,
and its worker is killed in the middle of a reset. What its server has then is the
fixture, a key a line.

    PYTHONPATH=. .venv/bin/python -m tests.processes.stored_format_1
"""

import json
import re
import signal
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from simulator import Account, Fault, Simulator, departure_account
from simulator.fault_actions import delay_after, status
from simulator.scenario import (
    FUNCTIONAL_ID_IAM_ID,
    PAYMENTS_GROUP_ID,
    PLATFORM_GROUP_ID,
)
from tests.processes.installation import free_port, installations, until
from tests.processes.older import FORMAT_1, Processes, unpacked
from tests.scenarios.scene import server_of

FILE = Path(__file__).parents[1] / "fixtures" / "stored" / "format-1.json"
# Nothing of a real one: it seals what the fixture has in quarantine.
SETTINGS = {
    "SECRET_KEY": "a-key-of-the-tests-and-of-nobody-else",
    "SOURCE_SCIM_SECRET": "a-secret-of-the-tests-and-of-nobody",
    "MAX_TARGETS_PER_CASE": "2",
    "MAX_CASES_PER_HOUR": "7",
    "VERIFY_DEADLINE_SECONDS": "20",
    "CANARY": "0",
    "QUARANTINE_DAYS": "365",
}
# Days of the fixture that were to come when it was made, as its texts and its numbers
# have them: they are to come for good.
_NEXT_YEAR = re.compile(r"\b2027-(?=\d\d-\d\d)")
_LATER_MS = 70 * 365 * 86_400_000
_UNTIL = re.compile(r'(\buntil\\*": *\\*")20')
_MS = re.compile(r"\b18[0-9]{11}\b")
# Who leaves, and what they own: the name, a region and a group each.
PEOPLE = {
    "mid": (("us-east", PAYMENTS_GROUP_ID),),
    "refused": (("eu-gb", PAYMENTS_GROUP_ID),),
    "held": tuple((one, PLATFORM_GROUP_ID) for one in ("us-east", "eu-gb", "jp-tok")),
}
RESET = "/global/v1/keys"
# A cluster through which nothing can be seen while the fixture is made.
BLIND = "cq1blind00cator0001"


def stored_account(*, is_after: bool = False) -> Account:
    """Make the account of the fixture, as it was before or after it was made."""
    account = departure_account()
    account.replication_lag_seconds = 0.5
    account.set_owner("us-south", PAYMENTS_GROUP_ID, FUNCTIONAL_ID_IAM_ID)
    for number, (name, places) in enumerate(PEOPLE.items()):
        iam_id = f"IBMid-67000{number}"
        account.add_person(iam_id, f"{name}@example.com", name=f"Kim {name.title()}")
        for region, group in places:
            cluster = f"cq1{region.replace('-', '')}{group[:6]}"
            account.add_cluster(cluster, cluster, region=region, group_id=group)
            account.set_owner(region, group, iam_id)
    account.add_cluster(BLIND, "blind", region="ca-tor", group_id=PAYMENTS_GROUP_ID)
    account.set_owner("ca-tor", PAYMENTS_GROUP_ID, FUNCTIONAL_ID_IAM_ID)
    if is_after:
        for place in (
            ("us-south", PLATFORM_GROUP_ID),
            ("eu-de", PAYMENTS_GROUP_ID),
            *PEOPLE["mid"],
        ):
            account.set_owner(*place, FUNCTIONAL_ID_IAM_ID)
    return account


def play(service, processes: Processes) -> None:
    """Play everything that the fixture has; the worker is dead at the end."""
    faults = service.simulator.faults
    no = status(403, "{}")
    faults.add(Fault("GET", f".*/logging/{BLIND}/clusterkeyowner", no, times=None))
    processes.start("store", "store", old=True)
    port = free_port()
    service.url = f"http://127.0.0.1:{port}"
    for name in ("worker", "beat"):
        processes.start(name, name, old=True)
    processes.start("web", "web", old=True, port=port)
    service.await_ready()
    service.surveyed()
    spot = {"account_id": service.simulator.account.account_id, "region": "ca-tor"}
    spot |= {"resource_group": PAYMENTS_GROUP_ID, "reason": "being made", "days": 30}
    assert service.call("POST", "/api/blind-spots", role="approver", json=spot).ok
    # Settled, safe: two targets, one of them with follow-ups.
    [safe] = service.tell("dana.lee@example.com", "msg_safe").json()["cases"]
    service.settled(safe)
    # Settled, attention: the far side refuses the reset.
    faults.add(Fault("POST", RESET, no, times=None, where={"X-Region": "eu-gb"}))
    [refused] = service.tell("refused@example.com", "msg_refused").json()["cases"]
    service.settled(refused)
    # Clean, a dry run, and one that is over before its day.
    service.tell("nobody@example.com", "msg_clean")
    service.call("POST", "/offboard/robin.park@example.com", json={"dry_run": True})
    day = f"{datetime.now(UTC) + timedelta(days=300):%Y-%m-%dT00:00:00Z}"
    service.tell("robin.park@example.com", "msg_scheduled", effective_at=day)
    asked = service.tell("later@example.com", "msg_cancelled", effective_at=day)
    [cancelled] = asked.json()["cases"]
    service.call("POST", f"/api/cases/{cancelled}/cancel")
    # Waiting: more targets than the guard lets go.
    [held] = service.tell("held@example.com", "msg_held").json()["cases"]
    until(lambda: service.case(held)["status"] == "waiting")
    # Of SCIM, a user who works here.
    user = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"]}
    user |= {"userName": "sam.roe@example.com", "active": True}
    secret = SETTINGS["SOURCE_SCIM_SECRET"]
    requests.post(
        f"{service.url}/scim/v2/Users",
        json=user,
        headers={"Authorization": f"Bearer {secret}"},
        timeout=30,
    )
    # Open, in the middle of a reset whose answer never came.
    hangs = Fault("POST", RESET, delay_after(60), where={"X-Region": "us-east"})
    faults.add(hangs)
    service.tell("mid@example.com", "msg_mid")
    until(lambda: hangs not in faults.unfired())
    service.end("worker", signal.SIGKILL)
    # With nobody to work or to tell: the brake, quarantine, and what is only due.
    for number in range(3):
        service.tell(f"many{number}@example.com", f"msg_many{number}")
    service.send("user.departed", "msg_unreadable", {"subjects": []})


def dumped(client) -> dict[str, object]:
    """Read a server whole: type, value, and what is left of a key's life."""
    reads = {
        "string": client.get,
        "hash": client.hgetall,
        "list": lambda key: client.lrange(key, 0, -1),
        "set": lambda key: sorted(client.smembers(key)),
        "zset": lambda key: client.zrange(key, 0, -1, withscores=True),
    }
    found = {}
    # Of the calls of the last seconds nothing is left by the time it is loaded.
    keys = {*client.scan_iter("*", count=1000)} - {"offboard:budget"}
    for key in sorted(keys):
        kind, left = client.type(key), client.pttl(key)
        found[key] = [kind, reads[kind](key), left if left > 0 else None]
    return found


def load(client, file: Path = FILE) -> None:
    """Put the fixture into an empty server, as if it had been left a moment ago."""
    writes = {
        "string": client.set,
        "hash": lambda key, value: client.hset(key, mapping=value),
        "list": lambda key, value: client.rpush(key, *value),
        "set": lambda key, value: client.sadd(key, *value),
        "zset": lambda key, value: client.zadd(key, dict(value)),
    }
    for key, (kind, value, left_ms) in json.loads(file.read_text("utf-8")).items():
        # What is chained and signed stays as it is.
        is_proof = key.endswith((":ledger", ":chain")) or "register" in key
        writes[kind](key, value if is_proof else _put_off(value))
        if left_ms:
            client.pexpire(key, left_ms)
    seconds, _ = client.time()
    client.set("offboard:swept", seconds * 1000)


def _put_off(value: object) -> object:
    text = json.dumps(value)
    text = _UNTIL.sub(r"\g<1>21", _NEXT_YEAR.sub("2097-", text))
    return json.loads(_MS.sub(_later, text))


def _later(found: "re.Match[str]") -> str:
    return str(int(found[0]) + _LATER_MS)


def main() -> None:
    """Play it with the old code, and write what its server has."""
    folder = Path(tempfile.mkdtemp(prefix="ofb-code"))
    with Simulator([stored_account()]) as simulator, installations(simulator) as make:
        service = make(**SETTINGS)
        play(service, Processes(service, unpacked(FORMAT_1, folder)))
        for name in ("web", "beat"):
            service.end(name)
        with server_of(service) as client:
            lines = [
                f"{json.dumps(key)}: {json.dumps(value)}"
                for key, value in dumped(client).items()
            ]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
