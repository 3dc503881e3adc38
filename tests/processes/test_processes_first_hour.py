"""The guide of the first hour, followed word by word against two simulated accounts."""

import json
import re
import shlex
from pathlib import Path

import pytest

from simulator import Simulator, two_accounts
from tests.processes.installation import installations, offboard

pytestmark = pytest.mark.processes

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "first-hour.md"
WORDS = {
    "SANDBOX": "8e2bb4c5d6e70f819203a4b5c6d7e8f9",
    "REGION": "us-south",
    "GROUP": "default",
}
# What each command of the guide ends with there: two targets of production have no
# cluster that can be read, and classic infrastructure is proven by nothing.
ENDS = {
    "permissions": 0,
    "doctor": 3,
    "exposure": 3,
    "gate": 4,
    "run": 3,
    "notify": 0,
    "adopt": 0,
    "case": 0,
    "pause": 0,
}


def commands():
    """Give each command of the guide with the heading that it stands under."""
    heading, found = "", []
    for line in GUIDE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:4]
        if line.startswith("$ offboard "):
            words = shlex.split(line.removeprefix("$ offboard "), comments=True)
            found.append((heading, [WORDS.get(one, one) for one in words]))
    return found


COMMANDS = commands()


def follow(service, heading, **more):
    """Type what stands under a heading, in its order; what each printed."""
    printed = []
    for where, words in COMMANDS:
        if where != heading or words[0] in ("token", "up"):
            continue
        asked = [*words, "--yes"] if "--apply" in words else words
        done = offboard(service, *asked, role="approver", **more)
        assert done.returncode == ENDS[words[0]], (words, done.stdout, done.stderr)
        printed.append(done.stdout)
    return printed


def hold_back(file, account_id):
    """Write ``armed = false`` into an account of the file, as the guide has it."""
    text = file.read_text(encoding="utf-8")
    line = f'id = "{account_id}"\n'
    file.write_text(text.replace(line, f"{line}armed = false\n"), encoding="utf-8")


def test_whoever_follows_the_first_hour_arms_the_sandbox_and_nothing_else(tmp_path):
    production, sandbox = two_accounts()
    both = Simulator([production, sandbox])
    with both, installations(both) as install:
        service = install(ARMED="0")
        file = both.accounts_toml(tmp_path)
        hold_back(file, production.account_id)
        alone = ("OFFBOARD_ACCOUNT_ID", "OFFBOARD_FUNCTIONAL_ID_APIKEY")
        for name in alone:
            service.environ.pop(name, None)
        service.environ |= both.environ(accounts_file=file)

        grants, terraform = follow(service, "1")
        follow(service, "2")
        follow(service, "3")
        service.start("up")
        service.await_ready()
        service.surveyed()
        follow(service, "4")
        written_unarmed = list(both.journal.writes())
        service.end("up")
        service.environ["OFFBOARD_ARMED"] = "1"
        service.start("up")
        service.await_ready()
        before, dry, done, listed, doctor = follow(service, "5")
        [reset] = both.journal.resets()
        again = offboard(
            service,
            *("adopt", "--account", WORDS["SANDBOX"], "--region", "us-south"),
            *("--group", "default", "--apply", "--yes", "-o", "json"),
            role="approver",
        )
        held = offboard(
            service,
            *("adopt", "--account", production.account_id, "--region", "eu-gb"),
            *("--group", "data", "--apply", "--yes", "-o", "json"),
            role="approver",
        )
        resets = both.journal.resets()

    assert "--roles Administrator --service-name is" in grants
    assert 'resource "ibm_iam_user_policy"' in terraform
    assert written_unarmed == []
    owners = {
        (one["account_id"], one["region"], one["resource_group"]["name"]): one["owner"]
        for one in json.loads(before)["targets"]
    }
    place = (WORDS["SANDBOX"], "us-south", "default")
    assert owners[place]["email"] == "dana.lee@example.com"
    assert "would be reset" in dry
    assert re.search(r"Owner-safe after \d", done)
    assert "read back" in done
    assert "safe" in listed
    assert "This account is held back" in doctor
    assert reset.headers["X-Auth-Resource-Account"] == WORDS["SANDBOX"]
    assert (again.returncode, json.loads(again.stdout)["targets"]) == (0, [])
    assert {one["outcome"] for one in json.loads(held.stdout)["targets"]} == {"planned"}
    assert len(resets) == 1
