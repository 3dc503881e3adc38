"""A desk on a store in memory, for who decides about cases that wait."""

from fakes import uncounted

from config.settings import Secret, Settings
from config.sources import Sources
from workers.desk.blind_spots import Accepting
from workers.desk.brake import Braking
from workers.desk.cases import Desk
from workers.desk.evidence import Proving
from workers.desk.intake import Intake
from workers.desk.seeing import Seeing
from workers.desk.trying import Trying
from workers.store.names import KnownNames
from workers.store.own_key import OwnKey

ARMED = Settings(armed=True, slack_webhook_url=Secret("https://example.com/hook"))


class Silent:
    def send(self, *works):
        pass


def a_desk(world, settings=ARMED):
    seeing = Seeing(world.index, None, Silent(), clock=world.clock)
    return Desk(
        settings,
        world.store,
        world.store,
        Silent(),
        seeing,
        Accepting(None, (), clock=world.clock),
        KnownNames(None),
        Intake(None, None, Silent(), Sources(), clock=world.clock),
        scim=None,
        braking=Braking(None, None, limit=20, same_people=(), clock=world.clock),
        proving=Proving(None),
        trying=Trying(None, (), clock=None),
        own_key=OwnKey(None, None),
        slack=None,
        **uncounted(),
        door=None,
        clock=world.clock,
    )
