"""What a reset has left at the functional ID: is there a new key, and is it in use.

Asked with the functional ID's own token, which may always see its own keys.
"""

from datetime import datetime, timedelta
from typing import Final

from marshmallow import fields

from workers.ibmcloud.asker import Asker
from workers.ibmcloud.claims import text_of
from workers.ibmcloud.client import checked, reading
from workers.ibmcloud.descriptions import Place, place_in
from workers.ibmcloud.errors import odd_answer
from workers.ibmcloud.lenient import Lenient
from workers.ibmcloud.listed_keys import CLUSTER_KEY, OWN, ApiKey, own_keys, time_of
from workers.ibmcloud.regions import todays_name
from workers.offboarding.model import Target

# IBM Cloud stamps keys by its own clock, and workers may run behind or ahead of it. Too
# much costs a wait and a person's look, too little a second reset.
_CLOCK_DIFFERENCE: Final = timedelta(seconds=60)
_USE: Final = "Reading when the new API key was last used"


class _Used(Lenient):
    activity = fields.Raw(load_default=None, allow_none=True)


def all_keys(own: Asker, iam_id: str) -> tuple[ApiKey, ...]:
    """List every API key of *iam_id*, who asks, whatever it is for.

    Raises:
        TransientError: They cannot all be read, or none of them came: the key that
            asked is one of them, so a list without any is not "no key".
        PermanentError: It may not read its keys.
    """
    account_id = own.tokens.claims().account_id
    listed = own_keys(own.identity, own.tokens, account_id, iam_id)
    if not listed:
        raise odd_answer(OWN, "it is empty")
    mine = tuple(key for key in listed if key.iam_id in (iam_id, None))
    if not mine:
        raise odd_answer(OWN, "it shows only others' keys")
    return mine


def has_new_key(own: Asker, iam_id: str, target: Target, since: datetime) -> bool:
    """Tell whether *iam_id*, who asks, got a key for *target* at or after *since*.

    Raises:
        TransientError: Its keys cannot all be read, or a new one does not plainly say
            for which target, or when, it was made.
        PermanentError: It may not read its keys.
    """
    mine = all_keys(own, iam_id)
    return any(_made_for(key, target, since) for key in mine)


def last_use(
    own: Asker, iam_id: str, target: Target, since: datetime
) -> datetime | None:
    """Tell when the newest key made for *target* was used; None where IAM is silent.

    Raises:
        TransientError: As ``has_new_key``, or the key cannot be read.
        PermanentError: It may not read its keys.

    Source: IAM Identity API, GET /v1/apikeys/{id}. That a use by the Kubernetes Service
    shows there, and how soon, is not confirmed against a live account.
    """
    mine = all_keys(own, iam_id)
    found = [key for key in mine if _made_for(key, target, since)]
    if not found:
        return None
    newest = max(found, key=lambda key: key.created_at or since)
    if not newest.id:
        raise odd_answer(_USE, "the key has no id")
    with reading(own.tokens, _USE):
        answer = own.identity.get_api_key(newest.id, include_activity=True).get_result()
    activity = checked(_Used(), answer, _USE)["activity"]
    said = activity.get("last_authn") if isinstance(activity, dict) else None
    return time_of(text_of(said))


def _made_for(key: ApiKey, target: Target, since: datetime) -> bool:
    """Tell whether a key may be what a reset of *target* at *since* has made.

    Raises:
        TransientError: It is a new cluster API key, and says of no target that it is
            its own: the wording may have changed, and "no" would repeat a reset.
    """
    if key.name != CLUSTER_KEY:
        return False
    place = place_in(
        key.description, regions=[target.region], no_groups=[target.account_id]
    )
    here = Place(todays_name(target.region), target.resource_group.id)
    if place == here:
        return _is_new(key, since)
    if not _is_new(key, since) or _is_elsewhere(place, here):
        return False
    raise odd_answer(OWN, "a new cluster API key does not say for which target it is")


def _is_elsewhere(place: Place, here: Place) -> bool:
    """Tell whether a key plainly is another target's; a region alone is not plain."""
    if place.group_id is None:
        return False
    is_other_region = place.region not in (None, here.region)
    return place.group_id != here.group_id or is_other_region


def _is_new(key: ApiKey, since: datetime) -> bool:
    """Tell whether a key may have been made at or after *since*.

    In doubt yes: taking an old key for new costs a wait and a person's look, taking a
    new one for old sends a reset twice.

    Raises:
        TransientError: Its time cannot be read.
    """
    if key.created_at is None:
        raise odd_answer(OWN, "a key of the target does not say when it was made")
    return key.created_at >= since - _CLOCK_DIFFERENCE
