"""The page of settings: the one that the code makes."""

import re
import runpy
from pathlib import Path

from config.settings import every_setting

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")


def test_the_page_of_settings_is_the_one_the_code_makes():
    made = runpy.run_path(str(ROOT / "scripts" / "write_settings.py"))["page"]()

    assert made == TEXT


def test_the_page_of_settings_has_each_once():
    named = re.findall(r"^\| `OFFBOARD_([A-Z0-9_]+)`", TEXT, re.MULTILINE)

    assert sorted(named) == sorted(one.name.upper() for one in every_setting())
