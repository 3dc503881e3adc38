import runpy
from pathlib import Path

from service.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def made(text):
    return runpy.run_path(str(ROOT / "scripts" / "write_cli.py"))["page"](text)


def test_the_page_of_the_command_line_is_the_one_the_code_makes():
    assert made(PAGE) == PAGE, "PYTHONPATH=. .venv/bin/python scripts/write_cli.py"


def test_a_command_that_the_page_lacks_is_put_at_its_end():
    assert "### gate\n\n<!-- made: gate -->" in made("# Nothing\n")


def test_a_part_of_a_command_that_is_gone_is_seen():
    text = "<!-- made: sing -->\nold\n<!-- /made -->\n"

    assert made(text).startswith("There is no `sing` any more.")


def test_every_command_has_a_part():
    names = [
        name for name, one in main.commands.items() if not hasattr(one, "commands")
    ]

    assert all(f"<!-- made: {name} -->" in PAGE for name in names)
