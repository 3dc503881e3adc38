import runpy
from pathlib import Path

from workers.offboarding.errors import Reason
from workers.offboarding.heard import Unreadable
from workers.offboarding.reasons import REASONS
from workers.offboarding.unreadable import UNREADABLE

ROOT = Path(__file__).parents[2]


def test_every_reason_has_its_words():
    assert set(REASONS) == set(Reason)
    assert set(UNREADABLE) == set(Unreadable)


def test_the_page_of_reasons_is_the_one_the_code_makes():
    made = runpy.run_path(str(ROOT / "scripts" / "write_reasons.py"))["page"]()

    assert (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8") == made


def test_the_page_of_reasons_names_each_once():
    lines = (ROOT / "docs" / "reasons.md").read_text(encoding="utf-8").splitlines()

    named = [line.split("`")[1] for line in lines if line.startswith("### `")]

    assert sorted(named) == sorted(str(one) for one in (*Reason, *Unreadable))
