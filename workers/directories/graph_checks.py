"""Whether Microsoft Graph has the subscriptions still, and how long. It only reads."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Final

from config.settings import Settings
from workers.directories.graph_client import GraphClient, open_client
from workers.directories.graph_subscriptions import LIFE, end_of
from workers.offboarding.errors import OffboardingError
from workers.offboarding.health import Check, Verdict

_WHAT: Final = "subscription"
_ANEW: Final = (
    "Create it anew, and put its id into OFFBOARD_SOURCE_ENTRA_GRAPH_SUBSCRIPTION_IDS; "
    "the exact call is in docs/sources/entra_graph.md."
)


def subscription_checks(
    settings: Settings, clock: Callable[[], datetime]
) -> Iterator[Callable[[], Check]]:
    """Return what is to be looked at of the source ``entra_graph``, if it is on."""
    mine = settings.sources.entra_graph
    client = open_client(mine)
    if client is None:
        return
    for one in mine.subscription_ids:
        yield partial(_subscription, client, one, clock())


def _subscription(client: GraphClient, subscription_id: str, now: datetime) -> Check:
    named = f"Microsoft Graph's subscription {subscription_id}"
    try:
        ends_at = end_of(client, subscription_id)
    except OffboardingError as error:
        text = f"{named} could not be looked at: {error}"
        mend = "See docs/sources/entra_graph.md for what the app registration needs."
        return Check(_WHAT, Verdict.UNPROVEN, text, mend)
    if ends_at is None or ends_at <= now:
        text = f"{named} is gone: changes are found by the delta sweep alone."
        return Check(_WHAT, Verdict.FAILED, text, _ANEW)
    until = f"{ends_at:%Y-%m-%d %H:%M} UTC"
    if ends_at - now < LIFE / 6:
        text = f"{named} ends at {until}, and was not prolonged as it should have been."
        mend = "See the workers' log: they prolong it when a third of its life is left."
        return Check(_WHAT, Verdict.WARNING, text, mend)
    return Check(_WHAT, Verdict.OK, f"{named} lives until {until}.")
