"""The functional IDs of one account: how each stands, what is its and what would be.

It asks through the Cloud port alone, and decides nothing. What could not be seen is in
the standings, never an exception.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from workers.offboarding.choosing import chosen
from workers.offboarding.discovery import at_once
from workers.offboarding.errors import (
    OffboardingError,
    PermanentError,
    StoreAwayError,
)
from workers.offboarding.model import KeyOwner, OwnerKind, Target
from workers.offboarding.ports import Cloud
from workers.offboarding.preflight import preflight
from workers.offboarding.standing import Standing
from workers.offboarding.view import Seen, View

_PEOPLE = (OwnerKind.PERSON, OwnerKind.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What was seen and foreseen of an account's functional IDs.

    Attributes:
        standings: How each stands, as our identities are listed.
        owned: The targets whose keys are each one's now, by IAM ID.
        would_take: The targets of people that would fall to each, by IAM ID, if all of
            them left.
        keys_refused: Why IAM refuses a key that this service holds here; empty where it
            does not, or nobody can say now.
        group_names: The resource groups' names by id.
        has_targets: Whether looking again would show no more of the targets.
    """

    standings: tuple[Standing, ...] = ()
    owned: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    would_take: Mapping[str, tuple[Target, ...]] = field(default_factory=dict)
    keys_refused: str = ""
    group_names: Mapping[str, str] = field(default_factory=dict)
    has_targets: bool = True

    def owned_by(self, iam_id: str) -> tuple[Target, ...]:
        """Return the targets whose keys are somebody's now, in a stable order."""
        return self.owned.get(iam_id, ())

    def taken_by(self, iam_id: str) -> tuple[Target, ...]:
        """Return the targets of people that would fall to somebody."""
        return self.would_take.get(iam_id, ())


def forecast(
    cloud: Cloud,
    view: View,
    known: Iterable[KeyOwner] = (),
    *,
    max_age_seconds: float = 240,
) -> Forecast:
    """Look how every functional ID of an account stands, and what would fall to it.

    Args:
        cloud: The account.
        view: What was seen of all of it.
        known: Functional IDs as they were known before, for when our own identities
            cannot be told now.
        max_age_seconds: How old a look at them may be; 0 always looks.
    """
    found = _functional_ids(view, known)
    look = partial(cloud.standing, max_age_seconds=max_age_seconds)
    standings = tuple(at_once(look, found))
    owned = {
        one.id: tuple(
            sorted(
                (each.target for each in view.seen if _is_owned_by(each, one.id)),
                key=lambda target: target.id,
            )
        )
        for one in found
    }
    would_take = _would_take(cloud, view, {one.identity.id: one for one in standings})
    refused = "" if view.has_ours else _refusal(cloud)
    return Forecast(
        standings, owned, would_take, refused, view.group_names, view.is_final
    )


def _functional_ids(view: View, known: Iterable[KeyOwner]) -> list[KeyOwner]:
    """Name them: among ours, by a reading, or by what was known before."""
    seen = [one.reading for one in view.seen if isinstance(one.reading, KeyOwner)]
    named = [*view.ours, *seen]
    found = [one for one in named if one.kind is OwnerKind.FUNCTIONAL_ID]
    found += [] if view.has_ours else known
    first: dict[str, KeyOwner] = {}
    for one in found:
        first.setdefault(one.id, one)
    return list(first.values())


def _is_owned_by(seen: Seen, iam_id: str) -> bool:
    return isinstance(seen.reading, KeyOwner) and seen.reading.id == iam_id


def _would_take(
    cloud: Cloud, view: View, standings: Mapping[str, Standing]
) -> dict[str, tuple[Target, ...]]:
    taken: Counter[str] = Counter()
    falls: dict[str, tuple[Target, ...]] = {}
    for one in view.seen:
        if not isinstance(one.reading, KeyOwner) or one.reading.kind not in _PEOPLE:
            continue
        owner = _taker(cloud, one.target, standings, taken)
        if owner is not None:
            taken[owner.id] += 1
            falls[owner.id] = (*falls.get(owner.id, ()), one.target)
    return falls


def _taker(
    cloud: Cloud,
    target: Target,
    standings: Mapping[str, Standing],
    taken: Mapping[str, int],
) -> KeyOwner | None:
    """Choose as a plan would; None where nobody may take it over, or can say now."""
    try:
        candidates: Sequence[KeyOwner] = cloud.candidates(target)
    except StoreAwayError:
        raise
    except OffboardingError:
        return None
    judged = {
        one.id: preflight(standings[one.id], target, planned=taken.get(one.id, 0))
        for one in candidates
        if one.id in standings
    }
    if not candidates:
        return None
    return chosen(candidates, judged=judged, standings=standings, taken=taken)


def _refusal(cloud: Cloud) -> str:
    """Ask once more who we are, and say why that is refused."""
    try:
        cloud.identities()
    except PermanentError as error:
        return str(error)
    except StoreAwayError:
        raise
    except OffboardingError:
        return ""
    return ""
