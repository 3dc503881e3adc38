"""Why a functional ID is weak: it could not be relied on in a departure. Pure.

Only what is certain makes it weak. What could not be seen now is taken as it was seen
last, so that a list which fails for an hour neither mends anything nor breaks it anew.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from workers.offboarding.errors import Reason
from workers.offboarding.excess import broad, shared
from workers.offboarding.findings import Finding, missing, who
from workers.offboarding.functional_ids import FunctionalIdState
from workers.offboarding.model import Right, Target
from workers.offboarding.preflight import role_findings
from workers.offboarding.soundness import faults_of, keys_command
from workers.offboarding.standing import Standing

# With fewer than these left, one departure may use them up.
FEW: Final = 3
_BY_POLICIES: Final = (Reason.MISSING_ROLE, Reason.FUNCTIONAL_ID_BROAD)
_BY_KEYS: Final = (Reason.FEW_KEY_SLOTS,)
_BY_STATE: Final = (Reason.FUNCTIONAL_ID_INACTIVE, Reason.FUNCTIONAL_ID_LOCKED)


def weaknesses(
    standing: Standing,
    owns: Iterable[Target],
    *,
    elsewhere: Iterable[str] = (),
    group_names: Mapping[str, str] | None = None,
    before: FunctionalIdState | None = None,
    has_targets: bool = True,
) -> tuple[Finding, ...]:
    """Say why a functional ID is weak; nothing where it is not.

    Args:
        standing: What was seen of it.
        owns: The targets whose keys are its now.
        elsewhere: The other accounts that it is a functional ID of, by name or id.
        group_names: The resource groups' names by id.
        before: What the survey before found.
        has_targets: Whether all that it owns was seen, as far as can be seen at all.
    """
    found = [
        one
        for one in _all(standing, owns, elsewhere, group_names)
        if one.right is Right.MISSING
    ]
    # Outside of its groups is where the names of all groups are needed to see.
    has_groups = bool(group_names) or not standing.resource_groups
    unseen = _unseen(standing, has_targets=has_targets, has_groups=has_groups)
    known = {one.text for one in found}
    notes = before.weak if before is not None else ()
    found += [
        missing(one.reason, one.text)
        for one in notes
        if one.reason in unseen and one.text not in known
    ]
    # One grant may be lacking in several targets: it is told for the first of them.
    first: dict[str, Finding] = {}
    for one in found:
        grant = one.command if one.reason is Reason.MISSING_ROLE else None
        first.setdefault(grant or one.text, one)
    return tuple(first.values())


def _all(
    standing: Standing,
    owns: Iterable[Target],
    elsewhere: Iterable[str],
    group_names: Mapping[str, str] | None,
) -> Iterator[Finding]:
    yield from faults_of(standing)
    for target in owns:
        yield from role_findings(standing, target)
    yield from _few_slots(standing)
    also = shared(standing.identity, standing.name, elsewhere)
    if also is not None:
        yield also
    yield from broad(standing, group_names)


def _few_slots(standing: Standing) -> Iterator[Finding]:
    if standing.free is not None and standing.free < FEW:
        yield missing(
            Reason.FEW_KEY_SLOTS,
            f"{who(standing)} has {standing.keys} of {standing.key_limit} API keys, "
            f"and each reset takes one: {standing.free} left.",
            keys_command(standing),
        )


def _unseen(standing: Standing, *, has_targets: bool, has_groups: bool) -> set[Reason]:
    """Say of which reasons nobody can tell now whether they still hold."""
    is_known = standing.is_key_creation_restricted is not None
    has_policies = is_known and not standing.policies_fault
    unseen: set[Reason] = set()
    unseen |= set(() if has_policies else _BY_POLICIES)
    unseen |= set(() if has_targets else (Reason.MISSING_ROLE,))
    unseen |= set(() if has_groups else (Reason.FUNCTIONAL_ID_BROAD,))
    unseen |= set(_BY_KEYS if standing.keys is None else ())
    # Only who holds a token lists its keys, so without them it may be refused still.
    is_tried = standing.keys is not None or bool(standing.key_fault)
    unseen |= set(() if is_tried else (Reason.BAD_KEY,))
    unseen |= set(_BY_STATE if standing.state_fault else ())
    return unseen
