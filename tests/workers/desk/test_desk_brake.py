"""The brake at the desk: what waits, who of it owns something, and decisions."""

from dataclasses import replace
from datetime import timedelta

import pytest
from desk_scenes import NOW, asked, told

from workers.desk import OpenedAs, Query
from workers.desk.brake import Braking
from workers.offboarding.errors import ConflictError
from workers.offboarding.exposure import AccountIndex, Holding, ReadingKind
from workers.offboarding.model import (
    CaseStatus,
    Cluster,
    KeyOwner,
    Leaver,
    OwnerKind,
    Person,
    ResourceGroup,
    SamePerson,
    Step,
    Target,
    Withdrawal,
    Work,
)
from workers.store.brake import Brakes

DAY = timedelta(days=1)
OLD = KeyOwner("IBMid-1", "Dana Lee", "dana.lee@example.com", OwnerKind.PERSON)
KIM = KeyOwner("IBMid-2", "Kim Roe", "kim@cloud.example.com", OwnerKind.PERSON)
FID = KeyOwner("IBMid-9", "F", "fid@example.com", OwnerKind.FUNCTIONAL_ID)


def person(number):
    return Leaver(email=f"person{number}@example.com")


@pytest.fixture
def desk(make_desk):
    return make_desk(max_cases_per_hour=2)


@pytest.fixture
def full(desk):
    """A desk where two departures came, so that the next one waits."""
    for number in (1, 2):
        desk.open(told(number, person(number)))
    return desk


def braked(desk, leaver, number=7, **changed):
    opened = desk.open(told(number, leaver, **changed))
    assert opened.case.status is CaseStatus.WAITING
    return opened.case


def a_holding(owner, region="us-south", clusters=1, **changed):
    many = tuple(Cluster(f"c{one}", f"w{one}", "vpc-gen2") for one in range(clusters))
    target = Target("acct1", region, ResourceGroup("g1", "payments"), many)
    return replace(Holding(target, ReadingKind.OWNER, owner, checked_at=NOW), **changed)


def surveyed(owners, *holdings, people=()):
    owners.know(["acct1"])
    index = AccountIndex("acct1", holdings, surveyed_at=NOW, has_people=True)
    owners.put(index, people)


def names(brake):
    return [str(one.braked.leaver) for one in brake.waiting]


def why(call):
    with pytest.raises(ConflictError) as raised:
        call()
    return raised.value.reason


# what waits


def test_one_too_many_waits_and_nothing_is_sent_for_it(full, sender):
    before = list(sender.sent)

    opened = full.open(told(3, person(3)))

    assert (opened.opened_as, opened.case.status) == (OpenedAs.NEW, "waiting")
    assert opened.case.plan is None
    assert [one.reason for one in opened.case.warnings] == ["brake"]
    assert sender.sent == before


def test_who_is_asked_for_by_hand_does_not_wait(full):
    assert full.open(asked(person(3))).case.status is CaseStatus.OPEN


def test_nothing_waits_on_a_service_that_is_not_armed(make_desk):
    desk = make_desk(max_cases_per_hour=1, armed=False)

    opened = [desk.open(told(one, person(one))).case for one in range(3)]

    assert [one.status for one in opened] == [CaseStatus.OPEN] * 3
    assert desk.brake().opened_last_hour == 0


def test_a_repeat_of_an_event_that_waits_is_shown_as_waiting(full):
    case = braked(full, person(3), 3)

    again = full.open(told(3, person(3)))

    assert (again.opened_as, again.case.id) == (OpenedAs.REPEATED, case.id)
    assert again.case.status is CaseStatus.WAITING


def test_an_open_brake_says_how_near_it_is(full):
    brake = full.brake()

    assert (brake.is_on, brake.limit, brake.opened_last_hour) == (False, 2, 2)
    assert (brake.since, brake.waiting, brake.more) == (None, (), 0)


# who is listed first


def test_who_owns_something_is_listed_first_and_who_is_gone_before_them(full, owners):
    gone = replace(KIM, id="IBMid-3", email="robin@example.com")
    surveyed(
        owners,
        a_holding(OLD, clusters=3),
        a_holding(OLD, "eu-de", clusters=1),
        a_holding(gone, "jp-tok", has_left=True),
        a_holding(FID, "eu-gb"),
    )
    for number, who in enumerate(
        (
            person(3),
            Leaver(email="dana.lee@example.com"),
            Leaver(email="fid@example.com"),
            Leaver(iam_id="IBMid-3"),
        )
    ):
        braked(full, who, 10 + number)

    brake = full.brake()

    assert names(brake) == [
        "IBMid-3",
        "dana.lee@example.com",
        "person3@example.com",
        "fid@example.com",
    ]
    assert [(one.targets, one.clusters, one.is_gone) for one in brake.waiting] == [
        (1, 1, True),
        (2, 4, False),
        (0, 0, False),
        (0, 0, False),
    ]
    assert brake.checked_at == NOW


def test_an_owner_is_known_by_login_and_by_the_identity_map(client, full, owners):
    people = (Person("IBMid-2", "kim@cloud.example.com", "KRoe@Example.com", "K"),)
    surveyed(owners, a_holding(KIM), a_holding(OLD, "eu-de"), people=people)
    same = SamePerson("IBMid-1", ("dana@hr.example.com",))
    braking = Braking(
        Brakes(client), owners, limit=2, same_people=(same,), clock=lambda: NOW
    )
    for number, email in enumerate(("kroe@example.com", "dana@hr.example.com")):
        braked(full, Leaver(email=email), 10 + number)

    found = {str(one.braked.leaver): one.targets for one in braking.brake().waiting}

    assert found == {"kroe@example.com": 1, "dana@hr.example.com": 1}


def test_of_who_left_what_they_owned_when_last_read_counts(full, owners):
    unread = {"reading": ReadingKind.UNREAD, "has_left": True}
    surveyed(owners, a_holding(OLD, **unread))
    braked(full, Leaver(email="dana.lee@example.com"))

    (one,) = full.brake().waiting

    assert (one.targets, one.is_gone) == (1, True)


def test_without_a_survey_nobody_knows_who_owns_something(full, owners):
    braked(full, person(3))
    (before,) = full.brake().waiting
    owners.know(["acct1"])
    (never_surveyed,) = full.brake().waiting

    assert (before.targets, before.clusters) == (None, None)
    assert (never_surveyed.targets, full.brake().checked_at) == (None, None)


def test_who_an_event_proves_to_be_gone_is_gone(full):
    braked(full, person(3), gone_from="acct1")

    assert full.brake().waiting[0].is_gone is True


def test_a_long_list_is_cut_and_the_rest_counted(make_desk):
    desk = make_desk(max_cases_per_hour=1)
    for number in range(206):
        desk.open(told(number, person(number)))

    brake = desk.brake()

    assert (len(brake.waiting), brake.more) == (200, 5)


# confidential


def test_who_leaves_later_is_confidential_though_it_waits(full):
    case = braked(full, person(3), effective_at=NOW + 9 * DAY)
    now = braked(full, person(4), 8)

    seen = full.brake(with_scheduled=False)

    assert case.is_confidential
    assert not now.is_confidential
    assert (names(seen), seen.more) == (["person4@example.com"], 1)
    assert len(full.brake().waiting) == 2


@pytest.mark.parametrize("status", [None, CaseStatus.WAITING])
def test_no_list_for_viewers_has_who_leaves_later(full, status):
    now = braked(full, person(4), 8)
    braked(full, person(3), effective_at=NOW + 9 * DAY)

    page = full.list(Query(status=status, with_scheduled=False, limit=1))

    assert [one.id for one in page.cases] == [now.id]


# one decision for all


def test_all_that_waits_is_let_go_by_one_decision(full, works, cases):
    waits = [braked(full, person(one), one) for one in (3, 4, 5)]

    assert full.release_brake(actor="ann-token", person="Ann") == 3

    shown = full.show(waits[0].id)
    assert (shown.status, shown.brake, shown.brake_by) == ("open", "released", "Ann")
    assert works.claim(Work(waits[0].id, Step.PLAN)) is not None
    entry = cases.ledger(waits[0].id)[-1]
    assert (entry.what, entry.actor) == ("case.released", "Ann")
    assert full.brake().is_on is False
    assert full.release_brake(actor="t", person="Ann") == 0


def test_who_owns_something_is_let_go_first(full, owners, client):
    surveyed(owners, a_holding(OLD))
    braked(full, person(3), 3)
    dana = braked(full, Leaver(email="dana.lee@example.com"), 4)
    decided = []

    class Watched(Brakes):
        def decide(self, *words, case_ids=(), **how):
            decided.append(list(case_ids))
            return super().decide(*words, case_ids=case_ids, **how)

    braking = Braking(
        Watched(client), owners, limit=2, same_people=(), clock=lambda: NOW
    )

    assert braking.release_brake(actor="t", person="Ann") == 2
    assert decided == [[dana.id], []]


def test_all_that_waits_is_cancelled_by_one_decision(full, works, cases):
    waits = [braked(full, person(one), one) for one in (3, 4, 5)]

    assert full.refuse_brake(actor="ann-token", person="Ann") == 3

    shown = full.show(waits[2].id)
    assert (shown.status, shown.settled_at) == (CaseStatus.CANCELLED, NOW)
    assert [one.reason for one in shown.warnings] == ["refused_plan"]
    assert works.claim(Work(waits[2].id, Step.PLAN)) is None
    assert cases.ledger(waits[2].id)[-1].what == "case.refused"
    assert full.open(told(9, person(5))).opened_as is OpenedAs.NEW


# decided alone


def test_a_case_that_waits_is_let_go_alone_without_a_hash(full, works):
    case = braked(full, person(3))
    other = braked(full, person(4), 8)

    let_go = full.approve(case.id, None, actor="t", person="Ann")

    assert (let_go.status, let_go.brake, let_go.warnings) == ("open", "released", ())
    assert works.claim(Work(case.id, Step.PLAN)) is not None
    assert [one.braked.case_id for one in full.brake().waiting] == [other.id]


def test_a_hash_lets_no_case_go_that_has_no_plan(full):
    case = braked(full, person(3))

    approve = lambda: full.approve(case.id, "sha256:1", actor="t", person="Ann")  # noqa: E731

    assert why(approve) == "other_plan"
    assert full.brake().is_on


def test_a_case_that_is_put_off_is_put_off_again_when_it_is_let_go_alone(full, client):
    case = braked(full, person(3), effective_at=NOW + 9 * DAY)

    let_go = full.approve(case.id, None, actor="t", person="Ann")

    assert let_go.status is CaseStatus.SCHEDULED
    assert client.zscore("offboard:ahead", f"{case.id}|foresee|") is not None
    assert full.list(Query(with_scheduled=False)).cases[0].id != case.id


def test_who_asked_for_it_too_does_not_let_it_go(full):
    case = braked(full, person(3))
    joined = full.open(asked(person(3), person="Otto"))

    assert (joined.opened_as, joined.case.status) == (OpenedAs.JOINED, "waiting")
    approve = lambda: full.approve(case.id, None, actor="t", person="otto")  # noqa: E731
    assert why(approve) == "own_request"


@pytest.mark.parametrize("later", [None, NOW + 9 * DAY])
def test_a_case_that_waits_is_refused_alone_and_no_channel_hears_its_name(full, later):
    case = braked(full, person(3), effective_at=later)

    refused = full.refuse(case.id, None, actor="t", person="Ann")

    assert (refused.status, refused.reports) == (CaseStatus.CANCELLED, ())
    assert full.brake().is_on is False


def test_a_case_that_waits_is_cancelled(full):
    case = braked(full, person(3))

    assert full.cancel(case.id, actor="ops").status is CaseStatus.CANCELLED
    assert full.brake().is_on is False
    assert full.open(told(9, person(3))).opened_as is OpenedAs.NEW


def test_its_source_takes_back_what_waits(full):
    case = braked(full, person(3))

    taken_back = full.withdraw(Withdrawal("standard", person(3), "standard:back"))

    assert (taken_back.id, taken_back.status) == (case.id, CaseStatus.CANCELLED)
    assert full.brake().is_on is False
    assert full.release_brake(actor="t", person="Ann") == 0


def test_what_was_refused_with_the_brake_is_not_decided_again(full):
    case = braked(full, person(3))
    full.refuse_brake(actor="t", person="Ann")

    approve = lambda: full.approve(case.id, None, actor="t", person="Ann")  # noqa: E731

    assert why(approve) == "not_waiting"
