"""What was asked: who leaves, or what to take over; by whom, how and how far."""

from collections.abc import Iterator

from workers.offboarding.model import Adoption, Case, Leaver, Scope
from workers.offboarding.report.phrases import listed, named, time_of
from workers.offboarding.report.value import Item, Line


def asked_of(case: Case) -> Iterator[Item]:
    """Tell what was asked, with everything known of the leaver, or of the adoption."""
    adoption = case.adoption
    if adoption is not None:
        yield from _adoption(adoption, case.leaver)
    else:
        yield Item(("Leaver: ", *_everything_of(case.leaver)))
    yield Item(_told_by(case))
    also = _told_too(case)
    if also:
        yield Item(("Also told by: ", *listed(also)))
    yield Item((f"Received: {time_of(case.received_at)}",))
    if case.effective_at != case.received_at:
        yield Item((f"Leaves: {time_of(case.effective_at)}",))
    yield Item(("Mode: dry run" if case.dry_run else "Mode: armed",))
    yield Item(_scope(case.scope))
    if case.reason:
        yield Item(("Reason given: ", named(case.reason, 300)))


def _adoption(adoption: Adoption, leaver: Leaver) -> Iterator[Item]:
    yield Item(("Adoption: taken over before anybody leaves",))
    yield Item(("Account: ", named(adoption.account_id)))
    owner: Line = ("every person who owns a key there",)
    yield Item(("From: ", *(_everything_of(leaver) if adoption.has_from else owner)))
    to: Line = ("the functional ID that the accounts file names",)
    if adoption.functional_id:
        to = (named(adoption.functional_id),)
    yield Item(("To: ", *to))


def _everything_of(leaver: Leaver) -> Line:
    facts = [each for each in (leaver.name, leaver.email, leaver.iam_id) if each]
    return listed((named(fact),) for fact in facts or ["unknown"])


def _told_by(case: Case) -> Line:
    told = case.opened_by
    word = "Told by" if case.adoption is None else "Asked through"
    facts: list[Line] = [(f"{word}: ", named(told.source))]
    if told.actor:
        facts.append(("asked by ", named(told.actor)))
    if told.event_key:
        facts.append(("event ", named(told.event_key)))
    return listed(facts)


def _told_too(case: Case) -> list[Line]:
    return [
        (named(one.source), f", leaves {time_of(one.effective_at)}")
        for one in case.told
        if one.source != case.opened_by.source
    ]


def _scope(scope: Scope | None) -> Line:
    if scope is None:
        return ("Scope: the whole account",)
    limits = (("regions ", scope.regions), ("groups ", scope.resource_groups))
    named_limits = [
        (word, named(", ".join(values), 300)) for word, values in limits if values
    ]
    return "Scope: only ", *listed(named_limits)
