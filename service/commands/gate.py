"""`offboard gate`: may this person be removed yet."""

import sys
import time
from collections.abc import Iterator
from typing import Final

import click
from marshmallow import ValidationError

from service.call_error import CallError, Fault
from service.client import Body, Client
from service.commands.exits import Exit
from service.commands.frame import examples
from service.commands.holdings import show_holdings
from service.commands.local import local, local_option
from service.commands.opening import open_client, output_option, pace
from service.commands.screen import (
    Screen,
    progress_screen,
    result_screen,
    write_json,
)
from service.commands.seen_answers import ShownGate, ShownHolding, gate_of
from service.commands.seen_ending import exit_of_gate, is_under_way
from service.commands.to_do import Task, show_tasks, word_of
from service.seen_schemas import GateSchema
from service.words import leaver_of
from workers.offboarding.advice import command_at
from workers.offboarding.errors import Reason
from workers.offboarding.model import Cluster, ResourceGroup, Target
from workers.offboarding.reasons import REASONS

_DEADLINE_SECONDS: Final = 120.0
# Who wants more of them has the whole table above.
_NAMED: Final = 5
_KNOWN: Final = frozenset(str(one) for one in REASONS)
_NO_CASES: Final = (
    "Read without a service: whether a reset for them is still settling was not seen."
)
_STYLES: Final = {
    Exit.GOOD: "bold green",
    Exit.HELD: "bold red",
    Exit.ATTENTION: "bold yellow",
}


@click.command(
    short_help="Tell whether a person may be removed from the accounts yet.",
    epilog=examples(
        "offboard gate dana.lee@example.com",
        "offboard gate dana.lee@example.com -o json | jq -r .reasons[].reason",
    ),
)
@click.argument("user")
@local_option
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=_DEADLINE_SECONDS,
    show_default=True,
    help="How many seconds to ask again while the service still reads.",
)
@output_option
def gate(*, user: str, is_local: bool, timeout: float, output: str) -> None:
    """Tell whether USER, an e-mail or an IAM ID, may be removed from the accounts.

    The owners are read for this answer, so it can take some time. With --local only
    they are: cases are known to a service alone.

    Ends with 0 safe, 4 not safe, 3 could not see everything.
    """
    body = _read(user) if is_local else _asked(user, timeout)
    told = gate_of(body)
    if output == "json":
        write_json(body)
    else:
        _show(result_screen(), told, is_local=is_local)
    if is_local and told.safe:
        progress_screen().say(_NO_CASES)
    if is_under_way(told):
        progress_screen().say("Waited too long for the readings: not a yes.")
    sys.exit(exit_of_gate(told))


def _read(user: str) -> Body:
    try:
        leaver = leaver_of(user)
    except ValidationError as error:
        said = " ".join(map(str, error.messages))
        raise CallError(Fault.INVALID, f"user: {said}") from error
    with local() as account:
        answer = account.gate(leaver, user=str(leaver))
    body: Body = GateSchema().dump(answer)
    return body


def _asked(user: str, timeout: float) -> Body:
    with open_client() as client:
        return _ask(client, user, time.monotonic() + timeout)


def _ask(client: Client, user: str, ends_at: float) -> Body:
    is_told = False
    while True:
        body = client.gate(user)
        left = ends_at - time.monotonic()
        if not is_under_way(gate_of(body)) or left <= 0:
            return body
        if not is_told:
            progress_screen().say("The owners are being read; it is asked again.")
            is_told = True
        time.sleep(min(pace().poll_seconds, left))


def _show(screen: Screen, told: ShownGate, *, is_local: bool) -> None:
    screen.line(_verdict(told), style=_STYLES[exit_of_gate(told)])
    if told.checked_at:
        screen.line(f"Read at {told.checked_at}.")
    if told.reasons:
        screen.title("Besides" if told.safe else "Reasons")
    for one in told.reasons:
        # The code too: docs/reasons.md has an entry by it, and programs go by it.
        screen.say(f"- {one.text} ({one.reason})")
    show_holdings(screen, told.targets)
    show_tasks(screen, list(_tasks(told, is_local=is_local)))


def _verdict(told: ShownGate) -> str:
    user = told.user
    reasons = {one.reason for one in told.reasons}
    if reasons == {Reason.PERSON_NOT_FOUND}:
        return (
            f"Not proven safe: no account knows {user}. No cluster API key is theirs "
            "under that name; see how it is spelt."
        )
    if told.safe:
        return f"Safe: {user} may be removed, and no cluster loses its key."
    if exit_of_gate(told) is Exit.ATTENTION:
        return f"Not proven safe: not everything could be seen. Do not remove {user}."
    return f"Not safe: do not remove {user} yet."


def _tasks(told: ShownGate, *, is_local: bool) -> Iterator[Task]:
    if told.safe:
        return
    user, option = word_of(told.user), " --local" if is_local else ""
    reasons = {one.reason for one in told.reasons}
    if Reason.OWNS_TARGETS in reasons:
        text = "See what is to be reset; with --apply it is done:"
        yield Task(text, f"offboard run {user}")
    if Reason.PERSON_NOT_FOUND in reasons:
        text = "See how the account knows them, and ask by that name or by IAM ID:"
        yield Task(text, "ibmcloud account users --output json")
    if Reason.CASE_NOT_SAFE in reasons:
        yield Task("See how their case stands:", f"offboard case list --user {user}")
    yield from _to_see(told)
    if _is_blind(told) and not is_under_way(told):
        text = "Find out what keeps it from being seen, and how to mend that:"
        yield Task(text, f"offboard doctor{option}")
    if reasons != {Reason.PROTECTED_USER}:
        yield Task("When that is done, ask again:", f"offboard gate {user}{option}")


def _is_blind(told: ShownGate) -> bool:
    """Tell whether the doctor can say more: of lists and rights, not of one target."""
    seeing = {
        Reason.VISIBILITY_NOT_PROVEN,
        Reason.LIST_UNREADABLE,
        Reason.LIST_SHORT,
        Reason.READING_UNDER_WAY,
    }
    return any(one.reason in seeing for one in told.reasons)


def _to_see(told: ShownGate) -> Iterator[Task]:
    """Say who can mend it that targets were not read, and with what."""
    places: dict[tuple[Reason, str | None], list[str]] = {}
    for one in told.targets:
        if one.is_unread and one.reason in _KNOWN:
            group = one.resource_group
            where = f"{one.region} / {group.name or group.id}"
            known = Reason(one.reason)
            command = command_at(known, _target_of(one))
            places.setdefault((known, command), []).append(where)
    for (reason, command), every in places.items():
        said = REASONS[reason]
        named = ", ".join(every[:_NAMED])
        more = f", and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
        text = f"Not read: {named}{more}. {said.sentence} Who mends it: {said.who}."
        yield Task(text, command)


def _target_of(one: ShownHolding) -> Target:
    group = ResourceGroup(one.resource_group.id, one.resource_group.name or "")
    clusters = tuple(Cluster(each.id, each.name or "", "") for each in one.clusters)
    return Target(one.account_id, one.region, group, clusters)
