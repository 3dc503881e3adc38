from datetime import timedelta

import pytest
from factories import DALLAS, FRANKFURT, NOON, a_case, a_case_target

from workers.offboarding.clocks import fully_safe_seconds, owner_safe_seconds
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    CaseKind,
    CaseResult,
    FollowUp,
    Outcome,
    Plan,
    Scope,
)

SETTLE = timedelta(minutes=30)
LATER = NOON + timedelta(hours=9)


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def a_safe_case(*targets, **changes):
    facts = {"result": CaseResult.SAFE, "plan": Plan("sha256:1", at(1))}
    return a_case(*targets, **{**facts, "settled_at": at(30), **changes})


def verified(target, seconds, **changes):
    return a_case_target(target, **changes).ended(Outcome.VERIFIED, at(seconds))


def test_owner_safe_is_when_the_last_target_was_read_back():
    case = a_safe_case(verified(DALLAS, 12), verified(FRANKFURT, 7))

    assert owner_safe_seconds(case) == 12.0
    assert fully_safe_seconds(case, SETTLE, LATER) == 1812.0


def test_a_clean_case_was_safe_when_it_settled_and_has_nothing_to_settle_in():
    case = a_safe_case(result=CaseResult.CLEAN)

    assert owner_safe_seconds(case) == 30.0
    assert fully_safe_seconds(case, SETTLE, LATER) == 30.0


def test_a_scheduled_case_counts_from_when_work_began():
    case = a_safe_case(
        verified(DALLAS, 112), starts_at=at(100), started_at=at(101), settled_at=at(113)
    )

    assert owner_safe_seconds(case) == 11.0


@pytest.mark.parametrize(
    "changes",
    [
        {"result": CaseResult.ATTENTION},
        {"result": None},
        {"dry_run": True, "result": CaseResult.PLANNED},
        {"scope": Scope(("us-south",))},
        {"plan": None},
    ],
)
def test_nothing_is_called_safe_that_is_not(changes):
    case = a_safe_case(verified(DALLAS, 12), **changes)

    assert owner_safe_seconds(case) is None
    assert fully_safe_seconds(case, SETTLE, LATER) is None


def test_an_adoption_speaks_for_what_it_was_asked_for_whatever_its_scope():
    case = a_safe_case(
        verified(DALLAS, 12),
        verified(FRANKFURT, 7),
        kind=CaseKind.ADOPTION,
        scope=Scope(("us-south", "eu-de")),
    )

    assert owner_safe_seconds(case) == 12.0
    assert fully_safe_seconds(case, SETTLE, LATER) == 1812.0


def test_an_adoption_that_is_no_success_has_no_clock_either():
    case = a_safe_case(
        verified(DALLAS, 12), kind=CaseKind.ADOPTION, result=CaseResult.ATTENTION
    )

    assert owner_safe_seconds(case) is None


def test_a_blind_spot_that_left_the_result_is_not_called_owner_safe():
    unread = a_case_target(FRANKFURT).ended(
        Outcome.UNREAD, at(3), reason=Reason.UNREACHABLE
    )

    case = a_safe_case(verified(DALLAS, 12), unread)

    assert owner_safe_seconds(case) is None
    assert fully_safe_seconds(case, SETTLE, LATER) is None


@pytest.mark.parametrize(
    "kind",
    [
        "recreate_addon_pods",
        "refresh_master",
        "retire_old_key",
        "classic_credential",
    ],
)
def test_follow_ups_of_every_kind_delay_fully_safe_and_not_owner_safe(kind):
    open_one = FollowUp(kind, "…")

    case = a_safe_case(verified(DALLAS, 12, follow_ups=(open_one,)))

    assert owner_safe_seconds(case) == 12.0
    assert fully_safe_seconds(case, SETTLE, LATER) is None


def test_fully_safe_is_not_said_before_the_time_has_come():
    case = a_safe_case(verified(DALLAS, 12))

    assert fully_safe_seconds(case, SETTLE, at(1811)) is None
    assert fully_safe_seconds(case, SETTLE, at(1812)) == 1812.0


def test_a_follow_up_delays_fully_safe_until_it_is_done():
    open_one = FollowUp("recreate_addon_pods", "…")
    done = FollowUp("recreate_addon_pods", "…", done_at=at(4000))

    waiting = a_safe_case(verified(DALLAS, 12, follow_ups=(open_one, done)))
    ended = a_safe_case(verified(DALLAS, 12, follow_ups=(done,)))

    assert owner_safe_seconds(waiting) == 12.0
    assert fully_safe_seconds(waiting, SETTLE, LATER) is None
    assert fully_safe_seconds(ended, SETTLE, LATER) == 4000.0
