"""The command line as a process: with a terminal, without one, and interrupted."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest
from fake_api import (
    CASE_ID,
    OPEN_A_CASE,
    SHOW,
    TOKEN,
    USER,
    Says,
    a_case,
    a_note,
    a_plan,
    a_target,
    a_verified,
    an_unread,
    result_in,
)

QUESTION = f"Type {USER} to apply this, anything else to leave it: "


class Typing:
    """One run of the command with its stdin and stderr on a terminal."""

    def __init__(self, url, words, *, stdout_is_terminal=False, **environ):
        self._master, slave = pty.openpty()
        stdout = slave if stdout_is_terminal else subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", *words],
            stdin=slave,
            stdout=stdout,
            stderr=slave,
            env=environment(url, TERM="xterm-256color", COLUMNS="60", **environ),
            # A runner in the background may have left us SIGINT ignored, which a
            # person's shell never does.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        os.close(slave)
        self.screen = ""

    def read_until(self, text):
        deadline = time.monotonic() + 120
        while text not in self.screen:
            assert time.monotonic() < deadline, self.screen
            if not self._read():
                raise AssertionError(f"ended before {text!r}: {self.screen}")

    def type(self, text):
        os.write(self._master, text.encode())

    def ended(self):
        while self._read():
            pass
        stdout = self.process.stdout.read().decode() if self.process.stdout else ""
        return self.process.wait(20), stdout

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(5)
        if self.process.stdout:
            self.process.stdout.close()
        os.close(self._master)

    def _read(self):
        ready, _, _ = select.select([self._master], [], [], 20)
        assert ready, self.screen
        try:
            chunk = os.read(self._master, 4096)
        except OSError:
            # The other end was closed, as Linux says it.
            return False
        self.screen += chunk.decode().replace("\r\n", "\n")
        return bool(chunk)


def environment(url, **more):
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("OFFBOARD_") and name != "NO_COLOR"
    }
    return {**kept, "OFFBOARD_URL": url, "OFFBOARD_TOKEN": TOKEN, **more}


@pytest.fixture
def typing(api):
    begun = []

    def begin(*words, **how):
        begun.append(Typing(api.url, words, **how))
        return begun[-1]

    yield begin
    for one in begun:
        one.close()


def dry_runs(api):
    return [one.body["dry_run"] for one in api.calls(*OPEN_A_CASE)]


def plan_then(api, *cases):
    api.opens(a_case("settled", "planned", a_target()), *cases)


def test_applying_shows_the_plan_first_and_goes_on_when_the_user_is_typed(api, typing):
    plan_then(api, a_case("settled", "safe", a_verified()))
    run = typing("run", USER, "--apply", "-o", "json")

    run.read_until(QUESTION)
    asked_before = dry_runs(api)
    run.type(f"{USER}\n")
    code, stdout = run.ended()

    assert code == 0
    assert "1 cluster API key would be reset" in run.screen
    assert "payments" in run.screen.split(QUESTION)[0]
    assert asked_before == [True]
    assert dry_runs(api) == [True, False]
    assert result_in(stdout)["result"] == "safe"


@pytest.mark.parametrize("typed", ["\n", "yes\n", "dana\n", "\x04"])
def test_anything_else_typed_applies_nothing(api, typing, typed):
    plan_then(api)
    run = typing("run", USER, "--apply")

    run.read_until(QUESTION)
    run.type(typed)
    code, stdout = run.ended()

    assert code == 4
    assert stdout == ""
    assert "Nothing was applied." in run.screen
    assert dry_runs(api) == [True]


ADOPT = ("POST", "/api/adoptions")


@pytest.mark.parametrize(
    ("words", "to_type"), [((), "acc1"), (("--from", USER), USER)], ids=["all", "one"]
)
def test_an_adoption_is_agreed_to_by_the_name_of_what_it_is_about(
    api, typing, words, to_type
):
    adoption = {"kind": "adoption", "leaver": None}
    api.script(ADOPT, Says({"case": a_case("open", **adoption)}, 202))
    api.script(
        SHOW,
        Says(a_case("settled", "planned", a_target(), **adoption)),
        Says(a_case("settled", "safe", a_verified(), **adoption)),
    )
    run = typing("adopt", "--account", "acc1", *words, "--apply")

    run.read_until(f"Type {to_type} to apply this, anything else to leave it: ")
    asked_before = [one.body["dry_run"] for one in api.calls(*ADOPT)]
    run.type(f"{to_type}\n")
    code, _ = run.ended()

    assert code == 0
    assert asked_before == [True]
    assert [one.body["dry_run"] for one in api.calls(*ADOPT)] == [True, False]


def test_a_plan_that_cannot_see_everything_says_so_before_the_question(api, typing):
    api.opens(a_case("settled", "planned", a_target(), an_unread()))
    run = typing("run", USER, "--apply", NO_COLOR="1")

    run.read_until(QUESTION)

    assert "Not seen\n- eu-de, resource group payments" in run.screen


def test_a_service_that_is_not_armed_is_not_asked_to_apply(api, typing):
    not_armed = [a_note("not_armed", "The service is not armed.")]
    api.opens(a_case("settled", "planned", a_target(), warnings=not_armed))
    run = typing("run", USER, "--apply", "-o", "json")

    code, stdout = run.ended()

    assert code == 4
    assert result_in(stdout)["warnings"] == not_armed
    assert QUESTION not in run.screen
    assert dry_runs(api) == [True]


def test_a_dry_run_that_takes_too_long_is_not_asked_about(api, typing):
    api.opens(a_case("open"))
    run = typing("run", USER, "--apply", "--timeout", "0.1")

    code, _ = run.ended()

    assert code == 7
    assert dry_runs(api) == [True]


def test_yes_asks_nothing_in_a_terminal_either(api, typing):
    api.opens(a_case("settled", "safe", a_verified()))
    run = typing("run", USER, "--apply", "--yes")

    code, _ = run.ended()

    assert code == 0
    assert dry_runs(api) == [False]


def test_an_interrupt_at_the_question_ends_with_130_and_applies_nothing(api, typing):
    plan_then(api)
    run = typing("run", USER, "--apply")

    run.read_until(QUESTION)
    run.process.send_signal(signal.SIGINT)
    code, _ = run.ended()

    assert code == 130
    assert dry_runs(api) == [True]


def test_an_interrupt_while_waiting_says_where_the_case_can_be_seen(api, typing):
    api.opens(a_case("open"))
    run = typing("run", USER, "--apply", "--yes")

    run.read_until("armed): open")
    run.process.send_signal(signal.SIGINT)
    code, _ = run.ended()

    assert code == 130
    assert f"offboard case show {CASE_ID} --watch\n" in run.screen
    assert "Traceback" not in run.screen


def test_a_terminal_has_one_line_that_says_how_far_it_is(api, typing):
    under_way = a_case("open", None, a_verified(), a_target("eu-de", outcome=None))
    api.script(SHOW, Says(a_case("open")), *[Says(under_way)] * 2, Says(held()))
    run = typing("case", "show", CASE_ID, "--watch")

    run.read_until("Looking for what they own, 0:0")
    run.read_until("1 of 2 targets done, 0:")
    run.read_until("Held (paused); 0 of 0 targets done, 0:")

    assert "min so far" in run.screen


def test_no_color_has_the_plain_lines_alone(api, typing):
    api.script(SHOW, Says(held()))
    run = typing("case", "show", CASE_ID, "--watch", NO_COLOR="1")

    run.read_until(": waiting\n")

    assert "\x1b" not in run.screen
    assert "min so far" not in run.screen


def held():
    return a_case("waiting", plan=a_plan(a_note("paused")))


def test_an_interrupt_while_watching_ends_with_130(api, typing):
    api.script(SHOW, Says(a_case("waiting", plan=a_plan(a_note("paused")))))
    run = typing("case", "show", CASE_ID, "--watch")

    run.read_until("waiting")
    run.process.send_signal(signal.SIGINT)
    code, _ = run.ended()

    assert code == 130
    assert "The case goes on without you." in run.screen
    assert f"offboard case show {CASE_ID} --watch\n" in run.screen
    assert "Traceback" not in run.screen


def a_long_case():
    command = "ibmcloud ks " + " ".join(f"--option-{n} value" for n in range(40))
    advice = {"text": "Mend it.", "who": "somebody", "command": command}
    return a_case("settled", "attention", an_unread(advice=advice)), command


def test_a_narrow_terminal_has_colours_and_whole_commands(api, typing):
    case, command = a_long_case()
    api.script(SHOW, Says(case))
    run = typing("case", "show", CASE_ID, stdout_is_terminal=True)

    run.ended()

    assert "\x1b[" in run.screen
    assert command in re.sub(r"\x1b\[[0-9;]*m", "", run.screen).splitlines()


def test_no_color_is_plain_in_a_terminal_too(api, typing):
    case, command = a_long_case()
    api.script(SHOW, Says(case))
    run = typing("case", "show", CASE_ID, stdout_is_terminal=True, NO_COLOR="1")

    run.ended()

    assert "\x1b" not in run.screen
    assert command in run.screen.splitlines()


def test_without_a_terminal_it_is_plain_and_no_row_is_broken(api):
    case, command = a_long_case()
    api.script(SHOW, Says(case))

    done = subprocess.run(
        [sys.executable, "-m", "service.cli", "case", "show", CASE_ID],
        env=environment(api.url, COLUMNS="20", FORCE_COLOR="1"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=120,
    )

    lines = done.stdout.decode().splitlines()
    (row,) = [one for one in lines if one.startswith("eu-de ")]
    assert b"\x1b" not in done.stdout
    assert command in lines
    assert row.split() == [
        "eu-de",
        "payments",
        "pay-1",
        *["not", "seen"] * 2,
        "no_role",
    ]


def test_a_terminal_that_lacks_the_signs_does_not_end_the_command(api):
    case = a_case("settled", "attention", an_unread(), a_target(group="bücher-東"))
    api.script(SHOW, Says(case))

    done = subprocess.run(
        [sys.executable, "-m", "service.cli", "case", "show", CASE_ID],
        env=environment(api.url, PYTHONIOENCODING="ascii"),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=120,
    )

    assert b"b\\xfccher-\\u6771" in done.stdout


def test_applying_with_a_question_nobody_could_see_needs_yes(api):
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", "run", USER, "--apply"],
        env=environment(api.url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 2
    assert api.asked == []


BRAKE = {
    "on": True,
    "limit": 20,
    "opened_last_hour": 23,
    "since": "2026-02-16T10:02:11.000Z",
    "waiting": [],
    "more": 3,
    "checked_at": None,
}


@pytest.mark.parametrize("verb", ["release", "refuse"])
def test_the_brake_is_decided_when_the_word_is_typed(api, typing, verb):
    api.script(("GET", "/api/brake"), Says(BRAKE))
    api.script(("POST", f"/api/brake/{verb}"), Says({f"{verb}d": 3}, 202))
    run = typing("brake", verb, "-o", "json")

    run.read_until(f"Type {verb} to {verb} all 3, anything else to leave them: ")
    run.type(f"{verb}\n")
    code, stdout = run.ended()

    assert (code, result_in(stdout)) == (0, {f"{verb}d": 3})


def test_any_other_word_leaves_the_brake_as_it_is(api, typing):
    api.script(("GET", "/api/brake"), Says(BRAKE))
    run = typing("brake", "refuse")

    run.read_until("anything else to leave them: ")
    run.type("release\n")
    code, _ = run.ended()

    assert (code, "Nothing was decided." in run.screen) == (4, True)
    assert [one.method for one in api.asked] == ["GET"]


def test_where_nothing_waits_there_is_nothing_to_decide(api, typing):
    api.script(("GET", "/api/brake"), Says({**BRAKE, "on": False, "more": 0}))
    run = typing("brake", "release")

    code, _ = run.ended()

    assert (code, [one.method for one in api.asked]) == (0, ["GET"])


@pytest.mark.parametrize("words", [("case", "list"), ("brake", "show")])
def test_an_id_to_copy_is_whole_in_a_narrow_terminal(api, typing, words):
    waiting = {
        "case_id": CASE_ID,
        "leaver": {"email": USER},
        "source": "entra_workflow",
        "received_at": "2026-02-16T10:02:11.000Z",
        "effective_at": "2026-02-16T10:02:11.000Z",
    }
    brake = {"on": True, "limit": 1, "opened_last_hour": 2, "waiting": [waiting]}
    cases = {"cases": [a_case("open")], "next": None}
    api.script(("GET", "/api/cases"), Says(cases))
    api.script(("GET", "/api/brake"), Says(brake))

    shown = typing(*words, stdout_is_terminal=True)
    shown.ended()

    assert CASE_ID in shown.screen
