"""Secrets planted wherever one can come in, and searched for wherever they could leave.

Beside each lies a harmless marker that came the same way, and the same search finds it.
"""

import base64
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
import requests

from config.settings import Settings
from simulator import account_reader, tokens
from tests.processes.installation import SECRET, TOKENS, told, until

pytestmark = pytest.mark.processes

LEAVER = "dana.lee@example.com"
# Who is to leave on a day to come: nobody hears of it before.
CONFIDENTIAL = "kim.confidential@example.com"
MARKER = "harmless-marker-5b1f/0+c7"
READER_KEY = "planted-reader-key/41+ab=="
IN_A_PATH = "planted-path-secret-77e0aa19"
IN_A_BODY = "planted-in-a-body/9c+2d"
IN_A_HEADER = "planted-in-a-header/3e+7f"
WRONG_TOKEN = "ofb_operator_planted-wrong-token"
WRONG_PATH = "planted-wrong-path-secret-58c1"
PLANTED = {
    "READER_APIKEY": READER_KEY,
    "SOURCE_OKTA_SECRET": "planted-okta-value/18+d0",
    "SOURCE_BEARER_SECRET": "planted-bearer-token-2f4e6a8c0b1d3f5a",
    "SOURCE_PERSONIO_SECRET": IN_A_PATH,
    "SOURCE_PERSONIO_API_TOKEN": "an-id:planted-api-client-secret",
    "SECRET_KEY": "planted-secret-key-0123456789abcdef0123456789",
    "METRICS_TOKEN": "planted-metrics-token-6b7c8d9e0f1a",
    "HEARTBEAT_URL": "http://127.0.0.1:9/planted-heartbeat-token-4c5d",
    "EVIDENCE_KEY": "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
}
MORE = {
    "SOURCE_PERSONIO_TIMEZONE": "Europe/Berlin",
    # Where nobody listens.
    "SOURCE_PERSONIO_API_URL": "http://127.0.0.1:9",
    "LOG_LEVEL": "DEBUG",
}


@pytest.fixture
def handed_out(monkeypatch):
    """Collect every access token that IAM hands out."""
    handed, issue = [], tokens.issue

    def issued(*given):
        handed.append(issue(*given))
        return handed[-1]

    monkeypatch.setattr(tokens, "issue", issued)
    return handed


def known_settings():
    """Return what is planted, as far as this version has such a setting."""
    known = set(Settings.__dataclass_fields__)
    always = ("SOURCE_", "READER_")
    return {
        name: value
        for name, value in PLANTED.items()
        if name.startswith(always) or name.lower() in known
    }


def test_no_planted_secret_leaves_by_any_way_and_the_marker_by_its_side_does(
    install, simulator, handed_out
):
    account = simulator.account
    account.add_person("IBMid-6600009RDR", "reader@example.com", name="Reader")
    account.add_login_key("IBMid-6600009RDR", READER_KEY)
    account.set_policies("IBMid-6600009RDR", account_reader())
    planted = known_settings()
    service = install(**planted, **MORE)
    service.start("up")
    service.await_ready()

    answers = [*_tell(service), *_fail(service)]
    [opened] = service.call("GET", "/api/cases", params={"user": LEAVER}).json()[
        "cases"
    ]
    service.settled(opened["id"])
    answers += _look(service, opened["id"])
    until(lambda: _slack_with(simulator, "unknown_person"))
    service.end("up")

    secrets = {
        **planted,
        "FUNCTIONAL_ID_APIKEY": service.environ["OFFBOARD_FUNCTIONAL_ID_APIKEY"],
        "SLACK_BOT_TOKEN": service.environ["OFFBOARD_SLACK_BOT_TOKEN"],
        "standard": SECRET.removeprefix("whsec_"),
        "a body": IN_A_BODY,
        "a header": IN_A_HEADER,
        "a wrong token": WRONG_TOKEN,
        "a wrong path": WRONG_PATH,
        **{f"token of the {role}": text for role, text in TOKENS.items()},
        **{f"access token {n}": text for n, text in enumerate(handed_out)},
    }
    ways = _ways_out(service, simulator, answers)
    found = {
        (name, way)
        for name, secret in secrets.items()
        for way, everything in ways.items()
        if _is_in(secret, everything)
    }
    assert found == set()
    assert len(handed_out) >= 2
    assert not _is_in(CONFIDENTIAL, ways["logs"])
    assert not _is_in(CONFIDENTIAL, ways["slack"] + ways["mail"])
    # The control: what came by the same roads and may leave, leaves.
    marked = {way for way, all_of_it in ways.items() if _is_in(MARKER, all_of_it)}
    assert marked == {"store", "slack", "mail"}
    for way in ("store", "logs", "slack", "mail", "answers"):
        assert _is_in(opened["id"], ways[way]), way
    assert _is_in(CONFIDENTIAL, ways["store"])
    for disguised in (quote(MARKER, safe=""), _base64(f"xy{MARKER}")):
        assert _is_in(MARKER, _laid_open(disguised.encode()))


def _tell(service):
    """Send what a source may send, a secret in each place that is not to be kept."""
    signed = {"subjects": [{"format": "opaque", "id": "E-157"}], "reason": IN_A_BODY}
    later = (datetime.now(UTC) + timedelta(days=9)).isoformat(timespec="seconds")
    at = f"{service.url}/events"
    person = {"payload": {"person": {"id": "31337"}}, "event_name": IN_A_BODY}
    okta = {"Authorization": PLANTED["SOURCE_OKTA_SECRET"], "X-Planted": IN_A_HEADER}
    return [
        service.tell(LEAVER, "msg_1", reason=MARKER),
        service.tell(CONFIDENTIAL, "msg_2", effective_at=later),
        service.send("user.departed", "msg_3", signed),
        requests.post(f"{at}/personio/{IN_A_PATH}", json=person, timeout=30),
        requests.post(f"{at}/okta", json={"a": IN_A_BODY}, headers=okta, timeout=30),
    ]


def _fail(service):
    """Ask for what is refused: an answer must not say back what came."""
    at = service.url
    wrong = {"Authorization": f"Bearer {WRONG_TOKEN}", "X-Planted": IN_A_HEADER}
    return [
        requests.get(f"{at}/api/cases", headers=wrong, timeout=30),
        requests.post(f"{at}/events/bearer", json={}, headers=wrong, timeout=30),
        requests.post(f"{at}/events/personio/{WRONG_PATH}", json={}, timeout=30),
        requests.get(f"{at}/nowhere", headers=wrong, timeout=30),
        service.call("POST", "/offboard/nobody", json={"reason": [MARKER]}),
    ]


def _look(service, case_id):
    """Read whatever can be read, as who may read the most."""
    paths = (
        f"/api/cases/{case_id}",
        f"/api/cases/{case_id}/evidence",
        "/api/cases",
        "/api/quarantine",
        "/api/sources",
        "/api/exposure",
        "/openapi.json",
        "/readyz",
    )
    metrics = {"Authorization": f"Bearer {PLANTED['METRICS_TOKEN']}"}
    return [
        *(service.call("GET", path, role="approver") for path in paths),
        requests.get(f"{service.url}/metrics", headers=metrics, timeout=30),
    ]


def _ways_out(service, simulator, answers):
    files = [one for one in service.folder.rglob("*") if one.is_file()]
    said = [f"{told(one)} {one.blocks}" for one in simulator.slack.messages]
    mails = [one.message for one in simulator.mail.messages]
    bodies = [
        str(part.get_content())
        for mail in mails
        for part in mail.walk()
        if not part.is_multipart()
    ]
    found = {
        "store": b"\n".join(one.read_bytes() for one in files if one.suffix != ".log"),
        "logs": b"\n".join(one.read_bytes() for one in files if one.suffix == ".log"),
        "slack": "\n".join(said).encode(),
        "mail": "\n".join([*(one.as_string() for one in mails), *bodies]).encode(),
        "answers": "\n".join(f"{one.headers} {one.text}" for one in answers).encode(),
        "journal": str(simulator.journal.calls()).encode(),
    }
    return {way: _laid_open(everything) for way, everything in found.items()}


def _laid_open(everything):
    """Put what base64 hides behind a text."""
    runs = set(re.findall(rb"[A-Za-z0-9+/_-]{16,}={0,2}", everything))
    return b"\n".join([everything, *(each for one in runs for each in _decoded(one))])


def _decoded(run):
    text = run.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    # What is before it in the same run may shift it by up to three characters.
    for shift in range(4):
        part = text[shift:]
        yield base64.b64decode(part[: len(part) // 4 * 4])


def _is_in(secret, everything):
    """Tell whether a text is there: as it is, in a URL, or as JSON writes it."""
    forms = {secret, quote(secret, safe=""), quote(secret), secret.replace("/", "\\/")}
    return any(one.encode() in everything for one in forms)


def _base64(text):
    return base64.b64encode(text.encode()).decode()


def _slack_with(simulator, text):
    return [one for one in simulator.slack.messages if text in told(one)]
