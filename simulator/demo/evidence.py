"""All that was seen of one case, and what can be looked up in it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simulator.demo.exposure import Holding, Place
from simulator.demo.witness import Seen


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that was seen of one case, from its event on. Times are epoch seconds.

    ``leaver_id`` is who owned its targets: the leaver, or from whom they are taken
    over. ``writes`` is how many calls might have changed something in the account,
    ``said_at`` when the case first called a target verified, ``told_at`` when each
    report reached its channel, None where it did not.
    """

    leaver_id: str
    functional_id: str
    before: tuple[Holding, ...]
    after: tuple[Holding, ...]
    seen: tuple[Seen, ...]
    writes: int
    case: dict[str, Any]
    said_at: dict[Place, float]
    sent_at: float
    lag_seconds: float
    told_at: dict[str, float | None]

    @property
    def owned(self) -> tuple[Holding, ...]:
        """Return the targets that were the leaver's."""
        return tuple(one for one in self.before if one.owner_id == self.leaver_id)

    @property
    def resets(self) -> tuple[Seen, ...]:
        """Return the resets, whatever became of them."""
        return tuple(one for one in self.seen if one.is_reset)

    def reads(self, place: Place) -> list[Seen]:
        """Return the readings of one target's owner that got an answer."""
        mine = [one for one in self.seen if one.place == place and one.is_good]
        return [one for one in mine if not one.is_reset]

    def reset_of(self, place: Place) -> Seen | None:
        """Return the first reset of a target that was accepted."""
        mine = [one for one in self.resets if one.place == place and one.is_good]
        return mine[0] if mine else None

    def proving(self, place: Place) -> Seen | None:
        """Return the first reading that could show the new owner, if there was one."""
        reset = self.reset_of(place)
        if reset is None:
            return None
        shows_at = reset.at + self.lag_seconds
        late = [one for one in self.reads(place) if one.answered_at >= shows_at]
        return late[0] if late else None

    @property
    def was_taken_over_once(self) -> bool:
        """Tell whether each target got one reset and was read back, and nothing else.

        Nothing else in the account may have been written, or changed its owner.
        """
        wanted = sorted(one.place for one in self.owned)
        changed = [one for one in self.after if one not in self.before]
        return (
            bool(wanted)
            and wanted == sorted(one.place for one in self.resets)
            and wanted == sorted(one.place for one in changed)
            and all(one.owner_id == self.functional_id for one in changed)
            and self.writes == len(wanted)
            and all(self.proving(place) is not None for place in wanted)
        )


def counted_once(times: Sequence[float]) -> float | None:
    """Return when something happened that happened exactly once, else None."""
    return times[0] if len(times) == 1 else None
