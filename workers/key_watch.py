"""Says in the store which API keys this worker uses, and has new ones taken in.

Each worker says it for itself, since each holds its own keys in memory; so the doctor
can tell from all of them whether an old key is used by anybody still.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from config.settings import Secret
from workers.ibmcloud.account import IbmAccount
from workers.ibmcloud.asker import Asker
from workers.ibmcloud.key_details import details_of
from workers.ibmcloud.new_keys import all_keys
from workers.ibmcloud.tokens import Tokens
from workers.offboarding.discovery import at_once
from workers.offboarding.errors import OffboardingError
from workers.offboarding.health import Check
from workers.offboarding.key_checks import Keys, Place, key_checks
from workers.offboarding.key_notice import key_too_old
from workers.offboarding.key_uses import KeyUse, WorkerWord, live, old_keys
from workers.offboarding.model import Channel
from workers.store.key_uses import KeyUses
from workers.store.notices import Notices

# Well within the time after which a worker counts as gone.
SAID_EVERY: Final = timedelta(seconds=15)
_ASKED_AGAIN: Final = timedelta(minutes=1)
_ASKED_ANEW: Final = timedelta(hours=6)


class KeyWatch:
    """Looks after the keys of one worker; one thread looks.

    Args:
        worker: What this worker is called.
        uses: Where it is said.
        clock: Tells the time.
    """

    def __init__(
        self, worker: str, uses: KeyUses, clock: Callable[[], datetime]
    ) -> None:
        self._worker = worker
        self._uses = uses
        self._clock = clock
        self._known: dict[Place, tuple[Secret, datetime, KeyUse]] = {}
        self._said = WorkerWord(worker, datetime.min.replace(tzinfo=clock().tzinfo))

    def look(
        self,
        opened: Mapping[str, IbmAccount],
        setting_faults: tuple[str, ...] = (),
    ) -> None:
        """Take changed keys in, and say what is in use where that is news.

        Raises:
            StoreAwayError: It is said at the next look.
        """
        uses = tuple(
            self._use(account_id, account, name, tokens)
            for account_id, account in opened.items()
            for name, tokens in account.holds.named()
        )
        now = self._clock()
        word = WorkerWord(self._worker, now, uses, setting_faults)
        is_news = replace(word, at=self._said.at) != self._said
        if is_news or now - self._said.at >= SAID_EVERY:
            self._uses.say(word)
            self._said = word

    def leave(self) -> None:
        """Say that this worker ends."""
        self._uses.leave(self._worker)

    def _use(
        self, account_id: str, account: IbmAccount, name: str, tokens: Tokens
    ) -> KeyUse:
        tokens.look_at_file()
        found, now, place = tokens.in_force(), self._clock(), (account_id, name)
        key, asked_at, use = self._known.get(
            place, (Secret(""), now, KeyUse(account_id, name, now))
        )
        is_other = key != found.key
        if is_other:
            use = KeyUse(account_id, name, now)
        wait = _ASKED_ANEW if use.key_id else _ASKED_AGAIN
        # Whose the key is has been proven first, by a token made with it.
        has_to_ask = is_other or now - asked_at >= wait or not use.iam_id
        if found.claims is not None and has_to_ask:
            use = replace(use, iam_id=found.claims.iam_id)
            use = self._asked(use, account.asker(tokens), found.key)
            self._known[place] = (found.key, now, use)
        return replace(use, declined=found.declined)

    def _asked(self, use: KeyUse, own: Asker, key: Secret) -> KeyUse:
        try:
            details = details_of(own, key)
        except OffboardingError as error:
            return use if use.key_id else replace(use, unseen=str(error))
        return replace(
            use,
            key_id=details.id,
            key_name=details.name,
            made_at=details.created_at,
            unseen="",
        )


class KeyMinding:
    """What is told of the keys: by the doctor, and by a notice where one is too old."""

    def __init__(
        self,
        uses: KeyUses,
        notices: Notices,
        channels: tuple[Channel, ...],
        opened: Mapping[str, IbmAccount],
        names: Mapping[str, str],
        max_age: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._uses = uses
        self._notices = notices
        self._channels = channels
        self._opened = opened
        self._names = names
        self._max_age = max_age
        self._clock = clock

    def look(self) -> None:
        """Tell of each key that is too old; StoreAwayError."""
        if not self._channels:
            return
        now = self._clock()
        words = live(self._uses.words(now), now)
        for use in old_keys(words, now, self._max_age):
            if use.made_at is not None:
                name = self._names.get(use.account_id, "")
                notice = key_too_old(
                    use, use.made_at, max_age=self._max_age, at=now, account_name=name
                )
                self._notices.add(notice, self._channels)

    def checks(self) -> tuple[Check, ...]:
        """Say which keys are in use, and which may go; StoreAwayError."""
        now = self._clock()
        held = [
            (account_id, account, name, tokens)
            for account_id, account in self._opened.items()
            for name, tokens in account.holds.named()
        ]
        listed = at_once(lambda one: _listed(one[1], one[3]), held)
        places = tuple((account_id, name) for account_id, _, name, _ in held)
        return key_checks(
            Keys(
                places,
                self._uses.words(now),
                self._uses.used(now),
                dict(zip(places, listed, strict=True)),
                now,
                self._max_age,
            )
        )


def _listed(account: IbmAccount, tokens: Tokens) -> frozenset[str] | None:
    """List the ids of the keys of the identity whose key it is; None: not seen."""
    own = account.asker(tokens)
    try:
        found = all_keys(own, own.tokens.claims().iam_id)
    except OffboardingError:
        return None
    return frozenset(one.id for one in found)
