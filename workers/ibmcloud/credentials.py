"""Classic infrastructure credentials that somebody has set by hand.

Where one is set it takes precedence over the cluster API key, for the classic clusters
of its target. They are read and never touched: to unset one can orphan clusters.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import structlog
from marshmallow import ValidationError, fields

from workers.ibmcloud.claims import text_of
from workers.ibmcloud.client import ReadingClient, checked
from workers.ibmcloud.errors import RateLimitedError, odd_answer
from workers.ibmcloud.lenient import Lenient
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import Target, Unread

_CLASSIC: Final = "classic"
_LISTING: Final = "Listing the classic clusters with their credentials"
_READING: Final = "Reading the classic credential"
# "No credentials are set": under which status it comes is not known.
_NONE_SET: Final = {"E0051": {"apiUser": ""}}
_log = structlog.get_logger(__name__)


class _Listed(Lenient):
    id = fields.String(required=True)
    apiUser = fields.String(required=True)


_LISTED: Final = _Listed()


class _Credential(Lenient):
    apiUser = fields.String(required=True)


def classic_credentials(
    client: ReadingClient, account_id: str, targets: Sequence[Target]
) -> dict[str, str | Unread]:
    """Read the classic user names stored for *targets*, by target id.

    Only targets with a classic cluster are looked at. One list tells for most of them
    that none is set; where it does not say so plainly, the target itself is asked.

    Returns:
        User names as IBM Cloud keeps them, mostly ``<number>_<login>``. A target
        without one is left out; one that could not be read is ``Unread``.

    Source: Kubernetes Service API, GET /v1/clusters and GET /v1/credentials. That the
    list's ``apiUser`` is this user is not confirmed against a live account.
    """
    classic = [one for one in targets if _classic_ids(one, readable=False)]
    if not classic:
        return {}
    users = _listed_users(client, account_id)
    unsure = [one for one in classic if not _plainly_has_none(one, users)]
    return dict(_read_all(client, unsure))


def _listed_users(client: ReadingClient, account_id: str) -> Mapping[str, str]:
    """List each classic cluster's user; a cluster that does not say is left out."""
    headers = {"X-Auth-Resource-Account": account_id}
    try:
        answer = client.get("/v1/clusters", doing=_LISTING, headers=headers)
        if not isinstance(answer, list):
            raise odd_answer(_LISTING, "the answer is no list")
    except (TransientError, PermanentError) as error:
        _log.warning("classic_clusters.unreadable", cause=str(error))
        return {}
    users: dict[str, str] = {}
    for item in answer:
        try:
            listed = _LISTED.load(item)
        except ValidationError:
            continue
        users[listed["id"]] = listed["apiUser"]
    return users


def _plainly_has_none(target: Target, users: Mapping[str, str]) -> bool:
    ids = _classic_ids(target, readable=True)
    return bool(ids) and all(users.get(one) == "" for one in ids)


def _classic_ids(target: Target, *, readable: bool) -> list[str]:
    return [
        one.id
        for one in target.clusters
        if one.provider == _CLASSIC and (one.readable or not readable)
    ]


def _read_all(
    client: ReadingClient, targets: Iterable[Target]
) -> Iterable[tuple[str, str | Unread]]:
    stop: Unread | None = None
    for target in targets:
        if stop is not None:
            yield target.id, stop
            continue
        try:
            user = _read(client, target)
        except (TransientError, PermanentError) as error:
            unread = Unread(error.reason, str(error))
            # These hold for all targets: asking on would only make them worse.
            is_common = error.reason in (Reason.BAD_KEY, Reason.WRONG_ACCOUNT)
            stop = unread if is_common or isinstance(error, RateLimitedError) else None
            yield target.id, unread
        else:
            if user is not None:
                yield target.id, user


def _read(client: ReadingClient, target: Target) -> str | None:
    headers = {
        "X-Region": target.region,
        "X-Auth-Resource-Group": target.resource_group.id,
        "X-Auth-Resource-Account": target.account_id,
    }
    answer = client.get(
        "/v1/credentials", doing=_READING, headers=headers, means=_NONE_SET
    )
    return text_of(checked(_Credential(), answer, _READING)["apiUser"])
