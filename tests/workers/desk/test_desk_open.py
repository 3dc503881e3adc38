"""Departures at the desk: on disk first, sent afterwards, taken back while harmless."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from desk_scenes import (
    DANA,
    KIM,
    NOW,
    a_target,
    asked,
    begin,
    intend,
    taken_back,
    told,
)

from config.accounts import AccountSettings
from workers.app import Sender, make_app
from workers.desk import OpenedAs, open_desk
from workers.offboarding.errors import ConflictError, Reason, StoreAwayError
from workers.offboarding.model import (
    CaseStatus,
    KeyOwner,
    Leaver,
    ReportKind,
    Step,
    Work,
)

HOUR = timedelta(hours=1)


def test_a_departure_is_on_disk_and_its_plan_is_sent(desk, sender, cases):
    opened = desk.open(told(reason="left", request_id="r1"))

    case = opened.case
    assert opened.opened_as is OpenedAs.NEW
    assert cases.load(case.id) == case
    assert (case.status, case.dry_run, case.warnings) == (CaseStatus.OPEN, False, ())
    assert (case.received_at, case.effective_at, case.starts_at) == (NOW, NOW, NOW)
    assert (case.reason, case.request_id) == ("left", "r1")
    assert sender.sent == [Work(case.id, Step.PLAN)]


def test_of_many_events_at_a_time_the_next_sweep_sends_the_rest(
    make_desk, sender, works
):
    turns = iter([True, False, False])
    desk = make_desk(has_turn=lambda: next(turns))

    first = desk.open(told(1)).case
    second = desk.open(told(2, KIM)).case
    desk.open(told(3, KIM))

    assert sender.sent == [Work(first.id, Step.PLAN)]
    # What was sent is left alone for a while; what was not is due at once.
    assert works.sweep() == [Work(second.id, Step.PLAN)]


def test_the_ledger_says_who_told_us(desk, cases):
    case = desk.open(told(request_id="r1")).case
    desk.open(asked())

    ledger = cases.ledger(case.id)

    assert [(one.what, one.actor, one.detail) for one in ledger] == [
        ("case.opened_open", "standard", "standard:1"),
        ("departure.joined", "helpdesk", None),
    ]
    assert ledger[0].request_id == "r1"


def test_an_event_told_twice_is_answered_with_its_case_as_it_is_now(desk, sender):
    first = desk.open(told()).case
    desk.cancel(first.id, actor="ann")
    sender.sent.clear()

    again = desk.open(told())

    assert again.opened_as is OpenedAs.REPEATED
    assert (again.case.id, again.case.status) == (first.id, CaseStatus.CANCELLED)
    assert sender.sent == []


def test_a_later_departure_joins_and_has_the_case_planned_again(desk, sender):
    first = desk.open(told()).case
    sender.sent.clear()

    joined = desk.open(told(2, source="okta"))

    assert joined.opened_as is OpenedAs.JOINED
    assert joined.case.id == first.id
    assert sender.sent == [Work(first.id, Step.PLAN)]


def test_a_repeated_idempotency_key_is_the_same_case(desk):
    first = desk.open(asked(), idempotency=("k", "d")).case

    again = desk.open(asked(), idempotency=("k", "d"))

    assert (again.opened_as, again.case.id) == (OpenedAs.REPEATED, first.id)


def test_an_idempotency_key_with_another_body_is_a_conflict(desk, sender):
    desk.open(asked(), idempotency=("k", "d"))
    sender.sent.clear()

    with pytest.raises(ConflictError) as refused:
        desk.open(asked(KIM), idempotency=("k", "other"))

    assert refused.value.reason == "idempotency_key"
    assert sender.sent == []


@pytest.mark.parametrize("is_asked", [True, False])
def test_whether_a_dry_run_was_asked_for_is_kept_beside_the_warning(
    make_desk, is_asked
):
    case = make_desk(armed=False).open(asked(dry_run=is_asked)).case

    assert (case.dry_run, case.is_dry_as_asked) == (True, is_asked)
    assert [one.reason for one in case.warnings] == [Reason.NOT_ARMED]


def test_on_a_service_that_is_not_armed_every_case_is_a_dry_run(make_desk):
    case = make_desk(armed=False).open(told()).case

    assert case.dry_run
    assert [one.reason for one in case.warnings] == [Reason.NOT_ARMED]
    assert make_desk(armed=False).open(told(2)).opened_as is OpenedAs.NEW


def test_a_dry_run_that_was_asked_for_has_no_warning_of_it(desk):
    case = desk.open(asked(dry_run=True)).case

    assert case.dry_run
    assert case.warnings == ()


# Protected people.


@pytest.mark.parametrize(
    "leaver", [DANA, Leaver(iam_id="ibmid-7"), Leaver(iam_id="IBMid-7")]
)
def test_nobody_may_ask_for_a_protected_person(make_desk, sender, cases, leaver):
    desk = make_desk(protected_users=("Dana.Lee@example.com", "IBMid-7"))

    with pytest.raises(ConflictError) as refused:
        desk.open(asked(leaver))

    assert refused.value.reason == Reason.PROTECTED_USER
    assert cases.ids(limit=9) == []
    assert sender.sent == []


def test_nobody_may_ask_for_our_own_identity(desk, switches):
    switches.protect([KeyOwner("IBMid-9", email="Steward@Example.com")])

    with pytest.raises(ConflictError):
        desk.open(asked(Leaver(email="steward@example.com")))
    with pytest.raises(ConflictError):
        desk.open(asked(Leaver(iam_id="IBMid-9")))


def test_an_event_about_a_protected_person_is_taken_in(make_desk):
    desk = make_desk(protected_users=("dana.lee@example.com",))

    assert desk.open(told()).opened_as is OpenedAs.NEW


# The broker and the store.


def test_a_broker_that_is_away_never_changes_the_answer(make_desk, cases, works):
    sender = Sender(make_app("redis+socket:///none/store.sock?virtual_host=1"))
    desk = make_desk(sender=sender)
    begun = time.monotonic()

    opened = desk.open(told())
    cancelled = desk.cancel(opened.case.id, actor="ann")

    assert opened.opened_as is OpenedAs.NEW
    assert cancelled.status is CaseStatus.CANCELLED
    assert cases.load(opened.case.id).status is CaseStatus.CANCELLED
    assert time.monotonic() - begun < 20


def test_what_the_broker_did_not_take_is_swept(make_desk, works, client):
    sender = Sender(make_app("redis+socket:///none/store.sock?virtual_host=1"))
    case = make_desk(sender=sender).open(told()).case
    client.zadd("offboard:due", {f"{case.id}|plan|": 1})

    assert works.sweep() == [Work(case.id, Step.PLAN)]


def test_nothing_is_sent_when_nothing_was_stored(desk, sender, cases, monkeypatch):
    def away(*_, **__):
        raise StoreAwayError("The store: ConnectionError.")

    monkeypatch.setattr(cases, "open", away)

    with pytest.raises(StoreAwayError):
        desk.open(told())

    assert sender.sent == []


def test_a_desk_of_a_front_door_opens_on_the_store_of_its_settings(
    settings, client, until
):
    desk = open_desk(settings())

    case = desk.open(told()).case

    desk.check()
    assert desk.show(case.id) == case
    assert desk.sweep_age_seconds() is None
    # The message is in the broker's database, apart from the cases.
    assert client.dbsize() > 0
    client.execute_command("SELECT", 1)
    until(lambda: client.llen("offboard") == 1)
    client.execute_command("SELECT", 0)


def test_the_age_of_the_last_sweep_is_told(desk, works, clock):
    assert desk.sweep_age_seconds() is None
    works.sweep()
    # The store tells the time of a sweep by its own clock, which is the real one.
    clock.now = datetime.now(UTC) + timedelta(hours=1)

    assert 3600 <= desk.sweep_age_seconds() < 3700


def test_a_sweep_in_our_future_is_no_age_at_all(desk, works, clock):
    works.sweep()
    clock.now = datetime.now(UTC) - timedelta(hours=1)

    assert desk.sweep_age_seconds() == 0


# Departures in the future.


def test_a_departure_far_ahead_is_scheduled_and_nothing_is_sent(
    desk, sender, works, client
):
    case = desk.open(told(effective_at=NOW + 48 * HOUR)).case

    assert case.status is CaseStatus.SCHEDULED
    assert (case.effective_at, case.starts_at) == (NOW + 48 * HOUR, NOW + 24 * HOUR)
    assert sender.sent == []
    due = client.zscore("offboard:due", f"{case.id}|plan|")
    assert due == (NOW + 24 * HOUR).timestamp() * 1000
    assert works.claim(Work(case.id, Step.PLAN)) is None


@pytest.mark.parametrize("hours", [23, 24])
def test_a_departure_within_the_lead_time_starts_at_once(desk, sender, hours):
    case = desk.open(told(effective_at=NOW + hours * HOUR)).case

    assert case.status is CaseStatus.OPEN
    assert (case.effective_at, case.starts_at) == (NOW + hours * HOUR, NOW)
    assert sender.sent == [Work(case.id, Step.PLAN)]


def test_the_lead_time_is_a_setting(make_desk):
    case = make_desk(lead_time_hours=0).open(told(effective_at=NOW + HOUR)).case

    assert case.status is CaseStatus.SCHEDULED
    assert case.starts_at == NOW + HOUR


def test_a_departure_of_the_past_starts_at_once_and_its_clock_now(desk):
    case = desk.open(told(effective_at=NOW - 48 * HOUR)).case

    assert case.status is CaseStatus.OPEN
    assert (case.effective_at, case.starts_at) == (NOW, NOW)


def test_a_scheduled_case_has_its_plan_sent_when_somebody_else_tells_of_it(
    desk, sender, works
):
    case = desk.open(told(effective_at=NOW + 48 * HOUR)).case

    desk.open(told(2, source="okta"))

    assert sender.sent == [Work(case.id, Step.PLAN)]
    assert works.claim(Work(case.id, Step.PLAN)) is not None


# Taken back.


def test_the_same_source_takes_a_departure_back(desk, cases):
    case = desk.open(told()).case

    ended = desk.withdraw(taken_back())

    assert (ended.id, ended.status) == (case.id, CaseStatus.CANCELLED)
    assert [(one.what, one.actor) for one in cases.ledger(case.id)[1:]] == [
        ("case.cancelled", "event standard:back"),
        ("departure.withdrawn", "standard"),
    ]


def test_another_source_takes_nothing_back(desk):
    case = desk.open(told()).case

    assert desk.withdraw(taken_back(source="okta")) is None
    assert desk.show(case.id).status is CaseStatus.OPEN


def test_what_nobody_told_of_is_not_taken_back(desk):
    desk.open(told())

    assert desk.withdraw(taken_back(KIM)) is None
    assert desk.withdraw(taken_back(Leaver())) is None


def test_a_departure_taken_back_twice_is_taken_back_once(desk, cases):
    case = desk.open(told()).case
    desk.withdraw(taken_back())

    newer = desk.open(told(2)).case
    again = desk.withdraw(taken_back())

    assert again.id == case.id
    assert desk.show(newer.id).status is CaseStatus.OPEN
    assert [one.what for one in cases.ledger(case.id)] == [
        "case.opened_open",
        "case.cancelled",
        "departure.withdrawn",
    ]


def test_a_departure_taken_back_again_after_its_case_was_archived_is_no_fault(
    desk, client
):
    case = desk.open(told()).case
    desk.withdraw(taken_back())
    client.delete(f"offboard:case:{case.id}")

    assert desk.withdraw(taken_back()) is None


def test_what_another_source_joined_is_not_taken_back(desk, cases):
    case = desk.open(told()).case
    desk.open(asked())

    assert desk.withdraw(taken_back()) is None
    assert desk.show(case.id).status is CaseStatus.OPEN
    assert cases.ledger(case.id)[-1].what == "departure.withdrawn_by_another"


def test_an_event_id_used_for_another_person_is_refused(desk):
    first = desk.open(told()).case
    other = told(leaver=Leaver("robin.park@example.com"))

    with pytest.raises(ConflictError) as refused:
        desk.open(other)

    assert refused.value.reason == "event_key"
    assert desk.open(told()).case.id == first.id


def test_a_pause_of_an_account_nobody_has_is_refused(make_desk):
    desk = make_desk(account_id="acc1")

    with pytest.raises(ConflictError) as refused:
        desk.pause("acc2", paused=True)

    assert refused.value.reason == "no_such_account"
    assert str(refused.value) == (
        "account_id: this service has no account acc2; it has: acc1."
    )
    assert desk.pause("acc1", paused=True).accounts == ("acc1",)
    assert desk.pause(None, paused=True).everywhere is True


def test_a_departure_is_not_taken_back_after_the_first_write(desk, cases, works):
    case = desk.open(told()).case
    begin(cases, works, case.id, a_target())
    intend(works, case.id, a_target())

    left = desk.withdraw(taken_back())

    assert (left.id, left.status) == (case.id, CaseStatus.OPEN)


def test_a_scheduled_departure_taken_back_is_never_told_in_the_channel(desk, sender):
    desk.open(told(effective_at=NOW + 48 * HOUR))

    ended = desk.withdraw(taken_back())

    assert ended.status is CaseStatus.CANCELLED
    assert ended.reports == ()
    assert sender.sent == []


def test_a_departure_that_was_begun_and_taken_back_is_told(desk, cases, works, sender):
    case = desk.open(told()).case
    begin(cases, works, case.id, a_target())
    sender.sent.clear()

    ended = desk.withdraw(taken_back())

    assert [(one.kind, one.number) for one in ended.reports] == [
        (ReportKind.CANCELLED, 1)
    ]
    assert sender.sent == [Work(case.id, Step.DELIVER, "slack:cancelled:1")]
    assert works.claim(sender.sent[0]) is not None


def test_accounts_are_told_by_name_and_id_where_the_file_has_names(make_desk):
    accounts = (AccountSettings("b1f3", name="production"), AccountSettings("c2d4"))
    desk = make_desk(accounts_file=accounts)

    with pytest.raises(ConflictError) as refused:
        desk.pause("prod", paused=True)

    assert str(refused.value) == (
        "account_id: this service has no account prod; it has: production (b1f3), c2d4."
    )
