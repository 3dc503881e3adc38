"""How many calls to IBM Cloud a departure makes, with a warm owner index and without.

    warm  <= lists + 3 for each target of the leaver
    cold  <= lists + 1 for each target in the account + 3 for each of the leaver

Lists are what is asked once for an account: users, resource groups, clusters, keys,
policies, settings, each page one call. Counted apart, as the goal has it: read-backs
in vain (five a target at the most), preflight, tokens, and look-ups of add-ons.

Run it alone: `.venv/bin/python -m benchmarks.calls`.
"""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.departure import Seen, await_survey, depart, installation
from benchmarks.far_side import FarSide, kinds
from benchmarks.figures import Figure, report
from benchmarks.scenes import Scene
from config.settings import Settings
from workers.desk.opening import store_address
from workers.store.connection import connect

TARGETS: Final = 20
OTHERS: Final = 40
# As many again, to see that the number of clusters makes no difference.
CLUSTERS: Final = (120, 600)
_APART: Final = frozenset({"token", "GET /global/v1/clusters/addons"})
_WRITES_AND_READS: Final = frozenset({"owner", "reset"})


@dataclass(frozen=True)
class Counted:
    """The calls of one departure, by what they were for."""

    owners: int
    resets: int
    lists: int
    kinds: Counter[str]

    @property
    def one_by_one(self) -> int:
        """Return the calls that are made for a target, and not for an account."""
        return self.owners + self.resets


def counted(seen: Seen) -> Counted:
    """Count the calls of a departure."""
    found = kinds(seen.calls)
    lists = sum(
        many
        for what, many in found.items()
        if what not in _WRITES_AND_READS and what not in _APART
    )
    return Counted(found["owner"], found["reset"], lists, found)


def play(clusters: int, *, is_warm: bool) -> Counted:
    """Play a departure where nothing takes time, and count its calls."""
    scene = Scene(targets=TARGETS, others=OTHERS, clusters=clusters)
    with (
        tempfile.TemporaryDirectory(prefix="ofb") as name,
        FarSide(scene) as far_side,
        installation(far_side, Path(name), workers=1, CANARY="0") as service,
    ):
        await_survey(service, far_side)
        if not is_warm:
            forget_owners(Settings.from_env(service.environ))
        far_side.forget()
        return counted(depart(service, far_side))


def forget_owners(settings: Settings) -> None:
    """Take away what surveys have read."""
    with connect(store_address(settings)) as client:
        for key in client.scan_iter("offboard:owners:*"):
            client.delete(key)


def measured() -> tuple[list[Figure], dict[str, object]]:
    """Count the calls of departures warm and cold, with few clusters and many."""
    warm = {each: play(each, is_warm=True) for each in CLUSTERS}
    cold = play(CLUSTERS[0], is_warm=False)
    few, many = (warm[each] for each in CLUSTERS)
    figures = [
        Figure(
            measure="calls for single targets, warm index",
            goal="<= 3 for each target of the leaver",
            value=few.one_by_one,
            limit=3 * TARGETS,
            unit="calls",
            note=f"{TARGETS} of {TARGETS + OTHERS} targets; {few.lists} lists besides",
        ),
        Figure(
            measure="calls for single targets, cold",
            goal="<= 1 for each target + 3 for each of the leaver",
            value=cold.one_by_one,
            limit=TARGETS + OTHERS + 3 * TARGETS,
            unit="calls",
            note=f"{cold.lists} lists besides",
        ),
        Figure(
            measure="the same, warm, with five times the clusters",
            goal="the same number",
            value=many.one_by_one / few.one_by_one,
            limit=1.0,
            note=f"{CLUSTERS[1]} clusters in place of {CLUSTERS[0]}",
        ),
    ]
    details = {
        "warm": dict(few.kinds),
        "warm, many clusters": dict(many.kinds),
        "cold": dict(cold.kinds),
    }
    return figures, details


if __name__ == "__main__":
    report("calls", *measured())
