"""Which ends of cases are nobody's business at the hour: they found nothing at all.

Most people who leave own no cluster key, and a channel that tells of each of them is
not read when one does.
"""

from enum import StrEnum
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.model import Case, CaseKind, CaseResult


class ReportClean(StrEnum):
    """How a case that found nothing is told where a source opened it."""

    DIGEST = "digest"
    EACH = "each"
    NEVER = "never"


# What such a case may warn of and be told later all the same. That a reader's rights
# are not proven is so for every case of its account alike: the digest says it of each.
_LATER: Final = frozenset(
    {Reason.PERSON_NOT_FOUND, Reason.NOT_ARMED, Reason.VISIBILITY_NOT_PROVEN}
)


def found_nothing(case: Case) -> bool:
    """Tell whether a settled case is one of those that a digest is enough for.

    A source alone opened it, nobody was told of it before, nothing of the leaver was
    found, and everything was seen but what an approver accepted as a blind spot. A dry
    run, which each case of a service that is not armed is, counts alike.
    """
    opened = case.opened_by
    is_by_source = opened.event_key is not None and opened.actor is None
    if case.kind is not CaseKind.DEPARTURE or not is_by_source or case.askers:
        return False
    if any(one.is_told_alone for one in case.reports):
        return False
    is_good = case.result in (CaseResult.CLEAN, CaseResult.PLANNED)
    is_nothing = all(one.blind is not None for one in case.targets)
    is_held = case.plan is not None and bool(case.plan.refused)
    is_known = all(one.reason in _LATER for one in case.warnings)
    return is_good and is_nothing and is_known and not is_held
