"""`offboard case approve | refuse | done`, and how a held case is told."""

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
    result_in,
)

HASH = "sha256:5f1d"
HELD = a_case(
    "waiting",
    None,
    a_target(outcome=None),
    plan=a_plan(a_note("too_many_targets", "21 resets, 20 may be made by itself.")),
)
APPROVE = f"offboard case approve {CASE_ID} --plan-hash {HASH}"
REFUSE = f"offboard case refuse {CASE_ID} --plan-hash {HASH}"


def deciding(verb):
    return ("POST", f"/api/cases/{CASE_ID}/{verb}")


def follow_up(text, kind="refresh_master", **over):
    return {
        "kind": kind,
        "cluster_id": "c1",
        "addon": None,
        "text": text,
        "done_at": None,
        **over,
    }


DONE = "2026-02-16T10:02:24.000Z"


@pytest.mark.parametrize("verb", ["approve", "refuse"])
@pytest.mark.parametrize(("typed", "sent"), [(HASH, HASH), ("none", None)])
def test_a_decision_names_the_plan_it_is_about(api, offboard, verb, typed, sent):
    api.script(deciding(verb), Says({"case": a_case("open")}, 202))

    done = offboard("case", verb, CASE_ID, "--plan-hash", typed, "-o", "json")

    assert done.exit_code == 0
    assert result_in(done.stdout) == a_case("open")
    assert [one.body for one in api.asked] == [{"plan_hash": sent}]


def test_an_approval_says_where_it_can_be_watched(api, offboard):
    api.script(deciding("approve"), Says({"case": a_case("open")}, 202))

    done = offboard("case", "approve", CASE_ID, "--plan-hash", HASH)

    assert f"offboard case show {CASE_ID} --watch" in done.stderr.splitlines()


@pytest.mark.parametrize("verb", ["approve", "refuse"])
def test_a_decision_without_a_plan_named_is_never_sent(api, offboard, verb):
    assert offboard("case", verb, CASE_ID).exit_code == 2
    assert api.asked == []


@pytest.mark.parametrize("verb", ["approve", "refuse"])
@pytest.mark.parametrize("reason", ["not_waiting", "other_plan", "own_request"])
def test_a_decision_that_does_not_fit_ends_as_refused(api, offboard, verb, reason):
    api.script(deciding(verb), a_problem(409, "It has another plan.", reason=reason))

    done = offboard("case", verb, CASE_ID, "--plan-hash", HASH)

    assert done.exit_code == 4
    assert done.stderr == "It has another plan.\n"


@pytest.mark.parametrize("verb", ["approve", "refuse"])
def test_a_decision_whose_answer_was_lost_is_not_sent_again(api, offboard, verb):
    api.script(deciding(verb), LOST)

    done = offboard("case", verb, CASE_ID, "--plan-hash", HASH)

    assert done.exit_code == 6
    assert len(api.asked) == 1
    assert "It may have been carried out all the same." in done.stderr


def test_a_decision_needs_the_role_for_it(api, offboard):
    api.script(deciding("approve"), a_problem(403, "This needs the role approver."))

    assert offboard("case", "approve", CASE_ID, "--plan-hash", HASH).exit_code == 5


def test_a_follow_up_is_ticked_off_by_its_number(api, offboard):
    api.script(SHOW, Says(a_case("settled", "safe", a_verified())))
    after = a_case("settled", "safe", a_verified())
    api.script(deciding("follow-ups/3/done"), LOST, Says({"case": after}, 202))

    done = offboard("case", "done", CASE_ID, "3", "-o", "json")

    assert done.exit_code == 0
    assert result_in(done.stdout) == after
    # Saying it again is the same, so a lost answer is asked for again.
    assert len(api.calls(*deciding("follow-ups/3/done"))) == 2


@pytest.mark.parametrize(
    ("number", "said"),
    [("1", "Follow-up 1 was done already.\n"), ("2", "Follow-up 2 is done.\n")],
)
def test_a_follow_up_that_was_done_before_is_told_apart(api, offboard, number, said):
    done_one, open_one = follow_up("First.", done_at=DONE), follow_up("Second.")
    before = (a_verified(follow_ups=[done_one]), a_target(follow_ups=[open_one]))
    ticked = (a_verified(follow_ups=[done_one]), a_target(follow_ups=[done_one]))
    api.script(SHOW, Says(a_case("settled", "safe", *before)))
    after = Says({"case": a_case("settled", "safe", *ticked)}, 202)
    api.script(deciding(f"follow-ups/{number}/done"), after)

    done = offboard("case", "done", CASE_ID, number)

    assert (done.exit_code, done.stderr) == (0, said)
    # On a terminal the word comes before the case.
    assert done.output.startswith(said)


def test_a_follow_up_that_is_not_there_is_a_fault_of_usage(api, offboard):
    missing = a_problem(404, "It has no such follow-up.", title="No such follow-up")
    api.script(SHOW, Says(a_case("settled", "safe", a_verified())))
    api.script(deciding("follow-ups/9/done"), missing)

    done = offboard("case", "done", CASE_ID, "9")

    assert done.exit_code == 2
    assert done.stderr == "It has no such follow-up.\n"


@pytest.mark.parametrize("number", ["0", "-1", "one", "1.5"])
def test_what_is_no_number_of_a_follow_up_is_never_sent(api, offboard, number):
    assert offboard("case", "done", CASE_ID, "--", number).exit_code == 2
    assert api.asked == []


def test_a_run_that_is_held_says_why_and_how_it_is_approved(api, offboard):
    api.opens(a_case("open"), HELD)

    done = offboard("run", USER, "--apply", "--yes")

    lines = done.stdout.splitlines()
    assert done.exit_code == 4
    assert lines[0].startswith("Held. 21 resets, 20 may be made by itself.")
    assert f"Plan {HASH}." in lines
    assert APPROVE in lines
    assert REFUSE in lines


@pytest.mark.parametrize(
    ("reasons", "has_approve", "has_refuse"),
    [
        (["too_many_targets"], True, True),
        (["preflight_unknown"], True, True),
        (["a_reason_of_a_newer_service"], True, True),
        (["paused"], False, False),
        (["paused", "canary_failed"], True, True),
        (["protected_user"], False, True),
        (["ambiguous_person", "too_many_targets"], False, True),
        ([], True, True),
    ],
)
def test_only_what_an_approver_may_let_go_on_is_offered_to_be_approved(
    api, offboard, reasons, has_approve, has_refuse
):
    plan = a_plan(*(a_note(one) for one in reasons))
    api.script(SHOW, Says(a_case("waiting", plan=plan)))

    lines = offboard("case", "show", CASE_ID).stdout.splitlines()

    assert (APPROVE in lines, REFUSE in lines) == (has_approve, has_refuse)


def test_a_plan_that_was_approved_says_by_whom(api, offboard):
    plan = a_plan() | {"approved_by": "sam"}
    api.script(SHOW, Says(a_case("settled", "safe", a_verified(), plan=plan)))

    lines = offboard("case", "show", CASE_ID).stdout.splitlines()

    assert f"Plan {HASH}, approved by sam." in lines


def test_a_plan_nobody_has_to_decide_on_is_not_named(api, offboard):
    api.script(SHOW, Says(a_case("settled", "safe", a_verified())))

    assert HASH not in offboard("case", "show", CASE_ID).stdout


def test_follow_ups_have_the_numbers_of_the_service_whatever_the_table_order(
    api, offboard
):
    case = a_case(
        *("settled", "attention"),
        a_verified("eu-de", follow_ups=[follow_up("First.", done_at=DONE)]),
        a_verified("jp-tok", follow_ups=[follow_up("Second.")]),
        # What needs somebody is first in the table, and last in the case.
        a_target("us-east", outcome="failed", follow_ups=[follow_up("Third.")]),
    )
    api.script(SHOW, Says(case))

    lines = offboard("case", "show", CASE_ID).stdout.splitlines()

    told = [one for one in lines if one.startswith("Follow-up")]
    assert told == [
        "Follow-up 2, jp-tok, resource group payments: Second.",
        "Follow-up 3, us-east, resource group payments: Third.",
    ]
    place = lines.index("When they are done, tick them off:")
    assert lines[place + 1] == f"offboard case done {CASE_ID} 2 3"


def test_the_pods_of_one_add_on_are_said_once_with_one_command(api, offboard):
    pods = ["recreate_addon_pods"]
    csi = {"addon": "vpc-block-csi-driver"}
    case = a_case(
        *("settled", "safe"),
        a_verified("eu-de", follow_ups=[follow_up("A.", *pods, **csi)]),
        a_verified(
            "jp-tok", follow_ups=[follow_up("B.", *pods, cluster_id="c2", **csi)]
        ),
    )
    api.script(SHOW, Says(case))

    lines = offboard("case", "show", CASE_ID).stdout.splitlines()

    [told] = [one for one in lines if one.startswith("Follow-up")]
    assert told.startswith("Follow-ups 1 and 2: Delete the ibm-vpc-block-csi")
    assert lines[lines.index(told) + 2].startswith("- 2: c2 (c2), jp-tok, ")
    assert any(one.startswith("for cluster in c1 c2; do ") for one in lines)


def test_several_follow_ups_are_ticked_off_at_once(api, offboard):
    case = a_case(
        "settled", "safe", a_verified(follow_ups=[follow_up("A."), follow_up("B.")])
    )
    api.script(SHOW, Says(case))
    api.script(deciding("follow-ups/1/done"), Says({"case": case}, 202))
    api.script(deciding("follow-ups/2/done"), Says({"case": case}, 202))

    result = offboard("case", "done", CASE_ID, "1", "2")

    assert result.exit_code == 0
    assert "Follow-up 1 is done." in result.stderr
    assert "Follow-up 2 is done." in result.stderr


@pytest.mark.parametrize(
    ("one", "command"),
    [
        (follow_up("Refresh."), "ibmcloud ks cluster master refresh --cluster c1"),
        (
            follow_up("Pods.", "recreate_addon_pods", addon="vpc-block-csi-driver"),
            "ibmcloud ks cluster config --cluster c1 && kubectl -n kube-system get pods"
            " -o name | grep '^pod/ibm-vpc-block-csi-controller'"
            " | xargs kubectl -n kube-system delete",
        ),
        (
            follow_up("Look.", "classic_credential", cluster_id=None),
            "ibmcloud target -g id-payments -r us-south && "
            "ibmcloud ks credential get --region us-south",
        ),
    ],
)
def test_a_follow_up_comes_with_its_command(api, offboard, one, command):
    api.script(SHOW, Says(a_case("settled", "safe", a_verified(follow_ups=[one]))))

    lines = offboard("case", "show", CASE_ID).stdout.splitlines()

    follow = f"Follow-up 1, us-south, resource group payments: {one['text']}"
    assert lines[lines.index(follow) + 1] == command


def test_a_follow_up_of_a_newer_service_has_no_command(api, offboard):
    one = follow_up("Sing.", "sing_a_song")
    api.script(SHOW, Says(a_case("settled", "safe", a_verified(follow_ups=[one]))))

    lines = offboard("case", "show", CASE_ID).stdout.splitlines()

    place = lines.index("Follow-up 1, us-south, resource group payments: Sing.")
    assert lines[place + 1] == "When it is done, tick it off:"


def test_a_dry_run_has_nothing_to_tick_off(api, offboard):
    target = a_target(follow_ups=[follow_up("Refresh.")])
    api.script(SHOW, Says(a_case("settled", "planned", target)))

    text = offboard("case", "show", CASE_ID).stdout

    assert "Follow-up 1" in text
    assert "case done" not in text


def test_an_armed_run_names_the_role_that_is_missing_and_the_command_that_grants_it(
    api, offboard
):
    grant = (
        "ibmcloud iam user-policy-create fid@example.com --roles Administrator"
        " --service-name containers-kubernetes --resource-group-id id-payments"
    )
    advice = {
        "text": "The functional ID lacks Administrator on Kubernetes Service here.",
        "who": "an administrator of IAM in the account",
        "command": grant,
    }
    red = a_target(outcome="failed", reason="missing_role", advice=advice)
    api.opens(a_case("open"), a_case("settled", "attention", red, a_verified("eu-de")))

    done = offboard("run", USER, "--apply", "--yes")

    (row,) = [one for one in done.stdout.splitlines() if "missing_role" in one]
    assert done.exit_code == 3
    assert "failed" in row
    assert "lacks Administrator on Kubernetes Service" in done.stdout
    assert grant in done.stdout.splitlines()


@pytest.mark.parametrize("at", ["plan", "warnings"])
def test_a_cancelled_case_says_that_nothing_was_touched_and_no_former_hold(
    api, offboard, at
):
    reason = "too_many_targets" if at == "plan" else "paused"
    hold, why = a_note(reason, "It waits."), a_note("refused_plan", "lead refused.")
    case = a_case(
        "cancelled",
        None,
        a_target(outcome=None),
        plan=a_plan(hold) if at == "plan" else a_plan(),
        warnings=[why] if at == "plan" else [hold, why],
    )
    api.script(SHOW, Says(case))

    done = offboard("case", "show", CASE_ID)

    assert "not touched" in done.stdout
    assert "under way" not in done.stdout
    assert "It waits." not in done.stdout
    assert "- lead refused." in done.stdout.splitlines()


def test_the_group_of_commands_says_all_it_is_for(offboard):
    assert "decide about them, tick off follow-ups." in offboard("--help").output
