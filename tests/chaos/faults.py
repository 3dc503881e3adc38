"""Faults by exact plan: which kind happens at which passing of which point."""

from collections import Counter, defaultdict
from dataclasses import dataclass

# What may happen wherever a worker or the web waits for an answer.
ANYWHERE = (
    "killed_before",
    "killed_after",
    "frozen_past_the_lease",
    "another_worker_before",
    "another_worker_after",
    "another_worker_halfway",
    "slow",
)
_FAR_SIDE = ("timeout", "limited_429", "broken_5xx", "key_refused_401", "no_role_403")
# By the points that everything passes: a call of the store, a read, a list, the read of
# an owner, a token, a reset, a look-up, a report, a message of the broker, a turn of
# the world.
KINDS = {
    "store": (
        *ANYWHERE,
        "away_before",
        "answer_lost",
        "asked_twice",
        "out_of_memory",
        "readonly",
        "down_for_a_while",
    ),
    "read": (*ANYWHERE, *_FAR_SIDE, "not_found_404"),
    "list": (*ANYWHERE, *_FAR_SIDE, "half_a_list", "empty_list"),
    "owner": (*ANYWHERE, *_FAR_SIDE, "not_found_404", "no_owner"),
    "rights": ("rights_not_seen", "killed_before", "frozen_past_the_lease"),
    "prepare": (*ANYWHERE, "timeout", "limited_429", "key_refused_401", "too_old"),
    "send": (
        "killed_before",
        "killed_after",
        "frozen_past_the_lease",
        "another_worker_before",
        "another_worker_after",
        "another_worker_halfway",
        "lost_before",
        "lost_after",
        "conflict_409",
        "broken_5xx",
        "half_a_json",
        "limited_429",
        "no_role_403",
        "not_found_404",
        "key_refused_401",
        "not_shown",
        "no_effect",
        "lag_beyond_the_deadline",
        "person_resets_too",
    ),
    "look_up": (
        *ANYWHERE,
        "timeout",
        "limited_429",
        "key_refused_401",
        "unreadable",
    ),
    "tell": (
        *ANYWHERE,
        "channel_down_for_hours",
        "unknown_whether_told",
        "limited_429",
        "late",
        "some_refused",
        "all_refused",
    ),
    "message": ("message_lost", "message_twice", "message_late"),
    "turn": (
        "event_repeated",
        "paused",
        "approved",
        "refused",
        "cancelled",
        "retried",
        "brake_released",
        "adopted",
        "hinted",
        "named_nobody",
        "quarantine_mended",
        "came_back",
        "told_again",
        "person_resets_too",
        "functional_id_revoked",
        "clock_skewed",
        "workers_restarted",
        "rights_lost",
    ),
}
EVERY_KIND = tuple(
    f"{point}:{kind}" for point, kinds in KINDS.items() for kind in kinds
)


@dataclass(frozen=True)
class Fault:
    """At the *nth* passing of *point*, counted from 1, *kind* happens."""

    point: str
    nth: int
    kind: str

    def __str__(self):
        return f"{self.point}#{self.nth}:{self.kind}"


class FaultPlan:
    """What is to happen; counts what passed and what fired."""

    def __init__(self, faults=()):
        self._planned = {(one.point, one.nth): one.kind for one in faults}
        self.faults = tuple(faults)
        self.passed = Counter()
        self.fired = Counter()
        self.is_over = False

    def add(self, point, kind, ahead=1):
        """Have *kind* happen at the next passing of *point*, or so many ahead."""
        self._planned[point, self.passed[point] + ahead] = kind

    def at(self, point):
        """Count one passing; return the kind that happens there, if one does."""
        if self.is_over:
            return None
        self.passed[point] += 1
        kind = self._planned.get((point, self.passed[point]))
        if kind is not None:
            self.fired[f"{point}:{kind}"] += 1
        return kind


# How far into a history the faults of a point may lie: about as often as it is passed.
_REACH = {
    "store": 110,
    "read": 25,
    "list": 2,
    "owner": 9,
    "rights": 4,
    "prepare": 3,
    "send": 3,
    "look_up": 2,
    "tell": 5,
    "message": 20,
    "turn": 30,
}


def faults_of(random, seed):
    """Draw the faults of one history; most have few, so that each shows alone too."""
    many = random.choice((1, 1, 1, 2, 2, 3, 4, 6, 8, 12))
    drawn = defaultdict(set)
    # The seeds take turns with the kinds, so that no kind is left to luck.
    turn = EVERY_KIND[seed % len(EVERY_KIND)]
    for each in (turn, *random.choices(EVERY_KIND, k=many - 1)):
        point, kind = each.split(":")
        reach = _REACH[point] if each is not turn else max(1, _REACH[point] // 3)
        drawn[point, random.randint(1, reach)].add(kind)
        if point == "look_up":
            # Nobody is asked unless a source only hinted.
            drawn["turn", random.randint(1, 3)].add("hinted")
    return tuple(
        Fault(point, nth, min(kinds)) for (point, nth), kinds in sorted(drawn.items())
    )
