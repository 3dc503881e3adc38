"""Every HTTP call the simulator got, in order of arrival.

Holds no token, key or body: whether an Authorization header came is all it says.
"""

import threading
from dataclasses import dataclass, field, replace

KEPT_HEADERS = (
    "X-Region",
    "X-Auth-Resource-Group",
    "X-Auth-Resource-Group-ID",
    "X-Auth-Resource-Account",
)
RESET_PATH = "/global/v1/keys"


@dataclass(frozen=True, slots=True)
class Call:
    """One call.

    ``at`` and ``answered_at`` are epoch seconds; ``status`` is None while it is under
    way and when it was cut off; ``caller`` is the IAM ID of the token, ``fault`` the
    kind of the fault that hit it, ``request_id`` the id the answer carried.
    ``account_id`` is the token's account. ``done`` is the status that IBM Cloud's own
    part answered, whatever a fault then made of it and entered before a fault holds
    the answer back; None where it was never asked.
    """

    at: float
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    has_authorization: bool = False
    caller: str | None = None
    status: int | None = None
    fault: str | None = None
    answered_at: float | None = None
    request_id: str | None = None
    account_id: str | None = None
    done: int | None = None

    @property
    def took_effect(self) -> bool:
        """Tell whether it did what it asked for, whatever it was answered."""
        return self.done is not None and 200 <= self.done < 300


class Journal:
    """The calls; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next_id = 0
        self._calls: dict[int, Call] = {}

    def arrived(self, call: Call) -> int:
        """Enter a call, and answer the number to finish it under."""
        with self._lock:
            self._next_id += 1
            self._calls[self._next_id] = call
            return self._next_id

    def took_place(self, number: int, done: int) -> None:
        """Enter what IBM Cloud's own part answered, while the answer is still held."""
        with self._lock:
            if number in self._calls:
                self._calls[number] = replace(self._calls[number], done=done)

    def finished(
        self,
        number: int,
        *,
        status: int | None,
        fault: str | None,
        answered_at: float,
        request_id: str | None,
    ) -> None:
        """Fill in how a call ended; one cleared meanwhile stays forgotten."""
        with self._lock:
            if number not in self._calls:
                return
            self._calls[number] = replace(
                self._calls[number],
                status=status,
                fault=fault,
                answered_at=answered_at,
                request_id=request_id,
            )

    def calls(self, method: str | None = None, path: str | None = None) -> list[Call]:
        """Answer the calls, narrowed to a method and an exact path."""
        with self._lock:
            everything = list(self._calls.values())
        return [
            call
            for call in everything
            if method in (None, call.method) and path in (None, call.path)
        ]

    def resets(self) -> list[Call]:
        """Answer the calls of POST /global/v1/keys, whatever became of them."""
        return self.calls("POST", RESET_PATH)

    def writes(self) -> list[Call]:
        """Answer the calls to IBM Cloud that may change something; no token calls."""
        return [
            call
            for call in self.calls()
            if call.method not in {"GET", "HEAD", "OPTIONS"}
            and call.path != "/identity/token"
            and not call.path.startswith("/slack/")
        ]

    def clear(self) -> None:
        """Forget all calls."""
        with self._lock:
            self._calls.clear()
