"""Single facts: a user's state, a service ID's lock, what the settings say."""

from typing import Any, Final

from marshmallow import fields
from marshmallow.validate import Length

from workers.ibmcloud.asker import Asker
from workers.ibmcloud.client import checked, reading
from workers.ibmcloud.errors import odd_answer
from workers.ibmcloud.lenient import Lenient

_PROFILE: Final = "Reading the functional ID's user profile"
_SERVICE_ID: Final = "Reading the functional ID's service ID"
_SETTINGS: Final = "Reading the account's identity settings"
# "Not set" takes back a restriction, so it is none (not confirmed against a live
# account).
_RESTRICTED: Final = {"RESTRICTED": True, "NOT_RESTRICTED": False, "NOT_SET": False}


class _Profile(Lenient):
    state = fields.String(required=True, validate=Length(1))


class _ServiceId(Lenient):
    locked = fields.Raw(load_default=None, allow_none=True)


class _KeySettings(Lenient):
    restrict_create_platform_apikey = fields.String(load_default="", allow_none=True)


class _UserSettings(Lenient):
    restrict_user_list_visibility = fields.String(load_default="", allow_none=True)


def user_state(iam_id: str, asker: Asker) -> str:
    """Read a user's state, ``ACTIVE`` for one in order.

    Raises:
        TransientError: It cannot be read now, or the account shows no such user.
        PermanentError: The key or its roles do not let us.

    Source: User Management API, GET /v2/accounts/{id}/users/{iam_id}.
    """
    account_id = asker.tokens.claims().account_id
    with reading(asker.tokens, _PROFILE):
        answer = asker.users.get_user_profile(account_id, iam_id).get_result()
    state: str = checked(_Profile(), answer, _PROFILE)["state"]
    return state


def is_service_id_locked(iam_id: str, asker: Asker) -> bool:
    """Tell whether a service ID is locked; raises as ``user_state`` does.

    Source: IAM Identity API, GET /v1/serviceids/{id}; its id lacks the ``iam-`` of the
    IAM ID.
    """
    with reading(asker.tokens, _SERVICE_ID):
        own_id = iam_id.removeprefix("iam-")
        answer = asker.identity.get_service_id(own_id).get_result()
    is_locked = checked(_ServiceId(), answer, _SERVICE_ID)["locked"]
    if not isinstance(is_locked, bool):
        raise odd_answer(_SERVICE_ID, "it does not say whether it is locked")
    return is_locked


def identity_settings(asker: Asker) -> object:
    """Read the account's identity settings as they came; raises as ``user_state``.

    Source: IAM Identity API, GET /v1/accounts/{id}/settings/identity.
    """
    account_id = asker.tokens.claims().account_id
    with reading(asker.tokens, _SETTINGS):
        answer: object = asker.identity.get_account_settings(account_id).get_result()
    return answer


def is_key_creation_restricted(settings: object) -> bool | None:
    """Tell whether only those with a role of its own may make API keys.

    None where the settings do not say; TransientError where they make no sense.
    """
    said = _said(_KeySettings(), settings)
    return _RESTRICTED.get(said["restrict_create_platform_apikey"])


def is_user_list_open(settings: object) -> bool | None:
    """Tell whether every user sees the whole user list; as the one above."""
    said = _said(_UserSettings(), settings)
    known = {"NOT_RESTRICTED": True, "RESTRICTED": False}
    return known.get(said["restrict_user_list_visibility"])


def _said(schema: Lenient, settings: object) -> dict[str, Any]:
    found: dict[str, Any] = checked(schema, settings, _SETTINGS)
    return found
