import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ["config", "service", "workers", "simulator"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """What the image installs: built of a copy, so that the tree stays as it is."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree / name)
    for name in ROOMS:
        shutil.copytree(
            ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    build = "import setuptools.build_meta as b; print(b.build_wheel('.'))"
    made = subprocess.run(
        [sys.executable, "-c", build],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert made.returncode == 0, made.stderr
    with zipfile.ZipFile(tree / made.stdout.splitlines()[-1]) as archive:
        yield set(archive.namelist())


def test_the_wheel_has_every_file_of_every_room(wheel):
    files = {
        path.relative_to(ROOT).as_posix()
        for room in ROOMS
        for path in (ROOT / room).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert sorted(files - wheel) == []
    assert len(files) > 60


def test_the_wheel_has_the_licence_and_no_test(wheel):
    assert [name for name in wheel if name.endswith("licenses/LICENSE")]
    assert [name for name in wheel if name.startswith(("tests/", "build/"))] == []


def test_the_wheel_has_what_pages_are_made_of(wheel):
    made_of = [name for name in wheel if name.startswith("service/pages/")]

    assert {
        "service/pages/templates/layout.html",
        "service/pages/templates/case.html",
        "service/pages/templates/docs.html",
        "service/pages/static/style.css",
        "service/pages/static/page.js",
        "service/pages/static/vendor/htmx.min.js",
        "service/pages/static/vendor/htmx.LICENSE",
        "service/pages/static/vendor/pico.min.css",
        "service/pages/static/vendor/README.md",
    } <= set(made_of)
