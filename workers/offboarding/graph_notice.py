"""What the channels are told when Microsoft Graph does not speak to us any more."""

from datetime import datetime

from workers.offboarding.notice import Notice, NoticeKind
from workers.offboarding.notice_words import id_of
from workers.offboarding.report.phrases import named, time_of
from workers.offboarding.report.value import Item


def subscription_lost(subscription_id: str, *, at: datetime) -> Notice:
    """Tell that Graph knows a subscription no more, so that nothing comes by it.

    A new subscription has a new id, so each loss is a notice of its own.
    """
    return Notice(
        id=id_of(NoticeKind.SUBSCRIPTION_LOST, subscription_id),
        kind=NoticeKind.SUBSCRIPTION_LOST,
        at=at,
        account_id="",
        about=(named(subscription_id),),
        headline=(
            "Microsoft Graph has no subscription ",
            named(subscription_id),
            " any more. It tells of no change through it; departures are found only by"
            " the delta sweep, up to its interval late.",
        ),
        items=(
            Item(
                (
                    "Create it anew, and put the new id into"
                    " OFFBOARD_SOURCE_ENTRA_GRAPH_SUBSCRIPTION_IDS.",
                ),
                (("The exact call is in docs/sources/entra_graph.md.",),),
            ),
        ),
    )


def graph_refuses(fault: str, *, after: datetime | None, at: datetime) -> Notice:
    """Tell that Graph refuses what this service has to read there.

    Args:
        fault: Why, and what mends it.
        after: When it was last read; tells one time from a later.
        at: When that was seen.
    """
    return Notice(
        id=id_of(NoticeKind.GRAPH_REFUSES, fault, time_of(after) if after else ""),
        kind=NoticeKind.GRAPH_REFUSES,
        at=at,
        account_id="",
        about=("source entra_graph",),
        headline=(
            "users cannot be read there, so nobody can say who left. Until this is"
            " mended no departure of the source entra_graph is found.",
        ),
        items=(Item((named(fault, 600),)),),
    )
