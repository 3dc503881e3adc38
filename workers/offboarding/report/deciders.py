"""Who may decide about a case that waits, where an account has approvers of its own."""

from collections.abc import Iterator

from workers.offboarding.approvers import Approvers, decided_in
from workers.offboarding.model import Case
from workers.offboarding.report.phrases import listed, named
from workers.offboarding.report.value import Line


def deciders_of(case: Case, approvers: Approvers) -> Iterator[Line]:
    """Name the approvers of each account; nothing where any approver may decide.

    Somebody has to be one in each of these accounts.
    """
    found = approvers.of(decided_in(case))
    for one in found:
        people = listed((named(each),) for each in one.people)
        account = named(one.name or one.account_id)
        yield "Who may, for account ", account, ": ", *people
    if len(found) > 1:
        yield ("Only who stands in each of these lists may decide.",)
