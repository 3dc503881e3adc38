"""Blind spots at the desk, on a real server."""

from datetime import timedelta

import pytest
from desk_scenes import NOW
from structlog.testing import capture_logs

from workers.offboarding.errors import ConflictError
from workers.offboarding.model import BlindSpot

ID = "acct1/us-south/payments-id"
MONTH = NOW + timedelta(days=30)


@pytest.fixture
def accept(desk):
    def accepted(target_id=ID, *, reason="No role there.", until=MONTH):
        return desk.accept_blind_spot(
            target_id, reason=reason, until=until, actor="lead"
        )

    return accepted


def refusal(accept, **said):
    with pytest.raises(ConflictError) as caught:
        accept(**said)
    return caught.value.reason


def test_an_accepted_target_is_listed_with_who_and_why_and_until_when(desk, accept):
    spot = accept(reason="  No role there. ")

    assert spot == BlindSpot(ID, "No role there.", "lead", NOW, MONTH)
    assert desk.blind_spots() == (spot,)


def test_accepting_and_taking_back_are_loud(desk, accept):
    with capture_logs() as lines:
        accept()
        desk.withdraw_blind_spot(ID, actor="lead2")

    told = [(one["event"], one["log_level"], one["actor"]) for one in lines]
    assert told == [
        ("blind_spot.accepted", "warning", "lead"),
        ("blind_spot.withdrawn", "warning", "lead2"),
    ]
    assert {one["target_id"] for one in lines} == {ID}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"until": MONTH + timedelta(seconds=1)}, "too_long"),
        ({"until": NOW}, "over"),
        ({"reason": " "}, "no_reason"),
    ],
    ids=["longer than a month", "over at once", "no reason"],
)
def test_nothing_is_accepted_for_ever_or_without_a_word(desk, accept, said, reason):
    assert refusal(accept, **said) == reason
    assert desk.blind_spots() == ()


def test_a_target_of_another_account_is_refused_where_the_accounts_are_known(make_desk):
    desk = make_desk(account_id="acct2")

    with pytest.raises(ConflictError) as caught:
        desk.accept_blind_spot(ID, reason="Why.", until=MONTH, actor="lead")

    assert caught.value.reason == "no_such_account"
    assert desk.blind_spots() == ()


def test_an_acceptance_ends_by_itself(desk, accept, clock):
    accept(until=NOW + timedelta(days=1))

    clock.pass_by(days=1)

    assert desk.blind_spots() == ()


def test_an_acceptance_can_be_taken_back_and_that_only_once(desk, accept):
    accept()

    first = desk.withdraw_blind_spot(ID, actor="lead")
    second = desk.withdraw_blind_spot(ID, actor="lead")

    assert (first, second) == (True, False)
    assert desk.blind_spots() == ()
