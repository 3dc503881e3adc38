"""A store with cases that found nothing, a digest watch on it, and a clock."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from config.sources import Sources
from workers.digesting import DigestWatch, Facts, Stored
from workers.offboarding.model import (
    Case,
    CaseResult,
    CaseStatus,
    Channel,
    Departure,
    Entry,
    Leaver,
    OpenedBy,
    ReportKind,
    ReportLine,
    ReportState,
    Step,
    Work,
)
from workers.offboarding.ports import Change
from workers.store.brake import Brakes
from workers.store.cases import Cases
from workers.store.damaged import Damaged
from workers.store.digests import Digests
from workers.store.intake import Deliveries
from workers.store.notices import Notices
from workers.store.owners import Owners
from workers.store.progress import Progress
from workers.store.sources import SourceNotes
from workers.store.surveys import SurveyNotes
from workers.store.switches import Switches
from workers.store.together import Together
from workers.store.work import Works
from workers.telling import tell

MONDAY = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SLACK, MAIL = Channel.SLACK, Channel.MAIL


class WorkerDied(BaseException):
    """Kill -9, as nothing in the code may catch it."""


class Mortal:
    """A client at whose call number *dies_at* the worker dies.

    Odd ones die before the server has heard of it, even ones after it has done it.
    """

    def __init__(self, client, dies_at=None):
        self._client, self.dies_at, self.calls = client, dies_at, 0

    def _called(self, call):
        self.calls += 1
        if self.calls * 2 - 1 == self.dies_at:
            raise WorkerDied
        answer = call()
        if self.calls * 2 == self.dies_at:
            raise WorkerDied
        return answer

    def register_script(self, text):
        script = self._client.register_script(text)
        return lambda **given: self._called(lambda: script(**given))

    def pipeline(self, **given):
        return MortalPipe(self, self._client.pipeline(**given))

    def __getattr__(self, name):
        method = getattr(self._client, name)
        return lambda *args, **given: self._called(lambda: method(*args, **given))


class MortalPipe:
    """A pipeline of it: all of it is one call."""

    def __init__(self, mortal, pipe):
        self._mortal, self._pipe = mortal, pipe

    def __enter__(self):
        self._pipe.__enter__()
        return self

    def __exit__(self, *error):
        return self._pipe.__exit__(*error)

    def execute(self):
        return self._mortal._called(self._pipe.execute)

    def __getattr__(self, name):
        return getattr(self._pipe, name)


class Told:
    """A channel; ``states`` are used up first."""

    def __init__(self):
        self.got, self.states = [], []

    def tell(self, notice, line):
        self.got.append(notice)
        state = self.states.pop(0) if self.states else ReportState.SENT
        return replace(line, state=state, tries=line.tries + 1)


class Room:
    """The store of a service, with what makes, tells and follows up digests."""

    def __init__(self, client, channels=(SLACK, MAIL)):
        self.client, self.now, self.channels = client, MONDAY, channels
        self.told = {one: Told() for one in Channel}
        self.cases, self.works = Cases(client), Works(client)
        self.notices, self.together = Notices(client), Together(client)
        self.watch = self.a_watch()

    def a_watch(self, client=None, **changed):
        client = client or self.client
        stored = Stored(
            Digests(client),
            Together(client),
            Cases(client),
            Notices(client),
            Brakes(client),
            Switches(client),
            Deliveries(client, secret_key=None, life=30 * DAY),
            Progress(client),
            Damaged(client),
            Owners(client),
            SurveyNotes(client),
            SourceNotes(client),
        )
        given = {
            "at": time(8, 0),
            "is_armed": True,
            "names": {"acct1": "production"},
            "sources": Sources(),
            "patience": HOUR,
            "survey_every": 6 * HOUR,
            **changed,
        }
        return DigestWatch(stored, self.channels, Facts(**given), lambda: self.now)

    def open(self, case_id, **changed):
        case = Case(
            id=case_id,
            leaver=Leaver(f"{case_id.lower()}@example.com"),
            opened_by=OpenedBy("standard", f"standard:{case_id}"),
            received_at=self.now,
            effective_at=self.now,
            starts_at=self.now,
            status=CaseStatus.OPEN,
            dry_run=False,
        )
        case = replace(case, **changed)
        opened = case.opened_by
        told = Departure(opened.source, case.leaver, opened.event_key)
        entries = (Entry(self.now, "case.opened"), Entry(self.now, "joined"))
        self.cases.open(case, told, entries)
        return self.cases.load(case_id)

    def write(self, case_id, step=Step.PLAN, **changed):
        """Do a step of a case that changes it so."""
        claim = self.works.claim(Work(case_id, step))
        case = replace(self.cases.load(case_id), **changed)
        lines = changed.get("reports", ())
        self.works.finish(claim, Change(case=case, reports=lines))

    def end(self, case_id, kind=ReportKind.DIGEST, result=CaseResult.CLEAN, number=1):
        """End a case as one that found nothing."""
        self.open(case_id)
        self.write(
            case_id,
            status=CaseStatus.SETTLED,
            result=result,
            settled_at=self.now,
            reports=tuple(ReportLine(one, kind, number) for one in self.channels),
        )

    def deliver(self):
        """Tell every channel what is due, as the tasks do."""
        for notice_id, channel in self.notices.due(100):
            tell(self.notices, self.told, notice_id, channel, lambda: self.now)

    def let(self, time):
        """Let time pass, then look, tell and look once more."""
        self.now += time
        self.watch.look()
        self.deliver()
        self.watch.look()

    def lines(self, case_id):
        reports = self.cases.load(case_id).reports
        return {one.id: str(one.state) for one in reports}

    def ids(self, channel=SLACK):
        return [one.id for one in self.told[channel].got]

    def text(self, channel=SLACK):
        """Return all that the last notice says, in one line."""
        notice = self.told[channel].got[-1]
        lines = [notice.headline]
        lines += [
            each
            for part in notice.parts
            for item in part.items
            for each in (item.line, *item.details)
        ]
        return " | ".join("".join(map(str, line)) for line in lines)
