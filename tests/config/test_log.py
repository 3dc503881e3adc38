import io
import json
import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from config import log as logs
from config.lines import LINES
from config.log import Redactor
from config.settings import FileSecret, Secret

OWN = "9f3c-own-secret-text"


@pytest.fixture
def lines(monkeypatch):
    """Set logging up as a process does; returns what it wrote so far, as dicts."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    noisy = {name: logging.getLogger(name).level for name in logs._NOISY}
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    structlog.contextvars.clear_contextvars()
    logs.set_up("INFO", secrets=[OWN], service="web")

    def read():
        return [json.loads(line) for line in stderr.getvalue().splitlines()]

    yield read
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, was in noisy.items():
        logging.getLogger(name).setLevel(was)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def redacted(text, secrets=()):
    return Redactor(secrets).text(text)


@pytest.mark.parametrize(
    "key",
    [
        "apikey",
        "api_key",
        "api-key",
        "X-Api-Key",
        "reader_apikey",
        "Authorization",
        "proxy_authorization",
        "token",
        "api_tokens",
        "access_token",
        "secret",
        "client_secret",
        "password",
        "smtp_password",
        "cookie",
        "Set-Cookie",
        "signature",
        "webhook-signature",
        "X-Slack-Signature",
        "slack_webhook_url",
        "response_url",
    ],
)
def test_a_field_is_redacted_by_its_name(key):
    event = Redactor()(None, "info", {key: "short", "other": {key: ["a", "b"]}})

    assert event == {key: "[redacted]", "other": {key: "[redacted]"}}


@pytest.mark.parametrize(
    "key",
    ["event", "event_key", "idempotency_key", "owner", "tokenizer", "passwordless"],
)
def test_a_field_that_only_sounds_alike_is_kept(key):
    assert Redactor()(None, "info", {key: "kept"}) == {key: "kept"}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("sent Bearer abc.def-123", "sent Bearer [redacted]"),
        ("bearer\tabc", "Bearer [redacted]"),
        ("'Authorization': 'Bearer abc'", "'Authorization': 'Bearer [redacted]'"),
        ("got xoxb-1-2-three and xapp-1-A", "got [redacted] and [redacted]"),
        ("xoxp-9, xoxs-9", "[redacted], [redacted]"),
        ("at https://hooks.slack.com/services/T0/B0/abc.", "at [webhook redacted]"),
        ("at https://hooks.slack.com/commands/T0/1/abc", "at [webhook redacted]"),
        ("at https://hooks.slack.com/workflows/T0/abc", "at [webhook redacted]"),
        ("at http://127.0.0.1:8099/services/T0/B0/x", "at [webhook redacted]"),
        ("a eyJhbGciOiJI.eyJpYW1faWQi.c2lnbmF0dXJl b", "a [token redacted] b"),
        ("redis://:hidden@store:6379/0", "redis://:[redacted]@store:6379/0"),
        ("rediss://me:p@ss@store/0", "rediss://me:[redacted]@store/0"),
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw end", "[redacted] end"),
        ("ofb_0123456789abcdefghij end", "[redacted] end"),
        ("a?apikey=abc&b=c", "a?apikey=[redacted]&b=c"),
        ("grant access_token=abc", "grant access_token=[redacted]"),
        (
            "refresh_token=abc&password=def",
            "refresh_token=[redacted]&password=[redacted]",
        ),
        ('{"apikey": "abc def", "a": 1}', '{"apikey": "[redacted] def", "a": 1}'),
        ("{'access_token':'abc'}", "{'access_token':'[redacted]'}"),
    ],
)
def test_a_secret_in_a_text_is_redacted_by_its_look(text, kept):
    assert redacted(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:8000/offboard/dana.lee@example.com",
        "GET https://containers.cloud.ibm.com/global/v1/clusters",
        "dana.lee@example.com",
        "IBMid-550000ABCD",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    ],
)
def test_what_is_no_secret_is_kept(text):
    assert redacted(text) == text


def test_our_own_secrets_are_taken_out_wherever_they_stand():
    assert redacted(f"no{OWN}no {OWN}", [OWN]) == "no[redacted]no [redacted]"


def test_of_two_secrets_the_one_that_holds_the_other_goes_first():
    assert redacted("abcdefgh-ijkl", ["abcd", "abcdefgh-ijkl"]) == "[redacted]"


def test_what_is_learned_later_is_taken_out_in_its_place_by_length():
    redactor = Redactor(["abcd-efgh"])

    redactor.learn("abcd")
    redactor.learn("abcd-efgh-ijkl")
    redactor.learn("abc")

    assert redactor.text("abcd-efgh-ijkl abcd-efgh abcd abc") == (
        "[redacted] [redacted] [redacted] abc"
    )


def test_nothing_is_forgotten_when_threads_learn_at_once():
    redactor = Redactor()
    texts = [f"secret-{number:04}" for number in range(400)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(redactor.learn, texts))

    assert {redactor.text(text) for text in texts} == {"[redacted]"}


def test_a_short_password_is_a_secret_and_an_empty_one_is_none():
    assert redacted("it is pass", ["pass", ""]) == "it is [redacted]"


def test_nested_values_are_redacted():
    event = {
        "facts": {"a": [f"x {OWN}", ("Bearer abc", {OWN})], "token": 5},
        "none": None,
        "count": 3,
        "held": Secret("hidden"),
    }

    assert Redactor([OWN])(None, "info", event) == {
        "facts": {
            "a": ["x [redacted]", ["Bearer [redacted]", ["[redacted]"]]],
            "token": "[redacted]",
        },
        "none": None,
        "count": 3,
        "held": "Secret(…)",
    }


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes_are_counted_and_not_shown(kind):
    event = Redactor()(None, "info", {"body": kind(b"whole payload")})

    assert event == {"body": "[BYTES 13]"}


def test_a_long_text_is_cut_after_it_was_redacted():
    text = redacted("x" * 2040 + OWN + "y" * 100, [OWN])

    assert len(text) == 2049
    assert "9f3c" not in text
    assert text.endswith("…")


def test_a_line_is_json_with_its_fields(lines):
    structlog.contextvars.bind_contextvars(case_id="01J")

    structlog.get_logger("workers.tasks").info("target.reset", cluster_count=3)

    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line.pop("version") == version("offboard")
    assert line == {
        "event": "target.reset",
        "cluster_count": 3,
        "case_id": "01J",
        "level": "info",
        "logger": "workers.tasks",
        "service": "web",
    }


def test_others_lines_have_the_same_form_and_the_same_redaction(lines):
    logging.getLogger("gunicorn.error").warning("sent %s to %s", OWN, "Bearer abc")

    (line,) = lines()
    assert line["event"] == "sent [redacted] to Bearer [redacted]"
    assert line["level"] == "warning"
    assert line["logger"] == "gunicorn.error"
    assert line["service"] == "web"


def test_no_value_forges_a_line(lines):
    forged = 'dana\n{"event": "case.settled"}\r\n\u2028\x85\x1b[2K'

    structlog.get_logger().info("case.opened", user=forged)
    logging.getLogger("other").warning("user %s", forged)

    first, second = lines()
    assert first["event"] == "case.opened"
    assert first["user"] == forged
    assert second["event"] == f"user {forged}"


def test_an_exception_is_told_without_local_variables_and_without_secrets(lines):
    def fail(apikey):
        local = f"{apikey}-local"
        raise ValueError(f"refused {OWN} for Bearer abc" if local else "")

    # In parts: a traceback shows the lines of the code, and only those.
    key = "key-of" + "-nobody"

    try:
        fail(key)
    except ValueError:
        structlog.get_logger().exception("target.failed")
        logging.getLogger("other").exception("failed")

    ours, theirs = lines()
    for line in (ours, theirs):
        assert (
            "ValueError: refused [redacted] for Bearer [redacted]" in line["exception"]
        )
        assert "key-of-nobody" not in str(line)
        assert "exc_info" not in line


def test_lines_below_the_level_are_not_written(lines):
    structlog.get_logger().debug("case.read")
    logging.getLogger("celery.worker.strategy").info("Task received")
    logging.getLogger("celery.worker.strategy").warning("kept")

    assert [line["event"] for line in lines()] == ["kept"]


def test_setting_up_twice_writes_each_line_once_and_to_stderr(lines, capsys):
    logs.set_up("INFO", service="worker")

    structlog.get_logger().info("worker.started")

    out, err = capsys.readouterr()
    assert [json.loads(line)["service"] for line in err.splitlines()] == ["worker"]
    assert out == ""
    assert lines() == []


def test_a_key_that_was_replaced_is_in_no_line_written_since(lines, tmp_path):
    (tmp_path / "key").write_text("key-before-rotation")
    key = FileSecret(tmp_path / "key")
    key.check()
    (tmp_path / "key").write_text("key-after-rotation")

    sent = key.reveal()
    structlog.get_logger().info("target.reset", detail=f"sent {sent}")
    logging.getLogger("other").warning("sent key-before-rotation, then %s", sent)

    changed, ours, theirs = lines()
    assert sent == "key-after-rotation"
    assert changed["event"] == "secret_file.changed"
    assert ours["detail"] == "sent [redacted]"
    assert theirs["event"] == "sent [redacted], then [redacted]"


def test_what_was_learned_holds_after_logging_is_set_up_anew(lines, capsys):
    logs.learn("learned-under-way")

    logs.set_up("INFO", secrets=["another-secret"], service="worker")
    structlog.get_logger().info("learned-under-way another-secret")

    assert json.loads(capsys.readouterr().err)["event"] == "[redacted] [redacted]"


@pytest.mark.parametrize(
    "text",
    [
        "BEARER abc",
        "xOxB-1-abc",
        "XAPP-1",
        "hTTps://hooks.SLACK.com/a/b",
        "HTTPS://x.example.com/SERVICES/a",
        "eYj012345678.a.b",
        "REDIS://:word@host",
        "WHSEC_abc",
        "Ofb_0123456789abcdef",
        "API_\u212aEY=abc",
        "pa\u017fsword=abc",
        "client_\u017fecret=abc",
        "acce\u017f\u017f_token=abc",
        'REFRESH_TOKEN": "abc',
    ],
)
def test_a_secret_is_found_in_whatever_letters_it_is_written(text):
    assert "[redacted]" in redacted(text) or "redacted]" in redacted(text)


@given(
    st.text(
        st.sampled_from("beraxopsyjkwhcftdi:/-_=@. \u017f\u212a\u0131"), max_size=30
    )
)
def test_what_has_no_mark_fits_no_pattern(text):
    assert redacted(text) == logs._without_patterns(text)


def test_a_stream_that_is_gone_ends_no_process(lines):
    gone = io.StringIO()
    LINES.handler.setStream(gone)
    gone.close()

    structlog.get_logger().info("case.opened")

    assert lines() == []
    # Else the standard module would flush it at the end of the process.
    LINES.handler.stream = io.StringIO()
