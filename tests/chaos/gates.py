"""The ways out of a process: to the store and to the far side, each with its faults."""

from pathlib import Path

import redis
from factories import FID, a_standing
from fakes import WorkerDied

import workers.store.connection
from workers.offboarding.errors import Reason
from workers.offboarding.model import KeyOwner, NoOwner, Note
from workers.offboarding.ports import Discovery

from .farside import Knew, refusals, reset_there

_SCRIPTS = {
    file.read_text(encoding="utf-8"): file.stem
    for file in Path(workers.store.connection.__file__).parent.glob("*.lua")
}
_AWAY_SECONDS = 20
FROZEN_SECONDS = 75


class Line:
    """A process's client of the store; every call of it is a gate."""

    def __init__(self, gates, client):
        self._gates, self._client = gates, client

    def register_script(self, text):
        script, name = self._client.register_script(text), _SCRIPTS[text]
        return lambda **given: self._gates.store(name, lambda: script(**given))

    def pipeline(self, **_):
        return _GatedPipe(self._gates, self._client.pipeline())

    def __getattr__(self, name):
        call = getattr(self._client, name)
        return lambda *a, **k: self._gates.store(name, lambda: call(*a, **k))


class _GatedPipe:
    """Commands in one go: only sending them is a gate."""

    def __init__(self, gates, pipe):
        self._gates, self._pipe = gates, pipe

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._pipe.reset()

    def __getattr__(self, name):
        return getattr(self._pipe, name)

    def execute(self):
        return self._gates.store("pipeline", self._pipe.execute)


class Gates:
    """What one process passes on its way out; the world decides what happens there."""

    def __init__(self, world, who):
        self.world, self.who = world, who
        self.case_id = ""

    def store(self, name, do):
        """Ask the store."""
        world = self.world
        kind = world.passes(self.who, "store", name)
        if kind == "down_for_a_while":
            world.store_down_until = world.clock.time() + _AWAY_SECONDS
        if world.clock.time() < world.store_down_until:
            # As a real client does: it waits for the connection, then says so.
            world.passes_time(1)
            raise redis.ConnectionError(name)
        if kind in _BEFORE_THE_STORE:
            raise _BEFORE_THE_STORE[kind](name)
        said = self._around(kind, do)
        if kind == "answer_lost":
            raise redis.TimeoutError(name)
        return do() if kind == "asked_twice" else said

    def _around(self, kind, do):
        """Do it with what may happen anywhere before and after it."""
        world = self.world
        if kind == "killed_before":
            raise WorkerDied
        if kind == "slow":
            world.passes_time(25, renewed_by=self)
        if kind == "frozen_past_the_lease":
            world.freezes()
        if kind == "another_worker_halfway":
            world.another_goes_halfway(self.who)
        if kind == "another_worker_before":
            world.others_go_on(self.who)
        said = do()
        if kind == "another_worker_after":
            world.others_go_on(self.who)
        if kind == "killed_after":
            raise WorkerDied
        return said

    def far_side(self, point, name, do, odd=None):
        """Ask the far side; *odd* makes the answers that are no errors."""
        kind = self.world.passes(self.who, point, name)
        self.world.passes_time(0.1)
        if kind in refusals():
            raise refusals()[kind]
        if odd is not None and kind in odd:
            return odd[kind]()
        return self._around(kind, do)

    def send(self, cloud, target):
        """Send a reset."""
        world = self.world
        kind = world.passes(self.who, "send", target.id)
        world.passes_time(0.1)
        if kind == "person_resets_too":
            cloud.give(target, world.rival)
        is_paused = world.is_paused(target.account_id)

        def arrive():
            saw = world.looked.get((self.who, target.id))
            knew = Knew(self.who, self.case_id, saw, is_paused)
            sent, answer = reset_there(cloud, target, kind, knew)
            world.sent.append(sent)
            if answer is not None:
                raise answer
            return f"request-{len(world.sent)}"

        return self._around(kind, arrive)

    def tell(self, channel, case, line):
        """Tell a channel."""
        kind = self.world.passes(self.who, "tell", line.id)
        self.world.passes_time(40 if kind == "late" else 0.1, renewed_by=self)
        return self._around(kind, lambda: channel.deliver(case, line, kind))


_BEFORE_THE_STORE = {
    "away_before": redis.ConnectionError,
    "out_of_memory": redis.exceptions.OutOfMemoryError,
    "readonly": redis.exceptions.ReadOnlyError,
}


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
            {"no_owner": NoOwner},
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
        gates, cloud, target, _ = self.parts
        return gates.send(cloud, target)


class GatedChannel:
    """A channel as one process tells it."""

    def __init__(self, gates, channel):
        self._gates, self._channel = gates, channel

    def deliver(self, case, line):
        return self._gates.tell(self._channel, case, line)
