"""What runs: its parts, their licences, and the audit that must not pass blind."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements-run.lock").read_text(encoding="utf-8")
LOCKED = re.findall(r"(?m)^([a-z0-9._-]+)(?:\[[^]]*\])?==([^ ;]+)", LOCK)
ROWS = dict(
    re.findall(
        r"(?m)^\| `([^`]+)` \| ([^|]+) \|$",
        (ROOT / "docs/licences.md").read_text(encoding="utf-8"),
    )
)
TAKEN = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "PSF-2.0",
    "Unlicense",
}
# Used as it comes, and no part of ours is derived from it.
ALONE = {"certifi": "MPL-2.0"}


def parts_of(expression):
    return set(re.split(r" (?:AND|OR) ", expression))


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    place = tmp_path_factory.mktemp("sbom") / "deep" / "sbom.cdx.json"
    subprocess.run(
        [sys.executable, "scripts/write_sbom.py", str(place)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "."},
        check=True,
        timeout=120,
    )
    return place.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def sbom(written):
    return json.loads(written)


def test_the_list_of_parts_is_valid_cyclonedx(written):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(written) is None


def test_it_has_each_part_that_is_locked_with_its_sums_and_licence(sbom):
    parts = {one["bom-ref"]: one for one in sbom["components"]}
    locked = {f"pkg:pypi/{name}@{version}": name for name, version in LOCKED}

    assert set(parts) == {*locked, "file:htmx.min.js", "file:pico.min.css"}
    sums = 0
    for ref, name in locked.items():
        (place,) = parts[ref]["externalReferences"]
        assert place["url"] == ref
        assert parts[ref]["licenses"] == [{"expression": ROWS[name]}]
        sums += len(place["hashes"])
    assert sums == LOCK.count("--hash=sha256:")


def test_it_says_what_needs_what(sbom):
    needs = {one["ref"]: one["dependsOn"] for one in sbom["dependencies"]}
    by_name = {
        ref.split("/")[-1].split("@")[0]: [one.split("/")[-1] for one in below]
        for ref, below in needs.items()
    }

    assert any(one.startswith("flask@") for one in by_name["offboard"])
    assert any(one.startswith("vine@") for one in by_name["amqp"])
    reached, open_ends = set(), ["offboard"]
    while open_ends:
        ref = open_ends.pop()
        if ref not in reached:
            reached.add(ref)
            open_ends += needs[ref]
    assert {ref for ref in needs if ref not in reached} == set()


def test_it_says_nothing_of_the_machine_or_of_an_index_and_no_time(sbom, written):
    assert "timestamp" not in sbom["metadata"]
    assert "serialNumber" not in sbom
    assert str(ROOT) not in written
    addresses = re.findall(r"https?://[^\"]+", written)
    assert addresses == ["http://cyclonedx.org/schema/bom-1.6.schema.json"]


def test_each_part_has_a_licence_that_is_taken():
    assert set(ROWS) == {name for name, _ in LOCKED}
    for name, expression in ROWS.items():
        allowed = TAKEN | {ALONE.get(name)}
        assert parts_of(expression) <= allowed, name


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_licence_is_the_one_that_the_package_names(name):
    try:
        said = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        pytest.skip("not for this platform")
    expression = said.get("License-Expression")
    if expression:
        assert ROWS[name] == expression
        return
    words = " ".join(
        [said.get("License") or "", *(said.get_all("Classifier") or [])]
    ).lower()
    family = {"apache": "Apache", "bsd": "BSD", "mit": "MIT", "mozilla": "MPL"}
    families = {mine for word, mine in family.items() if re.search(rf"\b{word}", words)}
    mine = {one.split("-")[0] for one in parts_of(ROWS[name])}
    assert families & mine or "unlicense" in words, (words, mine)


def test_the_notice_names_the_files_of_others():
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    vendor = (ROOT / "service/pages/static/vendor/README.md").read_text("utf-8")

    for name, version in re.findall(r"\| `(\S+)` \|[^|]+\| ([0-9.]+) \|", vendor):
        assert name in notice
        assert version in notice


@pytest.mark.skipif(shutil.which("make") is None, reason="no make here")
def test_an_audit_that_could_look_nothing_up_is_no_pass(tmp_path):
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAKE", "MFLAGS")) and name != "ARGS"
    }
    nowhere = "http://127.0.0.1:9"
    proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), nowhere)
    # It keeps what it looked up once, and would pass on that.
    words = ["make", "-o", ".venv/.installed", "audit", f"ARGS=--cache-dir {tmp_path}"]

    done = subprocess.run(
        words,
        cwd=ROOT,
        env={**kept, **proxies, "NO_PROXY": "", "no_proxy": ""},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode != 0
    assert "Do not release" in done.stderr
