"""What beat asks for beside the sweep: crowds and digests, and notices delivered."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from config.sources import Sources
from workers.crowding import CrowdWatch
from workers.digesting import DigestWatch, Facts, Stored
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.model import Channel
from workers.store.brake import Brakes
from workers.store.cases import Cases
from workers.store.damaged import Damaged
from workers.store.digests import Digests
from workers.store.intake import Deliveries
from workers.store.notices import Notices
from workers.store.owners import Owners
from workers.store.progress import Progress
from workers.store.sources import SourceNotes
from workers.store.surveys import SurveyNotes
from workers.store.switches import Switches
from workers.store.together import Together
from workers.telling import tell

from .desk import CHANNELS, never_old

_AT = time(8, 0)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Beat:
    """A message that asks for a look at crowds and the digest."""


@dataclass(frozen=True)
class Telling:
    """A message that asks for a channel to be told of a notice."""

    notice_id: str
    channel: Channel


class Tellers:
    """One process's watches, and how it tells what they find."""

    def __init__(self, line, notifiers, clock):
        self._notices, self._notifiers, self._clock = Notices(line), notifiers, clock
        stored = Stored(
            Digests(line),
            Together(line),
            Cases(line),
            self._notices,
            Brakes(line),
            Switches(line, clock=clock, watermark=never_old()),
            Deliveries(line),
            Progress(line),
            Damaged(line),
            Owners(line),
            SurveyNotes(line),
            SourceNotes(line),
        )
        facts = Facts(
            _AT,
            is_armed=True,
            names={},
            sources=Sources(),
            patience=timedelta(hours=1),
            survey_every=timedelta(hours=6),
        )
        together, cases = stored.together, stored.cases
        self._watches = (
            CrowdWatch(together, cases, CHANNELS, public_url=None, clock=clock),
            DigestWatch(stored, CHANNELS, facts, clock),
        )

    def look(self):
        """Look as the task does; what is left is for the next turn."""
        with suppress(StoreAwayError):
            for watch in self._watches:
                watch.look()

    def due(self):
        """Take the notices to be told now."""
        return [Telling(*one) for one in self._notices.due(100)]

    def tell(self, telling):
        """Tell a channel of a notice."""
        with suppress(StoreAwayError):
            given = telling.notice_id, telling.channel
            tell(self._notices, self._notifiers, *given, self._clock)


def next_beat(client, now):
    """Tell when a look at crowds and the digest has something to do; None: never."""
    times = [
        datetime.fromtimestamp(at / 1000, UTC)
        for _, at in client.zrange("offboard:crowds", 0, 0, withscores=True)
    ]
    times += [now] if _is_to_be_marked(client) else []
    upto = client.hget("offboard:together:upto", "digest") or 0
    if client.zcount("offboard:together:digest", f"({upto}", "+inf"):
        day = client.hget("offboard:digest", "day")
        due = day and datetime.combine(date.fromisoformat(day) + _DAY, _AT, UTC)
        times.append(due or now)
    return min(times, default=None)


def _is_to_be_marked(client):
    """Tell whether the fate of a notice is known and not written into its cases."""
    told = client.hkeys("offboard:together:told")
    out = [one.rpartition("|")[0] for one in client.zrange(_NOTICES_DUE, 0, -1)]
    return not set(told) <= set(out)


_NOTICES_DUE = "offboard:notices:due"
