"""What HiBob tells, and what it tells that is no departure."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hr_senders import SOURCES, bob_event, hibob

from workers.offboarding.heard import Authn, HeardKind

DANA = {"employeeId": "3332883911884669725", "email": "Dana.Lee@example.com"}


@pytest.fixture
def client(with_settings):
    return with_settings(sources=SOURCES)


@pytest.fixture
def tell(client):
    def told(body, client=client):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post("/events/hibob", data=raw, headers=hibob(raw))

    return told


@pytest.mark.parametrize(
    "type_", ["employee.left", "employee.access.revoked.immediately"]
)
def test_who_left_is_looked_up_by_their_id(tell, desk, type_):
    answer = tell(bob_event(type_))

    ((hint, _),) = desk.hints
    assert (answer.status_code, answer.json) == (200, {"cases": []})
    assert (hint.subject, hint.native_type) == ("3332883911884669725", type_)
    assert hint.occurred_at == datetime(2026, 2, 16, 10, tzinfo=UTC)
    assert desk.heard == []


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        ("employee.left", HeardKind.TERMINATED),
        ("employee.access.revoked.immediately", HeardKind.TERMINATED),
        ("employee.deleted", HeardKind.DELETED),
    ],
)
def test_who_left_is_told_at_once_where_the_email_is_there(tell, desk, type_, kind):
    tell(bob_event(type_, DANA))

    (heard,) = desk.heard
    assert (heard.kind, heard.effective_at, heard.authn) == (kind, None, Authn.HMAC)
    assert heard.names.emails == ("dana.lee@example.com",)
    assert heard.names.ids == ("3332883911884669725",)
    assert [one.leaver.email for one in desk.departures] == ["dana.lee@example.com"]


def test_a_deleted_employee_without_an_email_goes_by_what_was_learned(tell, desk):
    desk.known = {"3332883911884669725": "dana.lee@example.com"}

    tell(bob_event("employee.deleted"))

    assert desk.hints == []
    assert [one.leaver.email for one in desk.departures] == ["dana.lee@example.com"]


@pytest.mark.parametrize("type_", ["employee.joined", "employee.activated"])
def test_who_comes_back_takes_the_departure_back(tell, desk, type_):
    tell(bob_event(type_, DANA))
    tell(bob_event(type_))

    assert [one.kind for one in desk.heard] == [HeardKind.REACTIVATED]
    assert len(desk.withdrawals) == 1
    assert [hint.native_type for hint, _ in desk.hints] == [type_]


@pytest.mark.parametrize(
    "type_",
    [
        "employee.inactivated",
        "employee.updated",
        "employee.created",
        "employee.temporaryLeave",
        "table.entry.created",
        "table.entry.updated",
        "timeoff.request.approved",
        "",
    ],
)
def test_leave_and_changes_are_no_departure(tell, desk, type_):
    answer = tell(bob_event(type_, DANA))

    assert (answer.status_code, answer.json) == (200, {"cases": []})
    assert desk.heard == desk.hints == desk.kept == []


def test_the_administrator_is_never_meant(tell, desk):
    tell(bob_event("employee.left", {}, triggeredBy="admin@example.com"))

    assert desk.heard == desk.hints == []
    assert [reason for *_, reason in desk.kept] == ["no_person"]


@pytest.mark.parametrize("data", [{"other": 1}, [], "text", None, {"employeeId": {}}])
def test_an_event_that_names_nobody_is_kept(tell, desk, data):
    answer = tell(bob_event() | {"data": data})

    assert answer.status_code == 200
    assert [reason for *_, reason in desk.kept] == ["no_person"]


def test_a_body_without_a_type_is_kept(tell, desk):
    tell({"text": "hello"})

    assert [reason for *_, reason in desk.kept] == ["unknown_shape"]


@pytest.mark.parametrize(
    "over",
    [
        {"companyId": 1},
        {"type": "employee.access.revoked.immediately"},
        {"triggeredAt": "2026-02-17T10:00:00Z"},
        {"data": {"employeeId": "2"}},
    ],
)
def test_another_company_type_time_or_employee_is_another_event(tell, desk, over):
    tell(bob_event())
    tell(bob_event() | over)

    assert len({hint.event_key for hint, _ in desk.hints}) == 2


def test_a_time_without_an_offset_is_no_fault(tell, desk):
    tell(bob_event("employee.left", DANA, triggeredAt="2026-02-16T10:00:00.123456"))

    assert desk.heard[0].occurred_at is None
    assert len(desk.departures) == 1


def test_events_without_a_time_are_told_apart_by_their_content(tell, desk):
    tell(bob_event("employee.left", triggeredAt=None))
    tell(bob_event("employee.left", triggeredAt=None))
    tell(bob_event("employee.left", {"employeeId": "2"}, triggeredAt=None))

    assert len({hint.event_key for hint, _ in desk.hints}) == 2


def test_where_the_id_and_the_email_stand_is_a_setting(with_settings, tell, desk):
    moved = replace(
        SOURCES.hibob, id_path="employee.id", email_path="employee.work.email"
    )
    client = with_settings(sources=replace(SOURCES, hibob=moved))
    data = {"employee": {"id": 42, "work": {"email": "dana.lee@example.com"}}}

    tell(bob_event("employee.left", data), client=client)

    assert desk.heard[0].names.ids == ("42",)
    assert desk.heard[0].names.emails == ("dana.lee@example.com",)


@pytest.mark.parametrize(
    ("raw", "type_"),
    [
        (b"Ping test", "text/plain"),
        (b"Ping test", "application/json"),
        (b'"Ping test"', "application/json"),
        (b'{"text":"Ping test"}', "application/json"),
        (b'{"text": "Ping test"}', "text/plain"),
    ],
)
@pytest.mark.parametrize("signed", [True, False])
def test_the_ping_is_answered_and_nothing_comes_of_it(client, desk, raw, type_, signed):
    headers = (hibob(raw) if signed else {}) | {"Content-Type": type_}

    answer = client.post("/events/hibob", data=raw, headers=headers)

    assert (answer.status_code, answer.data) == (200, b"")
    assert desk.heard == desk.hints == desk.kept == desk.noted == []


@pytest.mark.parametrize(
    "raw",
    [
        b'{"text":"Ping test","type":"employee.left"}',
        b'{"text":"Ping test","text":"Ping test"}',
        b'{"text":"Ping"}',
        b"Ping test 2",
    ],
)
def test_what_only_looks_like_a_ping_has_to_be_signed(client, raw):
    answer = client.post("/events/hibob", data=raw, content_type="application/json")

    assert answer.status_code == 401


def test_a_signature_in_hex_is_refused(client):
    raw = json.dumps(bob_event()).encode()
    headers = {"Bob-Signature": "ab" * 64, "Content-Type": "application/json"}

    assert client.post("/events/hibob", data=raw, headers=headers).status_code == 401
