"""Which target a cluster API key is for, as its description says.

That the description holds region and resource group id is known, its wording is not
(not confirmed against a live account). So both are looked for as whole words: looked
for as parts, ``us-south`` is found in ``us-south-2``, and an id in a longer number.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from workers.ibmcloud.regions import KNOWN, all_names, todays_name

# A hyphen belongs to its word, also at an end: what follows it may have been cut.
_WORD: Final = re.compile(r"(?:[^\W_]|-)+")
_GROUP_ID: Final = re.compile(r"(?<![^\W_])[0-9a-f]{32}(?![^\W_])")
_SHAPE: Final = re.compile(r"[a-z]{2}-[a-z]{2,8}(-[0-9]{1,2})?")
# Words of such a sentence that look like a region and are none: "in-use", "by-key".
_NO_PART: Final = frozenset(
    {
        *("account", "cluster", "group", "id", "key", "keys", "owner", "region"),
        *("resource", "service", "user", "use", "api", "iam", "iks", "vpc", "new"),
        *("created", "issued", "made", "reset", "dev", "prod", "stage", "test"),
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """What a description names; None where it names none, or several.

    ``region`` has today's name.
    """

    region: str | None
    group_id: str | None


def place_in(
    text: str, *, regions: Iterable[str] = (), no_groups: Collection[str] = ()
) -> Place:
    """Read the one region and the one resource group id that *text* names.

    Args:
        text: A key's description.
        regions: Names in use in this account, besides those we know.
        no_groups: Ids of 32 digits that are no resource group's, as the account's.
    """
    groups = set(_GROUP_ID.findall(text)).difference(no_groups)
    return Place(_only(_regions(text, regions)), _only(groups))


def _regions(text: str, seen: Iterable[str]) -> set[str]:
    words = set(_WORD.findall(text))
    known = KNOWN.union(*(all_names(one) for one in seen))
    named = {todays_name(word) for word in words & known}
    # Only where no known one is named: a shape alone is a guess.
    return named or {word for word in words if _is_shaped(word)}


def _is_shaped(word: str) -> bool:
    return bool(_SHAPE.fullmatch(word)) and _NO_PART.isdisjoint(word.split("-"))


def _only(found: Collection[str]) -> str | None:
    return next(iter(found)) if len(found) == 1 else None
