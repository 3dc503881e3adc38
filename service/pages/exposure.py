"""Who owns what now: the numbers that matter first, then people, then targets."""

from dataclasses import dataclass
from typing import Final

from flask import render_template, request
from werkzeug.exceptions import NotFound

from service.context import here
from service.pages.door import page
from service.pages.target_rows import Owner, owner_of
from service.pages.trend import chart_of
from workers.offboarding.exposure import (
    AccountExposure,
    Dependence,
    Exposure,
    Holding,
    ReadingKind,
)
from workers.offboarding.model import Cluster, OwnerKind
from workers.offboarding.reasons import sentence


@dataclass(frozen=True, slots=True)
class Held:
    """One target as a row: where, whose, whether that is a person's, and as of when."""

    holding: Holding
    owner: Owner | None
    state: str
    tone: str
    why: str | None
    first: tuple[Cluster, ...]
    rest: tuple[Cluster, ...]


_AT_ONCE: Final = 3
_STATES: Final = {
    OwnerKind.FUNCTIONAL_ID: ("Functional ID", "good"),
    OwnerKind.SERVICE_ID: ("Service ID", "good"),
}


@page("GET", "/exposure", role="viewer")
def exposure() -> str:
    """Show what hangs on whom, as of the last surveys; of some accounts if asked."""
    desk = here().desk
    asked = _asked(request.args.getlist("account_id"))
    found = desk.exposure(asked) if asked else desk.exposure()
    # Its lines are of all accounts together.
    days = () if asked else desk.trend()
    people = sorted(
        found.people, key=lambda one: (not one.has_left, -one.clusters, -one.targets)
    )
    return render_template(
        "exposure.html",
        found=found,
        people=[(one, owner_of(one.owner)) for one in people],
        left=[one for one in people if one.has_left],
        targets=_rows(found),
        accounts_of=lambda one: _accounts_of(found, one),
        accounts=sorted(found.accounts, key=_place),
        asked=asked,
        sentence=sentence,
        days=days[::-1],
        chart=chart_of(days, here().clock().date()),
        now=here().clock(),
    )


def _asked(given: list[str]) -> tuple[str, ...]:
    """Return the accounts that are asked for and known here; 404 for another one."""
    if not given:
        return ()
    known = {one.account_id for one in here().desk.exposure().accounts}
    if not known.issuperset(given):
        raise NotFound
    return tuple(dict.fromkeys(given))


def _place(one: AccountExposure) -> tuple[bool, int, str]:
    return one.is_complete, -one.departures_from_outage, one.name or one.account_id


def _accounts_of(found: Exposure, one: Dependence) -> list[str]:
    mine = (each for each in found.holdings if each.owner_now is not None)
    return sorted(
        {
            each.target.account_id
            for each in mine
            if each.owner is not None and each.owner.id == one.owner.id
        }
    )


def _rows(found: Exposure) -> list[Held]:
    rows = [row_of(one) for one in found.holdings]
    order = ("bad", "held", "calm", "good")
    return sorted(rows, key=lambda one: order.index(one.tone))


def row_of(one: Holding) -> Held:
    state, tone = _state(one)
    clusters = one.target.clusters
    return Held(
        holding=one,
        owner=owner_of(one.owner),
        state=state,
        tone=tone,
        why=sentence(one.reason) if one.reason else None,
        first=clusters[:_AT_ONCE],
        rest=clusters[_AT_ONCE:],
    )


def _state(one: Holding) -> tuple[str, str]:
    owner = one.owner
    if one.reading is ReadingKind.UNREAD:
        return "Not seen", "bad"
    if one.reading is ReadingKind.NONE or owner is None:
        return "No key", "calm"
    if one.has_left:
        return "Owner has left", "bad"
    return _STATES.get(owner.kind, ("A person's", "held"))
