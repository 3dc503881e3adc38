"""No secret stands in the tree; what looks like one was looked at."""

import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import find_secrets  # noqa: E402 - a script, and no package of ours

# In parts, so that this file holds nothing that it looks for.
PLANTED = {
    "IBM Cloud IAM Key": 'apikey = "' + "Yd7-kQ3s" * 5 + "Zx_9" + '"',
    "Slack Token": "token: " + "xoxb" + "-123456789012-abcdefghijklmnop",
    "Private Key": "-----BEGIN " + "PRIVATE KEY-----",
    "AWS Access Key": "AKIA" + "QYZ2ABCD3EFG4HIJ",
    "Basic Auth Credentials": "redis://" + "offboard:hunter2hunter2@example.com",
    "GitHub Token": "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5",
}


def test_what_stands_in_the_tree_was_looked_at():
    there = find_secrets.in_the_tree(find_secrets.tracked())

    assert len(there) >= 10
    assert find_secrets.new_in(there) == []


@pytest.mark.parametrize(("kind", "line"), PLANTED.items())
def test_a_planted_secret_is_found(tmp_path, monkeypatch, kind, line):
    monkeypatch.setattr(find_secrets, "ROOT", tmp_path)
    (tmp_path / "new.py").write_text(f"first = 1\n{line}\n", encoding="utf-8")

    found = find_secrets.new_in(find_secrets.in_the_tree(["new.py"]))

    assert (kind, 2) in [(one["type"], one["line_number"]) for one in found]


def test_what_is_known_in_one_file_is_not_known_in_another(tmp_path, monkeypatch):
    known = json.loads(find_secrets.BASELINE.read_text(encoding="utf-8"))["results"]
    name, (one, *_) = next(iter(known.items()))

    assert find_secrets.new_in([one]) == []
    assert find_secrets.new_in([{**one, "filename": "config/settings.py"}]) != []
    assert (ROOT / name).is_file()


def test_the_baseline_holds_digests_and_names_of_the_tree_alone():
    text = find_secrets.BASELINE.read_text(encoding="utf-8")
    results = json.loads(text)["results"]

    assert all(not Path(name).is_absolute() for name in results)
    for many in results.values():
        for one in many:
            assert re.fullmatch("[0-9a-f]{40}", one["hashed_secret"])
            assert "secret" not in one
