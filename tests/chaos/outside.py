"""What the outside does: sources tell, people decide, meddle and mend."""

from dataclasses import replace

from factories import FID, a_standing
from fakes import WorkerDied

from workers.offboarding.errors import ConflictError, StoreAwayError
from workers.offboarding.heard import Heard, HeardKind, Names
from workers.offboarding.model import (
    Adoption,
    AdoptionAsked,
    CaseResult,
    CaseStatus,
)

from .desk import SOURCES

HOUR = 3600


def departure_of(world, person, number, *, source="okta", **changes):
    """Make the event of somebody's leaving."""
    heard = Heard(
        source,
        f"{source}:{number}",
        "left",
        HeardKind.TERMINATED,
        Names((person.email,)),
        occurred_at=world.clock(),
    )
    return replace(heard, **changes)


class Outside:
    """Everybody who is not the service, acting by the world's chance."""

    def __init__(self, world):
        self.world = world
        self.told = []

    def turn(self):
        """Do what the plan of faults has for this turn."""
        kind = self.world.plan.at("turn")
        if kind is not None:
            self.do(kind)

    def do(self, kind):
        """Do it; who is turned away or finds the store away leaves it."""
        try:
            getattr(self, kind)()
        except (ConflictError, StoreAwayError):
            return
        except WorkerDied:
            self.world.opens_desk()

    def insists(self, do):
        """Do something again and again until it was answered."""
        for _ in range(10):
            try:
                do()
            except (StoreAwayError, WorkerDied):
                self.world.opens_desk()
            except ConflictError:
                # What the answer was lost of is done already.
                return
            else:
                return

    def tells(self, person, number, **changes):
        """Have a source tell that somebody leaves."""
        heard = self._departure(person, number, **changes)
        self.told.append((person, heard))
        self.world.hear(heard)

    def _departure(self, person, number, **changes):
        source = self.world.random.choice(SOURCES)
        return departure_of(self.world, person, number, source=source, **changes)

    def hints(self, person, number):
        """Have a source hint that somebody leaves; it says so when it is asked."""
        self.world.intake.hints(self._departure(person, number))

    def names_nobody(self, person, number):
        """Have a source tell of somebody so that nobody knows who is meant."""
        self.world.intake.names_nobody(self._departure(person, number))

    def hinted(self):
        self.hints(*self._anybody())

    def named_nobody(self):
        self.names_nobody(*self._anybody())

    def _anybody(self):
        number = len(self.told) + len(self.world.intake.events) + 200
        return self.world.random.choice(self.world.people), number

    def quarantine_mended(self):
        self.world.intake.mends()

    def event_repeated(self):
        for _, heard in self.told[-1:]:
            self.world.hear(heard)

    def told_again(self):
        if self.told:
            person, _ = self.world.random.choice(self.told)
            self.tells(person, len(self.told) + 100)

    def came_back(self):
        if not self.told:
            return
        _, heard = self.world.random.choice(self.told)
        key = f"{heard.event_key}:back:{len(self.told)}"
        back = replace(
            heard,
            event_key=key,
            kind=HeardKind.REACTIVATED,
            occurred_at=self.world.clock(),
            effective_at=None,
        )
        self.world.intake.back.update(heard.names.emails)
        self.world.hear(back)

    def paused(self):
        world = self.world
        account_id = world.random.choice((None, "acct1"))
        world.desk.pause(account_id, paused=True)
        # What is paused looks again every five seconds: hours are too many steps.
        seconds = world.random.choice((30, 400, 1500))
        world.later(seconds, lambda: self.do("resumed"))

    def resumed(self):
        self.world.switches.pause(account_id="*", paused=False)
        self.world.switches.pause(account_id="acct1", paused=False)

    def _any_case(self, *statuses):
        found = [
            one
            for one in self.world.cases.load_all(self.world.case_ids())
            if one.status in statuses
        ]
        return self.world.random.choice(found) if found else None

    def approved(self):
        case = self._any_case(CaseStatus.WAITING)
        if case is not None:
            plan_hash = case.plan.hash if case.plan else None
            self.world.desk.approve(case.id, plan_hash, actor="t", person="Ann")

    def refused(self):
        case = self._any_case(CaseStatus.WAITING)
        if case is not None:
            plan_hash = case.plan.hash if case.plan else None
            self.world.desk.refuse(case.id, plan_hash, actor="t", person="Ann")

    def cancelled(self):
        case = self._any_case(CaseStatus.OPEN, CaseStatus.WAITING, CaseStatus.SCHEDULED)
        if case is not None:
            self.world.desk.cancel(case.id, actor="t")

    def retried(self):
        case = self._any_case(CaseStatus.SETTLED)
        if case is not None and case.result is CaseResult.ATTENTION:
            self.world.desk.retry(case.id, actor="t")

    def adopted(self):
        """Take a whole account over, whoever leaves meanwhile."""
        world = self.world
        account_id = world.random.choice(world.clouds).account_id
        asked = AdoptionAsked(Adoption(account_id), actor="t", person="Ann")
        key = (f"adopt-{world.steps}", "digest")
        world.desk.adopt(asked, idempotency=key)

    def brake_released(self):
        self.world.desk.release_brake(actor="t", person="Ann")

    def person_resets_too(self):
        world = self.world
        cloud = world.random.choice(world.clouds)
        target = world.random.choice(cloud.found)
        cloud.give(target, world.rival)

    def functional_id_revoked(self):
        for cloud in self.world.clouds:
            cloud.revoked = True
            cloud.standings[FID.id] = a_standing(FID, state="DISABLED_CLASSIC_INFRA")
        seconds = self.world.random.choice((60, 900))
        self.world.later(seconds, self.mended)

    def rights_lost(self):
        for cloud in self.world.clouds:
            cloud.standings[FID.id] = a_standing(FID, policies=())
        self.world.later(600, self.mended)

    def mended(self):
        """Have the functional ID be in order again everywhere."""
        for cloud in self.world.clouds:
            cloud.revoked = False
            cloud.standings.clear()

    def clock_skewed(self):
        self.world.skew["worker-2"] = self.world.random.choice((-120, 120))
        self.world.later(HOUR, self.world.skew.clear)

    def workers_restarted(self):
        for worker in self.world.workers:
            worker.begin()
