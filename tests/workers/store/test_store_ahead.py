"""What is foreseen waits apart from all other work, and delays none of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from store_scenes import KIM, NOW, a_case, an_entry

from workers.offboarding.model import Ahead, CaseStatus, Plan, Step, Work
from workers.offboarding.ports import Change

FRIDAY = NOW + timedelta(days=9)
FORESEE = Work("01A", Step.FORESEE)


def scheduled(case_id="01A", **changed):
    how = {
        "effective_at": FRIDAY,
        "starts_at": FRIDAY - timedelta(days=1),
        "status": CaseStatus.SCHEDULED,
    }
    return a_case(case_id, **{**how, **changed})


def due_now(client):
    """Let the grace of what was just written be over."""
    for name in ("due", "ahead"):
        for member, _ in client.zrange(f"offboard:{name}", 0, -1, withscores=True):
            if "|foresee|" in member:
                client.zadd(f"offboard:{name}", {member: 0})


def test_a_scheduled_case_is_foreseen_at_once_and_planned_on_its_day(room, any_client):
    room.open(scheduled())
    due_now(any_client)

    assert room.works.sweep() == [FORESEE]
    assert any_client.zscore("offboard:due", "01A|foresee|") is None
    assert any_client.zscore("offboard:due", "01A|plan|") == (
        (FRIDAY - timedelta(days=1)).timestamp() * 1000
    )


def test_a_case_that_begins_at_once_is_not_foreseen(room, any_client):
    room.open(a_case())

    assert any_client.zcard("offboard:ahead") == 0


def test_a_mass_of_what_is_foreseen_leaves_the_sweep_to_other_work(room, any_client):
    for number in range(60):
        leaver = replace(KIM, email=f"kim{number}@example.com")
        room.open(scheduled(f"0{number:02}", leaver=leaver))
    room.open(a_case("99A"))
    due_now(any_client)
    any_client.zadd("offboard:due", {"99A|plan|": 0})

    swept = room.works.sweep()

    assert Work("99A", Step.PLAN) in swept
    assert sum(one.step is Step.FORESEE for one in swept) == 5


def test_what_was_foreseen_is_kept_with_the_case_and_comes_back(room, any_client):
    room.open(scheduled())
    due_now(any_client)
    claim = room.claim(Step.FORESEE)
    case = room.cases.load("01A")
    ahead = Ahead(NOW, Plan("sha256:1", NOW))

    room.works.again(
        claim, Change(case=replace(case, ahead=ahead)), NOW + timedelta(days=1)
    )

    assert room.cases.load("01A").ahead == ahead
    assert room.claim(Step.FORESEE) is None
    assert any_client.zscore("offboard:ahead", "01A|foresee|") == (
        (NOW + timedelta(days=1)).timestamp() * 1000
    )


def test_a_lease_on_what_is_foreseen_is_renewed_in_its_own_set(room, any_client):
    room.open(scheduled())
    due_now(any_client)
    claim = room.claim(Step.FORESEE)

    assert room.works.renew(claim) is True
    assert any_client.zscore("offboard:due", "01A|foresee|") is None


@pytest.mark.parametrize("takes", [True, False])
def test_a_case_that_is_turned_is_foreseen_anew_or_no_more(room, any_client, takes):
    room.open(scheduled())
    case = room.cases.load("01A")
    status = CaseStatus.SCHEDULED if takes else CaseStatus.CANCELLED

    answer = room.cases.turn(
        replace(case, status=status),
        an_entry(),
        expected=(CaseStatus.SCHEDULED,),
        takes=takes,
        after=(FORESEE,) if takes else (),
    )

    assert answer == "ok"
    assert any_client.zcard("offboard:ahead") == int(takes)
