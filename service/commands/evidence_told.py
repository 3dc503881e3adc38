"""How it is told whether evidence holds."""

from service.commands.screen import (
    Screen,
    progress_screen,
    result_screen,
    shown,
    write_json,
)
from workers.offboarding.evidence_check import Checked
from workers.offboarding.words import counted


def tell(found: Checked, output: str, *, is_trusted: bool, packs: int = 0) -> None:
    """Write what was found to stdout."""
    if output == "json":
        write_json(_body(found, is_trusted=is_trusted))
        return
    screen = result_screen()
    if found.faults:
        _tell_faults(screen, found)
        return
    cases = counted(found.cases, "case")
    register = " and the register over all cases" if found.has_register else ""
    screen.line(f"It holds: {cases}{register}.")
    if packs:
        screen.line("Its pages and tables are what the signed entries say.")
    for one in sorted(found.signed_by):
        screen.line(f"Signed by {one}.")
    _tell_limits(found, is_trusted=is_trusted)


def _tell_faults(screen: Screen, found: Checked) -> None:
    many = len(found.faults) + found.more_faults
    screen.line(f"It does not hold: {counted(many, 'fault')}.", style="bold red")
    for one in found.faults:
        line = f" line {one.line}:" if one.line else ""
        screen.line(f"{shown(one.file)}:{line} {shown(one.text)}")
    if found.more_faults:
        screen.line(f"and {found.more_faults} more")


def _tell_limits(found: Checked, *, is_trusted: bool) -> None:
    screen = progress_screen()
    if not is_trusted:
        screen.say(
            "Who signed is not proven by this: compare the fingerprint with that in the"
            " reports of the time, and give it as --public-key."
        )
    if not found.has_register:
        screen.say(
            "Without the register it cannot be told whether a case is missing, or the"
            " end of one: `offboard evidence export --all` has it."
        )


def _body(found: Checked, *, is_trusted: bool) -> dict[str, object]:
    return {
        "holds": not found.faults,
        "signer_proven": is_trusted and not found.faults,
        "signed_by": sorted(found.signed_by),
        "cases": found.cases,
        "has_register": found.has_register,
        "faults": [
            {"file": one.file, "line": one.line or None, "text": one.text}
            for one in found.faults
        ],
        "more_faults": found.more_faults,
    }
