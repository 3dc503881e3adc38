"""Every way to say that somebody is deactivated, and what merely looks like one."""

import pytest
from scim_scenes import CORE, ENTERPRISE, PATCH

OFF = [
    {"op": "replace", "value": {"active": False}},
    {"op": "replace", "value": {"active": "false"}},
    {"op": "Replace", "path": "active", "value": "False"},
    {"op": "Replace", "path": "active", "value": False},
    {"op": "REPLACE", "path": "ACTIVE", "value": "FALSE"},
    {"op": "add", "path": "active", "value": False},
    {"op": "Add", "value": {"Active": "False"}},
    {"op": "replace", "path": f"{CORE}:active", "value": False},
    {"op": "replace", "path": f"{CORE.upper()}:Active", "value": "false"},
    {"op": "replace", "value": {f"{CORE}:active": False}},
    {"op": "replace", "value": {CORE: {"active": False}}},
    {"op": "replace", "path": CORE, "value": {"active": False}},
    {"op": "replace", "path": "", "value": {"active": False}},
    {"op": "replace", "path": None, "value": {"active": False}},
    {"op": "replace", "path": " active ", "value": False},
    {"Op": "replace", "Path": "active", "VALUE": False},
    {"op": "replace", "value": {"id": "theirs", "meta": {}, "active": False}},
    {"op": "replace", "value": {"schemas": [CORE], "groups": [], "active": False}},
]


@pytest.mark.parametrize("operation", OFF, ids=str)
def test_each_dialect_of_patch_is_one_departure_however_often(
    a_user, patch, kinds, operation
):
    user = a_user()

    for _ in range(2):
        answer = patch(user, operation)

        assert (answer.status_code, answer.json["active"]) == (200, False)
        assert kinds() == ["disabled"]


# Each would compare all e-mails there are by then.
MANY = {f'emails[type eq "t{n}"].value': f"t{n}@example.com" for n in range(1900)}
LOOSE = [0, 1, -1, 0.0, "yes", "no", "off", "on", "0", "", " false", "f", None]
LOOSE += [[], {}, [False], [{"value": "False"}], {"value": False}]


@pytest.mark.parametrize("value", LOOSE, ids=repr)
def test_what_merely_looks_like_true_or_false_is_refused(
    a_user, patch, scim, told, value
):
    there, gone = a_user(), a_user(userName="kim", active=False)
    forms = [
        {"op": "replace", "path": "active", "value": value},
        {"op": "replace", "value": {"active": value}},
        {"op": "add", "value": {CORE: {"active": value}}},
        {"op": "add", "path": f"{CORE}:active", "value": value},
    ]

    answers = [patch(user, form) for form in forms for user in (there, gone)]

    for answer in answers:
        assert (answer.status_code, answer.json["scimType"]) == (400, "invalidValue")
    for user in (there, gone):
        assert scim("GET", f"/Users/{user['id']}").json == user
    assert told() == []


@pytest.mark.parametrize("value", LOOSE, ids=repr)
def test_a_whole_user_is_as_strict_about_active(a_user, scim, told, value):
    user = a_user()

    for name in ("active", "Active", f"{CORE}:active"):
        body = {"userName": user["userName"], name: value}
        replaced = scim("PUT", f"/Users/{user['id']}", body)
        created = scim("POST", "/Users", {**body, "userName": "kim"})

        for answer in (replaced, created):
            assert (answer.status_code, answer.json["scimType"]) == (
                400,
                "invalidValue",
            )
    assert told() == []


@pytest.mark.parametrize("name", ["active", "ACTIVE", f"{CORE}:active"])
@pytest.mark.parametrize("value", [False, "False", "false"])
def test_put_deactivates_by_any_name_of_the_attribute(a_user, scim, told, name, value):
    user = a_user()
    body = {"userName": user["userName"], "emails": user["emails"], name: value}

    answer = scim("PUT", f"/Users/{user['id']}", body)

    assert (answer.status_code, answer.json["active"]) == (200, False)
    (event,) = told()
    assert event.kind == "disabled"
    # Its externalId was replaced away in the same request, and still names them.
    assert event.names.ids == (user["id"],)
    assert event.names.numbers == ("00uleaver0000000001d7",)


def test_put_that_is_silent_about_active_leaves_it_as_it_is(a_user, scim, told):
    user = a_user(active=False)

    answer = scim("PUT", f"/Users/{user['id']}", {"userName": "dana"})

    assert (answer.json["active"], answer.json["userName"]) == (False, "dana")
    assert told() == []


@pytest.mark.parametrize(
    "operations",
    [
        [("replace", "active", False), ("replace", "active", True)],
        [("replace", "active", "False"), ("add", "active", "True")],
        [("replace", "userName", "dana.roe@example.com")],
        [("replace", "active", True)],
        [("replace", "title", "Boss"), ("add", "nickName", "D")],
    ],
    ids=str,
)
def test_only_the_net_change_of_a_patch_counts(a_user, patch, told, operations):
    sent = [{"op": op, "path": path, "value": value} for op, path, value in operations]

    answer = patch(a_user(), *sent)

    assert (answer.status_code, answer.json["active"]) == (200, True)
    assert told() == []


def test_operations_are_done_in_their_order(a_user, patch, kinds):
    answer = patch(
        a_user(),
        {"op": "replace", "path": "active", "value": True},
        {"op": "replace", "path": "active", "value": False},
    )

    assert answer.json["active"] is False
    assert kinds() == ["disabled"]


@pytest.mark.parametrize(
    ("bad", "keyword"),
    [
        ({"op": "replace", "path": "active", "value": "off"}, "invalidValue"),
        ({"op": "delete", "path": "active"}, "invalidSyntax"),
        ({"op": None, "path": "active"}, "invalidSyntax"),
        ({"path": "active", "value": False}, "invalidSyntax"),
        ("active", "invalidSyntax"),
        (None, "invalidSyntax"),
        ({"op": "remove", "path": "active"}, "mutability"),
        ({"op": "Remove", "path": f"{CORE}:active"}, "mutability"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "remove", "path": "userName"}, "mutability"),
        ({"op": "replace", "path": "userName", "value": " "}, "invalidValue"),
        ({"op": "replace", "path": "userName", "value": "x" * 1025}, "invalidValue"),
        ({"op": "replace", "path": "id", "value": "mine"}, "mutability"),
        ({"op": "replace", "path": "active"}, "invalidValue"),
        ({"op": "replace", "value": "active"}, "invalidValue"),
        ({"op": "replace", "value": [{"active": False}]}, "invalidValue"),
        ({"op": "replace", "path": "((", "value": False}, "invalidPath"),
        ({"op": "replace", "path": "a" * 600, "value": False}, "invalidPath"),
        ({"op": "replace", "path": 5, "value": False}, "invalidPath"),
        ({"op": "replace", "path": ["active"], "value": False}, "invalidPath"),
        ({"op": "replace", "path": "active.value", "value": False}, "invalidPath"),
        ({"op": "replace", "path": "active [value eq 1]", "value": 0}, "invalidPath"),
        ({"op": "replace", "value": {"active.value": False}}, "invalidPath"),
        (
            {"op": "replace", "value": {"active": False, "ACTIVE": True}},
            "invalidSyntax",
        ),
        (
            {"op": "replace", "value": {"active": False, f"{CORE}:active": True}},
            "invalidSyntax",
        ),
        ({"op": "replace", "path": "emails", "value": "x"}, "invalidValue"),
    ],
    ids=str,
)
def test_one_bad_operation_undoes_the_whole_patch(
    a_user, patch, scim, told, bad, keyword
):
    user = a_user()

    answer = patch(user, {"op": "replace", "path": "active", "value": False}, bad)

    assert (answer.status_code, answer.json["scimType"]) == (400, keyword)
    assert scim("GET", f"/Users/{user['id']}").json == user
    assert told() == []


@pytest.mark.parametrize(
    ("body", "keyword"),
    [
        ({"Operations": []}, "invalidValue"),
        ({}, "invalidValue"),
        ({"Operations": None}, "invalidValue"),
        ({"Operations": {"op": "replace"}}, "invalidSyntax"),
        ({"Operations": "replace"}, "invalidSyntax"),
        ({"Operations": [{"op": "add", "value": {}}] * 201}, "invalidValue"),
        ({"Operations": [{"op": "add", "value": MANY}]}, "invalidValue"),
    ],
    ids=lambda one: str(one)[:40],
)
def test_a_patch_that_holds_no_operations_is_refused(a_user, scim, body, keyword):
    user = a_user()

    answer = scim("PATCH", f"/Users/{user['id']}", {"schemas": [PATCH], **body})

    assert (answer.status_code, answer.json["scimType"]) == (400, keyword)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "title", "value": "Boss"},
        {"op": "replace", "path": 'phoneNumbers[type eq "work"].value', "value": "1"},
        {"op": "replace", "path": "name.familyName", "value": "Lee"},
        {"op": "replace", "value": {'phoneNumbers[type eq "work"].value': "1"}},
        {"op": "replace", "value": {"name.givenName": "D", "x y z [": 1}},
        {"op": "add", "path": "urn:example:custom:2.0:User:badge", "value": 9},
        {"op": "remove", "path": "title"},
    ],
    ids=str,
)
def test_attributes_that_are_not_kept_here_do_not_stop_a_deactivation(
    a_user, patch, kinds, operation
):
    answer = patch(
        a_user(), operation, {"op": "replace", "path": "active", "value": "False"}
    )

    assert answer.status_code == 200
    assert kinds() == ["disabled"]


def test_numbers_for_ids_do_not_stop_a_deactivation(a_user, patch, told):

    answer = patch(
        a_user(),
        {"op": "add", "path": f"{ENTERPRISE}:employeeNumber", "value": 157},
        {"op": "replace", "path": "active", "value": False},
    )

    assert answer.json[ENTERPRISE] == {"employeeNumber": "157"}
    assert told()[0].names.numbers[-1] == "157"


def test_an_email_entra_filters_for_is_added_where_there_is_none(scim, patch):
    user = scim("POST", "/Users", {"userName": "dana"}).json

    answer = patch(
        user,
        {"op": "Add", "path": 'emails[type eq "work"].value', "value": "d@example.com"},
    )

    assert answer.json["emails"] == [{"type": "work", "value": "d@example.com"}]
