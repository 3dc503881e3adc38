"""One world in virtual time: a store, two workers, a web, a far side, and the outside.

Whatever waits for an answer passes ``passes``; there the plan of faults has its say.
"""

import heapq
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from factories import FID, OTHER_FID, a_target
from fakes import WorkerDied

import workers.store.work
from workers.offboarding.crowd import FEW
from workers.offboarding.discovery import look_at
from workers.offboarding.errors import ConflictError, StoreAwayError
from workers.offboarding.model import Channel, KeyOwner, OwnerKind
from workers.offboarding.quiet import ReportClean
from workers.offboarding.survey import surveyed
from workers.store.cases import Cases
from workers.store.owners import Owners
from workers.store.switches import Switches
from workers.store.work import Works

from .beats import Beat, next_beat
from .desk import CHANNELS, a_desk, never_old
from .farside import RIVAL, SimChannel, SimCloud
from .faults import FaultPlan
from .intake import Intake
from .processes import Worker
from .server import Bare
from .side_by_side import SideBySide
from .virtual import MonotonicClock
from .witness import Witness

STEPS_AT_MOST = 6000
_REGIONS = ("us-south", "eu-de", "jp-tok", "us-east", "eu-gb", "au-syd")


class EndlessError(AssertionError):
    """Something is tried again and again, and no end of it is in sight."""


def a_person_named(number):
    """Make the person of that number."""
    name = f"p{number}"
    return KeyOwner(
        f"IBMid-{10 + number}", name, f"{name}@example.com", OwnerKind.PERSON
    )


@dataclass(frozen=True)
class Scene:
    """What a world is before anything happens."""

    people: int = 1
    accounts: int = 1
    targets_each: int = 2
    canary: bool = False
    armed: bool = True
    max_targets: int = 20
    cases_an_hour: int = 20
    lets_unknown_go: bool = False
    lag_seconds: float = 2
    is_surveyed: bool = False
    are_gone: bool = False
    functional_ids: int = 1
    report_clean: ReportClean = ReportClean.EACH
    # So many of a reason are told alone; the others are a crowd.
    few: int = FEW


@dataclass(order=True)
class _Coming:
    at: datetime
    number: int
    do: object = field(compare=False)


SHOWN = "offboard:shown"


class World:
    """Everything there is. ``random`` serves what the outside does, never the code."""

    def __init__(self, scene, plan=None, *, clock=None, random=None, kill_at=None):
        self.scene, self.plan = scene, plan or FaultPlan()
        self.clock, self.random = clock or MonotonicClock(), random
        # A number of a passing in the whole history, and before or after it.
        self.kill_at = kill_at
        self.trace, self.sent, self.accepted = [], [], []
        self.looked, self.skew = {}, {}
        self.store_down_until, self.steps = 0.0, 0
        self.queue, self._coming, self._numbers = deque(), [], count()
        self.beside, self.witness = SideBySide(self), Witness(self)
        # Whether each call of the store is made twice, as if its answer had been lost.
        self.asks_twice = False
        workers.store.work.FEW = scene.few
        self.client = Bare()
        self.client.flushall()
        self.cases, self.owners = Cases(self.client), Owners(self.client)
        self.raw_works = Works(self.client, watermark=never_old())
        self.switches = Switches(self.client, watermark=never_old())
        self.people = [a_person_named(each) for each in range(scene.people)]
        self.rival = RIVAL
        self.clouds = [self._cloud(f"acct{1 + each}") for each in range(scene.accounts)]
        self.channels = {
            one: SimChannel(self.clock, keeps=one is Channel.SLACK) for one in CHANNELS
        }
        self.intake = Intake(self)
        self.workers = [Worker(self, f"worker-{each}") for each in (1, 2, 3)]
        self.opens_desk()
        if scene.is_surveyed:
            self.survey()

    def _cloud(self, account_id):
        owners = {
            a_target(_REGIONS[each], f"group{number}", account_id=account_id): person
            for number, person in enumerate(self.people)
            for each in range(self.scene.targets_each)
        }
        staying = () if self.scene.are_gone else self.people
        cloud = SimCloud(self.clock, account_id, (*staying, RIVAL), owners)
        cloud.lag = timedelta(seconds=self.scene.lag_seconds)
        cloud.fids = cloud.ours = [FID, OTHER_FID][: self.scene.functional_ids]
        return cloud

    def survey(self):
        """Have the owner index know every account."""
        for cloud in self.clouds:
            view = look_at(cloud, None)
            found = surveyed(view, self.owners.of(cloud.account_id), self.clock(), ())
            self.owners.put(found.index, view.people if view.has_people else None)

    def opens_desk(self):
        """Start the web process, or start it again."""
        self.desk = a_desk(self)

    # what processes pass on their way out

    def passes(self, who, point, name):
        """Note that *who* passes a point; return the fault that happens there."""
        self.beside.passes()
        self.trace.append((who, point, name))
        if self.kill_at is not None and self.kill_at[0] == len(self.trace):
            return self.kill_at[1]
        return self.plan.at(point)

    def passes_time(self, seconds, renewed_by=None):
        """Have time pass while somebody waits; who is alive renews their leases."""
        left = seconds
        while left > 0:
            self.clock.advance(min(left, 15))
            left -= 15
            for worker in self.workers if renewed_by is not None else ():
                self.renews(worker.who)

    def renews(self, who):
        """Have a worker prolong the lease it has, as a thread of it does."""
        worker = next(one for one in self.workers if one.who == who)
        claim = worker.works.held
        if worker.is_busy and claim is not None and self.raw_works.renew(claim):
            self.witness.sees_renewed(who, claim)

    # the outside

    def later(self, seconds, do):
        """Have something happen in so many seconds."""
        at = self.clock() + timedelta(seconds=seconds)
        heapq.heappush(self._coming, _Coming(at, next(self._numbers), do))

    def sends(self, *works):
        """Carry messages as a broker does: lost, twice and late by the plan."""
        for work in works:
            kind = self.plan.at("message")
            if kind == "message_late":
                self.later(40, lambda work=work: self.queue.append(work))
            elif kind != "message_lost":
                self.queue += [work] * (2 if kind == "message_twice" else 1)

    def hear(self, heard):
        """Have a source tell, and tell again until it is acknowledged."""
        try:
            self.accepted.append((heard, self.desk.hear(heard)))
        except WorkerDied:
            self.opens_desk()
        except StoreAwayError:
            pass
        except ConflictError as error:
            if error.reason != "changed":
                raise
        else:
            return
        self.later(60, lambda: self.hear(heard))

    def is_paused(self, account_id):
        """Tell whether resets are paused, past all faults."""
        return self.switches.is_paused(account_id)

    # time

    def run(self, seconds, turn=lambda: None):
        """Work until nothing is due within *seconds*."""
        over = self.clock() + timedelta(seconds=seconds)
        while True:
            self._counts_a_step()
            turn()
            if self.does_something(self.workers[self.steps % 2]):
                continue
            if self.beside.ends():
                continue
            at = self.next_at()
            if at is None or at > over or self._is_only_reminded():
                return
            self.clock.advance_to(at + timedelta(milliseconds=1))

    def does_something(self, worker):
        """Have what is due happen, or *worker* do something; tell if there was any."""
        return self._deliver_due() or self._work(worker)

    def _counts_a_step(self):
        self.steps += 1
        if self.steps > STEPS_AT_MOST:
            raise EndlessError(self.client.zrange("offboard:due", 0, 4))

    def _deliver_due(self):
        if not self._coming or self._coming[0].at > self.clock():
            return False
        heapq.heappop(self._coming).do()
        return True

    def _work(self, worker):
        if not self.queue and self._is_due():
            self._sweep(worker)
        if not self.queue:
            return False
        if worker.is_busy:
            worker = next(one for one in self.workers if not one.is_busy)
        worker.work(self.queue.popleft())
        self.beside.ends()
        return True

    def _sweep(self, worker):
        try:
            self.queue += worker.sweep()
            if self._is_beat_due():
                self.queue.append(Beat())
        except StoreAwayError:
            self.clock.advance(1)

    def _is_due(self):
        at = self.next_at()
        return at is not None and at <= self.clock()

    def _is_beat_due(self):
        at = next_beat(self.client, self.clock())
        return at is not None and at <= self.clock()

    def next_at(self):
        """Tell when something is due next; None where nothing is."""
        times = [one.at for one in self._coming[:1]]
        beat = next_beat(self.client, self.clock())
        times += [] if beat is None else [beat]
        for name in ("due", "ahead", "shown", "lookups:due", "notices:due"):
            found = self.client.zrange(f"offboard:{name}", 0, 0, withscores=True)
            times += [datetime.fromtimestamp(at / 1000, UTC) for _, at in found]
        return min(times, default=None)

    def _is_only_reminded(self):
        """Tell whether all that is left is to remind people of what waits."""
        due = self.client.zrange("offboard:due", 0, -1)
        is_left = self._coming or self.client.exists(
            "offboard:ahead", "offboard:lookups:due", "offboard:notices:due"
        )
        is_left = is_left or next_beat(self.client, self.clock()) is not None
        return (
            not is_left
            and all("|remind|" in one for one in due)
            and all(self._waits(one) for one in self.client.zrange(SHOWN, 0, -1))
        )

    def _waits(self, member):
        """Tell whether the case of a message that is kept up to date waits."""
        case_id = member.partition("|")[0]
        return self.client.hget(f"offboard:case:{case_id}", "status") == "waiting"

    def case_ids(self):
        """List all cases."""
        return self.cases.ids(limit=1000)
