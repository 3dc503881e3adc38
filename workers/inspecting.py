"""What a worker checks of its own set-up: ways to others, keys, files, its clock.

What the keys can see and do in the accounts, the domain judges.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from config.file_modes import read_by_others, secret_files
from config.settings import Settings
from workers.directories.graph_checks import subscription_checks
from workers.ibmcloud.reach import reach_checks
from workers.notify.trying import channel_checks
from workers.offboarding.advice import shell_word
from workers.offboarding.channel_mending import what_mends
from workers.offboarding.discovery import at_once
from workers.offboarding.health import Check, Verdict
from workers.offboarding.model import Channel, ReportKind, ReportLine, ReportState
from workers.offboarding.rooms import Rooms
from workers.offboarding.words import counted
from workers.store.cases import Cases

# Looked through for what became of the last report on a channel.
_CASES: Final = 50
_LONG_AGO: Final = timedelta(days=30)
_TEST: Final = "offboard notify test"


@dataclass(frozen=True, slots=True)
class Inspection:
    """Checks one process's ways to others; it changes nothing anywhere."""

    settings: Settings
    environ: Mapping[str, str]
    clock: Callable[[], datetime]

    def checks(self) -> tuple[Check, ...]:
        """Check files, hosts, keys, channels and subscriptions, all at once."""
        asked = (
            *reach_checks(self.settings),
            *channel_checks(self.settings),
            *subscription_checks(self.settings, self.clock),
        )
        found = at_once(lambda ask: ask(), asked)
        return (*_files(self.settings, self.environ), *found)


def _files(settings: Settings, environ: Mapping[str, str]) -> Iterator[Check]:
    what, paths = "secret_files", list(secret_files(settings, environ))
    loose = [(one, mode) for one in paths if (mode := read_by_others(one))]
    for path, mode in loose:
        text = f"Others on this machine may read the secret in {path} (mode {mode})."
        mend = "Leave it to the user that this process runs as:"
        command = f"chmod 400 {shell_word(str(path))}"
        yield Check(what, Verdict.WARNING, text, mend, command)
    if paths and not loose:
        text = f"Nobody else may read the {counted(len(paths), 'file')} of secrets."
        yield Check(what, Verdict.OK, text)


@dataclass(frozen=True, slots=True)
class LastReports:
    """What became of the last report on each channel: whether it arrives, that tells.

    Nothing else does without posting: Slack shows whether a bot is in a channel only to
    those with a scope that the service does not ask for.
    """

    cases: Cases
    channels: tuple[Channel, ...]
    clock: Callable[[], datetime]
    rooms: Rooms = field(default_factory=dict)

    def checks(self) -> tuple[Check, ...]:
        """Check each channel and room by its last report; StoreAwayError."""
        if not self.channels:
            return ()
        read = self.cases.read(self.cases.ids(limit=_CASES))
        lines = [each for one in read.cases for each in one.reports]
        own = (self._of(one, "", lines) for one in self.channels)
        rooms = (
            replace(self._of(one, account_id, lines), account_id=account_id)
            for account_id, there in self.rooms.items()
            for one in there
        )
        return (*own, *rooms)

    def _of(self, channel: Channel, room: str, lines: list[ReportLine]) -> Check:
        what = f"{channel}_reports"
        ended = [
            (one.at, one)
            for one in lines
            if one.channel is channel and one.room == room
            if one.at and one.state is not ReportState.PENDING
            # Left out where its case was over first: that says nothing of the channel.
            if one.kind is not ReportKind.STARTED
        ]
        if not ended:
            return _never(channel, room, what)
        at, last = max(ended, key=lambda pair: pair[0])
        when = f"{at:%Y-%m-%d %H:%M} UTC"
        if last.state is not ReportState.SENT:
            text = f"The last report, at {when}, did not arrive: {last.detail}."
            mend = what_mends(channel, last.detail, is_room=bool(room))
            mend = f"{mend} Then post a test:"
            return Check(what, Verdict.FAILED, text, mend, _test(room))
        if self.clock() - at > _LONG_AGO:
            text = f"The last report was taken long ago, at {when}."
            return Check(what, Verdict.UNPROVEN, text, "Post a test:", _test(room))
        return Check(what, Verdict.OK, f"The last report was taken at {when}.")


def _test(room: str) -> str:
    return f"{_TEST} --account {shell_word(room)}" if room else _TEST


def _never(channel: Channel, room: str, what: str) -> Check:
    text = "No report was sent yet, and only one that is sent shows that it arrives"
    is_slack = channel is Channel.SLACK
    setting = "OFFBOARD_SLACK_CHANNEL_ID" if is_slack else "OFFBOARD_MAIL_TO"
    if room:
        setting = f"the account's {'slack_channel_id' if is_slack else 'mail_to'}"
    text += (
        f": whether the bot may post in {setting} cannot be seen."
        if is_slack
        else f": whether {setting} is taken cannot be seen."
    )
    return Check(what, Verdict.UNPROVEN, text, "Post a test:", _test(room))
