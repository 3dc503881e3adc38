"""The desk of a web process, and what every process goes by."""

from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from fakes import uncounted

from config.settings import Secret, Settings
from workers.desk import Desk
from workers.desk.blind_spots import Accepting
from workers.desk.brake import Braking
from workers.desk.door import Door
from workers.desk.evidence import Proving
from workers.desk.intake import Intake
from workers.desk.seeing import Seeing
from workers.desk.slack import SlackDesk
from workers.desk.trying import Trying
from workers.offboarding.model import Channel
from workers.store.blind_spots import BlindSpots
from workers.store.brake import Brakes
from workers.store.cases import Cases
from workers.store.evidence import Evidence
from workers.store.intake import Deliveries
from workers.store.late import LateAnswers
from workers.store.names import KnownNames
from workers.store.notices import Notices
from workers.store.own_key import OwnKey
from workers.store.owners import Owners
from workers.store.presses import Presses
from workers.store.questions import Questions
from workers.store.restored import Watermark
from workers.store.scim import ScimTable
from workers.store.sources import SourceNotes
from workers.store.switches import Switches

from .gates import Gates, Line
from .intake import Asked

SOURCES = ("okta", "ssf", "hibob")
CHANNELS = (Channel.SLACK, Channel.MAIL)


def never_old():
    """Give a process what it goes by: time here leaps over hours with no sweep."""
    return Watermark(timedelta(days=3650))


@dataclass
class SimSender:
    """Hands work to the world's broker."""

    world: object

    def send(self, *works):
        self.world.sends(*works)

    def ask(self, *asked):
        """Nobody asks here what only a worker can see."""

    def look_up(self, *asked):
        self.world.sends(*(Asked(one) for one in asked))


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
        trying=Trying(Notices(line), (), clock=clock),
        own_key=OwnKey(line, None),
        slack=SlackDesk(Presses(line), LateAnswers(line), sender),
        **uncounted(),
        # Nobody comes by HTTP here.
        door=cast(Door, None),
        clock=clock,
    )
