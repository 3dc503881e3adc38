"""What was seen of one case, as it went on, and the evidence in it.

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
from simulator.demo.witness import seen_of
from simulator.journal import Call
from simulator.mail import CaughtMail
from simulator.server import Simulator
from simulator.slack import SlackMessage

_ENDED = ("settled", "waiting", "cancelled")


@dataclass(frozen=True, slots=True)
class Mark:
    """How much of everything there had been when a story began."""

    calls: int
    writes: int
    messages: int
    mails: int

    @classmethod
    def of(cls, simulator: Simulator) -> "Mark":
        """Count what there is now."""
        return cls(
            len(simulator.journal.calls()),
            len(simulator.journal.writes()),
            len(simulator.slack.messages),
            len(simulator.mail.messages),
        )


@dataclass(slots=True)
class Story:
    """One case so far, from ``sent_at`` on. Times are epoch seconds.

    ``owner_id`` is who owned its targets, ``functional_id`` who is to; ``reported`` is
    how many reports the case had before.
    """

    simulator: Simulator
    owner_id: str
    functional_id: str
    before: tuple[Holding, ...]
    sent_at: float
    begins: Mark
    reported: int = 0
    case: dict[str, Any] = field(default_factory=dict)
    said_at: dict[Place, float] = field(default_factory=dict)
    mailed_at: list[float] = field(default_factory=list)
    _told: set[Line] = field(default_factory=set)
    _ended: set[Place] = field(default_factory=set)

    @classmethod
    def begun(
        cls,
        simulator: Simulator,
        owner_id: str,
        functional_id: str,
        reported: int = 0,
    ) -> "Story":
        """Begin a story with the account as it is now."""
        return cls(
            simulator,
            owner_id,
            functional_id,
            exposure.holdings(simulator.account),
            time.time(),
            Mark.of(simulator),
            reported,
        )

    @property
    def messages(self) -> list[SlackMessage]:
        """Return what Slack was given since it began."""
        return self.simulator.slack.messages[self.begins.messages :]

    @property
    def reports(self) -> list[SlackMessage]:
        """Return what Slack was told once: all but what is kept up to date."""
        roots = {one.thread_ts for one in self.simulator.slack.messages}
        return [one for one in self.messages if one.ts not in roots]

    @property
    def mails(self) -> list[CaughtMail]:
        """Return what the mail server was given since it began."""
        return self.simulator.mail.messages[self.begins.mails :]

    @property
    def lag_seconds(self) -> float:
        """Return how long a reset takes to show."""
        return self.simulator.account.replication_lag_seconds

    @property
    def is_over(self) -> bool:
        """Tell whether the case has ended, or waits for a person, and was told."""
        # What a digest tells of waits for that.
        alone = [one for one in self.case["reports"] if one["kind"] != "digest"]
        pending = [one for one in alone if one["state"] == "pending"]
        return self.case["status"] in _ENDED and not pending

    def take(self, case: dict[str, Any]) -> None:
        """Take the case as it was just read, and look what has arrived meanwhile."""
        now = time.time()
        self.case = case
        for one in case["targets"]:
            if one["outcome"] == "verified":
                self.said_at.setdefault(place_of(one), now)
        self.mailed_at += [now] * (len(self.mails) - len(self.mailed_at))

    def news(self) -> Iterator[Line]:
        """Tell what has happened since this was last asked."""
        seen = seen_of(self._calls(), self.before)
        lines = account_lines(seen, self.before, self.lag_seconds, self._name_of)
        lines += case_lines(self.case, self._ended, time.time())
        for line in sorted(lines, key=lambda one: one.at):
            if line not in self._told:
                self._told.add(line)
                yield line

    def _calls(self) -> list[Call]:
        return self.simulator.journal.calls()[self.begins.calls :]

    def _name_of(self, iam_id: str) -> str:
        return exposure.owner_name(self.simulator.account, iam_id)

    def evidence(self) -> Evidence:
        """Gather all that was seen."""
        return Evidence(
            leaver_id=self.owner_id,
            functional_id=self.functional_id,
            before=self.before,
            after=exposure.after(self.simulator.account, self.before),
            seen=tuple(seen_of(self._calls(), self.before)),
            writes=len(self.simulator.journal.writes()) - self.begins.writes,
            case=self.case,
            said_at=self.said_at,
            sent_at=self.sent_at,
            lag_seconds=self.lag_seconds,
            told_at={
                "Slack": counted_once([one.posted_at for one in self.reports]),
                "mail": counted_once(self.mailed_at),
            },
        )
