"""The daily digest: put together, handed to the outbox once a day, and followed up.

It is in the outbox in the same step in which it counts as made, so that it is told once
whoever dies over it. After an outage one digest tells of all the days missed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

import structlog

from config.sources import Sources
from workers.marking import Marking
from workers.offboarding.digest import Digest, Figures, Record, Waits, Weak, day_of
from workers.offboarding.digest_notice import digest_notice
from workers.offboarding.digest_parts import NAMED
from workers.offboarding.digest_waits import EVERYTHING, MOST
from workers.offboarding.exposure import AccountIndex, Exposure, exposure_of
from workers.offboarding.intake import WARNED_AHEAD
from workers.offboarding.key_uses import KeyUse, live, old_keys
from workers.offboarding.model import Case, Channel
from workers.offboarding.ports import Clock
from workers.offboarding.quiet import found_nothing
from workers.offboarding.report.holds import is_urgent
from workers.offboarding.stuck import Still, still
from workers.store.brake import Brakes
from workers.store.cases import Cases
from workers.store.codec import encode
from workers.store.damaged import Damaged
from workers.store.digests import Digests
from workers.store.intake import Deliveries
from workers.store.key_uses import KeyUses
from workers.store.notices import Notices
from workers.store.owners import Owners
from workers.store.progress import Progress
from workers.store.sources import SourceNotes
from workers.store.surveys import SurveyNotes
from workers.store.switches import Switches
from workers.store.together import DIGEST, Day, Span, Together

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_A_DAY: Final = timedelta(days=1)
# Of those held, some may be confidential and are not named.
_READ: Final = 10 * MOST
_STILL: Final = 200


@dataclass(frozen=True, slots=True)
class Stored:
    """The subjects of the store that a digest is made from."""

    digests: Digests
    together: Together
    cases: Cases
    notices: Notices
    brakes: Brakes
    switches: Switches
    deliveries: Deliveries
    progress: Progress
    damaged: Damaged
    owners: Owners
    survey_notes: SurveyNotes
    source_notes: SourceNotes
    key_uses: KeyUses | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a digest goes by that does not change while the service runs.

    Attributes:
        at: When it is told, in UTC.
        names: The accounts and what people call them.
        patience: How long nothing may be written of a case that waits for nobody.
        survey_every: How often an account is surveyed.
        key_max_age: After which an API key is too old.
    """

    at: time
    is_armed: bool
    names: Mapping[str, str]
    sources: Sources
    patience: timedelta
    survey_every: timedelta
    public_url: str | None = None
    key_max_age: timedelta = timedelta(days=90)


class DigestWatch:
    """Tells the channels the daily digest."""

    def __init__(
        self,
        stored: Stored,
        channels: tuple[Channel, ...],
        facts: Facts,
        clock: Clock,
    ) -> None:
        self._stored = stored
        self._channels = channels
        self._facts = facts
        self._clock = clock
        self._marking = Marking(stored.together, stored.notices, clock)

    def look(self) -> None:
        """Make the digest if it is due, and write into cases how the last one fared.

        Raises:
            StoreAwayError: What was not done is at the next turn.
        """
        if self._channels:
            self._tell(self._clock())
        self._marking.mark()

    def _tell(self, now: datetime) -> None:
        day, last = day_of(now, self._facts.at), self._stored.digests.day()
        if last is None:
            # Nobody was owed one by a service that was not there.
            self._stored.digests.begin(day)
            return
        if last > day + _A_DAY:
            # A clock was ahead for a time: without this there were no digest till then.
            log.warning("digest.of_a_day_to_come", day=str(last))
            self._stored.digests.turn_back(last, day)
            return
        if last < day:
            self._make(day, now)

    def _make(self, day: date, now: datetime) -> None:
        span = self._stored.together.untold(DIGEST)
        digest = self._digest(day, now, span)
        notice = digest_notice(digest)
        made = Day(day.isoformat(), encode(digest.record))
        if self._stored.together.tell(notice, self._channels, span, day=made):
            log.info(
                "notice.made",
                kind=notice.kind,
                notice_id=notice.id,
                cases=digest.clean_many,
            )

    def _digest(self, day: date, now: datetime, span: Span) -> Digest:
        stored, facts = self._stored, self._facts
        before = stored.digests.record()
        indexes = stored.owners.all(stored.owners.accounts())
        exposure = exposure_of(indexes)
        return Digest(
            day=day,
            at=now,
            before=before,
            is_armed=facts.is_armed,
            waits=self._waits(now, before),
            weak=self._weak(now, indexes),
            figures=_figures(exposure),
            left=tuple(one for one in exposure.people if one.has_left),
            surveyed_at=exposure.checked_at,
            ended=stored.digests.ended(),
            clean=self._clean(span),
            clean_many=stored.together.count(span),
            names=facts.names,
            public_url=facts.public_url,
        )

    def _clean(self, span: Span) -> tuple[Case, ...]:
        """Read the first of those that found nothing, and still did."""
        ids = [one.case_id for one in self._stored.together.first(span, NAMED)]
        cases = self._stored.cases.load_all(list(dict.fromkeys(ids))) if ids else []
        return tuple(one for one in cases if found_nothing(one))

    def _waits(self, now: datetime, before: Record | None) -> Waits:
        stored = self._stored
        held = stored.digests.held(_READ)
        cases = stored.cases.load_all(list(held.case_ids)) if held.case_ids else []
        open_to_all = [one for one in cases if not one.is_confidential]
        # Whose keys are dead first; the others as they began to wait.
        open_to_all.sort(key=lambda one: not is_urgent(one))
        stand = stored.brakes.stand()
        since = before.at if before else now - _A_DAY
        untold_many, untold = stored.digests.untold(since, MOST)
        waits = Waits(
            cases=tuple(open_to_all[:MOST]),
            many=max(0, held.many - (len(cases) - len(open_to_all))),
            braked=stand.waiting,
            braked_since=stand.since,
            paused=self._paused(),
            untold=untold,
            untold_many=untold_many,
            untold_notices=stored.notices.failed_since(since),
            stills=self._stills(now),
            damaged=tuple(stored.damaged.listed()),
        )
        return self._with_kept(waits, now)

    def _with_kept(self, waits: Waits, now: datetime) -> Waits:
        stored = self._stored
        _, kept = stored.deliveries.counts()
        many, first = stored.digests.running_out(now + WARNED_AHEAD)
        there = {source: count for source, count in kept.items() if count > 0}
        return replace(waits, quarantined=there, running_out=many, running_out_at=first)

    def _paused(self) -> tuple[str, ...]:
        found, names = self._stored.switches.paused(), self._facts.names
        if found.everywhere:
            return (EVERYTHING,)
        return tuple(names.get(one) or one for one in found.accounts)

    def _stills(self, now: datetime) -> tuple[Still, ...]:
        """Look once more at the cases that were told to stand still."""
        ids = self._stored.digests.told_still(_STILL)
        if not ids:
            return ()
        last = self._stored.progress.last_entries(ids)
        cases = self._stored.cases.load_all(ids)
        patience = self._facts.patience
        found = (still(one, last.get(one.id), now, patience) for one in cases)
        return tuple(one for one in found if one is not None)

    def _weak(self, now: datetime, indexes: Sequence[AccountIndex]) -> Weak:
        names, every = self._facts.names, self._facts.survey_every
        failing = self._stored.survey_notes.failing(names)
        return Weak(
            functional_ids=tuple(
                state for one in indexes for state in one.functional_ids if state.weak
            ),
            refused=tuple(
                names.get(one.account_id) or one.account_id
                for one in indexes
                if one.keys_refused
            ),
            silent=self._silent(now),
            failing=tuple(one for one in failing if one.is_long(now, every)),
            old_keys=tuple(self._old_keys(now)),
        )

    def _old_keys(self, now: datetime) -> list[KeyUse]:
        uses = self._stored.key_uses
        if uses is None:
            return []
        return old_keys(live(uses.words(now), now), now, self._facts.key_max_age)

    def _silent(self, now: datetime) -> tuple[tuple[str, datetime], ...]:
        sources = {name: each for name, each in self._facts.sources if each.is_on}
        notes = self._stored.source_notes.all(sources)
        return tuple(
            (name, note.quiet_since)
            for name, note in notes.items()
            if note.is_silent(sources[name].expected_hours, now) and note.quiet_since
        )


def _figures(exposure: Exposure) -> Figures | None:
    if exposure.checked_at is None:
        return None
    left = sum(one.has_left for one in exposure.people)
    return Figures(exposure.departures_from_outage, left, exposure.unread)
