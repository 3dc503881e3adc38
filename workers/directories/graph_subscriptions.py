"""Subscriptions at Microsoft Graph: kept alive, and missed when they are gone."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from workers.directories.graph_client import GraphClient
from workers.offboarding.errors import Reason, TransientError
from workers.offboarding.heard import UnreadableError
from workers.offboarding.times import moment_of

# The longest that Graph lets a subscription to users live.
LIFE: Final = timedelta(minutes=41_760)
# A clock that is ahead must not ask for more than that.
_MARGIN: Final = timedelta(minutes=10)


def keep_alive(client: GraphClient, subscription_id: str, now: datetime) -> bool:
    """Prolong a subscription of whose life less than a third is left.

    Returns:
        False where Graph has no such subscription any more.

    Raises:
        TransientError: Nobody can say now.
        PermanentError: Refused; the message names what is missing.
    """
    path = _path(subscription_id)
    found = client.read(path)
    if found is None:
        return False
    if _end_of(found) - now >= LIFE / 3:
        return True
    until = now + LIFE - _MARGIN
    return client.send("PATCH", path, {"expirationDateTime": _written(until)})


def end_of(client: GraphClient, subscription_id: str) -> datetime | None:
    """Read when a subscription ends; None where there is none. Raises as above."""
    found = client.read(_path(subscription_id))
    return None if found is None else _end_of(found)


def reauthorize(client: GraphClient, subscription_id: str) -> bool:
    """Tell Graph that we may still read what a subscription tells of.

    Returns:
        False where Graph has no such subscription any more.

    Raises:
        TransientError: Nobody can say now.
        PermanentError: Refused; the message names what is missing.
    """
    return client.send("POST", f"{_path(subscription_id)}/reauthorize")


def _path(subscription_id: str) -> str:
    return f"/subscriptions/{quote(subscription_id, safe='')}"


def _end_of(found: Mapping[str, Any]) -> datetime:
    try:
        return moment_of(found.get("expirationDateTime"))
    except UnreadableError:
        raise TransientError(
            "Microsoft Graph does not say when the subscription ends.",
            reason=Reason.UNEXPECTED_ANSWER,
        ) from None


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
