"""What a reset leaves to be done, as follow-ups. Pure: it asks nobody.

That these pods keep the old key until they are made anew is IBM's word; what happens
without it is not confirmed against a live account.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from workers.offboarding.addon_pods import ADDON_PODS, renewal_of
from workers.offboarding.advice import cleaned, shell_word
from workers.offboarding.model import (
    RECREATE_ADDON_PODS,
    REFRESH_MASTER,
    RETIRE_OLD_KEY,
    Care,
    Case,
    CaseTarget,
    Cluster,
    FollowUp,
    Step,
    Work,
)
from workers.offboarding.ports import Retirement

_VERBS: Final = {Retirement.DISABLE: "disabled", Retirement.DELETE: "deleted"}


@dataclass(frozen=True, slots=True)
class Unseen:
    """Which add-ons a cluster has could not be seen, which is not "none"."""

    why: str


@dataclass(frozen=True, slots=True)
class Means:
    """What the service does by itself after a reset.

    ``settle`` is how long clusters may take to pick the new key up.
    """

    refreshes_masters: bool
    retirement: Retirement
    settle: timedelta


def aftercare_of(case: Case) -> tuple[Work, ...]:
    """Return the work that looks after the resets of a settled case, if it has any."""
    is_due = not case.dry_run and any(one.was_reset_here for one in case.targets)
    return (Work(case.id, Step.AFTERCARE),) if is_due else ()


def clusters_to_ask(target: CaseTarget) -> list[Cluster]:
    """Return the clusters whose add-ons no list told and no follow-up speaks of."""
    told = {
        one.cluster_id
        for one in target.follow_ups
        if one.kind == RECREATE_ADDON_PODS and (one.addon or one.done_at)
    }
    return [
        one
        for one in target.target.clusters
        if one.readable and one.addons is None and one.id not in told
    ]


def left_by_reset(
    target: CaseTarget,
    asked: Mapping[str, tuple[str, ...] | Unseen],
    means: Means,
    now: datetime,
) -> CaseTarget:
    """Return the target with what its reset leaves; what it has already stays as it is.

    Args:
        target: A target that a reset of this case put in order.
        asked: What was asked besides the lists: add-ons by cluster id.
        means: What the service does by itself.
        now: The time.
    """
    before = tuple(_seen_by_now(one, asked, now) for one in target.follow_ups)
    known = {one.key for one in before}
    left = (
        *_pods(target, asked),
        *_refreshes(target, means, now),
        *_retirement(means, now),
    )
    fresh = tuple(one for one in left if one.key not in known)
    return replace(target, follow_ups=before + fresh)


def _seen_by_now(
    one: FollowUp, asked: Mapping[str, tuple[str, ...] | Unseen], now: datetime
) -> FollowUp:
    """End "it could not be seen" where it was seen this time."""
    is_unseen = one.kind == RECREATE_ADDON_PODS and one.addon is None
    is_answered = isinstance(asked.get(one.cluster_id or ""), tuple)
    is_over = is_unseen and is_answered and one.done_at is None
    return replace(one, done_at=now) if is_over else one


def _pods(
    target: CaseTarget, asked: Mapping[str, tuple[str, ...] | Unseen]
) -> Iterator[FollowUp]:
    for cluster in target.target.clusters:
        if not cluster.readable:
            continue
        has = cluster.addons if cluster.addons is not None else asked.get(cluster.id)
        if isinstance(has, Unseen):
            yield FollowUp(RECREATE_ADDON_PODS, _look(cluster, has), cluster.id)
            continue
        for addon in ADDON_PODS:
            if addon in (has or ()):
                text = renewal_of(addon, named(cluster))
                yield FollowUp(RECREATE_ADDON_PODS, text, cluster.id, addon)


def _look(cluster: Cluster, unseen: Unseen) -> str:
    pods = " or ".join(f"{one} ({pod} pods)" for one, pod in ADDON_PODS.items())
    return (
        f"It could not be seen which add-ons cluster {named(cluster)} has: "
        f"{cleaned(unseen.why, 200).rstrip('.')}. Look with `ibmcloud ks cluster addon "
        f"ls --cluster {shell_word(cluster.id)}`. If it has {pods}, delete those pods "
        "in kube-system, so that they take the new key."
    )


def _refreshes(target: CaseTarget, means: Means, now: datetime) -> Iterator[FollowUp]:
    if not means.refreshes_masters:
        return
    for cluster in target.target.clusters:
        if cluster.readable:
            text = (
                f"The service refreshes the master of cluster {named(cluster)}, one "
                "cluster at a time."
            )
            yield FollowUp(REFRESH_MASTER, text, cluster.id, care=Care(now))


def _retirement(means: Means, now: datetime) -> Iterator[FollowUp]:
    if means.retirement is Retirement.OFF:
        return
    minutes = f"{means.settle.total_seconds() / 60:g} minutes"
    text = (
        f"The superseded cluster API keys here are {_VERBS[means.retirement]} by the "
        "service when every target of the case is read back under a functional ID and "
        f"the clusters have had {minutes} to pick the new key up."
    )
    yield FollowUp(RETIRE_OLD_KEY, text, care=Care(now))


def named(cluster: Cluster) -> str:
    """Name a cluster to people: its name, and the id that commands take."""
    return f"{cleaned(cluster.name, 100)} ({cluster.id})"
