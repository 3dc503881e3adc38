"""Evidence of a departure, made by real processes and verified without any of them."""

import json
import re
import signal
import zipfile

import pytest

from tests.processes.installation import (
    EVIDENCE_KEY,
    SECRET,
    TOKENS,
    offboard,
    told,
    until,
)

pytestmark = pytest.mark.processes

LEAVER = "dana.lee@example.com"


def lines_of(path):
    return [json.loads(one) for one in path.read_text("utf-8").splitlines()]


def exported(service, path):
    words = ("export", "--all", "--out", str(path), "--force")
    return offboard(service, "evidence", *words)


def test_what_was_done_is_exported_and_verified_with_the_key_that_reports_name(
    install, simulator, message_id, tmp_path
):
    service = install()
    service.start("store", "worker", "beat", "web")
    service.await_ready()
    [case_id] = service.tell(LEAVER, message_id, kind="terminated").json()["cases"]
    case = service.settled(case_id)
    # Whatever of it is not sealed yet, the next worker seals.
    service.end("worker", signal.SIGKILL)
    service.start("worker")
    path = tmp_path / "all.jsonl"

    # What follows a case to its end names no key; what tells of the end does.
    *_, message = [one for one in simulator.slack.messages if case_id in told(one)]
    named = re.search(r"ed25519:[0-9a-f]{32}", told(message)).group()
    until(lambda: exported(service, path).returncode == 0)
    pack = tmp_path / "days.zip"
    # Past the leap of a day over the test, and before it.
    days = ("--from", "2020-01-01", "--to", "2100-01-01", "--out", str(pack))
    packed = offboard(service, "evidence", "export", *days)
    for name in ("web", "worker", "beat", "store"):
        service.end(name)
    alone = {"PATH": "/usr/bin:/bin"}
    days_verified = offboard(
        service, "evidence", "verify", str(pack), "--public-key", named, environ=alone
    )
    verified = offboard(
        service, "evidence", "verify", str(path), "--public-key", named, environ=alone
    )
    path.with_name("changed.jsonl").write_bytes(
        path.read_bytes().replace(b'"target.verified"', b'"target.Verified"', 1)
    )
    changed = offboard(
        service, "evidence", "verify", str(tmp_path / "changed.jsonl"), environ=alone
    )

    assert (verified.returncode, verified.stdout.split(".")[0]) == (
        0,
        "It holds: 1 case and the register over all cases",
    )
    assert (packed.returncode, days_verified.returncode) == (0, 0)
    with zipfile.ZipFile(pack) as found:
        leavers = found.read("leavers.csv").decode()
        page = found.read(f"cases/{case_id}/case.html").decode()
    assert f"{LEAVER}," in leavers
    assert f"{case_id},safe," in leavers
    assert "3 of 3 targets were read back under a functional ID." in page
    assert "us-south, " in page
    assert changed.returncode == 4
    assert re.search(r"line \d+: case \w+, entry \d+: it is not", changed.stdout)
    entries = [one["entry"] for one in lines_of(path) if one["kind"] == "entry"]
    resets = [one for one in entries if one["what"] == "target.reset"]
    proven = [one for one in entries if one["what"] == "target.verified"]
    [leaver] = {one["owner_before"] for one in proven}
    [taker] = {one["owner_after"] for one in proven}
    assert leaver == case["leaver"]["iam_id"] != taker
    assert {one["functional_id"] for one in resets} == {taker}
    assert {one["plan_hash"] for one in resets} == {case["plan"]["hash"]}
    assert len(resets) == len({one["request_id"] for one in resets}) == 3
    assert [one["detail"] for one in entries if one["what"] == "service.armed"]
    [opened] = [one for one in entries if one["what"] == "case.opened_open"]
    assert opened["event_key"] == f"standard:{message_id}"
    assert opened["authn"] == "hmac"
    assert re.fullmatch("[0-9a-f]{64}", opened["delivery_sha256"])
    text = path.read_text("utf-8")
    keys = [value for name, value in service.environ.items() if "APIKEY" in name]
    for secret in (EVIDENCE_KEY, SECRET, *TOKENS.values(), *keys):
        assert secret not in text
    # The same search finds what is there.
    assert leaver in text
