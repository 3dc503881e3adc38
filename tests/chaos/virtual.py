"""Virtual time and fixed chance: for the server's Lua, for ids, for pauses."""

import random
from concurrent.futures import Future
from contextlib import contextmanager
from unittest import mock

import fakeredis._helpers
import fakeredis._socket._base
import fakeredis.commands_mixins.server_mixin
import structlog
from fakes import VirtualClock

import workers.desk.cases
import workers.store.intake
import workers.store.work
import workers.tasks
from workers.offboarding import discovery
from workers.offboarding.crowd import FEW

from .server import unchecked

_READ_BY = (
    fakeredis._helpers,
    fakeredis._socket._base,
    fakeredis.commands_mixins.server_mixin,
)


class MonotonicClock(VirtualClock):
    """Never goes back, whoever says so."""

    def advance(self, seconds):
        super().advance(max(0, seconds))

    def advance_to(self, at):
        self.now = max(self.now, at)

    def time(self):
        """Stand in for the module ``time`` where fakeredis asks it."""
        return self.now.timestamp()


class _Ids:
    """ULIDs whose chance is a counter, so that a seed gives the same ids."""

    def __init__(self):
        self._count = 0

    def from_datetime(self, at):
        self._count += 1
        return f"{int(at.timestamp() * 1000):013d}{self._count:05d}"


class _OneByOne:
    """Does at once what threads would do side by side, always in the same order."""

    def __init__(self, _workers, **_):
        """Threads have names and a number; here there are none."""

    def __enter__(self):
        return self

    def __exit__(self, *error):
        """Nothing is left to be waited for."""

    def shutdown(self, *, wait=True):
        """Nothing is left to be waited for."""

    def submit(self, call, *given):
        done = Future()
        try:
            done.set_result(call(*given))
        except BaseException as error:  # noqa: BLE001 - as a pool keeps it, deaths too
            done.set_exception(error)
        return done


@contextmanager
def _not_renewed(_works, _claim):
    """Renew nothing by a thread: the world renews when its time passes."""
    yield


@contextmanager
def virtual(clock, seed):
    """Have everything go by *clock* and *seed* while this lasts."""
    patches = [mock.patch.object(module, "time", clock) for module in _READ_BY]
    ids = _Ids()
    for module in (workers.desk.cases, workers.store.intake):
        patches.append(mock.patch.object(module, "ULID", ids))
    patches.append(mock.patch.object(workers.tasks, "_renewed", _not_renewed))
    patches.append(mock.patch.object(discovery, "ThreadPoolExecutor", _OneByOne))
    # A world has its own; what it was before is put back.
    patches.append(mock.patch.object(workers.store.work, "FEW", FEW))
    patches.append(unchecked())
    state = random.getstate()
    random.seed(seed)
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()
        random.setstate(state)


@contextmanager
def quiet():
    """Log nothing: thousands of histories would drown what is to be read."""
    kept = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    try:
        yield
    finally:
        structlog.configure(**kept)
