"""A whole installation as its operators see it: log lines, health checks, the switch.

Odd requests first, then one departure that is followed by its request's id.
"""

import json
import signal
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

from tests.processes.installation import TOKENS, offboard, until

pytestmark = pytest.mark.processes

LEAVER = "dana.lee@example.com"
REQUEST_ID = "req-follow-me-0001"
PATH_SECRET = "a-wrong-path-secret-91fe"
TOKEN_IN_URL = "dead-man-token-77aa"
FORGED = '{"event": "forged.line", "level": "critical"}'
# In every place of a request that its sender writes.
PLANTED = ("kim.odd@example.com", "ofb_operator_odd_token_5d1c", PATH_SECRET, "forged")


def test_a_crash_in_native_code_says_where(install):
    service = install()
    service.start("store", "beat")
    until(lambda: "beat.started" in service.log("beat"))

    service.end("beat", signal.SIGSEGV)

    said = service.log("beat")
    assert "Fatal Python error: Segmentation fault" in said
    assert 'workers/processes.py", line' in said


@pytest.fixture
def switch():
    """A dead man's switch on loopback; its address holds a token."""
    asked = []

    class Switch(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Switch) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/{TOKEN_IN_URL}", asked
        server.shutdown()
        thread.join()


def odd_requests(service):
    """Send a hundred requests with what no line may have, wherever a sender writes."""
    mail, token, secret, _ = PLANTED
    paths = [
        f"/offboard/{mail}",
        f"/offboard/{mail}%0A{FORGED}",
        f"/events/personio/{secret}",
        f"/events/none/{secret}",
        f"/events/standard/{secret}?user={mail}",
        f"/{mail}/nowhere",
        f"/api/cases/{mail}",
        f"/api/cases?user={mail}&cursor={secret}",
        f"/api/gate/{mail}",
        f"/cases/{secret}%0d%0a{FORGED}",
        "/" + secret * 300,
    ]
    headers = {
        "Authorization": f"Bearer {token}",
        "X-Request-ID": f"{mail}",
        "User-Agent": FORGED,
        "X-Forwarded-For": FORGED,
        "Cookie": f"session={token}",
        "webhook-id": FORGED,
        "webhook-timestamp": secret,
        "webhook-signature": f"v1,{secret}",
    }
    body = json.dumps({"email": mail, "reason": f"\n{FORGED}"})
    known = {"Authorization": f"Bearer {TOKENS['viewer']}"}
    with requests.Session() as session:
        for path in paths:
            for method in ("GET", "POST", "PUT", "DELETE", "OPTIONS"):
                for more in ({}, known):
                    session.request(
                        method,
                        service.url + path,
                        headers={**headers, "Content-Type": "application/json", **more},
                        data=body,
                        timeout=30,
                    )
    return [
        f"{mail} / HTTP/1.1\r\n\r\n",
        f"GET /{secret} HTTP/9.9\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: {mail}\r\nX-A\x00B: {token}\r\n\r\n",
        f"GET / HTTP/1.1\r\nX-Request-ID: a\n{FORGED}\r\n\r\n",
        f"\n{FORGED}\n\r\n\r\n",
        f"GET /{secret}{'x' * 5_000} HTTP/1.1\r\n\r\n",
        f"GET / HTTP/1.1\r\nX-Long: {mail * 2_000}\r\n\r\n",
    ]


def send_raw(service, text):
    """Send what no client library would."""
    with socket.create_connection(("127.0.0.1", service.port), 30) as line:
        line.sendall(text.encode("latin-1"))
        line.settimeout(5)
        try:
            line.recv(4_096)
        except OSError:
            return


def lines_of(service, name):
    """Read a process's log; a line that is no JSON object fails the test."""
    # Celery's own word on its way out goes to stdout, which is the same file here.
    lines = [
        one
        for one in service.log(name).splitlines()
        if one and not one.startswith(("worker: ", "Waiting gracefully"))
    ]
    assert [one for one in lines if not one.startswith("{")] == []
    return [json.loads(one) for one in lines]


def test_what_is_logged_is_told_apart_followed_and_gives_nothing_away(install, switch):
    url, asked = switch
    service = install(
        HEARTBEAT_URL=url,
        READYZ_REQUIRE_WORKER="1",
        LOG_LEVEL="DEBUG",
        SOURCE_PERSONIO_SECRET="the-right-path-secret-0001",
        SOURCE_PERSONIO_TIMEZONE="Europe/Berlin",
        SOURCE_PERSONIO_API_URL="http://127.0.0.1:9",
        SOURCE_PERSONIO_API_TOKEN="an-id:a-client-secret",
    )
    # Else it would be shared with whatever else runs on this machine.
    service.environ["TMPDIR"] = str(service.folder)
    service.start("store", "web", "worker", "beat")
    service.await_ready()

    for raw in odd_requests(service):
        send_raw(service, raw)
    answer = requests.post(
        f"{service.url}/offboard/{LEAVER}",
        headers={
            "Authorization": f"Bearer {TOKENS['operator']}",
            "X-Request-ID": REQUEST_ID,
        },
        timeout=30,
    )
    opened = answer.json()["case"]
    service.settled(opened["id"])
    until(lambda: asked)

    checks = {
        name: offboard(service, "healthcheck", name)
        for name in ("web", "worker", "beat")
    }
    assert {name: (one.returncode, one.stderr) for name, one in checks.items()} == {
        "web": (0, ""),
        "worker": (0, ""),
        "beat": (0, ""),
    }
    doctor = json.loads(offboard(service, "doctor", "-o", "json").stdout)
    found = {one["what"]: one["verdict"] for one in doctor["checks"]}
    for what in ("workers_alive", "beat_alive", "dead_man_switch"):
        assert found[what] == "ok", what

    for name in ("worker", "beat", "web", "store"):
        service.end(name)
    assert offboard(service, "healthcheck", "worker").returncode == 1
    lines = {name: lines_of(service, name) for name in ("web", "worker", "beat")}
    logged = service.log("web") + service.log("worker") + service.log("beat")
    for planted in (*PLANTED[:3], LEAVER, TOKEN_IN_URL, *TOKENS.values()):
        assert planted not in logged, planted
    assert not [one for each in lines.values() for one in each if FORGED in str(one)]
    followed = [
        one
        for each in ("web", "worker")
        for one in lines[each]
        if one.get("request_id") == REQUEST_ID
    ]
    events = [one["event"] for one in followed]
    assert events.count("request.answered") == 1
    assert {"task.done", "case.settled"} <= set(events)
    steps = {one.get("step") for one in followed if one["event"] == "task.done"}
    assert {"plan", "reset", "verify", "report", "deliver"} <= steps
    assert {one["service"] for one in followed} == {"web", "worker"}
