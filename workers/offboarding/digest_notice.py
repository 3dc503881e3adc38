"""A day's digest in words: in the order in which it needs people, on one screen."""

from collections.abc import Iterator
from typing import Final

from workers.offboarding.digest import Digest, Waits, Weak
from workers.offboarding.digest_parts import done_part, exposure_part, weak_part
from workers.offboarding.digest_waits import deliveries, people, verb, waiting_part
from workers.offboarding.notice import Notice, NoticeKind
from workers.offboarding.report.phrases import time_of
from workers.offboarding.report.value import Section, Severity
from workers.offboarding.words import counted

_CALM: Final = "nothing waits for a person"
# Of what waits; more of it than this is counted.
_IN_SUBJECT: Final = 3
_DRY: Final = (
    "The service is not armed: every case is a dry run, and nothing is taken over."
)


def digest_notice(one: Digest) -> Notice:
    """Put a day's digest into words; where there is nothing to say it says that."""
    needed = [*_waiting(one), *_weak(one.weak)]
    done = list(_done(one))
    is_calm = not needed and not _has_ended(one) and _is_as_before(one)
    titled = (
        ()
        if is_calm
        else (
            ("Waits for a person", waiting_part(one)),
            ("Grows weak", weak_part(one)),
            ("Exposure", exposure_part(one)),
            (_since(one), done_part(one)),
        )
    )
    parts = [Section(title, tuple(items)) for title, items in titled]
    return Notice(
        id=f"{NoticeKind.DIGEST}:{one.day.isoformat()}",
        kind=NoticeKind.DIGEST,
        at=one.at,
        account_id="",
        about=(", ".join(_shortly(needed, done)),),
        headline=(" ".join(_headline(one, needed, is_calm=is_calm)),),
        items=(),
        parts=tuple(each for each in parts if each.items),
        severity=Severity.ATTENTION if needed else Severity.NEUTRAL,
    )


def _shortly(needed: list[str], done: list[str]) -> list[str]:
    """Say what fits into a mail's subject, the numbers that matter first."""
    if not needed:
        return [_CALM, *done]
    more = len(needed) - _IN_SUBJECT
    return [*needed[:_IN_SUBJECT], *([f"and {more} more"] if more > 0 else done)]


def _headline(one: Digest, needed: list[str], *, is_calm: bool) -> Iterator[str]:
    yield f"{', '.join(needed) or _CALM}."
    if not _has_ended(one):
        yield "Nobody's departure ended since the last digest."
    if is_calm and one.figures is not None:
        many = counted(one.figures.departures, "departure")
        yield f"{many} from an outage, as at the last digest."
    if not one.is_armed:
        yield _DRY


def _has_ended(one: Digest) -> bool:
    results = ("attention", "safe", "planned", "clean")
    return bool(one.clean_many) or any(map(one.ended_since, results))


def _is_as_before(one: Digest) -> bool:
    """Tell whether exposure is what the last digest said, and was seen."""
    before = one.before.figures if one.before else None
    return one.surveyed_at is not None and one.figures == before


def _since(one: Digest) -> str:
    return f"Since {time_of(one.before.at)}" if one.before else "Done until now"


def _waiting(one: Digest) -> Iterator[str]:
    """Name what waits, shortly, what is most urgent first."""
    waits = one.waits
    if waits.many:
        yield f"{counted(waits.many, 'case')} {verb(waits.many)} for a decision"
    if waits.braked:
        behind = f"{counted(waits.braked, 'departure')} {verb(waits.braked)}"
        yield f"{behind} behind the brake"
    if waits.paused:
        yield "resets are paused"
    if one.left:
        own = "owns" if len(one.left) == 1 else "own"
        yield f"{people(len(one.left))} left and still {own} keys"
    yield from _to_mend(waits)


def _to_mend(waits: Waits) -> Iterator[str]:
    if waits.damaged:
        yield f"{counted(len(waits.damaged), 'case')} cannot be read"
    if waits.stills:
        many = len(waits.stills)
        yield f"{counted(many, 'case')} {'stands' if many == 1 else 'stand'} still"
    if waits.quarantined:
        yield f"{deliveries(sum(waits.quarantined.values()))} in quarantine"
    untold = waits.untold_many + waits.untold_notices
    if untold:
        yield f"{counted(untold, 'report')} not told"


def _weak(weak: Weak) -> Iterator[str]:
    many = len(weak.functional_ids) + len(weak.refused)
    if many:
        yield f"{counted(many, 'functional ID')} weak"
    if weak.silent:
        yield f"{counted(len(weak.silent), 'source')} silent"
    if weak.failing:
        yield f"surveys of {counted(len(weak.failing), 'account')} fail"
    if weak.old_keys:
        yield f"{counted(len(weak.old_keys), 'API key')} too old"


def _done(one: Digest) -> Iterator[str]:
    for result, words in (("attention", "with attention"), ("safe", "safe")):
        many = one.ended_since(result)
        if many:
            yield f"{many} {words}"
    if one.clean_many:
        yield f"{one.clean_many} owned nothing"
