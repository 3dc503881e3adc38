"""What the command line can check of a service by itself: settings, reach, token.

Each check builds on the one before, so the first that fails ends them.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from config.settings import Settings, SettingsError
from service.call_error import CallError
from service.client import Body, Client
from service.commands.backup_answers import ShownState, state_of
from service.commands.exits import OF_FAULT, Exit
from service.commands.opening import client_of, token_faults
from service.commands.seen_answers import checks_of, ready_of
from service.commands.to_do import options
from service.seen_schemas import CheckSchema
from workers.offboarding.health import Check, Verdict

_TOO_SMALL: Final = "viewer"
_TO_MAKE_ONE: Final = "offboard token create NAME operator"


@dataclass(frozen=True, slots=True)
class Findings:
    """Some checks, as the API writes them.

    Attributes:
        checks: The checks, in order.
        goes_on: Whether what builds on them can be asked.
        exit: How the command ends where that does not follow from the checks.
    """

    checks: list[Body]
    goes_on: bool = True
    exit: Exit | None = None


def check_settings(process: str) -> tuple[Settings | None, Findings]:
    """Read the settings; without them every fault is a check that failed."""
    try:
        settings = Settings.from_env(os.environ, process=process)
    except SettingsError as error:
        return None, _faulty(error.faults)
    faults = token_faults(settings) if process == "command" else []
    return (None, _faulty(faults)) if faults else (settings, _good(process))


def check_service(settings: Settings) -> Findings:
    """Check the service, its store and the token, and have a worker check the rest."""
    found: list[Body] = []
    steps: tuple[Callable[[Client], Findings], ...] = (
        _reach,
        _enter,
        _see_pause,
        _ask_worker,
    )
    with client_of(settings) as client:
        for step in steps:
            more = step(client)
            found += more.checks
            if not more.goes_on:
                return Findings(found, goes_on=False, exit=more.exit)
    return Findings(found)


def written(check: Check) -> Body:
    """Return *check* as the API writes it."""
    body: Body = CheckSchema().dump(check)
    return body


def _good(process: str) -> Findings:
    text = (
        "OFFBOARD_URL and OFFBOARD_TOKEN can be used."
        if process == "command"
        else "The settings can be used."
    )
    return Findings([written(Check("settings", Verdict.OK, text))])


def _faulty(faults: list[str]) -> Findings:
    mend = "Correct it in the environment, and run this again."
    checks = [Check("settings", Verdict.FAILED, one, mend) for one in faults]
    return Findings([written(one) for one in checks], goes_on=False)


def _reach(client: Client) -> Findings:
    try:
        ready = ready_of(client.ready())
    except CallError as error:
        mend = "See that the service runs, and that OFFBOARD_URL is its address."
        return _failed("service", error, mend)
    up = Check("service", Verdict.OK, "It answers.")
    if ready.checks.get("store") != "ok":
        text = "The service cannot use its store, so it takes nothing in."
        away = Check("store", Verdict.FAILED, text, "See that the store runs.")
        return Findings([written(up), written(away)], goes_on=False)
    store = Check("store", Verdict.OK, "It answers.")
    return Findings([written(up), written(store)])


def _sweep(checks: dict[str, str]) -> Iterator[Check]:
    """Tell whoever may not ask workers whether any works."""
    if checks.get("sweep") == "ok":
        yield Check("sweep", Verdict.OK, "Workers look for outstanding work.")
        return
    text = "No worker looked for outstanding work lately."
    yield Check("sweep", Verdict.FAILED, text, "See that a worker and beat run.")


def _enter(client: Client) -> Findings:
    try:
        role = client.role()
    except CallError as error:
        mend = "Set OFFBOARD_TOKEN to one of the service's OFFBOARD_API_TOKENS, or make"
        return _failed("token", error, f"{mend} one:", _TO_MAKE_ONE)
    if role == _TOO_SMALL:
        found = [written(one) for one in _sweep(ready_of(client.ready()).checks)]
        text = f"It is accepted, but as a {role}: workers may not be asked with it."
        mend = "Set OFFBOARD_TOKEN to the token of an operator; to make one:"
        small = Check("token", Verdict.UNPROVEN, text, mend, _TO_MAKE_ONE)
        return Findings([*found, written(small)], goes_on=False)
    text = f"It is accepted; its role is {role}." if role else "It is accepted."
    return Findings([written(Check("token", Verdict.OK, text))])


def _see_pause(client: Client) -> Findings:
    try:
        state = state_of(client.paused())
    except CallError as error:
        return _failed("pause", error, "See the service's log, and ask again.")
    return Findings([written(_pause(state))])


def _pause(state: ShownState) -> Check:
    if state.restored is not None:
        mend = "See what is due, and then have it go on with `offboard resume`:"
        text = f"Everything is paused. {state.restored.text}"
        return Check("pause", Verdict.WARNING, text, mend, "offboard backup due")
    mend = "When there is no reason for it any more; needs role approver:"
    if state.paused.all:
        text = "Resets are paused in all accounts."
        return Check("pause", Verdict.WARNING, text, mend, "offboard resume")
    if state.paused.accounts:
        text = f"Resets are paused in: {', '.join(state.paused.accounts)}."
        command = f"offboard resume{options(account=state.paused.accounts[0])}"
        return Check("pause", Verdict.WARNING, text, mend, command)
    return Check("pause", Verdict.OK, "Resets are not paused.")


def _ask_worker(client: Client) -> Findings:
    try:
        body = client.doctor()
        checks_of(body)
    except CallError as error:
        return _failed("check_up", error, "See the service's log, and ask again.")
    return Findings(list(body["checks"]))


def _failed(
    what: str, error: CallError, mend: str, command: str | None = None
) -> Findings:
    check = Check(what, Verdict.FAILED, " ".join(error.lines), mend, command)
    return Findings([written(check)], goes_on=False, exit=OF_FAULT[error.fault])
