"""All users compared with what was seen before, since Graph tells of no gap.

Beat asks for it every minute. What is due then is looked after by one worker: who is to
be looked up once more, the subscriptions, and the delta query. Whom that shows changed
is looked up as for an event of theirs, so that one file judges both.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog

from config.settings import Settings
from workers.directories.graph import SOURCE, GraphDirectory, now_utc
from workers.directories.graph_client import GraphClient, ResyncError, open_client
from workers.directories.graph_memory import Memory
from workers.directories.graph_pages import Listed, Page, page_at
from workers.directories.graph_subscriptions import keep_alive
from workers.offboarding.errors import ConflictError, PermanentError, TransientError
from workers.offboarding.graph_notice import graph_refuses, subscription_lost
from workers.offboarding.heard import Heard, Hint, Unreadable, UnreadableError
from workers.offboarding.notice import Notice
from workers.offboarding.seen_user import (
    Chore,
    Place,
    SeenUser,
    UserStanding,
    change_of,
)

log: structlog.stdlib.BoundLogger = structlog.get_logger()

# Renewed with every look-up and page, so longer than either takes.
_TURN_SECONDS: Final = 300.0
_SUBSCRIBE_SECONDS: Final = 3600.0
# After a fault, where Graph does not say how long to wait.
_AGAIN_SECONDS: Final = 300.0
_AGAIN_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Tellers:
    """Whom the comparing speaks to: the desk, and the channels."""

    hear: Callable[[Heard], object]
    quarantine: Callable[[str, str, Mapping[str, Any], UnreadableError], object]
    tell: Callable[[Notice], object]


class GraphSync:
    """Looks after what is due."""

    def __init__(
        self,
        client: GraphClient,
        memory: Memory,
        tellers: Tellers,
        *,
        subscription_ids: Sequence[str],
        every_seconds: float,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        self._client = client
        self._memory = memory
        self._tellers = tellers
        self._directory = GraphDirectory(client, memory, clock=clock)
        self._subscription_ids = tuple(subscription_ids)
        self._every_seconds = every_seconds
        self._clock = clock

    def make_due(self) -> None:
        """Do what is due, if no other worker does; StoreAwayError."""
        token = self._memory.claim(_TURN_SECONDS)
        if token is None:
            return
        try:
            self._do(Chore.LOOK_AGAIN, self._look_again, token)
            self._do(Chore.SUBSCRIBE, self._subscribe, token)
            self._do(Chore.COMPARE, self._compare, token)
        finally:
            self._memory.end(token)

    def _do(self, chore: Chore, work: Callable[[str], float], token: str) -> None:
        """Do a chore that is due; a fault of one leaves the others alone."""
        if not self._memory.is_due(chore):
            return
        try:
            wait = work(token)
        except TransientError as error:
            log.warning("graph.left", chore=chore, fault=str(error))
            wait = error.retry_after_seconds or _AGAIN_SECONDS
        except PermanentError as error:
            log.error("graph.refused", chore=chore, fault=str(error))  # noqa: TRY400 - foreseen, and told
            after = self._memory.compared_at()
            told = graph_refuses(str(error), after=after, at=self._clock())
            self._tellers.tell(told)
            wait = _AGAIN_SECONDS
        if wait > 0:
            self._memory.rest(chore, wait)

    def _look_again(self, token: str) -> float:
        for subject, at in self._memory.due_again(_AGAIN_AT_ONCE):
            self._look_up(subject, f"{SOURCE}:again:{at}:{subject}", token)
            self._memory.looked_again(subject, at)
        return 0.0

    def _subscribe(self, token: str) -> float:
        now = self._clock()
        for one in self._subscription_ids:
            if not keep_alive(self._client, one, now):
                log.error("graph.subscription_lost", subscription_id=one)
                self._tellers.tell(subscription_lost(one, at=now))
            self._keep(token)
        return _SUBSCRIBE_SECONDS

    def _compare(self, token: str) -> float:
        """Go through all pages from where the last one ended."""
        place = self._memory.place() or self._memory.begin_anew()
        page, place = self._page(place)
        while page.next_link:
            self._take(page, place, token)
            place = self._memory.go_on_at(
                page.next_link, is_whole=place.is_whole, is_new_round=False
            )
            page, place = self._page(place)
        self._take(page, place, token)
        if place.is_whole:
            self._look_for_missing(place, token)
        self._memory.go_on_at(page.delta_link or "", is_whole=False, is_new_round=True)
        self._memory.note_compared(self._clock())
        log.info("graph.compared", is_whole=place.is_whole)
        return self._every_seconds

    def _page(self, place: Place) -> tuple[Page, Place]:
        """Read the page; everybody is listed anew where Graph lost its state."""
        try:
            return page_at(self._client, place.link), place
        except ResyncError:
            if not place.link:
                raise
            log.warning("graph.resync")
            place = self._memory.begin_anew()
            return page_at(self._client, place.link), place

    def _take(self, page: Page, place: Place, token: str) -> None:
        """Keep what is new of a page, and look those up who changed."""
        moment = self._clock()
        seen = self._memory.seen_of([one.user.id for one in page.users])
        there = [one.user for one in page.users if not one.is_removed]
        news = {
            one.user.id: None
            for one in page.users
            if _is_news(one, seen.get(one.user.id), place, moment)
        }
        self._memory.take_page(
            {
                one.id: one.after(None)
                for one in there
                if one.id not in seen and one.id not in news
            },
            {one.id: one.emails[0] for one in there if one.emails},
            [one.id for one in there] if place.is_whole else (),
        )
        for subject in news:
            self._look_up(subject, _key(place, subject), token)
        self._keep(token)

    def _look_for_missing(self, place: Place, token: str) -> None:
        """Look those up who were there before and are in no page of the whole list."""
        for subject in self._memory.not_listed():
            self._look_up(subject, _key(place, subject), token)

    def _look_up(self, subject: str, key: str, token: str) -> None:
        hint = Hint(SOURCE, key, "delta", subject)
        try:
            heard = self._directory.look_up(hint)
            if isinstance(heard, Heard):
                self._tellers.hear(heard)
        except UnreadableError as error:
            self._tellers.quarantine(SOURCE, key, _as_event(subject), error)
        except ConflictError as error:
            # Seen and kept by now, so that no later reading tells it again.
            reused = UnreadableError(Unreadable.KEY_REUSED, str(error))
            self._tellers.quarantine(SOURCE, key, _as_event(subject), reused)
        self._keep(token)

    def _keep(self, token: str) -> None:
        if not self._memory.renew(token, _TURN_SECONDS):
            raise TransientError("Another worker took the turn over.")


def _is_news(
    one: Listed, before: SeenUser | None, place: Place, moment: datetime
) -> bool:
    """Tell whether somebody has to be looked up."""
    if before is not None and before.told_by == _key(place, one.user.id):
        # It was told from this very page; whoever told it may have died over it.
        return True
    if one.is_removed:
        # A whole list may name people who were gone before we came.
        is_here = not place.is_whole if before is None else True
        return is_here and not (before and before.standing is UserStanding.DELETED)
    if one.user.standing is None:
        return True
    if before is None and one.user.standing is UserStanding.DISABLED:
        # Disabled before we came, or made so: nobody left under our eyes.
        return False
    return change_of(before, one.user.after(before), moment) is not None


def _key(place: Place, subject: str) -> str:
    page = hashlib.sha256(f"{place.round}:{place.link}".encode()).hexdigest()[:24]
    return f"{SOURCE}:delta:{page}:{subject}"


def _as_event(subject: str) -> dict[str, Any]:
    """Write down as an event what is to be looked up, so that it can be replayed."""
    return {
        "changeType": "updated",
        "resource": f"Users/{subject}",
        "resourceData": {"@odata.type": "#Microsoft.Graph.User", "id": subject},
    }


def open_sync(
    settings: Settings,
    memory: Memory,
    tellers: Tellers,
    *,
    clock: Callable[[], datetime] = now_utc,
) -> GraphSync | None:
    """Open the comparing of the source ``entra_graph``; None where it is not set up."""
    mine = settings.sources.entra_graph
    client = open_client(mine)
    if client is None:
        return None
    return GraphSync(
        client,
        memory,
        tellers,
        subscription_ids=mine.subscription_ids,
        every_seconds=mine.delta_minutes * 60.0,
        clock=clock,
    )
