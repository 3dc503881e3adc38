"""What the chain of one case says: who told what, whose key it was, how it ended. Pure.

It is total: whatever an entry holds, a story comes of it. Whether the entries are those
that were sealed is for ``evidence_check`` to say.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from workers.offboarding.pack.clocks import Clocks, clocks_of
from workers.offboarding.pack.plain import moment_in
from workers.offboarding.pack.states import state_of

_OUTCOMES: Final = ("verified", "already", "changed_hands", "failed", "unread")
_DECIDED: Final = frozenset(
    {"case.approved", "case.released", "case.refused", "case.cancelled", "case.retried"}
)
_TELLS: Final = ("case.opened_", "departure.")


@dataclass(frozen=True, slots=True)
class Did:
    """One entry, each field as text; empty where the entry does not say."""

    n: int
    at: datetime | None
    what: str
    fields: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")


@dataclass(frozen=True, slots=True)
class Place:
    """One target, as its entries say; ``blind`` is who answers for not seeing it."""

    id: str
    name: str = ""
    before: str = ""
    after: str = ""
    taker: str = ""
    outcome: str = ""
    reason: str = ""
    detail: str = ""
    read_back_at: datetime | None = None
    reset_at: datetime | None = None
    resets: int = 0
    request_ids: tuple[str, ...] = ()
    blind: str = ""

    @property
    def is_safe(self) -> bool:
        """Tell whether it was read back under a functional ID."""
        return self.outcome in ("verified", "already") and not self.blind


@dataclass(frozen=True, slots=True)
class Story:
    """One case, as its chain tells it.

    Attributes:
        state: Its result where it has one, else how it stands.
        leaver: Whom it is about, as it was told.
        known_as: The leaver's IAM ID, once one was found.
        told: The entries by which sources and people told or took back.
        head: The signed head of the chain.
    """

    case_id: str
    is_adoption: bool
    state: str
    leaver: str
    known_as: str
    done: tuple[Did, ...]
    places: tuple[Place, ...]
    clocks: Clocks
    head: dict[str, Any]
    keys: tuple[str, ...]

    @property
    def opened(self) -> Did:
        """Return the entry by which it was opened."""
        return self.done[0]

    @property
    def told(self) -> tuple[Did, ...]:
        """Return what sources and people told of the leaver."""
        return tuple(one for one in self.done if one.what.startswith(_TELLS))

    @property
    def decided(self) -> tuple[Did, ...]:
        """Return what people decided."""
        return tuple(one for one in self.done if one.what in _DECIDED)

    @property
    def reports(self) -> tuple[Did, ...]:
        """Return who was told of it, and whether that went well."""
        return tuple(one for one in self.done if one.what.startswith("report."))


def story_of(lines: Iterable[bytes]) -> Story:
    """Tell the case whose pack these lines are.

    Raises:
        ValueError: They are not the lines of one case.
    """
    header: dict[str, Any] = {}
    head: dict[str, Any] = {}
    done: list[Did] = []
    for raw in lines:
        line = json.loads(raw)
        match line:
            case {"kind": "header", "about": "case", "case": str()}:
                header = line
            case {"kind": "entry", "n": int(n), "entry": dict(entry)}:
                done.append(_did(n, entry))
            case {"kind": "head"}:
                head = line
            case _:
                pass
    if not header or not done or not head:
        raise ValueError("It is not the evidence of one case.")
    return _told(header, tuple(done), head)


def _told(header: dict[str, Any], done: tuple[Did, ...], head: dict[str, Any]) -> Story:
    places = places_of(done)
    state = state_of([(one.what, one["detail"]) for one in done])
    opened = done[0]
    known = [one["leaver"] for one in done if one.what.startswith("case.planned")]
    is_adoption = opened["detail"].startswith("adoption in account ")
    return Story(
        case_id=header["case"],
        is_adoption=is_adoption,
        state=state,
        leaver=opened["leaver"],
        known_as=known[-1] if known and known[-1] != opened["leaver"] else "",
        done=done,
        places=places,
        clocks=clocks_of(done, places, state, is_adoption=is_adoption),
        head=head,
        keys=tuple(sorted(header.get("keys", {}))),
    )


def _did(n: int, entry: dict[str, Any]) -> Did:
    fields = {
        name: value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        for name, value in entry.items()
        if value is not None and name not in ("at", "what")
    }
    what = entry.get("what")
    said = what if isinstance(what, str) else ""
    return Did(n, moment_in(entry.get("at")), said, fields)


def places_of(done: Sequence[Did]) -> tuple[Place, ...]:
    """Follow each target through its entries; what a later one says counts."""
    found: dict[str, Place] = {}
    for one in done:
        target_id = one["target_id"]
        # Of a report it is the channel, the kind and a number.
        if "/" in target_id:
            found[target_id] = _after(found.get(target_id, Place(target_id)), one)
    return tuple(found[each] for each in sorted(found))


def _after(place: Place, one: Did) -> Place:
    place = replace(
        place,
        name=one["place"] or place.name,
        before=one["owner_before"] or place.before,
        taker=one["functional_id"] or place.taker,
    )
    subject, _, what = one.what.partition(".")
    if one.what == "blind_spot.counted":
        by = f"{one['actor']}: {one['detail']}"
        return replace(place, blind=by)
    if subject != "target":
        return place
    if what == "reset":
        ids = (*place.request_ids, one["request_id"])
        sent = place.resets + 1
        return replace(place, reset_at=one.at, resets=sent, request_ids=ids)
    if what == "counted":
        outcome, _, detail = one["detail"].partition(": ")
        return _settled(place, one, outcome, detail)
    return _settled(place, one, what, one["detail"]) if what in _OUTCOMES else place


def _settled(place: Place, one: Did, outcome: str, detail: str) -> Place:
    after = one["owner_after"]
    is_same = outcome == place.outcome and bool(place.read_back_at)
    at = (place.read_back_at if is_same else one.at) if after else None
    return replace(
        place,
        outcome=outcome,
        reason=one["reason"],
        detail=detail,
        after=after,
        read_back_at=at,
        blind="" if outcome != "unread" else place.blind,
    )
