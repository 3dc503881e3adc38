"""The brake in the store: what it holds, how it stands, and decisions about it.

Cases get into it by ``open.lua``, which counts them in the step that opens them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import redis

from workers.offboarding.brake import Braked
from workers.offboarding.model import Case, Departure, Entry
from workers.store.codec import decode, encode
from workers.store.connection import PREFIX, Scripts, faults

WINDOW_MS: Final = 3_600_000
# Of one call: a script is not interrupted, and others wait for the server meanwhile.
AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Episode:
    """From the first case that waits until none does, as people were told of it.

    Attributes:
        began_at: When the first was held; it names the episode.
        reminded: How often they were reminded; None while they were not told.
        told_at: When they were told.
        said_at: When they were last told or reminded.
    """

    began_at: datetime
    reminded: int | None = None
    told_at: datetime | None = None
    said_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stand:
    """How the brake stands, without what it holds.

    ``now`` is the server's time, by which all others here go; ``last_at`` is when the
    last of those that wait was held.
    """

    now: datetime
    opened: int
    waiting: int
    gone: int
    since: datetime | None
    last_at: datetime | None
    episode: Episode | None


class Brakes:
    """What the brake holds. Every method raises StoreAwayError."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._scripts = Scripts(client)

    def stand(self) -> Stand:
        """Tell how the brake stands; one call, whatever it holds."""
        found = self._scripts.call("brake_look", window_ms=WINDOW_MS)
        now, opened, waiting, gone, since, last, began, reminded, *told = map(
            int, found
        )
        told_at, said_at = (_moment(each) for each in told)
        began_at = _moment(began)
        episode = None
        if began_at is not None and waiting:
            said = None if reminded < 0 else reminded
            episode = Episode(began_at, said, told_at, said_at)
        return Stand(
            datetime.fromtimestamp(now / 1000, UTC),
            opened,
            waiting,
            gone,
            _moment(since),
            _moment(last),
            episode,
        )

    def held(self) -> list[Braked]:
        """List what is held, in no order."""
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.hvals(f"{PREFIX}brake:lines")
            pipe.smembers(f"{PREFIX}brake:gone")
            lines, gone = pipe.execute()
        found = [decode(line, Braked) for line in lines]
        return [
            replace(one, is_gone=True) if one.case_id in gone else one for one in found
        ]

    def decide(
        self,
        op: str,
        does: str,
        *,
        up_to: datetime,
        by: str,
        at: datetime,
        entry: Entry,
        case_ids: Sequence[str] = (),
    ) -> tuple[int, int]:
        """Release or refuse some of what was held at *up_to*; call until none is left.

        Args:
            op: Names the decision over all its calls.
            does: ``release`` or ``refuse``.
            up_to: By the server's time: what is held later waits for another decision.
            by: Who decides.
            at: When, for the cases.
            entry: What the ledger of each gains.
            case_ids: These, and not the oldest of all; at most ``AT_ONCE``.

        Returns:
            How many this decision was carried out on by now, and how many are left.
        """
        decided, left = self._scripts.call(
            "brake_decide",
            op=op,
            does=does,
            up_to=round(up_to.timestamp() * 1000),
            limit=AT_ONCE,
            # An empty list means nothing in Lua's JSON, so it is left out.
            ids=list(case_ids) or None,
            by=by,
            at=at.isoformat(),
            entry=encode(entry),
        )
        return int(decided), int(left)

    def said(self, episode: Episode, reminded: int, at: datetime) -> bool:
        """Write down that people were told (0), or reminded so often by now."""
        answer = self._scripts.call(
            "brake_said",
            began=round(episode.began_at.timestamp() * 1000),
            reminded=reminded,
            at=round(at.timestamp() * 1000),
        )
        return bool(answer)


def counted(
    case: Case, departure: Departure, limit: int, entry: Entry
) -> dict[str, object] | None:
    """Say what ``open.lua`` needs to count a case; None for one that does not count.

    Only armed cases opened by events do: who asks by hand has decided.
    """
    is_told = departure.event_key is not None and departure.actor is None
    if case.dry_run or case.adoption is not None or not is_told:
        return None
    line = Braked(
        case.id,
        case.leaver,
        departure.source,
        case.received_at,
        case.effective_at,
        is_to_come=case.is_to_come,
    )
    return {
        "limit": limit,
        "window_ms": WINDOW_MS,
        "line": encode(line),
        "entry": encode(entry),
    }


def _moment(millis: int) -> datetime | None:
    return datetime.fromtimestamp(millis / 1000, UTC) if millis else None
