"""Refresh the masters of clusters whose key was reset: one at a time, each once."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from workers.offboarding.after_reset import named
from workers.offboarding.discovery import asked_wait
from workers.offboarding.errors import LostAnswerError, PermanentError, TransientError
from workers.offboarding.model import (
    REFRESH_MASTER,
    Care,
    Case,
    CaseTarget,
    Cluster,
    FollowUp,
)
from workers.offboarding.ports import Claim, Resets
from workers.offboarding.steps.caring import (
    TRIES,
    NotNowError,
    cared_for,
    put_follow_up,
    put_off,
    told,
    writer,
)
from workers.offboarding.steps.tools import Tools

# A refresh restarts a cluster's API server pods, which drops its connections for
# moments: what goes wrong in one is to be seen before the next one is touched.
APART: Final = timedelta(minutes=2)


def refresh(tools: Tools, claim: Claim, case: Case) -> datetime | None:
    """Refresh the master that is due; return when to come back, None for never."""
    if not tools.refreshes_masters:
        for target, one, _ in _waiting(case):
            _leave(tools, claim, target, one, "The service does not do it any more.")
        return None
    for target, one, care in _waiting(case):
        if care.asked_at is not None:
            _lost(tools, claim, target, one, care.asked_at)
    case = tools.cases.load(case.id)
    now = tools.clock()
    at = _next_at(case)
    if at is None or at > now:
        return at
    try:
        _refresh_one(tools, claim, case, now)
    except NotNowError as error:
        return now + error.wait
    return _next_at(tools.cases.load(case.id))


def _waiting(case: Case) -> Iterator[tuple[CaseTarget, FollowUp, Care]]:
    for target, one, care in cared_for(case, REFRESH_MASTER):
        if not care.is_refused:
            yield target, one, care


def _next_at(case: Case) -> datetime | None:
    due = [care.due_at for _, _, care in _waiting(case)]
    if not due:
        return None
    return max([min(due), *(at + APART for at in _asked(case))])


def _asked(case: Case) -> Iterator[datetime]:
    for target in case.targets:
        for one in target.follow_ups:
            care = one.care if one.kind == REFRESH_MASTER else None
            if care is not None and care.asked_at is not None:
                yield care.asked_at


def _refresh_one(tools: Tools, claim: Claim, case: Case, now: datetime) -> None:
    """Refresh the first master that is due and may be; NotNowError if none may."""
    held: NotNowError | None = None
    for target, one, care in _waiting(case):
        if care.due_at > now:
            continue
        try:
            resets = writer(tools, target.target.account_id)
        except NotNowError as error:
            held = error
            continue
        _ask(tools, claim, target, one, care, resets)
        return
    if held is not None:
        raise held


def _ask(
    tools: Tools,
    claim: Claim,
    target: CaseTarget,
    one: FollowUp,
    care: Care,
    resets: Resets,
) -> None:
    cluster, owner = cluster_of(target, one), target.functional_id
    if cluster is None or owner is None:
        _leave(tools, claim, target, one, "Nobody knows any more how to ask for it.")
        return
    now = tools.clock()
    asked = replace(one, care=replace(care, asked_at=now))
    about = told(claim, now, "master.refresh_intended", target, detail=cluster.id)
    if not put_follow_up(tools, claim, target, asked, about, only_open=True):
        return
    try:
        request_id = resets.refresh_master(
            target.target,
            cluster,
            owner,
            last_look=partial(writer, tools, target.target.account_id),
        )
    except NotNowError:
        # Nothing was sent, so it is not to be taken for one without an answer.
        put_follow_up(tools, claim, target, one)
        raise
    except LostAnswerError:
        _lost(tools, claim, target, asked, now)
    except PermanentError as error:
        _leave(tools, claim, target, one, f"IBM Cloud refused it: {error}")
    except TransientError as error:
        _later(tools, claim, target, one, care, error)
    else:
        done_at = tools.clock()
        entry = told(
            claim,
            done_at,
            "master.refreshed",
            target,
            request_id=request_id,
            detail=cluster.id,
        )
        put_follow_up(tools, claim, target, replace(asked, done_at=done_at), entry)


def _later(
    tools: Tools,
    claim: Claim,
    target: CaseTarget,
    one: FollowUp,
    care: Care,
    error: TransientError,
) -> None:
    if care.tries + 1 >= TRIES:
        _leave(tools, claim, target, one, f"It did not succeed: {error}")
        return
    now = tools.clock()
    entry = told(claim, now, "master.refresh_delayed", target, detail=str(error))
    tried = put_off(one, care, now, asked_wait(error))
    put_follow_up(tools, claim, target, tried, entry)


def _lost(
    tools: Tools, claim: Claim, target: CaseTarget, one: FollowUp, at: datetime
) -> None:
    """Count a refresh without an answer as asked for: it is not sent again."""
    why = (
        f"It was asked for on {at:%Y-%m-%d at %H:%M} UTC and no answer came, so it may "
        "or may not have been done, and the service does not ask again. See when the "
        "master was last refreshed"
    )
    _leave(tools, claim, target, one, why)


def _leave(
    tools: Tools, claim: Claim, target: CaseTarget, one: FollowUp, why: str
) -> None:
    """Leave it to a person, with why."""
    cluster = cluster_of(target, one)
    whose = named(cluster) if cluster else one.cluster_id
    text = (
        f"The master of cluster {whose} is left to be refreshed by hand. "
        f"{why.rstrip('.')}. An administrator of Kubernetes Service can do it; it "
        "drops the cluster's connections for moments."
    )
    entry = told(claim, tools.clock(), "master.refresh_left", target, detail=why)
    care = one.care and replace(one.care, is_refused=True)
    left = replace(one, text=text, care=care)
    put_follow_up(tools, claim, target, left, entry)


def cluster_of(target: CaseTarget, one: FollowUp) -> Cluster | None:
    """Return the cluster that a follow-up speaks of."""
    clusters = target.target.clusters
    return next((each for each in clusters if each.id == one.cluster_id), None)
