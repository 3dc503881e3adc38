"""The shell recipe of the page on HTTP, run as it stands there."""

import itertools
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from fake_desk import SECRET, SETTINGS, FakeDesk

from service.app import create_app, now_utc

PAGE = Path(__file__).parents[2] / "docs" / "http.md"
# One argument a line: none of the recipe's own holds a line break.
CURL = "curl() { printf '%s\\n' \"$@\"; }\n"

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl")


@pytest.fixture
def spoken():
    """What the recipe gives to curl: address, headers, body."""
    (recipe,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    done = subprocess.run(
        ["sh", "-eu", "-c", CURL + recipe],
        env={**os.environ, "OFFBOARD_SOURCE_STANDARD_SECRET": SECRET},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    words = done.stdout.splitlines()
    pairs = list(itertools.pairwise(words))
    headers = dict(text.split(": ", 1) for flag, text in pairs if flag == "-H")
    (body,) = [text for flag, text in pairs if flag == "-d"]
    return words[-1], headers, body


def test_an_event_signed_by_the_recipe_is_taken_in(spoken):
    url, headers, body = spoken
    desk = FakeDesk()
    client = create_app(SETTINGS, desk, clock=now_utc).test_client()

    answer = client.post(url, data=body, headers=headers)

    assert url == "http://127.0.0.1:8000/events/standard"
    assert answer.status_code == 202
    assert str(desk.departures[0].leaver) == "dana.lee@example.com"


def test_the_recipe_signs_this_very_body(spoken):
    url, headers, body = spoken
    client = create_app(SETTINGS, FakeDesk(), clock=now_utc).test_client()

    answer = client.post(url, data=body + " ", headers=headers)

    assert answer.status_code == 401
