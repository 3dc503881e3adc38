"""The runbook and the guides: each notice, and no command that is not there."""

import re
import shlex
from pathlib import Path

import click
import pytest

from service.cli import main
from workers.offboarding.notice import _VERDICTS, NoticeKind

PAGE = Path(__file__).parents[2] / "docs" / "runbook.md"
TEXT = PAGE.read_text(encoding="utf-8")
DOCS = PAGE.parent
# Pages in the users' words: whoever follows one types what stands there.
TYPED = "\n".join(
    page.read_text(encoding="utf-8")
    for page in (PAGE, *sorted(DOCS.glob("guides/*.md")), DOCS / "quick-start.md")
)
IN_LINE = re.findall(r"`(offboard [^`]+)`", TYPED)
IN_CONSOLE = re.findall(r"^\$ (offboard [^#\n]+)", TYPED, re.MULTILINE)
COMMANDS = sorted({one.strip() for one in (*IN_LINE, *IN_CONSOLE)})


def found(words):
    """Walk down to a command; return it and what was typed behind its name."""
    command = main
    while isinstance(command, click.Group) and words:
        command = command.commands.get(words[0])
        words = words[1:]
    return command, words


@pytest.mark.parametrize("kind", NoticeKind)
def test_each_notice_is_explained_by_its_first_words(kind):
    assert f"\n| {_VERDICTS[kind]} |" in TEXT


@pytest.mark.parametrize("typed", COMMANDS)
def test_each_command_is_there_with_its_options(typed):
    command, rest = found(shlex.split(typed)[1:])

    assert isinstance(command, click.Command)
    assert not isinstance(command, click.Group)
    known = {
        name for one in command.params for name in (*one.opts, *one.secondary_opts)
    }
    assert {one for one in rest if one.startswith("-")} <= known
    required = {
        one.opts[-1]
        for one in command.params
        if isinstance(one, click.Option) and one.required
    }
    # Without any option it only names the command.
    assert not rest or required <= set(rest)


def test_there_are_commands_to_be_checked():
    assert len(COMMANDS) > 20
