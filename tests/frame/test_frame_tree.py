"""What holds for the whole tree: its words, its licence, its version, its commands."""

import fnmatch
import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from service.cli import main

ROOT = Path(__file__).parents[2]

# In parts, so that this file does not hold what it forbids.
MACHINE_PATHS = [
    "/" + "work/",
    "/" + "root/",
    "/" + "home/",
    "/" + "opt/wheels",
    "/" + "opt/pypi",
]
REGISTRIES = [
    "pypi" + ".org",
    "python" + "hosted",
    "npmjs" + ".org",
    "npmjs" + ".com",
    "deb." + "debian",
    "proxy." + "golang",
    "--extra-" + "index-url",
    "file:" + "///",
]


def ignored():
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    return [".git", *(line.strip("/") for line in lines if line and line[0] != "#")]


def texts():
    """Every file of the tree that git would keep and that is text."""
    patterns = ignored()
    folders = [ROOT]
    for folder in folders:
        for path in sorted(folder.iterdir()):
            names = (path.name, path.relative_to(ROOT).as_posix())
            if any(fnmatch.fnmatch(one, each) for one in names for each in patterns):
                continue
            if path.is_dir():
                folders.append(path)
            elif b"\0" not in (raw := path.read_bytes()):
                yield path.relative_to(ROOT).as_posix(), raw.decode("utf-8")


def holding(words):
    return [
        f"{name}: {word}"
        for name, text in texts()
        for word in words
        if word.lower() in text.lower()
    ]


def test_the_walk_sees_the_tree():
    names = {name for name, _ in texts()}

    assert len(names) > 100
    assert {"Makefile", ".ci/run", "config/settings.py", "requirements.lock"} <= names
    assert not [name for name in names if name.startswith((".venv/", ".git/", "var/"))]


def test_no_file_knows_a_path_of_one_machine():
    assert holding(MACHINE_PATHS) == []


def test_no_file_names_the_address_of_a_package_registry():
    assert holding(REGISTRIES) == []


def test_no_file_has_the_marks_of_a_merge():
    marks = [word * 7 + " " for word in "<>"]

    assert holding(marks) == []


def test_the_licence_is_apache_2_in_its_file_and_in_the_package():
    words = (ROOT / "LICENSE").read_text(encoding="utf-8").split()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert words[:4] == ["Apache", "License", "Version", "2.0,"]
    assert len(words) > 1500
    assert project["license"] == "Apache-2.0"
    assert project["license-files"] == ["LICENSE"]


def test_the_version_is_said_once_and_printed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    said = subprocess.run(
        [sys.executable, "-m", "service.cli", "version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert said.stdout == f"{project['version']}\n"
    assert version("offboard") == project["version"]


def test_the_procfile_starts_what_the_command_line_has():
    lines = (ROOT / "Procfile").read_text(encoding="utf-8").splitlines()

    names = [
        re.fullmatch(r"([a-z]+): offboard ([a-z]+)", line).groups() for line in lines
    ]

    assert names == [(one, one) for one in ("web", "worker", "beat", "store")]
    assert [name for name, _ in names if name not in main.commands] == []


def test_the_changelog_begins_with_what_is_not_released():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    heads = [line for line in text.splitlines() if line.startswith("## ")]

    assert heads[0] == "## [Unreleased]"


@pytest.mark.parametrize("name", ["SECURITY.md", "CONTRIBUTING.md", "README.md"])
def test_the_papers_are_there(name):
    assert len((ROOT / name).read_text(encoding="utf-8")) > 500
