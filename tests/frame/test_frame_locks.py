import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ["requirements.lock", "requirements-run.lock"]
# One requirement: name==version, perhaps with a marker, then its hashes.
EXTRAS = r"(?:\[[a-z0-9,._-]+\])?"
REQUIREMENT = re.compile(rf"([a-z0-9][a-z0-9._-]*{EXTRAS})==([^\s;]+)( ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")


def read(name):
    """Every requirement with its marker and hashes; a line of another form fails."""
    found = {}
    key = None
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("#"):
            continue
        head = REQUIREMENT.fullmatch(line)
        if head:
            key = (head[1], head[2], head[3])
            found[key] = set()
        else:
            assert HASH.fullmatch(line), f"{name}: {line}"
            found[key].add(line.strip(" \\"))
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_requirement_has_a_version_and_hashes(name):
    found = read(name)

    assert len(found) > 30
    assert [key for key, hashes in found.items() if not hashes] == []


@pytest.mark.parametrize("name", LOCKS)
@pytest.mark.parametrize("word", ["http", "://", "--index-url", "--find-links", "@"])
def test_a_lock_holds_no_address(name, word):
    text = (ROOT / name).read_text(encoding="utf-8").lower()
    # A package's own name, such as httpx, is none.
    rest = re.sub(
        rf"(?m)^[a-z0-9._-]+{EXTRAS}==|^    # +(via )?[a-z0-9._ -]+$|^    #   .*$",
        "",
        text,
    )

    assert word not in rest


def test_a_requirement_asked_for_with_extras_is_locked_with_them():
    """Else pip takes the extra for another package, and wants a hash of its newest."""
    names = {name for name, _, _ in read("requirements.lock")}

    assert {"coverage[toml]", "fakeredis[lua]", "apispec[marshmallow]"} <= names


def test_what_runs_is_a_part_of_what_is_tested():
    run, everything = read("requirements-run.lock"), read("requirements.lock")

    # Where it is needed may differ: a tool may want on all systems what runs on one.
    tested = {
        (name, version): hashes for (name, version, _), hashes in everything.items()
    }
    missing = [key for key in run if run[key] != tested.get(key[:2])]

    assert missing == []
    assert len(run) < len(everything)


@pytest.mark.parametrize("name", ["pytest", "mypy", "ruff", "setuptools", "aiosmtpd"])
def test_what_only_tests_need_does_not_run(name):
    assert name in {key[0] for key in read("requirements.lock")}
    assert name not in {key[0] for key in read("requirements-run.lock")}
