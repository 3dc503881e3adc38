"""The resource groups of an account: their names, which are for people only."""

from typing import Final

import structlog
from ibm_platform_services import ResourceManagerV2
from marshmallow import fields

from workers.ibmcloud.claims import text_of
from workers.ibmcloud.client import checked, reading
from workers.ibmcloud.lenient import Lenient
from workers.ibmcloud.tokens import Tokens
from workers.offboarding.errors import OffboardingError, StoreAwayError

_GROUPS: Final = "Listing the resource groups"
_log = structlog.get_logger(__name__)


class _Group(Lenient):
    id = fields.String(required=True)
    name = fields.String(required=True)


class _GroupList(Lenient):
    resources = fields.List(fields.Nested(_Group), required=True)


def group_names(
    client: ResourceManagerV2, tokens: Tokens, account_id: str
) -> dict[str, str]:
    """Read the resource groups' names by id; empty where they cannot be read.

    Names are for people only, so a fault here hides no target.

    Source: Resource Manager API, GET /v2/resource_groups.
    """
    try:
        with reading(tokens, _GROUPS):
            answer = client.list_resource_groups(account_id=account_id).get_result()
        groups = checked(_GroupList(), answer, _GROUPS)["resources"]
    except StoreAwayError:
        raise
    except OffboardingError as error:
        _log.warning("resource_groups.unreadable", cause=str(error))
        return {}
    named = ((text_of(one["id"]), text_of(one["name"])) for one in groups)
    return {group_id: name for group_id, name in named if group_id and name}
