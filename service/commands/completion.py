"""`offboard completion`, and what Tab offers where click alone cannot know it."""

import os
from typing import Final

import click
from click.shell_completion import get_completion_class

from config.settings import Settings, SettingsError
from service.call_error import CallError
from service.client import Client
from service.commands.answers import page_of
from service.commands.opening import token_faults

_SHELLS: Final = ("bash", "zsh", "fish")
_NAME: Final = "offboard"
_VARIABLE: Final = "_OFFBOARD_COMPLETE"
# Who pressed Tab waits for it.
_TIMEOUT_SECONDS: Final = (0.5, 1.0)
_OFFERED: Final = 30


@click.command(short_help="Print what makes Tab complete commands in your shell.")
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(*, shell: str) -> None:
    """Print what makes Tab complete commands, options and case ids in SHELL.

    bash: put `eval "$(offboard completion bash)"` into ~/.bashrc; zsh the same with
    zsh into ~/.zshrc; fish: offboard completion fish >
    ~/.config/fish/completions/offboard.fish
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    root = click.get_current_context().find_root().command
    click.echo(kind(root, {}, _NAME, _VARIABLE).source())


def case_ids(
    _: click.Context, __: click.Parameter, incomplete: str
) -> list[click.shell_completion.CompletionItem]:
    """Offer the newest cases that begin so; silent where they cannot be had at once."""
    try:
        settings = Settings.from_env(os.environ, process="command")
        if settings.token is None or token_faults(settings):
            return []
        asked = Client(
            settings.url, settings.token, pauses=(), timeout_seconds=_TIMEOUT_SECONDS
        )
        with asked as client:
            page = page_of(client.cases(limit=_OFFERED)[0])
    except (SettingsError, CallError):
        return []
    return [
        click.shell_completion.CompletionItem(one.id, help=one.result or one.status)
        for one in page.cases
        if one.id.startswith(incomplete.upper())
    ]
