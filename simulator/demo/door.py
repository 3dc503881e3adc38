"""The service's front door as its callers use it: a signed event, and the case.

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

_TIMEOUT_SECONDS: Final = 5.0
EVENT_PATH: Final = "/events/standard"


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
    """What the service said to an event, and how long that took."""

    status: int
    phrase: str
    text: str
    seconds: float

    @property
    def case_id(self) -> str | None:
        """Return the case that the event opened; None if it was not taken."""
        if self.status != requests.codes.accepted:
            return None
        opened: list[str] = json.loads(self.text)["cases"]
        return opened[0] if opened else None


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
        began = time.perf_counter()
        answer = self._session.post(
            self._url + EVENT_PATH,
            data=event.body.encode(),
            headers={
                "Content-Type": "application/json",
                "webhook-id": event.message_id,
                "webhook-timestamp": event.timestamp,
                "webhook-signature": event.signature(self._keys.signing),
            },
            timeout=_TIMEOUT_SECONDS,
        )
        seconds = time.perf_counter() - began
        return Answer(answer.status_code, answer.reason, answer.text.strip(), seconds)

    def case(self, case_id: str) -> dict[str, Any] | None:
        """Read a case; None where there is no answer this time."""
        try:
            answer = self._session.get(
                f"{self._url}/api/cases/{case_id}",
                headers={"Authorization": f"Bearer {self._keys.token}"},
                timeout=_TIMEOUT_SECONDS,
            )
            found: dict[str, Any] | None = answer.json() if answer.ok else None
        except requests.RequestException:
            return None
        return found

    def close(self) -> None:
        """Close its connections."""
        self._session.close()
