"""The numbers by which follow-ups are ticked off."""

from dataclasses import replace

from factories import DALLAS, FRANKFURT, NOON, TOKYO, a_case, a_case_target

from workers.offboarding.follow_ups import numbered_follow_ups
from workers.offboarding.model import FollowUp

PODS = FollowUp("recreate_addon_pods", "pods", "c1", "cluster-autoscaler")
MASTER = FollowUp("refresh_master", "master", "c1")
KEY = FollowUp("retire_old_key", "key")


def test_follow_ups_are_numbered_from_one_in_the_order_of_the_targets():
    tokyo = a_case_target(TOKYO, follow_ups=(PODS, MASTER))
    bare = a_case_target(FRANKFURT)
    dallas = a_case_target(DALLAS, follow_ups=(KEY,))

    numbered = numbered_follow_ups(a_case(tokyo, bare, dallas))

    assert numbered == ((1, tokyo, PODS), (2, tokyo, MASTER), (3, dallas, KEY))


def test_a_follow_up_that_is_done_keeps_its_number():
    done = replace(PODS, done_at=NOON)
    target = a_case_target(follow_ups=(done, MASTER))

    numbers = [number for number, _, _ in numbered_follow_ups(a_case(target))]

    assert numbers == [1, 2]


def test_a_case_without_follow_ups_has_none():
    assert numbered_follow_ups(a_case(a_case_target())) == ()
