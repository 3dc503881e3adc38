"""`offboard blind-spot list | accept | withdraw`."""

import pytest
from fake_api import LOST, Says, a_problem, result_in, squeezed

LIST = ("GET", "/api/blind-spots")
ACCEPT = ("POST", "/api/blind-spots")
WITHDRAW = ("POST", "/api/blind-spots/withdraw")
PLACE = {"account_id": "acc1", "region": "us-south", "resource_group": "9f6b"}
SPOT = {
    **PLACE,
    "reason": "being made",
    "accepted_by": "lead",
    "accepted_at": "2026-02-16T10:02:11.000Z",
    "until": "2026-02-23T10:02:11.000Z",
}
WHERE = ("--account", "acc1", "--region", "us-south", "--group", "9f6b")
WHY = ("--reason", "being made", "--days", "7")


def test_what_is_accepted_is_listed(api, offboard):
    api.script(LIST, Says({"blind_spots": [SPOT]}))

    table, as_json = (
        offboard("blind-spot", "list"),
        offboard("blind-spot", "list", "-o", "json"),
    )

    assert table.exit_code == 0
    assert squeezed(table.stdout)[-1] == (
        "acc1 us-south 9f6b 2026-02-23T10:02:11.000Z lead being made"
    )
    assert result_in(as_json.stdout) == {"blind_spots": [SPOT]}


def test_an_empty_list_says_so(api, offboard):
    api.script(LIST, Says({"blind_spots": []}))

    assert offboard("blind-spot", "list").stdout == "No blind spot is accepted.\n"


def test_a_target_is_accepted_and_a_lost_answer_is_asked_for_again(api, offboard):
    api.script(ACCEPT, LOST, Says({"blind_spot": SPOT}, 202))

    done = offboard("blind-spot", "accept", *WHERE, *WHY)

    assert done.exit_code == 0
    assert done.stdout == (
        "Accepted until 2026-02-23T10:02:11.000Z: us-south, resource group 9f6b cannot "
        "be read.\n"
    )
    assert [one.body for one in api.asked] == [
        PLACE | {"reason": "being made", "days": 7}
    ] * 2


@pytest.mark.parametrize(
    "words",
    [
        ("accept", *WHERE, "--reason", "x"),
        ("accept", *WHERE, "--days", "7"),
        ("accept", *WHERE, "--reason", "x", "--days", "0"),
        ("accept", *WHERE, "--reason", "x", "--days", "31"),
        ("accept", *WHERE[:4], *WHY),
        ("withdraw", *WHERE[2:]),
    ],
)
def test_what_is_left_out_or_too_long_is_never_sent(api, offboard, words):
    assert offboard("blind-spot", *words).exit_code == 2
    assert api.asked == []


def test_what_the_service_refuses_is_told_by_its_field(api, offboard):
    errors = {"resource_group": ["Give the group's id, not a name."]}
    api.script(ACCEPT, a_problem(422, "Some fields.", errors=errors))

    done = offboard("blind-spot", "accept", *WHERE, *WHY)

    assert done.exit_code == 2
    assert done.stderr == "resource_group: Give the group's id, not a name.\n"


def test_accepting_needs_the_role_for_it(api, offboard):
    api.script(ACCEPT, a_problem(403, "This needs the role approver."))

    assert offboard("blind-spot", "accept", *WHERE, *WHY).exit_code == 5


@pytest.mark.parametrize(("was_there", "code"), [(True, 0), (False, 4)])
def test_taking_back_tells_whether_there_was_one(api, offboard, was_there, code):
    api.script(WITHDRAW, Says({"withdrawn": was_there}, 202))

    done = offboard("blind-spot", "withdraw", *WHERE)

    assert done.exit_code == code
    assert ("counts as unread again" in done.stdout) is was_there
    assert ("offboard blind-spot list" in done.stderr) is not was_there
    assert api.asked[0].body == PLACE


def test_taking_back_is_sent_once(api, offboard):
    api.script(WITHDRAW, LOST)

    assert offboard("blind-spot", "withdraw", *WHERE).exit_code == 6
    assert len(api.asked) == 1
