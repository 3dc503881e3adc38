"""What stored records look like by the code: fields of classes, words of enums.

Run by the code of any version, it prints that version's:

    PYTHONPATH=<its folder> .venv/bin/python tests/stored_shape.py
"""

import dataclasses
import enum
import json
import sys
import typing

from workers.offboarding.brake import Braked
from workers.offboarding.digest import Record
from workers.offboarding.exposure import GateAnswer
from workers.offboarding.health import Check
from workers.offboarding.heard import Hint, Unreadable
from workers.offboarding.intake import KeptState
from workers.offboarding.model import BlindSpot, Case, Entry, KeyOwner, Step
from workers.offboarding.notice import Notice, NoticeLine
from workers.offboarding.scim_users import ScimUser
from workers.offboarding.seen_user import SeenUser
from workers.offboarding.survey import AccountIndex
from workers.offboarding.trend import Day
from workers.store.scim import Waiting

# What is read back from the store as it was written, and what web and workers tell each
# other there; all that these hold comes along.
ROOTS = (
    *(Case, Entry, Step, Notice, NoticeLine, BlindSpot, Braked, Record, Day),
    *(KeyOwner, AccountIndex, ScimUser, Waiting, SeenUser, Hint),
    *(Unreadable, KeptState, GateAnswer, Check),
)


def shape() -> dict[str, list[str]]:
    """Name the fields of each class, and the words of each enum."""
    fields = {
        one.__name__: sorted(each.name for each in dataclasses.fields(one))
        for one in _classes()
    }
    words = {
        one.__name__: sorted(str(each.value) for each in one)
        for one in _reached()
        if issubclass(one, enum.Enum)
    }
    return dict(sorted({**fields, **words}.items()))


def _classes() -> list[type]:
    return [one for one in _reached() if dataclasses.is_dataclass(one)]


def _reached() -> list[type]:
    """List every class that stored records are made of."""
    found: dict[str, type] = {}
    todo = list(ROOTS)
    while todo:
        one = todo.pop()
        todo += typing.get_args(one)
        if isinstance(one, type) and one.__name__ not in found:
            found[one.__name__] = one
            todo += typing.get_type_hints(one).values()
    return list(found.values())


def without_default() -> set[str]:
    """Name the fields that a record of before has to have."""
    found: set[str] = set()
    for one in _classes():
        for each in dataclasses.fields(one):
            is_given = each.default is not dataclasses.MISSING
            if not is_given and each.default_factory is dataclasses.MISSING:
                found.add(f"{one.__name__}.{each.name}")
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(shape(), indent=1) + "\n")
