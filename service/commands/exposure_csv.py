"""An exposure as CSV, a line a target; nothing in it that a spreadsheet would run."""

import csv
import sys
from collections.abc import Iterable, Iterator
from typing import Final

from service.commands.answers import Owner
from service.commands.pipe import Patient
from service.commands.screen import shown
from service.commands.seen_answers import ShownExposure, ShownHolding

COLUMNS: Final = (
    "account_id",
    "region",
    "resource_group_id",
    "resource_group",
    "clusters",
    "cluster_names",
    "reading",
    "reason",
    "owner_id",
    "owner_name",
    "owner_email",
    "owner_kind",
    "owner_left",
    "checked_at",
)
# What a spreadsheet takes for the beginning of a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def write_csv(told: ShownExposure) -> None:
    """Write every target to stdout."""
    out = Patient(sys.stdout)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    left = {one.owner.id for one in told.people if one.left}
    writer.writerows(_fit(_row(one, left)) for one in told.targets)
    out.flush()


def _row(one: ShownHolding, left: set[str]) -> Iterator[str]:
    group, owner = one.resource_group, one.owner or Owner("", kind="")
    yield from (one.account_id, one.region, group.id, group.name or "")
    yield str(len(one.clusters))
    yield " ".join(each.name or each.id for each in one.clusters)
    yield from (one.reading, one.reason or "")
    yield from (owner.id, owner.name or "", owner.email or "", owner.kind)
    yield ("yes" if owner.id in left else "no") if owner.id else ""
    yield one.checked_at or ""


def _fit(cells: Iterable[str]) -> list[str]:
    return [
        f"'{shown(one)}" if one.startswith(_FORMULA) else shown(one) for one in cells
    ]
