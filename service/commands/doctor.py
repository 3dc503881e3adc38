"""`offboard doctor`: does the set-up work, and if not, how it is mended."""

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Final

import click

from service.commands.frame import examples
from service.commands.local import local, local_option
from service.commands.opening import output_option
from service.commands.screen import Screen, result_screen, write_json
from service.commands.seen_answers import ShownCheck, checks_of
from service.commands.seen_ending import exit_of_checks
from service.commands.self_check import (
    Findings,
    check_service,
    check_settings,
    written,
)
from workers.offboarding.health import Verdict
from workers.offboarding.words import counted

_WORDS: Final[dict[str, str]] = {
    Verdict.FAILED: "fault",
    Verdict.UNPROVEN: "could not see",
    Verdict.WARNING: "warning",
    Verdict.OK: "ok",
}
# Of more accounts than this only what is to be mended is told in full.
_IN_FULL: Final = 3
# In this order they are told: what stops the service first.
_ORDER: Final = tuple(_WORDS)
_STYLES: Final[dict[str, str]] = {
    Verdict.WARNING: "yellow",
    Verdict.UNPROVEN: "yellow",
    Verdict.FAILED: "bold red",
}


@click.command(
    short_help="Find what is wrong with the set-up, and how to mend it.",
    epilog=examples(
        "offboard doctor",
        "offboard doctor --local",
        "offboard doctor -o json | jq '.checks[] | select(.verdict != \"ok\")'",
    ),
)
@local_option
@output_option
def doctor(*, is_local: bool, output: str) -> None:
    """Find what is wrong with the set-up, and say how to mend it; it changes nothing.

    It looks at the settings of this command, at the service, and at what its workers
    can see and reach. With --local at what the configured key can, without a service.

    Ends with 0 no fault (there may be warnings), 3 something could not be seen, 5 a
    fault, 6 the service cannot be reached.
    """
    found = _checked(is_local=is_local)
    body = {"checks": found.checks}
    checks = checks_of(body)
    if output == "json":
        write_json(body)
    else:
        _show(result_screen(), checks)
    sys.exit(exit_of_checks(checks) if found.exit is None else found.exit)


def _checked(*, is_local: bool) -> Findings:
    settings, found = check_settings("local" if is_local else "command")
    if settings is None:
        return found
    if is_local:
        with local(settings) as account:
            more = Findings([written(one) for one in account.doctor()])
    else:
        more = check_service(settings)
    return Findings([*found.checks, *more.checks], exit=more.exit)


def _show(screen: Screen, checks: Sequence[ShownCheck]) -> None:
    """Write what is to be mended, the worst first, then what is in order."""
    screen.line(_summary(checks), style=_STYLES.get(_worst(checks), "bold green"))
    to_mend = [one for one in checks if one.verdict != Verdict.OK]
    if to_mend:
        screen.title("To mend")
    for number, one in enumerate(sorted(to_mend, key=lambda one: _place(one.verdict))):
        if number:
            screen.line("")
        _show_check(screen, one)
    good = [one for one in checks if one.verdict == Verdict.OK]
    accounts = {one.account_id for one in checks if one.account_id}
    if len(accounts) > _IN_FULL:
        _show_many(screen, checks, good)
        return
    for account_id in dict.fromkeys(one.account_id for one in good):
        screen.title(f"In order: account {account_id}" if account_id else "In order")
        mine = [one for one in good if one.account_id == account_id]
        screen.grid([(one.what, one.text) for one in mine])


def _show_many(
    screen: Screen, checks: Sequence[ShownCheck], good: Sequence[ShownCheck]
) -> None:
    """Write what is in order in short: a line says how many accounts it is so in."""
    screen.title("In order")
    screen.grid([(one.what, one.text) for one in good if not one.account_id])
    faulty = {one.account_id for one in checks if one.verdict != Verdict.OK}
    fine = {one.account_id for one in good if one.account_id} - faulty
    screen.line(f"Nothing to mend in {counted(len(fine), 'account')}.")
    screen.line("With -o json every check of every account is shown.")


def _show_check(screen: Screen, check: ShownCheck) -> None:
    where = f", account {check.account_id}" if check.account_id else ""
    style = _STYLES.get(check.verdict, "yellow")
    said = f"{_word(check.verdict)}: {check.what}{where}: {check.text}"
    screen.say(said, style=style)
    if check.mend:
        screen.say(check.mend)
    if check.command:
        screen.line(check.command)


def _word(verdict: str) -> str:
    return _WORDS.get(verdict, verdict)


def _place(verdict: str) -> int:
    # A verdict of a newer service proves nothing.
    return _ORDER.index(verdict if verdict in _ORDER else Verdict.UNPROVEN)


def _worst(checks: Sequence[ShownCheck]) -> str:
    return min((one.verdict for one in checks), key=_place, default=Verdict.UNPROVEN)


def _summary(checks: Sequence[ShownCheck]) -> str:
    many = Counter(_ORDER[_place(one.verdict)] for one in checks)
    of = counted(len(checks), "check")
    said = [
        counted(many[Verdict.FAILED], "fault") if many[Verdict.FAILED] else "",
        f"{many[Verdict.UNPROVEN]} could not be seen" if many[Verdict.UNPROVEN] else "",
        counted(many[Verdict.WARNING], "warning") if many[Verdict.WARNING] else "",
    ]
    told = [one for one in said if one]
    return f"{', '.join(told)}; of {of}." if told else f"All is well: {of}."
