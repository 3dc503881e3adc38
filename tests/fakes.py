"""Stand-ins for all that is outside the domain, in memory and in virtual time.

``MemoryStore`` judges a write as the store's Lua does, verdict by verdict. What a fake
is asked is written to one journal, so that a test can see in which order things went.
"""

from collections import defaultdict, deque
from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from threading import Lock

from factories import DANA, FID, NOON, ROBIN, a_case, a_person, a_standing

from workers.desk.counting import Counting
from workers.desk.scraping import Scraping
from workers.offboarding.discovery import look_at
from workers.offboarding.errors import (
    CaseCancelledError,
    CaseChangedError,
    LeaseLostError,
    LostAnswerError,
    NoSuchCaseError,
    PausedError,
    PermanentError,
    Reason,
    TransientError,
    UnderWayError,
)
from workers.offboarding.exposure import AccountIndex
from workers.offboarding.model import (
    CaseKind,
    CaseStatus,
    Channel,
    Departure,
    Entry,
    KeyList,
    KeyOwner,
    ListedKey,
    ReportKind,
    ReportState,
    Right,
    Root,
    Step,
    Visibility,
    Work,
)
from workers.offboarding.part import PartOfCase
from workers.offboarding.ports import Account, Change, Claim, Discovery
from workers.offboarding.report.progress import ended_badly
from workers.offboarding.rules import GuardedWorks
from workers.offboarding.steps.tools import Tools
from workers.offboarding.survey import surveyed
from workers.offboarding.tally import Tally
from workers.offboarding.workflow import do
from workers.store.cases import Taken
from workers.store.work import Begun

LEASE = timedelta(seconds=60)
GRACE = timedelta(seconds=5)
PUSH = timedelta(seconds=30)
JOINS = (Step.PLAN, Step.RESET, Step.VERIFY)
TELLING = (Step.DELIVER, Step.SHOW)
LIVE = (CaseStatus.OPEN, CaseStatus.WAITING)


class WorkerDied(BaseException):
    """Stands for kill -9: nothing after it runs, and nothing in the domain sees it."""


# Before any survey of a test.
LONG_AGO = NOON - timedelta(days=30)


class VirtualClock:
    """Time that passes only when somebody says so."""

    def __init__(self, now=NOON):
        self.now = now

    def __call__(self):
        return self.now

    def advance(self, seconds):
        self.now += timedelta(seconds=seconds)


class FakeCloud:
    """One account.

    What stands in ``faults[call]`` or ``faults[call, target id]`` is used up first.
    """

    def __init__(
        self, clock, journal, *targets, owners=None, lag=0.0, account_id="acct1"
    ):
        self.account_id = account_id
        self.clock, self.journal, self.lag = clock, journal, timedelta(seconds=lag)
        self.found = list(targets)
        self.users = [a_person(DANA), a_person(ROBIN), a_person(FID)]
        self.ours = [FID]
        # Who may take over, and how they stand; one that is not here stands well.
        self.fids = [FID]
        self.standings = {}
        # How they stood when it was looked at last, for who takes an older look too.
        self.stood = {}
        self.has_addons = {}
        # None has IAM list, of each target, Dana's key and those of its owners since.
        self.listed = None
        self.has_own_key = True
        self.credentials = {}
        self.sees = Visibility(Right.OK, Right.OK, Right.OK)
        self.unseen = ()
        # How long a call under way has had no answer.
        self.silent_for = 0.0
        self.faults = defaultdict(deque)
        self.keys = defaultdict(list)
        self._owners = {one.id: [(NOON, DANA)] for one in targets}
        # When IAM says that a key was made, by target and since when its owner shows.
        self._made = {}
        self._lock = Lock()
        for target, owner in (owners or {}).items():
            self.own(target, owner)
        self._made.clear()

    def own(self, target, owner, *, at=None):
        """Have *owner* own the key from *at* on; by default from the beginning."""
        if at is None:
            self._owners[target.id] = []
        self._owners[target.id].append((at or NOON, owner))
        self._made[target.id, at or NOON] = self.clock()

    def give(self, target, owner, *, with_key=True, shows=True):
        """Do what a reset does: a key at once, the owner after the lag."""
        if with_key:
            self.keys[target.id].append(self.clock())
        if shows:
            self.own(target, owner, at=self.clock() + self.lag)

    def truth(self, target):
        """Tell who owns the key in the end, whatever can be seen by now."""
        return self._owners[target.id][-1][1]

    def _asked(self, call, target_id=None):
        with self._lock:
            self.journal.append(call if target_id is None else f"{call} {target_id}")
            for script in (self.faults[call, target_id], self.faults[call]):
                if script:
                    return script.popleft()
        return None

    def silence_seconds(self):
        return self.silent_for

    def people(self):
        fault = self._asked("people")
        if isinstance(fault, Exception):
            raise fault
        return tuple(self.users)

    def targets(self):
        fault = self._asked("targets")
        if isinstance(fault, Exception):
            raise fault
        return fault or Discovery(tuple(self.found), self.unseen)

    def key_owner(self, target):
        said = self._asked("key_owner", target.id)
        if isinstance(said, BaseException):
            raise said
        if said is not None:
            return said
        shown = [one for at, one in self._owners[target.id] if at <= self.clock()]
        return shown[-1]

    def cluster_keys(self):
        fault = self._asked("cluster_keys")
        if isinstance(fault, Exception):
            raise fault
        listed = self.listed if self.listed is not None else self._their_keys()
        return KeyList(tuple(listed), self.has_own_key)

    def cluster_keys_since(self, moment):
        fault = self._asked("cluster_keys_since")
        if isinstance(fault, Exception):
            raise fault
        listed = self.listed if self.listed is not None else self._their_keys()
        return [
            one for one in listed if one.created_at is None or one.created_at >= moment
        ]

    def _their_keys(self):
        return [
            ListedKey(owner.id, *one.place, made)
            for one in self.found
            for made, at, owner in [
                (LONG_AGO - timedelta(days=1), NOON, DANA),
                *(
                    (self._made.get((one.id, at), LONG_AGO), at, owner)
                    for at, owner in self._owners[one.id]
                ),
            ]
            if isinstance(owner, KeyOwner) and at <= self.clock()
        ]

    def classic_credentials(self, targets):
        return {
            one.id: self.credentials[one.id]
            for one in targets
            if one.id in self.credentials
        }

    def visibility(self):
        self._asked("visibility")
        return self.sees

    def candidates(self, target, wanted=None):
        fault = self._asked("candidates", target.id)
        if isinstance(fault, Exception):
            raise fault
        found = [one for one in self.fids if wanted in (None, one.id, one.name)]
        if not found:
            raise PermanentError("none", reason=Reason.NO_FUNCTIONAL_ID)
        return tuple(found)

    def standing(self, functional_id, *, max_age_seconds=240):
        kept = self._asked("standing", functional_id.id)
        # What was seen before is a minute old.
        if kept is not None and max_age_seconds >= 60:
            return kept
        if max_age_seconds >= 60 and functional_id.id in self.stood:
            return self.stood[functional_id.id]
        found = self.standings.get(functional_id.id) or a_standing(functional_id)
        return replace(found, at=self.clock())

    def addons(self, target, cluster):
        fault = self._asked("addons", cluster.id)
        if isinstance(fault, Exception):
            raise fault
        return self.has_addons.get(cluster.id, ())

    def key_used_at(self, target, functional_id, since):
        said = self._asked("key_used_at", target.id)
        if isinstance(said, Exception):
            raise said
        return said

    def identities(self):
        fault = self._asked("identities")
        if isinstance(fault, Exception):
            raise fault
        return tuple(self.ours)

    def has_new_key(self, target, functional_id, since):
        fault = self._asked("has_new_key", target.id)
        if isinstance(fault, Exception):
            raise fault
        return any(at >= since for at in self.keys[target.id])


class FakeResets:
    """Resets in that account; ``script`` says how the next ones of a target end.

    ``ok``, ``lost_before`` and ``lost_after`` the effect, ``refused``, ``transient``,
    ``limited`` (429, wait 45 s), ``unshown`` (204 and a key, the owner never changes),
    ``nothing`` (204 and no effect at all), ``died_before`` and ``died_after``.
    """

    def __init__(self, cloud):
        self.cloud = cloud
        # Whom the token in hand speaks for, whatever the plan says.
        self.identity = None
        self.sends = []
        self.retired, self.refreshed = [], []
        self.retire_faults, self.refresh_faults = deque(), deque()
        # Called while a write that is no reset waits for its turn.
        self.waiting = lambda: None
        self.script = defaultdict(deque)
        self.faults = deque()
        # True for each prepared reset that is to be too old when it is to be sent.
        self.stale = deque()

    def sent(self, target):
        return sum(one == target.id for one, _ in self.sends)

    def prepare(self, target, functional_id):
        self.cloud.journal.append(f"prepare {target.id}")
        if self.faults:
            raise self.faults.popleft()
        return FakeReady(self, target, self.identity or functional_id)

    def _wait_and(self, last_look):
        self.waiting()
        if last_look is not None:
            last_look()

    def retire(self, key, functional_id, how, *, last_look=None):
        self._wait_and(last_look)
        self.cloud.journal.append(f"{how} {key.id} by {functional_id.id}")
        if self.retire_faults:
            raise self.retire_faults.popleft()
        self.retired.append((key.id, how, functional_id.id))
        return "request-retire"

    def refresh_master(self, target, cluster, functional_id, *, last_look=None):
        self._wait_and(last_look)
        self.cloud.journal.append(f"refresh {cluster.id}")
        if self.refresh_faults:
            raise self.refresh_faults.popleft()
        self.refreshed.append((cluster.id, self.cloud.clock()))
        return "request-refresh"


class FakeReady:
    def __init__(self, resets, target, identity):
        self.resets, self.target, self.identity = resets, target, identity
        self.is_fresh = not resets.stale or not resets.stale.popleft()

    def send(self):
        resets, cloud, target = self.resets, self.resets.cloud, self.target
        cloud.journal.append(f"send {target.id}")
        resets.sends.append((target.id, cloud.clock()))
        script = resets.script[target.id]
        how = script.popleft() if script else "ok"
        if how in ("ok", "lost_after", "unshown", "died_after"):
            cloud.give(target, self.identity, shows=how != "unshown")
        _end_of_send(how)
        return f"request-{len(resets.sends)}"


def _end_of_send(how):
    if how.startswith("died"):
        raise WorkerDied
    if how.startswith("lost"):
        raise LostAnswerError("Resetting: no answer.")
    if how == "refused":
        raise PermanentError("Resetting: 403, A0656.", reason=Reason.NO_ROLE)
    if how == "transient":
        raise TransientError("Resetting: no connection.")
    if how == "limited":
        raise TransientError("Resetting: 429.", retry_after_seconds=45)


class MemoryIndex:
    """The owner index of one or several accounts; empty until a test fills it."""

    def __init__(self):
        self.indexes, self.users, self.noted = {}, defaultdict(list), []

    def of(self, account_id):
        return self.indexes.get(account_id, AccountIndex(account_id))

    def people(self, account_id, names):
        wanted = set(names)
        return tuple(
            one
            for one in self.users[account_id]
            if wanted & {one.iam_id, one.email, one.user_id}
        )

    def note(self, target, owner, at):
        self.noted.append((target.id, owner.id, at))


class RecordingNotifier:
    """One channel; ``script`` holds states, lines' changes or errors, used up first.

    One that ``keeps`` a message shows it as the counts of a case, and ``shown`` and
    ``failures`` have what was shown and what was told below it.
    """

    def __init__(self, clock):
        self.clock = clock
        self.script = deque()
        self.got = []
        self.keeps = False
        self.shown, self.failures = [], []
        # What the next changes of a message end in, used up first: an error, or faults.
        self.changes = deque()

    def takes(self, kind):
        return self.keeps or kind is not ReportKind.STARTED

    def _keep(self, case, line):
        said = self.changes.popleft() if self.changes else None
        if isinstance(said, BaseException):
            raise said
        if line.root.telling:
            self.failures.append(line.root.telling)
            return line
        if said == "fails":
            return replace(line, root=replace(line.root, faults=line.root.faults + 1))
        digest = _digest(case)
        if digest != line.root.digest:
            self.shown.append((self.clock(), digest))
        at = self.clock() if digest != line.root.digest else line.root.shown_at
        root = replace(line.root, digest=digest, shown_at=at, faults=0)
        return replace(line, root=root)

    def deliver(self, case, line):
        if line.root is not None:
            return self._keep(case, line)
        self.got.append((line.id, case.status, case.result))
        said = self.script.popleft() if self.script else ReportState.SENT
        if isinstance(said, BaseException):
            raise said
        changes = said if isinstance(said, dict) else {"state": said}
        line = replace(line, at=self.clock(), tries=line.tries + 1, **changes)
        is_root = line.kind is ReportKind.STARTED and line.state is ReportState.SENT
        if not is_root:
            return line
        told = tuple(one.target.id for one in ended_badly(case))
        root = Root("C1", f"{len(self.got)}.1", _digest(case), self.clock(), told)
        return replace(line, root=root)


def _digest(case):
    ended = [
        f"{one.target.region}:{one.outcome}" for one in case.targets if one.outcome
    ]
    return " ".join([case.status, *ended])


@dataclass
class Stored:
    """One case as the store keeps it."""

    head: object
    ledger: list
    rev: int = 0
    held: bool = False
    wrote: bool = False
    gives_way: str | None = None
    joined_as: object = None
    names: set = field(default_factory=set)
    # Every name it ever had, as the store's index by user keeps it.
    refs: set = field(default_factory=set)
    pending: set = field(default_factory=lambda: {"plan"})
    targets: dict = field(default_factory=dict)
    reports: dict = field(default_factory=dict)
    joins: list = field(default_factory=list)


class MemoryStore:
    """Cases, Works and Switches, and what the desk and the tasks need of them."""

    lease_seconds = 60.0

    def __init__(self, clock, journal):
        self.clock, self.journal = clock, journal
        self.stored, self.leavers, self.events = {}, {}, {}
        self.due, self.waits, self.claims = {}, {}, {}
        self.leases, self.under_way = {}, {}
        self.paused, self.protected, self.restored = set(), set(), False
        self.withdrawals, self.returned = {}, {}
        # Called with the kind of write and its change, before it is judged and after
        # it is written: a test kills the worker there, or has the world change.
        self.before = lambda kind, change: None
        self.after = lambda kind, change: None

    # cases

    def open(
        self, case, departure, entries, *, idempotency=None, brake=None, is_late=False
    ):
        key = departure.event_key
        if key in self.events:
            return Taken("repeated", self.events[key])
        if not is_late and self._returned_after(departure, case.claims):
            return Taken("returned", "")
        is_meant = not case.dry_run or case.was_put_off_unarmed
        refs = _claimed(case) if is_meant else ()
        found = [self.leavers[ref] for ref in refs if ref in self.leavers]
        other = next((each for each in found if self._takes_in(each)), None)
        if key:
            self.events[key] = other or case.id
        if other is not None:
            self.stored[other].ledger.append(entries[1])
            self._join(other, departure)
            return Taken("joined", other)
        self.stored[case.id] = Stored(_head(case), [entries[0]], refs=set(case.claims))
        self._take(case.id, refs)
        plan = Work(case.id, Step.PLAN)
        self.waits[plan] = case.starts_at
        self.due[plan] = max(self.clock() + GRACE, case.starts_at)
        if case.status is CaseStatus.SCHEDULED:
            self.due[Work(case.id, Step.FORESEE)] = self.clock() + GRACE
        return Taken("new", case.id)

    def load(self, case_id):
        if case_id not in self.stored:
            raise NoSuchCaseError(f"There is no case {case_id}.")
        mine = self.stored[case_id]
        return replace(
            mine.head,
            targets=tuple(mine.targets[each] for each in sorted(mine.targets)),
            reports=tuple(mine.reports.values()),
            departures=tuple(mine.joins),
            joined_to=mine.gives_way or mine.head.joined_to,
            revision=mine.rev,
        )

    def load_part(self, case_id, target_id=""):
        case = self.load(case_id)
        if target_id in case.canaries:
            return case
        mine = {target_id, *case.canaries} if target_id else ()
        kept = tuple(one for one in case.targets if one.target.id in mine)
        read = {one.name: getattr(case, one.name) for one in fields(case)}
        return PartOfCase(**read | {"targets": kept})

    def ledger(self, case_id):
        return list(self.stored[case_id].ledger)

    def open_cases_of(self, refs):
        found = [self.leavers[ref] for ref in refs if ref in self.leavers]
        return list(dict.fromkeys(found))

    def scheduled_of(self, refs):
        return [
            each
            for each, mine in self.stored.items()
            if mine.head.status is CaseStatus.SCHEDULED and set(refs) & mine.refs
        ]

    def _returned_after(self, departure, refs):
        if departure.event_key is None or departure.occurred_at is None:
            return False
        times = [self.returned.get((departure.source, ref)) for ref in refs]
        return any(one and one > departure.occurred_at for one in times)

    def withdrawn(self, event_key):
        return self.withdrawals.get(event_key)

    def note_return(self, withdrawal, refs):
        at = withdrawal.occurred_at
        for ref in refs if at is not None else ():
            name = withdrawal.source, ref
            self.returned[name] = max(at, self.returned.get(name, at))

    def take_back(self, case, word, entry):
        mine = self.stored[case.id]
        if mine.rev != case.revision or mine.head.status not in LIVE:
            return "changed"
        if mine.wrote:
            return "written"
        mine.ledger.append(entry)
        self._join(case.id, word)
        return "ok"

    def note_withdrawal(self, withdrawal, case_id, entry, *, answer):
        if withdrawal.event_key in self.withdrawals:
            return
        self.withdrawals[withdrawal.event_key] = answer
        if case_id is not None:
            self.stored[case_id].ledger.append(entry)

    def adopt(self, case):
        self.journal.append("adopt")
        mine = self.stored[case.id]
        if not self._is_live(case.id):
            return None
        before = mine.gives_way
        if before and self._is_live(before) and self._takes_in(before):
            return self._give_way(case, mine.gives_way)
        if mine.gives_way:
            mine.gives_way, mine.rev = None, mine.rev + 1
        for other in [self.leavers.get(ref) for ref in case.claims]:
            if other in (None, case.id) or not self._takes_in(other):
                continue
            theirs = self.stored[other]
            if not mine.wrote and (theirs.wrote or other < case.id):
                return self._give_way(case, other)
            if not theirs.wrote:
                theirs.gives_way = case.id
                self._replan(other)
        self._take(case.id, case.claims)
        return None

    def _give_way(self, case, other):
        mine, departure = self.stored[case.id], _as_departure(case)
        mine.gives_way = other
        if mine.joined_as != (other, departure):
            mine.joined_as = (other, departure)
            self._join(other, departure)
        return other

    def _takes_in(self, case_id):
        head = self.stored[case_id].head
        return head.status is CaseStatus.SCHEDULED or not head.dry_run

    def _is_live(self, case_id):
        return self.stored[case_id].head.status in (CaseStatus.SCHEDULED, *LIVE)

    def _take(self, case_id, refs):
        self.leavers |= dict.fromkeys(refs, case_id)
        self.stored[case_id].names |= set(refs)

    def _let_go(self, case_id):
        mine = self.stored[case_id]
        for ref in mine.names:
            if self.leavers.get(ref) == case_id:
                del self.leavers[ref]
        mine.names = set()

    def turn(
        self,
        case,
        entry,
        *,
        expected,
        takes,
        targets=(),
        dropped=(),
        reports=(),
        after=(),
        folded=0,
    ):
        mine = self.stored[case.id]
        refused = self._not_turned(case, expected, targets, takes=takes)
        if refused:
            return refused
        if takes:
            self._take(case.id, _claimed(case))
            mine.gives_way = mine.joined_as = None
        elif takes is False:
            self._let_go(case.id)
        if takes is not None:
            mine.head, mine.held = _head(case), case.refused_by is not None
        mine.rev += 1
        mine.ledger.append(entry)
        mine.targets |= {one.target.id: one for one in targets}
        for each in dropped:
            mine.targets.pop(each, None)
        mine.reports |= {one.id: one for one in reports}
        if takes:
            self._plan_anew(case.id)
        elif takes is False:
            self.due.pop(Work(case.id, Step.PLAN), None)
        self.due |= dict.fromkeys(after, self.clock() + GRACE)
        del mine.joins[:folded]
        return "ok"

    def _not_turned(self, case, expected, targets, *, takes):
        mine = self.stored[case.id]
        is_as_read = takes is not None or _is_as_read(mine, case, targets)
        if mine.rev != case.revision or not is_as_read:
            return "changed"
        if mine.head.status not in expected:
            return "state"
        if takes is False and mine.wrote:
            return "written"
        others = [self.leavers.get(ref) for ref in _claimed(case) if takes]
        taken = [one for one in others if one not in (None, case.id)]
        return f"taken:{taken[0]}" if taken else None

    def _join(self, other, departure):
        self.stored[other].joins.append(departure)
        self._replan(other)

    def _replan(self, other):
        self.stored[other].rev += 1
        self._plan_anew(other)

    def _plan_anew(self, case_id):
        plan = Work(case_id, Step.PLAN)
        self.stored[case_id].pending.add("plan")
        self._forget(plan)
        self.due[plan] = self.clock() + GRACE

    # work

    def claim(self, work, *, shared=False):
        now = self.clock()
        if work not in self.due:
            return None
        mine = self.stored.get(work.case_id)
        is_over = mine is not None and mine.head.status is CaseStatus.CANCELLED
        if mine is None or (is_over and work.step not in TELLING):
            self._drop(work)
            return None
        if self.waits.get(work, now) > now:
            self.due[work] = self.waits[work]
            return None
        name = f"target:{work.item}" if shared else f"work:{work}"
        fence, until = self.leases.get(name, (0, None))
        if until is not None and until > now:
            self.due[work] = until
            return None
        self.leases[name] = (fence + 1, now + LEASE)
        self.claims[work] = self.claims.get(work, 0) + 1
        self.due[work] = now + LEASE
        return Claim(work, name, "token", fence + 1, self.claims[work])

    def begin(self, work):
        is_targets = work.step in (Step.RESET, Step.VERIFY)
        case = self.load_part(work.case_id, work.item if is_targets else "")
        claim = self.claim(work, shared=is_targets and not case.dry_run)
        return None if claim is None else Begun(claim, case)

    def renew(self, claim):
        fence, until = self.leases.get(claim.lease, (None, None))
        if fence != claim.fence or until is None:
            return False
        self.leases[claim.lease] = (fence, self.clock() + LEASE)
        self.due[claim.work] = self.clock() + LEASE
        return True

    def sweep(self):
        found = [work for work, at in self.due.items() if at <= self.clock()]
        self.due |= dict.fromkeys(found, self.clock() + PUSH)
        return sorted(found, key=lambda work: (self.due[work], str(work)))

    def record(self, claim, change):
        self._write(claim, change, "record")

    def again(self, claim, change, at):
        self._write(claim, change, "again", at)
        return () if change.after_at else change.after

    def finish(self, claim, change):
        said = self._write(claim, change, "finish")
        report = Work(claim.work.case_id, Step.REPORT)
        after = () if change.after_at else change.after
        return (*after, report) if said == "last" else after

    def own_up(self, case, change):
        mine = self.stored[case.id]
        if case.revision != mine.rev:
            raise CaseChangedError("The case changed since it was read.")
        self.journal.append("own up")
        if change.case is not None:
            mine.head, mine.rev = _head(change.case), mine.rev + 1
        mine.reports |= {one.id: one for one in change.reports}
        mine.ledger += change.entries
        self.due |= dict.fromkeys(change.after, self.clock())

    def _write(self, claim, change, kind, at=None):
        self.before(kind, change)
        self._judge(claim, change)
        self.journal.append("record intent" if change.wrote else kind)
        is_asked_anew = claim.work not in self.claims
        self._put(claim.work.case_id, change)
        said = "ok"
        if kind == "again":
            self.waits[claim.work], self.claims[claim.work] = at, 0
            self.due[claim.work] = at
        if kind == "finish" and is_asked_anew:
            self.due[claim.work] = self.clock() + GRACE
        elif kind == "finish":
            said = self._end(claim.work, change)
        if kind != "record":
            self.leases[claim.lease] = (claim.fence, None)
        self.after(kind, change)
        return said

    def _judge(self, claim, change):
        fence, until = self.leases[claim.lease]
        if fence != claim.fence or until is None:
            raise LeaseLostError("Somebody else holds this work now.")
        if change.wrote and until <= self.clock():
            raise LeaseLostError("Somebody else holds this work now.")
        mine = self.stored[claim.work.case_id]
        is_over = mine.head.status is CaseStatus.CANCELLED
        if is_over and claim.work.step not in TELLING:
            self._drop(claim.work)
            self._refuse_for_good(claim)
        if change.wrote:
            self._judge_intent(claim, mine, change.targets[0])
        if change.case is not None and change.case.revision != mine.rev:
            raise CaseChangedError("The case changed since it was read.")

    def _judge_intent(self, claim, mine, target):
        if mine.gives_way or mine.head.status is CaseStatus.SETTLED:
            self._refuse_for_good(claim)
        if mine.held or self.is_paused(target.target.account_id):
            raise PausedError("Resets are paused.")
        if _is_touched(mine.targets.get(target.target.id)):
            raise CaseChangedError("The case changed since it was read.")
        other = self.under_way.get(target.target.id, claim.work.case_id)
        theirs = self.stored[other].targets.get(target.target.id)
        is_out = theirs is not None and theirs.intent_at and not theirs.outcome
        if other != claim.work.case_id and is_out:
            raise UnderWayError("Another case has a reset of this target out.")
        self.under_way[target.target.id] = claim.work.case_id

    def _refuse_for_good(self, claim):
        self.leases[claim.lease] = (claim.fence, None)
        raise CaseCancelledError("The case was cancelled.")

    def _put(self, case_id, change):
        mine = self.stored[case_id]
        if change.case is not None:
            case = change.case
            mine.head, mine.rev = _head(case), mine.rev + 1
            mine.refs |= set(case.refs)
            mine.held = case.status is CaseStatus.WAITING and case.is_held
            if case.status in (CaseStatus.SETTLED, CaseStatus.CANCELLED):
                self._let_go(case_id)
        mine.targets |= {one.target.id: one for one in change.targets}
        for one in change.untouched:
            now = mine.targets.get(one.target.id, one)
            if not _is_touched(now) and now.resets == one.resets:
                mine.targets[one.target.id] = one
        mine.reports |= {one.id: one for one in change.reports}
        mine.ledger += change.entries
        mine.wrote = mine.wrote or change.wrote
        del mine.joins[: change.folded]
        for work in change.after:
            if _pending(work):
                mine.pending.add(_pending(work))
            self._forget(work)
            self.due[work] = change.after_at or self.clock() + GRACE
            if change.after_at:
                self.waits[work] = change.after_at

    def _end(self, work, change):
        mine = self.stored[work.case_id]
        self._drop(work)
        if _pending(work) not in {_pending(each) for each in change.after}:
            mine.pending.discard(_pending(work))
        is_live = mine.head.status in LIVE and not mine.held
        if work.step not in JOINS or not is_live or mine.pending:
            return "ok"
        report = Work(work.case_id, Step.REPORT)
        self._forget(report)
        self.due[report] = self.clock() + GRACE
        return "last"

    def _drop(self, work):
        self.due.pop(work, None)
        self._forget(work)

    def _forget(self, work):
        self.waits.pop(work, None)
        self.claims.pop(work, None)

    # switches

    def is_paused(self, account_id):
        return bool({"*", account_id} & self.paused)

    def is_restored(self):
        return self.restored

    def protect(self, identities):
        self.protected |= {one.id for one in identities}

    def is_protected(self, refs):
        return bool({ref.removeprefix("iam:") for ref in refs} & self.protected)


def _is_touched(target):
    return target is not None and bool(target.intent_at or target.outcome)


def _is_as_read(mine, case, targets):
    ids = [one.target.id for one in targets]
    return all(mine.targets[each] == case.target(each) for each in ids)


def _claimed(case):
    return case.claims if case.kind is CaseKind.DEPARTURE else ()


def _head(case):
    assert not isinstance(case, PartOfCase), "A part of a case is never written"
    return replace(case, targets=(), reports=(), departures=(), revision=0)


def _as_departure(case):
    return Departure(
        source=case.opened_by.source,
        leaver=case.leaver,
        event_key=case.opened_by.event_key,
        effective_at=case.effective_at,
        scope=case.scope,
        askers=case.askers,
        aliases=case.aliases,
        gone_too=case.gone_from,
        told=case.told,
    )


def _pending(work):
    if work.step is Step.PLAN:
        return "plan"
    is_target = work.step in (Step.RESET, Step.VERIFY)
    return f"target:{work.item}" if is_target else ""


@dataclass
class World:
    """Everything around one worker, and the worker."""

    clock: VirtualClock
    journal: list
    store: MemoryStore
    cloud: FakeCloud
    resets: FakeResets
    slack: RecordingNotifier
    mail: RecordingNotifier
    index: MemoryIndex
    tools: Tools

    def add_account(self, account_id, *targets, owners=None, armed=True):
        """Add a second account; returns its cloud and its resets."""
        moved = [replace(one, account_id=account_id) for one in targets]
        theirs = {
            replace(one, account_id=account_id): owner
            for one, owner in (owners or {}).items()
        }
        cloud = FakeCloud(
            self.clock, self.journal, *moved, owners=theirs, account_id=account_id
        )
        resets = FakeResets(cloud)
        both = {
            **self.tools.accounts,
            account_id: Account(cloud, resets if armed else None),
        }
        self.tools = replace(self.tools, accounts=both)
        return cloud, resets

    def survey(self, cloud=None, at=None):
        """Have the owner index know an account as a survey of it would leave it."""
        cloud = cloud or self.cloud
        view = look_at(cloud, None)
        before = self.index.of(cloud.account_id)
        were = {one.iam_id for one in self.index.users[cloud.account_id]}
        found = surveyed(view, before, at or self.clock(), were)
        self.index.indexes[cloud.account_id] = found.index
        if view.has_people:
            self.index.users[cloud.account_id] = list(view.people)
        return found

    def open(self, case=None, departure=None):
        """Open a case; returns its id, or that of the case it joined."""
        case = case or a_case()
        departure = departure or replace(_as_departure(case), event_key=None)
        told = Entry(self.clock(), "case.opened"), Entry(self.clock(), "joined")
        return self.store.open(case, departure, told).case_id

    def run(self, *, seconds=2 * 86_400, until=lambda: False):
        """Work until nothing is due, *seconds* have passed or *until* is true."""
        over = self.clock() + timedelta(seconds=seconds)
        steps = 0
        while steps < 20_000:
            sent = deque(self.store.sweep())
            while sent and steps < 20_000:
                steps += 1
                sent += perform(self.tools, self.store, sent.popleft())
                if until():
                    return
            nothing_due = not self.store.due
            if nothing_due or min(self.store.due.values()) > over:
                self.clock.now = self.clock.now if nothing_due else over
                return
            self.clock.now = max(self.clock.now, min(self.store.due.values()))
        raise AssertionError("The case never ends.")

    def settle(self, case=None):
        """Open a case, work it off, and return it as it ended."""
        case_id = self.open(case)
        self.run()
        return self.case(case_id)

    def case(self, case_id="01CASE"):
        return self.store.load(case_id)

    def outcomes(self, case_id="01CASE"):
        targets = self.case(case_id).targets
        return {one.target.region: (one.outcome, one.reason) for one in targets}

    def whats(self, case_id="01CASE"):
        return [entry.what for entry in self.store.ledger(case_id)]


def perform(tools, store, work):
    """Do one piece of work as a task does; a worker that dies just stops."""
    begun = store.begin(work)
    if begun is None:
        return ()
    try:
        return do(tools, begun.claim)
    except CaseChangedError:
        store.again(begun.claim, Change(), tools.clock())
        return (work,)
    except (LeaseLostError, CaseCancelledError, WorkerDied):
        return ()


def a_world(*targets, owners=None, lag=0.0, armed=True, protected=(), canary=False):
    """Put a world together around these targets, all of them the leaver's."""
    clock, journal = VirtualClock(), []
    store = MemoryStore(clock, journal)
    cloud = FakeCloud(clock, journal, *targets, owners=owners, lag=lag)
    resets = FakeResets(cloud)
    slack, mail = RecordingNotifier(clock), RecordingNotifier(clock)
    index = MemoryIndex()
    tools = Tools(
        accounts={"acct1": Account(cloud, resets if armed else None)},
        cases=store,
        works=GuardedWorks(store, is_dry=not armed),
        switches=store,
        index=index,
        notifiers={Channel.SLACK: slack, Channel.MAIL: mail},
        clock=clock,
        verify_deadline=timedelta(seconds=300),
        lead_time=timedelta(hours=24),
        protected=protected,
        canary=canary,
    )
    return World(clock, journal, store, cloud, resets, slack, mail, index, tools)


def a_surveyed_world(*targets, **how):
    world = a_world(*targets, **how)
    world.survey()
    world.journal.clear()
    return world


def uncounted():
    """What a desk needs to count, where nobody hands that over or scrapes it."""
    return {
        "counting": Counting(None, Tally()),
        "scraping": Scraping(None, None, None, None, broker_depth=None, key_words=None),
    }
