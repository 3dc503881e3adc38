"""The processes of the service: two workers and the web, each on its own line."""

from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace

from fakes import WorkerDied

from workers.looking_up import LookUps
from workers.offboarding.errors import StoreAwayError
from workers.offboarding.model import Work
from workers.offboarding.ports import Account
from workers.offboarding.rules import GuardedWorks
from workers.offboarding.steps.tools import Tools
from workers.store.blind_spots import BlindSpots
from workers.store.cases import Cases
from workers.store.intake import Deliveries
from workers.store.owners import Owners
from workers.store.switches import Switches
from workers.store.work import Works
from workers.tasks import perform

from .beats import Beat, Tellers, Telling
from .desk import SOURCES, a_desk, never_old
from .gated import GatedChannel, GatedCloud, GatedResets
from .gates import Gates, Line
from .intake import Asked, GatedDirectory


class HeldWorks(Works):
    """Works that remember the claim in hand, so that the world can renew it."""

    held = None

    def begin(self, work):
        begun = super().begin(work)
        self.held = begun.claim if begun is not None else None
        return begun


class Worker:
    """A worker process: begun anew when it dies, with nothing in its memory."""

    def __init__(self, world, who):
        self.world, self.who = world, who
        self.is_busy = False
        self.begin()

    def begin(self):
        """Start the process."""
        world = self.world
        self.gates = Gates(world, self.who)
        line = Line(self.gates, world.client)
        self.works = HeldWorks(line, watermark=never_old())

        def clock():
            return world.clock() + timedelta(seconds=world.skew.get(self.who, 0))

        reading = {
            one.account_id: Account(GatedCloud(self.gates, one)) for one in world.clouds
        }
        writing = {
            one.account_id: Account(
                reading[one.account_id].cloud, GatedResets(self.gates, one)
            )
            for one in world.clouds
        }
        scene = world.scene
        dry = Tools(
            accounts=reading,
            cases=Cases(line),
            works=GuardedWorks(self.works, is_dry=True),
            switches=Switches(line, clock=clock, watermark=never_old()),
            index=Owners(line),
            notifiers={
                name: GatedChannel(self.gates, one)
                for name, one in world.channels.items()
            },
            clock=clock,
            verify_deadline=timedelta(seconds=300),
            lead_time=timedelta(hours=24),
            canary=scene.canary,
            max_targets=scene.max_targets,
            lets_unknown_go=scene.lets_unknown_go,
            blind_spots=BlindSpots(line),
            report_clean=scene.report_clean,
        )
        self.tellers = Tellers(line, dry.notifiers, clock)
        parts = {each: getattr(dry, each) for each in Tools.__dataclass_fields__}
        parts |= {"works": GuardedWorks(self.works)}
        armed = Tools(**{**parts, "accounts": writing if scene.armed else reading})
        self.office = SimpleNamespace(dry=dry, armed=armed, works=self.works)
        self.deliveries = Deliveries(line)
        directory = GatedDirectory(self.gates, world.intake.events)
        directories = dict.fromkeys(SOURCES, directory)
        desk = a_desk(world, self.who)
        self.look_ups = LookUps(self.deliveries, directories, desk, clock)

    def work(self, work):
        """Do a piece of work as the task does; whoever dies is begun anew."""
        self.is_busy = True
        try:
            sent = self._does(work)
        except WorkerDied:
            self.begin()
            # Not acknowledged, so the broker gives it out again.
            sent = (work,)
        finally:
            self.is_busy = False
            self.works.held = None
        self.world.sends(*sent)

    def _does(self, work):
        if isinstance(work, Work):
            self.gates.case_id = work.case_id
            return perform(self.office, work)
        if isinstance(work, Beat):
            self.tellers.look()
        elif isinstance(work, Telling):
            self.tellers.tell(work)
        else:
            with suppress(StoreAwayError):
                self.look_ups.look_up(work.kept_id)
        return ()

    def sweep(self):
        """Take what is due, as beat's message asks for it."""
        try:
            swept = self.works.sweep()
            # Nothing is due of what was never told.
            kept = self.deliveries.due(100) if self.world.intake.is_used else ()
            is_told = self.world.client.exists("offboard:notices:due")
            notices = self.tellers.due() if is_told else []
            return [*swept, *(Asked(one) for one in kept), *notices]
        except WorkerDied:
            self.begin()
            return []
