"""Where somebody wanted to go before signing in: a page of ours, or the first one."""

from typing import Final

from flask import request

_LONGEST: Final = 500


def own_way(given: str) -> str:
    """Return a path of ours to go on to: never another site, whatever was asked."""
    is_ours = given.startswith("/") and given[1:2] not in ("/", "\\")
    is_plain = given.isascii() and given.isprintable() and len(given) <= _LONGEST
    return given if is_ours and is_plain else "/"


def comes_from_elsewhere() -> bool:
    """Tell whether somebody may be signed in, and followed a link of another site.

    Such a link comes without the cookie, since that is for our own pages only; looked
    at once more from here it comes with it.
    """
    return request.headers.get("Sec-Fetch-Site") == "cross-site"
