"""Faults on demand: which call goes wrong, how, and how often.

Knows nothing of accounts or Slack; ``gate`` asks it once for every HTTP call.
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from simulator.fault_actions import (
    Action,
    action_from_json,
    bad_gateway,
    cut_json,
    delay,
    delay_after,
    drop_after,
    drop_before,
    empty,
    half_list,
    published_error,
    rate_limited,
    status,
    truncate,
)
from simulator.fields import checked

__all__ = [
    "Action",
    "Fault",
    "FaultPlan",
    "bad_gateway",
    "cut_json",
    "delay",
    "delay_after",
    "drop_after",
    "drop_before",
    "empty",
    "half_list",
    "published_error",
    "published_fault",
    "rate_limited",
    "status",
    "truncate",
]

_FAULT_FIELDS: dict[str, type | tuple[type, ...]] = {
    "method": str,
    "path": str,
    "times": (int, type(None)),
    "skip": int,
    "where": Mapping,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault to come.

    ``path`` is a regular expression that must match the whole URL path (without the
    query). The first ``skip`` matching calls go through; the next ``times`` go wrong
    (None: every one). ``where`` narrows to calls with these header values;
    ``Caller-Account`` is the account of the call's token.
    """

    method: str
    path: str
    action: Action
    times: int | None = 1
    skip: int = 0
    where: Mapping[str, str] = field(default_factory=dict)

    def matches(self, method: str, path: str, headers: Mapping[str, str]) -> bool:
        """Tell whether a call is meant; header names are compared without case."""
        if method != self.method.upper() or not re.fullmatch(self.path, path):
            return False
        given = {name.lower(): value for name, value in headers.items()}
        return all(given.get(n.lower()) == value for n, value in self.where.items())

    def to_json(self) -> dict[str, object]:
        """Shape it for the control routes; ``from_json`` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, given: Mapping[str, object]) -> "Fault":
        """Read a fault from a JSON object with the fields' names.

        ``"published": "P0005"`` may stand for ``action``.

        Raises:
            ValueError: A field is unknown or missing, or ``path`` is no expression.
        """
        how = "published" if "published" in given else "action"
        kinds = {**_FAULT_FIELDS, how: str if how == "published" else Mapping}
        fields = checked(given, kinds, {"method", "path", how})
        read = published_error if how == "published" else action_from_json
        action = read(fields.pop(how))
        fault = cls(action=action, **fields)
        try:
            re.compile(fault.path)
        except re.error as error:
            raise ValueError(f"path is no regular expression: {error}") from error
        return fault


def published_fault(
    method: str,
    path: str,
    code: str,
    *,
    times: int | None = 1,
    skip: int = 0,
    where: Mapping[str, str] | None = None,
) -> Fault:
    """Make a fault that answers an error published by its code, for example P0005.

    Raises:
        ValueError: No published answer has this code.
    """
    action = published_error(code)
    return Fault(method, path, action, times=times, skip=skip, where=dict(where or {}))


@dataclass(slots=True)
class _Planned:
    fault: Fault
    let_through: int = 0
    fired: int = 0

    @property
    def is_spent(self) -> bool:
        return self.fault.times is not None and self.fired >= self.fault.times


class FaultPlan:
    """The faults to come, in order; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[_Planned] = []

    def add(self, fault: Fault) -> None:
        """Plan a fault; earlier ones come first."""
        with self._lock:
            self._planned.append(_Planned(fault))

    def take(self, method: str, path: str, headers: Mapping[str, str]) -> Fault | None:
        """Answer the fault for this call, and count it.

        The first planned fault that matches, is not spent and has skipped enough
        fires; faults after it do not see the call.
        """
        with self._lock:
            for planned in self._planned:
                fault = planned.fault
                if planned.is_spent or not fault.matches(method, path, headers):
                    continue
                if planned.let_through < fault.skip:
                    planned.let_through += 1
                    continue
                planned.fired += 1
                return fault
        return None

    def fired(self) -> list[tuple[Fault, int]]:
        """Answer the faults that fired, with how often."""
        with self._lock:
            return [(p.fault, p.fired) for p in self._planned if p.fired]

    def unfired(self) -> list[Fault]:
        """Answer the faults still to come: fewer than ``times``, or never at all."""
        with self._lock:
            left = [p for p in self._planned if not p.is_spent]
        return [p.fault for p in left if p.fault.times is not None or not p.fired]

    def clear(self) -> None:
        """Forget all faults and their counts."""
        with self._lock:
            self._planned.clear()
