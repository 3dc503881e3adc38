"""The ways out of a process: to the store and to the far side, each with its faults."""

import json

import redis
from fakes import WorkerDied

from workers.store.connection import texts

from .farside import Knew, refusals, reset_there
from .witness import TAKING

_SCRIPTS = {text: name for name, text in texts().items()}
_AWAY_SECONDS = 20
FROZEN_SECONDS = 75


class Line:
    """A process's client of the store; every call of it is a gate."""

    def __init__(self, gates, client):
        self._gates, self._client = gates, client

    def register_script(self, text):
        script, name = self._client.register_script(text), _SCRIPTS[text]

        def seen(args, asked):
            said = script(args=args)
            self._gates.world.witness.sees(self._gates.who, name, asked, said)
            return said

        def call(args):
            asked = json.loads(args[1]) if len(args) > 1 else {}
            does = f"{name} {asked['does']}" if name == "intake" else name
            return self._gates.store(does, lambda: seen(args, asked))

        return call

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
        if kind == "asked_twice" or (world.asks_twice and name not in TAKING):
            return world.witness.twice(name, do, said)
        return said

    def _around(self, kind, do):
        """Do it with what may happen anywhere before and after it."""
        world = self.world
        if kind == "killed_before":
            raise WorkerDied
        if kind == "slow":
            world.passes_time(25, renewed_by=self)
        if kind == "frozen_past_the_lease":
            world.beside.freezes(self.who)
        if kind == "another_worker_halfway":
            world.beside.goes_halfway(self.who)
        if kind == "another_worker_before":
            world.beside.go_on(self.who)
        said = do()
        if kind == "another_worker_after":
            world.beside.go_on(self.who)
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

    def send(self, cloud, target, caller):
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
            sent, answer = reset_there(cloud, target, caller, kind, knew)
            world.sent.append(sent)
            if answer is not None:
                raise answer
            return f"request-{len(world.sent)}"

        return self._around(kind, arrive)

    def tell(self, channel, case, line):
        """Tell a channel."""
        return self._told(line.id, lambda kind: channel.deliver(case, line, kind))

    def tell_notice(self, channel, notice, line):
        """Tell a channel of what is outside of any case, or in many."""
        return self._told(notice.id, lambda kind: channel.tell(notice, line, kind))

    def _told(self, name, do):
        kind = self.world.passes(self.who, "tell", name)
        self.world.passes_time(40 if kind == "late" else 0.1, renewed_by=self)
        return self._around(kind, lambda: do(kind))


_BEFORE_THE_STORE = {
    "away_before": redis.ConnectionError,
    "out_of_memory": redis.exceptions.OutOfMemoryError,
    "readonly": redis.exceptions.ReadOnlyError,
}
