"""What people read of a case, the same facts for every channel, already in words.

Knows no channel: a line is a row of pieces, ours as text and foreign ones as ``Name``,
so that each channel can mark off and defuse what came from outside. It is longer than
most files, since every sentence of a report stands here and nowhere else.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never

from workers.offboarding.advice import (
    advise,
    classic_credential_command,
    cleaned,
    command_for,
    sentence,
)
from workers.offboarding.clocks import owner_safe_seconds
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    Case,
    CaseResult,
    CaseTarget,
    FollowUp,
    KeyOwner,
    Leaver,
    Note,
    Outcome,
    OwnerKind,
    ReportKind,
    Scope,
)


class Severity(StrEnum):
    """How much a report asks of its reader."""

    GOOD = "good"
    ATTENTION = "attention"
    HELD = "held"
    NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Name:
    """A text from outside: one line, cleaned of what cannot be seen."""

    text: str

    def __str__(self) -> str:
        return self.text


Line = tuple[str | Name, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One point of a report; ``command`` is one line for a shell, never cut."""

    line: Line
    details: tuple[Line, ...] = ()
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report under its title. It always has items."""

    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything a channel shows of one case.

    Attributes:
        verdict: The first words: ``Safe``, ``Attention needed``, ``Dry run, …``.
        headline: What follows the verdict and a colon.
        subject: One line for a mail's subject, failures first.
        unseen: Warnings and unread targets; shown first after the headline.
        to_do: What is left to people, with the exact commands; failures first.
        targets: Each target with what was done; failed and unread ones first.
        clocks: How long it took, and what fully safe still needs.
        asked: Who leaves, told by whom and when, how and how far.
        found: How many targets were theirs, how many could not be read.
    """

    case_id: str
    kind: ReportKind
    severity: Severity
    verdict: str
    headline: Line
    subject: Line
    unseen: tuple[Item, ...] = ()
    to_do: tuple[Item, ...] = ()
    targets: tuple[Item, ...] = ()
    clocks: tuple[Item, ...] = ()
    asked: tuple[Item, ...] = ()
    found: tuple[Item, ...] = ()

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return the parts that have something to say, in the order of reading."""
        titled = (
            ("Not seen, and warnings", self.unseen),
            ("Left to do by hand", self.to_do),
            ("By region and resource group", self.targets),
            ("Clocks", self.clocks),
            ("Found", self.found),
            ("Asked", self.asked),
        )
        return tuple(Section(title, items) for title, items in titled if items)


_ORDER: Final = (
    Outcome.FAILED,
    Outcome.UNREAD,
    Outcome.CHANGED_HANDS,
    None,
    Outcome.PLANNED,
    Outcome.VERIFIED,
    Outcome.ALREADY,
)
_OUTCOMES: Final = {
    Outcome.FAILED: "FAILED",
    Outcome.UNREAD: "NOT SEEN",
    Outcome.CHANGED_HANDS: "CHANGED HANDS, left alone",
    None: "not done yet",
    Outcome.PLANNED: "would be reset",
    Outcome.VERIFIED: "reset, and read back under the functional ID",
    Outcome.ALREADY: "was the functional ID's already, nothing to reset",
}
_COUNTED: Final = {
    Outcome.FAILED: "failed",
    Outcome.UNREAD: "not seen",
    Outcome.CHANGED_HANDS: "changed hands",
    None: "not done yet",
}
_HOLDS: Final = (Reason.PROTECTED_USER, Reason.AMBIGUOUS_PERSON, Reason.PAUSED)
_TOLD_ELSEWHERE: Final = (Reason.NOT_ARMED, Reason.JOINED, *_HOLDS)


def report_of(
    case: Case, kind: ReportKind, *, now: datetime, settle: timedelta
) -> Report:
    """Put a case into words.

    Args:
        case: The case as it is now; its result counts for a final report only.
        kind: What is told: the end, a hold, a cancellation.
        now: Aware UTC; decides whether the settling time is over.
        settle: How long clusters may take to pick a new key up.
    """
    plain = _verdict(case, kind)
    verdict, headline = _dry(case, *plain) if case.dry_run else plain
    return Report(
        case_id=case.id,
        kind=kind,
        severity=_severity(case, kind),
        verdict=verdict,
        headline=headline,
        subject=_subject(case, kind),
        unseen=tuple(_unseen(case)),
        to_do=tuple(_to_do(case, kind)),
        targets=tuple(_target(case, one) for one in _sorted(case)),
        clocks=tuple(_clocks(case, kind, now, settle)),
        asked=tuple(_asked(case)),
        found=tuple(_found(case)),
    )


def _sorted(case: Case) -> list[CaseTarget]:
    return sorted(
        case.targets,
        key=lambda one: (
            _ORDER.index(one.outcome),
            one.target.region,
            one.target.resource_group.name,
            one.target.id,
        ),
    )


def _verdict(case: Case, kind: ReportKind) -> tuple[str, Line]:
    match kind:
        case ReportKind.HELD:
            return "Waiting", _held(case)
        case ReportKind.CANCELLED:
            return "Cancelled", _cancelled(case)
        case ReportKind.FINAL:
            return _ended(case)
        case _:
            assert_never(kind)


def _ended(case: Case) -> tuple[str, Line]:
    who = _who(case.leaver)
    within = "" if case.scope is None else " in the part of the account asked for"
    match case.result:
        case CaseResult.SAFE:
            verdict = "Safe" if case.scope is None else "Safe in the part asked for"
            return verdict, _all_read_back(case, who)
        case CaseResult.CLEAN if _is_unknown(case):
            return "Nothing found", (
                who,
                f" is unknown to the account, and owns no cluster API key{within}.",
            )
        case CaseResult.CLEAN:
            return "Nothing to do", (who, f" owns no cluster API key{within}.")
        case CaseResult.PLANNED:
            return "Plan", _would(case, who)
        case CaseResult.ATTENTION | None:
            return "Attention needed", (_counts(case), ". Leaver: ", who, ".")


def _all_read_back(case: Case, who: Name) -> Line:
    if len(case.targets) == 1:
        return "the only cluster API key of ", who, " is a functional ID's, read back."
    return (
        f"all {len(case.targets)} cluster API keys of ",
        who,
        " are a functional ID's, each read back.",
    )


def _would(case: Case, who: Name) -> Line:
    planned = _many(case, Outcome.PLANNED)
    bad = [f"{many} {word}" for many, word in _bad(case)]
    first = ", ".join([*bad, f"{_plural(planned, 'cluster API key')} would be reset"])
    waits = " An armed run would wait." if case.plan and case.plan.refused else ""
    return first, ". Leaver: ", who, f".{waits}"


def _counts(case: Case) -> str:
    parts = [f"{many} {word}" for many, word in _bad(case)]
    if _is_blind(case):
        parts.append("not everything could be listed")
    if any(one.kind == "classic_credential" for one in _open_follow_ups(case)):
        parts.append("a classic credential of the leaver is in force")
    done = sum(one.is_safe for one in case.targets)
    return ", ".join([*parts, f"{done} done"] if done else parts) or "see below"


def _bad(case: Case) -> Iterator[tuple[int, str]]:
    for outcome, word in _COUNTED.items():
        many = _many(case, outcome)
        if many:
            yield many, word


def _many(case: Case, outcome: Outcome | None) -> int:
    return sum(one.outcome is outcome for one in case.targets)


def _held(case: Case) -> Line:
    who = _who(case.leaver)
    reasons = {note.reason for note in _hold_notes(case)}
    done = sum(one.is_safe for one in case.targets)
    so_far = f"{done} of {len(case.targets)} done so far."
    state = "Nothing was changed." if _is_untouched(case) else so_far
    if Reason.PROTECTED_USER in reasons:
        return who, f" is protected, so nobody may offboard them. {state}"
    if Reason.AMBIGUOUS_PERSON in reasons:
        return "more than one person fits ", who, f". {state}"
    if Reason.PAUSED in reasons:
        return "resets are paused. Leaver: ", who, f". {state}"
    return "a person has to decide about ", who, f". {state}"


def _cancelled(case: Case) -> Line:
    who = _who(case.leaver)
    if case.joined_to:
        joined = Name(cleaned(case.joined_to, 100))
        return who, " has another open case, and this goes on there: ", joined, "."
    return "nothing was changed for ", who, "."


def _dry(case: Case, verdict: str, headline: Line) -> tuple[str, Line]:
    why = "the service is not armed" if _is_disarmed(case) else "as asked for"
    prefix = "" if case.result is CaseResult.PLANNED else f"{verdict.lower()}: "
    return f"Dry run, nothing was changed ({why})", (prefix, *headline)


def _severity(case: Case, kind: ReportKind) -> Severity:
    if kind is not ReportKind.FINAL:
        is_held = kind is ReportKind.HELD
        return Severity.HELD if is_held else Severity.NEUTRAL
    match case.result:
        case CaseResult.SAFE:
            return Severity.GOOD
        case CaseResult.CLEAN:
            return Severity.NEUTRAL if _is_unknown(case) else Severity.GOOD
        case CaseResult.PLANNED:
            asks = (
                any(_bad(case))
                or _is_blind(case)
                or bool(case.plan and case.plan.refused)
            )
            return Severity.ATTENTION if asks else Severity.NEUTRAL
        case CaseResult.ATTENTION | None:
            return Severity.ATTENTION


def _subject(case: Case, kind: ReportKind) -> Line:
    who = _who(case.leaver)
    dry = "dry run, " if case.dry_run else ""
    if kind is not ReportKind.FINAL:
        return f"[offboard] {dry}{_verdict(case, kind)[0].lower()}: ", who
    match case.result:
        case CaseResult.SAFE:
            return f"[offboard] {_ended(case)[0].lower()}: ", who
        case CaseResult.CLEAN:
            return "[offboard] nothing to do: ", who
        case CaseResult.PLANNED:
            counts = [f"{many} {word}" for many, word in _bad(case)]
            counts.append(f"{_many(case, Outcome.PLANNED)} would be reset")
            return f"[offboard] {dry}{', '.join(counts)}: ", who
        case CaseResult.ATTENTION | None:
            return f"[offboard] {dry}ATTENTION, {_counts(case)}: ", who


def _unseen(case: Case) -> Iterator[Item]:
    notes = [one for one in case.warnings if one.reason not in _TOLD_ELSEWHERE]
    lists = [one for one in notes if one.reason is Reason.LIST_UNREADABLE]
    for note in lists:
        yield Item((cleaned(note.text),))
    for one in _sorted(case):
        if one.outcome is Outcome.UNREAD:
            said = sentence(one.reason or Reason.OWNER_UNKNOWN)
            yield Item((*_where(case, one), f": {said}"))
    for note in notes:
        if note not in lists:
            yield Item((cleaned(note.text),))


def _to_do(case: Case, kind: ReportKind) -> Iterator[Item]:
    match kind:
        case ReportKind.HELD:
            yield from _to_release(case)
        case ReportKind.CANCELLED:
            return
        case ReportKind.FINAL:
            yield from _to_mend(case)
            yield from _to_follow_up(case)
            yield from _to_go_on(case)
        case _:
            assert_never(kind)


def _to_mend(case: Case) -> Iterator[Item]:
    for one in _sorted(case):
        advice = advise(one)
        if advice is not None:
            who = f"Who: {cleaned(advice.who)}."
            yield Item(
                (*_where(case, one), f": {cleaned(advice.text)}"),
                ((who,),),
                advice.command,
            )


def _to_follow_up(case: Case) -> Iterator[Item]:
    for one in _sorted(case):
        for follow_up in one.follow_ups:
            if follow_up.done_at is None:
                command = command_for(follow_up, one.target)
                line = (*_where(case, one), f": {cleaned(follow_up.text)}")
                yield Item(line, (), command)
        if one.is_safe and _needs_credential_look(one):
            yield Item(
                (
                    *_where(case, one),
                    ": it has classic clusters. See whether a classic credential of "
                    "the leaver is set there; a reset does not change it.",
                ),
                (),
                classic_credential_command(one.target),
            )


def _needs_credential_look(one: CaseTarget) -> bool:
    told = any(each.kind == "classic_credential" for each in one.follow_ups)
    has_classic = any(each.provider == "classic" for each in one.target.clusters)
    return has_classic and not told


def _to_go_on(case: Case) -> Iterator[Item]:
    is_open = _many(case, Outcome.FAILED) + _many(case, Outcome.UNREAD) > 0
    if case.result is CaseResult.ATTENTION and (is_open or _is_blind(case)):
        yield Item(
            ("When that is mended, let the service deal with what is left:",),
            (),
            f"offboard case retry {_word(case.id)}",
        )
    if case.dry_run and _many(case, Outcome.PLANNED):
        arm = "Arm the service (OFFBOARD_ARMED=1), then:"
        yield Item(
            (arm if _is_disarmed(case) else "To have it done:",),
            (),
            f"offboard run {_word(str(case.leaver))} --apply{_narrowing(case.scope)}",
        )
    if _is_unknown(case):
        yield Item(
            ("See how the account knows the person, and ask again by that name:",),
            (),
            "ibmcloud account users",
        )


def _to_release(case: Case) -> Iterator[Item]:
    cancel = f"offboard case cancel {_word(case.id)}"
    apply = "" if case.dry_run else " --apply"
    reasons = {note.reason for note in _hold_notes(case)}
    for note in _hold_notes(case):
        if note.reason not in _HOLDS:
            yield Item((cleaned(note.text),))
    if Reason.PROTECTED_USER in reasons:
        yield Item(
            (
                "This cannot be approved. If nobody meant it, cancel the case. If the "
                "person does leave, take them out of OFFBOARD_PROTECTED_USERS, start "
                "the service again, cancel this case and open a new one. A functional "
                "ID always stays protected.",
            ),
            (),
            cancel,
        )
    if Reason.AMBIGUOUS_PERSON in reasons:
        yield Item(
            ("Find the person's IAM ID:",), (), "ibmcloud account users --output json"
        )
        yield Item(
            ("Cancel this case, and open one with the IAM ID in place of IAM_ID:",),
            (),
            f"{cancel} && offboard run IAM_ID{apply}{_narrowing(case.scope)}",
        )
    if Reason.PAUSED in reasons:
        yield Item(
            ("The case goes on by itself when the pause ends:",),
            (),
            "offboard resume",
        )
        yield from _to_cancel(case, cancel)


def _to_cancel(case: Case, command: str) -> Iterator[Item]:
    if _is_untouched(case):
        yield Item(("If nobody is leaving, cancel it:",), (), command)


def _target(case: Case, one: CaseTarget) -> Item:
    details: list[Line] = [
        ("Owner: ", *_owner(one.owner_before, "not seen"), *_owner_now(one)),
        _clusters(one),
    ]
    if one.reason is not None and not one.is_safe:
        details.append((f"Why: {sentence(one.reason)}",))
    if one.detail and not one.is_safe:
        details.append((f"Detail: {cleaned(one.detail, 300)}",))
    return Item((*_where(case, one), f": {_OUTCOMES[one.outcome]}"), tuple(details))


def _where(case: Case, one: CaseTarget) -> Line:
    target = one.target
    several = len({each.target.account_id for each in case.targets}) > 1
    account = ("account ", _name(target.account_id), ", ") if several else ()
    group = target.resource_group
    return (
        *account,
        _name(target.region),
        ", resource group ",
        _name(group.name or group.id),
        " (",
        _name(group.id),
        ")",
    )


def _owner_now(one: CaseTarget) -> Line:
    after, before = one.owner_after, one.owner_before
    match one.outcome:
        case Outcome.FAILED if after and before and after.id == before.id:
            return (" still",)
        case Outcome.FAILED | Outcome.CHANGED_HANDS:
            return " -> ", *_owner(after, "not read back")
        case Outcome.ALREADY | Outcome.VERIFIED:
            return " -> ", *_owner(after, "not read back")
        case Outcome.PLANNED:
            return " -> would be ", *_owner(one.functional_id, "the functional ID")
        case Outcome.UNREAD | None:
            return ()


def _owner(owner: KeyOwner | None, missing: str) -> Line:
    if owner is None:
        return (missing,)
    kinds = {
        OwnerKind.FUNCTIONAL_ID: ", functional ID",
        OwnerKind.SERVICE_ID: ", service ID",
    }
    return (*_named(owner.name, owner.email, owner.id), kinds.get(owner.kind, ""))


def _named(name: str | None, email: str | None, ident: str | None) -> Line:
    if name and email:
        return _name(name), " (", _name(email), ")"
    return (_name(name or email or ident or "unknown"),)


def _clusters(one: CaseTarget) -> Line:
    clusters = one.target.clusters
    if not clusters:
        return ("Clusters: none",)
    pieces: list[str | Name] = ["Clusters: "]
    for place, cluster in enumerate(clusters[:_CLUSTERS_SHOWN]):
        pieces += [", "] if place else []
        pieces += [_name(cluster.name), " (", _name(cluster.id), ")"]
    left = len(clusters) - _CLUSTERS_SHOWN
    return (*pieces, f" and {left} more") if left > 0 else tuple(pieces)


_CLUSTERS_SHOWN: Final = 8


def _clocks(
    case: Case, kind: ReportKind, now: datetime, settle: timedelta
) -> Iterator[Item]:
    if kind is ReportKind.CANCELLED:
        return
    if kind is ReportKind.FINAL and case.result is CaseResult.CLEAN:
        yield Item(("Nothing had to be reset.",))
    elif kind is ReportKind.FINAL and case.result is CaseResult.SAFE:
        yield from _clocks_of_safe(case, now, settle)
    elif kind is ReportKind.FINAL and case.result is CaseResult.PLANNED:
        yield Item((_NOT_YET,))
        yield Item((_NEEDS_ROLES,))
    else:
        yield Item(("Owner-safe: not reached.",))
        yield Item(("Fully safe: not reached.",))
        yield Item((_NOT_YET,))


_NOT_YET: Final = (
    "Do not remove the person from the account yet: that deletes their API keys at "
    "once, and clusters on those keys can then no longer order workers, attach storage "
    "or scale."
)
_NEEDS_ROLES: Final = (
    "Before an armed run the functional ID needs Administrator on Kubernetes Service "
    "in each of these regions and resource groups, the roles for the other services "
    "the clusters use and, if it is a service ID, Operator on IAM Identity. A "
    "functional ID that lacks them breaks these clusters for everybody."
)


def _clocks_of_safe(case: Case, now: datetime, settle: timedelta) -> Iterator[Item]:
    seconds = owner_safe_seconds(case)
    if seconds is None:
        yield Item(("Owner-safe: no figure, since only a part was asked for.",))
    else:
        yield Item((f"Owner-safe: after {_span(seconds)}.",))
    yield Item((_fully_safe(case, now, settle),))
    yield Item(
        (
            "Remove the person from the account only after that: it deletes their API "
            "keys at once.",
        )
    )
    yield Item(
        (
            "A reset leaves two things as they were. Classic-infrastructure "
            "credentials (Infrastructure User) are not changed. The pods of the "
            "add-ons Block Storage for VPC and cluster autoscaler must be made anew in "
            "every cluster that has them.",
        )
    )


def _fully_safe(case: Case, now: datetime, settle: timedelta) -> str:
    times = [one.settled_at for one in case.targets if one.settled_at is not None]
    at = max(times, default=now) + settle
    minutes = f"{settle.total_seconds() / 60:g} minutes"
    follow_ups = len(tuple(_open_follow_ups(case)))
    waits = ", and the follow-ups above are done" if follow_ups else ""
    if now < at:
        return (
            f"Fully safe: not before {_time(at)}, when the clusters have had {minutes} "
            f"to pick the new key up{waits}."
        )
    if follow_ups:
        return "Fully safe: once the follow-ups above are done."
    return f"Fully safe: since {_time(at)}."


def _asked(case: Case) -> Iterator[Item]:
    leaver = case.leaver
    facts = [each for each in (leaver.name, leaver.email, leaver.iam_id) if each]
    pieces: list[str | Name] = ["Leaver: "]
    for place, fact in enumerate(facts or ["unknown"]):
        pieces += [", "] if place else []
        pieces.append(_name(fact))
    yield Item(tuple(pieces))
    yield Item(_told_by(case))
    yield Item((f"Received: {_time(case.received_at)}",))
    if case.effective_at != case.received_at:
        yield Item((f"Leaves: {_time(case.effective_at)}",))
    yield Item(("Mode: dry run" if case.dry_run else "Mode: armed",))
    yield Item(_scope(case.scope))
    if case.reason:
        yield Item(("Reason given: ", _name(case.reason, 300)))


def _told_by(case: Case) -> Line:
    told = case.opened_by
    pieces: list[str | Name] = ["Told by: ", _name(told.source)]
    if told.actor:
        pieces += [", asked by ", _name(told.actor)]
    if told.event_key:
        pieces += [", event ", _name(told.event_key)]
    return tuple(pieces)


def _scope(scope: Scope | None) -> Line:
    if scope is None:
        return ("Scope: the whole account",)
    pieces: list[str | Name] = ["Scope: only "]
    limits = (("regions ", scope.regions), ("groups ", scope.resource_groups))
    for word, values in limits:
        if values:
            pieces += [", " if len(pieces) > 1 else "", word]
            pieces += [_name(", ".join(values), 300)]
    return tuple(pieces)


def _found(case: Case) -> Iterator[Item]:
    for note in _hold_notes(case):
        yield Item((f"What holds the case: {cleaned(note.text)}",))
    # Before it is clear who leaves, "0 keys" would say more than anybody knows.
    if case.plan is None or _is_nobody_yet(case):
        yield Item(("Nothing was looked for so far.",))
        return
    unread = _many(case, Outcome.UNREAD)
    yield Item((f"Cluster API keys of the leaver: {len(case.targets) - unread}",))
    yield Item((f"Cluster API keys whose owner could not be read: {unread}",))
    yield Item((f"Plan made: {_time(case.plan.made_at)}, ", _name(case.plan.hash)))


def _is_nobody_yet(case: Case) -> bool:
    before = (Reason.PROTECTED_USER, Reason.AMBIGUOUS_PERSON)
    return any(note.reason in before for note in _hold_notes(case))


def _hold_notes(case: Case) -> tuple[Note, ...]:
    """Say what holds a case; one held before it had a plan says so in a warning."""
    refused = case.plan.refused if case.plan is not None else ()
    return refused + tuple(one for one in case.warnings if one.reason in _HOLDS)


def _open_follow_ups(case: Case) -> Iterator[FollowUp]:
    for one in case.targets:
        yield from (each for each in one.follow_ups if each.done_at is None)


def _is_disarmed(case: Case) -> bool:
    return any(note.reason is Reason.NOT_ARMED for note in case.warnings)


def _is_unknown(case: Case) -> bool:
    return any(note.reason is Reason.PERSON_NOT_FOUND for note in case.warnings)


def _is_blind(case: Case) -> bool:
    return any(note.reason is Reason.LIST_UNREADABLE for note in case.warnings)


def _is_untouched(case: Case) -> bool:
    return not any(one.resets or one.intent_at for one in case.targets)


def _who(leaver: Leaver) -> Name:
    return _name(leaver.name or leaver.email or leaver.iam_id or "unknown", 60)


def _name(text: str, limit: int = 100) -> Name:
    return Name(cleaned(text, limit) or "unknown")


def _word(text: str) -> str:
    return shlex.quote(cleaned(text))


def _narrowing(scope: Scope | None) -> str:
    if scope is None:
        return ""
    regions = [f" --region {_word(one)}" for one in scope.regions]
    groups = [f" --group {_word(one)}" for one in scope.resource_groups]
    return "".join(regions + groups)


def _plural(many: int, thing: str) -> str:
    return f"{many} {thing}" if many == 1 else f"{many} {thing}s"


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _span(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
