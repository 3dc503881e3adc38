"""`offboard evidence export | verify`: what an auditor keeps, and how it is checked.

Verifying needs no service, no store and no network: the files and a public key.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, NoReturn

import click

from service.call_error import CallError, Fault
from service.client import Client
from service.commands.evidence_files import STDOUT, is_zip, known_id, written
from service.commands.evidence_keys import trusted_keys
from service.commands.evidence_period import export_period, people_of, period_of
from service.commands.evidence_told import tell
from service.commands.exits import Exit
from service.commands.opening import open_client, output_option
from service.commands.screen import progress_screen, result_screen
from service.packing.checking import check_pack
from service.packing.writing import write_case
from workers.offboarding.evidence import SERVICE
from workers.offboarding.evidence_check import Checker
from workers.offboarding.evidence_lines import BadLineError, line_of
from workers.offboarding.pack.how_to import file_of
from workers.offboarding.pack.members import About


@click.group("evidence")
def evidence() -> None:
    """Export what was done, and verify it without the service."""


@evidence.command("export")
@click.argument("case_id", metavar="[ID]", required=False)
@click.option("--all", "is_all", is_flag=True, help="The register and every case.")
@click.option("--from", "first", metavar="DAY", help="Cases received from this day on.")
@click.option("--to", "end", metavar="DAY", help="Until before this day, in UTC.")
@click.option(
    "--match",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="CSV",
    help="HR's list of who left, to be held against the events of these days.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="A file: .zip for people, anything else for the bare lines, - for stdout.",
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def export(
    *,
    case_id: str | None,
    is_all: bool,
    first: str | None,
    end: str | None,
    match: Path | None,
    out: Path | None,
    force: bool,
) -> None:
    """Write the evidence of a case, of some days, or of everything, as one file.

    A case or some days become a zip with the signed lines, a page and tables, and how
    to verify them. --all writes the bare lines.

    Ends with 3 where something is not in it: entries that are not sealed yet, cases
    that are not in the store any more, or the register, which the role operator may
    have. --all needs that role.
    """
    is_period = first is not None or end is not None
    if [case_id is not None, is_all, is_period].count(True) != 1:
        raise click.UsageError("Give an ID, or --from and --to, or --all.")
    if match is not None and not is_period:
        raise click.UsageError("--match goes with --from and --to.")
    if is_period:
        _export_days(first or "", end or "", match, out, force=force)
    with open_client() as client:
        if case_id is None:
            is_whole = _all(client, out or STDOUT, force=force)
        else:
            is_whole = _case(client, known_id(case_id), out, force=force)
    sys.exit(Exit.GOOD if is_whole else Exit.ATTENTION)


def _export_days(
    first: str, end: str, match: Path | None, out: Path | None, *, force: bool
) -> NoReturn:
    period, people = period_of(first, end), people_of(match)
    out = out or Path(file_of(About(period=period)))
    if not is_zip(out):
        raise click.UsageError("--out: Some days become a .zip file.")
    with open_client() as client, written(out, force=force) as file:
        is_whole = export_period(client, period, people, file)
    result_screen().line(f"{out}")
    sys.exit(Exit.GOOD if is_whole else Exit.ATTENTION)


def _all(client: Client, out: Path, *, force: bool) -> bool:
    if is_zip(out):
        raise click.UsageError(
            "--all writes the bare lines; a .zip has --from and --to."
        )
    with written(out, force=force) as file:
        return _export_all(client, file)


def _case(client: Client, case_id: str, out: Path | None, *, force: bool) -> bool:
    # Who paused and who resumed is read, and no case that has a page.
    named = STDOUT if case_id == SERVICE else Path(file_of(About(case_id=case_id)))
    out = out or named
    if is_zip(out) and case_id == SERVICE:
        raise click.UsageError("That is no case: give --out a .jsonl file, or - .")
    with written(out, force=force) as file:
        if not is_zip(out):
            return _export_case(client, case_id, file)
        is_whole = _export_zip(client, case_id, file)
    result_screen().line(f"{out}")
    return is_whole


def _export_zip(client: Client, case_id: str, file: IO[bytes]) -> bool:
    lines = BytesIO()
    is_whole = _export_case(client, case_id, lines)
    try:
        write_case(file, case_id, BytesIO(lines.getvalue()).readlines())
    except ValueError as error:
        said = "What the service answers cannot be used: it is no evidence."
        raise CallError(Fault.NOT_OURS, said) from error
    return is_whole


def _export_case(client: Client, case_id: str, file: IO[bytes]) -> bool:
    """Write the pack of a case; tell whether all of it is sealed."""
    lines, unsealed = client.evidence(case_id)
    file.write(lines)
    if unsealed:
        said = f"Case {case_id}: {unsealed} not sealed yet, and not in this file."
        progress_screen().line(said)
    return not unsealed


def _export_all(client: Client, file: IO[bytes]) -> bool:
    """Write the register, and the packs of all cases that it names."""
    is_whole = True
    for case_id in _write_register(client, file):
        try:
            is_whole &= _export_case(client, case_id, file)
        except CallError as error:
            if error.fault is not Fault.INVALID:
                raise
            # It was archived: its evidence is in a file of its own.
            said = f"Case {case_id} is not in the store any more."
            progress_screen().line(said)
            is_whole = False
    return is_whole


def _write_register(client: Client, file: IO[bytes]) -> tuple[str, ...]:
    """Write the register; return the cases it names, in its order."""
    found: dict[str, None] = {}
    last = ""
    for raw in client.evidence_register():
        file.write(raw)
        try:
            line = line_of(raw)
        except BadLineError as error:
            said = f"The register cannot be used: {error}"
            raise CallError(Fault.NOT_OURS, said) from error
        last = line["kind"]
        if last == "item":
            found[line["case"]] = None
    if last != "register":
        raise CallError(Fault.UNREACHABLE, "The register came without its end.")
    return tuple(found)


@evidence.command("verify")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--public-key",
    "keys",
    multiple=True,
    metavar="K",
    help="Whose signature counts: a public key or its fingerprint, or a file with one "
    "on each line. Again for a key that was replaced.",
)
@output_option
def verify(*, files: tuple[str, ...], keys: tuple[str, ...], output: str) -> None:
    """Verify evidence, with no service, no store and no network.

    FILE is a pack (.zip) or the bare lines; of a pack all pages and tables are made
    again from its chains, and compared.

    Ends with 0 it holds and is signed by the key given, 2 a file or a key cannot be
    read, 3 it holds in itself and something is not proven: who signed, or for some
    days that no case is missing; 4 it does not hold.
    """
    trusted = trusted_keys(keys)
    # Here and not above: the desk brings Celery along.
    from workers.desk import signature_holds

    checker = Checker(signature_holds, trusted)
    packs = []
    for name in files:
        with _opened(name) as file:
            if _is_pack(file):
                packs.append(check_pack(file, name, checker))
            else:
                checker.read(name, file)
    found = checker.compare()
    is_complete = found.has_register or not any(one and one.period for one in packs)
    tell(found, output, is_trusted=bool(trusted), packs=len(packs))
    if found.faults:
        sys.exit(Exit.HELD)
    sys.exit(Exit.GOOD if trusted and is_complete else Exit.ATTENTION)


def _is_pack(file: IO[bytes]) -> bool:
    """Tell whether a file is a zip; what is piped in is lines."""
    if not file.seekable():
        return False
    begin = file.read(2)
    file.seek(0)
    return begin == b"PK"


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(name).open("rb") as file:
            yield file
    except OSError as error:
        raise click.UsageError(f"{name}: {error.strerror}") from error
