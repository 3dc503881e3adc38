"""Microsoft Graph: change notifications on users. They name an object id and no more.

Nothing is signed: each element carries the ``clientState`` of its subscription, which
is the secret. So the body is parsed before its sender is proven, and the secret is
taken out before anything is kept. What happened is read back from Graph by a worker.

The shape of notifications on users was seen in real deliveries, and is not published.
"""

import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import structlog

from config.settings import Secret, Settings
from config.sources import EntraGraphSettings
from service.bodies import strict_json
from service.errors import MalformedError, NotAuthenticError
from service.sources.proof import demand_one_of, key_of
from service.sources.source import Delivery, Part, Reply, Source
from workers.offboarding.heard import Hint, SourceEvent, Unreadable, UnreadableError
from workers.offboarding.model import Ignored

log: structlog.stdlib.BoundLogger = structlog.get_logger()

LIFECYCLE: Final = "lifecycle"
_TOKEN_LIMIT: Final = 2048
_USER: Final = "#microsoft.graph.user"
_LOOKED_UP: Final = frozenset({"updated", "deleted"})
_LIFECYCLE_EVENTS: Final = frozenset(
    {"reauthorizationrequired", "subscriptionremoved", "missed"}
)
_PATH: Final = re.compile(r"/?users/([^/]+)", re.IGNORECASE)
_OBJECT_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")


class EntraGraph(Source):
    """The source ``entra_graph``."""

    name = "entra_graph"
    takes_path_secret = True

    def greet(self, delivery: Delivery, settings: Settings) -> Reply | None:
        """Send the validation token back: no credential comes with it."""
        token = delivery.query.get("validationToken")
        if token is None:
            return None
        self._demand_path(delivery, settings)
        is_plain = token.isascii() and token.isprintable()
        if not is_plain or not 0 < len(token) <= _TOKEN_LIMIT:
            raise MalformedError
        return Reply(200, token.encode("ascii"), "text/plain; charset=utf-8")

    def take_apart(self, delivery: Delivery, settings: Settings) -> Sequence[Part]:
        """Keep the elements that carry our secret and are of our subscriptions."""
        self._demand_path(delivery, settings)
        elements = strict_json(delivery.raw).get("value")
        if not isinstance(elements, list):
            raise MalformedError
        mine = settings.sources.entra_graph
        proven = [one for one in elements if _is_ours(one, mine)]
        if not proven:
            raise NotAuthenticError("client_state")
        if len(proven) < len(elements):
            log.warning("event.left_out", count=len(elements) - len(proven))
        return [_part(one, delivery.at) for one in proven]

    def read(self, part: Part, settings: Settings, now: datetime) -> SourceEvent:
        """Say who is to be looked up."""
        element = part.body
        if element.get("lifecycleEvent") is not None:
            return _lifecycle(element, part.key)
        if not _is_user(element):
            return Ignored("not_a_user")
        change = _word(element, "changeType").lower()
        if change not in _LOOKED_UP:
            return Ignored("not_a_departure")
        object_id = _object_id(element)
        if not _OBJECT_ID.fullmatch(object_id):
            text = "The notification names no user by an object id."
            raise UnreadableError(Unreadable.NO_PERSON, text)
        return Hint(self.name, part.key, change, object_id)

    def _demand_path(self, delivery: Delivery, settings: Settings) -> None:
        """Refuse a path that ends with another secret than ours; it needs none."""
        if delivery.path_secret is not None:
            secrets = settings.sources.entra_graph.secret
            demand_one_of(delivery.path_secret, secrets, cause="path")


def _is_ours(element: object, mine: EntraGraphSettings) -> bool:
    """Tell whether an element is proven, and of our tenant and subscriptions."""
    if not isinstance(element, dict):
        return False
    is_proven = _is_one_of(_word(element, "clientState"), mine.secret)
    subscription_ids = {one.lower() for one in mine.subscription_ids}
    is_subscribed = _word(element, "subscriptionId").lower() in subscription_ids
    tenant_id = (mine.tenant_id or "").lower()
    is_tenant = bool(tenant_id) and _word(element, "tenantId").lower() == tenant_id
    return is_proven and is_subscribed and is_tenant


def _is_one_of(given: str, secrets: Sequence[Secret]) -> bool:
    raw = given.encode()
    same = [hmac.compare_digest(raw, one.reveal().encode()) for one in secrets]
    return any(same)


def _part(element: Mapping[str, Any], at: datetime) -> Part:
    body = {name: one for name, one in element.items() if name != "clientState"}
    native = _native_key(element)
    # Two changes that nothing tells apart are two events: looking somebody up twice
    # does no harm, and leaving one out may.
    key = native or (*_fallback_key(element), at.isoformat())
    return Part(key_of(EntraGraph.name, *key), body)


def _native_key(element: Mapping[str, Any]) -> tuple[str, ...] | None:
    subscription_id = _word(element, "subscriptionId").lower()
    if own := _word(element, "id"):
        return subscription_id, own
    number = _resource(element).get("sequenceNumber")
    is_number = isinstance(number, int | str) and not isinstance(number, bool)
    if is_number and str(number) and _object_id(element):
        return subscription_id, _object_id(element), str(number)
    return None


def _fallback_key(element: Mapping[str, Any]) -> tuple[str, ...]:
    what = _word(element, "lifecycleEvent") or _word(element, "changeType")
    return _word(element, "subscriptionId").lower(), what, _object_id(element)


def _lifecycle(element: Mapping[str, Any], key: str) -> Hint | Ignored:
    told = _word(element, "lifecycleEvent")
    if told.lower() not in _LIFECYCLE_EVENTS:
        return Ignored("unknown_lifecycle_event")
    subscription_id = _word(element, "subscriptionId")
    more = {"lifecycle_event": told}
    return Hint(EntraGraph.name, key, LIFECYCLE, subscription_id, more=more)


def _is_user(element: Mapping[str, Any]) -> bool:
    """Tell whether a user changed; where no type stands there, the path tells."""
    kind = _resource(element).get("@odata.type")
    if isinstance(kind, str):
        return kind.lower() == _USER
    return _PATH.fullmatch(_word(element, "resource")) is not None


def _object_id(element: Mapping[str, Any]) -> str:
    found = _word(_resource(element), "id")
    path = _PATH.fullmatch(_word(element, "resource"))
    return found or (path[1] if path else "")


def _resource(element: Mapping[str, Any]) -> Mapping[str, Any]:
    found = element.get("resourceData")
    return found if isinstance(found, dict) else {}


def _word(element: Mapping[str, Any], name: str) -> str:
    found = element.get(name)
    return found if isinstance(found, str) else ""
