"""The web process around the front door: what it says when it starts."""

import json
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from fake_desk import SETTINGS
from gunicorn.app.base import BaseApplication
from structlog.testing import capture_logs

from config.sources import Sources
from service.server import Server


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


@pytest.mark.parametrize("missing", [{"api_tokens": ()}, {"sources": Sources()}])
def test_a_server_with_one_way_in_is_not_deaf(served, missing):
    assert served(replace(SETTINGS, **missing)) == []


# The desk is left out: it would need a store.
PROGRAM = """
from config import log
from config.sources import Sources
from config.settings import Settings
from service import server
server.open_desk = lambda settings: None
log.set_up("INFO", service="web")
server.Server(Settings(port=0)).run()
"""


def test_the_lines_of_a_real_server_are_not_lost_to_gunicorn():
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stderr=subprocess.PIPE, text=True
    ) as running:
        # Else a server that says nothing would be waited for without end.
        guard = threading.Timer(20, running.kill)
        guard.start()
        events = []
        for line in running.stderr:
            events.append(json.loads(line)["event"])
            if events[-1] == "web.listening":
                break
        guard.cancel()
        running.terminate()
        running.communicate(timeout=20)

    assert events[0] == "web.deaf"
    assert events[-1] == "web.listening"
