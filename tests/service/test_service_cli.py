"""The commands that speak to a service, against one that plays its part."""

import shlex
import socket

import pytest
from fake_api import (
    CASE_ID,
    LOST,
    OPEN_A_CASE,
    SHOW,
    TOKEN,
    USER,
    Says,
    a_case,
    a_note,
    a_plan,
    a_problem,
    a_target,
    a_verified,
    an_owner,
    an_unread,
    result_in,
    squeezed,
)

from config.settings import Settings
from service.commands.waiting import Pace

OTHER_ID = "01KHJ2V0W8Q3RZ5T7X9YOTHERC"


def test_a_dry_run_is_what_comes_without_apply(api, offboard):
    api.opens(a_case("settled", "planned", a_target()))

    done = offboard("run", USER)

    (opening,) = api.calls(*OPEN_A_CASE)
    assert done.exit_code == 0
    assert opening.body == {"dry_run": True}
    assert opening.headers["authorization"] == f"Bearer {TOKEN}"


def test_everything_said_reaches_the_service(api, offboard):
    api.opens(a_case("settled", "safe", a_verified()))

    offboard(
        *("run", USER, "--apply", "--yes", "--reason", "resignation"),
        *("--effective-at", "2026-03-31T17:00:00+02:00"),
        *("--region", "us-south", "--region", "eu-de", "--group", "payments"),
    )

    (opening,) = api.calls(*OPEN_A_CASE)
    assert opening.body == {
        "dry_run": False,
        "reason": "resignation",
        "effective_at": "2026-03-31T17:00:00+02:00",
        "regions": ["us-south", "eu-de"],
        "resource_groups": ["payments"],
    }


def test_a_dry_run_looks_now_whatever_the_time_of_leaving(api, offboard):
    api.opens(a_case("settled", "planned"))

    offboard("run", USER, "--effective-at", "2026-03-31T17:00:00Z")

    assert api.calls(*OPEN_A_CASE)[0].body == {"dry_run": True}


def test_apply_without_a_terminal_needs_yes(api, offboard):
    done = offboard("run", USER, "--apply")

    assert done.exit_code == 2
    assert api.asked == []
    assert "needs --yes" in done.stderr


ENDS = {
    "clean": (a_case("settled", "clean"), 0),
    "safe": (a_case("settled", "safe", a_verified()), 0),
    "safe, and rights not proven": (
        a_case(
            *("settled", "safe", a_verified()),
            warnings=[a_note("visibility_not_proven")],
        ),
        0,
    ),
    "attention": (a_case("settled", "attention", an_unread()), 3),
    "a result of a newer service": (a_case("settled", "golden"), 3),
    "waiting": (a_case("waiting", None, plan=a_plan(a_note("paused"))), 4),
    "waiting without a plan": (a_case("waiting", None, plan=None), 4),
    "cancelled": (a_case("cancelled"), 4),
}


@pytest.mark.parametrize(("case", "code"), ENDS.values(), ids=ENDS)
def test_an_armed_run_ends_as_its_case_does(api, offboard, case, code):
    api.opens(a_case("open"), case)

    done = offboard("run", USER, "--apply", "--yes", "-o", "json")

    assert done.exit_code == code
    assert result_in(done.stdout) == case


BLIND = [a_note("list_unreadable")]
CREDENTIAL = {"kind": "classic_credential", "text": "Replace it.", "done_at": None}
BLOCKED = a_target(follow_ups=[CREDENTIAL])
FREED = a_target(follow_ups=[CREDENTIAL | {"done_at": "2026-02-16T10:02:11.000Z"}])
PLANS = {
    "everything seen": (a_case("settled", "planned", a_target()), 0),
    "not armed": (
        a_case("settled", "planned", a_target(), warnings=[a_note("not_armed")]),
        0,
    ),
    "an unread target": (a_case("settled", "planned", a_target(), an_unread()), 3),
    "a failed target": (a_case("settled", "planned", a_target(outcome="failed")), 3),
    "a list unreadable": (a_case("settled", "planned", warnings=BLIND), 3),
    "a part not seen": (
        a_case("settled", "planned", warnings=[a_note("scope_unmatched")]),
        3,
    ),
    "a short list": (a_case("settled", "planned", warnings=[a_note("list_short")]), 3),
    "a credential elsewhere": (
        a_case(
            *("settled", "planned"), warnings=[a_note("classic_credential_elsewhere")]
        ),
        3,
    ),
    "a classic credential": (a_case("settled", "planned", BLOCKED), 3),
    "a classic credential that is gone": (a_case("settled", "planned", FREED), 0),
    "rights not proven": (
        a_case("settled", "planned", warnings=[a_note("visibility_not_proven")]),
        0,
    ),
    "no plan made": (a_case("settled", "planned", plan=None), 3),
    "would be held": (
        a_case("settled", "planned", plan=a_plan(a_note("too_many"))),
        4,
    ),
    "would be held, and not all seen": (
        a_case(
            *("settled", "planned", an_unread()), plan=a_plan(a_note("protected_user"))
        ),
        4,
    ),
}


@pytest.mark.parametrize(("case", "code"), PLANS.values(), ids=PLANS)
def test_a_dry_run_ends_by_what_it_saw(api, offboard, case, code):
    api.opens(case)

    assert offboard("run", USER).exit_code == code


def test_a_classic_credential_in_force_comes_with_the_command_that_shows_it(
    api, offboard
):
    api.opens(a_case("settled", "planned", BLOCKED))

    text = offboard("run", USER).stdout

    assert "a classic credential of the leaver is in force" in text.splitlines()[0]
    assert (
        "ibmcloud target -g id-payments -r us-south"
        " && ibmcloud ks credential get --region us-south"
    ) in text.splitlines()


def test_an_armed_run_that_was_made_a_dry_run_does_not_look_like_success(api, offboard):
    not_armed = [a_note("not_armed", "The service is not armed.")]
    api.opens(a_case("settled", "planned", a_target(), warnings=not_armed))

    done = offboard("run", USER, "--apply", "--yes")

    assert done.exit_code == 4
    assert "nothing was changed" in done.stderr


def test_a_run_waits_no_longer_than_it_was_told_and_shows_what_it_has(api, offboard):
    api.opens(a_case("open", None, a_target(outcome=None)))

    done = offboard("run", USER, "--timeout", "0.05", "-o", "json")

    assert done.exit_code == 7
    assert result_in(done.stdout)["status"] == "open"


def test_a_run_waits_until_the_case_is_settled(api, offboard):
    api.opens(*[a_case("open")] * 3, a_case("settled", "clean"))

    assert offboard("run", USER).exit_code == 0
    assert len(api.calls(*SHOW)) == 4


def test_no_wait_ends_when_the_case_is_taken_in(api, offboard):
    api.opens(a_case("settled", "attention"))

    done = offboard("run", USER, "--apply", "--yes", "--no-wait", "-o", "json")

    assert done.exit_code == 0
    assert result_in(done.stdout)["id"] == CASE_ID
    assert api.calls(*SHOW) == []


def test_a_departure_put_off_on_purpose_is_not_waited_for(api, offboard):
    api.script(OPEN_A_CASE, Says({"case": a_case("scheduled")}, 202))

    done = offboard(
        *("run", USER, "--apply", "--yes", "--effective-at", "2027-01-01T00:00:00Z")
    )

    assert done.exit_code == 0
    assert done.stdout.startswith(
        "Scheduled. Leaves 2026-02-16T10:02:11.000Z; work starts up to "
        "OFFBOARD_LEAD_TIME_HOURS before."
    )
    assert api.calls(*SHOW) == []


def test_a_departure_that_joined_a_scheduled_case_is_waited_for(api, offboard):
    api.opens(a_case("scheduled"), a_case("settled", "safe", a_verified()))

    assert offboard("run", USER, "--apply", "--yes").exit_code == 0


def test_a_case_joined_to_another_is_followed_to_that_one(api, offboard):
    api.opens(a_case("cancelled", joined_to=OTHER_ID))
    other = a_case("settled", "attention", an_unread(), id=OTHER_ID)
    api.script(("GET", f"/api/cases/{OTHER_ID}"), Says(other))

    done = offboard("run", USER, "--apply", "--yes", "-o", "json")

    assert done.exit_code == 3
    assert result_in(done.stdout)["id"] == OTHER_ID


def test_cases_joined_in_a_ring_do_not_hang(api, offboard):
    api.opens(a_case("cancelled", joined_to=OTHER_ID))
    back = a_case("cancelled", id=OTHER_ID, joined_to=CASE_ID)
    api.script(("GET", f"/api/cases/{OTHER_ID}"), Says(back))

    assert offboard("run", USER).exit_code == 4


def test_each_change_of_a_target_is_told_once(api, offboard):
    under_way = a_target(outcome=None)
    sent = a_target(outcome=None, attempts=1)
    api.opens(
        *[a_case("open", None, under_way)] * 3,
        *[a_case("open", None, sent)] * 3,
        a_case("settled", "safe", a_verified()),
    )

    done = offboard("run", USER, "--apply", "--yes")

    told = [line.split(": ", 1)[1] for line in done.stderr.splitlines()]
    assert told == [
        f"Case {CASE_ID} (armed): open",
        "us-south, resource group payments: under way",
        "us-south, resource group payments: under way, resets sent so far: 1",
        f"Case {CASE_ID} (armed): settled",
        "us-south, resource group payments: verified",
    ]


def test_a_lost_answer_to_the_opening_makes_no_second_case(api, offboard):
    api.opens(a_case("settled", "clean"))
    api.scripts[OPEN_A_CASE].insert(0, LOST)

    done = offboard("run", USER, "--apply", "--yes")

    first, second = api.calls(*OPEN_A_CASE)
    assert done.exit_code == 0
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert len(first.headers["idempotency-key"]) >= 16


def test_two_runs_have_two_idempotency_keys(api, offboard):
    api.opens(a_case("settled", "clean"))

    offboard("run", USER)
    offboard("run", USER)

    keys = {one.headers["idempotency-key"] for one in api.calls(*OPEN_A_CASE)}
    assert len(keys) == 2


def test_an_opening_that_keeps_getting_lost_says_that_it_may_have_happened(
    api, offboard
):
    api.script(OPEN_A_CASE, LOST)

    done = offboard("run", USER, "--apply", "--yes")

    assert done.exit_code == 6
    assert len(api.calls(*OPEN_A_CASE)) == 3
    assert "It may have been carried out all the same." in done.stderr


def test_a_service_that_is_away_for_a_moment_is_borne_while_waiting(api, offboard):
    api.opens(a_case("open"))
    away = a_problem(503, "The store cannot be used at the moment.")
    api.script(SHOW, LOST, away, LOST, away, Says(a_case("settled", "clean")))
    patient = Pace(poll_seconds=0.01, patience_seconds=60, pauses=(0.01,))

    done = offboard("run", USER, pace=patient)

    assert done.exit_code == 0
    assert done.stderr.count("does not answer") == 1


def test_a_service_that_stays_away_ends_the_wait(api, offboard):
    api.opens(a_case("open"))
    api.script(SHOW, Says(a_case("open")), LOST)

    done = offboard("run", USER)

    assert done.exit_code == 6
    assert f"offboard case show {CASE_ID} --watch" in done.stderr.splitlines()
    assert len(api.calls(*SHOW)) < 30


def test_a_refused_connection_is_unreachable_and_surely_did_nothing(offboard):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = offboard("run", USER, env={"OFFBOARD_URL": url})

    assert done.exit_code == 6
    assert done.stdout == ""
    assert "cannot be reached" in done.stderr
    assert "carried out" not in done.stderr


ERRORS = {
    "no token known": (a_problem(401, "Send a token."), 5, "OFFBOARD_TOKEN"),
    "role": (a_problem(403, "This needs the role operator."), 5, "the role operator"),
    "protected": (
        a_problem(409, "Protected.", reason="protected_user"),
        4,
        "Protected",
    ),
    "fault of ours": (a_problem(400, "Not strict JSON."), 1, "Not strict JSON."),
    "too large": (a_problem(413, "A body may have 65536 bytes."), 2, "65536"),
    "too fast": (a_problem(429, "Too many."), 6, "Too many."),
    "a bug there": (a_problem(500, "Wrong here.", request_id="r-1"), 6, "Request r-1."),
    "store away": (a_problem(503, "The store is away."), 6, "The store is away."),
    "a proxy": (Says(status=502, raw=b"<h1>Bad gateway</h1>"), 6, "answered 502"),
    "moved": (Says({}, 302, (("Location", "/login"),)), 6, "See OFFBOARD_URL."),
    "no route": (a_problem(404, "No.", title="Not Found"), 6, "See OFFBOARD_URL."),
    "a page": (Says(status=200, raw=b"<h1>Welcome</h1>"), 6, "See OFFBOARD_URL."),
    "a list": (Says([1]), 6, "See OFFBOARD_URL."),
    "no case": (Says({"cases": []}, 202), 6, "See OFFBOARD_URL."),
    "another case": (Says({"case": {"id": 7}}, 202), 6, "Another version?"),
}


@pytest.mark.parametrize(("says", "code", "told"), ERRORS.values(), ids=ERRORS)
def test_every_error_has_its_exit_code_and_a_sentence(api, offboard, says, code, told):
    api.script(OPEN_A_CASE, says)

    done = offboard("run", USER)

    assert done.exit_code == code
    assert done.stdout == ""
    assert told in done.stderr


def test_faulty_fields_are_told_one_a_line(api, offboard):
    errors = {
        "user": ["Give an e-mail or an IAM ID."],
        "regions.0": ["Give a region, like us-south.", "Shorter."],
    }
    api.script(
        ("POST", "/offboard/nobody"), a_problem(422, "Some fields.", errors=errors)
    )

    done = offboard("run", "nobody", "--region", "US")

    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        "user: Give an e-mail or an IAM ID.",
        "regions.0: Give a region, like us-south.",
        "regions.0: Shorter.",
    ]


@pytest.mark.parametrize("user", ["", " ", ".", ".."])
def test_a_user_that_no_path_can_hold_is_never_sent(api, offboard, user):
    assert offboard("run", user).exit_code == 2
    assert api.asked == []


def test_a_user_stays_one_segment_of_the_path(api, offboard):
    offboard("run", "a/../b?x#y")

    assert api.asked[0].path == "/offboard/a%2F..%2Fb%3Fx%23y"


def test_a_time_without_its_offset_is_a_fault_of_usage(api, offboard):
    done = offboard("run", USER, "--effective-at", "2026-03-31T17:00:00")

    assert done.exit_code == 2
    assert "offset" in done.stderr
    assert api.asked == []


def test_without_a_token_nothing_is_sent(api, offboard):
    done = offboard("run", USER, env={"OFFBOARD_TOKEN": ""})

    assert done.exit_code == 5
    assert done.stderr == "OFFBOARD_TOKEN: Set it, or OFFBOARD_TOKEN_FILE.\n"
    assert api.asked == []


def test_a_token_that_would_break_its_header_is_not_sent_nor_shown(api, offboard):
    done = offboard("run", USER, env={"OFFBOARD_TOKEN": "ofb_first\nofb_second"})

    assert done.exit_code == 5
    assert "ofb_" not in done.output
    assert api.asked == []


def test_the_token_may_come_as_a_file(api, offboard, tmp_path):
    api.opens(a_case("settled", "clean"))
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n", encoding="utf-8")
    env = {"OFFBOARD_TOKEN": "", "OFFBOARD_TOKEN_FILE": str(file)}

    assert offboard("run", USER, env=env).exit_code == 0


def test_all_faults_of_the_settings_are_told_at_once(api, offboard):
    env = {"OFFBOARD_URL": "nowhere", "OFFBOARD_PORT": "many", "OFFBOARD_ULR": "x"}

    done = offboard("case", "list", env=env)

    named = [line.split(":", 1)[0] for line in done.stderr.splitlines()]
    assert done.exit_code == 5
    assert named == ["OFFBOARD_URL", "OFFBOARD_PORT", "OFFBOARD_ULR"]


def test_an_address_that_cannot_be_called_is_a_fault_of_the_settings(offboard):
    done = offboard("case", "list", env={"OFFBOARD_URL": "http://[half"})

    assert done.exit_code == 5
    assert done.stderr.startswith("OFFBOARD_URL:")


def test_no_proxy_is_asked_for_what_is_on_this_machine(api, offboard):
    api.opens(a_case("settled", "clean"))

    done = offboard("run", USER, env={"HTTP_PROXY": "http://127.0.0.1:1"})

    assert done.exit_code == 0


def test_a_redirect_is_not_followed_with_the_token(api, offboard):
    api.script(SHOW, Says({}, 302, (("Location", f"/api/cases/{OTHER_ID}"),)))
    other = a_case("settled", "clean", id=OTHER_ID)
    api.script(("GET", f"/api/cases/{OTHER_ID}"), Says(other))

    assert offboard("case", "show", CASE_ID).exit_code == 6
    assert len(api.asked) == 1


def test_an_answer_that_repeats_the_token_does_not_bring_it_to_the_screen(
    api, offboard
):
    api.script(SHOW, Says(a_case("settled", "clean", warnings=[a_note("x", TOKEN)])))

    assert "[token]" in offboard("case", "show", CASE_ID).stdout
    assert "[token]" in offboard("case", "show", CASE_ID, "-o", "json").stdout


def test_a_bug_in_this_command_ends_with_one(api, offboard, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("service.client.Client.case", broken)

    assert offboard("case", "show", CASE_ID).exit_code == 1


ATTENTION = """\
Attention needed: 1 failed, 1 not seen, 1 done. Leaver: dana.lee@example.com.
Case 01KHJ2V0W8Q3RZ5T7X9YABCDEF, armed, settled.

Not seen
- eu-de, resource group payments: IBM Cloud refused: a role is missing, or an address \
restriction keeps this service out.

Targets
Region   Resource group Clusters Owner before Owner after Outcome Reason
us-east  payments pay-1 Dana Lee (dana.lee@example.com) failed key_limit
eu-de    payments pay-1 not seen not seen no_role
us-south payments pay-1 Dana Lee (dana.lee@example.com) iks-functional-1, \
functional ID verified

Left to do
us-east, resource group payments: No room. Who: the keeper.
ibmcloud iam api-keys
eu-de, resource group payments: IBM Cloud refused because a role is missing. \
Who: an administrator of IAM.
ibmcloud iam user-policy-create READER --roles Viewer
Follow-up 1, us-south, resource group payments: Make the add-on pods anew.
When it is done, tick it off:
offboard case done 01KHJ2V0W8Q3RZ5T7X9YABCDEF 1
When that is mended, let the service deal with what is left:
offboard case retry 01KHJ2V0W8Q3RZ5T7X9YABCDEF

Reports
- slack, final: sent at 2026-02-16T10:02:24.000Z
- mail, final: pending
"""


def test_a_case_is_shown_with_what_was_not_seen_first_and_the_commands_to_copy(
    api, offboard
):
    advice = {
        "text": "No room.",
        "who": "the keeper",
        "command": "ibmcloud iam api-keys",
    }
    follow_up = {
        "kind": "recreate_addon_pods",
        "cluster_id": "c1",
        "addon": "x",
        "text": "Make the add-on pods anew.",
        "done_at": None,
    }
    done_one = {**follow_up, "text": "Done.", "done_at": "2026-02-16T10:02:24.000Z"}
    reports = [
        {
            "channel": "slack",
            "kind": "final",
            "state": "sent",
            "at": "2026-02-16T10:02:24.000Z",
        },
        {"channel": "mail", "kind": "final", "state": "pending", "at": None},
    ]
    case = a_case(
        *("settled", "attention"),
        a_verified(follow_ups=[follow_up, done_one]),
        an_unread(),
        a_target("us-east", outcome="failed", reason="key_limit", advice=advice),
        reports=reports,
    )
    api.script(SHOW, Says(case))

    done = offboard("case", "show", CASE_ID)

    assert squeezed(done.stdout) == squeezed(ATTENTION)


HEADLINES = {
    "safe": (
        a_case("settled", "safe", a_verified(), a_verified("eu-de")),
        "Safe: all 2 cluster API keys of dana.lee@example.com are a functional ID's, "
        "each read back. Owner-safe after 12.4 s. Not fully safe yet.",
    ),
    "fully safe": (
        a_case("settled", "safe", a_verified(), fully_safe_seconds=1812.4),
        "Safe: the only cluster API key of dana.lee@example.com is a functional ID's, "
        "read back. Owner-safe after 12.4 s. Fully safe after 30 min 12 s.",
    ),
    "narrowed": (
        a_case(
            *("settled", "clean"), scope={"regions": ["eu-de"], "resource_groups": []}
        ),
        "Nothing to do in the part asked for: dana.lee@example.com owns no cluster API "
        "key.",
    ),
    "unknown": (
        a_case("settled", "clean", warnings=[a_note("person_not_found")]),
        "Nothing found: dana.lee@example.com is unknown to the account, and no cluster "
        "API key is theirs.",
    ),
    "planned": (
        a_case("settled", "planned", a_target(), an_unread()),
        "Dry run, nothing was changed: 1 not seen, 1 cluster API key would be reset. "
        "Leaver: dana.lee@example.com.",
    ),
    "blind": (
        a_case("settled", "attention", warnings=BLIND),
        "Attention needed: not everything could be seen. Leaver: dana.lee@example.com.",
    ),
    "a part that was not seen": (
        a_case(*("settled", "attention"), warnings=[*BLIND, a_note("scope_unmatched")]),
        "Attention needed: the part asked for names what was not seen, not everything "
        "could be seen. Leaver: dana.lee@example.com.",
    ),
    "unknown in a dry run": (
        a_case("settled", "planned", warnings=[a_note("person_not_found")]),
        "Dry run, nothing was changed: dana.lee@example.com is unknown to the account, "
        "and no cluster API key is theirs.",
    ),
    "held": (
        a_case("waiting", plan=a_plan(a_note("paused", "Resets are paused."))),
        "Held. Resets are paused. Leaver: dana.lee@example.com.",
    ),
    "safe but for a blind spot": (
        a_case("settled", "safe", a_verified(), an_unread()),
        "Safe: the only cluster API key of dana.lee@example.com that could be seen is "
        "a functional ID's, read back. But 1 target was not seen, which an approver "
        "accepted. Owner-safe after 12.4 s. Not fully safe yet.",
    ),
    "clean but for blind spots": (
        a_case("settled", "clean", an_unread(), an_unread("jp-tok")),
        "Nothing to do: dana.lee@example.com owns no cluster API key that could be "
        "seen. But 2 targets "
        "were not seen, which an approver accepted.",
    ),
    "an adoption from all people": (
        a_case("settled", "safe", a_verified(), kind="adoption", leaver=None),
        "Safe: the only cluster API key of all people is a functional ID's, read back."
        " Owner-safe after 12.4 s. Not fully safe yet.",
    ),
    "an adoption that finds nobody": (
        a_case("settled", "clean", kind="adoption", leaver=None),
        "Nothing to do: no person owns a cluster API key.",
    ),
    "an adoption from somebody who owns nothing": (
        a_case("settled", "clean", kind="adoption"),
        "Nothing to do: dana.lee@example.com owns no cluster API key.",
    ),
    "a planned adoption": (
        a_case("settled", "planned", a_target(), kind="adoption", leaver=None),
        "Dry run, nothing was changed: 1 cluster API key would be reset. "
        "Adoption from all people.",
    ),
    "an adoption under way": (
        a_case("open", kind="adoption"),
        "Under way: looking. Adoption from dana.lee@example.com.",
    ),
    "cancelled": (
        a_case("cancelled"),
        "Cancelled before the first write. Leaver: dana.lee@example.com.",
    ),
    "under way": (
        a_case("open", None, a_verified(), a_target(outcome=None)),
        "Under way: 1 of 2 done. Leaver: dana.lee@example.com.",
    ),
}


@pytest.mark.parametrize(("case", "headline"), HEADLINES.values(), ids=HEADLINES)
def test_the_first_line_says_in_plain_words_how_a_case_stands(
    api, offboard, case, headline
):
    api.script(SHOW, Says(case))

    assert offboard("case", "show", CASE_ID).stdout.splitlines()[0] == headline


NEXT = {
    "attention": (
        a_case("settled", "attention", an_unread()),
        f"offboard case retry {CASE_ID}",
    ),
    "planned": (
        a_case(
            *("settled", "planned", a_target()),
            scope={"regions": ["us-south"], "resource_groups": ["two words"]},
        ),
        "offboard run dana.lee@example.com --apply --region us-south "
        "--group 'two words'",
    ),
    "paused": (a_case("waiting", plan=a_plan(a_note("paused"))), "offboard resume"),
    "held before a plan": (
        a_case("waiting", plan=None, warnings=[a_note("ambiguous_person")]),
        f"offboard case cancel {CASE_ID}",
    ),
    "held by a guard": (
        a_case("waiting", plan=a_plan(a_note("too_many_targets"))),
        f"offboard case approve {CASE_ID} --plan-hash sha256:5f1d",
    ),
    "held by a guard, and not wanted": (
        a_case("waiting", None, a_verified(), plan=a_plan(a_note("canary_failed"))),
        f"offboard case refuse {CASE_ID} --plan-hash sha256:5f1d",
    ),
    "held without a plan": (
        a_case("waiting", plan=None, warnings=[a_note("answers_little")]),
        f"offboard case approve {CASE_ID} --plan-hash none",
    ),
    "held for a protected person": (
        a_case("waiting", plan=None, warnings=[a_note("protected_user")]),
        f"offboard case refuse {CASE_ID} --plan-hash none",
    ),
    "a planned adoption": (
        a_case(
            *("settled", "planned", a_target()),
            kind="adoption",
            leaver=None,
            scope={"regions": ["us-south"], "resource_groups": []},
        ),
        "offboard adopt --account acc1 --apply --region us-south",
    ),
    "a planned adoption from somebody": (
        a_case("settled", "planned", a_target(), kind="adoption"),
        f"offboard adopt --account acc1 --from {USER} --apply",
    ),
    "a follow-up": (
        a_case("settled", "safe", a_verified(follow_ups=[CREDENTIAL])),
        f"offboard case done {CASE_ID} 1",
    ),
    "open": (a_case("open"), f"offboard case show {CASE_ID} --watch"),
}


@pytest.mark.parametrize(("case", "command"), NEXT.values(), ids=NEXT)
def test_the_command_that_goes_on_stands_on_a_line_of_its_own(
    api, offboard, case, command
):
    api.script(SHOW, Says(case))

    assert command in offboard("case", "show", CASE_ID).stdout.splitlines()


@pytest.mark.parametrize(("case", "command"), NEXT.values(), ids=NEXT)
def test_every_command_that_is_printed_can_be_typed(api, offboard, case, command):
    done = offboard(*shlex.split(command)[1:], "--help")

    assert done.exit_code == 0


def test_a_part_that_was_not_seen_is_told_first_and_not_retried(api, offboard):
    notes = [
        a_note("list_unreadable", "A list."),
        a_note("scope_unmatched", "A region."),
    ]
    blind = a_case("settled", "attention", warnings=notes)
    misspelt = a_case("settled", "attention", warnings=notes[1:])
    api.script(SHOW, Says(blind), Says(misspelt))

    first, second = (offboard("case", "show", CASE_ID).stdout for _ in range(2))

    assert first.index("- A region.") < first.index("- A list.")
    assert f"offboard case retry {CASE_ID}" in first
    assert "retry" not in second
    assert "ibmcloud ks cluster ls --output json" in second.splitlines()


def test_rights_that_are_not_proven_are_a_warning_with_a_way_to_mend_them(
    api, offboard
):
    hidden = [a_note("visibility_not_proven", "Rights of acc1.")]
    api.script(SHOW, Says(a_case("settled", "safe", a_verified(), warnings=hidden)))

    lines = offboard("case", "show", CASE_ID).stdout.splitlines()

    assert lines[lines.index("Warnings") + 1] == "- Rights of acc1."
    assert "Not seen" not in lines
    assert "offboard doctor" in lines


@pytest.mark.parametrize(
    ("reason", "has_doctor"),
    [
        ("list_short", True),
        ("list_unreadable", True),
        ("classic_credential_elsewhere", False),
    ],
)
def test_what_may_be_missing_is_told_as_not_seen(api, offboard, reason, has_doctor):
    blind = [a_note(reason, "There may be more.")]
    api.script(SHOW, Says(a_case("settled", "attention", warnings=blind)))

    lines = offboard("case", "show", CASE_ID).stdout.splitlines()

    assert lines[lines.index("Not seen") + 1] == "- There may be more."
    assert ("offboard doctor" in lines) is has_doctor


def test_a_target_of_a_held_case_is_held_and_not_under_way(api, offboard):
    target = a_target(outcome=None, attempts=2)
    held = a_case("waiting", None, target, plan=a_plan(a_note("paused")))
    api.script(SHOW, Says(held))

    text = offboard("case", "show", CASE_ID).stdout

    assert "held, resets sent so far: 2" in text
    assert "under way" not in text


def test_the_command_of_a_dry_run_carries_all_that_was_asked(api, offboard):
    scope = {"regions": ["us-south"], "resource_groups": []}
    api.opens(a_case("settled", "planned", a_target(), scope=scope))

    done = offboard(
        *("run", USER, "--region", "us-south", "--reason", "end of contract"),
        *("--effective-at", "2027-01-01T00:00:00Z"),
    )

    assert (
        f"offboard run {USER} --apply --region us-south "
        "--effective-at 2027-01-01T00:00:00Z --reason 'end of contract'"
    ) in done.stdout.splitlines()
    assert "leaves --effective-at out: it shows what would happen now" in done.stderr


def test_a_dry_run_that_is_shown_again_still_knows_the_day(api, offboard):
    later = "2026-03-31T15:00:00.000Z"
    case = a_case("settled", "planned", a_target(), effective_at=later)
    api.script(SHOW, Says(case))

    lines = offboard("case", "show", CASE_ID).stdout.splitlines()

    assert f"offboard run {USER} --apply --effective-at {later}" in lines


@pytest.mark.parametrize("opened_as", ["new", "joined", "repeated", None])
def test_a_departure_that_joined_an_open_case_is_told_so(api, offboard, opened_as):
    api.opens(a_case("settled", "safe", a_verified()))
    headers = (("Offboard-Opened-As", opened_as),) if opened_as else ()
    api.script(OPEN_A_CASE, Says({"case": a_case("open")}, 202, headers=headers))

    done = offboard("run", USER, "--apply", "--yes")

    told = f"Joined the open case {CASE_ID}." in done.stderr.splitlines()
    assert told is (opened_as == "joined")


@pytest.mark.parametrize(
    ("warnings", "text"),
    [
        ([], "To have it done:"),
        ([a_note("not_armed")], "Arm the service (OFFBOARD_ARMED=1), then:"),
    ],
    ids=["armed", "not armed"],
)
def test_a_service_that_is_not_armed_has_to_be_armed_first(
    api, offboard, warnings, text
):
    planned = a_case("settled", "planned", a_target(), warnings=warnings)
    api.script(SHOW, Says(planned))

    assert text in offboard("case", "show", CASE_ID).stdout.splitlines()


def test_a_written_case_is_not_offered_to_be_cancelled(api, offboard):
    held = a_case("waiting", None, a_verified(), plan=a_plan(a_note("paused")))
    api.script(SHOW, Says(held))

    assert "case cancel" not in offboard("case", "show", CASE_ID).stdout


def test_a_long_command_is_neither_wrapped_nor_cut(api, offboard):
    command = "ibmcloud ks " + " ".join(f"--option-{n} value" for n in range(200))
    advice = {"text": "Mend it.", "who": "somebody", "command": command}
    api.script(SHOW, Says(a_case("settled", "attention", an_unread(advice=advice))))

    lines = offboard("case", "show", CASE_ID).stdout.splitlines()

    assert command in lines


def test_hostile_names_are_shown_as_text(api, offboard):
    evil = "[bold red]x[/] :smile: \x1b]0;pwned\x07\x9b31m\u202eevil\nCase forged"
    hostile = a_target(
        group=evil,
        clusters=[{"id": "c1", "name": evil, "provider": "classic"}],
        owner_before=an_owner(name=evil, email=None),
        advice={"text": evil, "who": evil, "command": f"ibmcloud {evil}"},
        outcome="failed",
        reason=evil,
    )
    case = a_case(
        *("settled", "attention", hostile),
        leaver={"email": None, "iam_id": evil, "name": None},
        warnings=[a_note("x", evil)],
    )
    api.script(SHOW, Says(case))

    done = offboard("case", "show", CASE_ID, "--watch")

    for text in (done.stdout, done.stderr):
        assert "[bold red]x[/] :smile:" in text
        assert not set(text) & set("\x1b\x07\x9b\u202e")
        assert not [
            line for line in text.splitlines() if line.startswith("Case forged")
        ]


def test_json_is_the_case_as_the_api_gave_it_in_signs_no_terminal_obeys(api, offboard):
    case = a_case("settled", "clean", brand_new=[{"a": "\x9b31m\u202e"}])
    api.script(SHOW, Says(case))

    done = offboard("case", "show", CASE_ID, "-o", "json")

    assert result_in(done.stdout) == case
    assert done.stdout.isascii()


def test_watching_ends_when_the_case_does_and_as_a_run_would(api, offboard):
    held = a_case("waiting", plan=a_plan(a_note("paused")))
    api.script(SHOW, Says(held), Says(held), Says(a_case("settled", "attention")))

    done = offboard("case", "show", CASE_ID, "--watch")

    assert done.exit_code == 3
    assert done.stderr.count("waiting") == 1
    assert done.stdout.startswith("Attention needed")


def test_showing_a_case_asks_again_after_a_broken_connection(api, offboard):
    api.script(SHOW, LOST, LOST, Says(a_case("settled", "attention")))

    assert offboard("case", "show", CASE_ID).exit_code == 0
    assert len(api.asked) == 3


def test_a_case_that_is_not_there_is_a_fault_of_usage(api, offboard):
    api.script(SHOW, a_problem(404, "There is no such case.", title="No such case"))

    done = offboard("case", "show", CASE_ID)

    assert done.exit_code == 2
    assert done.stderr == "There is no such case.\n"


def test_cases_are_listed_with_the_filters_that_were_given(api, offboard):
    rows = [a_case("settled", "attention", an_unread()), a_case("open", id=OTHER_ID)]
    api.script(("GET", "/api/cases"), Says({"cases": rows, "next": None}))

    done = offboard(
        *("case", "list", "--status", "settled", "--result", "attention"),
        *("--user", USER),
    )

    table = squeezed(done.stdout)
    assert done.exit_code == 0
    assert api.asked[0].query == {
        "status": "settled",
        "result": "attention",
        "user": USER,
        "limit": "100",
    }
    assert f"{CASE_ID} settled attention armed {USER} 1 2026-02-16 10:02Z" in table
    assert f"{OTHER_ID} open armed {USER} 0 2026-02-16 10:02Z" in table


def test_a_page_is_listed_and_how_to_get_the_next(api, offboard):
    page = {"cases": [a_case("open")], "next": CASE_ID}
    api.script(("GET", "/api/cases"), Says(page))

    done = offboard("case", "list", "--user", USER, "--cursor", OTHER_ID, "-o", "json")

    assert api.asked[0].query == {"limit": "100", "cursor": OTHER_ID, "user": USER}
    assert len(api.asked) == 1
    assert result_in(done.stdout)["next"] == CASE_ID
    again = f"offboard case list --user {USER} --cursor {CASE_ID}"
    assert again in done.stderr.splitlines()


def test_all_pages_are_read_into_one_list(api, offboard):
    first = {"cases": [a_case("open")], "next": CASE_ID}
    last = {"cases": [a_case("open", id=OTHER_ID)], "next": None}
    api.script(("GET", "/api/cases"), Says(first), Says(last))

    listed = result_in(offboard("case", "list", "--all", "-o", "json").stdout)

    assert [one["id"] for one in listed["cases"]] == [CASE_ID, OTHER_ID]
    assert listed["next"] is None
    assert api.asked[1].query == {"limit": "200", "cursor": CASE_ID}


def test_a_page_without_cases_ends_the_reading_of_all(api, offboard):
    full = {"cases": [a_case("open")] * 100, "next": CASE_ID}
    odd = {"cases": [], "next": CASE_ID}
    api.script(("GET", "/api/cases"), Says(full), Says(odd))

    done = offboard("case", "list", "--all", "-o", "json")

    assert len(result_in(done.stdout)["cases"]) == 100
    assert "There are more" in done.stderr


def test_a_misspelt_filter_is_a_fault_of_usage(api, offboard):
    assert offboard("case", "list", "--status", "finished").exit_code == 2
    assert api.asked == []


@pytest.mark.parametrize("verb", ["retry", "cancel"])
def test_a_case_is_acted_on(api, offboard, verb):
    route = ("POST", f"/api/cases/{CASE_ID}/{verb}")
    after = a_case("open" if verb == "retry" else "cancelled")
    api.script(route, Says({"case": after}, 202))

    done = offboard("case", verb, CASE_ID, "-o", "json")

    assert done.exit_code == 0
    assert result_in(done.stdout) == after
    assert api.asked[0].body is None


@pytest.mark.parametrize("verb", ["retry", "cancel"])
def test_what_does_not_fit_the_case_is_refused(api, offboard, verb):
    route = ("POST", f"/api/cases/{CASE_ID}/{verb}")
    api.script(route, a_problem(409, "It is too late.", reason="already_over"))

    done = offboard("case", verb, CASE_ID)

    assert done.exit_code == 4
    assert done.stderr == "It is too late.\n"


@pytest.mark.parametrize("verb", ["retry", "cancel"])
def test_what_may_not_be_repeated_is_sent_once(api, offboard, verb):
    api.script(("POST", f"/api/cases/{CASE_ID}/{verb}"), LOST)

    done = offboard("case", verb, CASE_ID)

    assert done.exit_code == 6
    assert len(api.asked) == 1
    assert "It may have been carried out all the same." in done.stderr


PAUSES = {
    "everywhere": (
        (("pause",), None, {"all": True, "accounts": []}),
        "Resets are paused in all accounts.",
    ),
    "one account": (
        (
            ("pause", "--account", "acc1"),
            {"account_id": "acc1"},
            {"all": False, "accounts": ["acc1", "acc2"]},
        ),
        "Resets are paused in: acc1, acc2.",
    ),
    "resumed": (
        (("resume",), None, {"all": False, "accounts": []}),
        "Resets are not paused.",
    ),
    "one resumed under a general pause": (
        (
            ("resume", "--account", "acc1"),
            {"account_id": "acc1"},
            {"all": True, "accounts": []},
        ),
        "Resets are paused in all accounts.",
    ),
}


@pytest.mark.parametrize(("asked", "told"), PAUSES.values(), ids=PAUSES)
def test_pausing_tells_what_is_paused_now(api, offboard, asked, told):
    words, body, paused = asked
    api.script(("POST", f"/api/{words[0]}"), Says({"paused": paused}))

    table, as_json = offboard(*words), offboard(*words, "-o", "json")

    assert table.stdout == f"{told}\n"
    assert result_in(as_json.stdout) == {"paused": paused}
    assert api.asked[0].body == body


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_an_unknown_account_is_refused_with_its_sentence(api, offboard, verb):
    refused = a_problem(
        409, "This service has no account acc9.", reason="no_such_account"
    )
    api.script(("POST", f"/api/{verb}"), refused)

    done = offboard(verb, "--account", "acc9")

    assert done.exit_code == 4
    assert done.stderr == "This service has no account acc9.\n"


@pytest.mark.parametrize(
    ("verb", "paused", "code"),
    [
        ("resume", {"all": False, "accounts": []}, 0),
        ("resume", {"all": True, "accounts": []}, 4),
        ("resume", {"all": False, "accounts": ["acc1"]}, 4),
        ("pause", {"all": True, "accounts": []}, 0),
    ],
)
def test_resuming_is_good_only_where_nothing_is_paused_any_more(
    api, offboard, verb, paused, code
):
    api.script(("POST", f"/api/{verb}"), Says({"paused": paused}))

    done = offboard(verb)

    assert done.exit_code == code
    assert ("Still paused: " in done.stderr) is (code == 4)


def test_what_is_still_paused_comes_with_the_command_that_ends_it(api, offboard):
    paused = {"all": True, "accounts": ["acc1", "a c2"]}
    api.script(("POST", "/api/resume"), Says({"paused": paused}))

    done = offboard("resume")

    assert done.stderr.splitlines() == [
        "Still paused: all accounts. offboard resume",
        "Still paused: account acc1. offboard resume --account acc1",
        "Still paused: account a c2. offboard resume --account 'a c2'",
    ]


def test_resuming_with_too_small_a_role_is_told(api, offboard):
    api.script(("POST", "/api/resume"), a_problem(403, "This needs the role approver."))

    done = offboard("resume")

    assert done.exit_code == 5
    assert done.stderr == "This needs the role approver.\n"


def test_a_token_can_still_be_made(offboard):
    done = offboard("token", "create", "ops", "operator", env={"OFFBOARD_TOKEN": ""})

    assert done.exit_code == 0
    assert "OFFBOARD_API_TOKENS entry: ops:operator:" in done.stdout


def test_a_token_can_name_the_person_behind_it(offboard):
    done = offboard("token", "create", "ops-laptop", "operator", "--person", "dana")

    entry = done.stdout.splitlines()[1].removeprefix("OFFBOARD_API_TOKENS entry: ")
    made = Settings.from_env({"OFFBOARD_API_TOKENS": entry}).api_tokens[0]
    assert (made.name, made.role, made.person) == ("ops-laptop", "operator", "dana")


@pytest.mark.parametrize("person", ["", "dana lee", "dana:lee", "dana,lee"])
def test_a_person_that_no_entry_can_hold_is_refused(offboard, person):
    done = offboard("token", "create", "ops", "operator", "--person", person)

    assert done.exit_code == 2
    assert "OFFBOARD_API_TOKENS" not in done.stdout


def test_cases_that_cannot_be_read_are_named_beside_the_list(api, offboard):
    first = Says(
        {"cases": [], "next": None}, headers=(("Offboard-Damaged", "01A, 01B"),)
    )
    api.script(("GET", "/api/cases"), first)

    done = offboard("case", "list")

    assert done.exit_code == 0
    assert "cannot be read: 01A, 01B." in " ".join(done.stderr.split())
