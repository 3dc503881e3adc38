"""Who owns the cluster API key of a target, seen through one of its clusters.

The answer is one for the whole target; its other clusters are there for when one fails.
"""

import time
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

import structlog
from marshmallow import fields

from workers.ibmcloud.claims import text_of
from workers.ibmcloud.client import ReadingClient, checked
from workers.ibmcloud.errors import RateLimitedError
from workers.ibmcloud.lenient import Lenient
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import (
    Cluster,
    KeyOwner,
    OwnerKind,
    Reading,
    Target,
    Unread,
)

# No further cluster of a target is asked after this long: somebody else may be waiting
# for this thread.
_PATIENCE_SECONDS: Final = 20.0
_DOING: Final = "Reading the key owner"
_log = structlog.get_logger(__name__)


class _Owner(Lenient):
    id = fields.String(load_default=None, allow_none=True)
    name = fields.Raw(load_default=None, allow_none=True)
    email = fields.Raw(load_default=None, allow_none=True)


_OWNER: Final = _Owner()


def key_owner(
    client: ReadingClient, target: Target, ours: Callable[[], frozenset[str]]
) -> Reading:
    """Read who owns the key of *target*, through the first cluster that answers.

    Args:
        client: Reads the Kubernetes Service.
        target: Its readable clusters are asked in order.
        ours: Gives the IAM IDs of our functional IDs.

    Returns:
        The owner, or ``Unread``: ``no_cluster`` where there is no window to look
        through, ``owner_unknown`` where the answer names nobody, else the reason of
        the last cluster's refusal.

    Raises:
        TransientError: No cluster answered and trying again may help.
        PermanentError: Our own key is refused, so that no cluster will answer.

    Source: Kubernetes Service API, GET /v1/logging/{idOrName}/clusterkeyowner. That
    ``id`` is the IAM ID is not confirmed against a live account.
    """
    failures: list[TransientError | PermanentError] = []
    give_up_at = time.monotonic() + _PATIENCE_SECONDS
    for cluster in (one for one in target.clusters if one.readable):
        if failures and time.monotonic() >= give_up_at:
            break
        try:
            return _owner(_ask(client, target, cluster), ours)
        except RateLimitedError:
            raise
        except (TransientError, PermanentError) as error:
            if error.reason in (Reason.BAD_KEY, Reason.WRONG_ACCOUNT):
                raise
            failures.append(error)
            _log.info("key_owner.not_shown", cluster=cluster.id, reason=error.reason)
    return _unread(failures)


def _unread(failures: list[TransientError | PermanentError]) -> Unread:
    if not failures:
        return Unread(Reason.NO_CLUSTER, "No cluster to see the key owner through")
    for failure in failures:
        if isinstance(failure, TransientError):
            raise failure
    return Unread(failures[-1].reason, str(failures[-1]))


def _ask(client: ReadingClient, target: Target, cluster: Cluster) -> dict[str, object]:
    # IBM's own clients disagree on the group's header: with both, either is content.
    headers = {
        "X-Region": target.region,
        "X-Auth-Resource-Group": target.resource_group.id,
        "X-Auth-Resource-Group-ID": target.resource_group.id,
        "X-Auth-Resource-Account": target.account_id,
    }
    path = f"/v1/logging/{quote(cluster.id, safe='')}/clusterkeyowner"
    body = client.get(path, doing=_DOING, headers=headers)
    # What a target without a key answers is not known; an empty answer is one guess.
    found: dict[str, object] = checked(_OWNER, {} if body is None else body, _DOING)
    return found


def _owner(
    found: dict[str, object], ours: Callable[[], frozenset[str]]
) -> KeyOwner | Unread:
    iam_id = text_of(found["id"])
    if iam_id is None:
        return Unread(Reason.OWNER_UNKNOWN, "IBM Cloud names no owner of the key")
    email = text_of(found["email"])
    kind = (
        OwnerKind.FUNCTIONAL_ID
        if iam_id in ours()
        else _kind(iam_id, has_email=bool(email))
    )
    return KeyOwner(
        iam_id, text_of(found["name"]), email.lower() if email else None, kind
    )


def _kind(iam_id: str, *, has_email: bool) -> OwnerKind:
    if iam_id.startswith("iam-ServiceId-"):
        return OwnerKind.SERVICE_ID
    if iam_id.startswith("IBMid-") or has_email:
        return OwnerKind.PERSON
    return OwnerKind.UNKNOWN
