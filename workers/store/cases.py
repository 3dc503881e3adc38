"""Cases in the store: taken in, read, listed, turned by a person's hand."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Final

import redis
import structlog

from workers.offboarding.errors import CaseDamagedError, NoSuchCaseError
from workers.offboarding.model import (
    Case,
    CaseKind,
    CaseResult,
    CaseStatus,
    CaseTarget,
    Departure,
    Entry,
    ReportLine,
    Withdrawal,
    Work,
)
from workers.offboarding.part import PartOfCase
from workers.store.codec import CANNOT_BE_READ, case_of, decode, encode, head_of
from workers.store.connection import PREFIX, Scripts, faults
from workers.store.counted import outcomes_of, trigger_of
from workers.store.damaged import Damaged
from workers.store.work import GRACE_MS, member_of

log: structlog.stdlib.BoundLogger = structlog.get_logger()

DAY_SECONDS: Final = 86_400
# An event that led to no case is remembered this long, so that a repeat does nothing.
_REMEMBERED_SECONDS: Final = 90 * DAY_SECONDS
# A call whose answer was lost is repeated at once; this is far longer.
_REPEAT_SECONDS: Final = 3_600
# More scheduled cases of one person than this are none of this world.
_SCHEDULED: Final = 20
# Ids looked at in one round trip where other indexes are asked besides.
_WALKED_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Along:
    """What is noted with an event in the step that takes it in.

    Attributes:
        kept: The name of what is kept of the event where it could not be acted on.
        learned: What the source's own ids of people stand for.
        heard_at: When they were heard.
        delivered_at: When the event's delivery came, if it is counted with it.
    """

    kept: str
    learned: Mapping[str, str]
    heard_at: datetime
    delivered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a departure: its verdict as ``open.lua`` answers it.

    ``kept_id`` is of what was kept of the event while nobody could act on it.
    """

    verdict: str
    case_id: str
    kept_id: str = ""


@dataclass(frozen=True, slots=True)
class Read:
    """Cases that were read, and the ids of those that are there and cannot be."""

    cases: list[Case]
    damaged: list[str]


class Cases:
    """The cases; implements the port of the same name, and what the desk needs."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        self._scripts = Scripts(client)
        self._damaged = Damaged(client)

    def open(
        self,
        case: Case,
        departure: Departure,
        entries: tuple[Entry, Entry],
        *,
        idempotency: tuple[str, str] | None = None,
        brake: Mapping[str, object] | None = None,
        is_late: bool = False,
        along: Along | None = None,
        grace_ms: int = GRACE_MS,
    ) -> Taken:
        """Put a departure on disk: as *case*, or as one that joins an open case.

        Args:
            case: The case it becomes if it is new.
            departure: The same, as another case would get it.
            entries: What the ledger gains: of a new case, of a case it joins.
            idempotency: A key, and a digest that a repeat must match.
            brake: What counts it for the brake (``counted``); None does not.
            is_late: Put it on disk even where its source took it back by now; the
                verdict is ``returned`` else, and nothing is written.
            along: What is noted with it, where it is taken in.
            grace_ms: For how long the sweep leaves its work to who sends it.
        """
        key, digest = idempotency or (None, "")
        is_told = departure.event_key is not None and not is_late
        happened_at = departure.occurred_at if is_told else None
        verdict, case_id, kept_id = self._scripts.call(
            "open",
            id=case.id,
            head=head_of(case),
            status=case.status,
            trigger=trigger_of(case.opened_by.source),
            refs=case.claims,
            # What is dry only as the service is not armed yet awaits its day as others
            # do: dates that change meanwhile move it, and do not open another.
            exclusive=case.kind is CaseKind.DEPARTURE
            and (not case.dry_run or case.was_put_off_unarmed),
            start_at=_millis(case.starts_at),
            grace_ms=grace_ms,
            entry=encode(entries[0]),
            join_entry=encode(entries[1]),
            departure=encode(departure),
            event_key=departure.event_key,
            who=" ".join(case.claims),
            idem_key=key,
            idem_digest=digest,
            idem_ttl=DAY_SECONDS,
            repeat_ttl=_REPEAT_SECONDS,
            gone=case.has_dead_keys or departure.gone_from is not None,
            brake=brake,
            source=departure.source,
            happened_at=happened_at.timestamp() if happened_at else None,
            **_noted(along),
        )
        return Taken(verdict, case_id, kept_id)

    def load(self, case_id: str) -> Case:
        """Read a case; NoSuchCaseError, CaseDamagedError."""
        read = self.read([case_id])
        if read.damaged:
            raise CaseDamagedError(case_id)
        if not read.cases:
            raise NoSuchCaseError(f"There is no case {case_id}.")
        return read.cases[0]

    def load_all(self, case_ids: list[str]) -> list[Case]:
        """Read several cases, leaving out those that do not exist or are damaged."""
        return self.read(case_ids).cases

    def read(self, case_ids: list[str]) -> Read:
        """Read several cases in one round trip, leaving out those that do not exist.

        A damaged one costs only itself, and is listed for people from then on. What a
        newer version wrote is none: that version reads it.
        """
        with faults(), self._client.pipeline(transaction=True) as pipe:
            for case_id in case_ids:
                key = f"{PREFIX}case:{case_id}"
                pipe.hgetall(key)
                pipe.hvals(f"{key}:targets")
                pipe.hvals(f"{key}:reports")
                pipe.lrange(f"{key}:joins", 0, -1)
            answers = pipe.execute()
        cases, unread = list[Case](), dict[str, Exception]()
        for place, case_id in enumerate(case_ids):
            parts = answers[4 * place : 4 * place + 4]
            if not parts[0]:
                continue
            try:
                cases.append(case_of(*parts))
            except CANNOT_BE_READ as error:
                unread[case_id] = error
        self._damaged.met_unread(unread)
        return Read(cases, list(unread))

    def load_part(self, case_id: str, target_id: str = "") -> Case:
        """Read a case with one of its targets and those that go first; see the port."""
        wanted = [target_id] if target_id else []
        while True:
            case = self._part(case_id, wanted)
            if target_id in case.canaries:
                return self.load(case_id)
            missing = set(case.canaries) - set(wanted)
            if not target_id or not missing:
                return case
            wanted = [target_id, *case.canaries]

    def _part(self, case_id: str, target_ids: list[str]) -> Case:
        key = f"{PREFIX}case:{case_id}"
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.hgetall(key)
            pipe.hvals(f"{key}:reports")
            pipe.lrange(f"{key}:joins", 0, -1)
            if target_ids:
                pipe.hmget(f"{key}:targets", target_ids)
            head, reports, joins, *found = pipe.execute()
        if not head:
            raise NoSuchCaseError(f"There is no case {case_id}.")
        targets = [one for one in chain(*found) if one is not None]
        try:
            return case_of(head, targets, reports, joins, kind=PartOfCase)
        except CANNOT_BE_READ as error:
            self._damaged.met_unread({case_id: error})
            raise CaseDamagedError(case_id) from error

    def ledger(self, case_id: str) -> list[Entry]:
        """Read the ledger of a case, oldest entry first."""
        with faults():
            lines = self._client.lrange(f"{PREFIX}case:{case_id}:ledger", 0, -1)
        return [decode(line, Entry) for line in lines]

    def ids(
        self,
        *,
        status: CaseStatus | None = None,
        result: CaseResult | None = None,
        ref: str | None = None,
        but_not: CaseStatus | None = None,
        with_confidential: bool = True,
        before: str | None = None,
        limit: int,
    ) -> list[str]:
        """List case ids, newest first, that come before *before*.

        The narrowest index is walked and the others only asked, so that the cost is
        that of the page and not of the store.
        """
        names = [
            f"index:user:{ref}" if ref else None,
            f"index:result:{result}" if result else None,
            f"index:status:{status}" if status else None,
        ]
        first, *asked = [PREFIX + name for name in names if name] or [""]
        walked = [first] if first else _all_but(but_not)
        conditions = [(index, True) for index in asked]
        if but_not and first:
            conditions.append((f"{PREFIX}index:status:{but_not}", False))
        if not with_confidential:
            # Scheduled ones that the brake holds, whose status is another.
            conditions.append((f"{PREFIX}index:confidential", False))
        at_once = max(limit, _WALKED_AT_ONCE) if conditions and first else limit
        found: list[str] = []
        start = f"({before}" if before else "+"
        while len(found) < limit:
            ids = self._page(walked, start, at_once)
            found += self._that_fit(ids, conditions)
            if len(ids) < at_once:
                break
            start = f"({ids[-1]}"
            # Few fit: round trips cost more than what is looked at.
            at_once = max(limit, _WALKED_AT_ONCE)
        return found[:limit]

    def _page(self, walked: list[str], start: str, at_once: int) -> list[str]:
        with faults():
            pages = [
                self._client.zrevrangebylex(index, start, "-", 0, at_once)
                for index in walked
            ]
        ids = {str(one) for page in pages for one in page}
        return sorted(ids, reverse=True)[:at_once]

    def _that_fit(
        self, ids: list[str], conditions: list[tuple[str, bool]]
    ) -> list[str]:
        for index, wanted in conditions:
            if ids:
                with faults():
                    scores = self._client.zmscore(index, ids)
                ids = [
                    one
                    for one, score in zip(ids, scores, strict=True)
                    if (score is not None) is wanted
                ]
        return ids

    def open_case_of(self, refs: tuple[str, ...]) -> str | None:
        """Find an open armed case that goes by one of these names."""
        return next(iter(self.open_cases_of(refs)), None)

    def open_cases_of(self, refs: tuple[str, ...]) -> list[str]:
        """Find the open armed cases that go by one of these names."""
        if not refs:
            return []
        with faults():
            found = self._client.hmget(f"{PREFIX}leavers", list(refs))
        return list(dict.fromkeys(str(one) for one in found if one))

    def scheduled_of(self, refs: tuple[str, ...]) -> list[str]:
        """Find the scheduled cases that go by one of these names, dry runs too."""
        found = [
            each
            for ref in refs
            for each in self.ids(status=CaseStatus.SCHEDULED, ref=ref, limit=_SCHEDULED)
        ]
        return list(dict.fromkeys(found))

    def withdrawn(self, event_key: str) -> str | None:
        """Tell what a withdrawal led to: a case's id, or empty; None if it is new."""
        with faults():
            found = self._client.get(f"{PREFIX}withdrawal:{event_key}")
        return None if found is None else str(found)

    def note_return(self, withdrawal: Withdrawal, refs: tuple[str, ...]) -> None:
        """Remember that somebody came back, by every name of theirs.

        What happened before it and arrives later is known by that; the latest return
        counts, in whatever order they come.
        """
        if withdrawal.occurred_at is None or not refs:
            return
        happened_at = withdrawal.occurred_at.timestamp()
        key = f"{PREFIX}returned:{withdrawal.source}"
        with faults(), self._client.pipeline(transaction=True) as pipe:
            pipe.zadd(key, dict.fromkeys(refs, happened_at), gt=True)
            pipe.zremrangebyscore(key, "-inf", happened_at - _REMEMBERED_SECONDS)
            pipe.execute()

    def note_withdrawal(
        self,
        withdrawal: Withdrawal,
        case_id: str | None,
        entry: Entry,
        *,
        answer: str,
    ) -> None:
        """Remember a withdrawal by its *answer*, and write it in its case's ledger.

        One that is remembered already is left as it is: the entry is there.
        """
        self._scripts.call(
            "note_withdrawal",
            event_key=withdrawal.event_key,
            answer=answer,
            case=case_id,
            entry=encode(entry),
            ttl=_REMEMBERED_SECONDS,
        )

    def take_back(self, case: Case, word: Departure, entry: Entry) -> str:
        """Have the words of some sources count no more in an open case, as it was read.

        Its next plan takes that in.

        Args:
            case: The case, with the revision it was read at.
            word: What ``folded`` is to take in.
            entry: What the ledger gains.

        Returns:
            ``ok``, ``changed`` (read again), or ``written``: too late for anything.
        """
        answer: str = self._scripts.call(
            "take_back",
            op=uuid.uuid4().hex,
            case=case.id,
            rev=case.revision,
            departure=encode(word),
            entry=encode(entry),
            grace_ms=GRACE_MS,
        )
        return answer

    def adopt(self, case: Case) -> str | None:
        """Take the leaver's names for *case*; see the port."""
        verdict, other = self._scripts.call(
            "adopt",
            case=case.id,
            refs=case.claims,
            departure=encode(_as_departure(case)),
            grace_ms=GRACE_MS,
        )
        return other if verdict == "join" else None

    def turn(
        self,
        case: Case,
        entry: Entry,
        *,
        expected: tuple[CaseStatus, ...],
        takes: bool | None,
        targets: tuple[CaseTarget, ...] = (),
        dropped: tuple[str, ...] = (),
        reports: tuple[ReportLine, ...] = (),
        after: tuple[Work, ...] = (),
        folded: int = 0,
    ) -> str:
        """Write *case* as a person turned it, if it is still as it was read.

        Args:
            case: The case as it shall be, with the revision it was read at.
            entry: What the ledger gains.
            expected: The statuses it may be turned from.
            takes: True takes it up again: the leaver's names are claimed and it plans.
                False lets it go, which needs that nothing was written yet. None keeps
                it as it is.
            targets: Targets as they are now; where the case is kept as it is, refused
                if somebody wrote them since *case* was read.
            dropped: Ids of targets to be planned anew.
            reports: Lines the outbox gains.
            after: Work that follows.
            folded: How many of the joined departures *case* holds now.

        Returns:
            ``ok``, ``changed`` (read again), ``state``, ``written`` or
            ``taken:<id of the other open case>``.
        """
        answer: str = self._scripts.call(
            "turn",
            op=uuid.uuid4().hex,
            case=case.id,
            rev=case.revision,
            head=head_of(case),
            status=case.status,
            result=case.result or "",
            refs=case.claims if case.kind is CaseKind.DEPARTURE else (),
            entry=encode(entry),
            by=entry.actor or "",
            targets={one.target.id: encode(one) for one in targets},
            was={
                one.target.id: encode(case.target(one.target.id))
                for one in targets
                if takes is None
            },
            dropped=dropped,
            reports={line.id: encode(line) for line in reports},
            after=[member_of(work) for work in after],
            folded=folded,
            grace_ms=GRACE_MS,
            takes=takes is True,
            # Nothing begins between a refusal and the plan that ends the rest.
            held=int(case.refused_by is not None),
            keeps=takes is None,
            outcomes=outcomes_of(targets),
            unwritten=takes is False,
            **{"from": list(expected)},
        )
        return answer


def _all_but(status: CaseStatus | None) -> list[str]:
    """Name what is to be walked for all cases but those of a status.

    There may be a hundred thousand of those before the first other.
    """
    if status is None:
        return [f"{PREFIX}index:all"]
    return [f"{PREFIX}index:status:{one}" for one in CaseStatus if one is not status]


def _noted(along: Along | None) -> dict[str, object]:
    if along is None:
        return {}
    at = along.delivered_at
    return {
        "kept": along.kept,
        # An empty list means nothing in Lua's JSON, so it is left out.
        "learned": list(chain(*along.learned.items())) or None,
        "heard_at": along.heard_at.timestamp(),
        "delivered_at": None if at is None else str(round(at.timestamp() * 1000)),
    }


def _millis(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _as_departure(case: Case) -> Departure:
    """Say what *case* asks for, so that the case it joins can hold it too."""
    return Departure(
        source=case.opened_by.source,
        leaver=replace(case.leaver),
        event_key=case.opened_by.event_key,
        actor=case.opened_by.actor,
        effective_at=case.effective_at,
        reason=case.reason,
        scope=case.scope,
        askers=case.askers,
        aliases=case.aliases,
        gone_too=case.gone_from,
        told=case.told,
    )
