"""Write docs/reasons.md: every reason, what it means, who mends it, what to do.

A test compares the page with the code.

    PYTHONPATH=. .venv/bin/python scripts/write_reasons.py
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.heard import Unreadable
from workers.offboarding.reasons import REASONS
from workers.offboarding.unreadable import UNREADABLE

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "reasons.md"
HEAD: Final = """\
# Reasons

Every reason that a case, the gate, exposure or the log can give: what it means, who \
can mend it, and what to do.
Words in capitals stand for what you put there; what a case, a report or a page shows \
has them filled in.
The page is made from the code by `scripts/write_reasons.py`.
How IBM Cloud's own codes lead to these reasons is in `workers/ibmcloud/errors.py`; \
that each comes back as foreseen is not confirmed against a live account.
"""
_RETRY: Final = (
    "Mend it, then `offboard case retry ID`, or *Retry* on the case's page: what is "
    "verified stays, each owner is read again, and nothing is reset twice."
)
# Where a reader meets a reason, and what is the same for all of them there.
GROUPS: Final = (
    (
        "A target was not reset, or not proven",
        f"The case ended with `attention`. {_RETRY}",
        (
            Reason.MISSING_ROLE,
            Reason.CANNOT_CREATE_KEY,
            Reason.KEY_LIMIT,
            Reason.NO_FUNCTIONAL_ID,
            Reason.ACCOUNT_REMOVED,
            Reason.FUNCTIONAL_ID_INACTIVE,
            Reason.FUNCTIONAL_ID_LOCKED,
            Reason.BAD_KEY,
            Reason.WRONG_ACCOUNT,
            Reason.WRONG_IDENTITY,
            Reason.REFUSED_BY_IBM_CLOUD,
            Reason.WRONG_PROVIDER,
            Reason.OWNER_NOT_SHOWN,
            Reason.ANOTHER_OWNER,
            Reason.REFUSED_PLAN,
            Reason.GAVE_UP,
        ),
    ),
    (
        "A target could not be read",
        "Whose its key is, is not known, and it counts for nobody's. "
        f"{_RETRY} Where it cannot be mended, an approver may accept it for 30 days at "
        "most (`offboard blind-spot accept`); no gate turns green by that.",
        (
            Reason.NO_CLUSTER,
            Reason.OWNER_UNKNOWN,
            Reason.UNREACHABLE,
            Reason.NO_ROLE,
            Reason.NOT_FOUND,
            Reason.KEY_NOT_USABLE,
            Reason.RATE_LIMITED,
            Reason.UNEXPECTED_ANSWER,
        ),
    ),
    (
        "A case waits",
        "Nothing is written for it until somebody decides. `offboard case show ID` has "
        "the plan and its hash.",
        (
            Reason.TOO_MANY_TARGETS,
            Reason.PLAN_CHANGED,
            Reason.APPROVER_NOT_LISTED,
            Reason.ANSWERS_LITTLE,
            Reason.CANARY_FAILED,
            Reason.PREFLIGHT_UNKNOWN,
            Reason.BRAKE,
            Reason.PAUSED,
            Reason.AMBIGUOUS_PERSON,
            Reason.PROTECTED_USER,
            Reason.RULE_BROKEN,
            Reason.STUCK,
        ),
    ),
    (
        "A case warns",
        "It went on all the same. The first five of these make its result `attention`, "
        "since something may be left that was not seen.",
        (
            Reason.LIST_UNREADABLE,
            Reason.LIST_SHORT,
            Reason.SCOPE_UNMATCHED,
            Reason.CLASSIC_CREDENTIAL_ELSEWHERE,
            Reason.CLASSIC_CREDENTIAL,
            Reason.VISIBILITY_NOT_PROVEN,
            Reason.PERSON_NOT_FOUND,
            Reason.NOT_ARMED,
            Reason.SCOPE_LIMITED,
            Reason.JOINED,
            Reason.TAKEN_BACK,
            Reason.BLIND_SPOT,
            Reason.EXTRA_RESET,
        ),
    ),
    (
        "A functional ID is weak",
        "Told by surveys and by `offboard doctor`, before anybody leaves.",
        (
            Reason.FEW_KEY_SLOTS,
            Reason.FUNCTIONAL_ID_SHARED,
            Reason.FUNCTIONAL_ID_BROAD,
        ),
    ),
    (
        "The gate is red, or exposure is old",
        "Besides these the gate gives any reason above.",
        (
            Reason.OWNS_TARGETS,
            Reason.CASE_NOT_SAFE,
            Reason.READING_UNDER_WAY,
            Reason.INDEX_STALE,
        ),
    ),
)
QUARANTINE: Final = """
## A delivery is in quarantine

Its sender signed it, and it could not be acted on.
It is kept encrypted for `OFFBOARD_QUARANTINE_DAYS`, told to the ops channel once for \
each source and reason, and listed by `offboard quarantine list`.
After the mend `offboard quarantine replay ID` reads it again; \
`offboard quarantine drop ID` lets it go for good.
"""


def page() -> str:
    """Return the page as it should be."""
    return HEAD + "".join(_groups()) + QUARANTINE + "".join(_kept())


def _groups() -> Iterator[str]:
    for title, what_then, reasons in GROUPS:
        yield f"\n## {title}\n\n{what_then}\n"
        for one in reasons:
            told = REASONS[one]
            yield _entry(one, told.sentence, told.who, told.command)


def _kept() -> Iterator[str]:
    for one in Unreadable:
        mend = UNREADABLE[one]
        yield _entry(one, f"{mend.sentence} {mend.how}", mend.who, mend.command)


def _entry(name: str, text: str, who: str, command: str | None) -> str:
    run = f"- Run: `{command}`\n" if command else ""
    return f"\n### `{name}`\n\n{text}\n\n- Who: {who}.\n{run}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
