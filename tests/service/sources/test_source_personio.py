"""What Personio tells: whom to look up, and nothing that is believed."""

import json
from datetime import UTC, datetime

import pytest
from hr_senders import FIXTURES, SOURCES, personio, personio_event

SCHEMA = json.loads(
    (FIXTURES / "personio" / "personio-envelope.schema.json").read_text()
)


@pytest.fixture
def client(with_settings):
    return with_settings(sources=SOURCES)


@pytest.fixture
def tell(client):
    def told(body):
        raw = json.dumps(body).encode()
        return client.post("/events/personio", data=raw, headers=personio(raw))

    return told


@pytest.mark.parametrize(
    "event_name",
    [
        "employment.terminated",
        "employment.deleted",
        "employment.updated",
        "employment.started",
        "employment.created",
        "person.deleted",
    ],
)
def test_whatever_it_tells_is_looked_up_and_nothing_is_believed(tell, desk, event_name):
    answer = tell(personio_event(event_name))

    ((hint, body),) = desk.hints
    assert (answer.status_code, answer.json) == (202, {"cases": []})
    assert (hint.subject, hint.native_type) == ("3003", event_name)
    assert hint.occurred_at == datetime(2026, 2, 16, 10, tzinfo=UTC)
    assert body["event_name"] == event_name
    assert desk.heard == desk.departures == []


@pytest.mark.parametrize(
    "event_name",
    ["person.created", "person.updated", "absence.created", "ping", "test", ""],
)
def test_other_events_are_ignored(tell, desk, event_name):
    answer = tell(personio_event(event_name))

    assert answer.status_code == 202
    assert desk.heard == desk.hints == desk.kept == []


@pytest.mark.parametrize("name", SCHEMA["required"])
@pytest.mark.parametrize("wrong", [None, 4711, [], True])
def test_an_envelope_that_the_schema_would_not_have_is_kept(tell, desk, name, wrong):
    answer = tell(personio_event() | {name: wrong})

    assert answer.status_code == 202
    assert [reason for *_, reason in desk.kept] == ["unknown_shape"]


@pytest.mark.parametrize("name", SCHEMA["required"])
def test_an_envelope_that_lacks_what_the_schema_requires_is_kept(tell, desk, name):
    event = personio_event()
    del event[name]

    tell(event)

    assert [reason for *_, reason in desk.kept] == ["unknown_shape"]


def test_members_beside_the_schema_do_no_harm(tell, desk):
    tell(personio_event(meta={"version": "1"}, more=[1]))

    assert len(desk.hints) == 1


@pytest.mark.parametrize(
    ("event_name", "payload", "subject"),
    [
        ("employment.updated", {"person": {"id": "3003"}, "id": "e-1"}, "3003"),
        ("employment.updated", {"person_id": 3003, "id": "e-1"}, "3003"),
        ("person.deleted", {"id": "3003"}, "3003"),
        ("person.deleted", {"person": {"id": "3003"}, "id": "x"}, "3003"),
    ],
)
def test_the_persons_id_may_stand_in_several_places(
    tell, desk, event_name, payload, subject
):
    tell(personio_event(event_name, payload))

    assert [hint.subject for hint, _ in desk.hints] == [subject]


@pytest.mark.parametrize("payload", [{"id": "e-1"}, {}, {"person": None}])
def test_an_employments_id_is_never_taken_for_a_persons(tell, desk, payload):
    tell(personio_event("employment.updated", payload))

    assert desk.hints == []
    assert [reason for *_, reason in desk.kept] == ["no_person"]


def test_a_later_change_of_the_same_person_is_another_event(tell, desk):
    tell(personio_event("employment.updated"))
    tell(personio_event("employment.updated", occurred_at="2026-02-17T10:00:00Z"))

    assert len({hint.event_key for hint, _ in desk.hints}) == 2


def test_a_time_that_cannot_be_read_is_no_fault(tell, desk):
    tell(personio_event(occurred_at="yesterday"))

    assert desk.hints[0][0].occurred_at is None
