"""What all commands share: help, exit codes, faults, JSON, a reader that goes."""

import json
import shutil
import socket
import subprocess
import sys

import click
import pytest
from fake_api import (
    CASE_ID,
    SHOW,
    TOKEN,
    USER,
    Says,
    a_case,
    a_gate,
    a_note,
    a_problem,
    a_target,
    a_verified,
)

from service.cli import LATER, main
from service.commands.waiting import Pace

CASES = ("GET", "/api/cases")
GATE = ("GET", "/api/gate/dana.lee%40example.com")


def every_command(group=main, path=("offboard",)):
    yield path, group
    if isinstance(group, click.Group):
        for name, one in group.commands.items():
            yield from every_command(one, (*path, name))


EVERY = {" ".join(path): one for path, one in every_command()}


def test_the_help_fits_a_terminal_and_cuts_no_sentence(offboard):
    text = offboard("--help").stdout

    assert max(len(line) for line in text.splitlines()) <= 80
    assert "..." not in text.replace("[ARGS]...", "")


def test_the_help_groups_every_command(offboard):
    lines = offboard("--help").stdout.splitlines()

    titles = [one for one in lines if one.endswith(":") and not one.startswith(" ")]
    named = {one.split()[0] for one in lines if one.startswith("  ") and one.strip()}
    assert titles == [
        *("Options:", "Look:", "Act:", "Decide:", "Prove:", "Set up:", "Run:"),
    ]
    assert set(main.commands) <= named


def test_the_help_ends_with_every_exit_code(offboard):
    tail = offboard("--help").stdout.partition("Exit codes:\n")[2]

    codes = [int(line.split()[0]) for line in tail.splitlines()]
    assert codes == [0, 1, 2, 3, 4, 5, 6, 7, 130]


@pytest.mark.parametrize("name", EVERY)
def test_every_command_and_option_says_what_it_is_for(name):
    command = EVERY[name]

    assert command.help
    assert command.help.partition("\n\n")[0].rstrip().endswith(".")
    for one in command.params:
        if isinstance(one, click.Option):
            assert one.help, one.name


def test_the_version_is_printed_by_both_ways(offboard):
    assert offboard("--version").stdout == offboard("version").stdout


FAULTS = {
    "no such case": (a_problem(404, "There is no such case.", title="x"), 2, "invalid"),
    "refused": (a_problem(409, "It is too late."), 4, "refused"),
    "a token unknown": (a_problem(401, "No."), 5, "denied"),
    "a role too small": (a_problem(403, "Needs operator."), 5, "denied"),
    "the store away": (a_problem(503, "The store is away."), 6, "unreachable"),
    "a fault of ours": (a_problem(418, "A teapot."), 1, "ours"),
}


@pytest.mark.parametrize(("says", "code", "kind"), FAULTS.values(), ids=FAULTS)
def test_with_json_a_fault_is_an_object_too(api, offboard, says, code, kind):
    api.script(SHOW, says)

    done = offboard("case", "show", CASE_ID, "-o", "json")

    body = json.loads(done.stdout)
    assert done.exit_code == code
    assert list(body) == ["schema", "error"]
    assert (body["error"]["exit"], body["error"]["kind"]) == (code, kind)
    assert body["error"]["lines"] == done.stderr.splitlines()


def test_without_json_a_fault_leaves_stdout_empty(api, offboard):
    api.script(SHOW, a_problem(409, "It is too late."))

    done = offboard("case", "show", CASE_ID)

    assert (done.stdout, done.stderr) == ("", "It is too late.\n")


def test_faults_of_the_settings_are_an_object_with_every_line(offboard):
    env = {"OFFBOARD_URL": "nowhere", "OFFBOARD_ULR": "x"}

    done = offboard("case", "list", "-o", "json", env=env)

    error = json.loads(done.stdout)["error"]
    assert (done.exit_code, error["kind"]) == (5, "settings")
    assert [one.split(":")[0] for one in error["lines"]] == [
        "OFFBOARD_URL",
        "OFFBOARD_ULR",
    ]


def test_what_was_typed_wrong_is_told_on_stderr_alone(offboard):
    done = offboard("case", "show", "-o", "json")

    assert (done.exit_code, done.stdout) == (2, "")
    assert "Missing argument" in done.stderr


def test_a_service_that_is_away_is_told_in_json(offboard):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = offboard("gate", USER, "-o", "json", env={"OFFBOARD_URL": url})

    assert done.exit_code == 6
    assert json.loads(done.stdout)["error"]["kind"] == "unreachable"


def test_results_say_their_version_first(api, offboard):
    api.script(SHOW, Says(a_case("open")))

    body = json.loads(offboard("case", "show", CASE_ID, "-o", "json").stdout)

    assert next(iter(body.items())) == ("schema", 1)
    assert body["id"] == CASE_ID


def test_quiet_says_nothing_on_the_way(api, offboard):
    api.opens(a_case("open"), a_case("settled", "safe", a_verified()))

    loud = offboard("run", USER)
    api.opens(a_case("open"), a_case("settled", "safe", a_verified()))
    quiet = offboard("run", USER, "--quiet")

    assert "Case" in loud.stderr
    assert quiet.stderr == ""
    assert quiet.stdout == loud.stdout


def test_quiet_tells_faults_all_the_same(api, offboard):
    api.script(SHOW, a_problem(409, "It is too late."))

    assert offboard("case", "show", CASE_ID, "-q").stderr == "It is too late.\n"


def test_a_service_that_comes_back_is_followed_on(api, offboard):
    away = a_problem(503, "The store is away.")
    end = Says(a_case("settled", "safe", a_verified()))
    api.script(SHOW, Says(a_case("open")), *[away] * 4, end)

    patient = Pace(poll_seconds=0.01, patience_seconds=20, pauses=(0.01, 0.01))
    words = ("case", "show", CASE_ID, "--watch", "-o", "json")
    done = offboard(*words, pace=patient)

    assert done.exit_code == 0
    assert "The service does not answer; it is asked again" in done.stderr
    assert "The service answers again." in done.stderr


def test_one_that_stays_away_ends_with_how_to_look_again(api, offboard):
    api.script(SHOW, Says(a_case("open")), a_problem(503, "The store is away."))

    done = offboard("case", "show", CASE_ID, "--watch")

    assert done.exit_code == 6
    assert "The case goes on without you. To look at it again:" in done.stderr
    assert f"offboard case show {CASE_ID} --watch" in done.stderr.splitlines()


SETTLES = (("Offboard-Settles-At", "2999-02-16T10:32:11.000Z"),)
FOLLOW_UP = {"kind": "refresh_master", "text": "Do it.", "done_at": None}


def test_a_case_that_settles_in_says_until_when(api, offboard):
    case = a_case("settled", "safe", a_verified())
    api.script(SHOW, Says(case, headers=SETTLES))

    done = offboard("case", "show", CASE_ID)

    assert "Fully safe at 2999-02-16 10:32Z: until then" in done.stdout


def test_and_what_is_to_be_done_until_it_is_fully_safe(api, offboard):
    case = a_case("settled", "safe", a_verified(follow_ups=[FOLLOW_UP]))
    api.script(SHOW, Says(case, headers=SETTLES))

    done = offboard("case", "show", CASE_ID)

    said = "Fully safe when 1 follow-up below is done, and not before 2999-02-16 10:32Z"
    assert said in done.stdout


def test_a_moment_that_is_over_and_a_service_that_names_none_are_no_promise(
    api, offboard
):
    case = a_case("settled", "safe", a_verified())
    over = (("Offboard-Settles-At", "2026-02-16T10:32:11.000Z"),)
    texts = []
    for headers in (over, (), (("Offboard-Settles-At", "soon"),)):
        api.script(SHOW, Says(case, headers=headers))
        texts.append(offboard("case", "show", CASE_ID).stdout)

    assert all("Fully safe when clusters have picked" in one for one in texts)


def test_a_dry_run_settles_nothing(api, offboard):
    api.script(SHOW, Says(a_case("settled", "planned", a_target())))

    assert "Fully safe" not in offboard("case", "show", CASE_ID).stdout


def piped(api, words, reader):
    line = f"{sys.executable} -m service.cli {words} | {reader}"
    return subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", line],
        env={"PATH": "/usr/bin:/bin", "OFFBOARD_URL": api.url, "OFFBOARD_TOKEN": TOKEN},
        capture_output=True,
        check=False,
        timeout=30,
    )


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(
    ("reader", "output"), [("true", "table"), ("head -n 1", "json")]
)
def test_a_reader_that_goes_changes_no_exit_code_and_is_no_fault(api, reader, output):
    many = [a_note("owns_targets", f"They own {n}. " + "x" * 500) for n in range(400)]
    api.script(GATE, Says(a_gate(*many)))

    done = piped(api, f"gate {USER} -o {output}", reader)

    assert (done.returncode, done.stderr) == (4, b"")


@pytest.mark.parametrize("name", list(LATER))
def test_the_help_says_of_a_command_what_the_command_says_of_itself(name):
    own = main.commands[name].get_short_help_str(limit=64)

    assert LATER[name].said == own


NOT_FOR_HELP = {
    *("celery", "config", "cryptography", "flask", "httpx", "ibm_cloud_sdk_core"),
    *("marshmallow", "msgspec", "pydantic", "redis", "requests", "rich", "structlog"),
    *("urllib3", "workers"),
}


def loaded_by(*words):
    text = (
        "import atexit, sys; "
        "atexit.register(lambda: print('\\n', *sys.modules, file=sys.stderr)); "
        "from service.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", text, *words], capture_output=True, text=True, check=True
    )
    names = done.stderr.split()
    assert "service.cli" in names
    return {one.split(".")[0] for one in names} | set(names)


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("version",)])
def test_help_and_version_load_no_command_and_no_library(words):
    found = loaded_by(*words)

    assert found & NOT_FOR_HELP == set()
    assert "service.commands.gate" not in found


def test_a_command_loads_no_other_and_no_server():
    found = loaded_by("gate", "--help")

    assert (
        found & {"celery", "flask", "redis", "gunicorn", "ibm_cloud_sdk_core"} == set()
    )
    assert found & {"service.commands.run", "service.commands.evidence"} == set()
