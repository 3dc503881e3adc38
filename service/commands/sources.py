"""`offboard source …`: the systems that tell us who leaves, and how each fares."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import click

from service.commands.intake_answers import ShownSource, sources_of
from service.commands.opening import open_client, output_option
from service.commands.screen import Screen, result_screen, write_json

_COLUMNS: Final = ("Source", "State", "Delivered", "Refused")


@click.group("source", short_help="See how the sources fare, or play one.")
def source() -> None:
    """Look after the systems that tell this service who leaves."""


@source.command("list")
@output_option
def list_sources(*, output: str) -> None:
    """List every source: whether it is on, when it last spoke, what was refused."""
    with open_client() as client:
        body = client.sources()
    found = sources_of(body)
    if output == "json":
        write_json(body)
    else:
        _show(result_screen(), found)


def _show(screen: Screen, found: Sequence[ShownSource]) -> None:
    """Show those that are on, then what needs somebody, then those that are off."""
    on = [one for one in found if one.on]
    if on:
        screen.table(_COLUMNS, [_row(one) for one in on])
    for text in _to_look_at(found):
        screen.say(text)
    off = ", ".join(one.name for one in found if not one.on)
    if off:
        screen.say(f"Off, since they have no secret: {off}.")


def _row(one: ShownSource) -> tuple[str, ...]:
    why = one.last_refused_why or "unknown"
    refused = _often(one.refused, one.last_refused_at)
    return (
        one.name,
        "SILENT" if one.silent else "on",
        _often(one.delivered, one.last_delivered_at),
        f"{refused}: {why}" if one.last_refused_at else refused,
    )


def _often(times: int, last_at: str | None) -> str:
    return f"{times}, last {_to_the_minute(last_at)}" if last_at else "never"


def _to_the_minute(moment: str) -> str:
    """Shorten a moment for a narrow table; JSON has it whole."""
    return f"{moment[:16]}Z" if moment.endswith("Z") else moment


def _to_look_at(found: Sequence[ShownSource]) -> Iterator[str]:
    for one in found:
        if one.silent and one.expected_hours is not None:
            yield (
                f"{one.name} is silent: it is expected to speak every"
                f" {one.expected_hours:g} h."
            )
    waiting = _counts((one.name, one.look_ups) for one in found)
    if waiting:
        yield f"To be looked up at the source: {waiting}."
    kept = _counts((one.name, one.quarantined) for one in found)
    if kept:
        yield f"In quarantine: {kept}. See offboard quarantine list."


def _counts(numbers: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {number}" for name, number in numbers if number)
