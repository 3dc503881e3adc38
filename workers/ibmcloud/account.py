"""One IBM Cloud account for reading: the workflow's ``Cloud``, put together.

All of it goes through sessions that refuse to write.
"""

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

import structlog

from config.accounts import AccountSettings
from config.settings import Settings
from workers.ibmcloud import (
    clusters,
    credentials,
    instances,
    listed_keys,
    new_keys,
    owners,
)
from workers.ibmcloud.abreast import begun
from workers.ibmcloud.addons import addons
from workers.ibmcloud.apart import Apart
from workers.ibmcloud.asker import Asker
from workers.ibmcloud.candidates import candidates
from workers.ibmcloud.groups import group_names
from workers.ibmcloud.looks import look_at
from workers.ibmcloud.meter import meter_for
from workers.ibmcloud.pace import Pace
from workers.ibmcloud.people import people
from workers.ibmcloud.pool import Pool, open_pool
from workers.ibmcloud.session import reading_session
from workers.ibmcloud.shared_answers import note_state
from workers.ibmcloud.silence import Silence
from workers.ibmcloud.standings import Standings
from workers.ibmcloud.tokens import Tokens
from workers.ibmcloud.visibility import Sight
from workers.offboarding.errors import PermanentError, TransientError
from workers.offboarding.model import (
    Cluster,
    KeyList,
    KeyOwner,
    ListedKey,
    Person,
    Reading,
    Target,
    Unread,
    Visibility,
)
from workers.offboarding.ports import Budget, Discovery
from workers.offboarding.standing import Standing
from workers.offboarding.tally import Tally

# Longer than from one time that tokens are looked after to the next.
_READY_SECONDS: Final = 600.0
_log = structlog.get_logger(__name__)


class IbmAccount:
    """Reads one account; safe to share between threads.

    The reader's key reads where there is one, else the first functional ID's. What a
    functional ID alone may see, its own keys, it reads itself.
    """

    def __init__(
        self,
        account: AccountSettings,
        settings: Settings,
        pace: Pace,
        silence: Silence | None = None,
    ) -> None:
        iam_url = settings.iam_url
        self._silence = silence or Silence()
        reader = (
            Tokens(
                account.reader, iam_url, account.id, pace=pace, silence=self._silence
            )
            if account.reader
            else None
        )
        self._id = account.id
        self._pool = open_pool(
            account, iam_url, beside=reader, pace=pace, silence=self._silence
        )
        self._reader = reader or self._pool.members[0].tokens
        session = reading_session(pace, self._silence)
        as_asker = partial(Asker, settings=settings, session=session)
        self._askers = {
            one: as_asker(one)
            for one in (self._reader, *(each.tokens for each in self._pool.members))
        }
        ask = self._as_asker(self._reader)
        self._ask = ask
        self._containers = ask.containers
        # Who reads as a functional ID is looked at as one, too, which takes actions.
        self._sight = Sight(ask, {} if reader else {"format": "display"})
        self._standings = Standings(
            partial(look_at, pool=self._pool, reader=ask, as_own=self._as_asker)
        )
        self._lock = threading.Lock()
        self._regions: frozenset[str] = frozenset()

    @property
    def pool(self) -> Pool:
        """Return the account's functional IDs, with the tokens they have."""
        return self._pool

    @property
    def account_id(self) -> str:
        """Return the account's id; where no setting says it, the reader's token does.

        Raises:
            TransientError: No setting says it, and no token now.
            PermanentError: No setting says it, and the reader's key is refused.
        """
        return self._id or self._reader.claims().account_id

    @property
    def silence(self) -> Silence:
        """Return what is known of calls that get no answer."""
        return self._silence

    def silence_seconds(self) -> float:
        """Tell for how long a call under way has had no answer; 0 if none is."""
        return self._silence.seconds()

    def reader_id(self) -> str:
        """Return the IAM ID that reads; raises as ``Tokens.claims`` does."""
        return self._reader.claims().iam_id

    def people(self) -> tuple[Person, ...]:
        """List every user of the account; raises, never returns a part."""
        began = time.monotonic()
        found = people(self._ask.users, self._reader, self.account_id)
        self._note_states(found, began)
        return found

    def targets(self) -> Discovery:
        """Find every target that has a cluster, and note each list that is not whole.

        A list that failed is noted; so are, once it is ``checked``, clusters that the
        resource controller knows and no list shows. Then the lists may be short for
        want of a role, or one of the two is late, which looking again may mend where
        all lists came.

        Raises:
            TransientError: No token now, so nothing was asked.
            PermanentError: The key is bad or another account's: its lists would be
                empty, which is not "owns nothing".
        """
        self._reader.token()
        account_id = self.account_id
        ask, reader = self._ask, self._reader
        # Its pages grow with the account, and the owners need not wait for them.
        known = begun(partial(instances.known_clusters, ask.resources, reader))
        groups = begun(partial(group_names, ask.resource_groups, reader, account_id))
        listed = clusters.list_clusters(self._containers, account_id, groups.result)
        with self._lock:
            self._regions |= {one.region for one in listed.targets}
        found = Discovery(
            listed.targets, listed.unseen, not listed.may_recover, groups.result()
        )
        return replace(found, second_look=partial(_held_against, found, listed, known))

    def key_owner(self, target: Target) -> Reading:
        """Read who owns the cluster API key of *target*; see ``owners.key_owner``."""
        return owners.key_owner(self._containers, target, self._pool.iam_ids)

    def cluster_keys(self) -> KeyList:
        """List the account's cluster API keys in IAM; raises, never returns a part."""
        return listed_keys.cluster_keys(
            self._ask.identity, self._reader, self.account_id, regions=self._regions
        )

    def cluster_keys_since(self, moment: datetime) -> tuple[ListedKey, ...]:
        """List the cluster API keys made at or after *moment*; raises, never a part."""
        return listed_keys.cluster_keys_since(
            self._ask.identity,
            self._reader,
            self.account_id,
            moment,
            regions=self._regions,
        )

    def classic_credentials(self, targets: Sequence[Target]) -> dict[str, str | Unread]:
        """Read the classic user names stored for *targets*, by target id."""
        return credentials.classic_credentials(
            self._containers, self.account_id, targets
        )

    def visibility(self) -> Visibility:
        """Tell from its policies what the identity that reads may see; never raises."""
        return self._sight.visibility()

    def candidates(
        self, target: Target, wanted: str | None = None
    ) -> tuple[KeyOwner, ...]:
        """Tell who may take *target* over; see ``candidates.candidates``."""
        return candidates(self._pool.members, target, wanted)

    def standing(
        self, functional_id: KeyOwner, *, max_age_seconds: float = 240
    ) -> Standing:
        """Tell how a functional ID stands; what cannot be seen is said in the answer.

        Raises:
            StoreAwayError: Nobody can count the calls now.
        """
        return self._standings.of(functional_id, max_age_seconds)

    def addons(self, target: Target, cluster: Cluster) -> tuple[str, ...]:
        """List the names of a cluster's add-ons; raises, never returns a part."""
        return addons(self._containers, target, cluster)

    def identities(self) -> tuple[KeyOwner, ...]:
        """Return our own identities, the functional IDs first; e-mails lower-cased."""
        found: dict[str, KeyOwner] = {}
        for one in (*self._pool.owners(), self._reader.claims().as_owner()):
            found.setdefault(one.id, one)
        return tuple(found.values())

    def keep_ready(self) -> None:
        """Have tokens in hand that last for a while, so that no departure waits.

        What cannot be had is asked for again, and told, by whoever needs it.
        """
        for one in self._askers:
            try:
                one.token(life_seconds=_READY_SECONDS)
            except (TransientError, PermanentError) as error:
                _log.info("token.not_ready", reason=error.reason)

    def has_new_key(
        self, target: Target, functional_id: KeyOwner, since: datetime
    ) -> bool:
        """Tell whether *functional_id* got a key for *target* at or after *since*.

        Raises as ``new_keys.has_new_key``; ``wrong_identity`` for none of ours.
        """
        own = self._own(functional_id)
        return new_keys.has_new_key(own, functional_id.id, target, since)

    def key_used_at(
        self, target: Target, functional_id: KeyOwner, since: datetime
    ) -> datetime | None:
        """Tell when the key made for *target* at or after *since* was last used.

        None where IAM does not say that it was; raises as ``has_new_key`` does.
        """
        own = self._own(functional_id)
        return new_keys.last_use(own, functional_id.id, target, since)

    def _own(self, functional_id: KeyOwner) -> Asker:
        return self._as_asker(self._pool.of(functional_id).tokens)

    def _as_asker(self, tokens: Tokens) -> Asker:
        return self._askers[tokens]

    def _note_states(self, found: Iterable[Person], asked_at: float) -> None:
        """Keep how functional IDs stand as users: their profiles say the same."""
        claims = (one.tokens.known() for one in self._pool.members)
        ours = {one.iam_id for one in claims if one is not None}
        for one in found:
            if one.iam_id in ours and one.state:
                note_state(self._ask, one.iam_id, one.state, asked_at)


def _held_against(
    found: Discovery,
    listed: clusters.Listed,
    known: "Future[Mapping[str, str] | None]",
) -> Discovery:
    short = instances.short_list(known.result() or {}, listed.cluster_ids)
    if short is None:
        return found
    is_final = found.is_final and not listed.is_whole
    return replace(found, unseen=(*found.unseen, short), is_final=is_final)


def open_cloud(
    account: AccountSettings,
    settings: Settings,
    *,
    budget: Budget | None = None,
    is_survey: bool = False,
    tally: Tally | None = None,
    apart: Apart | None = None,
    silence: Silence | None = None,
) -> IbmAccount:
    """Make the reading side of one account. No I/O.

    Without a *budget* nothing is limited. A survey's calls come after all others.
    What is called is counted in *tally*. *apart* is shared by all accounts of a
    process, *silence* by all that read this one.
    """
    meter = meter_for(account.id, settings, tally)
    pace = Pace(
        budget, is_survey=is_survey, meter=meter, account_id=account.id, apart=apart
    )
    return IbmAccount(account, settings, pace, silence)
