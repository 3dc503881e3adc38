"""A channel that refuses for good what it is told: what people read of it elsewhere.

It knows no channel's wire: a code is the channel's own word.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from workers.offboarding.health import Check, Verdict
from workers.offboarding.model import Channel
from workers.offboarding.notice import Notice, NoticeKind
from workers.offboarding.notice_words import id_of
from workers.offboarding.report.phrases import named, time_of
from workers.offboarding.report.value import Item

_NAMES: Final = {Channel.SLACK: "Slack", Channel.MAIL: "The mail server"}
_BOT: Final = (
    "The token is not valid any more: install the app anew, and set "
    "OFFBOARD_SLACK_BOT_TOKEN to the token that shows."
)
_PLACE: Final = (
    "The bot is not in the channel, or the channel is not there any more: invite the "
    "bot, or set OFFBOARD_SLACK_CHANNEL_ID to another channel's id."
)
_HOOK: Final = (
    "The webhook is gone: make another, and set OFFBOARD_SLACK_WEBHOOK_URL to it."
)
# What mends each of Slack's words; anything else is looked up at Slack.
_MENDS: Final = {
    **dict.fromkeys(
        (
            "invalid_auth",
            "not_authed",
            "account_inactive",
            "token_revoked",
            "token_expired",
        ),
        _BOT,
    ),
    **dict.fromkeys(
        ("channel_not_found", "not_in_channel", "is_archived", "channel_is_archived"),
        _PLACE,
    ),
    "no_service": _HOOK,
    "missing_scope": (
        "The app lacks the scope chat:write: add it by the manifest, and install the "
        "app anew."
    ),
}
_ELSE: Final = "Mend its token, its address or its rights, and restart the workers."


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a channel refuses with, since when, and whether somebody was told."""

    code: str
    since: datetime
    is_told: bool = False


def mend_of(channel: Channel, code: str) -> str:
    """Say what mends a refusal."""
    return _MENDS.get(code, _ELSE) if channel is Channel.SLACK else _ELSE


def refused_notice(channel: Channel, refusal: Refusal, *, at: datetime) -> Notice:
    """Tell the other channels that one is told nothing any more, once each time."""
    name = _NAMES[channel]
    within = name[0].lower() + name[1:] if channel is Channel.MAIL else name
    return Notice(
        id=id_of(
            NoticeKind.CHANNEL_REFUSES,
            channel,
            refusal.code,
            refusal.since.isoformat(),
        ),
        kind=NoticeKind.CHANNEL_REFUSES,
        at=at,
        account_id="",
        about=(within,),
        headline=(
            f"{name} refuses what it is told, since {time_of(refusal.since)}: ",
            named(refusal.code, 200),
            ". Whoever reads only there learns nothing; here everything is told.",
        ),
        items=(
            Item((mend_of(channel, refusal.code),), (), "offboard doctor"),
            Item(
                ("What was refused is not sent again; each case has the state of it:",),
                (),
                "offboard case list",
            ),
        ),
    )


def refusal_checks(
    refusals: Mapping[Channel, Refusal], channels: tuple[Channel, ...]
) -> tuple[Check, ...]:
    """Say of each channel that is set up whether it took what it was told last."""
    return tuple(_check(each, refusals.get(each)) for each in channels)


def _check(channel: Channel, refusal: Refusal | None) -> Check:
    name = f"reports_by_{channel}"
    if refusal is None:
        text = f"{_NAMES[channel]} refused nothing that it was told last."
        return Check(name, Verdict.OK, text)
    since = time_of(refusal.since)
    text = f"{_NAMES[channel]} refuses reports since {since}: {refusal.code}."
    return Check(name, Verdict.FAILED, text, mend=mend_of(channel, refusal.code))
