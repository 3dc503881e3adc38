"""The message of a case under way, and what answers it: against the simulated Slack."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from config.settings import Secret
from simulator.fault_actions import (
    bad_gateway,
    drop_after,
    drop_before,
    empty,
    rate_limited,
    status,
)
from simulator.faults import Fault
from simulator.server import Simulator
from simulator.slack import SLACK_BOT_TOKEN, SLACK_CHANNEL_ID
from workers.notify.email import Mail
from workers.notify.slack import SlackBot, SlackWebhook
from workers.notify.slack_blocks import message_of
from workers.notify.slack_roots import digest_of
from workers.offboarding.errors import TransientError
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Channel,
    Cluster,
    KeyOwner,
    Leaver,
    Outcome,
    ReportKind,
    ReportLine,
    ReportState,
)
from workers.offboarding.report import report_of

BEGUN = ReportLine(Channel.SLACK, ReportKind.STARTED)
FINAL = ReportLine(Channel.SLACK, ReportKind.FINAL)
SETTLE = timedelta(minutes=30)
POST, CHANGE = "/slack/api/chat.postMessage", "/slack/api/chat.update"
PERMANENT = (
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
)
BLOCKS_REFUSED = (
    "invalid_blocks",
    "invalid_blocks_format",
    "msg_blocks_too_long",
    "metadata_too_large",
)
UNKNOWN = (
    bad_gateway(),
    status(500, "{}"),
    status(200, "<html>hi</html>", content_type="text/html"),
    status(200, "[1]"),
    status(200, '{"ok":false,"error":"internal_error"}'),
    status(200, '{"ok":false,"error":"service_unavailable"}'),
    status(200, '{"ok":false,"error":"request_timeout"}'),
    status(200, '{"ok":false,"error":"fatal_error"}'),
    drop_before(),
    drop_after(),
    empty(),
)
GONE = ("message_not_found", "cant_update_message", "edit_window_closed")
NO_THREAD = (
    "thread_not_found",
    "message_not_found",
    "cannot_reply_to_message",
    "restricted_action_non_threadable_channel",
    "restricted_action_thread_locked",
)


def refused(code):
    return status(200, json.dumps({"ok": False, "error": code}))


@pytest.fixture(scope="module")
def started_simulator():
    with Simulator() as simulator:
        yield simulator


@pytest.fixture
def simulator(started_simulator):
    yield started_simulator
    started_simulator.slack.clear()
    started_simulator.faults.clear()
    started_simulator.journal.clear()


@pytest.fixture
def bot(simulator, clock):
    return a_bot(simulator, clock)


def a_bot(simulator, clock, **changes):
    return SlackBot(
        Secret(SLACK_BOT_TOKEN),
        changes.get("channel", SLACK_CHANNEL_ID),
        api_url=simulator.slack_api_url,
        public_url="https://offboard.example.com",
        settle=SETTLE,
        clock=clock,
    )


def fails(simulator, path, *actions):
    for action in actions:
        simulator.faults.add(Fault("POST", path, action))


def calls(simulator, path):
    return len(simulator.journal.calls("POST", path))


def shown(message):
    return "\n".join(block["text"]["text"] for block in message.blocks)


@pytest.fixture
def under_way(make_case, make_target, clock):
    done = make_target(1, outcome=Outcome.VERIFIED, reason=None, settled_at=clock())
    targets = (done, make_target(2, outcome=None), make_target(3, outcome=None))
    changes = {"status": CaseStatus.OPEN, "result": None, "started_at": clock()}
    return make_case(*targets, **changes)


def with_outcome(case, number, outcome):
    targets = list(case.targets)
    targets[number] = replace(targets[number], outcome=outcome)
    return replace(case, targets=tuple(targets))


@pytest.fixture
def begun(bot, under_way):
    """Return the case with its message sent."""
    line = bot.deliver(under_way, BEGUN)
    return replace(under_way, reports=(line,))


def on(case):
    return case.started_on(Channel.SLACK)


# the message


def test_a_case_under_way_is_told_in_a_message_that_is_remembered(
    simulator, bot, under_way, clock
):
    line = bot.deliver(under_way, BEGUN)

    [message] = simulator.slack.messages
    assert (line.state, line.tries) == (ReportState.SENT, 1)
    assert (line.root.place, line.root.id) == (SLACK_CHANNEL_ID, message.ts)
    assert (line.root.shown_at, line.root.told) == (clock(), ())
    assert message.thread_ts is None
    assert message.text == (
        ":hourglass_flowing_sand: *Under way:* `Dana Lee` leaves. "
        "1 of 3 targets verified, 2 under way. Case `01CASE`"
    )


def test_the_message_says_who_how_far_and_what_breaks_and_ends_with_the_case(
    simulator, bot, under_way
):
    bot.deliver(under_way, BEGUN)

    [message] = simulator.slack.messages
    assert shown(message) == (
        ":hourglass_flowing_sand: *Under way:* `Dana Lee` leaves. "
        "1 of 3 targets verified, 2 under way.\n"
        "*Progress*\n"
        "• ■■■■■■□□□□□□□□□□□□□□ 1 of 3 ended\n"
        "• Begun: 2026-11-23 12:00:00 UTC\n"
        "*Not on a functional ID's key yet*\n"
        "• Do not remove the person from the account yet: that deletes their API keys "
        "at once, and clusters on those keys can then no longer order workers, attach "
        "storage or scale.\n"
        "• `us-south`, resource group `payments` (`group-2`): 1 cluster: `web`\n"
        "• `us-south`, resource group `payments` (`group-3`): 1 cluster: `web`\n"
        "*Asked*\n"
        "• Leaver: `Dana Lee`, `dana.lee@example.com`, `IBMid-1`\n"
        "• Told by: `standard`, event `standard:msg_1`\n"
        "• Received: 2026-11-23 12:00:00 UTC\n"
        "• Mode: armed\n"
        "• Scope: the whole account\n"
        "The whole case: <https://offboard.example.com/cases/01CASE|see the case>\n"
        "Case `01CASE`"
    )


def test_what_has_failed_before_stands_in_the_message(
    simulator, bot, under_way, make_target
):
    case = with_outcome(under_way, 1, Outcome.FAILED)

    line = bot.deliver(case, BEGUN)

    [message] = simulator.slack.messages
    assert "1 of 3 targets verified, 1 failed, 1 under way" in message.text
    assert "*Went wrong*\n• `us-south`, resource group `payments`" in shown(message)
    assert line.root.told == ("acct1/us-south/group-2",)


def test_a_message_is_changed_as_a_whole_where_the_case_changed(simulator, bot, begun):
    case = with_outcome(begun, 1, Outcome.VERIFIED)

    line = bot.deliver(case, on(case))

    [message] = simulator.slack.messages
    assert message.edited
    assert "2 of 3 targets verified, 1 under way" in message.text
    assert "2 of 3 ended" in shown(message)
    assert line.root.digest != on(begun).root.digest


def test_a_case_that_did_not_change_asks_slack_for_nothing(simulator, bot, begun):
    line = bot.deliver(begun, on(begun))

    assert line == on(begun)
    assert calls(simulator, CHANGE) == 0


def test_the_last_change_says_how_it_ended(simulator, bot, begun, clock):
    case = with_outcome(with_outcome(begun, 1, Outcome.VERIFIED), 2, Outcome.VERIFIED)
    case = replace(
        case,
        status=CaseStatus.SETTLED,
        result=CaseResult.SAFE,
        settled_at=clock() + timedelta(seconds=40),
    )

    bot.deliver(case, on(case))

    [message] = simulator.slack.messages
    assert message.text.startswith(":white_check_mark: *Safe:* all 3 cluster API keys")
    assert "3 of 3 ended" in shown(message)
    assert "Ended: 2026-11-23 12:00:40 UTC." in shown(message)
    assert "Do not remove" not in shown(message)


def test_a_message_posted_without_a_name_is_sent_and_never_changed(
    simulator, bot, under_way
):
    fails(simulator, POST, status(200, '{"ok": true, "ts": "<!channel>"}'))

    line = bot.deliver(under_way, BEGUN)

    assert (line.state, line.root) == (ReportState.SENT, None)


# the table of errors, for the first message


@pytest.mark.parametrize("code", [*PERMANENT, "a_code_nobody_knows"])
def test_a_message_refused_for_good_fails_with_its_code(
    simulator, bot, under_way, code
):
    fails(simulator, POST, refused(code))

    line = bot.deliver(under_way, BEGUN)

    assert (line.state, line.detail, line.root) == (ReportState.FAILED, code, None)
    assert calls(simulator, POST) == 1


@pytest.mark.parametrize("code", BLOCKS_REFUSED)
def test_a_message_whose_blocks_are_refused_is_sent_as_text(
    simulator, bot, under_way, code
):
    fails(simulator, POST, refused(code))

    line = bot.deliver(under_way, BEGUN)

    [message] = simulator.slack.messages
    assert line.root.id == message.ts
    assert message.blocks == []
    assert message.text.endswith("Case `01CASE`")


@pytest.mark.parametrize("action", UNKNOWN)
def test_a_message_that_may_have_arrived_is_unknown_and_has_no_root(
    simulator, bot, under_way, action
):
    fails(simulator, POST, action)

    line = bot.deliver(under_way, BEGUN)

    assert (line.state, line.root) == (ReportState.UNKNOWN, None)
    assert calls(simulator, POST) == 1


# the table of errors, for a change


@pytest.mark.parametrize("code", [*PERMANENT, "a_code_nobody_knows"])
def test_a_change_refused_for_good_keeps_the_message_and_is_counted(
    simulator, bot, begun, code
):
    fails(simulator, CHANGE, refused(code))
    case = with_outcome(begun, 1, Outcome.VERIFIED)

    line = bot.deliver(case, on(case))

    assert line.root == replace(on(begun).root, faults=1)
    assert line.state is ReportState.SENT
    assert len(simulator.slack.messages) == 1


@pytest.mark.parametrize("code", BLOCKS_REFUSED)
def test_a_change_whose_blocks_are_refused_is_made_once_as_text(
    simulator, bot, begun, code
):
    fails(simulator, CHANGE, refused(code))
    case = with_outcome(begun, 1, Outcome.VERIFIED)

    line = bot.deliver(case, on(case))

    [message] = simulator.slack.messages
    assert message.blocks == []
    assert "2 of 3 targets verified" in message.text
    assert line.root.faults == 0
    assert calls(simulator, CHANGE) == 2


@pytest.mark.parametrize("action", UNKNOWN)
def test_a_change_whose_answer_is_lost_is_simply_made_again(
    simulator, bot, begun, action
):
    fails(simulator, CHANGE, action)
    case = with_outcome(begun, 1, Outcome.VERIFIED)

    lost = bot.deliver(case, on(case))
    line = bot.deliver(case, lost)

    [message] = simulator.slack.messages
    assert (lost.root.faults, line.root.faults) == (1, 0)
    assert "2 of 3 targets verified" in message.text


@pytest.mark.parametrize(
    ("action", "seconds"),
    [
        (rate_limited(7), 7.0),
        (rate_limited(9000), 300.0),
        (rate_limited(), None),
        (refused("ratelimited"), None),
        (refused("rate_limited"), None),
    ],
)
@pytest.mark.parametrize("path", [POST, CHANGE])
def test_a_rate_limit_asks_to_come_back_and_changes_nothing(
    simulator, bot, under_way, begun, path, action, seconds
):
    fails(simulator, path, action)
    case = with_outcome(begun, 1, Outcome.VERIFIED)
    line = on(case) if path == CHANGE else BEGUN

    with pytest.raises(TransientError) as raised:
        bot.deliver(case, line)

    assert raised.value.retry_after_seconds == seconds
    assert len(simulator.slack.messages) == 1


@pytest.mark.parametrize("code", GONE)
def test_a_message_that_may_not_be_changed_any_more_is_posted_anew(
    simulator, bot, begun, code
):
    fails(simulator, CHANGE, refused(code))
    case = with_outcome(begun, 1, Outcome.VERIFIED)

    line = bot.deliver(case, on(case))

    [_, anew] = simulator.slack.messages
    assert (line.root.id, line.root.posts, line.root.faults) == (anew.ts, 2, 0)
    assert "2 of 3 targets verified" in anew.text
    assert bot.deliver(case, line) == line


def test_a_message_that_somebody_deleted_is_posted_anew(simulator, bot, begun):
    simulator.slack.delete(on(begun).root.id)
    case = with_outcome(begun, 1, Outcome.VERIFIED)

    line = bot.deliver(case, on(case))

    [anew] = simulator.slack.messages
    assert line.root.id == anew.ts


def test_a_workspace_that_forbids_changes_is_not_flooded(simulator, bot, begun):
    fails(simulator, CHANGE, *[refused("edit_window_closed")] * 20)
    line = on(begun)

    for number in range(10):
        case = replace(begun, leaver=Leaver(name=f"Dana {number}"))
        line = bot.deliver(case, line)

    assert len(simulator.slack.messages) == 3
    assert (line.root.posts, line.root.faults) == (3, 8)


def test_a_message_that_is_gone_when_the_case_is_over_is_left_at_that(
    simulator, bot, begun, clock
):
    simulator.slack.delete(on(begun).root.id)
    case = replace(begun, status=CaseStatus.CANCELLED, settled_at=clock())

    line = bot.deliver(case, on(case))

    assert simulator.slack.messages == []
    assert line.root.faults == 0


def test_a_new_message_whose_answer_is_lost_is_tried_again_and_counted(
    simulator, bot, begun
):
    fails(simulator, CHANGE, refused("message_not_found"))
    fails(simulator, POST, drop_after())
    case = with_outcome(begun, 1, Outcome.VERIFIED)

    line = bot.deliver(case, on(case))

    assert (line.root.posts, line.root.faults) == (2, 1)
    assert line.root.id == on(begun).root.id


# what answers it


@pytest.mark.parametrize(
    ("kind", "is_shown_in_the_channel"),
    [
        (ReportKind.FINAL, True),
        (ReportKind.HELD, True),
        (ReportKind.CANCELLED, False),
    ],
)
def test_a_report_answers_the_message_of_its_case(
    simulator, bot, begun, kind, is_shown_in_the_channel
):
    line = bot.deliver(begun, ReportLine(Channel.SLACK, kind))

    [root, answer] = simulator.slack.messages
    assert line.state is ReportState.SENT
    assert answer.thread_ts == root.ts
    assert answer.reply_broadcast is is_shown_in_the_channel
    assert not root.edited


def test_the_second_end_of_a_case_answers_the_same_message(simulator, bot, begun):
    bot.deliver(begun, FINAL)

    bot.deliver(begun, replace(FINAL, number=2))

    root, *answers = simulator.slack.messages
    assert [one.thread_ts for one in answers] == [root.ts, root.ts]


def test_a_report_of_a_case_without_a_message_stands_by_itself(
    simulator, bot, under_way
):
    bot.deliver(under_way, FINAL)

    [message] = simulator.slack.messages
    assert (message.thread_ts, message.reply_broadcast) == (None, False)


def test_a_report_whose_message_was_deleted_stands_by_itself(simulator, bot, begun):
    simulator.slack.delete(on(begun).root.id)

    line = bot.deliver(begun, FINAL)

    [message] = simulator.slack.messages
    assert line.state is ReportState.SENT
    assert message.thread_ts is None


@pytest.mark.parametrize("code", NO_THREAD)
def test_a_message_that_takes_no_answer_leaves_the_report_by_itself(
    simulator, bot, begun, code
):
    fails(simulator, POST, refused(code))

    line = bot.deliver(begun, FINAL)

    assert line.state is ReportState.SENT
    assert simulator.slack.messages[-1].thread_ts is None


def test_a_channel_that_was_exchanged_gets_reports_by_themselves(
    simulator, clock, begun
):
    simulator.slack.channels.add("C0ANOTHER")
    bot = a_bot(simulator, clock, channel="C0ANOTHER")

    bot.deliver(begun, FINAL)

    [_, message] = simulator.slack.messages
    assert (message.channel, message.thread_ts) == ("C0ANOTHER", None)
    # Nothing was answered there that is in another channel.
    assert calls(simulator, POST) == 2


def telling(case, *numbers):
    line = on(case)
    ids = tuple(f"acct1/us-south/group-{each}" for each in numbers)
    return replace(line, root=replace(line.root, telling=ids))


def test_what_failed_meanwhile_is_an_answer_with_what_to_do(simulator, bot, begun):
    case = with_outcome(begun, 1, Outcome.FAILED)

    bot.deliver(case, telling(case, 2))

    [root, answer] = simulator.slack.messages
    assert (answer.thread_ts, answer.reply_broadcast) == (root.ts, False)
    assert answer.text == (
        ":warning: *Went wrong:* 1 target just now. Leaver: `Dana Lee`. So far 1 of 3 "
        "targets verified, 1 failed, 1 under way. Case `01CASE`"
    )
    assert "`group-2`): FAILED." in shown(answer)
    assert "group-3" not in shown(answer)
    assert shown(answer).endswith("Case `01CASE`")


@pytest.mark.parametrize("action", [drop_after(), refused("is_archived")])
def test_what_was_perhaps_told_is_left_to_the_caller_to_count(
    simulator, bot, begun, action
):
    fails(simulator, POST, action)
    case = with_outcome(begun, 1, Outcome.FAILED)

    line = bot.deliver(case, telling(case, 2))

    assert line == telling(case, 2)


# limits and names


@pytest.mark.parametrize(
    "name",
    ["payments", '"<&>"' * 30, "&amp;" * 40, "\U0001f600" * 90, "\u202e<!channel>"],
    ids=["plain", "escaped", "entities", "astral", "marks"],
)
def test_a_case_of_a_thousand_targets_fits_in_its_message(
    simulator, bot, make_case, make_target, name
):
    outcomes = (Outcome.FAILED, None, Outcome.UNREAD, Outcome.VERIFIED)
    targets = tuple(
        make_target(each, group=name, cluster=name, outcome=outcomes[each % 4])
        for each in range(1000)
    )
    case = make_case(*targets, status=CaseStatus.OPEN, result=None)

    line = bot.deliver(case, BEGUN)
    ids = tuple(one.target.id for one in targets if one.outcome is Outcome.FAILED)
    told = replace(line, root=replace(line.root, telling=ids))
    bot.deliver(case, told)

    for message in simulator.slack.messages:
        assert len(json.dumps(message.blocks, ensure_ascii=False)) <= 11_000
        assert len(message.blocks) <= 45
        assert shown(message).splitlines()[-1] == "Case `01CASE`"
        assert "<!" not in shown(message)
    assert len(simulator.slack.messages) == 2


def test_hostile_names_are_neither_markup_nor_mention_in_the_message(
    simulator, bot, make_case, make_target
):
    target = make_target(
        group="<!channel>",
        outcome=None,
        owner_before=KeyOwner("IBMid-1", "<script>"),
    )
    clusters = (Cluster("c1", "`x` *b* <@U1> &amp; \u200f", "vpc-gen2"),)
    target = replace(target, target=replace(target.target, clusters=clusters))
    case = make_case(target, status=CaseStatus.OPEN, leaver=Leaver(name="a`b\n<!here>"))

    bot.deliver(case, BEGUN)

    [message] = simulator.slack.messages
    text = shown(message).replace("<https://offboard.example.com", "")
    assert "<" not in text + message.text
    assert "`&lt;!channel&gt;`" in text
    assert "`x *b* &lt;@U1&gt; &amp;amp;" in text
    assert "`ab &lt;!here&gt;` leaves" in message.text


def test_buttons_stand_right_below_the_headline_and_the_case_is_last(make_case, clock):
    report = report_of(make_case(), ReportKind.FINAL, now=clock(), settle=SETTLE)
    text = {"type": "plain_text", "text": "Retry"}
    buttons = [{"type": "actions", "elements": [{"type": "button", "text": text}]}]

    message = message_of(report, None, buttons)

    assert message.blocks[1:2] == buttons
    assert message.blocks[-1]["text"]["text"].endswith("Case `01CASE`")
    assert message_of(report, None).blocks[-1]["text"]["text"].endswith("Case `01CASE`")


def test_two_messages_that_show_the_same_have_one_digest(make_case, clock):
    def one(**changes):
        case = make_case(**changes)
        report = report_of(case, ReportKind.STARTED, now=clock(), settle=SETTLE)
        return digest_of(message_of(report, None))

    assert one() == one()
    assert one() != one(leaver=Leaver("kim@example.com"))


def test_only_what_can_change_a_message_takes_one(simulator, clock, bot):
    url = Secret(simulator.slack_webhook_url)
    webhook = SlackWebhook(url, public_url=None, settle=SETTLE, clock=clock)
    to = ["ops@example.com"]
    mail = Mail(
        "127.0.0.1",
        25,
        "none",
        None,
        None,
        "offboard@example.com",
        to,
        public_url=None,
        settle=SETTLE,
        clock=clock,
    )

    takes = {
        kind: [one.takes(kind) for one in (bot, webhook, mail)] for kind in ReportKind
    }

    assert takes == {
        ReportKind.STARTED: [True, False, False],
        ReportKind.HELD: [True, True, True],
        ReportKind.CANCELLED: [True, True, True],
        ReportKind.FINAL: [True, True, True],
        ReportKind.DIGEST: [True, True, True],
    }
