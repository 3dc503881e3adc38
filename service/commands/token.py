"""`offboard token`: tokens for callers of the service."""

import hashlib
import secrets

import click

from config.settings import ROLES


@click.group(short_help="Make tokens for callers.")
def token() -> None:
    """Make tokens for callers."""


@token.command("create")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
@click.option("--person", help="Who uses it, where they have another token too.")
def token_create(name: str, role: str, person: str | None) -> None:
    """Print a new token once, and its entry for OFFBOARD_API_TOKENS."""
    for word, hint in ((name, "NAME"), (person, "--person")):
        if word is not None and (not word or set(word) & set(":, \t\n")):
            raise click.BadParameter("without colon, comma or blank", param_hint=hint)
    text = f"ofb_{secrets.token_urlsafe(32)}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    behind = f":{person}" if person else ""
    click.echo(f"token (shown once): {text}")
    click.echo(f"OFFBOARD_API_TOKENS entry: {name}:{role}:{digest}{behind}")
