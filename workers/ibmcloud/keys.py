"""Giving a target a new cluster API key, and what is written when that is proven.

A reset has no "to whom": whoever's token makes the call becomes the owner. So each of
these carries the token of the functional ID that was planned. Who owns a key is read in
``owners``.
"""

from collections.abc import Callable
from typing import Final

import structlog

from config.accounts import AccountSettings
from config.settings import Settings
from workers.ibmcloud.aftercare import Write, refresh, retirement
from workers.ibmcloud.apart import Apart
from workers.ibmcloud.claims import Token
from workers.ibmcloud.client import WritingClient
from workers.ibmcloud.meter import meter_for
from workers.ibmcloud.pace import Pace
from workers.ibmcloud.pool import Member, Pool, open_pool
from workers.ibmcloud.ready import IbmReadyReset
from workers.ibmcloud.session import writing_session
from workers.offboarding.errors import PermanentError, Reason
from workers.offboarding.model import Cluster, KeyOwner, ListedKey, Target
from workers.offboarding.ports import Budget, Retirement
from workers.offboarding.tally import Tally

# The slot may have to be waited for, and the workflow looks once more before sending.
_TOKEN_LIFE_SECONDS: Final = 60.0
_log = structlog.get_logger(__name__)


class IbmResets:
    """Resets in one account, each with the key of the functional ID that is to own."""

    def __init__(
        self,
        account_id: str,
        pool: Pool,
        containers: WritingClient,
        iam: WritingClient,
        pace: Pace,
    ) -> None:
        self._account_id = account_id
        self._pool = pool
        self._containers = containers
        self._iam = iam
        self._pace = pace

    def prepare(self, target: Target, functional_id: KeyOwner) -> IbmReadyReset:
        """Get the token of *functional_id*, assert its claims, take slots.

        One is the reset's; the other is for the look that this thread takes next.

        Raises:
            ValueError: The target lacks region or resource group, or lies in another
                account; nothing was asked of anybody.
            TransientError: No token now, or no slot within half a minute.
            PermanentError: ``bad_key``, ``wrong_account``; ``wrong_identity`` where
                *functional_id* is none of this account's, or may not own *target*.
            StoreAwayError: Nobody can count the calls now.
        """
        if not target.region.strip() or not target.resource_group.id.strip():
            raise ValueError("A reset always names region and resource group")
        self._assert_here(target)
        token = self._token(self._pool.of(functional_id, target), functional_id)
        # Last, so that a slot is not lost where there is no token.
        ticket = self._pace.wait_for_reset()
        return IbmReadyReset(
            self._containers, token, target, pace=self._pace, ticket=ticket
        )

    def retire(
        self,
        key: ListedKey,
        functional_id: KeyOwner,
        how: Retirement,
        *,
        last_look: Callable[[], object] | None = None,
    ) -> str | None:
        """Disable or delete a superseded cluster API key, once.

        A key to be deleted that is not there any more is deleted. What *last_look*
        raises comes through, and nothing is sent.

        Raises:
            ValueError: It must never be retired; see ``aftercare.retirement``. Nothing
                was asked of anybody.
            TransientError, PermanentError, LostAnswerError: As a reset.
            StoreAwayError: Nobody can count the calls now.
        """
        write = retirement(key, how)
        try:
            number = self._send(self._iam, write, functional_id, last_look)
        except PermanentError as error:
            if how is not Retirement.DELETE or error.reason is not Reason.NOT_FOUND:
                raise
            number = None
        _log.info("key.retired", key_id=key.id, how=how, ibm_request_id=number)
        return number

    def refresh_master(
        self,
        target: Target,
        cluster: Cluster,
        functional_id: KeyOwner,
        *,
        last_look: Callable[[], object] | None = None,
    ) -> str | None:
        """Ask for a refresh of a cluster's master, once; raises as ``retire`` does."""
        self._assert_here(target)
        write = refresh(target, cluster)
        number = self._send(self._containers, write, functional_id, last_look)
        _log.info("master.refresh", cluster=cluster.id, ibm_request_id=number)
        return number

    def _assert_here(self, target: Target) -> None:
        if target.account_id != self._account_id:
            raise ValueError("The target lies in another account")

    def _token(self, member: Member, functional_id: KeyOwner) -> Token:
        token = member.tokens.token(life_seconds=_TOKEN_LIFE_SECONDS)
        # The key in the file may have been replaced since we looked whose it is.
        if token.claims.iam_id != functional_id.id:
            raise PermanentError(
                f"The key of {member.name} is not that of {functional_id.id} any more",
                reason=Reason.WRONG_IDENTITY,
            )
        return token

    def _send(
        self,
        client: WritingClient,
        write: Write,
        functional_id: KeyOwner,
        last_look: Callable[[], object] | None,
    ) -> str | None:
        member = self._pool.of(functional_id)
        token = self._token(member, functional_id)
        self._pace.wait_for_write()
        # The slot may have been waited for, and a pause may have come meanwhile.
        if last_look is not None:
            last_look()
        headers = {"Authorization": f"Bearer {token.bearer.reveal()}", **write.headers}
        try:
            return client.send(
                write.method,
                write.path,
                doing=write.doing,
                headers=headers,
                body=write.body,
            )
        except PermanentError as error:
            # Kept, it would be refused for an hour.
            if error.reason is Reason.BAD_KEY:
                member.tokens.forget(token)
            raise


def open_resets(
    account: AccountSettings,
    settings: Settings,
    *,
    budget: Budget | None = None,
    pool: Pool | None = None,
    tally: Tally | None = None,
    apart: Apart | None = None,
) -> IbmResets:
    """Make the resets of one account; only an armed service has them. No I/O.

    With the *pool* of who reads the account, tokens that it has need not be fetched.
    """
    pace = Pace(
        budget,
        meter=meter_for(account.id, settings, tally),
        account_id=account.id,
        apart=apart,
    )
    if pool is None:
        pool = open_pool(account, settings.iam_url, beside=None, pace=pace)
    session = writing_session(pace)
    containers = WritingClient(settings.containers_url, session)
    iam = WritingClient(settings.iam_url, session)
    return IbmResets(account.id, pool, containers, iam, pace)
