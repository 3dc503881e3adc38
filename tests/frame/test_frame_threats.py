"""The threat model: every threat has its row, and every row its test or its reason."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/threat-model.md").read_text(encoding="utf-8")
TABLE = PAGE.split("## Threats\n", 1)[1]
ROWS = [
    [cell.strip() for cell in line.strip("| ").split(" | ")]
    for line in TABLE.splitlines()
    if line.startswith("| ") and not line.startswith(("| threat ", "| --- "))
]
PROOFS = [
    (row[0], path, name)
    for row in ROWS
    for path, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", row[-1])
]
# Whatever else is added; these may not go.
NAMED = [
    "forged leaver event",
    "replay",
    "stolen operator token",
    "malicious insider offboarding a colleague",
    "weak functional ID",
    "lost report",
    "poisoned user name in Slack",
    "poisoned user name in HTML",
    "poisoned user name in a CSV",
    "poisoned user name in a log",
    "poisoned user name in a mail header",
    "Redis read by others",
    "Redis written by others",
    "compromised notifier channel",
    "stolen approver token",
    "stolen source secret",
    "compromised web process",
    "compromised worker",
    "SSRF through payloads",
    "malicious proxy headers",
    "evidence tampering",
    "denial by flood",
    "restored old store",
    "supply chain",
    "leaked logs",
    "beat twice",
]


@pytest.mark.parametrize("threat", NAMED)
def test_every_threat_has_one_row(threat):
    assert [row[0] for row in ROWS].count(threat) == 1


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_row_names_a_test_or_says_why_there_is_none(row):
    assert len(row) == 4
    proofs = re.findall(r"`[^`]+::\w+`", row[3])
    assert proofs or row[3].startswith("accepted: ")
    if not proofs:
        assert row[1].startswith("accepted: ")


@pytest.mark.parametrize(("threat", "path", "name"), PROOFS)
def test_a_test_that_a_row_names_exists(threat, path, name):
    text = (ROOT / path).read_text(encoding="utf-8")

    assert re.search(rf"^def {name}\(", text, re.MULTILINE), threat


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_place_that_a_row_names_is_there(row):
    for place in re.findall(r"`([\w/.-]+)`", row[2]):
        assert (ROOT / place).exists(), place
