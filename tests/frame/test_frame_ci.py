"""What CI runs before `make check`: it gets what tests need, or says that it cannot."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / ".ci/run"
TOOLS = ("bash", "dirname", "grep", "mktemp", "tail", "timeout", "sh", "env", "cat")


@pytest.fixture
def machine(tmp_path):
    """A machine that has these commands and no other, each with what it does."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for tool in TOOLS:
        (bin_folder / tool).symlink_to(shutil.which(tool))

    def run(policy="exit 101", **commands):
        for name, does in {
            "python3": "echo 3",
            "make": "echo checked",
            "policy-rc.d": policy,
            **commands,
        }.items():
            path = bin_folder / name.replace("_", "-")
            path.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        env = {
            "PATH": str(bin_folder),
            "TMPDIR": str(tmp_path),
            "POLICY": str(bin_folder / "policy-rc.d"),
        }
        done = subprocess.run(
            ["bash", str(RUN)],
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.endswith("checked\n")
        return done.stdout

    return run


def is_ubuntu():
    return "ID=ubuntu\n" in Path("/etc/os-release").read_text(encoding="utf-8")


def test_what_is_there_is_taken(machine):
    said = machine(
        chromium="true",
        rabbitmq_server="true",
        id="echo 0",
        apt_get="echo installed",
    )

    assert "Chromium" not in said
    assert "RabbitMQ" not in said
    assert "skipped" not in said


def test_without_root_it_says_that_the_tests_are_skipped(machine):
    said = machine(id="echo 1000", apt_get="exit 9")

    assert "no apt-get as root" in said
    assert "The tests of pages in a browser are skipped." in said
    assert "The tests of RabbitMQ as the broker are skipped." in said


def test_without_apt_get_it_says_so_and_goes_on(machine):
    assert "no apt-get as root" in machine(id="echo 0")


@pytest.mark.skipif(is_ubuntu(), reason="Ubuntu has Chromium as a snap only")
def test_as_root_the_package_is_installed(machine):
    said = machine(id="echo 0", apt_get="exit 0")

    assert "Chromium: installing the distribution's package" in said
    assert "RabbitMQ: installing the distribution's package" in said
    assert "skipped" not in said


@pytest.mark.parametrize("policy", ["exit 0", "exit 104"])
def test_no_server_is_installed_that_would_start_on_this_machine(machine, policy):
    said = machine(id="echo 0", apt_get="exit 0", policy=policy)

    assert "its package would start a server" in said
    assert "The tests of RabbitMQ as the broker are skipped." in said


@pytest.mark.skipif(is_ubuntu(), reason="Ubuntu has Chromium as a snap only")
def test_a_package_that_cannot_be_installed_stops_nothing(machine):
    said = machine(id="echo 0", apt_get="echo E: no such package; exit 100")

    assert "it could not be installed:\nE: no such package\n" in said
    assert "skipped" in said


def test_it_can_be_run():
    assert os.access(RUN, os.X_OK)
