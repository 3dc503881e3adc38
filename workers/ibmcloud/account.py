"""One IBM Cloud account for reading: the workflow's ``Cloud``, put together.

All of it goes through sessions that refuse to write.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ibm_platform_services import (
    IamAccessGroupsV2,
    IamIdentityV1,
    IamPolicyManagementV1,
    ResourceControllerV2,
    ResourceManagerV2,
    UserManagementV1,
)

from config.accounts import AccountSettings
from config.settings import Settings
from workers.ibmcloud import clusters, credentials, instances, listed_keys, owners
from workers.ibmcloud.client import ReadingClient, reading_service
from workers.ibmcloud.errors import odd_answer
from workers.ibmcloud.groups import group_names
from workers.ibmcloud.pace import Pace
from workers.ibmcloud.people import people
from workers.ibmcloud.pool import open_pool
from workers.ibmcloud.session import reading_session
from workers.ibmcloud.tokens import Tokens
from workers.ibmcloud.visibility import Sight
from workers.offboarding.model import (
    KeyList,
    KeyOwner,
    OwnerKind,
    Person,
    Reading,
    Target,
    Unread,
    Visibility,
)
from workers.offboarding.ports import Budget, Discovery


class IbmAccount:
    """Reads one account; safe to share between threads.

    The reader's key reads where there is one, else the first functional ID's. What a
    functional ID alone may see, its own keys, it reads itself.
    """

    def __init__(
        self, account: AccountSettings, settings: Settings, pace: Pace
    ) -> None:
        iam_url = settings.iam_url
        reader = (
            Tokens(account.reader, iam_url, account.id, pace=pace)
            if account.reader
            else None
        )
        self._id = account.id
        self._pool = open_pool(account, iam_url, beside=reader, pace=pace)
        self._reader = reader or self._pool.members[0].tokens
        self._session = reading_session(pace)
        self._iam_url = iam_url
        self._containers = ReadingClient(
            settings.containers_url, self._reader, self._session
        )
        self._users = self._service(UserManagementV1, settings.user_management_url)
        self._groups = self._service(ResourceManagerV2, settings.resource_manager_url)
        # The two share their address; no setting tells them apart.
        self._resources = self._service(
            ResourceControllerV2, settings.resource_manager_url
        )
        self._identity = self._service(IamIdentityV1, iam_url)
        self._sight = Sight(
            self._reader,
            self._service(IamPolicyManagementV1, iam_url),
            self._service(IamAccessGroupsV2, iam_url),
            self._identity,
        )
        self._lock = threading.Lock()
        self._regions: frozenset[str] = frozenset()

    @property
    def account_id(self) -> str:
        """Return the account's id; where no setting says it, the reader's token does.

        Raises:
            TransientError: No setting says it, and no token now.
            PermanentError: No setting says it, and the reader's key is refused.
        """
        return self._id or self._reader.claims().account_id

    def reader_id(self) -> str:
        """Return the IAM ID that reads; raises as ``Tokens.claims`` does."""
        return self._reader.claims().iam_id

    def people(self) -> tuple[Person, ...]:
        """List every user of the account; raises, never returns a part."""
        return people(self._users, self._reader, self.account_id)

    def targets(self) -> Discovery:
        """Find every target that has a cluster, and note each list that is not whole.

        A list that failed is noted; so are clusters that the resource controller knows
        and no list shows. Then the lists may be short for want of a role, or one of the
        two is late, which looking again may mend where all lists came.

        Raises:
            TransientError: No token now, so nothing was asked.
            PermanentError: The key is bad or another account's: its lists would be
                empty, which is not "owns nothing".
        """
        self._reader.token()
        account_id = self.account_id
        names = group_names(self._groups, self._reader, account_id)
        listed = clusters.list_clusters(self._containers, account_id, names)
        with self._lock:
            self._regions |= {one.region for one in listed.targets}
        found = Discovery(listed.targets, listed.unseen, not listed.may_recover, names)
        short = instances.short_list(self._resources, self._reader, listed.cluster_ids)
        if short is None:
            return found
        is_final = found.is_final and not listed.is_whole
        return replace(found, unseen=(*found.unseen, short), is_final=is_final)

    def key_owner(self, target: Target) -> Reading:
        """Read who owns the cluster API key of *target*; see ``owners.key_owner``."""
        return owners.key_owner(self._containers, target, self._pool.iam_ids)

    def cluster_keys(self) -> KeyList:
        """List the account's cluster API keys in IAM; raises, never returns a part."""
        return listed_keys.cluster_keys(
            self._identity, self._reader, self.account_id, regions=self._regions
        )

    def classic_credentials(self, targets: Sequence[Target]) -> dict[str, str | Unread]:
        """Read the classic user names stored for *targets*, by target id."""
        return credentials.classic_credentials(
            self._containers, self.account_id, targets
        )

    def visibility(self) -> Visibility:
        """Tell from its policies what the identity that reads may see; never raises."""
        return self._sight.visibility()

    def functional_id(self, target: Target) -> KeyOwner:
        """Tell who would take *target* over, as its token's claims say.

        Raises:
            TransientError: No token now.
            PermanentError: No functional ID may own it, or its key is refused.
        """
        tokens = self._pool.for_target(target).tokens
        return tokens.claims().as_owner(OwnerKind.FUNCTIONAL_ID)

    def identities(self) -> tuple[KeyOwner, ...]:
        """Return our own identities, the functional IDs first; e-mails lower-cased."""
        found: dict[str, KeyOwner] = {}
        for one in (*self._pool.owners(), self._reader.claims().as_owner()):
            found.setdefault(one.id, one)
        return tuple(found.values())

    def has_new_key(self, target: Target, since: datetime) -> bool:
        """Tell whether the functional ID got a key for *target* at or after *since*.

        Raises:
            TransientError: Its keys cannot all be read, or a new one does not plainly
                say for which target, or when, it was made.
            PermanentError: The functional ID may not read its keys, or none fits.
        """
        tokens = self._pool.for_target(target).tokens
        iam_id = tokens.claims().iam_id
        client = reading_service(IamIdentityV1, self._iam_url, tokens, self._session)
        mine = listed_keys.own_keys(client, tokens, self.account_id, iam_id)
        if not mine:
            # The key that asked is one of them: an empty list is not "no key".
            raise odd_answer("Listing the functional ID's API keys", "it is empty")
        ours = [key for key in mine if key.iam_id in (iam_id, None)]
        return any(listed_keys.made_for(key, target, since) for key in ours)

    def _service(self, kind: Callable[..., Any], service_url: str) -> Any:  # noqa: ANN401 - one of the SDK's clients, which have no types
        return reading_service(kind, service_url, self._reader, self._session)


def open_cloud(
    account: AccountSettings,
    settings: Settings,
    *,
    budget: Budget | None = None,
    is_survey: bool = False,
) -> IbmAccount:
    """Make the reading side of one account. No I/O.

    Without a *budget* nothing is limited. A survey's calls come after all others.
    """
    return IbmAccount(account, settings, Pace(budget, is_survey=is_survey))
