"""What Gusto tells: a type and an id; the rest is looked up."""

import json
from datetime import UTC, datetime

import pytest
from fake_desk import NOW
from hr_senders import FIXTURES, JSON, SOURCES, gusto, gusto_event
from structlog.testing import capture_logs

PUBLISHED = (FIXTURES / "gusto" / "gusto-termination-cancelled.json").read_bytes()
HANDSHAKE = b'{"verification_token": "6590f590-3dba-495e-9bea-c361e1e2efc0"}'


@pytest.fixture
def client(with_settings):
    return with_settings(sources=SOURCES)


@pytest.fixture
def tell(client):
    def told(body):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post("/events/gusto", data=raw, headers=gusto(raw))

    return told


def test_the_published_sample_is_looked_up_under_its_own_id(tell, desk):
    answer = tell(PUBLISHED)

    ((hint, _),) = desk.hints
    assert (answer.status_code, answer.json) == (202, {"cases": []})
    assert hint.native_type == "employee.termination_cancelled"
    assert hint.subject == "bcfc9744-0ab3-4ef3-ab0d-e728255d659c"
    assert hint.event_key == "gusto:03ffbf0c-48a9-4f1c-932a-546413a26ad1"
    assert hint.occurred_at == datetime(2022, 12, 14, 23, 0, 41, tzinfo=UTC)
    assert desk.heard == []


@pytest.mark.parametrize(
    "event_type",
    [
        "employee.terminated",
        "employee.termination_effective",
        "employee.terminated_effective",
        "employee.termination_cancelled",
        "employee.rehired",
        "employee.rehire_effective",
        "employee.deleted",
    ],
)
def test_what_may_be_a_departure_or_its_end_is_looked_up(tell, desk, event_type):
    tell(gusto_event(event_type))

    assert [hint.native_type for hint, _ in desk.hints] == [event_type]
    assert desk.heard == []


@pytest.mark.parametrize(
    "event_type",
    [
        "employee.created",
        "employee.updated",
        "employee.onboarded",
        "employee.rehire_cancelled",
        "employee.payment_method.deleted",
        "contractor.deactivated",
        "company.provisioned",
        "payroll.paid",
    ],
)
def test_other_events_are_ignored(tell, desk, event_type):
    answer = tell(gusto_event(event_type))

    assert answer.status_code == 202
    assert desk.heard == desk.hints == desk.kept == []


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"event_type": None}, "unknown_shape"),
        ({"event_type": ["employee.terminated"]}, "unknown_shape"),
        ({"entity_uuid": None}, "no_person"),
        ({"entity_uuid": {"a": 1}}, "no_person"),
    ],
)
def test_what_cannot_be_acted_on_is_kept(tell, desk, over, reason):
    answer = tell(gusto_event() | over)

    assert answer.status_code == 202
    assert [one for *_, one in desk.kept] == [reason]


@pytest.mark.parametrize("timestamp", [None, "soon", 1671058841000, 10**30, 5])
def test_a_time_that_cannot_be_read_is_no_fault(tell, desk, timestamp):
    tell(gusto_event(timestamp=timestamp))

    assert desk.hints[0][0].occurred_at is None


def test_an_event_without_an_id_of_its_own_goes_by_its_content(tell, desk):
    tell(gusto_event(uuid=None))
    tell(gusto_event(uuid=None))
    tell(gusto_event(uuid=None, timestamp=1771236132))

    assert len({hint.event_key for hint, _ in desk.hints}) == 2


def test_the_handshake_is_answered_and_nothing_comes_of_it(client, desk):
    with capture_logs() as logs:
        answer = client.post("/events/gusto", data=HANDSHAKE, headers=JSON)

    assert (answer.status_code, answer.data) == (200, b"")
    assert desk.heard == desk.hints == desk.kept == desk.noted == []
    assert "source.greeted" in str(logs)
    assert "6590f590" not in str(logs)


def test_a_handshake_has_to_bring_the_right_secret_where_its_path_has_one(client, desk):
    right = SOURCES.gusto.secret[0].reveal()

    answers = [
        client.post(f"/events/gusto/{one}", data=HANDSHAKE, headers=JSON)
        for one in (right, "guessed-secret")
    ]

    assert [one.status_code for one in answers] == [200, 401]
    assert desk.noted == [("gusto", "path", NOW)]


def test_an_event_does_not_pass_for_a_handshake(client, desk):
    raw = json.dumps(gusto_event(verification_token="x")).encode()

    answer = client.post("/events/gusto", data=raw, headers=JSON)

    assert answer.status_code == 401
    assert desk.hints == []


def test_a_signature_that_is_there_has_to_be_right_whatever_else_is(client):
    raw = json.dumps(gusto_event()).encode()
    bearer = {"Authorization": f"Bearer {SOURCES.gusto.secret[0].reveal()}"}
    wrong = {"X-Gusto-Signature": "0" * 64}

    answers = [
        client.post("/events/gusto", data=raw, headers=JSON | bearer | more)
        for more in ({}, wrong)
    ]

    assert [one.status_code for one in answers] == [202, 401]
