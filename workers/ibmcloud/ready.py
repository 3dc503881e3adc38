"""A reset that is ready: token and slot in hand, and only sending is left."""

import threading
import time
from typing import Final

import structlog

from workers.ibmcloud.claims import Token
from workers.ibmcloud.client import WritingClient
from workers.ibmcloud.pace import Pace
from workers.offboarding.errors import Reason, TransientError
from workers.offboarding.model import KeyOwner, OwnerKind, Target

# Of its token's life so much is left when it is sent.
_LEFT_SECONDS: Final = 30.0
# Below the budget's window of ten seconds, so that the slot still counts.
_FRESH_SECONDS: Final = 8.0
_RESET: Final = "Resetting the cluster API key"
_log = structlog.get_logger(__name__)


class IbmReadyReset:
    """One reset with token and slot in hand. It can be sent once, whatever comes."""

    def __init__(
        self,
        client: WritingClient,
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
            TransientError: Proven not done, and may be tried again; so is one that is
                not fresh any more, of which nothing was sent.
            PermanentError: Proven not done: IBM Cloud refused it.
            LostAnswerError: Sent, and nobody knows; see ``WritingClient.send``.
            RuntimeError: It was sent before; nothing is sent.

        Source: Kubernetes Service API, POST /v1/keys.
        """
        if not self._unsent.acquire(blocking=False):
            raise RuntimeError("This reset was sent already; prepare another")
        if not self.is_fresh:
            # A process may stand still after its last look, for longer than its lease.
            text = f"{_RESET}: it was held up before its call, so nothing was sent"
            raise TransientError(
                text, reason=Reason.RATE_LIMITED, retry_after_seconds=1
            )
        self._pace.sent(self._ticket)
        number = self._client.send(
            "POST", "/v1/keys", doing=_RESET, headers=self._headers()
        )
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
