"""The follow-ups of a case that are left, by the numbers they are ticked off with."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.commands.answers import FollowUp, ShownCase, ShownTarget
from workers.offboarding.advice import command_for, renewed_by
from workers.offboarding.model import FollowUp as DomainFollowUp
from workers.offboarding.model import ResourceGroup, Target


@dataclass(frozen=True, slots=True)
class Numbered:
    """One follow-up that is left; ``number`` is the service's own for it."""

    number: int
    target: ShownTarget
    follow_up: FollowUp

    @property
    def command(self) -> str | None:
        """Return the command that does it by hand; None where there is none."""
        group = self.target.resource_group
        where = Target(
            self.target.account_id,
            self.target.region,
            ResourceGroup(group.id, group.name or ""),
        )
        return command_for(self._known, where)

    @property
    def addon(self) -> str | None:
        """Name the add-on whose pods are to be made anew, if that is what is left."""
        return renewed_by(self._known)

    @property
    def cluster(self) -> str:
        """Name its cluster: the name, and the id that commands take."""
        ident = self.follow_up.cluster_id or ""
        names = {each.id: each.name for each in self.target.clusters}
        return f"{names.get(ident) or ident} ({ident})"

    @property
    def _known(self) -> DomainFollowUp:
        one = self.follow_up
        return DomainFollowUp(one.kind, one.text, one.cluster_id, one.addon)


def follow_ups_of(case: ShownCase) -> Iterator[Numbered]:
    """Find what is not done yet, in the order of the numbers.

    The service counts from 1 over the targets as it shows them, done ones included.
    """
    every = ((target, one) for target in case.targets for one in target.follow_ups)
    for number, (target, one) in enumerate(every, start=1):
        if one.done_at is None:
            yield Numbered(number, target, one)
