import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TARGETS = [
    "install",
    "test",
    "check",
    "bench",
    "chaos",
    "lint",
    "types",
    "imports",
    "fmt",
    "scenario",
    "demo",
    "web",
    "worker",
    "beat",
    "store",
    "up",
    "lock",
    "sbom",
    "audit",
    "release",
    "clean",
]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="no make here")


@pytest.fixture
def environ():
    """Our own, without what a make that runs these tests hands on.

    That is make's own variables, and those of the Makefile that were given to it.
    """
    given = ("ARGS", "KEEP", "PYTHON")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("MAKE", "MFLAGS")) and name not in given
    }


@pytest.fixture
def copy(tmp_path):
    """A tree of its own that has never been installed."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def make(copy, environ):
    def run(*words, **more):
        return subprocess.run(
            ["make", "--no-print-directory", *words],
            cwd=copy,
            env={**environ, **more},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def a_python(folder, script):
    """A stand-in for the machine's Python."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def installed(copy, *, made_in=None):
    """A stand-in for an installed .venv; its Python answers as the real one would."""
    programs = copy / ".venv" / "bin"
    programs.mkdir(parents=True)
    stamp = copy / ".venv" / ".locked"
    stamp.write_text(f"{made_in or copy.resolve()}\n")
    (copy / ".venv" / ".installed").touch()
    a_python(programs, f"cat {stamp}")


def test_make_alone_lists_every_target_and_does_nothing(make, copy):
    said = make()

    listed = [line.split()[1] for line in said.stdout.splitlines()]
    assert said.returncode == 0
    assert listed == ["help", *TARGETS]
    assert not (copy / ".venv").exists()


@pytest.mark.parametrize("target", sorted({*TARGETS} - {"up", "clean"}))
def test_a_target_that_needs_the_venv_makes_it_first(make, target):
    said = make("-n", target)

    assert "-m venv" in said.stdout
    assert "--require-hashes" in said.stdout
    assert "--no-deps --no-build-isolation -e ." in " ".join(
        said.stdout.replace("\\\n", " ").split()
    )


def test_what_is_installed_is_not_installed_again(make, copy):
    installed(copy)

    said = make("install")

    assert (said.stdout, said.returncode) == (
        "make: Nothing to be done for 'install'.\n",
        0,
    )


@pytest.mark.parametrize(
    ("name", "again"),
    [("requirements.lock", True), ("pyproject.toml", False)],
)
def test_what_changed_is_installed_again(make, copy, name, again):
    installed(copy)
    later = (copy / ".venv" / ".installed").stat().st_mtime + 10
    os.utime(copy / name, (later, later))

    said = make("-n", "install")

    assert ("-r requirements.lock" in said.stdout) is again
    assert "-e ." in said.stdout


def test_a_venv_that_was_moved_is_made_anew(make, copy):
    installed(copy, made_in="/somewhere/else")

    said = make("-n", "install")

    assert "-m venv --clear .venv" in said.stdout


def test_a_venv_whose_python_is_gone_is_made_anew(make, copy):
    installed(copy)
    (copy / ".venv" / "bin" / "python").unlink()

    said = make("-n", "install")

    assert "-m venv --clear .venv" in said.stdout


def test_too_old_a_python_is_refused_in_words(make, copy):
    old = a_python(copy, "exit 1")

    said = make("install", f"PYTHON={old}")

    assert said.returncode == 2
    assert "offboard needs Python 3.11 or newer" in said.stderr
    assert "make install PYTHON=python3.12" in said.stderr
    assert not (copy / ".venv").exists()


def test_a_python_without_ensurepip_is_refused_in_words(make, copy):
    bare = a_python(copy, 'case "$2" in *ensurepip*) exit 1;; esac')

    said = make("install", f"PYTHON={bare}")

    assert said.returncode == 2
    assert "apt-get install python3-venv" in said.stderr
    assert not (copy / ".venv").exists()


def test_pips_words_are_shown_only_when_it_fails(make, copy):
    python = a_python(
        copy, 'test "$2" != venv || { mkdir -p .venv/bin; cp pip .venv/bin/python; }'
    )
    pip = copy / "pip"
    pip.write_text("#!/bin/sh\necho a hash does not match\nexit 1\n")
    pip.chmod(0o755)

    said = make("install", f"PYTHON={python}")

    assert said.returncode == 2
    assert "a hash does not match" in said.stderr
    assert "hash" not in said.stdout
    assert not (copy / ".venv" / ".locked").exists()


def test_the_demo_gets_keep_through_the_environment(make, copy):
    installed(copy)
    a_python(
        copy / ".venv" / "bin",
        f'test "$1" = -c && cat {copy}/.venv/.locked || echo "$KEEP:$*"',
    )

    assert make("demo").stdout == ":-m simulator.demo\n"
    assert make("demo", "KEEP=1").stdout == "1:-m simulator.demo\n"


def test_check_is_lint_types_imports_and_tests(make, copy):
    installed(copy)

    said = make("-n", "check")

    assert said.stdout.splitlines() == [
        ".venv/bin/ruff check .",
        ".venv/bin/ruff format --check .",
        ".venv/bin/python -m mypy",
        ".venv/bin/lint-imports",
        "PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest"
        " -n 3 --dist loadscope tests/processes tests/simulator/test_demo.py &&"
        " PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest -n auto --dist worksteal"
        " --ignore=tests/processes --ignore=tests/simulator/test_demo.py",
    ]


def test_some_of_the_tests_are_run_by_the_words_given(make, copy):
    installed(copy)

    said = make("-n", "test", "ARGS=-k story")

    assert said.stdout.splitlines() == [
        "PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest -k story"
    ]


def test_clean_keeps_the_store_and_the_settings(make, copy):
    for name in ("var/store/appendonly.aof", ".venv/bin/python", "secrets/key"):
        (copy / name).parent.mkdir(parents=True)
        (copy / name).touch()
    for name in ("config/__pycache__", "service", "workers", "simulator", "tests"):
        (copy / name).mkdir(parents=True)
    (copy / ".env").touch()

    said = make("clean")

    assert said.returncode == 0, said.stderr
    assert (copy / "var/store/appendonly.aof").exists()
    assert (copy / "secrets/key").exists()
    assert (copy / ".env").exists()
    assert not (copy / ".venv").exists()
    assert not (copy / "config/__pycache__").exists()


def test_up_without_docker_says_what_does_without(make, copy, tmp_path):
    programs = tmp_path / "programs"
    programs.mkdir()
    docker = a_python(programs, "exit 1")
    docker.rename(programs / "docker")

    said = make("up", PATH=f"{programs}:{os.environ['PATH']}")

    assert said.returncode == 2
    assert ".venv/bin/offboard up runs all four" in said.stderr


def test_ci_runs_make_check_wherever_it_is_called_from(tmp_path, environ):
    (tmp_path / "tree" / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", tmp_path / "tree" / ".ci" / "run")
    (tmp_path / "tree" / "Makefile").write_text("check:\n\t@echo checked; exit 3\n")

    said = subprocess.run(
        ["bash", "tree/.ci/run"],
        cwd=tmp_path,
        # Named, so that none is looked for, let alone installed.
        env={**environ, "CHROMIUM": "chromium"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert "make check" in said.stdout
    assert "checked" in said.stdout
    assert said.returncode == 2


def test_ci_is_a_bash_script_that_stops_at_the_first_fault():
    path = ROOT / ".ci" / "run"
    lines = path.read_text(encoding="utf-8").splitlines()

    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines
    assert os.access(path, os.X_OK)
