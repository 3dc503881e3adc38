"""Tab, in a real bash where there is one, and the scripts of the other shells."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fake_api import CASE_ID, LOST, TOKEN, Says, a_case

from service.commands.completion import case_ids

BASH = shutil.which("bash")
CASES = ("GET", "/api/cases")


def pressed(url, *lines):
    """Return what a bash offers for the last word of each of *lines*."""
    press = (
        "COMP_WORDS=(offboard {words}); COMP_CWORD={many}; COMPREPLY=(); "
        "_offboard_completion offboard; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    )
    presses = "\n".join(
        press.format(words=" ".join(line), many=len(line)) for line in lines
    )
    script = f'eval "$(_OFFBOARD_COMPLETE=bash_source offboard)"\n{presses}'
    bin_folder = Path(sys.executable).parent
    done = subprocess.run(
        [BASH, "--norc", "-c", script],
        env={
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
            "OFFBOARD_URL": url,
            "OFFBOARD_TOKEN": TOKEN,
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout.split()


needs_bash = pytest.mark.skipif(BASH is None, reason="there is no bash here")


@needs_bash
def test_bash_completes_options_and_case_ids(api, until):
    others = a_case("open", id="01ZZZZZZZZZZZZZZZZZZZZZZZZ")
    api.script(CASES, Says({"cases": [a_case("open"), others], "next": None}))

    # Tab waits a second for the service and is silent then: who is late presses again.
    assert until(
        lambda: (
            pressed(api.url, ("run", "--e"), ("case", "show", "01kh"))
            == ["--effective-at", CASE_ID]
        )
    )


def offered(url, incomplete="", **env):
    environ = {"OFFBOARD_URL": url, "OFFBOARD_TOKEN": TOKEN, **env}
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environ.items():
            patched.setenv(name, value)
        return [one.value for one in case_ids(None, None, incomplete)]


def test_case_ids_are_offered_as_they_begin(api, monkeypatch):
    monkeypatch.setattr("service.commands.completion._TIMEOUT_SECONDS", (60, 60))
    api.script(CASES, Says({"cases": [a_case("open")], "next": None}))

    assert offered(api.url, "01kh") == [CASE_ID]
    assert offered(api.url, "02") == []


FAULTS = {
    "broken off": (LOST, {}),
    "another answer": (Says({"cases": 1}), {}),
    "a token unknown": (Says({}, 401), {}),
    "no token": (LOST, {"OFFBOARD_TOKEN": ""}),
    "settings that cannot be used": (LOST, {"OFFBOARD_URL": "nowhere"}),
}


@pytest.mark.parametrize(("says", "env"), FAULTS.values(), ids=FAULTS)
def test_a_service_that_gives_no_cases_is_silence(api, says, env):
    api.script(CASES, says)

    assert offered(api.url, **env) == []
    assert len(api.asked) <= 1


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_is_given_its_script(offboard, shell):
    done = offboard("completion", shell)

    assert done.exit_code == 0
    assert f"_OFFBOARD_COMPLETE={shell}_complete" in done.stdout


def test_another_shell_is_a_fault_of_usage(offboard):
    assert offboard("completion", "tcsh").exit_code == 2
