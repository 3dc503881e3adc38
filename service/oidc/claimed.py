"""From the claims of a provider to a person with groups."""

from collections.abc import Mapping
from typing import Any

from config.settings import Settings
from service.oidc.faults import NobodyError
from service.people import Person, user_in


def person_in(claims: Mapping[str, Any], settings: Settings) -> Person:
    """Return whom the claims name.

    Raises:
        NobodyError: By what is missing.
    """
    name = settings.auth_oidc_user_claim
    user = user_in(claims.get(name))
    if user is None:
        raise NobodyError(
            f"The identity provider sent no usable {name} of you."
            " OFFBOARD_AUTH_OIDC_USER_CLAIM names the claim that people are known by,"
            " and OFFBOARD_AUTH_OIDC_SCOPES what is asked for."
        )
    # Else anybody could write a colleague's address into their own profile.
    verified = claims.get("email_verified")
    if name == "email" and verified is not True and verified != "true":
        raise NobodyError(
            f"The identity provider does not say that {user} is verified."
            " OFFBOARD_AUTH_OIDC_USER_CLAIM can name another claim to know people by,"
            " one that nobody can change for themselves."
        )
    return Person("oidc", user, _groups(claims.get(settings.auth_oidc_groups_claim)))


def lacks(claims: Mapping[str, Any], settings: Settings) -> bool:
    """Tell whether something is missing for which the provider can be asked again."""
    names = (settings.auth_oidc_user_claim, settings.auth_oidc_groups_claim)
    return any(name not in claims for name in names)


def _groups(found: object) -> tuple[str, ...]:
    # One text is one group: nobody agreed on what would part several.
    several = found if isinstance(found, list) else [found]
    return tuple(one for one in several if isinstance(one, str) and one)
