"""Cases at the desk: shown, listed in pages, cancelled, taken up again."""

from datetime import timedelta

import pytest
from desk_scenes import (
    DANA,
    KIM,
    NOW,
    a_target,
    asked,
    begin,
    failed,
    intend,
    settle,
    told,
)

from workers.desk import Page, Query
from workers.offboarding.errors import ConflictError, NoSuchCaseError
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Channel,
    KeyOwner,
    Leaver,
    Outcome,
    ReportKind,
    ReportLine,
    ReportState,
    Root,
    Step,
    Work,
)
from workers.store.codec import encode

LATER = NOW + timedelta(hours=48)


def reason_of(refused):
    return refused.value.reason


def test_a_case_that_does_not_exist_is_said_so(desk):
    for ask in (
        desk.show,
        lambda it: desk.cancel(it, actor="ann"),
        lambda it: desk.retry(it, actor="ann"),
    ):
        with pytest.raises(NoSuchCaseError):
            ask("01X")


# Cancel.


def test_a_case_is_cancelled_by_a_person(desk, cases):
    case = desk.open(asked()).case

    ended = desk.cancel(case.id, actor="ann")

    assert (ended.status, ended.settled_at) == (CaseStatus.CANCELLED, NOW)
    assert cases.ledger(case.id)[-1].actor == "ann"


def test_a_case_that_has_written_is_finished_instead(desk, cases, works):
    case = desk.open(asked()).case
    begin(cases, works, case.id, a_target())
    intend(works, case.id, a_target())

    with pytest.raises(ConflictError) as refused:
        desk.cancel(case.id, actor="ann")

    assert reason_of(refused) == "already_written"
    assert desk.show(case.id).status is CaseStatus.OPEN


def test_a_case_that_is_over_is_not_cancelled(desk):
    case = desk.open(asked()).case
    desk.cancel(case.id, actor="ann")

    with pytest.raises(ConflictError) as refused:
        desk.cancel(case.id, actor="ann")

    assert reason_of(refused) == "already_over"


class Restless:
    """Cases that change between being read and being turned, so many times."""

    def __init__(self, cases, times, change):
        self._cases, self._times, self._change = cases, times, change

    def turn(self, *args, **how):
        if self._times > 0:
            self._times -= 1
            self._change()
        return self._cases.turn(*args, **how)

    def __getattr__(self, name):
        return getattr(self._cases, name)


@pytest.fixture
def restless_desk(make_desk, cases, monkeypatch):
    def made(times):
        desk = make_desk()
        other = make_desk()
        numbers = iter(range(100, 200))
        restless = Restless(cases, times, lambda: other.open(told(next(numbers))))
        monkeypatch.setattr(desk, "_cases", restless)
        return desk

    return made


def test_a_case_that_changes_meanwhile_is_read_again_and_cancelled(restless_desk):
    desk = restless_desk(2)
    case = desk.open(told()).case

    assert desk.cancel(case.id, actor="ann").status is CaseStatus.CANCELLED


def test_a_case_that_never_stands_still_is_left_alone(restless_desk):
    desk = restless_desk(50)
    case = desk.open(told()).case

    with pytest.raises(ConflictError) as refused:
        desk.cancel(case.id, actor="ann")

    assert reason_of(refused) == "changed"


# Retry.


@pytest.fixture
def attention(desk, cases, works):
    case = desk.open(asked()).case
    begin(
        cases,
        works,
        case.id,
        a_target("us-south", outcome=Outcome.VERIFIED),
        a_target("us-east", outcome=Outcome.ALREADY),
        failed("eu-de", detail="no", functional_id=KeyOwner("IBMid-F")),
        failed("ca-tor", detail="in doubt"),
        a_target("jp-tok", owned=False, outcome=Outcome.UNREAD),
    )
    settle(cases, works, case.id, CaseResult.ATTENTION)
    return desk.show(case.id)


def test_a_retried_case_keeps_what_is_safe_and_looks_at_the_rest_anew(
    desk, attention, sender, cases
):
    sender.sent.clear()

    case = desk.retry(attention.id, actor="ann")

    assert (case.status, case.result, case.settled_at) == (CaseStatus.OPEN, None, None)
    assert [(one.target.region, one.outcome, one.tries) for one in case.targets] == [
        ("eu-de", None, 0),
        ("us-east", Outcome.ALREADY, 0),
        ("us-south", Outcome.VERIFIED, 0),
    ]
    assert case.target("acc1/eu-de/rg1").detail == ""
    assert sender.sent == [Work(attention.id, Step.PLAN)]
    assert cases.ledger(attention.id)[-1].what == "case.retried"


def test_the_message_of_a_retried_case_says_at_once_that_it_goes_on(
    desk, cases, works, attention, client
):
    root = Root("C1", "1.2", "abc", NOW)
    line = ReportLine(
        Channel.SLACK, ReportKind.STARTED, 1, ReportState.SENT, at=NOW, root=root
    )
    client.hset(f"offboard:case:{attention.id}:reports", line.id, encode(line))

    desk.retry(attention.id, actor="ann")

    assert client.zscore("offboard:shown", f"{attention.id}|show|") is not None


@pytest.mark.parametrize(("intent_at", "kept"), [(None, None), (NOW, "IBMid-F")])
def test_a_retry_asks_anew_who_takes_over_unless_a_reset_is_out(
    desk, cases, works, intent_at, kept
):
    case = desk.open(asked()).case
    target = failed("eu-de", functional_id=KeyOwner("IBMid-F"), intent_at=intent_at)
    begin(cases, works, case.id, target)
    settle(cases, works, case.id, CaseResult.ATTENTION)

    [again] = desk.retry(case.id, actor="ann").targets

    assert (again.functional_id.id if again.functional_id else None) == kept


def test_a_case_is_retried_once(desk, attention):
    desk.retry(attention.id, actor="ann")

    with pytest.raises(ConflictError) as refused:
        desk.retry(attention.id, actor="ann")

    assert reason_of(refused) == "not_attention"


@pytest.mark.parametrize("result", [CaseResult.SAFE, CaseResult.CLEAN])
def test_a_case_that_ended_well_is_not_retried(desk, cases, works, result):
    case = desk.open(asked()).case
    begin(cases, works, case.id)
    settle(cases, works, case.id, result)

    with pytest.raises(ConflictError) as refused:
        desk.retry(case.id, actor="ann")

    assert reason_of(refused) == "not_attention"


def test_a_case_is_not_retried_while_another_of_that_leaver_is_open(desk, attention):
    other = desk.open(told(2)).case

    with pytest.raises(ConflictError, match=other.id) as refused:
        desk.retry(attention.id, actor="ann")

    assert reason_of(refused) == "other_case"


def test_a_dry_run_of_that_leaver_does_not_stand_in_the_way(desk, attention):
    desk.open(asked(dry_run=True))

    assert desk.retry(attention.id, actor="ann").status is CaseStatus.OPEN


# Lists.


@pytest.fixture
def seven(desk, clock):
    """Seven cases, oldest first; every other one is scheduled."""
    found = []
    for number in range(7):
        clock.pass_by(seconds=1)
        when = LATER if number % 2 else None
        leaver = Leaver(email=f"p{number}@example.com")
        found.append(desk.open(told(number, leaver, effective_at=when)).case.id)
    return found


def read_all(desk, **how):
    pages, cursor = [], None
    while True:
        page = desk.list(Query(cursor=cursor, **how))
        pages.append([one.id for one in page.cases])
        cursor = page.next
        if cursor is None:
            return pages


def test_cases_are_listed_newest_first_page_by_page(desk, seven):
    newest = seven[::-1]

    pages = read_all(desk, limit=3)

    assert pages == [newest[:3], newest[3:6], newest[6:]]


def test_the_last_full_page_says_that_it_is_the_last(desk, seven):
    assert [len(page) for page in read_all(desk, limit=7)] == [7]
    assert [len(page) for page in read_all(desk, limit=6)] == [6, 1]
    assert [len(page) for page in read_all(desk, limit=1)] == [1] * 7


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 50])
def test_scheduled_cases_are_confidential(desk, seven, limit):
    pages = read_all(desk, limit=limit, with_scheduled=False)

    assert [one for page in pages for one in page] == seven[::-2]
    assert all(pages)


def test_whoever_may_not_see_scheduled_cases_cannot_ask_for_them(desk, seven):
    hidden = Query(status=CaseStatus.SCHEDULED, with_scheduled=False)
    shown = Query(status=CaseStatus.SCHEDULED)
    by_name = Query(user="p1@example.com", with_scheduled=False)

    assert desk.list(hidden).cases == ()
    assert desk.list(by_name).cases == ()
    assert [one.id for one in desk.list(shown).cases] == seven[-2::-2]


def test_a_scheduled_case_that_began_is_for_all(desk, cases, works, client):
    case = desk.open(told(effective_at=LATER)).case
    client.hset(f"offboard:work:{case.id}|plan|", "not_before", 1)
    begin(cases, works, case.id, a_target())

    page = desk.list(Query(with_scheduled=False))

    assert [one.id for one in page.cases] == [case.id]


def test_cases_are_found_by_any_spelling_of_an_address_and_by_exact_iam_id(desk):
    mail = desk.open(told(1, DANA)).case.id
    iam = desk.open(told(2, Leaver(iam_id="IBMid-1"))).case.id

    def found(user):
        return [one.id for one in desk.list(Query(user=user)).cases]

    assert found(" Dana.Lee@Example.com ") == [mail]
    assert found("IBMid-1") == [iam]
    assert found("ibmid-1") == []
    assert found("kim.roe@example.com") == []


def test_filters_go_together(desk, cases, works):
    first = desk.open(told(1, DANA)).case.id
    begin(cases, works, first, failed())
    desk.open(told(2, KIM))
    desk.cancel(first, actor="ann")
    again = desk.open(told(3, DANA)).case.id

    def found(**how):
        return [one.id for one in desk.list(Query(**how)).cases]

    assert found(user="dana.lee@example.com") == [again, first]
    assert found(user="dana.lee@example.com", status=CaseStatus.OPEN) == [again]
    assert found(status=CaseStatus.CANCELLED) == [first]
    assert found(status=CaseStatus.CANCELLED, result=CaseResult.SAFE) == []


def test_an_empty_list_has_no_next_page(desk):
    page = desk.list(Query())

    assert (page.cases, page.next) == ((), None)


def test_a_case_that_cannot_be_read_is_named_beside_its_page(desk, client):
    ids = [desk.open(told(n, Leaver(f"p{n}@example.com"))).case.id for n in range(5)]
    client.hset(f"offboard:case:{ids[1]}", "head", "{")
    client.hset(f"offboard:case:{ids[3]}", "head", "{")

    first = desk.list(Query(limit=2))
    second = desk.list(Query(limit=2, cursor=first.next))

    assert [one.id for one in first.cases] == [ids[4], ids[2]]
    assert first.damaged == (ids[3],)
    assert [one.id for one in second.cases] == [ids[0]]
    assert (second.damaged, second.next) == ((ids[1],), None)


def test_a_page_of_cases_that_cannot_be_read_is_empty_and_names_them(desk, client):
    case = desk.open(told()).case
    client.hset(f"offboard:case:{case.id}", "head", "{")

    assert desk.list(Query()) == Page((), None, (case.id,))
