"""Region names: the ones in use, and the older names of six of them.

Knows nothing of accounts. The pairs of older name and alias are those of the published
answer of GET /v1/regions; the list of regions is IBM Cloud's documentation of 2026.
"""

# older name -> alias, as GET /v1/regions pairs them
ALIASES = {
    "ap-north": "jp-tok",
    "ap-south": "au-syd",
    "eu-central": "eu-de",
    "uk-south": "eu-gb",
    "us-east": "us-east",
    "us-south": "us-south",
}

_OLDER = {alias: name for name, alias in ALIASES.items()}

REGIONS = frozenset(
    {
        "au-syd",
        "br-sao",
        "ca-mon",
        "ca-tor",
        "eu-de",
        "eu-es",
        "eu-gb",
        "in-che",
        "in-mum",
        "jp-osa",
        "jp-tok",
        "us-east",
        "us-south",
    }
)


def canonical(region: str) -> str:
    """Answer the present name of a region; an unknown name comes back unchanged.

    That an older name in X-Region means the same target as its alias is inferred, not
    confirmed against a live account.
    """
    return ALIASES.get(region, region)


def legacy(region: str) -> str:
    """Answer the older name of a region; where there is none, the one given."""
    return _OLDER.get(region, region)


def is_known(region: str) -> bool:
    """Tell whether a region exists, under its present or its older name."""
    return canonical(region) in REGIONS
