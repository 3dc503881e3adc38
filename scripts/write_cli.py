"""Write what docs/cli.md has from the code: each command's help, and the exit codes.

Such a part stands between `<!-- made: NAME -->` and `<!-- /made -->`; what stands
around it is written by hand. A command without such a part gets one at the end. A test
compares the page with the code.

    PYTHONPATH=. .venv/bin/python scripts/write_cli.py
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from service.cli import main
from service.commands.frame import EXIT_CODES

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
_PART: Final = re.compile(r"<!-- made: (.+?) -->\n.*?<!-- /made -->", re.DOTALL)
_WIDTH: Final = 80


def page(text: str) -> str:
    """Return *text* with every part from the code made anew, and none missing."""
    made = dict(_parts())
    there = [name for name in _PART.findall(text) if name in made]
    # What is no command any more loses its part; the words around it stay visible.
    text = _PART.sub(lambda found: _written(found[1], made), text)
    missing = [name for name in made if name not in there]
    more = "".join(f"\n### {name}\n\n{_written(name, made)}\n" for name in missing)
    return text + more


def _written(name: str, made: dict[str, str]) -> str:
    if name not in made:
        return f"There is no `{name}` any more."
    return f"<!-- made: {name} -->\n{made[name]}\n<!-- /made -->"


def _parts() -> Iterator[tuple[str, str]]:
    yield "exit codes", _exit_codes()
    yield "offboard", _help(main, None, "offboard")
    root = click.Context(main, info_name="offboard")
    for name in main.commands:
        yield from _of(main.commands[name], root, name)


def _of(
    command: click.Command, parent: click.Context, name: str
) -> Iterator[tuple[str, str]]:
    if not isinstance(command, click.Group):
        path = f"{parent.command_path} {name}".removeprefix("offboard ")
        yield path, _help(command, parent, name)
        return
    context = click.Context(command, info_name=name, parent=parent)
    for one in command.commands:
        yield from _of(command.commands[one], context, one)


def _help(command: click.Command, parent: click.Context | None, name: str) -> str:
    context = command.context_class(
        command,
        info_name=name,
        parent=parent,
        terminal_width=_WIDTH,
        help_option_names=["-h", "--help"],
    )
    return f"```text\n{command.get_help(context)}\n```"


def _exit_codes() -> str:
    rows = [f"| {code.value} | {said} |" for code, said in EXIT_CODES.items()]
    return "\n".join(("| code | means |", "| --- | --- |", *rows))


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
