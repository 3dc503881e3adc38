"""`offboard exposure`: whose departure would break what."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import click

from service.client import Body
from service.commands.accounts_table import ids_of, show_accounts
from service.commands.exits import Exit
from service.commands.exposure_csv import write_csv
from service.commands.frame import examples
from service.commands.holdings import (
    person_name,
    show_holdings,
    unread_of,
)
from service.commands.local import local, local_option
from service.commands.notes import why_of
from service.commands.opening import open_client, output_as, read_settings
from service.commands.owned import only_of, show_owner
from service.commands.screen import (
    Screen,
    progress_screen,
    result_screen,
    write_json,
)
from service.commands.seen_answers import (
    ShownExposure,
    ShownFunctionalId,
    ShownPerson,
    exposure_of,
)
from service.commands.seen_ending import NOT_SEEN, exit_of_exposure
from service.commands.table import Column
from service.commands.to_do import Task, show_tasks, word_of
from service.seen_schemas import ExposureSchema
from workers.offboarding.errors import Reason
from workers.offboarding.words import counted

_COLUMNS: Final = ("Person", "Clusters", "Targets", "Note")
_SLOTS: Final = (
    Column("Functional ID"),
    Column("Keys"),
    Column("Owns", spare=2),
    Column("Would take", spare=1),
    Column("Left after"),
    Column("Note"),
)
_RIGHTS: Final = (Reason.MISSING_ROLE, Reason.FUNCTIONAL_ID_BROAD)
# Who wants more of them has the whole list above.
_COMMANDS: Final = 10


@click.command(
    short_help="Show whose departure would break which clusters.",
    epilog=examples(
        "offboard exposure",
        "offboard exposure --owner dana.lee@example.com",
        "offboard exposure --account production --account staging",
        "offboard exposure -o csv > owners.csv",
        "offboard exposure --local",
    ),
)
@click.option(
    "--people-only",
    "is_people_only",
    is_flag=True,
    help="Leave the targets out, also out of json.",
)
@click.option("--owner", help="Only what this person owns: an e-mail or an IAM ID.")
@click.option(
    "--account",
    "accounts",
    multiple=True,
    help="Only this account, by its id or its name; give it again for more.",
)
@local_option
@output_as("table", "json", "csv")
def exposure(
    *,
    is_people_only: bool,
    owner: str | None,
    accounts: tuple[str, ...],
    is_local: bool,
    output: str,
) -> None:
    """Show who owns the cluster API keys, and whose departure would break clusters.

    As the last surveys read it; with --local as it is read now. As csv it is a line a
    target.

    Ends with 0 everything seen, 3 something was not seen or never surveyed.
    """
    if is_people_only and output == "csv":
        raise click.UsageError("csv has the targets: leave --people-only out.")
    body, not_seen = _read(accounts) if is_local else _asked(accounts)
    # Judged as a whole: what was not seen may be this owner's.
    code = exit_of_exposure(exposure_of(body), not_seen)
    screen = result_screen() if output == "table" else progress_screen()
    for text in _blind_spots(exposure_of(body), not_seen):
        screen.say(text)
    body = body if owner is None else only_of(body, owner)
    told = exposure_of(body)
    if output == "csv":
        write_csv(told)
    elif output == "json":
        left_out = {"targets"} if is_people_only else set()
        write_json({name: one for name, one in body.items() if name not in left_out})
    elif owner is not None:
        show_owner(screen, told, owner)
    else:
        is_whole = code is Exit.GOOD
        _show(screen, told, is_whole=is_whole, is_people_only=is_people_only)
        doctor = "" if is_whole else f"offboard doctor{' --local' * is_local}"
        show_tasks(screen, list(_tasks(told, doctor)))
    sys.exit(code)


def _asked(wanted: Sequence[str]) -> tuple[Body, tuple[str, ...]]:
    with open_client() as client:
        if not wanted:
            return client.exposure()
        shown = exposure_of(client.exposure()[0]).accounts
        known = [(one.account_id, one.name) for one in shown]
        return client.exposure(ids_of(known, wanted))


def _read(wanted: Sequence[str]) -> tuple[Body, tuple[str, ...]]:
    settings = read_settings("local")
    known = [(one.id, one.name) for one in settings.accounts]
    ids = ids_of(known, wanted)
    with local(settings) as account:
        found = account.exposure(ids) if ids else account.exposure()
    body: Body = ExposureSchema().dump(found)
    return body, tuple(dict.fromkeys(str(one.reason) for one in found.notes))


def _show(
    screen: Screen, told: ShownExposure, *, is_whole: bool, is_people_only: bool
) -> None:
    people = _sorted(told)
    _show_numbers(screen, told, is_whole=is_whole)
    unread = unread_of(told.targets)
    if unread:
        screen.title("Not seen")
    for text in unread:
        screen.say(f"- {text}")
    show_accounts(screen, told.accounts)
    screen.title("People")
    if people:
        screen.table(_COLUMNS, [_row(one) for one in people])
    else:
        screen.say("No person was seen to own a key.")
    _show_slots(screen, told.functional_ids, told.names)
    if not is_people_only:
        show_holdings(screen, told.targets, told.names)


def _show_numbers(screen: Screen, told: ShownExposure, *, is_whole: bool) -> None:
    left = sum(one.left for one in told.people)
    many = told.departures_from_outage
    style = "bold green" if is_whole and not many else "bold yellow"
    screen.line(
        f"Departures from an outage: {'' if is_whole else 'at least '}{many} (people "
        "who own the key of a target with clusters).",
        style="bold red" if left else style,
    )
    screen.line(f"Not seen: {told.unread} of {counted(len(told.targets), 'target')}.")
    screen.line(f"Left already, and still own a key: {left} of these people.")
    when = f"{told.checked_at}, or later" if told.checked_at else "not everywhere yet"
    screen.line(f"Surveyed: {when}.")


def _sorted(told: ShownExposure) -> list[ShownPerson]:
    """Sort the people: who has left first, then by the clusters behind them."""
    return sorted(told.people, key=_place)


def _place(one: ShownPerson) -> tuple[bool, int, int, str]:
    return not one.left, -one.clusters, -one.targets, one.owner.id


def _row(one: ShownPerson) -> tuple[str, ...]:
    note = "HAS LEFT" if one.left else ""
    return person_name(one.owner), str(one.clusters), str(one.targets), note


def _show_slots(
    screen: Screen, found: Sequence[ShownFunctionalId], names: Mapping[str, str]
) -> None:
    if not found:
        return
    screen.title("Key slots, by the last survey")
    called = names if len({one.account_id for one in found}) > 1 else None
    screen.table(_SLOTS, [_slots_row(one, called) for one in found])
    for one in found:
        for note in one.weak:
            screen.say(f"- {note.text}")


def _slots_row(
    one: ShownFunctionalId, names: Mapping[str, str] | None
) -> tuple[str, ...]:
    where = ""
    if names is not None:
        where = f" in {names.get(one.account_id, one.account_id)}"
    limit = "?" if one.key_limit is None else one.key_limit
    return (
        f"{one.name or one.id}{where}",
        f"{_number(one.keys)} of {limit}",
        str(one.owns),
        str(one.would_take),
        _number(one.free_after),
        "WEAK" if one.weak else "",
    )


def _number(value: int | None) -> str:
    return "not seen" if value is None else str(value)


def _tasks(told: ShownExposure, doctor: str) -> Iterator[Task]:
    left = [one.owner for one in _sorted(told) if one.left]
    for owner in left[:_COMMANDS]:
        text = f"{person_name(owner)} has left: see what is to be reset now."
        yield Task(text, f"offboard run {word_of(owner.email or owner.id)}")
    lacking = [one for one in told.functional_ids if _has_wrong_rights(one)]
    for account_id in dict.fromkeys(one.account_id for one in lacking):
        text = "A functional ID lacks rights, or has too many: see what it needs."
        yield Task(text, f"offboard permissions --account {word_of(account_id)}")
    if doctor:
        yield Task("Find out what keeps targets from being seen:", doctor)


def _has_wrong_rights(one: ShownFunctionalId) -> bool:
    return any(note.reason in _RIGHTS for note in one.weak)


def _blind_spots(told: ShownExposure, not_seen: Sequence[str]) -> Iterator[str]:
    if told.unread:
        yield f"Not everything was seen: {counted(told.unread, 'target')} unread."
    if told.checked_at is None:
        yield "Not everything was seen: an account was never surveyed yet."
    for reason in not_seen:
        said = why_of(reason)
        yield f"Not everything was seen: {said}" if reason in NOT_SEEN else said
