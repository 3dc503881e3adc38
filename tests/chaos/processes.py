"""The processes of the service: two workers and the web, each on its own line."""

from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace

from fakes import WorkerDied

from config.settings import Secret, Settings
from workers.desk import Desk
from workers.desk.blind_spots import Accepting
from workers.desk.brake import Braking
from workers.desk.evidence import Proving
from workers.desk.intake import Intake
from workers.desk.seeing import Seeing
from workers.offboarding.model import Channel
from workers.offboarding.ports import Account
from workers.offboarding.rules import GuardedWorks
from workers.offboarding.steps.tools import Tools
from workers.store.blind_spots import BlindSpots
from workers.store.brake import Brakes
from workers.store.cases import Cases
from workers.store.evidence import Evidence
from workers.store.intake import Deliveries
from workers.store.names import KnownNames
from workers.store.owners import Owners
from workers.store.questions import Questions
from workers.store.restored import Watermark
from workers.store.scim import ScimTable
from workers.store.sources import SourceNotes
from workers.store.switches import Switches
from workers.store.work import Works
from workers.tasks import perform

from .gated import GatedChannel, GatedCloud, GatedResets
from .gates import Gates, Line


def never_old():
    """Give a process what it goes by: time here leaps over hours with no sweep."""
    return Watermark(timedelta(days=3650))


class HeldWorks(Works):
    """Works that remember the claim in hand, so that the world can renew it."""

    held = None

    def claim(self, work, *, shared=False):
        self.held = super().claim(work, shared=shared)
        return self.held


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
        )
        parts = {each: getattr(dry, each) for each in Tools.__dataclass_fields__}
        parts |= {"works": GuardedWorks(self.works)}
        armed = Tools(**{**parts, "accounts": writing if scene.armed else reading})
        self.office = SimpleNamespace(dry=dry, armed=armed, works=self.works)

    def work(self, work):
        """Do a piece of work as the task does; whoever dies is begun anew."""
        self.is_busy = True
        self.gates.case_id = work.case_id
        try:
            sent = perform(self.office, work)
        except WorkerDied:
            self.begin()
            # Not acknowledged, so the broker gives it out again.
            sent = (work,)
        finally:
            self.is_busy = False
            self.works.held = None
        self.world.sends(*sent)

    def sweep(self):
        """Take what is due, as beat's message asks for it."""
        try:
            return self.works.sweep()
        except WorkerDied:
            self.begin()
            return []


@dataclass
class SimSender:
    """Hands work to the world's broker."""

    world: object

    def send(self, *works):
        self.world.sends(*works)

    def ask(self, *asked):
        """Nobody asks here what only a worker can see."""

    def look_up(self, *asked):
        """No source here has to be asked back."""


def a_desk(world, who="web"):
    """Open the desk of a web process."""
    line = Line(Gates(world, who), world.client)
    sender, clock = SimSender(world), world.clock
    settings = Settings(
        store_url="redis://store",
        armed=world.scene.armed,
        slack_bot_token=Secret("made-up"),
        slack_channel_id="C1",
        smtp_host="localhost",
        mail_from="offboard@example.com",
        mail_to=("ops@example.com",),
        max_cases_per_hour=world.scene.cases_an_hour,
    )
    owners = Owners(line)
    intake = Intake(
        Deliveries(line), SourceNotes(line), sender, settings.sources, clock=clock
    )
    return Desk(
        settings,
        Cases(line),
        Switches(line, clock=clock, watermark=never_old()),
        sender,
        Seeing(owners, Questions(line), sender, clock=clock),
        Accepting(BlindSpots(line), (), clock=clock),
        KnownNames(line),
        intake,
        scim=ScimTable(line),
        braking=Braking(
            Brakes(line),
            owners,
            limit=settings.max_cases_per_hour,
            same_people=(),
            clock=clock,
        ),
        proving=Proving(Evidence(line)),
        clock=clock,
    )


CHANNELS = (Channel.SLACK, Channel.MAIL)
