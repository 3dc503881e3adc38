"""What a later departure of the same leaver adds to an open case. Pure values."""

from dataclasses import replace
from datetime import datetime, timedelta

from workers.offboarding.errors import Reason
from workers.offboarding.model import Case, Departure, Leaver, Note, Scope, Told


def folded(case: Case, lead_time: timedelta, at: datetime) -> Case:
    """Take joined departures into the case: the widest scope, the earliest time.

    A source may change its own date, to later too while work has not begun; it never
    puts off what another source said.

    Args:
        case: The case, with the departures that joined it.
        lead_time: How long before ``effective_at`` work begins.
        at: Now: when somebody leaves of whom no time was said.
    """
    for one in case.departures:
        if one.takes_back:
            case = moved(case, _without(case, one.takes_back), lead_time, at)
            continue
        case = replace(
            moved(_named_twice(case, one), _told_too(case, one, at), lead_time, at),
            scope=widest(case.scope, one.scope),
            aliases=_aliases(case, one),
            gone_from=gone_from_of(case.gone_from, one),
            leaver=_filled(case.leaver, one.leaver),
            named=_filled(case.as_named, one.leaver),
            askers=askers_of(case.askers, one),
        )
    return replace(case, departures=())


def _without(case: Case, sources: tuple[str, ...]) -> tuple[Told, ...]:
    """Return what counts of a case where these sources took their words back."""
    told = told_of(case)
    return tuple(one for one in told if one.source not in sources) or told


def askers_of(known: tuple[str, ...], one: Departure) -> tuple[str, ...]:
    """Add who asked for a departure to those who are known to have asked."""
    asker = one.person or one.actor
    return tuple(sorted({*known, *one.askers, *((asker,) if asker else ())}))


def _filled(leaver: Leaver, other: Leaver) -> Leaver:
    """Fill in what is not known of *leaver*."""
    return Leaver(
        email=leaver.email or other.email,
        iam_id=leaver.iam_id or other.iam_id,
        name=leaver.name or other.name,
    )


def widest(scope: Scope | None, other: Scope | None) -> Scope | None:
    """Return the smallest scope that covers both, so that no order matters."""
    if scope is None or other is None:
        return None
    regions = _either(scope.regions, other.regions)
    groups = _either(scope.resource_groups, other.resource_groups)
    return Scope(regions, groups) if regions or groups else None


def _either(some: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*some, *others})) if some and others else ()


def gone_from_of(known: tuple[str, ...], one: Departure) -> tuple[str, ...]:
    """Add the accounts from which a departure proves the leaver removed."""
    mine = (one.gone_from,) if one.gone_from else ()
    return tuple(sorted({*known, *mine, *one.gone_too}))


def _aliases(case: Case, one: Departure) -> tuple[str, ...]:
    mine = case.leaver.email or one.leaver.email
    emails = {*case.aliases, *one.aliases, one.leaver.email} - {None, mine}
    return tuple(sorted(str(each) for each in emails))


def told_of(case: Case) -> tuple[Told, ...]:
    """Return what each source said last of a case; the earliest counts."""
    return case.told or (Told(_voice_of(case.opened_by.source), case.effective_at),)


def told_by(one: Departure, effective_at: datetime) -> Told:
    """Return what the source of a departure says with it."""
    return Told(_voice_of(one.source), effective_at, one.occurred_at)


def _voice_of(source: str) -> str:
    """Name a source as one that has a word of its own.

    The command line asks the API: who set a date by one may put it off by the other.
    """
    return "api" if source == "cli" else source


def _told_too(case: Case, one: Departure, at: datetime) -> tuple[Told, ...]:
    """Take in what its source says now, or what each source said of another case."""
    effective_at = max(one.effective_at or at, case.received_at)
    told = told_of(case)
    for said in one.told or (told_by(one, effective_at),):
        told = _said(told, said)
    return told


def _said(told: tuple[Told, ...], said: Told) -> tuple[Told, ...]:
    """Take in what a source says, unless it said something later before.

    Deliveries come in any order: of two dates of one source that counts which it
    gave last.
    """
    before = next((each for each in told if each.source == said.source), None)
    if before is not None and _is_later(before.occurred_at, said.occurred_at):
        return told
    return (*(each for each in told if each.source != said.source), said)


def _is_later(some: datetime | None, other: datetime | None) -> bool:
    return some is not None and other is not None and some > other


def moved(
    case: Case, told: tuple[Told, ...], lead_time: timedelta, at: datetime
) -> Case:
    """Return a case as it stands by what its sources say now."""
    effective_at = min(each.effective_at for each in told)
    if case.started_at is not None:
        # What has begun is not put off; it may only turn out to be more urgent.
        effective_at = min(effective_at, case.effective_at)
        return replace(case, told=told, effective_at=effective_at)
    wanted = effective_at - lead_time
    # A case that turns out to be due starts its clocks now, not when it was received.
    starts_at = wanted if wanted > at else min(case.starts_at, at)
    return replace(case, told=told, effective_at=effective_at, starts_at=starts_at)


def _named_twice(case: Case, one: Departure) -> Case:
    """Note that a joined departure names another identity: two people, or a mistake.

    The note stays with the case, and holds it until a person has decided.
    """
    ids = {case.leaver.iam_id, one.leaver.iam_id} - {None}
    if len(ids) < 2:
        return case
    named = " and ".join(sorted(str(each) for each in ids))
    text = f"The departures in this case name {named}. Name one by its IAM ID."
    return case.warned(Note(Reason.AMBIGUOUS_PERSON, text))
