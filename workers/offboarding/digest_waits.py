"""What of a digest waits for a person: cases, brake, pause, quarantine, reports."""

from collections.abc import Iterator
from typing import Final

from workers.offboarding.digest import Digest, Waits
from workers.offboarding.exposure import Dependence
from workers.offboarding.model import Case
from workers.offboarding.notice_words import full_owner, hanging
from workers.offboarding.report.holds import is_urgent, why
from workers.offboarding.report.phrases import about, listed, named, time_of
from workers.offboarding.report.value import Item, Line
from workers.offboarding.unreadable import LIST
from workers.offboarding.words import counted

# Of each kind: all kinds together still fit on a screen.
MOST: Final = 5
EVERYTHING: Final = "everything"
_DEAD: Final = "Removed already: their keys are dead, and each minute counts."


def waiting_part(one: Digest) -> Iterator[Item]:
    """Say what waits, what only a decision ends before what is to be mended."""
    waits = one.waits
    yield from _held(one)
    if waits.braked and waits.braked_since is not None:
        many, since = waits.braked, time_of(waits.braked_since)
        behind = f"{counted(many, 'departure')} {verb(many)} behind the brake"
        text = f"{behind}, the first since {since}:"
        yield Item((text,), (), "offboard brake show")
    if waits.paused:
        yield _paused(waits)
    yield from _left(one.left)
    yield from _broken(waits)
    if waits.quarantined:
        yield _kept(waits)
    yield from _untold(waits)


def verb(many: int) -> str:
    """Have what waits wait, in the number it needs."""
    return "waits" if many == 1 else "wait"


def people(many: int) -> str:
    """Count people."""
    return "1 person" if many == 1 else f"{many} people"


def deliveries(many: int) -> str:
    """Count deliveries."""
    return "1 delivery" if many == 1 else f"{many} deliveries"


def page_of(one: Digest, view: str) -> str | None:
    """Return the address of a list of cases; None where there are no pages."""
    if one.public_url is None:
        return None
    return f"{one.public_url.rstrip('/')}/?show={view}"


def _held(one: Digest) -> Iterator[Item]:
    waits = one.waits
    shown = waits.cases[:MOST]
    yield from (_one_held(case) for case in shown)
    if waits.many:
        more = waits.many - len(shown)
        text = f"And {more} more. See all of them:" if more > 0 else "See them:"
        command = "offboard case list --status waiting"
        yield Item((text,), (), command, link=page_of(one, "waiting"))


def _one_held(case: Case) -> Item:
    since = time_of(case.held_at or case.received_at)
    said: Line = (*about(case), f", since {since}: {why(case) or 'held'}. ")
    dead: tuple[Line, ...] = ((_DEAD,),) if is_urgent(case) else ()
    return Item((*said, f"Case {case.id}"), dead)


def _paused(waits: Waits) -> Item:
    if EVERYTHING in waits.paused:
        return Item(("Resets are paused everywhere:",), (), "offboard resume")
    accounts = listed((named(one),) for one in waits.paused)
    text: Line = ("Resets are paused in account ", *accounts, ":")
    return Item(text, (), "offboard resume --account ID")


def _left(left: tuple[Dependence, ...]) -> Iterator[Item]:
    for one in left[:MOST]:
        keys = hanging(one.targets, one.clusters)
        yield Item((*full_owner(one.owner), f" left, and still owns {keys}."))
    if left:
        more = len(left) - MOST
        text = f"And {more} more. For each of them:" if more > 0 else "Take them over:"
        yield Item((text,), (), "offboard run USER --apply")


def _broken(waits: Waits) -> Iterator[Item]:
    for each in waits.stills[:MOST]:
        yield Item((f"Case {each.case_id} stands still since {time_of(each.since)}.",))
    if waits.stills[MOST:]:
        yield Item((f"And {len(waits.stills) - MOST} more that stand still.",))
    if waits.damaged:
        shown = ", ".join(waits.damaged[:MOST])
        more = len(waits.damaged) - MOST
        rest = f" and {more} more" if more > 0 else ""
        yield Item((f"Cannot be read: case {shown}{rest}.",), (), "offboard doctor")


def _kept(waits: Waits) -> Item:
    many = sum(waits.quarantined.values())
    sources = sorted(waits.quarantined.items(), key=lambda one: (-one[1], one[0]))
    line: Line = (
        f"{deliveries(many)} in quarantine, from ",
        *listed((named(source), f" {count}") for source, count in sources[:MOST]),
        ". Somebody may leave whom nobody offboards:",
    )
    soon: tuple[Line, ...] = ()
    if waits.running_out and waits.running_out_at is not None:
        at = time_of(waits.running_out_at)
        soon = ((f"Running out soon: {waits.running_out}, the first at {at}.",),)
    return Item(line, soon, LIST)


def _untold(waits: Waits) -> Iterator[Item]:
    if waits.untold_many:
        cases = ", ".join(waits.untold)
        many = counted(waits.untold_many, "report")
        text = f"{many} could not be told, of case {cases}. Tell who has to know."
        yield Item((text,))
    if waits.untold_notices:
        many = counted(waits.untold_notices, "notice")
        yield Item((f"{many} could not be told: the log has notice.failed.",))
