"""The web process around the front door: what it says when it starts."""

import json
import logging
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from fake_desk import SETTINGS
from gunicorn.app.base import BaseApplication
from structlog.testing import capture_logs

from config.sources import Sources
from service.patience import Arrivals
from service.server import UNQUOTED, Server


class Arbiter:
    LISTENERS = ("http://127.0.0.1:8000",)


@pytest.fixture
def served(monkeypatch):
    """Starts a server that serves nobody, and returns what it logged."""

    def logged(settings):
        monkeypatch.setattr(BaseApplication, "run", lambda self: None)
        with capture_logs() as logs:
            Server(settings).run()
        return logs

    return logged


def test_a_ready_server_says_where_it_listens():
    server = Server(SETTINGS)

    with capture_logs() as logs:
        server.cfg.when_ready(Arbiter())

    assert logs == [
        {
            "event": "web.listening",
            "addresses": ["http://127.0.0.1:8000"],
            "log_level": "info",
        }
    ]


def test_a_server_nobody_can_speak_to_says_so(served):
    deaf = replace(SETTINGS, api_tokens=(), sources=Sources())

    (said,) = served(deaf)

    assert (said["event"], said["log_level"]) == ("web.deaf", "warning")


def test_with_debug_nothing_is_served(served, monkeypatch):
    monkeypatch.setenv("FLASK_DEBUG", "1")

    with pytest.raises(SystemExit, match="FLASK_DEBUG"):
        served(SETTINGS)


class Asked:
    def __init__(self, *headers):
        self.headers = list(headers)


def test_what_a_proxy_sends_once_and_comes_twice_is_dropped():
    settings = replace(
        SETTINGS, auth_mode="proxy", auth_proxy_groups_header="X-Forwarded-Groups"
    )
    asked = Asked(
        ("X-FORWARDED-GROUPS", "everyone"),
        ("X-FORWARDED-EMAIL", "dana@example.com"),
        ("x-forwarded-groups", "cluster-approvers"),
        ("COOKIE", "a=b"),
        ("COOKIE", "c=d"),
    )

    with capture_logs() as logs:
        Server(settings).cfg.pre_request(None, asked)

    assert asked.headers == [
        ("X-FORWARDED-EMAIL", "dana@example.com"),
        ("COOKIE", "a=b"),
        ("COOKIE", "c=d"),
    ]
    assert [one["headers"] for one in logs] == [["X-FORWARDED-GROUPS"]]


def test_without_a_proxy_headers_are_left_alone():
    asked = Asked(("X-FORWARDED-EMAIL", "a"), ("X-FORWARDED-EMAIL", "b"))
    hook = Server(SETTINGS).cfg.pre_request

    assert "_once_each" not in hook.__qualname__
    assert len(asked.headers) == 2


@pytest.mark.parametrize("missing", [{"api_tokens": ()}, {"sources": Sources()}])
def test_a_server_with_one_way_in_is_not_deaf(served, missing):
    assert served(replace(SETTINGS, **missing)) == []


# The desk is left out: it would need a store.
PROGRAM = """
from types import SimpleNamespace
from config import log
from config.sources import Sources
from config.settings import Settings
from service import server
from workers.offboarding.tally import Tally
desk = SimpleNamespace(tally=Tally(), begin_counting=lambda: None)
server.open_desks = lambda settings: lambda _: desk
log.set_up("INFO", service="web")
server.Server(Settings(port=0)).run()
"""


def test_the_lines_of_a_real_server_are_not_lost_to_gunicorn():
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stderr=subprocess.PIPE, text=True
    ) as running:
        # Else a server that says nothing would be waited for without end.
        guard = threading.Timer(120, running.kill)
        guard.start()
        events = []
        for line in running.stderr:
            events.append(json.loads(line)["event"])
            if events[-1] == "web.listening":
                break
        guard.cancel()
        running.terminate()
        running.communicate(timeout=60)

    assert events[0] == "web.deaf"
    assert events[-1] == "web.listening"


@pytest.mark.parametrize(
    "line",
    [
        "POST /events/personio/wrong-secret-1 and more HTTP/1.1",
        "POST /events/personio/wrong-secret-1",
        "POST events/personio/it's-wrong-secret-1 HTTP/1.1",
        "POST /events/personio/wrong-secret-1\x01 HTTP/1.1",
    ],
)
def test_a_line_that_gunicorn_cannot_read_is_not_logged(line):
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stderr=subprocess.PIPE, text=True
    ) as running:
        guard = threading.Timer(120, running.kill)
        guard.start()
        said = []
        for text in running.stderr:
            said.append(text)
            if "web.listening" in text:
                _ask(json.loads(text)["addresses"][0], line)
            if "Invalid request" in text:
                break
        guard.cancel()
        running.terminate()
        said.append(running.communicate(timeout=60)[1])

    assert "Invalid request from ip=127.0.0.1: Invalid HTTP" in said[-2]
    assert "wrong-secret-1" not in "".join(said)


# Two threads, so that two connections would be enough to keep everybody out.
FEW = "server.OPTIONS.update(workers=1, threads=2)\nlog.set_up"
UNFINISHED = [
    b"GET /hea",
    b"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\ntok",
]


def test_whoever_never_finishes_a_request_keeps_nobody_out():
    program = PROGRAM.replace("log.set_up", FEW)
    with subprocess.Popen(
        [sys.executable, "-c", program], stderr=subprocess.PIPE, text=True
    ) as running:
        guard = threading.Timer(120, running.kill)
        guard.start()
        place = ("", "0")
        for text in running.stderr:
            if "web.listening" in text:
                address = json.loads(text)["addresses"][0].removeprefix("http://")
                place = address.split(":")
                break
        slow = [socket.create_connection((place[0], int(place[1]))) for _ in "12"]
        for one, begun in zip(slow, UNFINISHED, strict=True):
            one.sendall(begun)
        with socket.create_connection((place[0], int(place[1]))) as other:
            other.settimeout(60)
            other.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = other.recv(100)
        for one in slow:
            one.close()
        guard.cancel()
        running.terminate()
        running.communicate(timeout=60)

    assert answer.startswith(b"HTTP/1.1 200 OK")


def test_what_arrived_in_time_is_not_hung_up_on_while_it_is_answered():
    ours, theirs = socket.socketpair()
    arrivals = Arrivals()
    with ours, theirs:
        arrivals.begin(ours)
        time.sleep(0.01)
        assert arrivals.hang_up(0.0) == 1

        ours.sendall(b"the answer")

        assert theirs.recv(100) == b"the answer"
        assert ours.recv(100) == b""


def test_what_was_read_is_not_hung_up_on():
    ours, theirs = socket.socketpair()
    arrivals = Arrivals()
    with ours, theirs:
        arrivals.begin(ours)
        arrivals.end(ours)

        assert arrivals.hang_up(0.0) == 0


def test_what_began_a_moment_ago_is_waited_for():
    ours, theirs = socket.socketpair()
    arrivals = Arrivals()
    with ours, theirs:
        arrivals.begin(ours)

        assert arrivals.hang_up(10.0) == 0


def test_a_connection_that_is_gone_already_stops_nobody():
    ours, theirs = socket.socketpair()
    theirs.close()
    arrivals = Arrivals()
    arrivals.begin(ours)
    ours.close()
    time.sleep(0.01)

    assert arrivals.hang_up(0.0) == 1
    assert arrivals.hang_up(0.0) == 0


def _ask(address, line):
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as sender:
        sender.sendall(f"{line}\r\nHost: x\r\n\r\n".encode())
        sender.recv(100)


def test_a_request_that_failed_in_gunicorn_is_named_without_its_path():
    text, given = "Error handling request %s %s", ("POST", "/events/bearer/secret-1")
    record = logging.LogRecord("gunicorn.error", 40, "", 0, text, given, None)

    assert UNQUOTED.filter(record)

    assert record.getMessage() == "Error handling request"


def test_what_quotes_no_request_is_logged_as_it_is():
    text, given = "Worker (pid:%s) was sent SIGKILL! Is it 'memory'?", (7,)
    record = logging.LogRecord("gunicorn.error", 40, "", 0, text, given, None)

    assert UNQUOTED.filter(record)

    assert record.getMessage() == "Worker (pid:7) was sent SIGKILL! Is it 'memory'?"
