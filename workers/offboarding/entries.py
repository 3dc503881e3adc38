"""What a ledger entry says of the target or the plan that it is about. Pure."""

from dataclasses import replace

from workers.offboarding.model import Case, CaseTarget, Entry, KeyOwner, Scope


def about_target(entry: Entry, target: CaseTarget) -> Entry:
    """Return *entry* with who owns the target, as far as its case knows."""
    return replace(
        entry,
        owner_before=_id_of(target.owner_before),
        owner_after=_id_of(target.owner_after),
        functional_id=_id_of(target.functional_id),
        place=f"{target.target.region}, {target.target.resource_group.name}",
    )


def _id_of(owner: KeyOwner | None) -> str | None:
    return None if owner is None else owner.id


def about_plan(entry: Entry, case: Case) -> Entry:
    """Return *entry* with the plan it is about, and whom that is about."""
    plan_hash = None if case.plan is None else case.plan.hash
    return replace(entry, plan_hash=plan_hash, leaver=case.leaver.id)


def in_words(scope: Scope | None) -> str | None:
    """Say which part of the account was asked for; None for all of it."""
    if scope is None:
        return None
    regions = ", ".join(scope.regions) or "all"
    groups = ", ".join(scope.resource_groups) or "all"
    return f"regions: {regions}; resource groups: {groups}"
