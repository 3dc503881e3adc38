"""Mail and a test of the channels, by real processes: what arrives, and as what."""

import json
import re

import pytest

from tests.processes.installation import free_port, offboard, until

pytestmark = pytest.mark.processes

LEAVER = "dana.lee@example.com"


def test_the_mail_of_a_departure_has_its_evidence_and_a_test_reaches_every_channel(
    install, simulator, message_id, tmp_path
):
    service = install()
    service.start("store", "worker", "beat", "web")
    service.await_ready()
    tried = offboard(service, "notify", "test")
    [case_id] = service.tell(LEAVER, message_id, kind="terminated").json()["cases"]
    service.settled(case_id)

    test, final = (one.message for one in simulator.mail.messages)
    [attached] = final.iter_attachments()
    path = tmp_path / attached.get_filename()
    path.write_bytes(attached.get_content())
    text = final.get_body(("plain",)).get_content()
    named = re.search(r"Evidence key (ed25519:[0-9a-f]{32})", text)[1]
    alone = {"PATH": "/usr/bin:/bin"}
    words = ("evidence", "verify", str(path), "--public-key", named)
    verified = offboard(service, *words, environ=alone)
    exported = service.call("GET", f"/api/cases/{case_id}/evidence", role="viewer")
    mine, theirs = (
        [json.loads(one) for one in raw.splitlines()]
        for raw in (path.read_bytes(), exported.content)
    )
    entries = [one for one in mine if one["kind"] == "entry"]
    told = [one.text for one in simulator.slack.messages]

    assert (tried.returncode, tried.stdout) == (0, "mail: sent\nslack: sent\n")
    assert test["Subject"] == "[offboard] Test: nothing happened, tried by operator"
    assert [one for one in told if "this is a test by `operator`" in one]
    assert path.name == f"offboard-evidence-{case_id}.json"
    assert verified.returncode == 0, verified.stdout + verified.stderr
    # Later the case has entries that the mail could not have: that it was sent.
    assert entries == [one for one in theirs if one["kind"] == "entry"][: len(entries)]
    assert "case.settled" in [one["entry"]["what"] for one in entries]


def test_a_webhook_and_a_server_that_is_not_there_are_told_apart(install, simulator):
    webhook = simulator.environ()["OFFBOARD_SLACK_API_URL"].replace(
        "/api", "/services/T0SIMULATED/B0SIMULATED/simulated"
    )
    service = install(SMTP_PORT=str(free_port()))
    for name in ("SLACK_BOT_TOKEN", "SLACK_CHANNEL_ID"):
        del service.environ[f"OFFBOARD_{name}"]
    service.environ["OFFBOARD_SLACK_WEBHOOK_URL"] = webhook
    service.start("store", "worker", "beat", "web")
    service.await_ready()

    tried = offboard(service, "notify", "test", "--wait", "6", "-o", "json")

    notice_id = json.loads(tried.stdout)["id"]
    mail, slack = until(lambda: tried_again(service, notice_id))
    [posted] = simulator.slack.messages
    again = service.call("POST", "/api/notices/test")
    assert tried.returncode == 7
    assert (slack["state"], slack["mend"], posted.via) == ("sent", None, "webhook")
    assert mail["state"] == "pending"
    assert mail["detail"] == "The mail server could not be used: refused."
    assert mail["mend"].startswith("Nothing listens at OFFBOARD_SMTP_HOST and")
    assert again.status_code in (202, 429)


def tried_again(service, notice_id):
    """Return both channels once Slack has it and mail was tried more than once."""
    path = f"/api/notices/{notice_id}"
    mail, slack = service.call("GET", path, role="viewer").json()["channels"]
    is_so = slack["state"] == "sent" and mail["tries"] > 1
    return (mail, slack) if is_so else None
