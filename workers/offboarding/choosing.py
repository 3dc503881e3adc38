"""Which of several functional IDs takes a target over. Pure."""

from collections.abc import Mapping, Sequence
from typing import Final

from workers.offboarding.model import KeyOwner, Right
from workers.offboarding.preflight import Preflight
from workers.offboarding.standing import Standing

_BEST_FIRST: Final = (Right.OK, Right.CANNOT_TELL, Right.MISSING)


def chosen(
    candidates: Sequence[KeyOwner],
    *,
    judged: Mapping[str, Preflight],
    standings: Mapping[str, Standing],
    taken: Mapping[str, int],
) -> KeyOwner:
    """Choose who is to take a target over.

    The best preflight decides, then the most free key slots, then the file's order.

    Args:
        candidates: Who may, by the accounts file, in its order; at least one.
        judged: What preflight says of each for this target, by IAM ID; who was not
            judged cannot be told.
        standings: How each stands, by IAM ID.
        taken: How many resets are planned for each already.

    Raises:
        ValueError: There is nobody to choose from.
    """

    def rank(one: KeyOwner) -> tuple[int, int]:
        said = judged.get(one.id)
        right = Right.CANNOT_TELL if said is None else said.right
        return _BEST_FIRST.index(right), -_free(standings.get(one.id), taken, one.id)

    # The first of the best, so the first in the file.
    return min(candidates, key=rank)


def _free(standing: Standing | None, taken: Mapping[str, int], iam_id: str) -> int:
    """Count the key slots that are left; where nobody knows, none are sure."""
    free = standing.free if standing is not None else None
    return 0 if free is None else free - taken.get(iam_id, 0)
