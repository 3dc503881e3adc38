"""Slack: against a small server for the errors, the simulator for the limits."""

import json
import logging
import socket
import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import structlog

from config.settings import Secret
from simulator.server import Simulator
from simulator.slack import SLACK_BOT_TOKEN, SLACK_CHANNEL_ID
from workers.notify.mrkdwn import slack_cut, slack_escape
from workers.notify.slack import SlackBot, SlackWebhook
from workers.offboarding.errors import Reason, TransientError
from workers.offboarding.model import (
    Channel,
    KeyOwner,
    Leaver,
    ReportKind,
    ReportLine,
    ReportState,
)
from workers.offboarding.notice import NoticeLine
from workers.offboarding.report import Item, Name

TOKEN = "xoxb-planted-token"
LINE = ReportLine(Channel.SLACK, ReportKind.FINAL)
NOTICED = NoticeLine(Channel.SLACK)
SETTLE = timedelta(minutes=30)
OK = json.dumps({"ok": True, "ts": "1.2"})


@dataclass
class FarSide:
    """Answers each request with the next of *answers*, the last one for ever."""

    answers: list = field(default_factory=list)
    requests: list = field(default_factory=list)
    url: str = ""

    def next(self):
        place = min(len(self.requests), len(self.answers)) - 1
        return self.answers[place]


def refused(code):
    return (200, {}, json.dumps({"ok": False, "error": code}))


@pytest.fixture
def far_side():
    side = FarSide()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            side.requests.append((self.path, dict(self.headers), json.loads(body)))
            answer = side.next()
            if answer is None:
                self.close_connection = True
                return
            status, headers, text = answer
            raw = text.encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def do_GET(self):
            side.requests.append((self.path, dict(self.headers), None))
            self.send_error(404)

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    side.url = f"http://127.0.0.1:{server.server_port}"
    yield side
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def bot(far_side, clock):
    return a_bot(f"{far_side.url}/api", clock)


@pytest.fixture
def webhook(far_side, clock):
    url = Secret(f"{far_side.url}/services/T/B/planted-path")
    return SlackWebhook(url, public_url=None, settle=SETTLE, clock=clock)


def a_bot(api_url, clock, token=TOKEN, channel="C1", public_url=None):
    return SlackBot(
        Secret(token),
        channel,
        api_url=api_url,
        public_url=public_url,
        settle=SETTLE,
        clock=clock,
    )


def shown(message):
    return "\n".join(block["text"]["text"] for block in message["blocks"])


def test_a_report_is_posted_once_with_text_and_blocks(far_side, bot, make_case, clock):
    far_side.answers = [(200, {}, OK)]

    line = bot.deliver(make_case(), LINE)

    [(path, headers, message)] = far_side.requests
    assert path == "/api/chat.postMessage"
    assert headers["Authorization"] == f"Bearer {TOKEN}"
    assert message["channel"] == "C1"
    assert message["unfurl_links"] is False
    assert message["text"] == (
        ":warning: *Attention needed:* 1 failed. Leaver: `Dana Lee`. Case `01CASE`"
    )
    assert shown(message).endswith("Case `01CASE`")
    assert line == replace(LINE, state=ReportState.SENT, at=clock(), tries=1)


@pytest.mark.parametrize(
    "code",
    [
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "missing_scope",
        "channel_not_found",
        "not_in_channel",
        "is_archived",
        "restricted_action",
        "ekm_access_denied",
        "some_code_nobody_knows",
    ],
)
def test_a_refusal_for_good_fails_with_its_code(far_side, bot, make_case, code):
    far_side.answers = [refused(code)]

    line = bot.deliver(make_case(), LINE)

    assert (line.state, line.detail, line.tries) == (ReportState.FAILED, code, 1)
    assert len(far_side.requests) == 1


@pytest.mark.parametrize(
    "code",
    [
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "metadata_too_large",
    ],
)
def test_refused_blocks_are_sent_once_more_as_text(far_side, bot, make_case, code):
    far_side.answers = [refused(code), (200, {}, OK)]

    line = bot.deliver(make_case(), LINE)

    [_, (_, _, message)] = far_side.requests
    assert line.state is ReportState.SENT
    assert "blocks" not in message
    assert "FAILED" in message["text"]
    assert message["text"].endswith("Case `01CASE`")


def test_text_refused_as_the_blocks_were_is_not_sent_a_third_time(
    far_side, bot, make_case
):
    far_side.answers = [refused("invalid_blocks")]

    line = bot.deliver(make_case(), LINE)

    assert line.state is ReportState.FAILED
    assert len(far_side.requests) == 2


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        ((429, {"Retry-After": "7"}, '{"ok":false,"error":"ratelimited"}'), 7.0),
        ((429, {"retry-after": "9000"}, "slow down"), 300.0),
        ((429, {"Retry-After": "soon"}, ""), None),
        ((200, {}, '{"ok":false,"error":"ratelimited"}'), None),
        ((200, {"Retry-After": "3"}, '{"ok":false,"error":"rate_limited"}'), 3.0),
    ],
)
def test_a_rate_limit_asks_to_come_back(far_side, bot, make_case, answer, seconds):
    far_side.answers = [answer]

    with pytest.raises(TransientError) as raised:
        bot.deliver(make_case(), LINE)

    assert raised.value.retry_after_seconds == seconds
    assert raised.value.reason is Reason.UNREACHABLE
    assert len(far_side.requests) == 1


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ((500, {}, "{}"), "http_500"),
        ((503, {"Content-Type": "text/html"}, "<html>down</html>"), "http_503"),
        ((200, {"Content-Type": "text/html"}, "<html>hi</html>"), "answer_lost"),
        ((200, {}, "[1]"), "answer_lost"),
        ((200, {}, '{"ok":false}'), "unexpected_answer"),
        ((200, {"Content-Type": "text/plain; charset=nope"}, OK), "answer_lost"),
        (refused("internal_error"), "internal_error"),
        (refused("service_unavailable"), "service_unavailable"),
        (refused("request_timeout"), "request_timeout"),
        (refused("fatal_error"), "fatal_error"),
        (None, "answer_lost"),
    ],
)
def test_what_may_have_arrived_is_unknown_and_never_sent_twice(
    far_side, bot, make_case, answer, detail
):
    far_side.answers = [answer, (200, {}, OK)]

    line = bot.deliver(make_case(), LINE)

    assert (line.state, line.detail) == (ReportState.UNKNOWN, detail)
    assert len(far_side.requests) == 1


def test_an_answer_that_never_comes_is_unknown(clock, make_case):
    with socket.create_server(("127.0.0.1", 0)) as hole:
        bot = a_bot(f"http://127.0.0.1:{hole.getsockname()[1]}/api", clock)
        bot._client.timeout = 0.2

        line = bot.deliver(make_case(), LINE)

    assert (line.state, line.detail) == (ReportState.UNKNOWN, "answer_lost")


def test_a_slack_that_is_not_there_certainly_got_nothing(clock, make_case):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    bot = a_bot(f"http://127.0.0.1:{port}/api", clock)

    with pytest.raises(TransientError):
        bot.deliver(make_case(), LINE)


def test_the_token_follows_no_redirect(far_side, bot, make_case):
    elsewhere = f"{far_side.url}/elsewhere"
    far_side.answers = [(302, {"Location": elsewhere}, "")]

    line = bot.deliver(make_case(), LINE)

    assert line.state is ReportState.UNKNOWN
    assert [path for path, _, _ in far_side.requests] == ["/api/chat.postMessage"]


def test_a_proxy_of_the_environment_is_not_used_for_loopback(
    far_side, clock, make_case, monkeypatch
):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    far_side.answers = [(200, {}, OK)]

    line = a_bot(f"{far_side.url}/api", clock).deliver(make_case(), LINE)

    assert line.state is ReportState.SENT


@pytest.mark.parametrize(
    ("status", "body", "state", "detail"),
    [
        (200, "ok", ReportState.SENT, ""),
        (200, "<html>", ReportState.UNKNOWN, "unexpected_answer"),
        (400, "invalid_payload", ReportState.FAILED, "invalid_payload"),
        (403, "action_prohibited", ReportState.FAILED, "action_prohibited"),
        (404, "no_service", ReportState.FAILED, "no_service"),
        (410, "channel_is_archived", ReportState.FAILED, "channel_is_archived"),
        (404, "<html>where?</html>", ReportState.FAILED, "http_404"),
        (500, "rollup_error", ReportState.UNKNOWN, "http_500"),
        (302, "", ReportState.UNKNOWN, "http_302"),
    ],
)
def test_a_webhook_answers_with_a_word(
    far_side, webhook, make_case, status, body, state, detail
):
    far_side.answers = [(status, {}, body)]

    line = webhook.deliver(make_case(), LINE)

    assert (line.state, line.detail, line.tries) == (state, detail, 1)
    assert len(far_side.requests) == 1


@pytest.mark.parametrize(
    "code",
    [
        "invalid_blocks",
        "invalid_blocks_format",
        "msg_blocks_too_long",
        "metadata_too_large",
    ],
)
def test_a_webhook_that_refuses_blocks_gets_text(far_side, webhook, make_case, code):
    far_side.answers = [(400, {}, code), (200, {}, "ok")]

    line = webhook.deliver(make_case(), LINE)

    [_, (_, _, message)] = far_side.requests
    assert line.state is ReportState.SENT
    assert "blocks" not in message


def test_a_webhook_that_is_limited_asks_to_come_back(far_side, webhook, make_case):
    far_side.answers = [(429, {"Retry-After": "30"}, "")]

    with pytest.raises(TransientError) as raised:
        webhook.deliver(make_case(), LINE)

    assert raised.value.retry_after_seconds == 30.0


def test_a_webhook_whose_answer_is_lost_is_unknown(far_side, webhook, make_case):
    far_side.answers = [None]

    line = webhook.deliver(make_case(), LINE)

    assert line.state is ReportState.UNKNOWN
    assert len(far_side.requests) == 1


def test_no_secret_is_in_a_message_a_log_an_error_or_a_repr(
    far_side, clock, make_case, caplog
):
    planted = "planted-path"
    caplog.set_level(logging.DEBUG)
    far_side.answers = [(429, {}, "x"), (500, {}, "x"), (200, {}, "ok")]
    url = Secret(f"{far_side.url}/services/T/B/{planted}")
    webhook = SlackWebhook(url, public_url=None, settle=SETTLE, clock=clock)

    with structlog.testing.capture_logs() as logs:
        with pytest.raises(TransientError) as raised:
            webhook.deliver(make_case(), LINE)
        lines = [webhook.deliver(make_case(), LINE) for _ in range(2)]

    messages = [message for _, _, message in far_side.requests]
    everything = repr((lines, logs, caplog.text, raised.value, messages, webhook))
    assert planted not in everything
    assert [one["event"] for one in logs] == [
        "report.postponed",
        "report.delivered",
        "report.delivered",
    ]


def test_hostile_names_are_neither_markup_nor_mention(
    far_side, bot, make_case, make_target
):
    far_side.answers = [(200, {}, OK)]
    target = make_target(
        group="<!channel>",
        cluster="`x` *b* <@U1>",
        owner_before=KeyOwner("IBMid-1", "<script>"),
        detail="*bold* `code` _i_ us_south <https://example.com|x>",
    )
    case = make_case(target, leaver=Leaver(name="a`b\r\n<!here> \u202ex"))

    bot.deliver(case, LINE)

    [(_, _, message)] = far_side.requests
    text = shown(message)
    assert "<" not in text
    assert "<" not in message["text"]
    assert "`&lt;!channel&gt;`" in text
    assert "`x *b* &lt;@U1&gt;`" in text
    assert "Detail: bold code i us_south &lt;https://example.com|x&gt;" in text
    assert "Leaver: `ab &lt;!here&gt; \ufffdx`" in message["text"]
    assert all(block["text"]["verbatim"] for block in message["blocks"])


@pytest.mark.parametrize(
    "name",
    ["payments", '"<&>"' * 30, '"' * 100, "\U0001f600" * 90],
    ids=["plain", "escaped", "quotes", "astral"],
)
def test_a_long_report_stays_within_slacks_limits(clock, make_case, make_target, name):
    targets = tuple(make_target(number, group=name) for number in range(200))
    case = make_case(*targets)

    with Simulator() as simulator:
        bot = a_bot(
            simulator.slack_api_url,
            clock,
            SLACK_BOT_TOKEN,
            SLACK_CHANNEL_ID,
            "https://offboard.example.com/",
        )
        line = bot.deliver(case, LINE)
        [message] = simulator.slack.messages

    text = shown({"blocks": message.blocks})
    assert line.state is ReportState.SENT
    assert len(json.dumps(message.blocks, ensure_ascii=False)) <= 11_000
    assert len(message.blocks) <= 45
    assert max(len(block["text"]["text"]) for block in message.blocks) <= 3_000
    assert text.splitlines()[-1] == "Case `01CASE`"
    assert " more: <https://offboard.example.com/cases/01CASE|see the case>" in text
    assert text.count("```") % 2 == 0


def test_what_is_left_out_is_counted(far_side, bot, make_case, make_target):
    far_side.answers = [(200, {}, OK)]
    targets = tuple(make_target(number) for number in range(200))

    bot.deliver(make_case(*targets), LINE)

    [(_, _, message)] = far_side.requests
    lines = shown(message).splitlines()
    points = sum(line.startswith("• ") for line in lines)
    [more] = [line for line in lines if line.startswith("and ")]
    # 200 to mend, one retry, 200 targets, three clocks, three found, five asked
    assert more == f"and {412 - points} more"


def test_a_command_that_does_not_fit_is_left_out_whole(
    far_side, bot, make_case, make_target
):
    far_side.answers = [(200, {}, OK)]
    target = make_target(reason=Reason.NO_ROLE, functional_id=KeyOwner("'" * 500))

    bot.deliver(make_case(target), LINE)

    [(_, _, message)] = far_side.requests
    assert "the command does not fit here: see the case" in shown(message)
    assert "user-policy-create" not in shown(message)


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        ("a&amp;b", 7, "a&amp;b"),
        ("aaaaaa&amp;b", 10, "aaaaaa…"),
        ("aaa `name` bbb", 9, "aaa `na`…"),
    ],
)
def test_a_cut_is_inside_no_entity_and_no_code_span(text, limit, cut):
    assert slack_cut(text, limit) == cut


def test_exactly_three_characters_are_escaped():
    assert slack_escape("&<>\"'") == "&amp;&lt;&gt;\"'"


# notices


def test_a_notice_is_posted_whole_and_links_to_no_case(far_side, clock, make_notice):
    far_side.answers = [(200, {}, OK)]
    notice = make_notice(id="n1")
    bot = a_bot(f"{far_side.url}/api", clock, public_url="https://offboard.example.com")

    line = bot.tell(notice, NOTICED)

    [(_, _, message)] = far_side.requests
    headline = (
        ":warning: *A functional ID's key is a person's now:* in account `acct1`, "
        "`us-south` / `payments` belonged to the functional ID `IKS` and belongs to "
        "`Dana Lee` (`dana.lee@example.com`) now."
    )
    assert line == replace(NOTICED, state=ReportState.SENT, at=clock(), tries=1)
    assert message["text"] == f"{headline} Notice `n1`"
    assert shown(message) == (
        f"{headline}\n"
        "*Left to do by hand*\n"
        "• When they leave, 1 cluster loses its key. Take it over before that:\n"
        "```offboard adopt --account acct1 --region us-south --group payments-id"
        " --from IBMid-1 --apply```\n"
        "• Or, where the service is not armed, give it back by hand:\n"
        "    Run it logged in as the functional ID: whoever resets becomes the owner.\n"
        "```ibmcloud target -g payments-id -r us-south"
        " &amp;&amp; ibmcloud ks api-key reset --region us-south```\n"
        "*Found*\n"
        "• Found: 2026-11-23 12:00:00 UTC\n"
        "Notice `n1`"
    )


def test_a_notice_with_hostile_names_is_neither_markup_nor_mention(
    far_side, bot, make_notice
):
    far_side.answers = [(200, {}, OK)]

    bot.tell(make_notice(owner="`x` *b* <@U1>\r\n", group="<!channel>"), NOTICED)

    [(_, _, message)] = far_side.requests
    assert "<" not in shown(message) + message["text"]
    assert "`us-south` / `&lt;!channel&gt;`" in message["text"]
    assert "belongs to `x *b* &lt;@U1&gt;` (" in message["text"]


def test_a_notice_refused_as_blocks_is_posted_as_text(far_side, bot, make_notice):
    far_side.answers = [refused("invalid_blocks"), (200, {}, OK)]

    line = bot.tell(make_notice(id="n1"), NOTICED)

    [_, (_, _, message)] = far_side.requests
    assert line.state is ReportState.SENT
    assert message["text"].endswith("Notice `n1`")


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((200, {}, OK), ReportState.SENT),
        (refused("is_archived"), ReportState.FAILED),
        ((500, {}, ""), ReportState.UNKNOWN),
    ],
)
def test_a_notice_fares_as_a_report_does(far_side, bot, make_notice, answer, state):
    far_side.answers = [answer]

    line = bot.tell(make_notice(), NOTICED)

    assert (line.channel, line.state, line.tries) == (Channel.SLACK, state, 1)


def test_a_notice_that_is_limited_asks_to_come_back(far_side, bot, make_notice):
    far_side.answers = [(429, {"Retry-After": "7"}, "")]

    with pytest.raises(TransientError) as raised:
        bot.tell(make_notice(), NOTICED)

    assert raised.value.retry_after_seconds == 7.0


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [(200, "ok", ReportState.SENT), (404, "no_service", ReportState.FAILED)],
)
def test_a_webhook_takes_a_notice_too(
    far_side, webhook, make_notice, status, body, state
):
    far_side.answers = [(status, {}, body)]

    line = webhook.tell(make_notice(id="n1"), NOTICED)

    [(_, _, message)] = far_side.requests
    assert line.state is state
    assert shown(message).endswith("Notice `n1`")


def test_a_long_notice_says_how_much_is_left_out(far_side, bot, make_notice):
    far_side.answers = [(200, {}, OK)]
    items = tuple(Item((Name("x" * 80), "y" * 500)) for _ in range(40))

    bot.tell(make_notice(id="n1", items=items), NOTICED)

    [(_, _, message)] = far_side.requests
    lines = shown(message).splitlines()
    points = sum(line.startswith("• ") for line in lines)
    assert lines[-2:] == [f"and {41 - points} more", "Notice `n1`"]


def test_a_command_that_does_not_fit_points_to_no_case_there_is_not(
    far_side, bot, make_notice
):
    far_side.answers = [(200, {}, OK)]
    items = (Item(("Run:",), (), "x" * 2_000),)

    bot.tell(make_notice(items=items), NOTICED)

    [(_, _, message)] = far_side.requests
    assert "the command does not fit here" in shown(message)
    assert "case" not in shown(message)
