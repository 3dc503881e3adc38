"""Commands with `--local`: no service, and the same words as with one."""

import logging
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from fake_api import result_in
from fake_desk import NOW, SETTINGS, FakeDesk
from werkzeug.serving import make_server

from service.app import create_app
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.exposure import (
    Dependence,
    Exposure,
    GateAnswer,
    Holding,
    ReadingKind,
)
from workers.offboarding.health import Check, Verdict
from workers.offboarding.model import (
    Case,
    CaseResult,
    CaseStatus,
    CaseTarget,
    Cluster,
    KeyOwner,
    Leaver,
    Note,
    OpenedBy,
    Outcome,
    OwnerKind,
    Plan,
    ResourceGroup,
    Scope,
    Target,
)

USER = "dana.lee@example.com"
ENV = {"OFFBOARD_ACCOUNT_ID": "acc1", "OFFBOARD_READER_APIKEY": "reader-key-0123"}
DANA = KeyOwner("IBMid-5", "Dana Lee", USER, OwnerKind.PERSON)
TARGET = Target(
    "acc1",
    "us-south",
    ResourceGroup("9f6b", "payments"),
    (Cluster("c1", "pay-1", "vpc-gen2"),),
)
OWNED = Holding(TARGET, ReadingKind.OWNER, DANA, checked_at=NOW)
UNREAD = Holding(TARGET, ReadingKind.UNREAD, None, Reason.NO_ROLE, NOW)


pytestmark = pytest.mark.usefixtures("logs_as_before")


@pytest.fixture
def account():
    """An account as `--local` sees it: a desk in memory has the same three methods."""
    seen = FakeDesk()
    note = Note(Reason.LIST_SHORT, "A list of acc1.")
    people = (Dependence(DANA, 1, 1, has_left=True),)
    seen.exposed = Exposure((OWNED, UNREAD), people, 1, 1, NOW, (note,))
    owns = Note(Reason.OWNS_TARGETS, "They own one.")
    seen.answer = GateAnswer(USER, False, (owns,), (OWNED, UNREAD), NOW)
    seen.checks = (
        Check("key", Verdict.OK, "It is taken.", account_id="acc1"),
        Check(
            "rights", Verdict.UNPROVEN, "Not proven.", "Grant.", "ibmcloud x", "acc1"
        ),
    )
    return seen


@pytest.fixture
def at_account(account, offboard, monkeypatch):
    """Types a command with --local, at *account*."""
    opened = []

    def open_local(settings):
        opened.append(settings)
        if account.bug is not None:
            raise account.bug
        return account

    monkeypatch.setattr("service.cli._open_local", open_local)

    def typed(*words, env=None):
        return offboard(*words, "--local", env={**ENV, **(env or {})})

    typed.opened = opened
    return typed


@pytest.fixture
def at_service(account, offboard):
    """Types a command at the real routes, whose desk is *account*."""
    server = make_server(
        "127.0.0.1", 0, create_app(SETTINGS, account, clock=lambda: NOW), threaded=True
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    env = {"OFFBOARD_URL": url, "OFFBOARD_TOKEN": "ofb_operator"}

    yield lambda *words: offboard(*words, env=env)

    server.shutdown()
    thread.join(10)
    server.server_close()


def test_an_exposure_is_the_same_from_the_account_and_from_the_service(
    at_account, at_service
):
    here = at_account("exposure", "-o", "json")
    there = at_service("exposure", "-o", "json")

    assert here.stdout == there.stdout
    assert here.stderr == there.stderr
    assert (here.exit_code, there.exit_code) == (3, 3)
    assert result_in(here.stdout)["people"][0]["left"] is True
    assert "Not everything was seen: A list in the account" in there.stderr


def test_a_gate_is_the_same_from_the_account_and_from_the_service(
    at_account, at_service
):
    here = at_account("gate", "Dana.Lee@Example.com", "-o", "json")
    there = at_service("gate", "Dana.Lee@Example.com", "-o", "json")

    assert here.stdout == there.stdout
    assert (here.exit_code, there.exit_code) == (4, 4)
    assert result_in(here.stdout)["user"] == USER


@pytest.mark.parametrize("words", [("exposure",), ("gate", USER)])
def test_the_tables_differ_only_in_the_commands_to_go_on_with(
    at_account, at_service, words
):
    here, there = at_account(*words).stdout, at_service(*words).stdout

    assert here.replace(" --local", "") == there
    assert any(line.endswith(" --local") for line in here.splitlines())


def test_the_checks_of_a_worker_are_the_same_from_both(at_account, at_service):
    here = result_in(at_account("doctor", "-o", "json").stdout)["checks"]
    there = result_in(at_service("doctor", "-o", "json").stdout)["checks"]

    assert here[-2:] == there[-2:]
    assert [one["what"] for one in here] == ["settings", "key", "rights"]
    assert [one["what"] for one in there] == [
        "settings",
        "service",
        "store",
        "token",
        "pause",
        "workers_alive",
        "beat_alive",
        "worker",
        "beat",
        "armed",
        "report_channels",
        "public_url",
        "api_tokens",
        "identity_map",
        "sources",
        "key",
        "rights",
    ]


DOCTOR = """\
1 could not be seen; of 3 checks.

To mend
could not see: rights, account acc1: Not proven.
Grant.
ibmcloud x

In order
settings: The settings can be used.

In order: account acc1
key: It is taken.
"""


def test_a_doctor_without_a_service_asks_the_account_alone(at_account, api):
    done = at_account("doctor")

    assert done.stdout == DOCTOR
    assert done.exit_code == 3
    assert api.asked == []


def test_the_service_without_a_worker_is_told_apart_by_the_real_routes(
    account, at_service
):
    account.checks = None
    account.age = None

    done = at_service("doctor")

    assert done.exit_code == 5
    assert "fault: worker: No worker answered in time" in done.stdout
    # What the front door sees itself is told all the same.
    assert "warning: armed: " in done.stdout


@pytest.mark.parametrize("words", [("exposure",), ("gate", USER), ("doctor",)])
def test_no_service_and_no_token_is_needed(at_account, api, words):
    done = at_account(*words, env={"OFFBOARD_TOKEN": ""})

    assert done.stdout != ""
    assert done.exit_code in (3, 4)
    assert api.asked == []


def test_the_account_is_asked_for_the_person_as_a_service_would(at_account, account):
    at_account("gate", "Dana.Lee@Example.com")

    assert account.gated == [(Leaver(email=USER), USER)]


def test_a_yes_of_the_account_alone_says_that_no_case_was_looked_at(
    at_account, at_service, account
):
    account.answer = GateAnswer(USER, True, (), (), NOW)

    here, there = at_account("gate", USER), at_service("gate", USER)

    assert (here.exit_code, here.stdout) == (0, there.stdout)
    assert "whether a reset for them is still settling was not seen" in here.stderr
    assert there.stderr == ""


def test_the_settings_are_those_of_a_command_that_holds_the_key(at_account):
    at_account("exposure")

    (settings,) = at_account.opened
    assert settings.reader_apikey.reveal() == "reader-key-0123"


@pytest.mark.parametrize(
    "user", ["nobody", "", "a\x1b[2Jb@example.com", "iam-ServiceId-1"]
)
def test_a_person_nobody_can_be_is_a_fault_of_usage(at_account, account, user):
    done = at_account("gate", user)

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("user: ")
    assert account.gated == []


FAULTS = {
    "for now": (TransientError("IBM Cloud \x1b[2Jcannot be reached."), 6, ""),
    "for good": (
        PermanentError("IBM Cloud \x1bdoes not take it.", reason=Reason.BAD_KEY),
        5,
        "Who mends it: whoever can log in as the functional ID",
    ),
}


@pytest.mark.parametrize(("fault", "code", "told"), FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("words", [("exposure",), ("gate", USER), ("doctor",)])
def test_what_cannot_be_ends_with_its_sentence(
    at_account, account, words, fault, code, told
):
    account.bug = fault

    done = at_account(*words)

    assert (done.exit_code, done.stdout) == (code, "")
    assert done.stderr.startswith("IBM Cloud")
    assert told in done.stderr
    assert "\x1b" not in done.stderr


def test_a_fault_while_reading_ends_with_its_sentence_too(at_account, account):
    def broken():
        raise TransientError("It broke off.")

    account.while_asked = broken

    assert at_account("gate", USER).stderr == "It broke off.\n"


def test_a_bug_is_no_sentence(at_account, account):
    account.bug = ZeroDivisionError()

    assert at_account("exposure").exit_code == 1


def test_faults_of_the_settings_end_it_before_anything_is_read(at_account):
    done = at_account("exposure", env={"OFFBOARD_READER_APIKEY": ""})

    assert (done.exit_code, done.stdout) == (5, "")
    assert "OFFBOARD_" in done.stderr
    assert at_account.opened == []


def speaking(account, level):
    def said():
        logging.getLogger("elsewhere").log(level, "cloud.asked")

    account.while_asked = said


@pytest.mark.parametrize(
    ("level", "env", "is_written"),
    [
        (logging.INFO, {}, False),
        (logging.WARNING, {}, False),
        (logging.ERROR, {}, True),
        (logging.INFO, {"OFFBOARD_LOG_LEVEL": "INFO"}, True),
        (logging.ERROR, {"OFFBOARD_LOG_LEVEL": "CRITICAL"}, False),
    ],
)
def test_logs_are_kept_out_of_the_way_unless_asked_for(
    at_account, account, level, env, is_written
):
    speaking(account, level)

    done = at_account("gate", USER, env=env)

    assert ("cloud.asked" in done.stderr) is is_written
    assert "cloud.asked" not in done.stdout


def test_a_key_is_taken_out_of_what_is_logged(at_account, account):
    account.while_asked = lambda: logging.getLogger("x").error("reader-key-0123")

    done = at_account("gate", USER)

    assert "[redacted]" in done.stderr
    assert "reader-key-0123" not in done.output


def test_the_command_line_loads_no_sdk_before_it_is_asked_to():
    text = "import sys, service.cli; print(*(one for one in sys.modules))"

    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=True
    )

    loaded = {one.split(".")[0] for one in done.stdout.split()}
    assert "service" in loaded
    assert not loaded & {"ibm_cloud_sdk_core", "ibm_platform_services", "celery"}


def test_a_dry_run_is_shown_as_the_service_would_show_it(at_account, account):
    account.planned = a_planned_case()

    ran = at_account("run", USER, "--region", "us-south", "--reason", "leaves")

    assert ran.exit_code == 0
    assert "1 cluster API key would be reset. Leaver: dana.lee@example.com." in (
        ran.stdout
    )
    assert (
        f"offboard run {USER} --apply --region us-south --reason leaves" in ran.stdout
    )
    [departure] = account.departures
    assert (departure.leaver, departure.dry_run) == (Leaver(USER), True)
    assert departure.scope == Scope(("us-south",), ())


def test_a_dry_run_that_would_be_held_ends_as_one(at_account, account):
    held = Note(Reason.PROTECTED_USER, "They are protected.")
    plan = Plan("sha256:0", NOW, (held,))
    account.planned = replace(a_planned_case(), targets=(), plan=plan)

    ran = at_account("run", USER, "-o", "json")

    assert ran.exit_code == 4
    assert result_in(ran.stdout)["plan"]["refused"][0]["reason"] == "protected_user"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((USER, "--apply", "--yes"), "--local never writes"),
        (("dana",), "Give an e-mail"),
    ],
)
def test_what_cannot_be_run_here_is_a_mistake_in_typing(at_account, words, said):
    ran = at_account("run", *words)

    assert ran.exit_code == 2
    assert said in ran.stderr


def a_planned_case():
    target = CaseTarget(TARGET, DANA, outcome=Outcome.PLANNED)
    return Case(
        id="local",
        leaver=Leaver(USER, DANA.id, DANA.name),
        opened_by=OpenedBy("local"),
        received_at=NOW,
        effective_at=NOW,
        starts_at=NOW,
        status=CaseStatus.SETTLED,
        result=CaseResult.PLANNED,
        dry_run=True,
        scope=Scope(("us-south",), ()),
        plan=Plan("sha256:0", NOW),
        targets=(target,),
    )
