"""How the store is: whether it keeps what it acknowledged, and what time it has."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import redis

from workers.offboarding.errors import StoreAwayError
from workers.offboarding.health import Check, Verdict
from workers.store.connection import faults

# What the doctor names by one word, and what has to be set for it.
_KEEPING: Final = {
    "store_persistence": {"appendonly": "yes", "appendfsync": "always"},
    "store_eviction": {"maxmemory-policy": "noeviction"},
}
_GOOD: Final = {
    "store_persistence": "It writes every change down before it acknowledges it.",
    "store_eviction": "It never drops anything to make room.",
}
_RISK: Final = {
    "store_persistence": "What was acknowledged may be lost when it restarts",
    "store_eviction": "It may drop cases to make room",
}
_NOTICEABLE: Final = timedelta(seconds=2)
# Signatures are accepted within five minutes, and cases start by these clocks.
_HARMFUL: Final = timedelta(seconds=60)


class Condition:
    """Looks at the store's server; it changes nothing there."""

    def __init__(
        self, client: "redis.Redis", clock: Callable[[], datetime], process: str
    ) -> None:
        self._client = client
        self._clock = clock
        self._process = process

    def checks(self) -> tuple[Check, ...]:
        """Say whether it keeps what it gets, and how its clock differs from ours.

        Raises:
            StoreAwayError: It does not answer.
        """
        return (*self._keeping(), *self.own_clock())

    def _keeping(self) -> Iterator[Check]:
        wanted = {name: one for each in _KEEPING.values() for name, one in each.items()}
        try:
            with faults():
                found = self._client.config_get(*wanted)
        except StoreAwayError as error:
            if not isinstance(error.__cause__, redis.ResponseError):
                raise
            yield from (_unseen(what) for what in _KEEPING)
            return
        for what, settings in _KEEPING.items():
            wrong = {
                name: str(found.get(name, "unknown"))
                for name, one in settings.items()
                if found.get(name) != one
            }
            yield _kept(what, wrong)

    def own_clock(self) -> tuple[Check, ...]:
        """Say how the store's clock differs from this process's; raises as above."""
        began = self._clock()
        with faults():
            seconds, micros = self._client.time()
        ended = self._clock()
        theirs = datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros)
        # How long the answer was on its way is no difference of clocks.
        apart = max(began - theirs, theirs - ended, timedelta())
        return (_clocks(self._process, apart),)


def _unseen(what: str) -> Check:
    text = "The store does not show its settings (CONFIG GET is not allowed there)."
    settings = ", ".join(f"{name} {one}" for name, one in _KEEPING[what].items())
    mend = f"See in the console of whoever runs it that this is set: {settings}."
    return Check(what, Verdict.UNPROVEN, text, mend)


def _kept(what: str, wrong: dict[str, str]) -> Check:
    if not wrong:
        return Check(what, Verdict.OK, _GOOD[what])
    settings = _KEEPING[what]
    are = ", ".join(f"{name} is {one}" for name, one in wrong.items())
    mend = "Set it in the server's configuration file too, or a restart undoes it:"
    command = " && ".join(
        f"redis-cli config set {one} {settings[one]}" for one in wrong
    )
    return Check(what, Verdict.FAILED, f"{_RISK[what]}: {are}.", mend, command)


def _clocks(process: str, apart: timedelta) -> Check:
    what, seconds = f"{process}_clock", apart.total_seconds()
    if apart <= _NOTICEABLE:
        text = f"The clocks of the {process} and of the store agree."
        return Check(what, Verdict.OK, text)
    verdict = Verdict.FAILED if apart > _HARMFUL else Verdict.WARNING
    text = (
        f"The clocks of the {process} and of the store are {seconds:.0f} s apart: what "
        "is due comes early or late, and signed events may be refused."
    )
    mend = "Have both machines keep time by NTP; to see it on each:"
    return Check(what, verdict, text, mend, "timedatectl status")
