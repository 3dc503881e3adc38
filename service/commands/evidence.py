"""`offboard evidence export | verify`: what an auditor keeps, and how it is checked.

Verifying needs no service, no store and no network: the files and a public key.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import click

from service.client import Client
from service.commands.ending import Exit
from service.commands.evidence_keys import trusted_keys
from service.commands.evidence_told import tell
from service.commands.opening import open_client, output_option
from service.commands.screen import progress_screen
from service.faults import CallError, Fault
from workers.offboarding.evidence_check import Checker
from workers.offboarding.evidence_lines import BadLineError, line_of

_SUFFIX: Final = ".part"


@click.group("evidence")
def evidence() -> None:
    """Export what was done, and verify it without the service."""


@evidence.command("export")
@click.argument("case_id", metavar="[ID]", required=False)
@click.option("--all", "is_all", is_flag=True, help="The register and every case.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A file.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
def export(*, case_id: str | None, is_all: bool, out: Path | None, force: bool) -> None:
    """Write the evidence of a case, or of all of them, as one file.

    Ends with 3 where something is not in it: entries that are not sealed yet, cases
    that are not in the store any more. --all needs the role operator.
    """
    if (case_id is None) is not is_all:
        raise click.UsageError("Give an ID, or --all.")
    with open_client() as client, _file(out, force=force) as file:
        if case_id is not None:
            is_whole = _export_case(client, case_id, file)
        else:
            is_whole = _export_all(client, file)
    sys.exit(Exit.GOOD if is_whole else Exit.ATTENTION)


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


@contextmanager
def _file(out: Path | None, *, force: bool) -> Iterator[IO[bytes]]:
    """Give what is written to: stdout, or a file that is there whole or not at all."""
    if out is None:
        yield sys.stdout.buffer
        return
    if out.exists() and not force:
        raise click.UsageError(f"{out} is there already; --force replaces it.")
    part = out.with_name(out.name + _SUFFIX)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    try:
        with os.fdopen(os.open(part, flags, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
    except OSError as error:
        raise click.UsageError(f"{out}: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


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

    Ends with 0 it holds and is signed by the key given, 2 a file or a key cannot be
    read, 3 it holds in itself and it is not proven who signed, 4 it does not hold.
    """
    trusted = trusted_keys(keys)
    # Here and not above: the desk brings Celery along.
    from workers.desk import signature_holds

    checker = Checker(signature_holds, trusted)
    for name in files:
        with _opened(name) as file:
            checker.read(name, file)
    found = checker.compare()
    tell(found, output, is_trusted=bool(trusted))
    if found.faults:
        sys.exit(Exit.HELD)
    sys.exit(Exit.GOOD if trusted else Exit.ATTENTION)


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
