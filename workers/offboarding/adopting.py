"""What was seen → the targets to be taken over before anybody leaves. Pure."""

from collections.abc import Callable, Collection

from workers.offboarding.errors import Reason
from workers.offboarding.judging import LATER, Look
from workers.offboarding.model import (
    Adoption,
    CaseTarget,
    KeyOwner,
    NoOwner,
    Outcome,
    OwnerKind,
    Scope,
    Target,
    Unread,
)
from workers.offboarding.view import Seen


def adopted_of(
    adoption: Adoption,
) -> Callable[[Look, Collection[str], Scope | None], list[CaseTarget | str]]:
    """Return what finds an adoption's targets in a look, as ``targets_of`` does.

    Those of the one owner who was named, or else of every person; and those whose owner
    could not be read, or may be a person or not, since they may be a person's.
    """

    def find(
        look: Look, known: Collection[str] = (), scope: Scope | None = None
    ) -> list[CaseTarget | str]:
        # What was looked at lies in the scope already.
        seen = [one for one in look.view.seen if one.target.id not in known]
        judged = (_judged(adoption, look, one) for one in seen)
        return [one for one in judged if one is not None]

    return find


def _judged(adoption: Adoption, look: Look, one: Seen) -> CaseTarget | str | None:
    match one.reading:
        case Unread(reason=Reason.NO_CLUSTER) | NoOwner():
            # A target without a readable cluster is never reset.
            return None
        case Unread(reason=reason, detail=detail):
            if not one.is_final and not look.is_last:
                return LATER
            return CaseTarget(one.target).ended(
                Outcome.UNREAD, look.at, reason=reason, detail=detail
            )
        case KeyOwner() as owner:
            is_meant = (
                owner.id == look.iam_id
                if adoption.has_from
                else owner.kind is OwnerKind.PERSON
            )
            if is_meant:
                return _theirs(look, CaseTarget(one.target, owner))
            is_unclear = owner.kind is OwnerKind.UNKNOWN and not adoption.has_from
            return _unclear(look, one.target, owner) if is_unclear else None


def _unclear(look: Look, target: Target, owner: KeyOwner) -> CaseTarget:
    """Keep in sight what may be a person's: it is not taken over, and not left out."""
    text = f"It belongs to {owner.id}, and it cannot be told whether that is a person."
    return CaseTarget(target).ended(
        Outcome.UNREAD, look.at, reason=Reason.OWNER_UNKNOWN, detail=text
    )


def _theirs(look: Look, target: CaseTarget) -> CaseTarget | str:
    if look.is_sure:
        return target
    if not look.is_last and not look.view.is_final:
        return LATER
    text = "Not all of our own functional IDs are known, and the owner may be one."
    return target.ended(
        Outcome.FAILED, look.at, reason=Reason.LIST_UNREADABLE, detail=text
    )
