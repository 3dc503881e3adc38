"""Which of several functional IDs takes a target over."""

import pytest
from factories import FID, NOON, OTHER_FID, a_standing

from workers.offboarding.choosing import chosen
from workers.offboarding.errors import Reason
from workers.offboarding.model import Right
from workers.offboarding.preflight import Finding, Preflight

GREEN = Preflight(NOON)
GREY = Preflight(NOON, (Finding(Right.CANNOT_TELL, Reason.PREFLIGHT_UNKNOWN, "?"),))
RED = Preflight(NOON, (Finding(Right.MISSING, Reason.MISSING_ROLE, "No."),))


def choose(first, second, keys=(2, 2), taken=None):
    return chosen(
        [FID, OTHER_FID],
        judged={FID.id: first, OTHER_FID.id: second},
        standings={
            FID.id: a_standing(keys=keys[0]),
            OTHER_FID.id: a_standing(OTHER_FID, keys=keys[1]),
        },
        taken=taken or {},
    )


def test_of_equals_the_first_in_the_file_takes_over():
    assert choose(GREEN, GREEN) is FID


@pytest.mark.parametrize(
    ("first", "second", "who"),
    [
        (RED, GREY, OTHER_FID),
        (GREY, GREEN, OTHER_FID),
        (RED, GREEN, OTHER_FID),
        (GREEN, RED, FID),
    ],
)
def test_the_better_preflight_decides_before_free_slots(first, second, who):
    many, few = 2, 19
    keys = (many, few) if who is OTHER_FID else (few, many)

    assert choose(first, second, keys=keys) is who


def test_the_one_with_more_free_slots_takes_over():
    assert choose(GREEN, GREEN, keys=(10, 9)) is OTHER_FID


def test_what_is_planned_already_takes_slots():
    assert choose(GREEN, GREEN, keys=(8, 9), taken={FID.id: 2}) is OTHER_FID
    assert choose(GREEN, GREEN, keys=(8, 9), taken={FID.id: 1}) is FID


def test_unknown_slots_count_as_none_and_are_still_possible():
    assert choose(GREEN, GREEN, keys=(None, 19)) is OTHER_FID
    assert choose(GREEN, RED, keys=(None, 2)) is FID


def test_who_was_not_judged_cannot_be_told():
    found = chosen(
        [FID, OTHER_FID], judged={OTHER_FID.id: GREEN}, standings={}, taken={}
    )

    assert found is OTHER_FID


def test_nobody_is_chosen_from_nobody():
    with pytest.raises(ValueError, match="empty"):
        chosen([], judged={}, standings={}, taken={})
