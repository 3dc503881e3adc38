"""What can be switched about an account while it is being asked, and to what.

Only values: ``Account`` holds them, the control routes set them.
"""

from collections.abc import Callable
from typing import Literal, get_args

OwnerAnswer = Literal["keep", "404", "empty", "P0005"]
OwnerIdStyle = Literal["iam_id", "other"]
KeyListRefusal = Literal["short", "403"]
PolicyRefusal = Literal["empty", "403"]
AddonList = Literal["shown", "absent"]
RegionStyle = Literal["as_given", "legacy"]
Restriction = Literal["RESTRICTED", "NOT_RESTRICTED", "NOT_SET"]

# name -> how the service describes the key it makes. That region and resource group id
# are in it is verified; every wording is ours. A style of one's own is a text with any
# of these names in braces: region, legacy_region, group_id, group_name, account_id.
DESCRIPTION_STYLES = {
    "plain": "Cluster API key, region {region}, resource group {group_id}.",
    "legacy": "Cluster API key, region {legacy_region}, resource group {group_id}.",
    "packed": '{{"region":"{region}","rg":"{group_id}","account":"{account_id}"}}',
    "without_region": "Cluster API key, resource group {group_id}.",
    "without_group": "Cluster API key, region {region}.",
    "group_name": "Cluster API key, region {region}, resource group {group_name}.",
    "two_regions": "Cluster API key, {region} (was us-east), {group_id}.",
    "look_alikes": "api-key {region}-2 of {account_id}{group_id}",
    "empty": "",
}

Test = Callable[[object], bool]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _are_limits(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(iam_id, str) and _is_whole(limit) for iam_id, limit in value.items()
    )


def _one_of(words: object) -> Test:
    return lambda value: value in get_args(words)


def is_description_style(value: object) -> bool:
    """Tell whether keys can be described so."""
    if not isinstance(value, str):
        return False
    template = DESCRIPTION_STYLES.get(value, value)
    named = dict.fromkeys(
        ("region", "legacy_region", "group_id", "group_name", "account_id"), ""
    )
    try:
        template.format(**named)
    except (LookupError, ValueError, AttributeError):
        return False
    return True


STEERED: dict[str, Test] = {
    "latency_seconds": _is_number,
    "replication_lag_seconds": _is_number,
    "pickup_seconds": _is_number,
    "activity_lag_seconds": lambda value: value is None or _is_number(value),
    "refresh_seconds": _is_number,
    "token_life_seconds": lambda value: _is_whole(value) and value != 0,
    "key_limit": _is_whole,
    "key_limits": _are_limits,
    "resets_need_roles": lambda value: isinstance(value, bool),
    "list_addons": _one_of(AddonList),
    "removed_owner_answer": _one_of(OwnerAnswer),
    "no_owner_answer": _one_of(OwnerAnswer),
    "service_owner_answer": _one_of(OwnerAnswer),
    "owner_id_style": _one_of(OwnerIdStyle),
    "key_list_refusal": _one_of(KeyListRefusal),
    "policy_refusal": _one_of(PolicyRefusal),
    "own_policies_readable": lambda value: isinstance(value, bool),
    "restrict_user_list_visibility": _one_of(Restriction),
    "restrict_create_platform_apikey": _one_of(Restriction),
    "region_style": _one_of(RegionStyle),
    "description_style": is_description_style,
}
