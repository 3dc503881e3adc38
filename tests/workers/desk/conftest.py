from datetime import timedelta

import pytest
from desk_scenes import NOW
from fakes import uncounted

from config.settings import Secret
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
from workers.store.ended_sessions import EndedSessions
from workers.store.evidence import Evidence
from workers.store.intake import Deliveries
from workers.store.late import LateAnswers
from workers.store.limits import Limits
from workers.store.names import KnownNames
from workers.store.notices import Notices
from workers.store.own_key import OwnKey
from workers.store.owners import Owners
from workers.store.presses import Presses
from workers.store.questions import Questions
from workers.store.scim import ScimTable
from workers.store.sources import SourceNotes
from workers.store.switches import Switches
from workers.store.work import Works


class RecordingSender:
    """Remembers what it was asked to send."""

    def __init__(self):
        self.sent, self.asked, self.look_ups, self.late = [], [], [], []

    def send(self, *works):
        self.sent += works

    def ask(self, question_id):
        self.asked.append(question_id)

    def look_up(self, kept_id):
        self.look_ups.append(kept_id)

    def answer_late(self, late_id):
        self.late.append(late_id)


@pytest.fixture
def sender():
    return RecordingSender()


@pytest.fixture
def cases(client):
    return Cases(client)


@pytest.fixture
def owners(client):
    return Owners(client)


@pytest.fixture
def questions(client):
    return Questions(client)


@pytest.fixture
def works(client):
    return Works(client)


@pytest.fixture
def switches(client):
    return Switches(client)


@pytest.fixture
def deliveries(client):
    return Deliveries(client)


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now

    def pass_by(self, **time):
        self.now += timedelta(**time)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def make_desk(
    settings,
    client,
    cases,
    switches,
    owners,
    questions,
    deliveries,
    sender,
    clock,
):
    """Makes a desk; armed, with a Slack channel, unless said otherwise."""

    def made(*, sender=sender, has_turn=lambda: True, **changed):
        how = {
            "armed": True,
            "slack_bot_token": Secret("xoxb-made-up"),
            "slack_channel_id": "C1",
            **changed,
        }
        seeing = Seeing(owners, questions, sender, clock=clock)
        given = settings(**how)
        spots = BlindSpots(client, clock=clock)
        accepting = Accepting(spots, given.rules, clock=clock, index_of=owners.of)
        return Desk(
            given,
            cases,
            switches,
            sender,
            seeing,
            accepting,
            KnownNames(client),
            Intake(deliveries, SourceNotes(client), sender, given.sources, clock=clock),
            scim=ScimTable(client),
            braking=Braking(
                Brakes(client),
                owners,
                limit=given.max_cases_per_hour,
                same_people=(),
                clock=clock,
            ),
            proving=Proving(Evidence(client), sleep=lambda _: None),
            trying=Trying(
                Notices(client), tuple(map(Channel, given.channels)), clock=clock
            ),
            own_key=OwnKey(client, None),
            slack=SlackDesk(Presses(client), LateAnswers(client), sender),
            **uncounted(),
            door=Door(
                Limits(client, requests_per_minute=1200, failed_per_minute=3),
                EndedSessions(client),
            ),
            has_turn=has_turn,
            clock=clock,
        )

    return made


@pytest.fixture
def desk(make_desk):
    return make_desk()
