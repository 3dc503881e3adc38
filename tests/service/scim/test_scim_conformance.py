"""The endpoint as the protocol's own test tool sees it."""

import pytest
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_tester import Status, check_server
from scim_scenes import TOKEN

# Searching by POST is optional (RFC 7644 section 3.4.3); who asks is told 501.
NOT_SERVED = {"search_with_attributes"}


@pytest.fixture
def results(app):
    client = WSGISCIMClient(
        app,
        base_url="http://localhost/scim/v2",
        headers={"Authorization": f"Bearer {TOKEN}"},
    )
    return check_server(client)


def test_every_check_of_the_test_tool_passes_but_the_search_by_post(results):
    others = [one for one in results if one.status is not Status.SUCCESS]

    assert [(one.title, one.status) for one in others] == [
        (name, Status.SKIPPED) for name in NOT_SERVED
    ]


def test_the_test_tool_tried_every_part_of_the_protocol_that_is_served(results):
    titles = {one.title for one in results if one.status is Status.SUCCESS}

    assert len(results) > 45
    assert {
        "access_schema_by_id",
        "random_url",
        "object_creation",
        "object_query_with_attributes",
        "object_list_with_attributes",
        "object_replacement",
        "object_deletion",
        "check_add_attribute",
        "check_remove_attribute",
        "check_replace_attribute",
    } <= titles
