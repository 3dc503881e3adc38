"""How Microsoft Graph is played: notifications, the handshake, a lifecycle event."""

import json
import uuid
from typing import Any, Final
from urllib.parse import urlencode

from service.sources.samples.sample import Asked, Outgoing, Sample
from service.sources.source import JSON

_PATH: Final = "/events/entra_graph"
_TYPE: Final = {"Content-Type": JSON}


def _user_updated(asked: Asked) -> tuple[Outgoing, ...]:
    """Say that a user changed, by their object id."""
    object_id = asked.sender_id or _made_up_id(asked.user)
    resource = {
        "@odata.type": "#Microsoft.Graph.User",
        "@odata.id": f"Users/{object_id}",
        "id": object_id,
        "organizationId": asked.settings.sources.entra_graph.tenant_id,
        "sequenceNumber": int(asked.at.timestamp() * 1_000_000),
    }
    return _delivery(
        asked,
        changeType="updated",
        resource=f"Users/{object_id}",
        resourceData=resource,
    )


def _lifecycle(asked: Asked) -> tuple[Outgoing, ...]:
    return _delivery(asked, lifecycleEvent="reauthorizationRequired")


def _validation(asked: Asked) -> tuple[Outgoing, ...]:
    token = f"Validation: offboard source send {asked.at.isoformat()}"
    query = urlencode({"validationToken": token})
    plain = {"Content-Type": "text/plain; charset=utf-8"}
    return (Outgoing(f"{_PATH}?{query}", b"", plain),)


def _delivery(asked: Asked, **more: Any) -> tuple[Outgoing, ...]:  # noqa: ANN401 - members of the element
    mine = asked.settings.sources.entra_graph
    element = {
        "subscriptionId": next(iter(mine.subscription_ids), ""),
        "tenantId": mine.tenant_id,
        "clientState": mine.secret[0].reveal() if mine.secret else "",
        **more,
    }
    return (Outgoing(_PATH, json.dumps({"value": [element]}).encode(), _TYPE),)


def _made_up_id(user: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"entra_graph:{user}"))


SAMPLES: Final[tuple[Sample, ...]] = (
    Sample(
        "user-updated",
        "a look-up of that object id in Graph; a departure if it is disabled or gone",
        _user_updated,
    ),
    Sample("validation", "nothing: the token comes back", _validation),
    Sample("lifecycle", "the subscription is authorized again", _lifecycle),
)
