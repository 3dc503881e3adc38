"""What the brake holds, and which of it matters most. Pure values.

More departures by events in an hour than are acted on without a person's word wait for
one decision. Who of them owns something is told by the owner index, never by a look.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from workers.offboarding.errors import Reason
from workers.offboarding.exposure import Dependence
from workers.offboarding.model import (
    BrakeState,
    Case,
    CaseStatus,
    KeyOwner,
    Leaver,
    Note,
    Person,
    SamePerson,
)
from workers.offboarding.reasons import sentence


@dataclass(frozen=True, slots=True)
class Braked:
    """What is kept of a case that the brake holds, to list it without loading it.

    ``is_to_come`` tells whether its work would not have begun yet: who leaves is
    confidential then. ``is_gone``: an event proved the removal.
    """

    case_id: str
    leaver: Leaver
    source: str
    received_at: datetime
    effective_at: datetime
    is_to_come: bool = False
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A case that the brake holds, and what hangs on its person by the owner index.

    ``targets`` and ``clusters`` are None where the index does not know everything, and
    nothing of theirs. ``owner`` is who they are there; None if they own nothing.
    """

    braked: Braked
    targets: int | None
    clusters: int | None
    is_gone: bool
    owner: KeyOwner | None = None

    @property
    def owns(self) -> bool:
        """Tell whether something is theirs."""
        return bool(self.targets)

    @property
    def is_confidential(self) -> bool:
        """Tell whether it must not be named where everybody reads.

        Who is proven to be removed has no departure to come any more.
        """
        return self.braked.is_to_come and not self.is_gone


@dataclass(frozen=True, slots=True)
class Brake:
    """How the brake stands.

    Attributes:
        limit: How many cases may be opened by events in an hour.
        opened_last_hour: How many were, those that wait included.
        since: Since when the oldest of those that wait waits; None if none does.
        waiting: Those that wait: who owns something first, who is gone before others.
        more: How many wait beyond those.
        checked_at: The oldest survey that was asked; None while one is missing.
    """

    limit: int
    opened_last_hour: int
    since: datetime | None = None
    waiting: tuple[Waiting, ...] = ()
    more: int = 0
    checked_at: datetime | None = None

    @property
    def is_on(self) -> bool:
        """Tell whether anything waits for a decision."""
        return bool(self.waiting or self.more)

    def at_most(self, limit: int) -> "Brake":
        """Return it with a list of that length."""
        left = len(self.waiting) - limit
        if left <= 0:
            return self
        return replace(self, waiting=self.waiting[:limit], more=self.more + left)

    def without_confidential(self) -> "Brake":
        """Return it for those who must not see who leaves later; they are counted."""
        shown = tuple(one for one in self.waiting if not one.braked.is_to_come)
        left = len(self.waiting) - len(shown)
        return replace(self, waiting=shown, more=self.more + left)


def overlaid(
    case: Case, state: BrakeState, by: str | None, at: datetime | None
) -> Case:
    """Say in a case what the brake does with it, which is not kept in its head."""
    case = replace(case, brake=state, brake_by=by)
    if state is BrakeState.HELD and case.status is CaseStatus.WAITING:
        return case.warned(Note(Reason.BRAKE, sentence(Reason.BRAKE)))
    if state is BrakeState.REFUSED:
        text = f"{by} refused it, with all that the brake held."
        refused = case.warned(Note(Reason.REFUSED_PLAN, text))
        return replace(refused, settled_at=case.settled_at or at)
    return case


def bare(case: Case) -> Case:
    """Take out of a case what ``overlaid`` says in it."""
    kept = tuple(one for one in case.warnings if one.reason is not Reason.BRAKE)
    if case.brake is None and case.brake_by is None and len(kept) == len(case.warnings):
        return case
    return replace(case, brake=None, brake_by=None, warnings=kept)


def listed(
    braked: Iterable[Braked],
    owners: Mapping[str, Sequence[Dependence]],
    *,
    is_whole: bool,
) -> tuple[Waiting, ...]:
    """Put what waits into the order in which it matters.

    Args:
        braked: What waits.
        owners: What hangs on whom, by every name that means them (``names_of``).
        is_whole: Whether the owner index has every account.
    """
    found = [_waiting(one, owners, is_whole=is_whole) for one in braked]
    return tuple(sorted(found, key=_place))


def _waiting(
    one: Braked, owners: Mapping[str, Sequence[Dependence]], *, is_whole: bool
) -> Waiting:
    names = (_word(each) for each in (one.leaver.email, one.leaver.iam_id) if each)
    hits = {each.owner.id: each for name in names for each in owners.get(name, ())}
    mine = list(hits.values())
    if not mine:
        none = 0 if is_whole else None
        return Waiting(one, none, none, one.is_gone)
    return Waiting(
        one,
        sum(each.targets for each in mine),
        sum(each.clusters for each in mine),
        one.is_gone or all(each.has_left for each in mine),
        mine[0].owner,
    )


def _place(one: Waiting) -> tuple[object, ...]:
    return (
        not one.owns,
        not one.is_gone,
        -(one.clusters or 0),
        -(one.targets or 0),
        one.braked.received_at,
        one.braked.case_id,
    )


def names_of(
    owners: Sequence[Dependence],
    people: Iterable[Person],
    same_people: Iterable[SamePerson],
) -> dict[str, list[Dependence]]:
    """Return what hangs on whom by every name that means them.

    Args:
        owners: What hangs on whom, as exposure sums it up.
        people: The owners on the user lists: e-mails and logins.
        same_people: The identity map.
    """
    logins: dict[str, set[str]] = {}
    for person in people:
        logins.setdefault(person.iam_id, set()).update(person.addresses)
    found: dict[str, list[Dependence]] = {}
    for each in owners:
        names = {_word(each.owner.id), *logins.get(each.owner.id, ())}
        names |= {_word(each.owner.email)} if each.owner.email else set()
        for name in names:
            found.setdefault(name, []).append(each)
    for same in same_people:
        _widen(found, same)
    return found


def _widen(found: dict[str, list[Dependence]], same: SamePerson) -> None:
    names = [_word(each) for each in (same.iam_id, *same.emails) if each]
    theirs = {each.owner.id: each for name in names for each in found.get(name, ())}
    for name in names if theirs else ():
        found[name] = list(theirs.values())


def _word(name: str) -> str:
    return name.lower()
