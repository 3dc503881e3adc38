"""Deliveries of the HR systems, proven as each of them proves itself."""

import base64
import hashlib
import hmac
import json
from pathlib import Path

from config.settings import Secret
from config.sources import (
    BamboohrSettings,
    GustoSettings,
    HibobSettings,
    PersonioSettings,
    Sources,
)

FIXTURES = Path(__file__).parents[2] / "fixtures"
STAMP = "1771236131"
BERLIN = "Europe/Berlin"
BAMBOO_KEY = "bamboo-demo-private-key"
API = {"api_url": "https://hr.example.com", "api_token": Secret("id:token-of-api")}

SOURCES = Sources(
    bamboohr=BamboohrSettings(
        secret=(Secret("bamboo-new-private-key"), Secret(BAMBOO_KEY)), timezone=BERLIN
    ),
    hibob=HibobSettings(
        secret=(Secret("bob-new-secret-1"), Secret("bob-old-secret-1")),
        timezone=BERLIN,
        **API,
    ),
    personio=PersonioSettings(
        secret=(Secret("personio-new-path"), Secret("personio-old-path")),
        timezone=BERLIN,
        **API,
    ),
    gusto=GustoSettings(
        secret=(Secret("gusto-new-token-1"), Secret("gusto-old-token-1")),
        timezone=BERLIN,
        **API,
    ),
)
JSON = {"Content-Type": "application/json"}


def bamboohr(raw, key=BAMBOO_KEY, stamp=STAMP):
    signed = raw + stamp.encode()
    digest = hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()
    return JSON | {"X-BambooHR-Timestamp": stamp, "X-BambooHR-Signature": digest}


def hibob(raw, key="bob-old-secret-1"):
    digest = hmac.new(key.encode(), raw, hashlib.sha512).digest()
    return JSON | {"Bob-Signature": base64.b64encode(digest).decode()}


def personio(raw, key="personio-old-path"):
    return JSON | {"Authorization": f"Bearer {key}"}


def gusto(raw, key="gusto-old-token-1"):
    digest = hmac.new(key.encode(), raw, hashlib.sha256).hexdigest()
    return JSON | {"X-Gusto-Signature": digest}


HEADERS = {"bamboohr": bamboohr, "hibob": hibob, "personio": personio, "gusto": gusto}
SUCCESS = {"bamboohr": 200, "hibob": 200, "personio": 202, "gusto": 202}


def bob_event(type="employee.left", data=None, **over):
    return {
        "companyId": 636192,
        "type": type,
        "triggeredBy": "3332883884017713238",
        "triggeredAt": "2026-02-16T10:00:00Z",
        "version": "v2",
        "data": {"employeeId": "3332883911884669725"} if data is None else data,
        **over,
    }


def personio_event(event_name="employment.terminated", payload=None, **over):
    return {
        "company_id": "4711",
        "event_name": event_name,
        "occurred_at": "2026-02-16T10:00:00Z",
        "payload": {"person_id": "3003"} if payload is None else payload,
        **over,
    }


def gusto_event(event_type="employee.terminated", **over):
    return {
        "uuid": "03ffbf0c-48a9-4f1c-932a-546413a26ad1",
        "event_type": event_type,
        "resource_type": "Company",
        "resource_uuid": "5df911a0-e8e9-412d-8aaf-a46ad193dd96",
        "entity_type": "Employee",
        "entity_uuid": "bcfc9744-0ab3-4ef3-ab0d-e728255d659c",
        "timestamp": 1771236131,
        **over,
    }


SAMPLE = (FIXTURES / "bamboohr" / "bamboohr-status-terminated.json").read_bytes()
GOOD = {
    "bamboohr": SAMPLE,
    "hibob": json.dumps(bob_event()).encode(),
    "personio": json.dumps(personio_event()).encode(),
    "gusto": json.dumps(gusto_event()).encode(),
}
