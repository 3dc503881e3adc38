"""What the channels are told when somebody tries them, and how they fared with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from workers.offboarding.channel_mending import mend_of
from workers.offboarding.model import Channel, ReportState
from workers.offboarding.notice import Notice, NoticeKind, NoticeLine
from workers.offboarding.report.phrases import named

# By which the id of a trial is told from that of a finding.
TRIAL: Final = "test-"
_SAID: Final = "nothing happened. Reports and notices come here."
_OVER: Final = (ReportState.SENT, ReportState.FAILED)


@dataclass(frozen=True, slots=True)
class ChannelState:
    """How one channel fares with a notice.

    Attributes:
        tries: How often it was tried.
        detail: What the channel said, in its own word; empty where it said nothing.
        mend: How that is mended; None where all is well, or nothing is known to help.
        account_id: The account whose room it is; None: the service's own channel.
    """

    channel: Channel
    state: ReportState
    at: datetime | None
    tries: int
    detail: str
    mend: str | None
    account_id: str | None = None

    @property
    def is_over(self) -> bool:
        """Tell whether it is not tried any more."""
        return self.state in _OVER


@dataclass(frozen=True, slots=True)
class NoticeState:
    """How a notice fares, a channel each."""

    id: str
    kind: NoticeKind
    at: datetime
    channels: tuple[ChannelState, ...]

    @property
    def is_over(self) -> bool:
        """Tell whether no channel is tried any more."""
        return all(one.is_over for one in self.channels)


def trial(notice_id: str, actor: str, *, at: datetime) -> Notice:
    """Say that *actor* tries the channels.

    Args:
        notice_id: Another for each try, or it would be told once for all of them.
        actor: Who tries.
        at: When.
    """
    return Notice(
        id=notice_id,
        kind=NoticeKind.TEST,
        at=at,
        account_id="",
        about=("nothing happened, tried by ", named(actor, 60)),
        headline=("this is a test by ", named(actor), f"; {_SAID}"),
        items=(),
    )


def state_of(notice: Notice, lines: Iterable[NoticeLine]) -> NoticeState:
    """Tell how *notice* fares by the lines of its outbox, with how to mend each."""
    states = tuple(map(_of, sorted(lines, key=_place)))
    return NoticeState(notice.id, notice.kind, notice.at, states)


def _place(line: NoticeLine) -> tuple[str, str]:
    return line.room, line.channel


def _of(line: NoticeLine) -> ChannelState:
    # Some recipients may have been refused though others were served.
    mend = mend_of(line.channel, line.detail, is_room=bool(line.room))
    return ChannelState(
        line.channel,
        line.state,
        line.at,
        line.tries,
        line.detail,
        mend,
        line.room or None,
    )
