"""The API as a page: all of the document, and nothing beside it."""

import re
import subprocess

import pytest


@pytest.fixture
def page(client):
    return client.get("/docs").get_data(as_text=True)


@pytest.fixture
def document(client):
    return client.get("/openapi.json").json


def operations(document):
    return [
        (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    ]


def section(page, operation_id):
    found = re.search(
        rf'<section class="route" id="{operation_id}">(.*?)</section>', page, re.DOTALL
    )
    return found[1]


def test_every_route_is_there_with_its_role_and_every_answer(page, document):
    for path, method, said in operations(document):
        shown = section(page, said["operationId"])
        role = "open to all" if said["x-role"] == "public" else said["x-role"]

        assert f'<span class="badge busy">{method.upper()}</span>' in shown
        assert f"<code>{path}</code>" in shown
        assert f'<span class="badge calm">{role}</span>' in shown
        assert [one for one in said["responses"] if one not in shown] == []


def test_every_field_of_every_object_is_there(page, document):
    for name, schema in document["components"]["schemas"].items():
        shown = section(page, f"object-{name}")

        for field in schema["properties"]:
            assert f"<code>{field}</code>" in shown


def test_every_link_within_the_page_leads_somewhere(page):
    ids = set(re.findall(r'id="([^"]+)"', page))

    assert set(re.findall(r'href="#([^"]+)"', page)) <= ids


def test_a_body_says_what_it_takes_and_what_is_required(page):
    shown = section(page, "accept_blind_spot")

    assert "<code>days</code> <small><strong>required</strong></small>" in shown
    assert "whole number" in shown
    assert "at least 1, at most 30" in shown


def test_a_call_can_be_copied_as_it_is(page):
    shown = section(page, "list_cases")

    assert (
        "<code>curl -sS -H &#34;Authorization: Bearer $OFFBOARD_TOKEN&#34;"
        " &#34;$OFFBOARD_URL/api/cases&#34;</code>" in shown
    )


def test_every_call_is_one_that_a_shell_takes(page):
    calls = re.findall(r"<code>(curl .*?)</code>", page)
    texts = [
        one.replace("&#34;", '"').replace("&#39;", "'").replace("&lt;", "<")
        for one in calls
    ]

    for one in texts:
        checked = subprocess.run(["sh", "-n", "-c", one], check=False, timeout=60)
        assert checked.returncode == 0, one
    assert len(texts) >= 30


def test_an_example_keeps_its_lines(page):
    shown = section(page, "list_blind_spots")

    assert "{\n  &#34;blind_spots&#34;: [\n" in shown


def test_it_is_as_open_as_the_document_is(client):
    answer = client.get("/docs")

    assert answer.status_code == 200
    assert 'href="/openapi.json"' in answer.get_data(as_text=True)
    assert "/logout" not in answer.get_data(as_text=True)


def test_who_is_signed_in_finds_it(sign_in):
    assert 'href="/docs"' in sign_in("ofb_viewer").get("/").get_data(as_text=True)
