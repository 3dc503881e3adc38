"""What must hold after a history, held against what is true on the far side."""

from collections import Counter
from datetime import timedelta

from workers.offboarding.heard import HeardKind
from workers.offboarding.model import (
    CaseKind,
    CaseResult,
    CaseStatus,
    Outcome,
    ReportKind,
    ReportState,
)
from workers.offboarding.quiet import ReportClean, found_nothing
from workers.offboarding.rules import Record, SentReset, broken_by, unfinished

from .farside import OURS, RIVAL

_ENDS = (ReportKind.FINAL, ReportKind.DIGEST)
_BY_NOTICE = "Told by the notice "
_OVER = (CaseStatus.SETTLED, CaseStatus.CANCELLED)
# A worker's clock may be that wrong.
_SKEW = timedelta(seconds=121)


def unanswered(world):
    """Find what is neither over nor waits for a person with a reason."""
    broken = []
    for case in world.cases.load_all(world.case_ids()):
        if case.status in (*_OVER, CaseStatus.SCHEDULED):
            continue
        is_said = case.plan is not None and bool(case.plan.refused)
        held = [one for one in case.reports if one.kind is ReportKind.HELD]
        is_told = any(one.state is not ReportState.PENDING for one in held)
        is_braked = case.brake is not None
        if case.status is not CaseStatus.WAITING or not (is_said or is_braked):
            broken.append(f"stuck: {case.id} is {case.status}")
        elif not is_braked and not is_told:
            broken.append(f"nobody was told that {case.id} waits")
    return broken


def broken_in_the_end(world):
    """Find every rule that is broken once nothing is due any more."""
    cases = world.cases.load_all(world.case_ids())
    by_id = {one.id: one for one in cases}
    records = [Record(one, tuple(world.cases.ledger(one.id))) for one in cases]
    return [
        *(str(one) for one in _by_the_rules(world, records)),
        *(f"{case.id}: {what}" for case in cases for what in _wrong_in(world, case)),
        *(what for sent in world.sent for what in _wrong_with(world, by_id, sent)),
        *_sent_too_often(world, by_id),
        *_lost(world, by_id),
        *world.witness.broken,
    ]


def _by_the_rules(world, records):
    """Ask the service's own judge, which reads cases, ledgers and what was sent."""
    resets = [
        SentReset(
            one.at, one.target_id, one.caller, one.took_effect, f"request-{number}"
        )
        for number, one in enumerate(world.sent, 1)
    ]
    accepted = [
        heard.event_key
        for heard, case_id in world.accepted
        if case_id is not None and heard.kind is HeardKind.TERMINATED
    ]
    found = broken_by(records, resets, accepted, skew=_SKEW)
    return (*found, *unfinished(records))


def _wrong_in(world, case):
    """Find what one case says that is not so."""
    if any(one.what == "case.rule_broken" for one in world.cases.ledger(case.id)):
        yield "was stopped, since it was about to break a rule"
    if case.status not in _OVER:
        yield f"is not over: {case.status}"
        return
    for target in case.targets if case.status is CaseStatus.SETTLED else ():
        yield from _wrong_at(world, target)
    if case.result in (CaseResult.CLEAN, CaseResult.SAFE):
        yield from _still_theirs(world, case)
    yield from _untold(world, case)


def _untold(world, case):
    """Find reports that are not what they are said to be."""
    final = {one.channel for one in case.reports if one.kind in _ENDS}
    is_hushed = world.scene.report_clean is ReportClean.NEVER and found_nothing(case)
    wanted = set() if is_hushed and not final else set(world.channels)
    if case.status is CaseStatus.SETTLED and final != wanted:
        yield "has no final report on every channel"
    for line in case.reports:
        if line.state is ReportState.PENDING:
            yield f"report {line.id} is pending for ever"
        if line.state is ReportState.SENT and not _has_arrived(world, case, line):
            yield f"report {line.id} is sent and never arrived"
        shown = world.channels[line.channel].shows.get(case.id)
        if line.root and case.is_over and shown != (case.status, case.result):
            yield f"its message says {shown} for ever"
    for channel in world.channels.values():
        told = [one for one in channel.failures if one[0] == case.id]
        if len(told) != len(set(told)):
            yield "tells a failure twice"


def _has_arrived(world, case, line):
    channel = world.channels[line.channel]
    if line.detail.startswith(_BY_NOTICE):
        return line.detail.removeprefix(_BY_NOTICE).rstrip(".") in channel.notices
    return (case.id, line.id) in {each[:2] for each in channel.arrived}


def _wrong_at(world, mine):
    cloud = _cloud(world, mine.target.account_id)
    if mine.outcome is None:
        yield f"{mine.target.id} has no outcome"
        return
    until = mine.settled_at + _SKEW
    owners = [one.id for at, one in cloud.true[mine.target.id] if at <= until]
    is_ours = bool(OURS.intersection(owners))
    if mine.outcome in (Outcome.VERIFIED, Outcome.ALREADY) and not is_ours:
        yield f"{mine.target.id} is {mine.outcome}, and never was ours"
    if mine.outcome is Outcome.VERIFIED and mine.functional_id.id not in owners:
        yield f"{mine.target.id} is verified for who never owned it"
    if mine.outcome is Outcome.CHANGED_HANDS and RIVAL.id not in owners:
        yield f"{mine.target.id} changed hands, and nobody else ever owned it"
    if mine.outcome in (Outcome.FAILED, Outcome.UNREAD) and mine.reason is None:
        yield f"{mine.target.id} is {mine.outcome} for no reason"


def _still_theirs(world, case):
    """A leaver who is safe owned nothing any more when the case was settled."""
    if case.kind is not CaseKind.DEPARTURE or _nothing_tells(world):
        return
    names = {case.leaver.iam_id, case.leaver.email}
    for cloud in world.clouds:
        for target in cloud.found:
            owner = cloud.owner_at(target, case.settled_at + _SKEW)
            if {owner.id, owner.email} & names:
                yield f"{case.result}, and {target.id} was still theirs"


def _nothing_tells(world):
    """Tell whether the far side lied twice, with nothing to find that out by.

    Nobody's key is listed any more, and no survey ever saw the account.
    """
    lies = world.plan.fired["list:empty_list"]
    return lies > 1 and world.scene.are_gone and not world.scene.is_surveyed


def _wrong_with(world, by_id, sent):
    """Find what was wrong with one reset when it was sent."""
    case = by_id[sent.knew.case_id]
    mine = next((one for one in case.targets if one.target.id == sent.target_id), None)
    where = f"reset of {sent.target_id} for {case.id}"
    if mine is None:
        yield f"{where}, which is not a target of it"
        return
    named = mine.owner_before.id if mine.owner_before else None
    if sent.knew.saw is None or sent.knew.saw != named:
        yield f"{where} though {sent.knew.saw} was seen there just before"
    if sent.knew.was_paused:
        yield f"{where} though paused"
    if case.dry_run or not world.scene.armed:
        yield f"{where} in a dry run"
    if case.status is CaseStatus.CANCELLED:
        yield f"{where}, which was cancelled"


def _sent_too_often(world, by_id):
    sends = Counter((one.knew.case_id, one.target_id) for one in world.sent)
    for (case_id, target_id), many in sends.items():
        found = [one for one in by_id[case_id].targets if one.target.id == target_id]
        for mine in found:
            if many > mine.resets or mine.resets > 1 + mine.proven_failures:
                yield (
                    f"{target_id} was reset {many} times for {case_id}: {mine.resets} "
                    f"intended, {mine.proven_failures} proven to have failed"
                )
    ours = Counter(
        (one.knew.case_id, one.target_id)
        for one in world.sent
        if one.took_effect and one.owner in OURS
    )
    for case_id, target_id in ours:
        if not _shows_too_late(world, case_id, target_id):
            yield f"{target_id} was a functional ID's already when {case_id} reset it"


def _shows_too_late(world, case_id, target_id):
    """Tell whether another case's reset did not show until its deadline was over."""
    by_another = any(
        one.target_id == target_id and one.knew.case_id != case_id for one in world.sent
    )
    return by_another and world.plan.fired["send:lag_beyond_the_deadline"] > 0


def _lost(world, by_id):
    """Find acknowledged departures whose case is not there or is not over."""
    for heard, case_id in world.accepted:
        if heard.kind is not HeardKind.TERMINATED:
            continue
        seen = set()
        while case_id in by_id and by_id[case_id].joined_to and case_id not in seen:
            seen.add(case_id)
            case_id = by_id[case_id].joined_to
        if case_id not in by_id:
            yield f"{heard.event_key} was acknowledged and has no case"
    names = world.client.hgetall("offboard:leavers")
    if names and all(one.status in _OVER for one in by_id.values()):
        yield f"names are left: {sorted(names)}"


def _cloud(world, account_id):
    return next(one for one in world.clouds if one.account_id == account_id)
