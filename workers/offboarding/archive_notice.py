"""What the channels are told of the archive: that it cannot be written."""

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
