"""The follow-ups of a case by the numbers that ticking one off takes. Pure."""

from workers.offboarding.model import Case, CaseTarget, FollowUp

Numbered = tuple[int, CaseTarget, FollowUp]


def numbered_follow_ups(case: Case) -> tuple[Numbered, ...]:
    """Number the follow-ups from 1: target by target in the case's own order.

    Done ones keep their numbers, and what is added to a target later moves those of the
    targets behind it: who ticks one off reads the number first.
    """
    listed = [(target, one) for target in case.targets for one in target.follow_ups]
    return tuple(
        (number, target, one) for number, (target, one) in enumerate(listed, start=1)
    )
