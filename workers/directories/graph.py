"""Microsoft Graph asked back: its events say that a user changed, and not how."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from config.settings import Settings
from workers.directories.graph_client import GraphClient, open_client
from workers.directories.graph_subscriptions import reauthorize
from workers.directories.graph_users import GraphUser, read_user
from workers.offboarding.errors import TransientError
from workers.offboarding.heard import RETURNS, Authn, Heard, HeardKind, Hint
from workers.offboarding.model import Ignored
from workers.offboarding.seen_user import LastSeen, SeenUser, change_of
from workers.offboarding.times import HORIZON_DAYS

log: structlog.stdlib.BoundLogger = structlog.get_logger()

SOURCE: Final = "entra_graph"
LIFECYCLE: Final = "lifecycle"
_REAUTHORIZE: Final = "reauthorizationrequired"
_TRIES: Final = 3
# Graph answers from copies that may lag: after a return it is read once more, when
# they agree.
_SETTLED_SECONDS: Final = 600.0
_HORIZON: Final = timedelta(days=HORIZON_DAYS - 1)


def now_utc() -> datetime:
    """Return the time, aware UTC."""
    return datetime.now(UTC)


class GraphDirectory:
    """Implements the port ``Directory`` for the source ``entra_graph``."""

    def __init__(
        self,
        client: GraphClient,
        memory: LastSeen,
        *,
        clock: Callable[[], datetime] = now_utc,
    ) -> None:
        self._client = client
        self._memory = memory
        self._clock = clock

    def look_up(self, hint: Hint) -> Heard | Ignored:
        """Read who changed, and tell what of it is news; see the port.

        Made once more for the same event it tells the same again, so that nothing is
        lost with who was told first.
        """
        if hint.native_type == LIFECYCLE:
            return self._lifecycle(hint)
        for _ in range(_TRIES):
            before = self._memory.seen(hint.subject)
            user = read_user(self._client, hint.subject)
            found = self._compared(hint, user, before)
            if found is not None:
                return found
        raise TransientError("Others look the same user up; it is tried again.")

    def _lifecycle(self, hint: Hint) -> Ignored:
        """Do what Graph asks for a subscription: that is no event about a person."""
        told = hint.more.get("lifecycle_event", "").lower()
        if told == _REAUTHORIZE:
            reauthorize(self._client, hint.subject)
        else:
            # Removed, or something missed: what was lost shows in the comparison.
            self._memory.bring_forward()
        log.info("graph.lifecycle", told=told, subscription_id=hint.subject)
        return Ignored("lifecycle")

    def _compared(
        self, hint: Hint, user: GraphUser, before: SeenUser | None
    ) -> Heard | Ignored | None:
        """Compare with what was seen before, and keep it; None: somebody else did."""
        moment = self._clock()
        now = self._as_far_as_told(hint.subject, user.after(before), before, moment)
        if before and before.told and _is_repeat(hint, before, now):
            return _heard(hint, user, before, before.told, moment)
        told = change_of(before, now, moment)
        name = next(iter(user.emails), None)
        if told is None:
            # Who told the last change may still have to tell it again.
            kept = before.standing_as(now) if before else now
            is_kept = self._memory.put(hint.subject, before, kept, name)
            return Ignored("unchanged") if is_kept else None
        kept = replace(now, told_by=hint.event_key, told=told)
        if told is HeardKind.REACTIVATED:
            # A date to leave at is news of its own, told when they are read again.
            kept = replace(kept, leaves_at=None)
        if told in RETURNS:
            self._memory.look_again(hint.subject, _SETTLED_SECONDS)
        if not self._memory.put(hint.subject, before, kept, name):
            return None
        return _heard(hint, user, kept, told, moment)

    def _as_far_as_told(
        self, subject: str, now: SeenUser, before: SeenUser | None, moment: datetime
    ) -> SeenUser:
        """Leave a date out that lies too far ahead, and come back when it does not."""
        wait = now.leaves_at - moment - _HORIZON if now.leaves_at else timedelta()
        if wait <= timedelta():
            return now
        self._memory.look_again(subject, wait.total_seconds())
        # Moved out of sight from a date that was told, it is as if taken back.
        return replace(now, leaves_at=None)


def _is_repeat(hint: Hint, before: SeenUser, now: SeenUser) -> bool:
    """Tell whether this very event told the last change, and nothing came after it."""
    if before.told_by != hint.event_key:
        return False
    if before.told is HeardKind.REACTIVATED:
        return before.standing is now.standing
    return before.stands_as(now)


def _heard(
    hint: Hint, user: GraphUser, now: SeenUser, told: HeardKind, moment: datetime
) -> Heard:
    is_dated = told is HeardKind.TERMINATED
    leaves_at = now.leaves_at if is_dated else None
    return Heard(
        source=SOURCE,
        event_key=hint.event_key,
        native_type=hint.native_type,
        kind=told,
        names=user.names,
        occurred_at=user.deleted_at or hint.occurred_at,
        effective_at=leaves_at if leaves_at and leaves_at > moment else None,
        authn=Authn.LOOKUP,
    )


def open_directory(
    settings: Settings,
    memory: LastSeen | None = None,
    *,
    clock: Callable[[], datetime] = now_utc,
) -> GraphDirectory | None:
    """Open the directory of the source ``entra_graph``.

    None where it is not set up, or where nothing keeps what was seen: a reading alone
    does not say what happened.
    """
    client = open_client(settings.sources.entra_graph)
    if client is None or memory is None:
        return None
    return GraphDirectory(client, memory, clock=clock)
