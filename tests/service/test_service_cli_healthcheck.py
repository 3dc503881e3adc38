"""`offboard healthcheck`: an exit code, and a line why not."""

import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from config import alive_file
from config.settings import Settings
from service.cli import main
from service.commands import healthcheck


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(healthcheck, "_SECONDS", 60)
    return tmp_path / f"offboard-{os.geteuid()}"


@pytest.fixture
def front_door():
    """What answers as a front door would, and keeps what it was asked."""

    class Door(BaseHTTPRequestHandler):
        asked, status = [], 200

        def do_GET(self):
            Door.asked.append(self.path)
            self.send_response(Door.status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        Door.port = str(server.server_port)
        yield Door
        server.shutdown()
        thread.join()


def check(*words, **environ):
    given = {f"OFFBOARD_{name}": value for name, value in environ.items()}
    return CliRunner().invoke(main, ["healthcheck", *words], env=given)


@pytest.mark.parametrize("kind", ["worker", "beat"])
def test_who_showed_itself_lately_is_healthy_and_nothing_is_said(kind):
    alive_file.touch(kind)

    found = check(kind)

    assert (found.exit_code, found.output) == (0, "")


def test_one_kind_does_not_stand_for_another():
    alive_file.touch("worker")

    found = check("beat")

    assert (found.exit_code, found.stderr) == (1, "beat: none has shown itself here.\n")


def test_one_that_ends_while_it_is_looked_at_does_not_hide_another(folder, monkeypatch):
    alive_file.touch("worker")
    leaver, lstat = folder / "worker-0", Path.lstat
    leaver.touch()

    def lstat_after_its_end(path):
        if path == leaver:
            leaver.unlink(missing_ok=True)
        return lstat(path)

    monkeypatch.setattr(Path, "lstat", lstat_after_its_end)
    found = check("worker")

    assert not leaver.exists()
    assert (found.exit_code, found.output) == (0, "")


@pytest.mark.parametrize("offset", [-3031, 3931])
def test_an_old_file_is_not_healthy_and_one_of_tomorrow_neither(folder, offset):
    alive_file.touch("worker")
    (file,) = folder.iterdir()
    at = time.time() + offset
    os.utime(file, (at, at))

    found = check("worker")

    assert found.exit_code == 1
    assert found.stderr.startswith("worker: it showed itself last 3")


def test_a_folder_of_somebody_elses_making_proves_nothing(folder):
    alive_file.touch("worker")
    folder.chmod(0o770)

    found = check("worker")

    assert found.exit_code == 1
    assert "FolderError" in found.stderr


def test_the_front_door_is_asked_whether_it_is_up(front_door, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    found = check("web", HOST="0.0.0.0", PORT=front_door.port)  # noqa: S104

    assert (found.exit_code, found.output) == (0, "")
    assert front_door.asked == ["/healthz"]


@pytest.mark.parametrize("status", [503, 302, 500])
def test_any_other_answer_is_not_healthy_and_no_redirect_is_followed(
    front_door, status
):
    front_door.status = status

    found = check("web", "--ready", PORT=front_door.port)

    assert found.exit_code == 1
    assert found.stderr == f"web: /readyz answers {status}.\n"
    assert front_door.asked == ["/readyz"]


def test_a_front_door_that_does_not_answer_is_not_healthy():
    found = check("web", PORT="1")

    assert (found.exit_code, found.stderr) == (
        1,
        "web: it does not answer (ConnectionRefusedError).\n",
    )


def test_a_port_that_is_none_is_said_and_no_traceback():
    found = check("web", PORT="eighty")

    assert found.exit_code == 1
    assert found.stderr == "web: it does not answer (ValueError).\n"


def test_it_asks_where_the_settings_have_the_front_door():
    settings = Settings()

    assert (settings.host, str(settings.port)) == ("127.0.0.1", "8000")
    assert (healthcheck._HOST, healthcheck._PORT) == ("127.0.0.1", "8000")


def test_it_loads_neither_settings_nor_back_office():
    program = (
        "import sys; from service.cli import main\n"
        "try: main(['healthcheck', 'worker'])\n"
        "except SystemExit: pass\n"
        "print([one for one in ('marshmallow', 'workers', 'redis', 'flask', 'celery')"
        " if one in sys.modules])"
    )

    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert found.stdout == "[]\n"
