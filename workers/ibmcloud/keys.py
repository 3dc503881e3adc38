"""Giving a target a new cluster API key.

A reset has no "to whom": whoever's token makes the call becomes the owner. Who owns a
key is read in ``owners``.
"""

import threading
import time
from typing import Final

import structlog
from ibm_cloud_sdk_core import ApiException
from requests import exceptions as http

from config.accounts import AccountSettings
from config.settings import Settings
from workers.ibmcloud.claims import Token
from workers.ibmcloud.client import ResettingClient
from workers.ibmcloud.errors import lost_or_not_done
from workers.ibmcloud.pace import Pace
from workers.ibmcloud.pool import Pool, open_pool
from workers.ibmcloud.session import writing_session
from workers.offboarding.errors import LostAnswerError
from workers.offboarding.model import KeyOwner, OwnerKind, Target
from workers.offboarding.ports import Budget

# The slot may have to be waited for, and the workflow looks once more before sending:
# of this half a minute is left then.
_TOKEN_LIFE_SECONDS: Final = 60.0
_LEFT_SECONDS: Final = 30.0
# Below the budget's window of ten seconds, so that the slot still counts.
_FRESH_SECONDS: Final = 8.0
_RESET: Final = "Resetting the cluster API key"
_log = structlog.get_logger(__name__)


class IbmReadyReset:
    """One reset with token and slot in hand. It can be sent once, whatever comes."""

    def __init__(
        self,
        client: ResettingClient,
        token: Token,
        target: Target,
        *,
        pace: Pace,
        ticket: str,
    ) -> None:
        self._client = client
        self._token = token
        self._target = target
        self._pace = pace
        self._ticket = ticket
        self._ready_at = time.monotonic()
        self._unsent = threading.Lock()

    @property
    def is_fresh(self) -> bool:
        """Tell whether slot and token are good for sending now.

        A token that had little left when IAM made it is not; then nothing helps but
        a longer life for the account's tokens.
        """
        age = time.monotonic() - self._ready_at
        return age <= _FRESH_SECONDS and self._token.seconds_left >= _LEFT_SECONDS

    @property
    def identity(self) -> KeyOwner:
        """Return who will own the key, from the token's claims."""
        return self._token.claims.as_owner(OwnerKind.FUNCTIONAL_ID)

    def send(self) -> str | None:
        """Send the reset, once. Return IBM Cloud's request id, if it gave one.

        Raises:
            TransientError: Proven not done: 423, 425, 429, or no connection came into
                being.
            PermanentError: Proven not done: IBM Cloud refused it (4xx).
            LostAnswerError: Sent, and nobody knows: 5xx, 408, 409, 3xx, P0005, a
                timeout, a cut connection, any 2xx but 204.
            RuntimeError: It was sent before; nothing is sent.

        Source: Kubernetes Service API, POST /v1/keys.
        """
        if not self._unsent.acquire(blocking=False):
            raise RuntimeError("This reset was sent already; prepare another")
        self._pace.sent(self._ticket)
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
    """Resets in one account, each with the key of the functional ID that is to own."""

    def __init__(
        self, account_id: str, pool: Pool, client: ResettingClient, pace: Pace
    ) -> None:
        self._account_id = account_id
        self._pool = pool
        self._client = client
        self._pace = pace

    def prepare(self, target: Target) -> IbmReadyReset:
        """Get the functional ID's token for *target*, assert its claims, take slots.

        One is the reset's; the other is for the look that this thread takes next.

        Raises:
            ValueError: The target lacks region or resource group, or lies in another
                account; nothing was asked of anybody.
            TransientError: No token now, or no slot within half a minute.
            PermanentError: ``bad_key``, ``wrong_account``, ``wrong_identity``.
            StoreAwayError: Nobody can count the calls now.
        """
        if not target.region.strip() or not target.resource_group.id.strip():
            raise ValueError("A reset always names region and resource group")
        if target.account_id != self._account_id:
            raise ValueError("The target lies in another account")
        tokens = self._pool.for_target(target).tokens
        token = tokens.token(life_seconds=_TOKEN_LIFE_SECONDS)
        # Last, so that a slot is not lost where there is no token.
        ticket = self._pace.wait_for_reset()
        return IbmReadyReset(
            self._client, token, target, pace=self._pace, ticket=ticket
        )


def open_resets(
    account: AccountSettings, settings: Settings, *, budget: Budget | None = None
) -> IbmResets:
    """Make the resets of one account; only an armed service has them. No I/O."""
    pace = Pace(budget)
    pool = open_pool(account, settings.iam_url, beside=None, pace=pace)
    client = ResettingClient(settings.containers_url, writing_session(pace))
    return IbmResets(account.id, pool, client, pace)
