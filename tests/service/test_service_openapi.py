import pytest
import schemathesis
from fake_desk import NOW, SETTINGS, FakeDesk
from hypothesis import HealthCheck, Phase
from hypothesis import settings as bounded
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    positive_data_acceptance,
)

from service import examples, intake_examples, seen_examples
from service.app import create_app
from service.asked_schemas import AcceptBody, AdoptionBody, DecisionBody, PlaceBody
from service.brake_schemas import BRAKE
from service.notice_schemas import NOTICE
from service.schemas import OffboardBody
from service.sources.generic import DepartureBody

ROLES = {
    ("/api/pause", "get"): "viewer",
    ("/api/pause", "post"): "operator",
    ("/api/resume", "post"): "approver",
    ("/api/brake", "get"): "viewer",
    ("/api/brake/release", "post"): "approver",
    ("/api/brake/refuse", "post"): "approver",
    ("/api/exposure", "get"): "viewer",
    ("/api/cases/{case_id}/evidence", "get"): "viewer",
    ("/api/evidence", "get"): "viewer",
    ("/api/evidence/register", "get"): "operator",
    ("/api/gate/{user}", "get"): "viewer",
    ("/api/doctor", "get"): "operator",
    ("/offboard/{user}", "post"): "operator",
    ("/api/cases", "get"): "viewer",
    ("/api/cases/{case_id}", "get"): "viewer",
    ("/api/cases/{case_id}/retry", "post"): "operator",
    ("/api/cases/{case_id}/cancel", "post"): "operator",
    ("/api/cases/{case_id}/approve", "post"): "approver",
    ("/api/cases/{case_id}/refuse", "post"): "approver",
    ("/api/cases/{case_id}/follow-ups/{number}/done", "post"): "operator",
    ("/api/adoptions", "post"): "approver",
    ("/api/blind-spots", "get"): "viewer",
    ("/api/blind-spots", "post"): "approver",
    ("/api/blind-spots/withdraw", "post"): "approver",
    ("/api/quarantine", "get"): "viewer",
    ("/api/quarantine/{kept_id}/replay", "post"): "operator",
    ("/api/quarantine/{kept_id}/drop", "post"): "operator",
    ("/api/sources", "get"): "viewer",
    ("/api/notices/test", "post"): "operator",
    ("/api/notices/{notice_id}", "get"): "viewer",
    ("/events/{source}", "post"): "public",
    ("/events/{source}", "get"): "public",
    ("/events/{source}", "options"): "public",
    ("/events/{source}/{secret}", "post"): "public",
    ("/events/{source}/{secret}", "options"): "public",
    ("/slack/command", "post"): "public",
    ("/slack/command", "get"): "public",
    ("/slack/interactive", "post"): "public",
    ("/healthz", "get"): "public",
    ("/readyz", "get"): "public",
    ("/metrics", "get"): "public",
    ("/openapi.json", "get"): "public",
}


@pytest.fixture
def document(client):
    return client.get("/openapi.json").json


def operations(document):
    return {
        (path, method): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


def test_the_document_names_every_route_with_its_role(document):
    roles = {
        where: operation["x-role"] for where, operation in operations(document).items()
    }

    assert document["openapi"] == "3.1.0"
    assert document["info"] == {"title": "offboard", "version": "0.1.0"}
    assert roles == ROLES


def test_the_document_asks_for_the_bearer_token_where_the_route_does(document):
    bearer = {"type": "http", "scheme": "bearer"}

    assert document["components"]["securitySchemes"] == {"bearer": bearer}
    for operation in operations(document).values():
        is_public = operation["x-role"] == "public"
        assert operation["security"] == ([] if is_public else [{"bearer": []}])
        assert is_public is not ({"401", "403"} <= set(operation["responses"]))


def test_every_error_is_described_as_a_problem(document):
    problem = document["components"]["responses"]["Problem"]

    assert list(problem["content"]) == ["application/problem+json"]
    for where, operation in operations(document).items():
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and where != ("/readyz", "get"):
                assert answer == {"$ref": "#/components/responses/Problem"}


def test_a_case_is_described_with_every_field_it_always_has(document):
    schema = document["components"]["schemas"]["Case"]

    assert list(schema["properties"]) == list(examples.CASE)
    assert schema["required"] == list(examples.CASE)


SEEN = {
    "Exposure": seen_examples.EXPOSURE,
    "Gate": seen_examples.GATE,
    "Doctor": seen_examples.DOCTOR,
    "Quarantine": intake_examples.QUARANTINE,
    "Sources": intake_examples.SOURCES,
    "Brake": BRAKE,
    "Notice": NOTICE,
}
PARTS = {
    "Waiting": BRAKE["waiting"][0],
    "BlindSpot": examples.BLIND_SPOT,
    "Holding": seen_examples.EXPOSURE["targets"][0],
    "Dependence": seen_examples.EXPOSURE["people"][0],
    "Check": seen_examples.DOCTOR["checks"][0],
    "Kept": intake_examples.KEPT,
    "Source": intake_examples.SOURCE,
    "ChannelState": NOTICE["channels"][0],
}


@pytest.mark.parametrize(("name", "example"), {**SEEN, **PARTS}.items())
def test_what_is_seen_is_described_with_every_field_it_always_has(
    document, name, example
):
    schema = document["components"]["schemas"][name]

    assert list(schema["properties"]) == list(example)
    assert schema["required"] == list(example)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/exposure", "Exposure"),
        ("/api/gate/{user}", "Gate"),
        ("/api/doctor", "Doctor"),
        ("/api/quarantine", "Quarantine"),
        ("/api/sources", "Sources"),
    ],
)
def test_what_is_seen_is_documented_with_its_example(document, path, name):
    answers = document["paths"][path]["get"]["responses"]
    content = answers["200"]["content"]["application/json"]

    assert content["schema"] == {"$ref": f"#/components/schemas/{name}"}
    assert content["example"] == SEEN[name]
    assert "503" in answers


def test_the_examples_can_be_used_as_they_stand():
    assert OffboardBody().validate(examples.OFFBOARD) == {}
    assert DepartureBody().validate(examples.EVENT) == {}
    assert DecisionBody().validate(examples.DECISION) == {}
    assert AdoptionBody().validate(examples.ADOPTION) == {}
    assert AcceptBody().validate(examples.ACCEPT) == {}
    assert PlaceBody().validate(examples.BLIND_SPOT_PLACE) == {}


def test_the_document_names_no_other_host(document):
    text = str(document)

    assert "servers" not in document
    assert "http" not in text.replace("'http', 'scheme': 'bearer'", "")


promise = schemathesis.openapi.from_wsgi(
    "/openapi.json", create_app(SETTINGS, FakeDesk(), clock=lambda: NOW)
)


def test_the_document_holds_no_schema_of_the_framework(document):
    schemas = document["components"]["schemas"]

    assert not {"Error", "PaginationMetadata"} & set(schemas)


def test_the_document_names_what_an_event_is_signed_with(document):
    taking = document["paths"]["/events/{source}"]["post"]
    named = {one["name"]: one for one in taking["parameters"]}

    assert list(named) == ["webhook-id", "webhook-timestamp", "webhook-signature"]
    assert {one["in"] for one in named.values()} == {"header"}
    assert all(one["description"] for one in named.values())
    assert "409" in taking["responses"]


def test_the_document_says_where_an_opened_case_is(document):
    answer = document["paths"]["/offboard/{user}"]["post"]["responses"]["202"]

    assert answer["headers"]["Location"]["schema"] == {"type": "string"}


def test_a_case_may_be_of_either_kind_and_an_adoption_of_nobody_by_name(document):
    schema = document["components"]["schemas"]["Case"]["properties"]

    assert schema["kind"]["enum"] == ["departure", "adoption"]
    assert {"type": "null"} in schema["leaver"]["anyOf"]


def test_what_has_to_be_in_a_body_is_described_so(document):
    schemas = document["components"]["schemas"]

    assert schemas["DecisionBody"]["required"] == ["plan_hash"]
    assert schemas["DecisionBody"]["properties"]["plan_hash"]["type"] == [
        "string",
        "null",
    ]
    assert schemas["AdoptionBody"]["required"] == ["account_id"]
    assert set(schemas["AdoptionBody"]["properties"]) == set(examples.ADOPTION)
    assert set(schemas["AcceptBody"]["required"]) == set(examples.ACCEPT)
    assert set(schemas["PlaceBody"]["required"]) == set(examples.BLIND_SPOT_PLACE)


def test_a_follow_up_is_named_by_its_number(document):
    path = "/api/cases/{case_id}/follow-ups/{number}/done"
    parameters = {
        one["name"]: one["schema"]
        for one in document["paths"][path].get("parameters", [])
    }

    assert parameters["number"] == {"type": "integer", "minimum": 1, "maximum": 999999}


def test_the_filters_of_cases_have_their_types(document):
    listing = document["paths"]["/api/cases"]["get"]
    schemas = {one["name"]: one["schema"] for one in listing["parameters"]}

    assert (schemas["status"]["type"], schemas["result"]["type"]) == (
        "string",
        "string",
    )
    assert (schemas["user"]["minLength"], schemas["user"]["maxLength"]) == (1, 254)
    assert "pattern" in schemas["user"]


def test_every_field_of_the_published_event_is_described(document):
    body = document["components"]["schemas"]["DepartureBody"]

    assert set(examples.EVENT) <= set(body["properties"])


# What a schema cannot say is left out of it: days ahead of today, who is a person,
# a signature over the body. So a body that fits the schema may still be refused.
# Nor can it say that a handshake is there for the sources that have one, only.
@promise.parametrize()
@bounded(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_the_routes_keep_what_the_document_promises(case, as_approver):
    case.call_and_validate(
        headers=as_approver,
        excluded_checks=[positive_data_acceptance, allow_header_conformance],
    )
