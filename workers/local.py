"""`--local`: exposure, gate, doctor and dry runs straight from the account.

No server and no store: it knows only what it reads now, so no case of the service is
looked at, and nothing that surveys have learned. It has no means to write.
"""

import os
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from config.settings import Settings
from workers.desk.opening import now_utc
from workers.desk.places import same_people
from workers.ibmcloud.account import open_cloud
from workers.ibmcloud.pace import LocalBudget
from workers.inspecting import Inspection
from workers.offboarding.checking import check_all, index_now
from workers.offboarding.discovery import look_at_all
from workers.offboarding.exposure import (
    AccountIndex,
    Exposure,
    GateAnswer,
    exposure_of,
)
from workers.offboarding.gate import Asked, answer_of, meant
from workers.offboarding.health import Check
from workers.offboarding.judging import followed_up
from workers.offboarding.model import (
    Case,
    CaseStatus,
    Departure,
    KeyOwner,
    Leaver,
    OpenedBy,
    Person,
    Step,
    Target,
    Work,
)
from workers.offboarding.ports import Account, Change, Claim, Cloud
from workers.offboarding.steps.planning import plan
from workers.offboarding.steps.reporting import result_of
from workers.offboarding.steps.tools import Tools, with_targets

_LOCAL: Final = "local"


@dataclass(frozen=True, slots=True)
class LocalDesk:
    """What can be asked without a service; all of it read for the answer."""

    settings: Settings
    clouds: tuple[Cloud, ...]

    def exposure(self, account_ids: Collection[str] = ()) -> Exposure:
        """Read who owns every target now, of all accounts where none is named."""
        wanted = [
            one
            for one in self.clouds
            if not account_ids or one.account_id in account_ids
        ]
        shown = exposure_of(index_now(wanted, now_utc()))
        names = {one.id: one.name for one in self.settings.accounts}
        # Nothing can be written from here.
        named = (
            replace(one, name=names.get(one.account_id, "")) for one in shown.accounts
        )
        return replace(shown, accounts=tuple(named))

    def gate(self, leaver: Leaver, *, user: str) -> GateAnswer:
        """Read whether a person may be removed, as far as owners tell."""
        began = now_utc()
        asked = Asked(
            user=user,
            leaver=leaver,
            views=look_at_all(self.clouds, None),
            indexes=(),
            settle=timedelta(minutes=self.settings.settle_minutes),
            at=began,
            same_people=same_people(self.settings),
            protected=self.settings.protected_users,
        )
        return answer_of(asked, meant(asked), ())

    def run(self, departure: Departure) -> Case:
        """Tell what a departure would do: a dry run's own road, kept in memory."""
        memory = _OneCase(_opened(departure, now_utc()))
        tools = Tools(
            accounts={one.account_id: Account(one) for one in self.clouds},
            cases=memory,
            works=memory,
            switches=memory,
            index=memory,
            notifiers={},
            clock=now_utc,
            verify_deadline=timedelta(),
            protected=self.settings.protected_users,
            same_people=same_people(self.settings),
            max_targets=self.settings.max_targets_per_case,
            canary=self.settings.canary,
            lets_unknown_go=self.settings.preflight_unknown == "go",
            settle=timedelta(minutes=self.settings.settle_minutes),
        )
        while not memory.is_over:
            plan(tools, Claim(Work(_LOCAL, Step.PLAN), "", "", 1, 1))
            time.sleep(memory.wait_seconds)
        now = now_utc()
        case = replace(memory.case, status=CaseStatus.SETTLED, settled_at=now)
        case = with_targets(case, followed_up(case, now))
        return replace(case, result=result_of(case))

    def doctor(self) -> tuple[Check, ...]:
        """Check the ways to others, and what the configured keys can see."""
        inspection = Inspection(self.settings, os.environ, now_utc)
        return (*inspection.checks(), *check_all(self.clouds))


def _opened(departure: Departure, now: datetime) -> Case:
    return Case(
        id=_LOCAL,
        leaver=departure.leaver,
        named=departure.leaver,
        opened_by=OpenedBy(departure.source),
        received_at=now,
        effective_at=now,
        starts_at=now,
        status=CaseStatus.OPEN,
        dry_run=True,
        is_dry_as_asked=True,
        scope=departure.scope,
        reason=departure.reason,
    )


class _OneCase:
    """Stands for the store where there is none: one dry run, in memory."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.is_over = False
        self.wait_seconds = 0.0

    def load(self, _case_id: str) -> Case:
        return self.case

    def load_part(self, _case_id: str, _target_id: str = "") -> Case:
        return self.case

    def adopt(self, _case: Case) -> str | None:
        return None

    def record(self, _claim: Claim, change: Change) -> None:
        if change.case is not None:
            self.case = change.case

    def finish(self, claim: Claim, change: Change) -> tuple[Work, ...]:
        self.record(claim, change)
        self.is_over, self.wait_seconds = True, 0.0
        return ()

    def again(self, claim: Claim, change: Change, at: datetime) -> tuple[Work, ...]:
        self.record(claim, change)
        self.wait_seconds = max(0.0, (at - now_utc()).total_seconds())
        return ()

    def own_up(self, _case: Case, _change: Change) -> None:
        """Write nothing: a dry run sends nothing that it would have to tell of."""

    def is_paused(self, _account_id: str) -> bool:
        return False

    def is_restored(self) -> bool:
        return False

    def is_protected(self, _refs: Sequence[str]) -> bool:
        return False

    def protect(self, _identities: Sequence[KeyOwner]) -> None:
        """Publish nothing: nobody else is there."""

    def of(self, account_id: str) -> AccountIndex:
        return AccountIndex(account_id)

    def people(self, _account_id: str, _names: Sequence[str]) -> tuple[Person, ...]:
        return ()

    def note(self, _target: Target, _owner: KeyOwner, _at: datetime) -> None:
        """Remember nothing: there is no index."""


def open_local(settings: Settings) -> LocalDesk:
    """Open the way to the accounts that are set up here. No I/O."""
    budget = LocalBudget(settings.ibm_cloud_requests_per_10_seconds)
    clouds = tuple(
        open_cloud(one, settings, budget=budget) for one in settings.accounts
    )
    return LocalDesk(settings, clouds)
