"""The cluster API key of a target: who owns it, and giving it a new one.

A reset has no "to whom": whoever's token makes the call becomes the owner.
"""

import threading
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

import structlog
from ibm_cloud_sdk_core import ApiException
from marshmallow import fields
from requests import exceptions as http

from config.settings import AccountSettings, Settings
from workers.ibmcloud.client import ReadingClient, ResettingClient, checked
from workers.ibmcloud.errors import RateLimitedError, lost_or_not_done
from workers.ibmcloud.lenient import Lenient
from workers.ibmcloud.tokens import Token, Tokens, text_of
from workers.offboarding.errors import (
    LostAnswerError,
    PermanentError,
    Reason,
    TransientError,
)
from workers.offboarding.model import (
    Cluster,
    KeyOwner,
    OwnerKind,
    Reading,
    Target,
    Unread,
)

# No further cluster of a target is asked after this long: a lease must outlive it,
# the last call's timeouts included.
_PATIENCE_SECONDS: Final = 20.0
# The workflow looks once more between getting the token and sending.
_TOKEN_LIFE_SECONDS: Final = 60.0
_DOING: Final = "Reading the key owner"
_RESET: Final = "Resetting the cluster API key"
_log = structlog.get_logger(__name__)


class _Owner(Lenient):
    id = fields.String(load_default=None, allow_none=True)
    name = fields.Raw(load_default=None, allow_none=True)
    email = fields.Raw(load_default=None, allow_none=True)


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
    found: dict[str, object] = checked(_Owner(), {} if body is None else body, _DOING)
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


class IbmReadyReset:
    """One reset with its token in hand. It can be sent once, whatever comes of it."""

    def __init__(self, client: ResettingClient, token: Token, target: Target) -> None:
        self._client = client
        self._token = token
        self._target = target
        self._unsent = threading.Lock()

    @property
    def identity(self) -> KeyOwner:
        """Return who will own the key, from the token's claims."""
        return self._token.claims.as_owner(OwnerKind.FUNCTIONAL_ID)

    def send(self) -> str | None:
        """Send the reset, once. Return IBM Cloud's request id, if it gave one.

        Raises:
            TransientError: Proven not done: 429, or no connection came into being.
            PermanentError: Proven not done: IBM Cloud refused it (4xx).
            LostAnswerError: Sent, and nobody knows: 5xx, 408, 3xx, a timeout, a cut
                connection, any 2xx but 204.
            RuntimeError: It was sent before; nothing is sent.

        Source: Kubernetes Service API, POST /v1/keys.
        """
        if not self._unsent.acquire(blocking=False):
            raise RuntimeError("This reset was sent already; prepare another")
        try:
            status, number = self._client.post_empty(
                "/v1/keys", headers=self._headers()
            )
        except (ApiException, http.RequestException) as error:
            raise lost_or_not_done(error, _RESET) from error
        if status != 204:
            raise LostAnswerError(f"{_RESET}: IBM Cloud answered {status}, not 204")
        _log.info("reset.acknowledged", target=self._target.id, ibm_request_id=number)
        return number

    def _headers(self) -> dict[str, str]:
        # Without the group the reset would land on the account's default group.
        return {
            "Authorization": f"Bearer {self._token.bearer.reveal()}",
            "X-Region": self._target.region,
            "X-Auth-Resource-Group": self._target.resource_group.id,
            "X-Auth-Resource-Account": self._target.account_id,
        }


class IbmResets:
    """Resets in one account, with the functional ID's own key."""

    def __init__(
        self, account_id: str, tokens: Tokens, client: ResettingClient
    ) -> None:
        self._account_id = account_id
        self._tokens = tokens
        self._client = client

    def prepare(self, target: Target) -> IbmReadyReset:
        """Get the functional ID's token for *target* and assert its claims.

        Raises:
            ValueError: The target lacks region or resource group, or lies in another
                account; nothing was asked of anybody.
            TransientError: No token now.
            PermanentError: ``bad_key``, ``wrong_account``, ``wrong_identity``.
        """
        if not target.region.strip() or not target.resource_group.id.strip():
            raise ValueError("A reset always names region and resource group")
        if target.account_id != self._account_id:
            raise ValueError("The target lies in another account")
        token = self._tokens.token(life_seconds=_TOKEN_LIFE_SECONDS)
        return IbmReadyReset(self._client, token, target)


def open_resets(account: AccountSettings, settings: Settings) -> IbmResets:
    """Make the resets of one account; only an armed service has them. No I/O."""
    tokens = Tokens(account.functional_id_apikey, settings.iam_url, account.id)
    return IbmResets(account.id, tokens, ResettingClient(settings.containers_url))
