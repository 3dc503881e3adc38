"""One IBM Cloud account for reading: the workflow's ``Cloud``, put together.

All of it goes through sessions that refuse to write.
"""

import threading
import time
from datetime import datetime
from typing import Final

from ibm_platform_services import IamIdentityV1, ResourceManagerV2, UserManagementV1

from config.settings import AccountSettings, Settings
from workers.ibmcloud import clusters, iam, keys
from workers.ibmcloud.client import ReadingClient, reading_service, reading_session
from workers.ibmcloud.errors import odd_answer
from workers.ibmcloud.tokens import Tokens
from workers.offboarding.errors import PermanentError
from workers.offboarding.model import KeyOwner, OwnerKind, Person, Reading, Target
from workers.offboarding.ports import Discovery

# How long a refused key of the functional ID is not tried again for a mere label.
_REFUSED_SECONDS: Final = 60.0


class IbmAccount:
    """Reads one account; safe to share between threads.

    The reader's key reads where there is one, else the functional ID's. What the
    functional ID alone may see, its own keys, it reads itself.
    """

    def __init__(self, account: AccountSettings, settings: Settings) -> None:
        self._account_id = account.id
        self._functional = Tokens(
            account.functional_id_apikey, settings.iam_url, account.id
        )
        self._reader = (
            Tokens(account.reader_apikey, settings.iam_url, account.id)
            if account.reader_apikey
            else self._functional
        )
        session = reading_session()
        self._containers = ReadingClient(settings.containers_url, self._reader, session)
        self._users = reading_service(
            UserManagementV1, settings.user_management_url, self._reader, session
        )
        self._groups = reading_service(
            ResourceManagerV2, settings.resource_manager_url, self._reader, session
        )
        self._iam = reading_service(
            IamIdentityV1, settings.iam_url, self._functional, session
        )
        self._lock = threading.Lock()
        self._ours: frozenset[str] = frozenset()
        self._refused_until = 0.0

    @property
    def account_id(self) -> str:
        """Return the account's id."""
        return self._account_id

    def people(self) -> tuple[Person, ...]:
        """List every user of the account; raises, never returns a part."""
        return iam.people(self._users, self._reader, self._account_id)

    def targets(self) -> Discovery:
        """Find every target that has a cluster, and note each list that failed.

        Raises:
            TransientError: No token now, so nothing was asked.
            PermanentError: The key is bad or another account's: its lists would be
                empty, which is not "owns nothing".
        """
        self._reader.token()
        names = clusters.group_names(self._groups, self._reader, self._account_id)
        return clusters.discover(self._containers, self._account_id, names)

    def key_owner(self, target: Target) -> Reading:
        """Read who owns the cluster API key of *target*; see ``keys.key_owner``."""
        return keys.key_owner(self._containers, target, self._functional_ids)

    def functional_id(self, target: Target) -> KeyOwner:
        """Tell who would take *target* over, as its token's claims say."""
        return self._functional.claims().as_owner(OwnerKind.FUNCTIONAL_ID)

    def identities(self) -> tuple[KeyOwner, ...]:
        """Return our own identities, the functional ID first; e-mails lower-cased."""
        ours = self._functional.claims().as_owner(OwnerKind.FUNCTIONAL_ID)
        reader = self._reader.claims().as_owner()
        return (ours,) if reader.id == ours.id else (ours, reader)

    def has_new_key(self, target: Target, since: datetime) -> bool:
        """Tell whether the functional ID got a key for *target* at or after *since*.

        Raises:
            TransientError: Its keys cannot all be read, or a new one does not plainly
                say for which target, or when, it was made.
            PermanentError: The functional ID may not read its keys.
        """
        iam_id = self._functional.claims().iam_id
        mine = iam.own_keys(self._iam, self._functional, self._account_id, iam_id)
        if not mine:
            # The key that asked is one of them: an empty list is not "no key".
            raise odd_answer("Listing the functional ID's API keys", "it is empty")
        ours = [key for key in mine if key.iam_id in (iam_id, None)]
        return any(iam.made_for(key, target, since) for key in ours)

    def _functional_ids(self) -> frozenset[str]:
        """Return the IAM IDs that make an owner a functional ID; empty if unknown.

        A functional ID whose key is refused hides no owner: the kind is a label, what
        is safe is decided by ids.
        """
        with self._lock:
            if self._ours or time.monotonic() < self._refused_until:
                return self._ours
        try:
            found = frozenset({self._functional.claims().iam_id})
        except PermanentError:
            found = frozenset()
        with self._lock:
            self._ours = found
            self._refused_until = time.monotonic() + _REFUSED_SECONDS
        return found


def open_cloud(account: AccountSettings, settings: Settings) -> IbmAccount:
    """Make the reading side of one account. No I/O."""
    return IbmAccount(account, settings)
