"""Cases that cannot be read in the store: what people are told, and can do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from workers.offboarding.health import Check, Verdict
from workers.offboarding.notice import Notice, NoticeKind
from workers.offboarding.notice_words import id_of
from workers.offboarding.report.value import Item
from workers.offboarding.words import counted

# More than this have one cause, and the check-up names them.
_SHOWN: Final = 10
_NEWER: Final = (
    "If a newer version of this service wrote it, start that again: work goes on by "
    "itself once it can be read."
)
_NOBODY: Final = (
    "Until then nothing is done for it, and a departure of the same person would join "
    "it: see what they own, and take that over as an adoption, which joins nothing."
)
_LEDGER: Final = "What was done, as far as it is sealed:"


def damaged_cases(case_ids: Sequence[str], *, mends: int, at: datetime) -> Notice:
    """Tell of cases that cannot be read, in one notice, however many.

    Args:
        case_ids: The cases.
        mends: How often some could be read again before: the same ones, damaged
            anew, are another finding.
        at: Now.
    """
    many = counted(len(case_ids), "case")
    left = len(case_ids) - _SHOWN
    more = f" {left} more are named by `offboard doctor`." if left > 0 else ""
    return Notice(
        id=id_of(NoticeKind.CASE_DAMAGED, str(mends), *sorted(case_ids)),
        kind=NoticeKind.CASE_DAMAGED,
        at=at,
        account_id="",
        about=(many if len(case_ids) > 1 else f"case {case_ids[0]}",),
        headline=(
            f"what the store has of {many} cannot be read, so nothing is done there. "
            f"Whoever leaves may still own keys. All other cases go on.{more}",
        ),
        items=(
            Item((_NEWER,), (), "offboard doctor"),
            Item((_NOBODY,), (), "offboard exposure"),
            *(
                Item((_LEDGER,), (), f"offboard evidence export {one}")
                for one in case_ids[:_SHOWN]
            ),
        ),
    )


def check_of(case_ids: Sequence[str]) -> Check:
    """Say which cases cannot be read."""
    if not case_ids:
        text = "Every case that was looked at can be read."
        return Check("case_records", Verdict.OK, text)
    return Check(
        "case_records",
        Verdict.FAILED,
        f"What the store has of {counted(len(case_ids), 'case')} cannot be read: "
        f"{', '.join(case_ids)}.",
        mend=f"{_NEWER} {_NOBODY}",
        command=f"offboard evidence export {case_ids[0]}",
    )
