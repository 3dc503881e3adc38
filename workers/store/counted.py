"""What a change adds to what is counted; the script that writes it counts it."""

from collections.abc import Iterable
from typing import Final

from workers.offboarding.clocks import owner_safe_seconds, settled_seconds
from workers.offboarding.metrics import (
    CASE_DURATION,
    NOTIFICATIONS,
    OWNER_SAFE,
    TARGETS,
    field_of,
    observed,
)
from workers.offboarding.model import (
    Case,
    CaseStatus,
    CaseTarget,
    ReportLine,
    ReportState,
)

# Whoever tells by other names is one of the sources that speak through webhooks.
_TRIGGERS: Final = frozenset({"api", "slack", "cli", "survey"})
WEBHOOK: Final = "webhook"


def trigger_of(source: str) -> str:
    """Say by what a case was opened, of a few words that can be counted by."""
    return source if source in _TRIGGERS else WEBHOOK


def outcomes_of(targets: Iterable[CaseTarget]) -> dict[str, tuple[str, str]]:
    """Say by target which outcome it has, and where that is counted."""
    return {
        one.target.id: (
            one.outcome,
            field_of(TARGETS, one.target.account_id, one.outcome, one.reason or ""),
        )
        for one in targets
        if one.outcome is not None
    }


def told_by(lines: Iterable[ReportLine]) -> dict[str, tuple[str, str]]:
    """Say by report line how it ended, and where that is counted.

    A line of a digest is none: what tells of many is a notice, and counted as one.
    """
    return {
        one.id: (one.state, field_of(NOTIFICATIONS, one.channel, one.kind, one.state))
        for one in lines
        if one.state is not ReportState.PENDING and one.is_told_alone
    }


def ended_in(case: Case) -> dict[str, int]:
    """Say what a case adds to the histograms as it settles; nothing before."""
    took = settled_seconds(case) if case.status is CaseStatus.SETTLED else None
    if took is None:
        return {}
    safe = owner_safe_seconds(case)
    found = observed(CASE_DURATION, took)
    return found if safe is None else found | observed(OWNER_SAFE, safe)
