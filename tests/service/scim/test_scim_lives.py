"""Whole lives of a user, in the requests that vendors publish."""

import json
from pathlib import Path

import pytest
from scim_scenes import CORE, ENTERPRISE, PATCH

FIXTURES = Path(__file__).parents[2] / "fixtures" / "scim"
ENABLE = {
    "schemas": [PATCH],
    "Operations": [{"op": "Replace", "path": "active", "value": "True"}],
}


def published(name, user_id=None):
    """Read a published request: its method, its path below the base, its body."""
    head, _, body = (FIXTURES / name).read_text().partition("\n\n")
    method, target, _ = head.split("\n")[0].split(" ")
    path = target.removeprefix("/scim/v2")
    if user_id:
        path = f"/Users/{user_id}"
    return method, path, body.encode() or None


def sample(name):
    return json.loads((FIXTURES / name).read_bytes())


def test_okta_provisions_updates_and_deactivates_somebody(scim, told, desk):
    searched = scim(*published("okta-scim-filter-username.http"))
    created = scim(*published("okta-scim-create.http"))
    found = scim(*published("okta-scim-filter-username.http"))
    user_id = found.json["Resources"][0]["id"]
    updated = scim(*published("okta-scim-put-update.http", user_id))
    before = told()
    ended = scim(*published("okta-scim-patch-deactivate.http", user_id))
    after = scim("GET", f"/Users/{user_id}")

    assert (searched.status_code, searched.json["totalResults"]) == (200, 0)
    assert searched.json["Resources"] == []
    assert created.status_code == 201
    assert created.headers["Location"] == f"http://localhost/scim/v2/Users/{user_id}"
    assert (found.json["totalResults"], found.json["itemsPerPage"]) == (1, 1)
    assert (updated.status_code, updated.json["active"]) == (200, True)
    assert before == []
    assert (ended.status_code, ended.json["active"]) == (200, False)
    (event,) = told()
    assert (event.kind, event.key) == ("disabled", f"scim:{user_id}:3")
    assert event.names.emails == ("test.user@okta.local",)
    assert after.json["active"] is False
    assert [one.leaver.email for one in desk.departures] == ["test.user@okta.local"]


def test_okta_keeps_no_password_and_no_name_here(scim, table):
    created = scim(*published("okta-scim-create.http")).json

    (row,) = table.load([created["id"]])
    assert "1mz050nq" not in str(row)
    assert "name" not in created
    assert created["externalId"] == "00ujl29u0le5T6Aj10h7"


def test_an_okta_app_made_in_the_wizard_deactivates_by_put(scim, a_user, told):
    user = a_user()
    body = {**sample("scim-okta-put-deactivate.json"), "id": user["id"]}

    ended = scim("PUT", f"/Users/{user['id']}", body)
    again = scim("PUT", f"/Users/{user['id']}", body)

    assert (ended.status_code, again.status_code) == (200, 200)
    assert [(one.kind, one.key) for one in told()] == [
        ("disabled", f"scim:{user['id']}:2")
    ]


def test_entra_provisions_updates_disables_returns_and_deletes(scim, told, kinds):
    tested = scim("GET", '/Users?filter=userName eq "4f5a1b2c-no-such-user"')
    created = scim("POST", "/Users", sample("entra-scim-create.json"))
    user_id = created.json["id"]
    place = f"/Users/{user_id}"
    read = scim("GET", place)
    updated = scim("PATCH", place, sample("entra-scim-update-multi.json"))
    before = told()
    disabled = scim("PATCH", place, sample("entra-scim-disable-without-flag.json"))
    enabled = scim("PATCH", place, ENABLE)
    flagged = scim("PATCH", place, sample("entra-scim-disable-with-flag.json"))
    deleted = scim("DELETE", place)
    gone = scim("GET", place)

    assert (tested.status_code, tested.json["totalResults"]) == (200, 0)
    assert (created.status_code, read.json) == (201, created.json)
    assert updated.json["emails"] == [
        {"value": "updatedEmail@microsoft.com", "type": "work", "primary": True}
    ]
    assert before == []
    assert (disabled.json["active"], enabled.json["active"]) == (False, True)
    assert flagged.json["active"] is False
    assert kinds() == ["disabled", "reactivated", "disabled"]
    assert (deleted.status_code, deleted.data) == (204, b"")
    assert gone.status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "entra-scim-disable-tutorial.json",
        "entra-scim-disable-with-flag.json",
        "entra-scim-disable-without-flag.json",
        "scim-entra-patch-deactivate.json",
        "scim-okta-patch-deactivate.json",
    ],
)
def test_each_published_deactivation_is_one_departure(scim, a_user, desk, name):
    user = a_user()

    answer = scim("PATCH", f"/Users/{user['id']}", sample(name))

    assert (answer.status_code, answer.json["active"]) == (200, False)
    (departure,) = desk.departures
    assert departure.leaver.email == "dana.lee@example.com"
    assert departure.event_key == f"scim:{user['id']}:2"
    assert departure.effective_at is None


def test_entra_with_its_flag_sends_dotted_keys_beside_active(scim, a_user, kinds):
    user = a_user()
    operation = {
        "op": "replace",
        "value": {
            "name.givenName": "Dana",
            "displayName": "Dana Lee",
            'emails[type eq "work"].value': "dana@example.com",
            f"{ENTERPRISE}:employeeNumber": "E-157",
            f"{ENTERPRISE}:department": "Payments",
            "active": False,
        },
    }
    body = {"schemas": [PATCH], "Operations": [operation]}

    answer = scim("PATCH", f"/Users/{user['id']}", body)

    assert answer.json["emails"][0]["value"] == "dana@example.com"
    assert answer.json[ENTERPRISE] == {"employeeNumber": "E-157"}
    assert kinds() == ["disabled"]


def test_who_was_inactive_when_deleted_does_not_leave_twice(scim, a_user, patch, kinds):
    user = a_user()
    patch(user, {"op": "replace", "path": "active", "value": False})

    deleted = scim("DELETE", f"/Users/{user['id']}")
    again = scim("DELETE", f"/Users/{user['id']}")

    assert (deleted.status_code, again.status_code) == (204, 404)
    assert kinds() == ["disabled"]


def test_who_is_deleted_while_active_leaves_by_it(scim, a_user, told):
    user = a_user()

    deleted = scim("DELETE", f"/Users/{user['id']}")

    assert deleted.status_code == 204
    (event,) = told()
    assert (event.kind, event.key) == ("deleted", f"scim:{user['id']}:2")


def test_a_name_is_free_again_once_its_user_is_deleted(scim, a_user):
    first = a_user()
    scim("DELETE", f"/Users/{first['id']}")

    second = a_user()

    assert second["id"] != first["id"]
    found = scim("GET", f'/Users?filter=userName eq "{second["userName"]}"').json
    assert [one["id"] for one in found["Resources"]] == [second["id"]]


def test_a_user_created_inactive_has_left_nothing(a_user, scim, told):
    user = a_user(active=False)

    listed = scim("GET", "/Users").json

    assert [one["active"] for one in listed["Resources"]] == [False]
    assert user["schemas"] == [CORE]
    assert told() == []


def test_a_reactivation_withdraws_the_departure(a_user, patch, desk):
    user = a_user()
    patch(user, {"op": "replace", "path": "active", "value": False})

    patch(user, {"op": "replace", "path": "active", "value": True})

    (withdrawal,) = desk.withdrawals
    assert withdrawal.event_key == f"scim:{user['id']}:3"
    assert withdrawal.leaver == desk.departures[0].leaver
