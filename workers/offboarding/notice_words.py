"""The phrases and commands that notices share; which notice has which is not said here.

The commands are those of IBM's documentation; that they do here what they should is not
confirmed against a live account.
"""

import hashlib
import json

from workers.offboarding.advice import shell_word
from workers.offboarding.model import KeyOwner, Target
from workers.offboarding.report.phrases import named, with_id
from workers.offboarding.report.value import Line, Name
from workers.offboarding.shell import NO_GROUP
from workers.offboarding.words import counted


def id_of(*facts: str) -> str:
    """Name a finding by its facts: seen again, it has the same id."""
    text = json.dumps(facts)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def place_of(target: Target) -> Line:
    """Name a target by its region and resource group."""
    group = target.resource_group
    return named(target.region), " / ", named(group.name or group.id)


def short_owner(owner: KeyOwner) -> Name:
    """Name an owner in one word or two."""
    return named(owner.name or owner.email or owner.id, 60)


def full_owner(owner: KeyOwner) -> Line:
    """Name an owner with what tells them from a namesake."""
    if owner.name:
        return with_id(owner.name, owner.email or owner.id)
    return (named(owner.email or owner.id),)


def lost(target: Target) -> str:
    """Say what happens here when the owner is removed, as the rest of a sentence."""
    clusters = len(target.clusters)
    if not clusters:
        return "a cluster made here later would have a dead key."
    lose = "loses its" if clusters == 1 else "lose their"
    return f"{counted(clusters, 'cluster')} {lose} key."


def hanging(targets: int, clusters: int) -> str:
    """Count what hangs on one owner."""
    return f"{counted(targets, 'key')} with {counted(clusters, 'cluster')}"


def adoption_command(target: Target, owner: KeyOwner) -> str:
    """Return the command that takes one target over, or shows what it lacks.

    Without a group it would take over whatever else *owner* has in the region.
    """
    group = target.resource_group.id.strip()
    if not group:
        return NO_GROUP
    return (
        f"offboard adopt --account {shell_word(target.account_id)}"
        f" --region {shell_word(target.region)} --group {shell_word(group)}"
        f" --from {shell_word(owner.id)} --apply"
    )


def departure_command(owner: KeyOwner) -> str:
    """Return the command that opens a departure of *owner*."""
    return f"offboard run {shell_word(owner.id)} --apply"
