"""The channels tried from the desk: a test goes out, and how it fared is told."""

from collections.abc import Callable
from datetime import datetime
from uuid import uuid4

import structlog

from workers.offboarding.errors import ConflictError, NoSuchNoticeError, TooSoonError
from workers.offboarding.model import Channel
from workers.offboarding.trial_notice import TRIAL, NoticeState, state_of, trial
from workers.store.notices import Notices

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class Trying:
    """What tries the channels. Every method raises StoreAwayError."""

    def __init__(
        self,
        notices: Notices,
        channels: tuple[Channel, ...],
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._notices = notices
        self._channels = channels
        self._clock = clock

    def test_notice(self, actor: str, account_id: str | None = None) -> NoticeState:
        """Have every channel and room told that *actor* tries them, or one room alone.

        Raises:
            ConflictError: ``no_channel`` is set up, or the account has ``no_room``.
            TooSoonError: Somebody did so within the last ten seconds.
        """
        if not self._channels:
            raise ConflictError(
                "No report channel is set up: set SLACK_… or SMTP_….",
                reason="no_channel",
            )
        if account_id is not None and account_id not in self._notices.rooms:
            raise ConflictError(
                f"account_id: no account {account_id} has a channel or mailbox of its "
                "own; see slack_channel_id and mail_to in the accounts file.",
                reason="no_room",
            )
        notice_id = f"{TRIAL}{uuid4().hex[:16]}"
        turn = self._notices.turn(notice_id)
        if turn.notice_id != notice_id:
            raise TooSoonError(turn.notice_id, retry_after_seconds=turn.ends_in_seconds)
        notice = trial(notice_id, actor, at=self._clock())
        if account_id is None:
            self._notices.add_trial(notice, self._channels)
        else:
            self._notices.add_trial_in(account_id, notice)
        log.info("channels.tried", actor=actor, notice_id=notice_id)
        return self.notice_state(notice_id)

    def notice_state(self, notice_id: str) -> NoticeState:
        """Tell how a notice fares on each channel; NoSuchNoticeError."""
        notice = self._notices.load(notice_id)
        if notice is None:
            raise NoSuchNoticeError("There is no such notice, or not any more.")
        return state_of(notice, self._notices.lines(notice_id))
