"""The order of things: exposure, a departure, a red preflight, an adoption, proof.

Each start has its end.
"""

import tempfile
import time
from contextlib import closing
from typing import Any, Final

from simulator.demo import acts, chapters, exposure, trying
from simulator.demo.canary import canary_went_first
from simulator.demo.door import Door
from simulator.demo.ending import Ending, EndingAskedError
from simulator.demo.held_back import broken, held_back_proofs, no_cluster_broke
from simulator.demo.proof import Proof, proofs, taken_over
from simulator.demo.running import NotRunningError, Running, running
from simulator.demo.screen import Screen
from simulator.demo.stage import Stage
from simulator.server import Simulator

_GLANCE_SECONDS: Final = 1.0
# What a shell answers for a command that a signal ended.
_SIGNAL_CODE: Final = 128


def play(screen: Screen, simulator: Simulator, ending: Ending, *, keep: bool) -> int:
    """Play all acts, and end everything that was started for them.

    Args:
        screen: Where it is shown.
        simulator: The simulator, not started yet.
        ending: Tells when somebody asks for the end.
        keep: Stay up after the last proof, until asked to end.

    Returns:
        The exit code: 0 where every proof holds, 1 where one does not or the service
        does not run, 128 and the signal's number where the end was asked for early.
    """
    with simulator, tempfile.TemporaryDirectory() as folder:
        settings = simulator.environ(simulator.accounts_toml(folder))
        with running(settings, simulator.account.login_keys()) as service:
            code = _code(screen, simulator, ending, service, keep=keep)
            screen.say("Ending everything that was started …", style="dim")
    screen.say("Ended.", style="dim")
    return code


def _code(
    screen: Screen,
    simulator: Simulator,
    ending: Ending,
    service: Running,
    *,
    keep: bool,
) -> int:
    try:
        code = _play(screen, simulator, ending, service)
        if keep:
            trying.to_try(screen, service, simulator)
            _stay(ending, service)
        else:
            trying.what_next(screen)
    except EndingAskedError as asked:
        screen.say("Asked to end before the story was over.", style="bold red")
        return _SIGNAL_CODE + asked.number
    except NotRunningError as error:
        screen.say(f"{error} The last lines of its log:", style="bold red")
        screen.verbatim("\n".join(error.log) or "(none)")
        return 1
    return code


def _play(
    screen: Screen, simulator: Simulator, ending: Ending, service: Running
) -> int:
    with closing(Door(service.url, service.keys)) as door:
        stage = Stage(screen, simulator, ending, service, door)
        chapters.opening(screen)
        with screen.waiting("Starting the service, all of it on this machine …"):
            began = time.monotonic()
            service.await_ready(door.is_ready, ending.pause)
            surveyed = stage.surveyed()
        seconds = time.monotonic() - began
        screen.say(
            f"Ready, and the whole account looked at, after {seconds:.1f} s.",
            style="dim",
        )
        found = _acts(stage, surveyed)
    return 0 if chapters.proved(screen, found) else 1


def _acts(stage: Stage, surveyed: dict[str, Any]) -> dict[str, list[Proof]]:
    """Play all acts, and weigh what was seen of each."""
    account, screen = stage.simulator.account, stage.screen
    before, looks = exposure.holdings(account), [broken(account)]
    chapters.exposure_before(screen, before, surveyed)
    departed = acts.departure(stage)
    looks.append(broken(account))
    held_back = acts.held_back(stage)
    looks.append(broken(account))
    adopted = acts.adopted(stage)
    looks.append(broken(account))
    people = chapters.departures(surveyed), stage.departures()
    chapters.exposure_after(screen, before, exposure.after(account, before), people)
    return {
        "The departure": [*proofs(departed), canary_went_first(departed)],
        "The red preflight": held_back_proofs(held_back),
        "The adoption": [taken_over(adopted), canary_went_first(adopted)],
        "All of it": [no_cluster_broke(looks, held_back.would_break)],
    }


def _stay(ending: Ending, service: Running) -> None:
    try:
        while True:
            service.check()
            ending.pause(_GLANCE_SECONDS)
    except EndingAskedError:
        # This is how it is meant to end: what was proved before is the exit code.
        return
