"""`offboard notify test` against a service that is played."""

import json

import pytest
from fake_api import LOST, Says, a_problem

TEST = ("POST", "/api/notices/test")
NOTICE = ("GET", "/api/notices/test-1")
MEND = "Invite the bot: /invite @offboard, typed in the channel."


def a_channel(channel, state="sent", **over):
    fields = {"at": None, "tries": 1, "detail": "", "mend": None, **over}
    return {"channel": channel, "state": state, **fields}


def a_notice(*channels):
    return {"id": "test-1", "kind": "test", "at": "x", "channels": list(channels)}


WAITS = a_notice(a_channel("mail", "pending", tries=0), a_channel("slack", "pending"))


@pytest.fixture
def plays(api):
    """Take a test in, then show these states one after the other."""

    def played(*notices):
        api.script(TEST, Says({"notice": WAITS}, 202))
        api.script(NOTICE, *(Says(one) for one in notices))

    return played


def test_all_have_it(api, offboard, plays):
    plays(WAITS, a_notice(a_channel("mail"), a_channel("slack")))

    done = offboard("notify", "test")

    assert done.stdout == "mail: sent\nslack: sent\n"
    assert done.stderr == "Test test-1: waiting for the channels.\n"
    assert done.exit_code == 0
    assert len(api.calls(*NOTICE)) == 2


def test_what_failed_comes_with_how_it_is_mended(offboard, plays):
    failed = a_channel("slack", "failed", detail="not_in_channel", mend=MEND)
    plays(a_notice(a_channel("mail"), failed))

    done = offboard("notify", "test")

    assert done.stdout == f"mail: sent\nslack: FAILED (not_in_channel)\n{MEND}\n"
    assert done.exit_code == 3


def test_a_channel_that_lost_the_answer_is_no_success(offboard, plays):
    plays(a_notice(a_channel("slack", "unknown", detail="answer_lost")))

    done = offboard("notify", "test", "--wait", "0.05")

    assert done.stdout == "slack: no answer came (answer_lost)\n"
    assert done.exit_code == 3


def test_what_is_not_sent_in_time_says_what_it_was_told_so_far(offboard, plays):
    said = "The mail server could not be used: refused."
    plays(a_notice(a_channel("mail", "pending", tries=4, detail=said, mend="Look.")))

    done = offboard("notify", "test", "--wait", "0.05")

    assert done.stdout == (
        "mail: not sent yet, tried 4 times (The mail server could not be used: "
        "refused)\nLook.\n"
    )
    assert done.exit_code == 7


ENDS = {
    "one failed, one waits": (("failed", "pending"), 3),
    "one unknown, one sent": (("unknown", "sent"), 3),
    "of a newer service": (("delayed", "sent"), 3),
    "one waits": (("sent", "pending"), 7),
}


@pytest.mark.parametrize(("states", "code"), ENDS.values(), ids=ENDS)
def test_a_test_ends_as_its_worst_channel_does(offboard, plays, states, code):
    plays(a_notice(*(a_channel(f"c{n}", one) for n, one in enumerate(states))))

    assert offboard("notify", "test", "--wait", "0.05").exit_code == code


def test_json_is_the_notice_as_the_service_has_it(offboard, plays):
    notice = a_notice(a_channel("mail", brand_new=1))
    plays(notice)

    done = offboard("notify", "test", "-o", "json")

    assert json.loads(done.stdout) == {"schema": 1, **notice}
    assert done.exit_code == 0


def test_no_channel_is_a_matter_of_the_settings(api, offboard):
    problem = a_problem(
        409, "No report channel is set up.", type="/problems/no-channel"
    )
    api.script(TEST, problem)

    done = offboard("notify", "test")

    assert (done.exit_code, done.stdout) == (5, "")
    assert done.stderr == "No report channel is set up.\n"


def test_whoever_tests_too_soon_waits_and_tests_then(api, offboard, plays):
    plays(a_notice(a_channel("mail")))
    api.script(TEST, a_problem(429, "A moment ago."), Says({"notice": WAITS}, 202))

    assert offboard("notify", "test").exit_code == 0


@pytest.mark.parametrize(
    ("says", "code"),
    [
        (LOST, 6),
        (a_problem(403, "This needs the role operator."), 5),
        (Says({"case": {}}, 202), 6),
    ],
    ids=["lost", "too small a role", "something else"],
)
def test_a_service_that_takes_no_test(api, offboard, says, code):
    api.script(TEST, says)

    assert offboard("notify", "test").exit_code == code


def test_what_a_channel_said_is_shown_as_text(offboard, plays):
    evil = "\x1b]0;pwned\x07x\nslack: sent"
    plays(a_notice(a_channel("mail", "failed", detail=evil, mend=evil)))

    done = offboard("notify", "test")

    assert "\x1b" not in done.stdout
    assert "\nslack: sent" not in done.stdout


def test_the_room_of_one_account_is_tried_alone_and_named(api, offboard, plays):
    plays(a_notice(a_channel("slack", account_id="b1f3")))

    done = offboard("notify", "test", "--account", "b1f3")

    assert done.stdout == "slack of account b1f3: sent\n"
    [asked] = api.calls(*TEST)
    assert asked.body == {"account_id": "b1f3"}
