"""Is a functional ID itself in order: its key, its state, its locks, its key slots?

What it may do where is judged by ``preflight.py``.
"""

from collections.abc import Iterator
from typing import Final

from workers.offboarding.advice import shell_word
from workers.offboarding.errors import Reason
from workers.offboarding.findings import Finding, because, missing, unseen, who
from workers.offboarding.grants import service_id_of
from workers.offboarding.standing import Standing
from workers.offboarding.words import counted

_ACTIVE: Final = "ACTIVE"


def faults_of(standing: Standing) -> Iterator[Finding]:
    """Say what keeps a functional ID from owning any key at all."""
    yield from _key(standing)
    yield from _state(standing)
    if standing.is_locked:
        yield missing(
            Reason.FUNCTIONAL_ID_LOCKED,
            f"The service ID {who(standing)} is locked, so that no API key can be made "
            "for it.",
            f"ibmcloud iam service-id-unlock {shell_word(_own_id(standing))}",
        )


def key_slots(standing: Standing, planned: int) -> Iterator[Finding]:
    """Say whether no API key is left to be made.

    Args:
        standing: Whose.
        planned: How many are to be made before this one.
    """
    if standing.free is None:
        yield unseen(
            f"How many API keys {who(standing)} has could not be seen, so nobody knows "
            f"whether there is room for another{because(standing.keys_fault)}",
            keys_command(standing),
        )
    elif standing.free - planned <= 0:
        yield missing(
            Reason.KEY_LIMIT,
            f"{who(standing)} has {standing.keys} of {standing.key_limit} API keys"
            f"{_and(planned)}, so there is no room for another.",
            keys_command(standing),
        )


def keys_command(standing: Standing) -> str:
    """Return the command that lists a functional ID's API keys."""
    service_id = service_id_of(standing.identity)
    if service_id is None:
        # Only they can list them so; a person who looks sees their own.
        return "ibmcloud iam api-keys"
    return f"ibmcloud iam service-api-keys {shell_word(service_id)}"


def _key(standing: Standing) -> Iterator[Finding]:
    if standing.key_fault:
        yield missing(
            Reason.BAD_KEY,
            f"IAM does not accept the API key that this service holds of "
            f"{who(standing)}{because(standing.key_fault)}",
            _new_key(standing),
        )


def _state(standing: Standing) -> Iterator[Finding]:
    if standing.state is not None and standing.state != _ACTIVE:
        yield missing(
            Reason.FUNCTIONAL_ID_INACTIVE,
            f"{who(standing)} is no active user of the account: IBM Cloud gives the "
            f"state {standing.state}.",
            "ibmcloud account users --output json",
        )
    elif standing.state is None and standing.state_fault:
        yield unseen(
            f"Whether {who(standing)} is in order as an identity of the account could "
            f"not be seen{because(standing.state_fault)}",
        )


def _new_key(standing: Standing) -> str:
    service_id = service_id_of(standing.identity)
    if service_id is None:
        return "ibmcloud iam api-key-create offboard --file offboard-apikey.json"
    return (
        f"ibmcloud iam service-api-key-create offboard {shell_word(service_id)}"
        " --file offboard-apikey.json"
    )


def _own_id(standing: Standing) -> str:
    return service_id_of(standing.identity) or standing.identity.id


def _and(planned: int) -> str:
    if not planned:
        return ""
    are = "is" if planned == 1 else "are"
    return f" and {counted(planned, 'more reset')} {are} planned for it"
