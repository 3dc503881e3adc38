"""The buttons under a message: what may be pressed, and what each says before it acts.

A button carries the case and the plan that was looked at, and nothing that decides: who
may press, and what the case is by then, is looked up when it is pressed.
"""

import json
import uuid
from typing import Any, Final

from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    Case,
    CaseResult,
    CaseStatus,
    CaseTarget,
    ReportKind,
)
from workers.offboarding.notice import Notice, NoticeKind
from workers.offboarding.report.facts import (
    hold_reasons,
    is_approvable,
    is_untouched,
    waiting,
)
from workers.offboarding.words import counted

Block = dict[str, Any]

APPROVE: Final = "offboard.approve"
REFUSE: Final = "offboard.refuse"
RETRY: Final = "offboard.retry"
RELEASE_ALL: Final = "offboard.brake.release"
REFUSE_ALL: Final = "offboard.brake.refuse"

# Slack's, all in characters.
_LONGEST_TITLE: Final = 100
_LONGEST_ASKED: Final = 300
_LONGEST_NAME: Final = 60
_NAMED: Final = 2


def buttons_of(case: Case, kind: ReportKind) -> list[Block]:
    """Return what may be pressed under the report *kind* of a case; often nothing."""
    if kind is ReportKind.HELD and case.status is CaseStatus.WAITING:
        return row(_to_decide(case))
    is_over = case.status is CaseStatus.SETTLED
    if kind is ReportKind.FINAL and is_over and case.result is CaseResult.ATTENTION:
        return row([_retry(case)])
    return []


def buttons_of_notice(notice: Notice) -> list[Block]:
    """Return what may be pressed under a notice: of the brake's, both decisions.

    They carry when that was told: who waits by then may be others altogether.
    """
    if notice.kind is not NoticeKind.BRAKE:
        return []
    bound = {"at": int(notice.at.timestamp())}
    release = button(
        "Release all",
        RELEASE_ALL,
        bound,
        title="Let all departures go on?",
        asks="All that wait by the time you press go on. Each is planned then, and its "
        "own guards hold it where they must.",
        style="primary",
    )
    refuse = button(
        "Refuse all",
        REFUSE_ALL,
        bound,
        title="Cancel all departures?",
        asks="All that wait by the time you press are cancelled, and nothing is "
        "written. Who leaves after all has to be told of anew.",
        style="danger",
    )
    return row([release, refuse])


def _to_decide(case: Case) -> list[Block]:
    reasons = hold_reasons(case)
    if reasons == {Reason.PAUSED}:
        # Nobody has to decide: it goes on when the pause ends.
        return []
    return [*([_approve(case)] if is_approvable(case) else []), _refuse(case)]


def _approve(case: Case) -> Block:
    held = waiting(case)
    takers = _takers(held)
    to = f" to {takers}" if takers else ""
    return button(
        "Approve",
        APPROVE,
        _bound(case),
        title="Let this plan go?",
        asks=f"{_counts(held)} {_go(held)} on{to}. If the plan is another by then, "
        "nothing goes.",
        style="primary",
    )


def _refuse(case: Case) -> Block:
    asks = "The case is cancelled. Nothing was written, and nothing is."
    if not is_untouched(case):
        left = waiting(case)
        ends = "ends" if len(left) == 1 else "end"
        asks = (
            f"{counted(len(left), 'target')} {ends} as failed, without another reset. "
            "What is done stays."
        )
    return button(
        "Refuse",
        REFUSE,
        _bound(case),
        title="Have nothing more written?",
        asks=asks,
        style="danger",
    )


def _retry(case: Case) -> Block:
    left = tuple(one for one in case.targets if not one.is_safe)
    return button(
        "Retry what is left",
        RETRY,
        {"case": case.id},
        title="Look at what is left again?",
        asks=f"What is left ({_counts(left, 'target')}) is read anew, and reset where "
        "the leaver still owns the key. What is safe stays as it is.",
    )


def _bound(case: Case) -> dict[str, Any]:
    return {"case": case.id, "plan": case.plan.hash if case.plan is not None else None}


def _counts(targets: tuple[CaseTarget, ...], word: str = "reset") -> str:
    clusters = sum(len(one.target.clusters) for one in targets)
    return f"{counted(len(targets), word)} with {counted(clusters, 'cluster')}"


def _go(targets: tuple[CaseTarget, ...]) -> str:
    return "goes" if len(targets) == 1 else "go"


def _takers(targets: tuple[CaseTarget, ...]) -> str:
    found = {
        one.functional_id.id: one.functional_id for one in targets if one.functional_id
    }
    names = [
        (one.name or one.email or one.id)[:_LONGEST_NAME] for one in found.values()
    ]
    more = len(names) - _NAMED
    shown = ", ".join(names[:_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown


def button(
    text: str,
    action: str,
    value: dict[str, Any],
    *,
    title: str = "",
    asks: str = "",
    style: str | None = None,
) -> Block:
    """Make a button; with *asks* it asks before it acts. Its texts hold no markup."""
    found: Block = {
        "type": "button",
        "text": _plain(text),
        "action_id": action,
        "value": json.dumps(value, separators=(",", ":")),
    }
    shown = {"style": style} if style else {}
    if asks:
        found["confirm"] = {
            "title": _plain(title[:_LONGEST_TITLE]),
            "text": _plain(asks[:_LONGEST_ASKED]),
            "confirm": _plain(text),
            "deny": _plain("Not now"),
            **shown,
        }
    return found | shown


def row(buttons: list[Block]) -> list[Block]:
    """Put buttons into one block; none makes no block."""
    if not buttons:
        return []
    return [{"type": "actions", "block_id": _fresh_id(), "elements": buttons}]


def _fresh_id() -> str:
    # Slack wants another one whenever a message is edited.
    return f"offboard-{uuid.uuid4().hex}"


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
