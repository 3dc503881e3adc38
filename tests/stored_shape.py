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
    found: dict[str, list[str]] = {}
    todo = list(ROOTS)
    while todo:
        one = todo.pop()
        if typing.get_args(one):
            todo += typing.get_args(one)
        elif isinstance(one, type) and issubclass(one, enum.Enum):
            found[one.__name__] = sorted(str(each.value) for each in one)
        elif dataclasses.is_dataclass(one) and one.__name__ not in found:
            found[one.__name__] = sorted(each.name for each in dataclasses.fields(one))
            todo += typing.get_type_hints(one).values()
    return dict(sorted(found.items()))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(shape(), indent=1) + "\n")
