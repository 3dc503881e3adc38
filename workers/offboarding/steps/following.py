"""What a settled case leaves to be done: add-ons asked for, follow-ups made.

Asked after owner-safe, so that no reset waits for it.
"""

from datetime import datetime
from functools import partial

from workers.offboarding.after_reset import (
    Means,
    Unseen,
    clusters_to_ask,
    left_by_reset,
)
from workers.offboarding.discovery import at_once
from workers.offboarding.errors import PermanentError, TransientError
from workers.offboarding.judging import followed_up
from workers.offboarding.model import Case, CaseTarget, Cluster, Target
from workers.offboarding.steps.tools import Tools, with_targets

_Question = tuple[Target, Cluster]


def followed(tools: Tools, case: Case, now: datetime) -> tuple[CaseTarget, ...]:
    """Return the targets whose follow-ups are not as they are in the case.

    Only for a case all of whose targets are settled: nobody else writes them then. A
    dry run reset nothing, so that only a credential of the leaver is left to it.
    """
    before = {one.target.id: one for one in case.targets}
    case = with_targets(case, followed_up(case, now))
    case = with_targets(case, _left(tools, case, now))
    return tuple(one for one in case.targets if one != before[one.target.id])


def _left(tools: Tools, case: Case, now: datetime) -> list[CaseTarget]:
    mine = [one for one in case.targets if one.was_reset_here and not case.dry_run]
    questions = [
        (one.target, cluster) for one in mine for cluster in clusters_to_ask(one)
    ]
    answers = at_once(partial(_addons, tools), questions)
    asked = {
        cluster.id: answer
        for (_, cluster), answer in zip(questions, answers, strict=True)
    }
    means = Means(tools.refreshes_masters, tools.retirement, tools.settle)
    return [left_by_reset(one, asked, means, now) for one in mine]


def _addons(tools: Tools, question: _Question) -> tuple[str, ...] | Unseen:
    target, cluster = question
    try:
        return tuple(tools.account(target.account_id).cloud.addons(target, cluster))
    except (PermanentError, TransientError) as error:
        return Unseen(str(error))
