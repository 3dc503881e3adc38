"""Whether somebody may reset: what IBM Cloud documents, as errors. Knows no route.

Which refusal comes for which lack, and in which order, is inferred, not confirmed
against a live account.
"""

from simulator.errors import containers, published
from simulator.records import Identity
from simulator.rights import Rights


def refuse_without_roles(
    caller: Identity,
    rights: Rights,
    target: tuple[str, str],
    *,
    is_creation_restricted: bool,
) -> None:
    """Refuse a reset to who lacks a role for it.

    Roles on other services are not asked for: the reset goes through, and what needs
    them fails later (documented).

    Raises:
        FarSideError: 403; without a code where clusters must not be created, A0656
            where no API key can be made for the caller.
    """
    if not rights.creates_clusters(*target):
        raise containers(403, "The caller may not create clusters there.")
    if caller.is_service and not rights.creates_keys():
        raise published("A0656")
    if is_creation_restricted and not rights.creates_user_keys():
        raise published("A0656")
