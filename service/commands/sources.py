"""`offboard source …`: the systems that tell us who leaves, and how each fares."""

from typing import Final

import click

from service.commands.intake_answers import ShownSource, sources_of
from service.commands.opening import open_client, output_option
from service.commands.screen import result_screen, write_json

_COLUMNS: Final = (
    "Source",
    "On",
    "Path",
    "Delivered",
    "Last",
    "Refused",
    "Last refused",
    "Expected",
    "Look-ups",
    "Quarantine",
)


@click.group("source")
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
        result_screen().table(_COLUMNS, [_row(one) for one in found])


def _row(one: ShownSource) -> tuple[str, ...]:
    return (
        one.name,
        "on" if one.on else "off",
        one.path,
        str(one.delivered),
        one.last_delivered_at or "never",
        str(one.refused),
        _refusal(one),
        _expected(one),
        str(one.look_ups),
        str(one.quarantined),
    )


def _refusal(one: ShownSource) -> str:
    if one.last_refused_at is None:
        return "never"
    return f"{one.last_refused_at} ({one.last_refused_why or 'unknown'})"


def _expected(one: ShownSource) -> str:
    if one.expected_hours is None:
        return "not said"
    hours = f"every {one.expected_hours:g} h"
    return f"{hours}, SILENT" if one.silent else hours
