"""What a case leaves to do, numbered as people name it. Pure."""

from workers.offboarding.model import Case, CaseTarget, FollowUp


def numbered_follow_ups(case: Case) -> tuple[tuple[int, CaseTarget, FollowUp], ...]:
    """Number the follow-ups of a case from 1: target by target, each one's in order."""
    found = ((target, one) for target in case.targets for one in target.follow_ups)
    return tuple((number, *each) for number, each in enumerate(found, 1))
