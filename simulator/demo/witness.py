"""What the simulated account was asked about its keys: resets and readings of owners.

Read from the journal, which the service can neither see nor write.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from simulator.demo.exposure import Holding, Place
from simulator.journal import RESET_PATH, Call

_READ: Final = re.compile(r"/global/v1/logging/([^/]+)/clusterkeyowner")


@dataclass(frozen=True, slots=True)
class Seen:
    """One call that is over, in epoch seconds; ``status`` is 0 where it was cut off.

    A reset names its place by headers only.
    """

    place: Place
    is_reset: bool
    at: float
    answered_at: float
    status: int
    caller: str | None

    @property
    def is_good(self) -> bool:
        """Tell whether it did what was asked."""
        return 0 < self.status < 400


def seen_of(calls: Iterable[Call], targets: Sequence[Holding]) -> list[Seen]:
    """Pick the resets and the readings, in the order of their answers.

    A reset without a region or a resource group has an empty text in its place.
    """
    of_cluster = {
        cluster_id: one.place for one in targets for cluster_id, _ in one.clusters
    }
    found = []
    for call in calls:
        place = _place(call, of_cluster)
        if place is None or call.answered_at is None:
            continue
        is_reset = call.method == "POST"
        found.append(
            Seen(
                place,
                is_reset,
                call.at,
                call.answered_at,
                call.status or 0,
                call.caller,
            )
        )
    return sorted(found, key=lambda one: one.answered_at)


def _place(call: Call, of_cluster: dict[str, Place]) -> Place | None:
    if (call.method, call.path) == ("POST", RESET_PATH):
        named = ("X-Region", "X-Auth-Resource-Group")
        region, group_id = (call.headers.get(name, "") for name in named)
        return region, group_id
    read = _READ.fullmatch(call.path)
    return of_cluster.get(read[1]) if read and call.method == "GET" else None
