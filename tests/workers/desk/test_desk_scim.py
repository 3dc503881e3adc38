"""The users of SCIM clients at the desk, on a real server."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import msgspec
import pytest
from desk_scenes import NOW

from workers.desk import Query
from workers.desk.scim_users import NameTakenError, NoSuchUserError, ScimUsers
from workers.offboarding.errors import ConflictError, StoreAwayError
from workers.offboarding.heard import (
    Heard,
    HeardKind,
    Names,
    Unreadable,
    UnreadableError,
)
from workers.offboarding.model import CaseStatus
from workers.offboarding.scim_users import ScimUser, told_by
from workers.store.scim import ScimTable

DANA = ScimUser("01KHJ2V0W8Q3RZ5T7X9YABCDE0", "dana.lee@example.com", True, 1, NOW, NOW)
KIM = replace(DANA, id="01KHJ2V0W8Q3RZ5T7X9YABCDE1", user_name="kim.roe@example.com")


class Away:
    """Hears as the desk does, but not while it is away."""

    def __init__(self, hear):
        self.hear, self.fault, self.heard = hear, None, []

    def __call__(self, heard, *, request_id=None):
        if self.fault:
            raise self.fault
        self.heard.append(heard)
        return self.hear(heard, request_id=request_id)


@pytest.fixture
def hear(desk):
    return Away(desk.hear)


@pytest.fixture
def kept():
    return []


@pytest.fixture
def users(client, hear, kept):
    def quarantine(*what):
        kept.append(what)
        return "kept-1"

    return ScimUsers(ScimTable(client), hear=hear, quarantine=quarantine)


def event(before, after):
    kind = told_by(before, after)
    key = f"scim:{before.id}:{before.version + 1}"
    names = Names(emails=(before.user_name,), ids=(before.id,))
    return kind and Heard("scim", key, "PATCH", kind, names, NOW)


def turned(active):
    def how(row):
        if row.active is active:
            return row, None
        after = replace(row, active=active, version=row.version + 1)
        return after, event(row, after)

    return how


def gone(row):
    return None, event(row, None)


def kinds(hear):
    return [str(one.kind) for one in hear.heard]


def the_cases(cases):
    return cases.load_all(cases.ids(limit=10))


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (True, False, HeardKind.DISABLED),
        (False, True, HeardKind.REACTIVATED),
        (True, None, HeardKind.DELETED),
        (False, None, None),
        (True, True, None),
        (False, False, None),
    ],
)
def test_a_change_tells_what_became_of_the_person(before, after, kind):
    row = replace(DANA, active=before)
    changed = None if after is None else replace(DANA, active=after, version=2)

    assert told_by(row, changed) is kind


def test_a_deactivation_opens_a_case_before_it_returns(users, cases, hear):
    users.create(DANA)

    row = users.change(DANA.id, turned(False), request_id="req-1")

    assert (row.active, row.version) == (False, 2)
    (case,) = the_cases(cases)
    assert case.leaver.email == "dana.lee@example.com"
    assert case.opened_by.event_key == f"scim:{DANA.id}:2"
    assert case.request_id == "req-1"


def test_a_repeat_opens_no_second_case(users, cases, hear):
    users.create(DANA)

    for _ in range(3):
        users.change(DANA.id, turned(False))

    assert len(the_cases(cases)) == 1
    assert kinds(hear) == ["disabled"]


def test_a_reactivation_cancels_the_case(users, cases, hear):
    users.create(DANA)
    users.change(DANA.id, turned(False))

    users.change(DANA.id, turned(True))

    (case,) = the_cases(cases)
    assert case.status is CaseStatus.CANCELLED


def test_a_delete_opens_a_case_and_the_user_is_gone(users, cases):
    users.create(DANA)

    assert users.change(DANA.id, gone) is None

    assert len(the_cases(cases)) == 1
    for call in (lambda: users.find(DANA.id), lambda: users.change(DANA.id, gone)):
        with pytest.raises(NoSuchUserError):
            call()


def test_a_name_is_taken_when_created_and_when_changed(users):
    users.create(DANA)
    users.create(KIM)
    mine = replace(KIM, user_name="DANA.LEE@example.com")

    with pytest.raises(NameTakenError):
        users.create(replace(mine, id="01KHJ2V0W8Q3RZ5T7X9YABCDE2"))
    with pytest.raises(NameTakenError):
        users.change(KIM.id, lambda row: (mine, None))


@pytest.mark.parametrize("how", [turned(False), gone])
def test_an_event_that_was_not_heard_is_heard_by_the_next_request(
    users, hear, cases, how
):
    users.create(DANA)
    hear.fault = StoreAwayError("away")
    with pytest.raises(StoreAwayError):
        users.change(DANA.id, how)
    hear.fault = None

    try:
        users.change(DANA.id, how)
    except NoSuchUserError:
        assert how is gone

    assert len(hear.heard) == 1
    assert len(the_cases(cases)) == 1


def test_an_event_that_was_not_heard_is_heard_before_what_came_later(
    users, hear, cases
):
    users.create(DANA)
    hear.fault = StoreAwayError("away")
    with pytest.raises(StoreAwayError):
        users.change(DANA.id, turned(False))
    hear.fault = None

    users.change(DANA.id, turned(True))

    assert kinds(hear) == ["disabled", "reactivated"]
    (case,) = the_cases(cases)
    assert case.status is CaseStatus.CANCELLED


def test_what_no_request_comes_back_for_is_heard_by_the_sweep(users, hear, cases):
    users.create(DANA)
    hear.fault = StoreAwayError("away")
    with pytest.raises(StoreAwayError):
        users.change(DANA.id, gone)
    hear.fault = None

    users.hear_left_over(NOW + timedelta(seconds=9))
    assert hear.heard == []

    users.hear_left_over(NOW + timedelta(seconds=10))
    users.hear_left_over(NOW + timedelta(seconds=10))
    assert kinds(hear) == ["deleted"]
    assert len(the_cases(cases)) == 1


def three_waiting(users, hear):
    """Three users whose events a crash left unheard; the second's is spoilt."""
    lee = replace(DANA, id="01KHJ2V0W8Q3RZ5T7X9YABCDE2", user_name="lee@example.com")
    hear.fault = StoreAwayError("away")
    for one in (DANA, KIM, lee):
        users.create(one)
        with pytest.raises(StoreAwayError):
            users.change(one.id, gone)
    hear.fault = None


@pytest.mark.parametrize("text", ["{", '{"heard":{}}', "[]"])
def test_an_event_that_cannot_be_read_costs_only_itself(users, hear, client, text):
    three_waiting(users, hear)
    client.hset("offboard:scim:pending", KIM.id, text)

    with pytest.raises(msgspec.MsgspecError):
        users.hear_left_over(NOW + timedelta(minutes=1))

    assert kinds(hear) == ["deleted", "deleted"]
    assert client.hkeys("offboard:scim:pending") == [KIM.id]


def test_an_event_that_raises_what_nobody_foresaw_costs_only_itself(
    users, hear, client, desk
):
    three_waiting(users, hear)

    def hears(heard, *, request_id=None):
        if heard.names.emails == ("kim.roe@example.com",):
            raise ZeroDivisionError
        return desk.hear(heard, request_id=request_id)

    hear.hear = hears

    with pytest.raises(ZeroDivisionError):
        users.hear_left_over(NOW + timedelta(minutes=1))

    assert client.hkeys("offboard:scim:pending") == [KIM.id]


def test_a_store_that_is_away_is_not_asked_for_each_of_them(users, hear, monkeypatch):
    three_waiting(users, hear)
    asked = []

    def hears(heard, *, request_id=None):
        asked.append(heard)
        raise StoreAwayError("away")

    hear.hear = hears

    with pytest.raises(StoreAwayError):
        users.hear_left_over(NOW + timedelta(minutes=1))

    assert len(asked) == 1


def test_an_event_heard_twice_is_one_case(users, hear, cases, client):
    """A crash between the case and the strike-off."""
    users.create(DANA)
    table = ScimTable(client)
    table.heard = lambda *_: None
    crashing = ScimUsers(table, hear=hear, quarantine=lambda *_: "")
    crashing.change(DANA.id, turned(False))

    users.find(DANA.id)

    assert kinds(hear) == ["disabled", "disabled"]
    assert len(the_cases(cases)) == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (UnreadableError(Unreadable.TWO_PEOPLE, "Two."), Unreadable.TWO_PEOPLE),
        (ConflictError("Used.", reason="event_key"), Unreadable.KEY_REUSED),
    ],
)
def test_an_event_nobody_can_act_on_is_kept_and_does_not_block(
    users, hear, kept, fault, reason
):
    users.create(DANA)
    hear.fault = fault

    users.change(DANA.id, turned(False))
    hear.fault = None
    users.change(DANA.id, turned(True))

    ((source, key, body, error),) = kept
    assert (source, key) == ("scim", f"scim:{DANA.id}:2")
    assert (body["kind"], error.reason) == ("disabled", reason)
    assert kinds(hear) == ["reactivated"]


def test_of_many_at_a_time_one_changes_and_all_are_answered(users, hear, cases):
    users.create(DANA)
    barrier, answers = Barrier(6), []

    def deactivate():
        barrier.wait()
        answers.append(users.change(DANA.id, turned(False)).active)

    threads = [Thread(target=deactivate) for _ in range(6)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert answers == [False] * 6
    assert {one.event_key for one in hear.heard} == {f"scim:{DANA.id}:2"}
    assert len(the_cases(cases)) == 1


def test_users_are_listed_and_found(users):
    users.create(DANA)
    users.create(KIM)

    assert users.page(0, 10) == ([DANA, KIM], 2)
    assert users.among("user_name", "KIM.ROE@example.com") == [KIM]
    assert users.among("id", DANA.id) == [DANA]
    assert users.among("external_id", "E-1") == []
    assert users.among("email", "dana.lee@example.com") == []


def test_the_desk_has_the_table(desk):
    desk.scim.create(DANA)

    desk.scim.change(DANA.id, turned(False))

    (case,) = desk.list(Query()).cases
    assert case.opened_by.source == "scim"
