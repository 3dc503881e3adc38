"""`offboard doctor`: does the set-up work, and if not, how it is mended."""

import sys
from collections.abc import Sequence
from typing import Final

import click

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
    Verdict.OK: "ok",
    Verdict.UNPROVEN: "not proven",
    Verdict.FAILED: "FAILED",
}
_STYLES: Final[dict[str, str]] = {
    Verdict.UNPROVEN: "yellow",
    Verdict.FAILED: "bold red",
}


@click.command()
@local_option
@output_option
def doctor(*, is_local: bool, output: str) -> None:
    """Check the set-up: this command, the service, and what its workers can see.

    Changes nothing.

    Ends with 0 all is well, 3 something is not proven, 5 something failed, 6 the
    service cannot be reached.
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
    screen.line(_summary(checks))
    for account_id in dict.fromkeys(one.account_id for one in checks):
        screen.title(f"Account {account_id}" if account_id else "Set-up")
        for one in checks:
            if one.account_id == account_id:
                _show_check(screen, one)


def _show_check(screen: Screen, check: ShownCheck) -> None:
    word = _WORDS.get(check.verdict, check.verdict)
    style = _STYLES.get(check.verdict, "")
    screen.line(f"{word}: {check.what}: {check.text}", style=style)
    if check.verdict == Verdict.OK:
        return
    if check.mend:
        screen.say(check.mend)
    if check.command:
        screen.line(check.command)


def _summary(checks: Sequence[ShownCheck]) -> str:
    failed = sum(one.verdict == Verdict.FAILED for one in checks)
    good = sum(one.verdict == Verdict.OK for one in checks)
    unproven = len(checks) - failed - good
    if failed or unproven:
        of = counted(len(checks), "check")
        return f"{failed} failed and {unproven} not proven, of {of}."
    return f"All is well: {counted(len(checks), 'check')}."
