"""Region names: those we know, and the older one that some have beside that of today.

Sources: Kubernetes Service API, GET /v1/regions, as its documentation showed it; the
locations of VPC clusters in the documentation of 2026. New regions appear, so no list
of them is ever whole.
"""

from typing import Final

_OLDER: Final = {
    "ap-north": "jp-tok",
    "ap-south": "au-syd",
    "eu-central": "eu-de",
    "uk-south": "eu-gb",
}
KNOWN: Final = frozenset(
    {
        *("au-syd", "br-sao", "ca-mon", "ca-tor", "eu-de", "eu-es", "eu-gb"),
        *("in-che", "in-mum", "jp-osa", "jp-tok", "us-east", "us-south"),
        *_OLDER,
    }
)


def todays_name(region: str) -> str:
    """Return the name a region has today; any other name comes back as it is."""
    return _OLDER.get(region, region)


def all_names(region: str) -> frozenset[str]:
    """Return every name of a region, today's and the older one."""
    today = todays_name(region)
    older = (old for old, new in _OLDER.items() if new == today)
    return frozenset((today, *older))
