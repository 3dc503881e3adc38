"""`offboard brake show | release | refuse`."""

import pytest
from fake_api import LOST, SHOW, Says, a_case, a_note, a_problem, result_in, squeezed

BRAKE = ("GET", "/api/brake")
RELEASE = ("POST", "/api/brake/release")
REFUSE = ("POST", "/api/brake/refuse")
AT = "2026-02-16T10:02:11.000Z"
OFF = {
    "on": False,
    "limit": 20,
    "opened_last_hour": 3,
    "since": None,
    "waiting": [],
    "more": 0,
    "checked_at": None,
}


def waits(email="dana.lee@example.com", **changed):
    return {
        "case_id": "01KHJ2V0W8Q3RZ5T7X9YABCDEF",
        "leaver": {"email": email, "iam_id": None, "name": None},
        "source": "okta",
        "received_at": AT,
        "effective_at": AT,
        "targets": 3,
        "clusters": 5,
        "gone": True,
        **changed,
    }


def on(*waiting, **changed):
    given = {"on": True, "since": AT, "opened_last_hour": 23, "checked_at": AT}
    return {**OFF, **given, "waiting": list(waiting), **changed}


UNKNOWN = waits("kim.roe@example.com", targets=None, clusters=None, gone=False)


def test_a_brake_that_holds_nothing_ends_well(api, offboard):
    api.script(BRAKE, Says(OFF))

    done = offboard("brake", "show")

    assert done.exit_code == 0
    assert done.stdout == (
        "The brake holds nothing. 3 cases by events in the last hour; above 20 they "
        "wait.\n"
    )


def test_who_waits_is_shown_and_the_end_says_that_something_is_held(api, offboard):
    api.script(BRAKE, Says(on(waits(), UNKNOWN, more=1)))

    done = offboard("brake", "show")

    assert done.exit_code == 4
    assert squeezed(done.stdout) == [
        f"The brake holds 3 cases since {AT}.",
        "23 cases by events in the last hour; above 20 they wait.",
        f"Who owns something, by the survey of {AT}.",
        "Leaver Owns Source Leaves Case",
        "dana.lee@example.com 3 targets, 5 clusters okta IS GONE "
        "01KHJ2V0W8Q3RZ5T7X9YABCDEF",
        "kim.roe@example.com not known okta now 01KHJ2V0W8Q3RZ5T7X9YABCDEF",
        "And 1 more that are not shown here.",
    ]
    assert [one for one in done.stderr.splitlines() if one.startswith("offboard")] == [
        "offboard brake release",
        "offboard brake refuse",
        "offboard case approve ID --plan-hash none",
    ]


def test_it_is_said_where_not_all_was_surveyed(api, offboard):
    api.script(BRAKE, Says(on(UNKNOWN, checked_at=None)))

    assert "not wholly known" in offboard("brake", "show").stdout


def test_json_is_the_answer_as_it_came(api, offboard):
    api.script(BRAKE, Says(on(waits())))

    done = offboard("brake", "show", "-o", "json")

    assert (done.exit_code, result_in(done.stdout)) == (4, on(waits()))


@pytest.mark.parametrize(
    ("verb", "route", "answer", "said"),
    [
        ("release", RELEASE, {"released": 3}, "3 cases go on.\n"),
        ("release", RELEASE, {"released": 1}, "1 case goes on.\n"),
        ("release", RELEASE, {"released": 0}, "0 cases go on.\n"),
        ("refuse", REFUSE, {"refused": 3}, "3 cases are cancelled.\n"),
        ("refuse", REFUSE, {"refused": 1}, "1 case is cancelled.\n"),
    ],
)
def test_with_yes_nothing_is_asked(api, offboard, verb, route, answer, said):
    api.script(route, Says(answer, 202))

    done = offboard("brake", verb, "--yes")
    as_json = offboard("brake", verb, "--yes", "-o", "json")

    assert (done.exit_code, done.stdout) == (0, said)
    assert result_in(as_json.stdout) == answer
    assert len(api.calls(*route)) == len(api.asked) == 2


@pytest.mark.parametrize("verb", ["release", "refuse"])
def test_without_a_terminal_it_takes_yes(api, offboard, verb):
    done = offboard("brake", verb)

    assert done.exit_code == 2
    assert "--yes" in done.stderr
    assert api.asked == []


def test_a_decision_whose_answer_got_lost_is_not_sent_again(api, offboard):
    api.script(RELEASE, LOST)

    done = offboard("brake", "release", "--yes")

    assert done.exit_code == 6
    assert len(api.asked) == 1


def test_who_may_not_decide_is_told_so(api, offboard):
    api.script(REFUSE, a_problem(403, "This needs the role approver."))

    assert offboard("brake", "refuse", "--yes").exit_code == 5


def test_a_case_that_the_brake_holds_says_why_and_how_it_goes_on(api, offboard):
    note = a_note("brake", "Too many came.")
    api.script(SHOW, Says(a_case("waiting", plan=None, warnings=[note])))

    done = offboard("case", "show", "01KHJ2V0W8Q3RZ5T7X9YABCDEF")

    lines = done.stdout.splitlines()
    assert lines[0] == "Held. Too many came. Leaver: dana.lee@example.com."
    assert [one for one in lines if one.startswith("offboard")] == [
        "offboard brake show",
        "offboard case approve 01KHJ2V0W8Q3RZ5T7X9YABCDEF --plan-hash none",
        "offboard case refuse 01KHJ2V0W8Q3RZ5T7X9YABCDEF --plan-hash none",
        "offboard case cancel 01KHJ2V0W8Q3RZ5T7X9YABCDEF",
    ]
