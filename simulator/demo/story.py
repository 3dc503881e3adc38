"""What was seen of one departure, as it went on, and the evidence in it.

Knows the simulator's witnesses and the case; shows nothing.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from simulator.demo import exposure
from simulator.demo.evidence import Evidence, counted_once
from simulator.demo.exposure import Holding, Place
from simulator.demo.progress import Line, account_lines, case_lines, place_of
from simulator.demo.witness import posted_at, seen_of
from simulator.scenario import FUNCTIONAL_ID_IAM_ID, LEAVER_IAM_ID
from simulator.server import Simulator

_ENDED = ("settled", "waiting", "cancelled")


@dataclass(slots=True)
class Story:
    """One departure so far. Times are epoch seconds."""

    simulator: Simulator
    before: tuple[Holding, ...]
    sent_at: float
    case: dict[str, Any] = field(default_factory=dict)
    said_at: dict[Place, float] = field(default_factory=dict)
    mailed_at: list[float] = field(default_factory=list)
    _told: set[Line] = field(default_factory=set)
    _ended: set[Place] = field(default_factory=set)

    @property
    def is_over(self) -> bool:
        """Tell whether the case has ended, or waits for a person, and was told."""
        pending = [one for one in self.case["reports"] if one["state"] == "pending"]
        return self.case["status"] in _ENDED and not pending

    def take(self, case: dict[str, Any]) -> None:
        """Take the case as it was just read, and look what has arrived meanwhile."""
        now = time.time()
        self.case = case
        for one in case["targets"]:
            if one["outcome"] == "verified":
                self.said_at.setdefault(place_of(one), now)
        arrived = len(self.simulator.mail.messages)
        self.mailed_at += [now] * (arrived - len(self.mailed_at))

    def news(self) -> Iterator[Line]:
        """Tell what has happened since this was last asked."""
        seen = seen_of(self.simulator.journal.calls(), self.before)
        lag_seconds = self.simulator.account.replication_lag_seconds
        lines = account_lines(seen, self.before, lag_seconds, self._name_of)
        lines += case_lines(self.case, self._ended, time.time())
        for line in sorted(lines, key=lambda one: one.at):
            if line not in self._told:
                self._told.add(line)
                yield line

    def _name_of(self, iam_id: str) -> str:
        return exposure.owner_name(self.simulator.account, iam_id)

    def evidence(self) -> Evidence:
        """Gather all that was seen."""
        journal, account = self.simulator.journal, self.simulator.account
        return Evidence(
            leaver_id=LEAVER_IAM_ID,
            functional_id=FUNCTIONAL_ID_IAM_ID,
            before=self.before,
            after=exposure.after(account, self.before),
            seen=tuple(seen_of(journal.calls(), self.before)),
            writes=len(journal.writes()),
            case=self.case,
            said_at=self.said_at,
            sent_at=self.sent_at,
            lag_seconds=account.replication_lag_seconds,
            told_at={
                "Slack": counted_once(posted_at(journal.calls())),
                "mail": counted_once(self.mailed_at),
            },
        )
