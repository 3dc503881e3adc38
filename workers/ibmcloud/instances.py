"""What the resource controller knows of an account's clusters, beside their own lists.

A caller with too few rights gets a shorter cluster list and no word about it. That the
resource controller lists clusters too, and to whom, is not confirmed against a live
account: so it can show that a list is short, and never that one is whole.
"""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Final

import structlog
from ibm_platform_services import ResourceControllerV2
from ibm_platform_services.resource_controller_v2 import ResourceInstancesPager
from marshmallow import fields

from workers.ibmcloud.claims import text_of
from workers.ibmcloud.client import reading
from workers.ibmcloud.lenient import Lenient
from workers.ibmcloud.paging import PAGE, CheckedList, Trail
from workers.ibmcloud.tokens import Tokens
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import Note

_SERVICE: Final = "containers-kubernetes"
_DOING: Final = "Listing the account's service instances"
_NAMED: Final = 3
_LONGEST_NAME: Final = 60
_log = structlog.get_logger(__name__)


class _Page(Lenient):
    resources = fields.List(fields.Dict(), required=True)
    next_url = fields.String(load_default=None, allow_none=True)


def known_clusters(
    client: ResourceControllerV2, tokens: Tokens
) -> Mapping[str, str] | None:
    """List the names of the clusters that the resource controller knows, by id.

    None where it cannot be asked, which is logged: it is a second look, which proves
    nothing by itself.

    Source: Resource Controller API, GET /v2/resource_instances.
    """
    try:
        return _known_clusters(client, tokens)
    except (TransientError, PermanentError) as error:
        _log.warning("instances.unreadable", cause=str(error))
        return None


def short_list(known: Mapping[str, str], shown: frozenset[str]) -> Note | None:
    """Say which of the *known* clusters no list has *shown*; None where all were."""
    missing = sorted(
        (name, one_id) for one_id, name in known.items() if one_id not in shown
    )
    if not missing:
        return None
    names = ", ".join(name[:_LONGEST_NAME] for name, _ in missing[:_NAMED])
    more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    text = (
        f"Missing from every cluster list: {len(missing)} of the {len(known)} clusters"
        f" that the resource controller knows ({names}{more})"
    )
    return Note(Reason.LIST_SHORT, text)


def _known_clusters(client: ResourceControllerV2, tokens: Tokens) -> dict[str, str]:
    trail = Trail(_DOING)
    pages = CheckedList(
        client.list_resource_instances,
        _Page(),
        _DOING,
        lambda page: trail.by_address(page["next_url"], "start"),
    )
    with reading(tokens, _DOING):
        pager = ResourceInstancesPager(
            client=SimpleNamespace(list_resource_instances=pages),
            resource_id=_SERVICE,
            state="active",
            limit=PAGE,
        )
        return dict(_clusters(pager.get_all()))


def _clusters(items: list[dict[str, object]]) -> Iterator[tuple[str, str]]:
    for item in items:
        parts = str(item.get("crn")).split(":")
        # crn:v1:bluemix:public:<service>:<region>:a/<account>:<instance>:<type>:<id>
        if len(parts) < 8 or parts[4] != _SERVICE or item.get("state") != "active":
            continue
        if parts[7]:
            yield parts[7], text_of(item.get("name")) or parts[7]
