"""What cannot be acted on as it came: look-ups at a source, and quarantine.

A source may only hint that something changed, and tell when it is asked; or it names
somebody whom nobody knows, until a person mends that and has it read again.
"""

from contextlib import suppress
from dataclasses import dataclass, replace

from fakes import WorkerDied

from workers.offboarding.errors import ConflictError, StoreAwayError
from workers.offboarding.heard import Hint, Names, Unreadable, UnreadableError


@dataclass(frozen=True)
class Asked:
    """A message that asks for a look-up."""

    kept_id: str


class GatedDirectory:
    """The directory of every source as one process asks it: each time a gate."""

    def __init__(self, gates, events):
        self._gates, self._events = gates, events

    def look_up(self, hint):
        return self._gates.far_side(
            "look_up",
            hint.subject,
            lambda: self._events[hint.event_key],
            {"unreadable": _unreadable},
        )


def _unreadable():
    raise UnreadableError(Unreadable.UNKNOWN_PERSON, "Nobody knows them.")


class Intake:
    """All that was told in such a way; *events* is what each would say, by its key."""

    def __init__(self, world):
        self._world = world
        self.events = {}
        # Of whom a source told that they are back: what it told before may be void.
        self.back = set()

    @property
    def is_used(self):
        return bool(self.events)

    def hints(self, heard):
        """Have a source hint at an event until that is acknowledged."""
        hint = Hint(heard.source, heard.event_key, "changed", heard.names.emails[0])
        self._told(heard, lambda: self._world.desk.await_look_up(hint, {}))

    def names_nobody(self, heard):
        """Have a source tell of somebody by an id of its own, which nobody knows."""
        nameless = replace(heard, names=Names(ids=("00u1",)))

        def tell():
            desk = self._world.desk
            try:
                desk.hear(nameless)
            except UnreadableError as error:
                desk.quarantine(heard.source, heard.event_key, {}, error)

        self._told(heard, tell)

    def _told(self, heard, tell):
        self.events[heard.event_key] = heard
        try:
            tell()
        except (StoreAwayError, WorkerDied):
            self._world.opens_desk()
            self._world.later(60, lambda: self._told(heard, tell))

    def mends(self):
        """Have a person mend and read again all that is in quarantine."""
        desk = self._world.desk
        for kept in desk.quarantined():
            heard = self.events[desk.body_of(kept.id).key]
            with suppress(ConflictError):
                desk.hear(heard)
                desk.replayed(kept.id)

    def lost(self):
        """Name what was acknowledged and is nowhere: in no case, and on no list."""
        client, desk = self._world.client, self._world.desk
        kept = {desk.body_of(one.id).key for one in desk.quarantined()}
        return [
            f"{key} was acknowledged and is nowhere"
            for key, heard in self.events.items()
            if not self.back.intersection(heard.names.emails)
            and key not in kept
            and not client.exists(f"offboard:event:{key}")
        ]
