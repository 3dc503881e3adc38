"""What the channels are told of the archive: it cannot be written, or has two."""

from datetime import datetime

from workers.offboarding.notice import Notice, NoticeKind
from workers.offboarding.notice_words import id_of
from workers.offboarding.report.value import Item


def unwritable(fault: str, *, since: str, at: datetime) -> Notice:
    """Tell that old cases cannot be archived; once for each time that it begins.

    Args:
        fault: What the worker saw.
        since: Since when; it names this time of failing.
        at: Now.
    """
    return Notice(
        id=id_of(NoticeKind.ARCHIVE, since),
        kind=NoticeKind.ARCHIVE,
        at=at,
        account_id="",
        about=("the folder of old cases",),
        headline=(
            f"The time of some cases is over, and a worker could not archive them. "
            f"{fault} Nothing was removed; it is tried again every ten minutes.",
        ),
        items=(
            Item(
                ("Give the workers a folder to write to, with room on its disk:",),
                (("The setting OFFBOARD_ARCHIVE_FOLDER names it.",),),
            ),
        ),
    )


def written_beside(case_id: str, file: str, *, at: datetime) -> Notice:
    """Tell that a case was archived before, with entries that it lacks now.

    Args:
        case_id: The case.
        file: Where it was written now, from the archive's folder on.
        at: Now.
    """
    year = file.partition("/")[0]
    first = f"{year}/{case_id}.jsonl"
    return Notice(
        id=id_of(NoticeKind.ARCHIVED_BESIDE, file),
        kind=NoticeKind.ARCHIVED_BESIDE,
        at=at,
        account_id="",
        about=(f"case {case_id}",),
        headline=(
            f"case {case_id} was archived before, and that file has entries which the "
            "store does not have. An older store was put back, most likely. Both are "
            f"kept: {first} is as it was, and {file} has what the store had.",
        ),
        items=(
            Item(
                ("See what each says, in OFFBOARD_ARCHIVE_FOLDER:",),
                (),
                f"offboard evidence verify {first}",
            ),
            Item(("And the other:",), (), f"offboard evidence verify {file}"),
        ),
    )
