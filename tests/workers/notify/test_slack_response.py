"""Later answers go to Slack's own address, to no other, and are sent once each."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from workers.notify.slack_answers import Answer, Fate
from workers.notify.slack_response import is_slacks, respond

SLACK = "https://slack.com/api"
BODY = {"response_type": "ephemeral", "text": "Approved."}


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com/actions/T0/1/x",
        "https://hooks.slack.com:443/commands/T0/1/x",
        "https://hooks.slack.com/services/T0/1/x?y=z",
    ],
)
def test_slacks_own_address_is_answered(url):
    assert is_slacks(url, SLACK)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.slack.com/actions",
        "http://hooks.slack.com/actions/T0/1/x",
        "https://hooks.slack.com.evil.example/x",
        "https://evil.example/hooks.slack.com/",
        "https://hooks.slack.com@evil.example/x",
        "https://user:word@hooks.slack.com/x",
        "https://evil.example#hooks.slack.com/",
        "https://evil.example\\@hooks.slack.com/",
        "https://hooks.slack.com\\@evil.example/",
        "https://hooks.slack.com:8443/x",
        "https://hooks.slack.com:99999/x",
        "https://[::1/x",
        "https://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:8000/api/pause",
        "http://localhost/x",
        "ftp://hooks.slack.com/x",
        "https://hooks.slack.com/x\r\nHost: evil.example",
        "https://hooks\u3002slack.com/x",
        "https://xn--hooks.slack.com/x",
    ],
)
def test_no_other_address_is_called(url):
    assert not is_slacks(url, SLACK)
    assert respond(url, BODY, api_url=SLACK) == Answer(
        Fate.REFUSED, "not_slacks_address"
    )


def test_on_loopback_only_its_stand_in_is_called():
    api = "http://127.0.0.1:9001/slack/api/"

    assert is_slacks("http://127.0.0.1:9001/slack/responses/x", api)
    assert not is_slacks("http://127.0.0.1:9002/slack/responses/x", api)
    assert not is_slacks("http://localhost:9001/slack/responses/x", api)
    assert not is_slacks("https://hooks.slack.com/actions/T0/1/x", api)


@pytest.fixture
def far_side():
    """Answers as it is told; ``seen`` has the paths that were posted to."""

    class Answering(BaseHTTPRequestHandler):
        answer = (200, {}, b"ok")
        seen = []  # noqa: RUF012 - a fresh class a test

        def do_POST(self):
            status, headers, body = self.answer
            self.rfile.read(int(self.headers["Content-Length"]))
            self.seen.append(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": len(body), **headers}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    Answering.url = f"http://127.0.0.1:{server.server_port}"
    yield Answering
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.mark.parametrize(
    ("answer", "fate"),
    [
        ((200, {}, b"ok"), Fate.SENT),
        ((200, {}, b'{"ok":true}'), Fate.SENT),
        ((200, {}, b'{"ok":false,"error":"invalid_blocks"}'), Fate.AS_TEXT),
        ((200, {}, b'{"ok":false}'), Fate.AS_TEXT),
        ((200, {}, b"<html>"), Fate.MAYBE),
        ((404, {}, b"expired_url"), Fate.REFUSED),
        ((404, {}, b"used_url"), Fate.REFUSED),
        ((400, {}, b"invalid_blocks"), Fate.AS_TEXT),
        ((429, {"Retry-After": "7"}, b""), Fate.WAIT),
        ((500, {}, b""), Fate.MAYBE),
    ],
)
def test_what_comes_back_is_judged(far_side, answer, fate):
    far_side.answer = answer

    found = respond(f"{far_side.url}/r/1", BODY, api_url=f"{far_side.url}/api/")

    assert found.fate is fate


def test_a_redirect_is_not_followed(far_side):
    far_side.answer = (302, {"Location": f"{far_side.url}/elsewhere"}, b"")

    found = respond(f"{far_side.url}/r/1", BODY, api_url=f"{far_side.url}/api/")

    assert found.fate is Fate.MAYBE
    assert far_side.seen == ["/r/1"]


def test_nobody_there_never_left():
    url = "http://127.0.0.1:9/r/1"

    assert respond(url, BODY, api_url="http://127.0.0.1:9/api").fate is Fate.NEVER_LEFT
