"""Find secrets that stand in the tree: what is not in the baseline is one.

    PYTHONPATH=. .venv/bin/python scripts/find_secrets.py [--write]

The detectors of detect-secrets that know a secret by its form: IBM Cloud's keys, Slack,
private keys, passwords in addresses and many more. Those that guess by entropy or by a
field's name are left out: in a tree that is full of digests and made-up secrets they
would be switched off by whoever commits next. Each knows unbroken texts alone, so only
lines with a long one, a private key's head or a password in an address are given to it.

``--write`` takes what is there now into the baseline: look at each first.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.core.scan import scan_line
from detect_secrets.settings import transient_settings

ROOT: Final = Path(__file__).resolve().parent.parent
BASELINE: Final = ROOT / ".secrets.baseline"
_GUESSING: Final = {
    "Base64HighEntropyString",
    "HexHighEntropyString",
    "KeywordDetector",
    "IPPublicDetector",
}
# Sums, and files of others whose own sums are compared.
_LEFT_OUT: Final = ("requirements", "service/pages/static/vendor/", "docs/images/")
_SUSPECT: Final = re.compile(
    r"[A-Za-z0-9_+/=.-]{20,}|xox|PRIVATE KEY|://[^/\s]*@", re.IGNORECASE
)

Found = dict[str, Any]


def found_in(name: str, text: str) -> Iterator[Found]:
    """Find what stands in one file, by digest and kind; never the secret itself."""
    for number, line in enumerate(text.splitlines(), start=1):
        if _SUSPECT.search(line):
            for one in scan_line(line):
                yield _said(one, name, number)


def in_the_tree(names: Iterable[str]) -> list[Found]:
    """Find what stands in these files, in the order of their names."""
    with transient_settings({"plugins_used": _detectors()}):
        return [
            one
            for name in sorted(names)
            if not name.startswith(_LEFT_OUT)
            for one in found_in(name, _text(ROOT / name))
        ]


def new_in(found: Iterable[Found]) -> list[Found]:
    """Leave out what the baseline has, wherever in its file it stands by now."""
    results = json.loads(BASELINE.read_text(encoding="utf-8"))["results"]
    known = {_key(one) for many in results.values() for one in many}
    return [one for one in found if _key(one) not in known]


def tracked() -> list[str]:
    """Name the files that git keeps or would keep."""
    # A clone may belong to another user than the one who tests it.
    words = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others"]
    words.append("--exclude-standard")
    listed = subprocess.run(  # noqa: S603 - fixed words
        words, cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [one for one in listed.stdout.splitlines() if (ROOT / one).is_file()]


def _said(one: PotentialSecret, name: str, number: int) -> Found:
    return {
        "type": one.type,
        "filename": name,
        "hashed_secret": one.secret_hash,
        "is_verified": False,
        "line_number": number,
    }


def _key(one: Found) -> tuple[str, str, str]:
    return one["filename"], one["type"], one["hashed_secret"]


def _text(path: Path) -> str:
    raw = path.read_bytes()
    return "" if b"\0" in raw else raw.decode("utf-8", "replace")


def _detectors() -> list[dict[str, str]]:
    names = [one.__name__ for one in get_mapping_from_secret_type_to_class().values()]
    return [{"name": one} for one in sorted(names) if one not in _GUESSING]


def _write(found: list[Found]) -> None:
    results: dict[str, list[Found]] = {}
    for one in found:
        results.setdefault(one["filename"], []).append(one)
    body = {"version": "1.5.0", "plugins_used": _detectors(), "results": results}
    BASELINE.write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    there = in_the_tree(tracked())
    if "--write" in sys.argv:
        _write(there)
    else:
        for each in (new := new_in(there)):
            words = f"{each['filename']}:{each['line_number']}: {each['type']}"
            sys.stderr.write(f"{words}\n")
        sys.exit(1 if new else 0)
