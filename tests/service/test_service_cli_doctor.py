"""`offboard doctor` against a service that is played."""

import socket

import pytest
from fake_api import LOST, Says, a_check, a_problem, result_in

DOCTOR = ("GET", "/api/doctor")
READY = ("GET", "/readyz")
NOT_PAUSED = {"paused": {"all": False, "accounts": []}, "restored": None}
CASES = ("GET", "/api/cases")
EVIL = "\x1b]0;pwned\x07\u202eevil\nok: forged"


@pytest.fixture
def sound(api):
    """A service where all is well; say what shall differ."""

    def made(*checks, ready=("ok", "ok"), role="operator", status=200, pause=None):
        store, sweep = ready
        body = {"status": "x", "checks": {"store": store, "sweep": sweep}}
        api.script(READY, Says(body, status))
        headers = (("Offboard-Role", role),) if role else ()
        api.script(CASES, Says({"cases": [], "next": None}, headers=headers))
        api.script(("GET", "/api/pause"), Says(pause or NOT_PAUSED))
        api.script(DOCTOR, Says({"checks": list(checks)}))

    return made


WELL = """\
All is well: 6 checks.

In order
settings: OFFBOARD_URL and OFFBOARD_TOKEN can be used.
service: It answers.
store: It answers.
token: It is accepted; its role is operator.
pause: Resets are not paused.

In order: account acc1
key_list: It is whole.
"""
UNWELL = """\
1 fault, 1 could not be seen, 1 warning; of 9 checks.

To mend
fault: key, account acc2: IBM Cloud does not take the key.
Make a new one.

could not see: rights, account acc1: The policies do not prove it.
Give the reader Viewer.
ibmcloud iam user-policy-create READER --roles Viewer

warning: armed: Not armed.

In order
settings: OFFBOARD_URL and OFFBOARD_TOKEN can be used.
service: It answers.
store: It answers.
token: It is accepted; its role is operator.
pause: Resets are not paused.

In order: account acc1
users: All is read.
"""


def test_a_sound_service_is_told_line_by_line(offboard, sound):
    sound(a_check())

    done = offboard("doctor")

    assert done.stdout == WELL
    assert (done.stderr, done.exit_code) == ("", 0)


def test_what_is_not_well_is_told_with_how_to_mend_it(offboard, sound):
    sound(
        a_check(
            *("unproven", "rights", "The policies do not prove it."),
            mend="Give the reader Viewer.",
            command="ibmcloud iam user-policy-create READER --roles Viewer",
        ),
        a_check(
            "failed",
            "key",
            "IBM Cloud does not take the key.",
            account_id="acc2",
            mend="Make a new one.",
        ),
        a_check("ok", "users", "All is read.", mend="Not told.", command="not told"),
        a_check("warning", "armed", "Not armed.", account_id=None),
    )

    done = offboard("doctor")

    assert done.stdout == UNWELL
    assert done.exit_code == 5


VERDICTS = {
    "well": (("ok", "ok"), 0),
    "a warning": (("ok", "warning"), 0),
    "unproven": (("warning", "unproven"), 3),
    "failed": (("unproven", "failed"), 5),
    "of a newer service": (("ok", "perhaps"), 3),
}


@pytest.mark.parametrize(("verdicts", "code"), VERDICTS.values(), ids=VERDICTS)
def test_a_doctor_ends_as_its_worst_check_does(offboard, sound, verdicts, code):
    sound(*(a_check(one) for one in verdicts))

    assert offboard("doctor").exit_code == code


def checks_in(done):
    return {one["what"]: one["verdict"] for one in result_in(done.stdout)["checks"]}


def test_json_holds_the_checks_of_both_in_one_shape(offboard, sound):
    theirs = a_check("unproven", brand_new=1)
    sound(theirs)

    body = result_in(offboard("doctor", "-o", "json").stdout)

    assert list(body) == ["checks"]
    assert body["checks"][0] == {
        "what": "settings",
        "account_id": None,
        "verdict": "ok",
        "text": "OFFBOARD_URL and OFFBOARD_TOKEN can be used.",
        "mend": None,
        "command": None,
    }
    assert body["checks"][-1] == theirs


def test_a_late_sweep_is_told_to_who_may_not_ask_workers(offboard, sound):
    sound(a_check(), ready=("ok", "warn"), role="viewer")

    done = offboard("doctor")

    assert done.exit_code == 5
    assert "fault: sweep: No worker looked" in done.stdout


def test_a_store_that_is_away_ends_the_checks(api, offboard, sound):
    sound(ready=("failed", "warn"), status=503)

    done = offboard("doctor", "-o", "json")

    assert done.exit_code == 5
    assert checks_in(done) == {"settings": "ok", "service": "ok", "store": "failed"}
    assert api.calls(*DOCTOR) == []


UNREACHABLE = {
    "broken off": LOST,
    "a proxy": Says(status=502, raw=b"<h1>Bad gateway</h1>"),
    "a page": Says(raw=b"<h1>Welcome</h1>"),
    "a page of trouble": Says(status=503, raw=b"<h1>Away</h1>"),
    "something else in JSON": Says({"status": "UP"}, 503),
}


@pytest.mark.parametrize("says", UNREACHABLE.values(), ids=UNREACHABLE)
def test_a_service_that_is_not_there_is_unreachable(api, offboard, says):
    api.script(READY, says)

    done = offboard("doctor", "-o", "json")

    assert done.exit_code == 6
    assert checks_in(done) == {"settings": "ok", "service": "failed"}


def test_a_refused_connection_names_the_address_and_what_to_look_at(offboard):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = offboard("doctor", env={"OFFBOARD_URL": url})

    assert done.exit_code == 6
    assert f"fault: service: {url} cannot be reached" in done.stdout
    assert "OFFBOARD_URL is its address." in done.stdout


def test_a_token_that_is_not_known_fails(api, offboard, sound):
    sound()
    api.script(CASES, a_problem(401, "Send a token."))

    done = offboard("doctor")

    assert done.exit_code == 5
    assert "fault: token: The service did not accept OFFBOARD_TOKEN." in done.stdout
    assert "offboard token create NAME operator" in done.stdout.splitlines()
    assert api.calls(*DOCTOR) == []


def test_a_viewer_learns_that_more_would_be_told_an_operator(api, offboard, sound):
    sound(role="viewer")

    done = offboard("doctor")

    assert done.exit_code == 3
    assert "could not see: token: It is accepted, but as a viewer" in done.stdout
    assert api.calls(*DOCTOR) == []


def test_a_service_that_does_not_tell_roles_is_asked_all_the_same(offboard, sound):
    sound(a_check(), role=None)

    done = offboard("doctor")

    assert done.exit_code == 0
    assert "token: It is accepted.\n" in done.stdout


def test_the_role_is_looked_up_with_the_smallest_question(api, offboard, sound):
    sound(a_check())

    offboard("doctor")

    assert api.calls(*CASES)[0].query == {"limit": "1"}


def test_a_service_that_goes_away_meanwhile_is_unreachable(api, offboard, sound):
    sound()
    api.script(DOCTOR, a_problem(503, "The store is away."))

    done = offboard("doctor")

    assert done.exit_code == 6
    assert "fault: check_up: The store is away.\n" in done.stdout


def test_faults_of_the_settings_are_checks_that_failed(api, offboard):
    env = {"OFFBOARD_URL": "nowhere", "OFFBOARD_ULR": "x"}

    done = offboard("doctor", "-o", "json", env=env)

    checks = result_in(done.stdout)["checks"]
    assert done.exit_code == 5
    assert [one["verdict"] for one in checks] == ["failed", "failed"]
    assert [one["text"].split(":")[0] for one in checks] == [
        "OFFBOARD_URL",
        "OFFBOARD_ULR",
    ]
    assert api.asked == []


def test_without_a_token_nothing_is_asked(api, offboard):
    done = offboard("doctor", env={"OFFBOARD_TOKEN": ""})

    assert done.exit_code == 5
    assert "fault: settings: OFFBOARD_TOKEN: Set it, or" in done.stdout
    assert api.asked == []


def test_hostile_words_of_a_service_are_shown_as_text(offboard, sound):
    sound(
        a_check(EVIL, EVIL, EVIL, account_id=EVIL, mend=EVIL, command=EVIL),
        a_check("failed", EVIL, EVIL, account_id=EVIL, mend=EVIL, command=EVIL),
        role=None,
    )

    done = offboard("doctor")

    assert not set(done.output) & set("\x1b\x07\u202e")
    assert "ok: forged" not in done.stdout.splitlines()


RESTORED = {"text": "The store was restored from a backup.", "found_at": "x"}


@pytest.mark.parametrize(
    ("pause", "text", "command"),
    [
        (
            {"paused": {"all": True, "accounts": []}, "restored": None},
            "warning: pause: Resets are paused in all accounts.",
            "offboard resume",
        ),
        (
            {"paused": {"all": False, "accounts": ["a 1"]}, "restored": None},
            "warning: pause: Resets are paused in: a 1.",
            "offboard resume --account 'a 1'",
        ),
        (
            {"paused": {"all": True, "accounts": []}, "restored": RESTORED},
            "warning: pause: Everything is paused. The store was restored from a "
            "backup.",
            "offboard backup due",
        ),
    ],
)
def test_a_pause_is_told_with_what_ends_it(offboard, sound, pause, text, command):
    sound(a_check(), pause=pause)

    done = offboard("doctor")

    lines = done.stdout.splitlines()
    assert text in lines
    assert command in lines
    assert done.exit_code == 0


def test_of_many_accounts_only_what_is_to_be_mended_is_told_in_full(sound, offboard):
    good = [a_check(account_id=f"acc{at}") for at in range(40)]
    silent = a_check("unproven", "account", "It did not answer.", account_id="acc7")
    sound(*good, silent)

    said = offboard("doctor").stdout

    assert "could not see: account, account acc7: It did not answer." in said
    assert "Nothing to mend in 39 accounts." in said
    assert "In order: account" not in said
