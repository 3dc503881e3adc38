"""`offboard adopt`: the same road as a run, though nobody leaves."""

import pytest
from fake_api import (
    CASE_ID,
    LOST,
    SHOW,
    USER,
    Says,
    a_case,
    a_note,
    a_plan,
    a_problem,
    a_target,
    a_verified,
    an_unread,
    result_in,
)

ADOPT = ("POST", "/api/adoptions")
HELD = a_plan(a_note("too_many_targets"))


def an_adoption(*shown, **over):
    return a_case(*shown, kind="adoption", **over)


@pytest.fixture
def opens(api):
    """Takes an adoption in, then shows these cases one after the other."""

    def scripted(*cases, answers=()):
        opened = Says({"case": an_adoption("open")}, 202)
        api.script(ADOPT, *answers, opened)
        api.script(SHOW, *(Says(one) for one in cases))

    return scripted


def test_a_dry_run_is_what_comes_without_apply(api, offboard, opens):
    opens(an_adoption("settled", "planned", a_target(), leaver=None))

    done = offboard("adopt", "--account", "acc1")

    (asked,) = api.calls(*ADOPT)
    assert asked.body == {"account_id": "acc1", "dry_run": True}
    assert asked.headers["idempotency-key"]
    assert done.exit_code == 0
    assert "offboard adopt --account acc1 --apply" in done.stdout.splitlines()


def test_everything_said_reaches_the_service(api, offboard, opens):
    opens(an_adoption("settled", "safe", a_verified()))

    offboard(
        *("adopt", "--account", "acc1", "--from", USER, "--to", "iks-functional-1"),
        *("--region", "us-south", "--region", "eu-de", "--group", "payments"),
        *("--reason", "before the summer", "--apply", "--yes"),
    )

    assert api.calls(*ADOPT)[0].body == {
        "account_id": "acc1",
        "dry_run": False,
        "from": USER,
        "functional_id": "iks-functional-1",
        "reason": "before the summer",
        "regions": ["us-south", "eu-de"],
        "resource_groups": ["payments"],
    }


def test_the_command_of_a_dry_run_carries_all_that_was_asked(offboard, opens):
    scope = {"regions": ["us-south"], "resource_groups": ["payments"]}
    opens(an_adoption("settled", "planned", a_target(), scope=scope))

    done = offboard(
        *("adopt", "--account", "acc1", "--from", USER, "--to", "two words"),
        *("--region", "us-south", "--group", "payments"),
    )

    assert (
        f"offboard adopt --account acc1 --from {USER} --apply --region us-south "
        "--group payments --to 'two words'"
    ) in done.stdout.splitlines()


def test_an_adoption_shown_later_reminds_of_what_a_case_does_not_hold(api, offboard):
    api.script(SHOW, Says(an_adoption("settled", "planned", a_target(), leaver=None)))

    lines = offboard("case", "show", CASE_ID).stdout.splitlines()

    assert "To have it done, with --to where it was asked with one:" in lines


ENDS = {
    "clean": (an_adoption("settled", "clean"), 0),
    "safe": (an_adoption("settled", "safe", a_verified()), 0),
    "attention": (an_adoption("settled", "attention", an_unread()), 3),
    "held": (an_adoption("waiting", plan=HELD), 4),
    "cancelled": (an_adoption("cancelled"), 4),
    "not armed": (
        an_adoption(
            *("settled", "planned", a_target()), warnings=[a_note("not_armed")]
        ),
        4,
    ),
}


@pytest.mark.parametrize(("case", "code"), ENDS.values(), ids=ENDS)
def test_an_armed_adoption_ends_as_its_case_does(offboard, opens, case, code):
    opens(case)

    done = offboard("adopt", "--account", "acc1", "--apply", "--yes", "-o", "json")

    assert done.exit_code == code
    assert result_in(done.stdout) == case


PLANS = {
    "everything seen": (an_adoption("settled", "planned", a_target()), 0),
    "not all seen": (an_adoption("settled", "planned", a_target(), an_unread()), 3),
    "would be held": (an_adoption("settled", "planned", a_target(), plan=HELD), 4),
}


@pytest.mark.parametrize(("case", "code"), PLANS.values(), ids=PLANS)
def test_a_dry_run_ends_as_an_armed_one_would(offboard, opens, case, code):
    opens(case)

    assert offboard("adopt", "--account", "acc1").exit_code == code


def test_an_adoption_that_takes_too_long_ends_with_its_own_code(offboard, opens):
    opens(an_adoption("open"))

    done = offboard("adopt", "--account", "acc1", "--timeout", "0")

    assert done.exit_code == 7


def test_who_does_not_wait_is_told_that_it_is_taken_in(api, offboard, opens):
    opens(an_adoption("open"))

    done = offboard("adopt", "--account", "acc1", "--apply", "--yes", "--no-wait")

    assert done.exit_code == 0
    assert api.calls(*SHOW) == []


def test_a_held_adoption_is_told_with_its_approval(offboard, opens):
    opens(an_adoption("waiting", plan=HELD))

    lines = offboard(
        "adopt", "--account", "acc1", "--apply", "--yes"
    ).stdout.splitlines()

    assert f"offboard case approve {CASE_ID} --plan-hash sha256:5f1d" in lines
    assert "If it is not wanted, cancel it:" in lines


def test_apply_without_a_terminal_needs_yes(api, offboard):
    done = offboard("adopt", "--account", "acc1", "--apply")

    assert done.exit_code == 2
    assert api.asked == []
    assert "needs --yes" in done.stderr


@pytest.mark.parametrize("option", ["--from", "--to"])
@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_name_never_comes_to_mean_everybody(api, offboard, option, empty):
    words = ("adopt", "--account", "acc1", "--apply", "--yes", option, empty)

    assert offboard(*words).exit_code == 2
    assert api.asked == []


def test_without_an_account_nothing_is_asked(api, offboard):
    assert offboard("adopt").exit_code == 2
    assert api.asked == []


def test_an_adoption_whose_answer_was_lost_is_asked_for_under_the_same_key(
    api, offboard, opens
):
    opens(an_adoption("settled", "clean"), answers=(LOST,))

    assert offboard("adopt", "--account", "acc1").exit_code == 0
    keys = {one.headers["idempotency-key"] for one in api.calls(*ADOPT)}
    assert (len(api.calls(*ADOPT)), len(keys)) == (2, 1)


def test_an_account_that_is_not_here_is_refused_with_its_sentence(api, offboard):
    sentence = "This service has no account acc9."
    api.script(ADOPT, a_problem(409, sentence, reason="no_such_account"))

    done = offboard("adopt", "--account", "acc9")

    assert done.exit_code == 4
    assert done.stderr == f"{sentence}\n"


def test_a_list_of_cases_tells_adoptions_from_departures(api, offboard):
    rows = [an_adoption("open", leaver=None), an_adoption("open"), a_case("open")]
    api.script(("GET", "/api/cases"), Says({"cases": rows, "next": None}))

    text = offboard("case", "list").stdout

    assert "all people (adoption)" in text
    assert f"{USER} (adoption)" in text
    assert text.count("(adoption)") == 2


def test_a_functional_id_that_is_not_there_is_a_fault_of_usage(api, offboard):
    said = "No functional ID of this account is called nobody; there are: iks-1."
    errors = {"functional_id": [said]}
    api.script(ADOPT, a_problem(422, "Some fields cannot be used.", errors=errors))

    done = offboard("adopt", "--account", "acc1", "--to", "nobody")

    assert (done.exit_code, done.stderr) == (2, f"functional_id: {said}\n")
