"""How often somebody may ask: a token its calls, an address what proves nobody."""

import math
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

from flask import request
from werkzeug.exceptions import (
    LengthRequired,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

from service.context import here
from service.errors import NotAuthenticError, TooManyError

_ASKED: Final = "This token asks more often than OFFBOARD_REQUESTS_PER_MINUTE."
_FAILED: Final = (
    "Too many requests that proved nobody came from your address; this was one of them."
)
# What is refused before anybody is asked who they are, so that anybody can bring it on.
_BEFORE_PROOF: Final = (LengthRequired, RequestEntityTooLarge, UnsupportedMediaType)


def count_request(token_name: str) -> None:
    """Count a request of a known token; TooManyError, StoreAwayError."""
    seconds = here().desk.door.asked(token_name)
    if seconds is not None:
        raise TooManyError(_ASKED, _whole(seconds))


def count_failure() -> TooManyError | None:
    """Count that this request proved nobody; what to answer it where that is too many.

    Store away: nothing is counted, and it is turned away as ever.
    """
    seconds = here().desk.door.failed(_address())
    return None if seconds is None else TooManyError(_FAILED, _whole(seconds))


def is_worth_a_note(error: Exception) -> bool:
    """Tell whether a refusal is written down: past the limit nothing unproven is."""
    if isinstance(error, NotAuthenticError):
        # Counted with its answer.
        return not here().desk.door.is_held(_address())
    return not isinstance(error, _BEFORE_PROOF) or count_failure() is None


def address_of(peer: str | None) -> str:
    """Return what a peer is counted by: of IPv6 the /64 that one household has."""
    try:
        found = ip_address(peer or "")
    except ValueError:
        return "unknown"
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found), 64), strict=False))


def _address() -> str:
    # The peer and nothing else: whatever a header says of it, anybody can say.
    return address_of(request.remote_addr)


def _whole(seconds: float) -> int:
    return max(math.ceil(seconds), 1)
