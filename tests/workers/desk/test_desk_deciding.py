"""What people decide at the desk, on the store itself."""

from dataclasses import replace

import pytest
from desk_scenes import NOW, a_target, asked, begin, intend, settle, told

from workers.desk import Query
from workers.desk.cases import OpenedAs
from workers.offboarding.errors import ConflictError, NoSuchFollowUpError, Reason
from workers.offboarding.model import (
    Adoption,
    AdoptionAsked,
    CaseKind,
    CaseResult,
    CaseStatus,
    FollowUp,
    Leaver,
    Note,
    Plan,
    Step,
    Work,
)
from workers.offboarding.ports import Change

HASH = "sha256:1"


def hold(cases, works, case_id, *targets, reason=Reason.TOO_MANY_TARGETS):
    """Plan a case as a worker does whose guard stops it."""
    claim = works.claim(Work(case_id, Step.PLAN))
    case = cases.load(case_id)
    plan = Plan(HASH, NOW, (Note(reason, "why"),))
    held = replace(
        case, status=CaseStatus.WAITING, plan=plan, started_at=NOW, held_at=NOW
    )
    works.finish(claim, Change(case=held, targets=targets))


def why(call):
    with pytest.raises(ConflictError) as raised:
        call()
    return raised.value.reason


@pytest.fixture
def held(desk, cases, works):
    case = desk.open(asked(person="Otto")).case
    hold(cases, works, case.id, a_target())
    return case.id


def test_an_approved_case_plans_again_with_its_approval(desk, cases, works, held):
    case = desk.approve(held, HASH, actor="ann-token", person="Ann")

    assert (case.status, case.plan.approved_by) == (CaseStatus.OPEN, "Ann")
    assert case.plan.refused == ()
    assert works.claim(Work(held, Step.PLAN)) is not None
    assert cases.ledger(held)[-1].what == "case.approved"
    assert [one.id for one in desk.list(a_query(CaseStatus.OPEN)).cases] == [held]
    assert desk.list(a_query(CaseStatus.WAITING)).cases == ()


def a_query(status):
    return Query(status=status)


def test_who_asked_does_not_approve(desk, held):
    assert why(lambda: desk.approve(held, HASH, actor="t", person="OTTO")) == (
        "own_request"
    )


def test_a_token_without_a_person_is_its_own_person(desk, cases, works):
    case = desk.open(asked()).case
    hold(cases, works, case.id)

    assert why(
        lambda: desk.approve(case.id, HASH, actor="helpdesk", person="helpdesk")
    ) == ("own_request")


@pytest.mark.parametrize("plan_hash", ["sha256:2", None])
@pytest.mark.parametrize("decision", ["approve", "refuse"])
def test_only_the_plan_that_was_looked_at_is_decided(desk, held, plan_hash, decision):
    decide = getattr(desk, decision)

    assert why(lambda: decide(held, plan_hash, actor="t", person="Ann")) == "other_plan"


def test_a_case_held_without_a_plan_is_let_go_without_a_hash(desk, cases, works):
    case = desk.open(told()).case
    claim = works.claim(Work(case.id, Step.PLAN))
    waiting = replace(cases.load(case.id), status=CaseStatus.WAITING)
    works.finish(claim, Change(case=waiting))

    assert desk.approve(case.id, None, actor="t", person="Ann").status is (
        CaseStatus.OPEN
    )


def test_a_refused_case_is_cancelled_and_its_name_is_free(desk, held):
    case = desk.refuse(held, HASH, actor="t", person="Ann")
    again = desk.open(told())

    assert case.status is CaseStatus.CANCELLED
    assert [one.kind for one in case.reports] == ["cancelled"]
    assert again.opened_as is OpenedAs.NEW


def test_after_the_first_write_the_rest_is_refused(desk, cases, works):
    case = desk.open(told()).case
    begin(cases, works, case.id, a_target(), a_target("eu-de"))
    works.finish(intend(works, case.id, a_target()), Change())
    desk.open(told(2))
    hold(cases, works, case.id)

    refused = desk.refuse(case.id, HASH, actor="t", person="Ann")

    assert (refused.status, refused.refused_by) == (CaseStatus.OPEN, "Ann")
    assert works.claim(Work(case.id, Step.PLAN)) is not None


def a_settled_case(desk, cases, works):
    case = desk.open(told()).case
    pods = FollowUp("recreate_addon_pods", "pods", "c1", "cluster-autoscaler")
    keys = FollowUp("retire_old_key", "key")
    done = a_target(outcome="verified", follow_ups=(pods, keys))
    begin(cases, works, case.id, replace(done, outcome=None))
    claim = works.claim(Work(case.id, Step.RESET, done.target.id), shared=True)
    works.finish(claim, Change(targets=(done,)))
    settle(cases, works, case.id, CaseResult.SAFE)
    return case.id


def test_a_follow_up_is_ticked_off_by_its_number(desk, cases, works):
    case_id = a_settled_case(desk, cases, works)

    case = desk.tick(case_id, 2, actor="ops")
    again = desk.tick(case_id, 2, actor="ops")

    assert [one.done_at for one in case.targets[0].follow_ups] == [None, NOW]
    assert again == case
    assert (case.status, case.result) == (CaseStatus.SETTLED, CaseResult.SAFE)
    assert [one.what for one in cases.ledger(case_id)].count("follow_up.done") == 1
    assert cases.ledger(case_id)[-1].actor == "ops"
    assert works.claim(Work(case_id, Step.PLAN)) is None


@pytest.mark.parametrize("number", [0, 3, -1])
def test_a_number_that_no_follow_up_has_is_said_so(desk, cases, works, number):
    case_id = a_settled_case(desk, cases, works)

    with pytest.raises(NoSuchFollowUpError):
        desk.tick(case_id, number, actor="ops")


def test_an_adoption_takes_nobodys_name(desk, cases):
    wish = AdoptionAsked(
        Adoption("acc1", has_from=True),
        leaver=Leaver("dana.lee@example.com"),
        actor="tok",
        person="Otto",
    )

    adoption = desk.adopt(wish)
    departure = desk.open(told())

    assert adoption.case.kind is CaseKind.ADOPTION
    assert departure.opened_as is OpenedAs.NEW
    assert cases.open_case_of(("email:dana.lee@example.com",)) == departure.case.id


def test_an_adoption_is_the_same_for_the_same_key(desk):
    wish = AdoptionAsked(Adoption("acc1"))

    first = desk.adopt(wish, idempotency=("k", "digest"))
    again = desk.adopt(wish, idempotency=("k", "digest"))

    assert again.opened_as is OpenedAs.REPEATED
    assert again.case.id == first.case.id
    assert (
        why(lambda: desk.adopt(wish, idempotency=("k", "other"))) == "idempotency_key"
    )


def test_the_ledger_names_who_pressed_and_the_rule_goes_by_the_person(
    desk, cases, held
):
    press = {"actor": "slack:T1/U1", "entered_as": "slack:T1/U1"}

    refused = why(lambda: desk.approve(held, HASH, person="Otto", **press))
    approved = desk.approve(held, HASH, person="Ann", **press)

    assert refused == "own_request"
    assert approved.plan.approved_by == "Ann"
    assert cases.ledger(held)[-1].actor == "slack:T1/U1"


def test_a_refusal_is_entered_under_who_pressed(desk, cases, held):
    desk.refuse(held, HASH, actor="x", person="Ann", entered_as="slack:T1/U1")

    assert cases.ledger(held)[-1].actor == "slack:T1/U1"
