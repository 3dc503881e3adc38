"""Entra's lifecycle workflows, as a Logic App forwards them."""

import copy
import json

import pytest
from authentic import LEAVER, SOURCES, WORKFLOW, entra_workflow
from fake_desk import NOW, SETTINGS
from structlog.testing import capture_logs

from service.sources import SOURCES as BY_NAME
from service.sources.source import Part
from workers.offboarding.heard import Unreadable
from workers.offboarding.model import Ignored, Leaver, SamePerson

URL = "/events/entra_workflow"
KEY = "entra_workflow:3e1f5d7c-7a0d-4b1a-8f0c-5c6f0c6e1d04"
DANA_ID = "6f1d3c52-8a44-4a7e-9a51-2f7f8a1f0c01"


@pytest.fixture
def client(with_settings):
    return with_settings(sources=SOURCES)


@pytest.fixture
def post(client):
    def posted(body):
        raw = json.dumps(body).encode()
        return client.post(URL, data=raw, headers=entra_workflow(raw))

    return posted


def leaver(**parts):
    """The sample, with members of its data changed; None takes one out."""
    body = copy.deepcopy(json.loads(LEAVER))
    for name, value in parts.items():
        if value is None:
            del body["data"][name]
        else:
            body["data"][name] = value
    return body


def subject(**over):
    known = json.loads(LEAVER)["data"]["subject"] | over
    return {name: value for name, value in known.items() if value is not None}


def test_the_sample_is_a_departure_of_the_subject_now(client, desk):
    answer = client.post(URL, data=LEAVER, headers=entra_workflow(LEAVER))

    assert answer.status_code == 202
    (heard,) = desk.heard
    assert heard.event_key == KEY
    assert heard.kind == "terminated"
    assert heard.native_type == "microsoft.graph.lifecycleEvent"
    assert heard.effective_at is None
    assert heard.occurred_at.isoformat() == "2026-03-02T00:05:11+00:00"
    assert heard.names.emails == ("dana.lee@example.com",)
    assert heard.names.ids == (DANA_ID,)
    assert desk.departures[0].leaver == Leaver(email="dana.lee@example.com")


@pytest.mark.parametrize("token", ["entra-new-01", "entra-old-01"])
def test_either_of_two_active_tokens_will_do(client, token):
    answer = client.post(URL, data=LEAVER, headers=entra_workflow(LEAVER, token))

    assert answer.status_code == 202


def test_a_repeat_has_no_second_effect(post, desk):
    post(leaver())
    post(leaver())

    assert len(desk.departures) == 1


def test_email_and_principal_name_may_differ_and_name_one_person(post, desk):
    post(leaver(subject=subject(userPrincipalName="dlee@corp.example.com")))

    (departure,) = desk.departures
    assert departure.leaver.email == "dana.lee@example.com"
    assert departure.aliases == ("dlee@corp.example.com",)


@pytest.mark.parametrize("email", [None, "", "  ", 5, "no mailbox"])
def test_the_principal_name_will_do_where_there_is_no_email(post, desk, email):
    post(leaver(subject=subject(email=email, userPrincipalName="D.Lee@example.com")))

    assert desk.departures[0].leaver.email == "d.lee@example.com"


def test_the_object_id_will_do_where_the_identity_map_has_it(post, desk):
    desk.same_people = (SamePerson("IBMid-1", ids=(f"entra_workflow:{DANA_ID}",)),)

    post(leaver(subject={"id": DANA_ID}))

    assert desk.departures[0].leaver.iam_id == "IBMid-1"


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (None, Unreadable.NO_PERSON),
        ("dana.lee@example.com", Unreadable.NO_PERSON),
        ({}, Unreadable.NO_PERSON),
        ({"displayName": "Dana Lee"}, Unreadable.NO_PERSON),
        ({"manager": {"email": "pat.ng@example.com"}}, Unreadable.NO_PERSON),
        ({"id": DANA_ID}, Unreadable.UNKNOWN_PERSON),
        ({"userPrincipalName": "dlee", "id": DANA_ID}, Unreadable.UNKNOWN_PERSON),
    ],
)
def test_who_cannot_be_known_is_kept_and_the_manager_is_nobody(post, desk, who, reason):
    answer = post(leaver(subject=who))

    assert (answer.status_code, answer.json) == (202, {"cases": []})
    assert desk.departures == []
    assert [(source, key, why) for source, key, _, why in desk.kept] == [
        ("entra_workflow", KEY, reason)
    ]


def test_the_manager_is_never_anybody(post, desk):
    post(leaver())

    assert "pat.ng" not in str(desk.heard) + str(desk.departures)


@pytest.mark.parametrize("workflow", ["another", WORKFLOW + "0", "*"])
def test_another_workflow_is_refused_and_not_kept(post, desk, workflow):
    with capture_logs() as logs:
        answer = post(leaver(workflow={"id": workflow}))

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["data.workflow.id"]
    assert "OFFBOARD_SOURCE_ENTRA_WORKFLOW_WORKFLOWS" in answer.text
    assert (desk.heard, desk.kept) == ([], [])
    assert "dana.lee" not in str(logs)


def test_another_workflow_is_noted_as_a_refusal(post, desk):
    post(leaver(workflow={"id": "another"}))

    assert desk.noted == [("entra_workflow", "fields", NOW)]


@pytest.mark.parametrize("workflow", [None, {}, "id", {"id": ""}, {"id": 5}, []])
def test_whether_somebody_leaves_is_never_guessed(post, desk, workflow):
    answer = post(leaver(workflow=workflow))

    assert answer.status_code == 202
    assert desk.heard == []
    assert desk.kept[0][3] is Unreadable.UNKNOWN_SHAPE


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": []}, {"value": [1]}])
def test_an_authentic_body_of_another_shape_is_kept(post, desk, body):
    answer = post(body)

    assert answer.status_code == 202
    assert desk.kept[0][2:] == (body, Unreadable.UNKNOWN_SHAPE)


@pytest.mark.parametrize("result", [None, {}, "id", {"id": ""}, {"id": 5}])
def test_without_the_results_id_the_content_is_the_key(post, desk, result):
    post(leaver(taskProcessingResult=result))
    post(leaver(taskProcessingResult=result))

    assert len(desk.departures) == 1
    assert desk.heard[0].event_key.startswith("entra_workflow:sha256:")


@pytest.mark.parametrize("at", [None, "", "yesterday", 5])
def test_no_event_is_refused_over_its_time(post, desk, at):
    result = {"id": "r-1", "createdDateTime": at}

    assert post(leaver(taskProcessingResult=result)).status_code == 202
    assert desk.heard[0].occurred_at is None


@pytest.mark.parametrize("value", [None, 5, "", "anything", {"a": 1}])
def test_source_and_type_may_be_anything(post, desk, value):
    answer = post(leaver() | {"source": value, "type": value})

    assert answer.status_code == 202
    assert len(desk.departures) == 1


def test_a_kept_delivery_is_read_anew_by_the_settings_of_then(with_settings):
    part = Part(KEY, json.loads(LEAVER))

    heard = BY_NAME["entra_workflow"].read(part, SETTINGS, NOW)

    # The settings of this test list no workflow.
    assert heard == Ignored("no_leaver_workflow")


def test_an_id_that_is_reused_for_another_person_is_kept(post, desk):
    post(leaver())

    answer = post(leaver(subject={"email": "robin.park@example.com"}))

    assert answer.status_code == 202
    assert desk.kept[0][3] is Unreadable.KEY_REUSED
    assert len(desk.departures) == 1
