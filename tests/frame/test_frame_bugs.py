"""The deliberate bugs of ``scripts/break_rules.py`` still fit the code they break."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "break_rules.py"))


@pytest.mark.parametrize("bug", SCRIPT["BUGS"], ids=lambda bug: bug.name)
def test_a_deliberate_bug_can_be_put_in_and_its_tests_are_there(bug):
    text = SCRIPT["broken"](bug)

    assert text != (ROOT / bug.file).read_text(encoding="utf-8")
    if bug.file.endswith(".py"):
        compile(text, bug.file, "exec")
    assert [one for one in bug.tests if not (ROOT / one.split("::")[0]).exists()] == []
