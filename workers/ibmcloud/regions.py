"""Region names: six regions have an older one beside that of today.

Source: Kubernetes Service API, GET /v1/regions, as its documentation showed it.
"""

from typing import Final

_OLDER: Final = {
    "ap-north": "jp-tok",
    "ap-south": "au-syd",
    "eu-central": "eu-de",
    "uk-south": "eu-gb",
}


def todays_name(region: str) -> str:
    """Return the name a region has today; any other name comes back as it is."""
    return _OLDER.get(region, region)


def all_names(region: str) -> frozenset[str]:
    """Return every name of a region, today's and the older one."""
    today = todays_name(region)
    older = (old for old, new in _OLDER.items() if new == today)
    return frozenset((today, *older))
