"""A case of many targets on a real store: worked off step by step, and measured."""

import time
from collections import Counter, deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from factories import FID, NOON, a_case, a_case_target, a_standing, a_target
from fakes import a_world

from workers.notify import mail_cut, mail_message, slack_blocks
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    Case,
    CaseResult,
    CaseStatus,
    Outcome,
    Plan,
    ReportKind,
)
from workers.offboarding.polls import OwnLags
from workers.offboarding.report import report_of
from workers.store.cases import Cases
from workers.store.connection import PREFIX
from workers.store.switches import Switches
from workers.store.work import Works
from workers.tasks import perform


def now_utc():
    return datetime.now(UTC)


class LargeCase:
    """One departure of somebody who owns *many* targets."""

    def __init__(self, client, many):
        targets = [
            a_target(f"region-{number % 10}", f"group-{number:04}")
            for number in range(many)
        ]
        self.client = client
        self.world = a_world(*targets)
        self.world.cloud.clock = now_utc
        # An account may have raised the limit of a functional ID's keys.
        able = replace(a_standing(FID), key_limit=many + 20)
        self.world.cloud.standings = {FID.id: able}
        self.cases, self.works = Cases(client), Works(client)
        # As after the first departure: it is known that resets show at once.
        lags = OwnLags(scouts=0)
        lags.note(self.world.cloud.account_id, 0.0)
        self.tools = replace(
            self.world.tools,
            cases=self.cases,
            works=self.works,
            switches=Switches(client),
            lags=lags,
            clock=now_utc,
            max_targets=many,
            canary=False,
        )
        self.world.tools = self.tools
        self.office = SimpleNamespace(
            dry=self.tools, armed=self.tools, works=self.works
        )
        self.seconds: Counter[str] = Counter()
        self.tasks: Counter[str] = Counter()

    def run(self, *, at_most_seconds: float) -> Case:
        """Work until it is settled and told; AssertionError where that never comes."""
        now = now_utc()
        case = replace(a_case(), received_at=now, effective_at=now, starts_at=now)
        self.world.store = self.cases
        case_id = self.world.open(case)
        ends = time.monotonic() + at_most_seconds
        sent = deque(self._due())
        while not self._is_over(case_id, sent):
            assert time.monotonic() < ends, f"not over: {self.tasks}"
            if not sent:
                time.sleep(0.02)
                sent += self._due()
                continue
            work = sent.popleft()
            began = time.perf_counter()
            sent += self.do(work)
            self.seconds[work.step] += time.perf_counter() - began
            self.tasks[work.step] += 1
        return self.cases.load(case_id)

    def do(self, work):
        """Do a piece of work as the task does."""
        return perform(self.office, work)

    def _due(self):
        for member in self.client.zrange(f"{PREFIX}due", 0, -1):
            self.client.zadd(f"{PREFIX}due", {member: 1})
        return self.works.sweep()

    def _is_over(self, case_id, sent):
        if sent:
            return False
        case = self.cases.load(case_id)
        told = case.reports and all(one.state == "sent" for one in case.reports)
        return case.status is CaseStatus.SETTLED and told

    def sizes(self, case_id):
        """Tell how large the case is in the store, in bytes, a key each."""
        parts = {"head": 0, "targets": 0, "ledger": 0}
        key = f"{PREFIX}case:{case_id}"
        parts["head"] = len(self.client.hget(key, "head"))
        targets = self.client.hvals(f"{key}:targets")
        parts["targets"] = sum(map(len, targets))
        parts["largest target"] = max(map(len, targets))
        parts["ledger"] = sum(map(len, self.client.lrange(f"{key}:ledger", 0, -1)))
        return parts


def settled_of(many):
    """Make a case of which every target ended, half of them badly."""
    mine = [
        replace(
            a_case_target(a_target(f"region-{number % 10}", f"group-{number:04}")),
            outcome=Outcome.FAILED if number % 2 else Outcome.VERIFIED,
            reason=Reason.NO_ROLE if number % 2 else None,
            owner_after=FID,
            settled_at=NOON,
        )
        for number in range(many)
    ]
    return replace(
        a_case(),
        targets=tuple(mine),
        plan=Plan("sha256:1", NOON),
        status=CaseStatus.SETTLED,
        result=CaseResult.ATTENTION,
        settled_at=NOON,
    )


def messages_of(case):
    """Return what Slack and mail show of its final report."""
    report = report_of(
        case, ReportKind.FINAL, now=now_utc(), settle=timedelta(minutes=30)
    )
    mail = mail_message.text_of(mail_cut.cut(report))
    return slack_blocks.message_of(report, None), mail
