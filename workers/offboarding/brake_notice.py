"""What the channels are told of the brake: once when it holds cases, then reminded."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from workers.offboarding.brake import Brake, Waiting
from workers.offboarding.notice import Notice, NoticeKind
from workers.offboarding.notice_words import full_owner, id_of
from workers.offboarding.report.phrases import named, time_of
from workers.offboarding.report.value import Item, Line
from workers.offboarding.words import counted

# Who wants to see more of them has `offboard brake show`.
_MOST: Final = 10
_DEAD: Final = "They are removed already: their keys died with that."


def brake_notice(
    brake: Brake, *, began_at: datetime, reminded: int, at: datetime
) -> Notice:
    """Tell who waits for one decision, and how it is made.

    Args:
        brake: How the brake stands, with everybody who waits.
        began_at: When the first of them was held: it names the episode.
        reminded: 0 tells it, more reminds of it.
        at: Now.
    """
    many = len(brake.waiting)
    # Told late, the rush is no more to be seen in the count.
    is_rush = brake.opened_last_hour > brake.limit and not reminded
    return Notice(
        id=id_of(NoticeKind.BRAKE, began_at.isoformat(), str(reminded)),
        kind=NoticeKind.BRAKE,
        at=at,
        account_id="",
        about=(f"{counted(many, 'departure')} {_wait(many)} for a decision",),
        headline=_told(brake) if is_rush else _reminded(brake, began_at),
        items=(*_people(brake), *_decisions()),
    )


def _wait(many: int) -> str:
    return "waits" if many == 1 else "wait"


def _told(brake: Brake) -> Line:
    many = len(brake.waiting)
    return (
        f"{counted(brake.opened_last_hour, 'departure')} came by events within an "
        f"hour, and {brake.limit} may be acted on without a person's word. "
        f"{many} of them {_wait(many)} for one decision; nothing is done for "
        f"{'it' if many == 1 else 'them'} until then.{_gone(brake)}",
    )


def _reminded(brake: Brake, began_at: datetime) -> Line:
    many = len(brake.waiting)
    return (
        f"{counted(many, 'departure')} {_wait(many)} for one decision, the first "
        f"since {time_of(began_at)}; nothing is done for "
        f"{'it' if many == 1 else 'them'} until then.{_gone(brake)}",
    )


def _gone(brake: Brake) -> str:
    gone = sum(one.is_gone for one in brake.waiting)
    if not gone:
        return ""
    people = "1 person of them is" if gone == 1 else f"{gone} people of them are"
    return f" {people} removed from IBM Cloud already, and each minute counts."


def _people(brake: Brake) -> Iterator[Item]:
    """Name those who own something, then count all others."""
    open_to_all = [one for one in brake.waiting if not one.is_confidential]
    owning = [one for one in open_to_all if one.owns]
    yield from (_owner(one) for one in owning[:_MOST])
    if owning[_MOST:]:
        yield Item((f"And {len(owning) - _MOST} more who own something.",))
    yield from _owning_nothing(
        [one for one in open_to_all if not one.owns], brake.checked_at
    )
    yield from _to_come([one for one in brake.waiting if one.is_confidential])


def _owner(one: Waiting) -> Item:
    told = f", told by {one.braked.source} at {time_of(one.braked.received_at)}"
    hanging = (
        f"{counted(one.targets or 0, 'key')} with "
        f"{counted(one.clusters or 0, 'cluster')}"
    )
    dead = ((_DEAD,),) if one.is_gone else ()
    return Item((*_name(one), f" owns {hanging}{told}."), dead)


def _name(one: Waiting) -> Line:
    if one.owner is not None:
        return full_owner(one.owner)
    return (named(str(one.braked.leaver)),)


def _owning_nothing(others: Sequence[Waiting], at: datetime | None) -> Iterator[Item]:
    if not others:
        return
    many = counted(len(others), "departure")
    if at is None:
        yield Item(
            (
                f"{many}: not known whether the person owns something, as not every "
                "account was surveyed yet.",
            )
        )
        return
    yield Item((f"{many} of people who own nothing, by the survey of {time_of(at)}.",))


def _to_come(later: Sequence[Waiting]) -> Iterator[Item]:
    if not later:
        return
    many, owning = counted(len(later), "departure"), sum(one.owns for one in later)
    yield Item(
        (
            f"{many} for a later day, not named here: confidential until then. "
            f"{owning} of people who own something.",
        )
    )


def _decisions() -> Iterator[Item]:
    yield Item(("See who waits:",), (), "offboard brake show")
    yield Item(
        ("If these departures are real, let all go on (needs role approver):",),
        (("Each is planned then, and its own guards hold it where they must.",),),
        "offboard brake release",
    )
    yield Item(
        ("If they are a mistake or an attack, cancel all (needs role approver):",),
        (("Nothing is written. Who leaves after all has to be told of anew.",),),
        "offboard brake refuse",
    )
