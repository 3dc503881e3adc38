"""A channel that refuses for good what it is told: what people read of it elsewhere.

It knows no channel's wire: a code is the channel's own word.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from workers.offboarding.channel_mending import what_mends
from workers.offboarding.health import Check, Verdict
from workers.offboarding.model import Channel
from workers.offboarding.notice import Notice, NoticeKind
from workers.offboarding.notice_words import id_of
from workers.offboarding.report.phrases import named, time_of
from workers.offboarding.report.value import Item, Line

_NAMES: Final = {Channel.SLACK: "Slack", Channel.MAIL: "The mail server"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a channel refuses with, since when, and whether somebody was told."""

    code: str
    since: datetime
    is_told: bool = False


def refused_notice(
    channel: Channel, refusal: Refusal, *, at: datetime, room: str = ""
) -> Notice:
    """Tell the other channels that one is told nothing any more, once each time.

    Of a *room*, named by its account, the service's own channels are told.
    """
    name = _NAMES[channel]
    within = name[0].lower() + name[1:] if channel is Channel.MAIL else name
    return Notice(
        id=id_of(
            NoticeKind.CHANNEL_REFUSES,
            channel,
            refusal.code,
            refusal.since.isoformat(),
            *([room] if room else []),
        ),
        kind=NoticeKind.CHANNEL_REFUSES,
        at=at,
        account_id="",
        about=(within, *_of_room(room)),
        headline=(
            name,
            *_of_room(room),
            f" refuses what it is told, since {time_of(refusal.since)}: ",
            named(refusal.code, 200),
            ". Whoever reads only there learns nothing; here everything is told.",
        ),
        items=(
            Item(
                (what_mends(channel, refusal.code, is_room=bool(room)),),
                (),
                "offboard doctor",
            ),
            Item(
                ("What was refused is not sent again; each case has the state of it:",),
                (),
                "offboard case list",
            ),
        ),
    )


def _of_room(room: str) -> Line:
    return (" for account ", named(room)) if room else ()


def refusal_checks(
    refusals: Mapping[tuple[Channel, str], Refusal],
    places: Iterable[tuple[Channel, str]],
) -> tuple[Check, ...]:
    """Say which channels refuse what they are told, and since when.

    That one takes it shows by its last report.

    Args:
        refusals: By channel, and by account where it is the room of one.
        places: The channels and rooms that are set up.
    """
    found = ((each, refusals.get(each)) for each in places)
    return tuple(_check(*each, refusal) for each, refusal in found if refusal)


def _check(channel: Channel, room: str, refusal: Refusal) -> Check:
    since = time_of(refusal.since)
    text = f"{_NAMES[channel]} refuses reports since {since}: {refusal.code}."
    mend = what_mends(channel, refusal.code, is_room=bool(room))
    what = f"reports_by_{channel}"
    return Check(what, Verdict.FAILED, text, mend=mend, account_id=room or None)
