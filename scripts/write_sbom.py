"""Write the parts of what runs as CycloneDX JSON: `make sbom`.

Read off the lock by cyclonedx-py, so that it is the same on every machine: no time, no
path, no address of an index. Beside it what that tool cannot know: the licences, from
docs/licences.md; which part needs which, from the lock's own remarks; and the files of
others that pages send.

    PYTHONPATH=. .venv/bin/python scripts/write_sbom.py dist/sbom.cdx.json
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
LOCK: Final = ROOT / "requirements-run.lock"
LICENCES: Final = ROOT / "docs" / "licences.md"
VENDOR: Final = ROOT / "service/pages/static/vendor/README.md"
_ROW: Final = re.compile(r"^\| `([^`]+)` \| ([^|]+) \|$", re.MULTILINE)
_FILE: Final = re.compile(
    r"^\| `([^`]+)` \| (\w+)[^|]* \| ([0-9.]+) \| ([^|,]+), [^|]* \| `(\w{64})` \|$",
    re.MULTILINE,
)
_LOCKED: Final = re.compile(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==([^ ;]+)")
_SPDX: Final = {"Zero-Clause BSD": "0BSD"}
_SELF: Final = "offboard"

Part = dict[str, Any]


def made() -> Part:
    """Return the whole list of parts."""
    found = _by_the_tool()
    parts: list[Part] = found["components"]
    licences = dict(_ROW.findall(LICENCES.read_text(encoding="utf-8")))
    for part in parts:
        _put_in_our_form(part, licences[part["name"]])
    root = found["metadata"]["component"]
    root["bom-ref"], root["version"] = _SELF, root["version"]
    root["licenses"] = [{"expression": "Apache-2.0"}]
    root.pop("externalReferences", None)
    for tool in found["metadata"]["tools"]["components"]:
        tool.pop("externalReferences", None)
    found["components"] = sorted([*parts, *_files()], key=lambda one: one["bom-ref"])
    found["dependencies"] = list(_needs(parts))
    return found


def _by_the_tool() -> Part:
    tool = Path(sys.executable).with_name("cyclonedx-py")
    words = ["requirements", LOCK.name, "--pyproject", "pyproject.toml"]
    how = ["--no-validate", "--output-reproducible", "--spec-version", "1.6"]
    said = subprocess.run(  # noqa: S603 - our own tool, on our own files
        [tool, *words, *how, "--output-format", "JSON", "--output-file", "-"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    found: Part = json.loads(said.stdout)
    return found


def _put_in_our_form(part: Part, licence: str) -> None:
    """Name a part by what it is and not by its line, its files by their sums alone."""
    part["bom-ref"] = part["purl"]
    part["licenses"] = [{"expression": licence.strip()}]
    part.pop("description", None)
    for place in part.get("externalReferences", ()):
        place["url"], place["comment"] = part["purl"], "the files that may be installed"


def _files() -> Iterator[Part]:
    for name, title, version, licence, digest in _FILE.findall(
        VENDOR.read_text(encoding="utf-8")
    ):
        yield {
            "bom-ref": f"file:{name}",
            "type": "library",
            "name": title,
            "version": version,
            "licenses": [{"expression": _SPDX.get(licence, licence)}],
            "hashes": [{"alg": "SHA-256", "content": digest}],
        }


def _needs(parts: list[Part]) -> Iterator[Part]:
    """Say which part needs which: the lock has it the other way round."""
    # One name may be there twice, for two Pythons.
    refs: dict[str, list[str]] = {_SELF: [_SELF]}
    for part in parts:
        refs.setdefault(part["name"], []).append(part["bom-ref"])
    needed: dict[str, set[str]] = {one: set() for many in refs.values() for one in many}
    ref = ""
    for line in LOCK.read_text(encoding="utf-8").splitlines():
        if found := _LOCKED.match(line):
            ref = f"pkg:pypi/{found[1]}@{found[2]}"
        by = re.sub(r"^ +# +(via )?", "", line) if line.lstrip().startswith("#") else ""
        for who in refs.get(re.split(r"[\[ ]", by)[0], ()):
            needed[who].add(ref)
    for ref, below in sorted(needed.items()):
        yield {"ref": ref, "dependsOn": sorted(below)}


if __name__ == "__main__":
    place = Path(sys.argv[1])
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(made(), indent=2, sort_keys=True) + "\n", "utf-8")
