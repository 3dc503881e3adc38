"""A reset that was held back while a role was missing: what was seen, what it proves.

Pure, save that a reset is tried in an account of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.account import Account
from simulator.demo.evidence import Evidence
from simulator.demo.proof import Proof


@dataclass(frozen=True, slots=True)
class HeldBack:
    """What was seen while preflight was red, and after the role was granted.

    ``mended`` and ``granted_at`` are None where it did not come to that;
    ``would_break`` names the clusters that the reset held back would have broken.
    """

    red: Evidence
    mended: Evidence | None
    granted_at: float | None
    would_break: tuple[str, ...]


def broken(account: Account) -> tuple[str, ...]:
    """Name the clusters that cannot work with their key, or soon will not."""
    return tuple(one.name for one in account.broken_clusters())


def broken_by(
    copy: Account, region: str, group_id: str, functional_id: str
) -> tuple[str, ...]:
    """Reset a target in a *copy* of the account, and name the clusters that breaks."""
    copy.reset(region, group_id, functional_id)
    return broken(copy)


def held_back_proofs(seen: HeldBack) -> list[Proof]:
    """Weigh what was seen, claim by claim."""
    return [_nothing_while_red(seen), _one_after_the_grant(seen)]


def _nothing_while_red(seen: HeldBack) -> Proof:
    red = seen.red
    resets, writes = len(red.resets), red.writes
    is_kept = bool(red.owned) and red.before == red.after
    return Proof(
        "While a role was missing nothing was written, and the case ended with"
        " attention",
        not resets and not writes and is_kept and red.case["result"] == "attention",
        f"{resets} resets and {writes} writes in all, the key is {_owner(red)}'s",
    )


def _owner(evidence: Evidence) -> str:
    places = {one.place for one in evidence.owned}
    return " or ".join(sorted({o.owner for o in evidence.after if o.place in places}))


def _one_after_the_grant(seen: HeldBack) -> Proof:
    claim = "Once it was granted exactly one reset was sent, and read back"
    mended = seen.mended
    if mended is None or seen.granted_at is None:
        return Proof(claim, False, "the role was never granted")
    early = [one for one in mended.resets if one.at < seen.granted_at]
    return Proof(
        claim,
        not early and mended.was_taken_over_once,
        f"{len(mended.resets)} sent, the key is {_owner(mended)}'s",
    )


def no_cluster_broke(
    looks: Sequence[tuple[str, ...]], would_break: Sequence[str]
) -> Proof:
    """Weigh whether a reset broke a cluster: *looks* were taken before and after each.

    It counts only where a reset can break one here, as *would_break* shows.
    """
    before, *since = looks
    fresh = {name for look in since for name in look} - set(before)
    return Proof(
        "No cluster was broken by any reset",
        bool(since) and not fresh and bool(would_break),
        f"{len(fresh)} broken in {len(since)} acts; the reset that preflight held back"
        f" would have broken {', '.join(would_break) or 'none'}",
    )
