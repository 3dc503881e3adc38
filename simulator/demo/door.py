"""The service's front door as its callers use it: signed events, cases, the gate.

Signs with the standard library alone, as any sender can.
"""

import base64
import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any, Final

import requests

from simulator.demo.running import Keys

# The gate reads live, and takes ten seconds by itself; a loaded machine takes longer.
_TIMEOUT_SECONDS: Final = 30.0
EVENT_PATH: Final = "/events/standard"
ADOPTIONS_PATH: Final = "/api/adoptions"


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it goes in; its signature is made when it is sent."""

    message_id: str
    timestamp: str
    body: str

    @classmethod
    def of_departure(cls, email: str) -> "Event":
        """Make the event that a person leaves now."""
        at = time.time()
        said = {
            "type": "user.departed",
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)),
            "data": {
                "kind": "terminated",
                "subjects": [{"format": "email", "email": email}],
                "reason": "resignation",
            },
        }
        body = json.dumps(said, indent=2)
        return cls(f"msg_{uuid.uuid4().hex[:12]}", str(int(at)), body)

    def signature(self, key: bytes) -> str:
        """Sign the id, the timestamp and the body, as Standard Webhooks asks."""
        signed = f"{self.message_id}.{self.timestamp}.{self.body}".encode()
        made = hmac.new(key, signed, hashlib.sha256).digest()
        return "v1," + base64.b64encode(made).decode("ascii")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said to a request, and how long that took."""

    status: int
    phrase: str
    text: str
    seconds: float

    @property
    def case_id(self) -> str | None:
        """Return the case that it is about; None if what was asked was not taken."""
        if self.status != requests.codes.accepted:
            return None
        said: dict[str, Any] = json.loads(self.text)
        opened = said["cases"] if "cases" in said else [said["case"]["id"]]
        return str(opened[0]) if opened else None


class Door:
    """One caller with the demo's keys."""

    def __init__(self, url: str, keys: Keys) -> None:
        self._url = url
        self._keys = keys
        self._session = requests.Session()
        # Loopback is reached without a proxy, whatever the environment says.
        self._session.trust_env = False

    def is_ready(self) -> bool:
        """Tell whether events are taken in and workers are there for them."""
        try:
            answer = self._session.get(f"{self._url}/readyz", timeout=_TIMEOUT_SECONDS)
            return answer.ok and answer.json().get("status") == "ok"
        except requests.RequestException:
            return False

    def send(self, event: Event) -> Answer:
        """Send *event*, signed; requests' own errors where there is no answer."""
        headers = {
            "Content-Type": "application/json",
            "webhook-id": event.message_id,
            "webhook-timestamp": event.timestamp,
            "webhook-signature": event.signature(self._keys.signing),
        }
        return self._post(EVENT_PATH, event.body, headers)

    def retry(self, case_id: str) -> Answer:
        """Have a case that ended with attention worked on again; errors as ``send``."""
        return self._post(f"/api/cases/{case_id}/retry", "{}", self._as_approver())

    def adopt(self, wanted: dict[str, Any]) -> Answer:
        """Have targets taken over though nobody leaves; errors as ``send``."""
        body = json.dumps(wanted)
        return self._post(ADOPTIONS_PATH, body, self._as_approver())

    def case(self, case_id: str) -> dict[str, Any] | None:
        """Read a case; None where there is no answer this time."""
        return self._get(f"/api/cases/{case_id}")

    def exposure(self) -> dict[str, Any] | None:
        """Read who owns what; None where there is no answer this time."""
        return self._get("/api/exposure")

    def gate(self, email: str) -> dict[str, Any] | None:
        """Ask whether a person may be removed; None where there is no answer."""
        return self._get(f"/api/gate/{email}")

    def close(self) -> None:
        """Close its connections."""
        self._session.close()

    def _as_approver(self) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._keys.token}",
            "Content-Type": "application/json",
        }

    def _post(self, path: str, body: str, headers: dict[str, str]) -> Answer:
        began = time.perf_counter()
        answer = self._session.post(
            self._url + path,
            data=body.encode(),
            headers=headers,
            timeout=_TIMEOUT_SECONDS,
        )
        seconds = time.perf_counter() - began
        return Answer(answer.status_code, answer.reason, answer.text.strip(), seconds)

    def _get(self, path: str) -> dict[str, Any] | None:
        try:
            answer = self._session.get(
                self._url + path, headers=self._as_approver(), timeout=_TIMEOUT_SECONDS
            )
            found: dict[str, Any] | None = answer.json() if answer.ok else None
        except requests.RequestException:
            return None
        return found
