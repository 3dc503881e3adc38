"""Who has which policies: directly, through an access group, or by default.

Knows no people and no keys, and has no lock: ``Account`` brings all three.
"""

from collections.abc import Sequence
from dataclasses import replace

from simulator.policies import PUBLIC_ACCESS, AccessGroup, Policy


class Grants:
    """The policies and access groups of one account."""

    def __init__(self) -> None:
        self._direct: dict[str, tuple[Policy, ...]] = {}
        self._groups: dict[str, AccessGroup] = {}

    def replace(self, iam_id: str, policies: Sequence[Policy] | None) -> None:
        """Set somebody's direct policies; None goes back to what they have unasked."""
        if policies is None:
            self._direct.pop(iam_id, None)
        else:
            self._direct[iam_id] = tuple(policies)

    def add_group(self, group: AccessGroup) -> None:
        """Add an access group; an id already there is replaced."""
        self._groups[group.group_id] = group

    def forget(self, iam_id: str) -> None:
        """Take all policies and memberships from somebody."""
        self._direct.pop(iam_id, None)
        for group in self._groups.values():
            self._groups[group.group_id] = replace(
                group,
                members=tuple(one for one in group.members if one != iam_id),
                dynamic_members=tuple(m for m in group.dynamic_members if m != iam_id),
            )

    def direct(self, iam_id: str, unasked: Sequence[Policy]) -> tuple[Policy, ...]:
        """Answer direct policies; *unasked* where they were given nothing at all."""
        if self.is_given(iam_id):
            return self._direct.get(iam_id, ())
        return tuple(unasked)

    def is_given(self, iam_id: str) -> bool:
        """Tell whether somebody was given policies, or was put into a group."""
        groups = {one.group_id for one in self.groups_of(iam_id)} - {PUBLIC_ACCESS}
        return iam_id in self._direct or bool(groups)

    def groups(self) -> list[AccessGroup]:
        """Answer the access groups, in order of adding."""
        return list(self._groups.values())

    def groups_of(self, iam_id: str, membership: str = "all") -> list[AccessGroup]:
        """Answer the access groups somebody is in."""
        return [one for one in self._groups.values() if one.holds(iam_id, membership)]
