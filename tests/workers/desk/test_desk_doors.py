"""Every door at once, on the desk as it is with a real store."""

import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from desk_scenes import NOW
from doors import NAMES, Doors, element, sample, secret_of, sources
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from config.settings import Token
from service.app import create_app
from service.sources import SOURCES

OPERATOR = Token("op", "operator", hashlib.sha256(b"ofb_op").hexdigest(), None)
AS_OPERATOR = {"Authorization": "Bearer ofb_op"}
BY_SCIM = {
    "Authorization": f"Bearer {secret_of('scim')}",
    "Content-Type": "application/scim+json",
}
OFF = {"Operations": [{"op": "replace", "value": {"active": False}}]}
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.fixture(scope="module")
def doors():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return Doors(NOW, key)


@pytest.fixture
def real(make_desk):
    return make_desk(sources=sources(), api_tokens=(OPERATOR,))


@pytest.fixture
def http(real, settings, clock):
    given = settings(sources=sources(), api_tokens=(OPERATOR,))
    return create_app(given, real, clock=clock).test_client()


@pytest.fixture
def deliver(http, doors, monkeypatch):
    """Delivers a body as its source would; the transmitter's keys are at hand."""
    ring = SOURCES["ssf"]._ring("https://idp.example.com/jwks.json")
    monkeypatch.setattr(ring, "find", lambda _: doors.key.public_key())

    def delivered(source, body):
        path, headers, raw = doors.deliver(source, body)
        return http.post(path, data=raw, headers=headers)

    return delivered


@pytest.fixture
def replay(http):
    def replayed(kept_id):
        return http.post(f"/api/quarantine/{kept_id}/replay", headers=AS_OPERATOR)

    return replayed


@pytest.fixture
def people(http):
    """Whose cases there are, the oldest first."""

    def listed():
        cases = http.get("/api/cases", headers=AS_OPERATOR).json["cases"]
        return [
            one["leaver"]["email"] or one["leaver"]["iam_id"] for one in cases[::-1]
        ]

    return listed


def told_of(email, id_, uuid):
    person = {"type": "User", "id": id_, "alternateId": email}
    return element("okta") | {"uuid": uuid, "target": [person]}


def from_okta(*events):
    return {"data": {"events": list(events)}}


def test_of_three_people_under_one_key_none_is_lost(deliver, real, people, replay):
    first = told_of("dana.lee@example.com", "00u1", "u-1")
    second = told_of("kim@example.com", "00u2", "u-1")
    third = told_of("sam@example.com", "00u3", "u-1")

    answers = [deliver("okta", from_okta(one)) for one in (first, second, third, first)]
    kept = real.quarantined()

    assert [one.status_code for one in answers] == [204] * 4
    assert [one.reason for one in kept] == ["key_reused"] * 2
    assert people() == ["dana.lee@example.com"]
    assert [replay(one.id).status_code for one in kept] == [202, 202]
    assert people() == ["dana.lee@example.com", "kim@example.com", "sam@example.com"]
    assert real.quarantined() == ()


def test_the_same_event_under_anothers_key_is_kept_once(deliver, real):
    first = told_of("dana.lee@example.com", "00u1", "u-1")
    second = told_of("kim@example.com", "00u2", "u-1")

    for one in (first, second, second):
        deliver("okta", from_okta(one))

    assert len(real.quarantined()) == 1


def changed(kind, when, uuid):
    told = told_of("dana.lee@example.com", "00u1", uuid)
    return told | {"eventType": f"user.lifecycle.{kind}", "published": when}


@pytest.fixture
def statuses(http):
    def listed():
        cases = http.get("/api/cases", headers=AS_OPERATOR).json["cases"]
        return [one["status"] for one in cases[::-1]]

    return listed


def test_a_return_dated_ahead_takes_back_no_departure_after_it(
    deliver, clock, statuses
):
    deliver("okta", from_okta(changed("reactivate", "2099-12-31T23:59:59Z", "u-1")))
    clock.pass_by(days=20)
    now = clock().isoformat()

    deliver("okta", from_okta(changed("deactivate", now, "u-2")))

    assert statuses() == ["open"]


def test_a_departure_dated_ahead_is_taken_back_by_a_return_after_it(
    deliver, clock, statuses
):
    deliver("okta", from_okta(changed("deactivate", "2099-12-31T23:59:59Z", "u-1")))
    clock.pass_by(minutes=1)
    now = clock().isoformat()

    deliver("okta", from_okta(changed("reactivate", now, "u-2")))

    assert statuses() == ["cancelled"]


def an_employee(id_, number, email):
    fields = {
        "status": {"value": "Inactive"},
        "employeeNumber": {"value": number},
        "workEmail": {"value": email},
    }
    return element("bamboohr") | {"id": id_, "fields": fields}


def test_an_id_is_never_taken_for_anothers_employee_number(deliver, real, people):
    deliver(
        "bamboohr", {"employees": [an_employee("157", "12", "dana.lee@example.com")]}
    )
    gone = {"type": "employee.deleted", "data": {"employeeId": "12"}}

    answer = deliver("bamboohr", gone)

    assert answer.status_code == 200
    assert people() == ["dana.lee@example.com"]
    assert [one.reason for one in real.quarantined()] == ["unknown_person"]


def test_an_employee_number_is_never_taken_for_an_id_of_another(deliver, real, people):
    number = {"format": "employee_number", "value": "12"}
    told = sample("bearer", 1)
    told["data"] = {"subjects": [sample("ssf")["sub_id"], number]}
    deliver("bearer", told)

    told = sample("bearer", 2)
    told["data"] = {"subjects": [{"format": "opaque", "id": "12"}]}
    answer = deliver("bearer", told)

    assert answer.status_code == 202
    assert people() == ["dana.lee@example.com"]
    assert [one.reason for one in real.quarantined()] == ["unknown_person"]


def test_an_external_id_of_two_scim_users_names_neither(http, real, people):
    def leaves(user):
        made = http.post("/scim/v2/Users", json=user, headers=BY_SCIM).json
        return http.patch(f"/scim/v2/Users/{made['id']}", json=OFF, headers=BY_SCIM)

    ids = {"externalId": "157", ENTERPRISE: {"employeeNumber": "157"}}
    leaves({"userName": "dana.lee@example.com", **ids})

    answer = leaves({"userName": "kim", **ids})

    assert answer.status_code == 200
    assert people() == ["dana.lee@example.com"]
    assert [one.reason for one in real.quarantined()] == ["unknown_person"]


# What a parser lets through and a store, or whatever reads it back, may fall over.
NASTY = (
    *(None, True, 0, -1, 2**63, 2**64, 10**400, -(10**4000), 1e308, 5e-324),
    *("", " ", "\x00", "a\x00b", "\u200b", "\ufeff", "\U0010ffff", "é" * 254),
    *("x" * 255, "x" * 256, "x" * 9000, f"{'a' * 64}@{'b' * 60}.example.com"),
    *("9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "9999-12-31"),
    *("0001-01-01T00:00:00+14:00", "0000-00-00", "2026-02-30", 253402300800, 1e18),
    *("user.suspended", "user.reactivated", "success", "pending", "Deleted"),
    *([], {}, [[]], [None], {"": {}}, {"a\x00": 1}, {"x" * 300: "y"}),
    *(["kim@example.com", "sam@example.com"], {"email": "kim@example.com"}),
    json.loads("[" * 90 + "]" * 90),
)


def holders(value):
    """Name every place in JSON: what holds it, and under what."""
    places = [*value] if isinstance(value, dict) else [*range(len(value))]
    for place in places:
        yield value, place
        if isinstance(value[place], dict | list):
            yield from holders(value[place])


PLACES = st.integers(0, 1000)


@pytest.mark.parametrize("source", NAMES)
@bounded(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(place=PLACES, nasty=st.sampled_from(NASTY), number=st.integers(1, 10**9))
def test_whatever_a_source_tells_the_store_holds_and_gives_back(
    deliver, real, http, replay, source, place, nasty, number
):
    body = sample(source, number)
    found = list(holders(body))
    holder, name = found[place % len(found)]
    holder[name] = nasty

    answer = deliver(source, body)

    assert answer.status_code < 500
    for one in real.quarantined():
        assert replay(one.id).status_code in {202, 409}
        assert http.post(
            f"/api/quarantine/{one.id}/drop", headers=AS_OPERATOR
        ).status_code in {202, 404}
    assert http.get("/api/cases", headers=AS_OPERATOR).status_code == 200
