import re
from dataclasses import fields
from pathlib import Path

import pytest

from config.settings import every_setting

ROOT = Path(__file__).parents[2]
ASSIGNMENT = re.compile(r"(#?)OFFBOARD_([A-Z0-9_]+)=(.*)")
SETTINGS = {each.name: each for each in every_setting()}


def read_example():
    """Each setting's name, the text of its default, and the comment above it."""
    found = []
    comment = []
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        match = ASSIGNMENT.fullmatch(line)
        if match:
            found.append((match[2].lower(), match[3], " ".join(comment)))
        is_comment = line.startswith("#") and not match
        comment = [*comment, line.lstrip("# ")] if is_comment else []
    return found


EXAMPLE = read_example()


def test_the_example_has_every_setting_in_the_order_of_the_code():
    assert [name for name, _, _ in EXAMPLE] == list(SETTINGS)


@pytest.mark.parametrize(("name", "text", "_comment"), EXAMPLE)
def test_the_value_in_the_example_is_the_default(name, text, _comment):
    setting = SETTINGS[name]

    read = setting.metadata["parse"](text) if text else None

    assert read == setting.default if text else not setting.default


@pytest.mark.parametrize(("name", "text", "comment"), EXAMPLE)
def test_the_comment_says_the_meaning_and_the_default(name, text, comment):
    meaning = SETTINGS[name].metadata["meaning"]

    assert meaning.lower() in comment.lower()
    assert f"Default: {text or 'none'}." in comment or "default:" in meaning


@pytest.mark.parametrize(("name", "_text", "comment"), EXAMPLE)
def test_the_comment_says_what_may_come_as_a_file_and_who_reads_it(
    name, _text, comment
):
    facts = SETTINGS[name].metadata

    assert (f"OFFBOARD_{name.upper()}_FILE" in comment) is facts["secret"]
    assert ("Only the worker reads it, and" in comment) is (facts["only"] == "worker")
    assert ("read again when it changes" in comment) is facts["rotates"]


@pytest.mark.parametrize(
    ("name", "heading"),
    [("accounts_file", "[[account]]"), ("identity_map_file", "[[person]]")],
)
def test_the_file_in_the_example_can_be_read(tmp_path, name, heading):
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    shown = text[text.index(heading) : text.index(f"OFFBOARD_{name.upper()}")]
    (tmp_path / "it.toml").write_text(shown.replace("\n#", "\n"))

    (found,) = SETTINGS[name].metadata["parse"](str(tmp_path / "it.toml"))

    said = [getattr(found, each.name) for each in fields(found)]
    assert [one for one in said if one in (None, (), "")] == []


def test_only_what_has_no_default_and_is_needed_waits_for_a_value():
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()

    assert [line for line in lines if line.startswith("OFFBOARD_")] == [
        "OFFBOARD_ACCOUNT_ID="
    ]
