"""What is kept: the table of keys has every key that the code writes, no other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/retention.md").read_text(encoding="utf-8")
TABLE = PAGE.split("## Every key of the store\n", 1)[1]
WORDS = [
    word
    for line in TABLE.splitlines()
    if line.startswith("| `")
    for word in re.findall(r"`([a-z_]+)`", line.split(" | ")[0])
]


def written():
    """The first words of all keys, and one file that has each."""
    found = {}
    for path in sorted((ROOT / "workers").rglob("*")):
        if path.suffix not in (".py", ".lua"):
            continue
        text = path.read_text(encoding="utf-8")
        for word in re.findall(
            r"\{PREFIX\}([a-z_]+)|\bP \.\. ['\"]([a-z_]+)|PREFIX \+ \"([a-z_]+)", text
        ):
            found["".join(word)] = path.name
    # These name theirs first.
    return found | {"blind_spots": "blind_spots.py"}


def test_every_key_of_the_code_stands_in_the_table():
    found = written()

    assert len(found) > 50
    assert {word: name for word, name in found.items() if word not in WORDS} == {}


def test_every_key_of_the_table_is_one_of_the_code_and_stands_there_once():
    found = written()

    assert sorted(WORDS) == sorted(set(WORDS))
    assert [word for word in WORDS if word not in found] == []
