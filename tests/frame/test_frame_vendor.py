"""Files of others that we send: those that are written down, under a licence."""

import hashlib
import re
from pathlib import Path

import pytest

VENDOR = Path(__file__).parents[2] / "service/pages/static/vendor"
ROW = re.compile(
    r"^\| `([^`]+)` \| [^|]+ \| ([0-9.]+) \| [^|]*, `([^`]+)` \| `([0-9a-f]{64})` \|$",
    re.MULTILINE,
)
ROWS = ROW.findall((VENDOR / "README.md").read_text(encoding="utf-8"))


def test_every_file_is_written_down():
    licences = {licence for _, _, licence, _ in ROWS}
    there = {path.name for path in VENDOR.iterdir()}

    assert there == {name for name, *_ in ROWS} | licences | {"README.md"}
    assert len(ROWS) == 2


@pytest.mark.parametrize(("name", "version", "licence", "digest"), ROWS)
def test_a_file_is_the_one_that_was_taken(name, version, licence, digest):
    raw = (VENDOR / name).read_bytes()

    assert hashlib.sha256(raw).hexdigest() == digest
    assert version in raw.decode("utf-8")
    assert len((VENDOR / licence).read_text(encoding="utf-8")) > 500


@pytest.mark.parametrize("name", [name for name, *_ in ROWS])
def test_a_file_asks_no_other_host(name):
    text = (VENDOR / name).read_text(encoding="utf-8")

    assert re.findall(r"url\(\s*[\"']?(?:https?:)?//", text) == []
    assert "sourceMappingURL" not in text
