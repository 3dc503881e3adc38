"""What the channels are told of an API key that is too old: when it is, and weekly."""

from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.key_checks import new_key_command
from workers.offboarding.key_uses import KeyUse
from workers.offboarding.notice import Notice, NoticeKind
from workers.offboarding.notice_words import id_of
from workers.offboarding.report.phrases import named
from workers.offboarding.report.value import Item

_AGAIN: Final = timedelta(days=7)


def key_too_old(
    use: KeyUse,
    made_at: datetime,
    *,
    max_age: timedelta,
    at: datetime,
    account_name: str = "",
) -> Notice:
    """Tell that a key in use is older than it should be; once a week the same."""
    age = at - made_at
    week = (age - max_age) // _AGAIN
    account = named(account_name or use.account_id)
    return Notice(
        id=id_of(NoticeKind.KEY_TOO_OLD, *use.place, use.key_id, str(week)),
        kind=NoticeKind.KEY_TOO_OLD,
        at=at,
        account_id=use.account_id,
        about=(named(use.name), ", ", account),
        headline=(
            "the API key ",
            named(use.key_name or use.key_id),
            " of ",
            named(use.name),
            " in account ",
            account,
            f" was made {age.days} days ago, and should be no older than "
            f"{max_age.days}.",
        ),
        items=(
            Item(
                (
                    "Make a new one of the same identity, and put it into its file; "
                    "both hold meanwhile:",
                ),
                (),
                new_key_command(use),
            ),
            Item(
                ("When every worker proves the new one, delete the old one:",),
                (),
                "offboard doctor",
            ),
        ),
    )
