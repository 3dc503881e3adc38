"""The far side as one process has it: each call of it is a gate."""

from factories import FID, a_standing

from workers.offboarding.errors import Reason
from workers.offboarding.model import KeyOwner, Note, Unread
from workers.offboarding.ports import Discovery

from .farside import refusals


class GatedCloud:
    """One account as one process reads it."""

    def __init__(self, gates, cloud):
        self._gates, self._cloud = gates, cloud
        self.account_id = cloud.account_id

    def key_owner(self, target):
        seen = self._gates.far_side(
            "owner",
            target.id,
            lambda: self._cloud.key_owner(target),
            # What the adapter makes of it; only a look at all says "nobody's".
            {"no_owner": lambda: Unread(Reason.OWNER_UNKNOWN, "No owner is named.")},
        )
        owner = seen.id if isinstance(seen, KeyOwner) else None
        self._gates.world.looked[self._gates.who, target.id] = owner
        return seen

    def targets(self):
        found = tuple(self._cloud.found)
        note = Note(Reason.LIST_SHORT, "It came back short.")
        odd = {
            "half_a_list": lambda: Discovery(found[: len(found) // 2], (note,)),
            "empty_list": lambda: Discovery(()),
        }
        return self._gates.far_side("list", "targets", self._cloud.targets, odd)

    def standing(self, functional_id, *, max_age_seconds=240):
        unseen = a_standing(FID, at=self._gates.world.clock(), policies=())
        unseen = {"policies_fault": "403", "at": unseen.at, "policies": ()}
        return self._gates.far_side(
            "rights",
            "standing",
            lambda: self._cloud.standing(functional_id, max_age_seconds=0),
            {"rights_not_seen": lambda: a_standing(functional_id, **unseen)},
        )

    def silence_seconds(self):
        return self._cloud.silence_seconds()

    def visibility(self):
        return self._cloud.visibility()

    def identities(self):
        return self._cloud.identities()

    def classic_credentials(self, targets):
        return self._cloud.classic_credentials(targets)

    def __getattr__(self, name):
        call = getattr(self._cloud, name)
        return lambda *a, **k: self._gates.far_side("read", name, lambda: call(*a, **k))


class GatedResets:
    """Resets in one account as one process sends them."""

    def __init__(self, gates, cloud):
        self._gates, self._cloud = gates, cloud

    def prepare(self, target, functional_id):
        def made():
            if self._cloud.revoked:
                raise refusals()["key_refused_401"]
            self._gates.world.looked.pop((self._gates.who, target.id), None)
            return Ready(self._gates, self._cloud, target, functional_id)

        stale = {"too_old": lambda: Ready(*made().parts, is_fresh=False)}
        return self._gates.far_side("prepare", target.id, made, stale)


class Ready:
    """A reset with its token in hand."""

    def __init__(self, gates, cloud, target, identity, *, is_fresh=True):
        self.parts = (gates, cloud, target, identity)
        self.identity, self.is_fresh = identity, is_fresh

    def send(self):
        gates, cloud, target, caller = self.parts
        return gates.send(cloud, target, caller)


class GatedChannel:
    """A channel as one process tells it."""

    def __init__(self, gates, channel):
        self._gates, self._channel = gates, channel

    def takes(self, kind):
        return self._channel.takes(kind)

    def deliver(self, case, line):
        return self._gates.tell(self._channel, case, line)

    def tell(self, notice, line):
        return self._gates.tell_notice(self._channel, notice, line)
