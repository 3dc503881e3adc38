from dataclasses import replace

import pytest
from fake_desk import NOW
from scim_scenes import CORE, TOKEN

from service.app import create_app


@pytest.fixture
def people(a_user):
    """Three people, by their name."""
    return {
        name: a_user(
            userName=f"{name}@Example.com",
            externalId=external,
            emails=[
                {"value": f"{name}@example.com", "type": "work", "primary": True},
                {"value": f"{name}@home.example.com", "type": "home"},
            ],
        )["id"]
        for name, external in (("dana", "E-1"), ("kim", "E-1"), ("Straße", "e-1"))
    }


@pytest.fixture
def found(scim):
    def names(filter_, **query):
        answer = scim("GET", "/Users", query_string={"filter": filter_, **query})
        assert answer.status_code == 200, answer.text
        assert answer.json["itemsPerPage"] == len(answer.json["Resources"])
        return [one["userName"].split("@")[0] for one in answer.json["Resources"]]

    return names


@pytest.mark.parametrize(
    ("filter_", "names"),
    [
        ('userName eq "dana@example.com"', ["dana"]),
        ('USERNAME EQ "DANA@EXAMPLE.COM"', ["dana"]),
        ('userName eq "STRASSE@example.com"', []),
        ('userName eq "STRAßE@example.com"', ["Straße"]),
        (f'{CORE}:userName eq "kim@example.com"', ["kim"]),
        ('userName eq "dana"', []),
        ('externalId eq "E-1"', ["dana", "kim"]),
        ('externalId eq "e-1"', ["Straße"]),
        ('externalId eq "E-"', []),
        ('emails[type eq "work"].value eq "dana@example.com"', ["dana"]),
        ('emails[type eq "work" and value eq "DANA@example.com"]', ["dana"]),
        ('emails[type eq "home"].value eq "dana@example.com"', []),
        ('emails[type eq "home"].value eq "dana@home.example.com"', ["dana"]),
        ('emails.value eq "kim@home.example.com"', ["kim"]),
        ('emails eq "kim@home.example.com"', ["kim"]),
        ('externalId eq "E-1" and userName eq "kim@example.com"', ["kim"]),
        ('externalId eq "E-1" and userName eq "Straße@example.com"', []),
        ('(externalId eq "E-1") and emails.value eq "dana@example.com"', ["dana"]),
        ('userName eq "\\u0064ana@example.com"', ["dana"]),
        ('userName eq "nobody\\" or userName pr"', []),
        ('id eq "nobody"', []),
    ],
)
def test_users_are_found_by_what_clients_search_by(people, found, filter_, names):
    assert found(filter_) == names


def test_a_user_is_found_by_their_id(people, found):
    assert found(f'id eq "{people["kim"]}"') == ["kim"]


@pytest.mark.parametrize(
    "filter_",
    [
        "",
        " ",
        "userName",
        "userName eq",
        "userName eq dana",
        "userName eq 5",
        "userName eq null",
        "userName eq true",
        'userName co "dana"',
        'userName sw "dana"',
        'userName ne "dana"',
        "userName pr",
        'displayName eq "Dana"',
        "active eq true",
        'active eq "true"',
        'userName eq "a" or userName eq "b"',
        'not (userName eq "a")',
        'emails[type eq "work"]',
        'emails[value co "a"]',
        'emails[type eq "work" or value eq "a"].value eq "b"',
        'emails[primary eq true].value eq "b"',
        'emails.type eq "work"',
        'userName.value eq "a"',
        'urn:example:2.0:User:userName eq "a"',
        'userName eq "a" and userName',
        'userName eq "a" and title eq "b"',
        "(" * 500 + 'userName eq "a"' + ")" * 500 + " x",
        'userName eq "' + "a" * 3000 + '"',
        'userName eq "a\x00b"',
        "\x00",
    ],
    ids=lambda one: repr(one)[:50],
)
def test_other_filters_are_refused(scim, filter_):
    answer = scim("GET", "/Users", query_string={"filter": filter_})

    assert (answer.status_code, answer.json["scimType"]) == (400, "invalidFilter")


def test_filters_are_repeated_nowhere(scim):
    answer = scim("GET", "/Users", query_string={"filter": 'secretName eq "dana"'})

    assert "secretName" not in answer.text


def test_users_are_listed_page_by_page_from_the_oldest(people, scim):
    pages = [
        scim("GET", f"/Users?startIndex={start}&count=2").json for start in (1, 3, 5)
    ]

    listed = [[one["id"] for one in page["Resources"]] for page in pages]
    assert listed[0] + listed[1] == sorted(people.values())
    assert listed[2] == []
    assert [page["totalResults"] for page in pages] == [3, 3, 3]
    assert [page["startIndex"] for page in pages] == [1, 3, 5]
    assert [page["itemsPerPage"] for page in pages] == [2, 1, 0]


@pytest.mark.parametrize(
    ("query", "length"),
    [
        ("count=0", 0),
        ("count=-5", 0),
        ("startIndex=-1&count=1", 1),
        ("startIndex=0", 3),
        ("startIndex=999999999", 0),
        ("count=999999999", 3),
        ("count=", 3),
        ('filter=externalId eq "E-1"&count=1', 1),
        ('filter=externalId eq "E-1"&startIndex=2', 1),
        ('filter=externalId eq "E-1"&count=0', 0),
    ],
)
def test_numbers_of_a_page_are_taken_as_the_protocol_says(people, scim, query, length):
    answer = scim("GET", f"/Users?{query}")

    assert len(answer.json["Resources"]) == length
    assert answer.json["totalResults"] == (2 if "filter" in query else 3)


@pytest.mark.parametrize("number", ["x", "1.5", "1e3", "\uff19", "9" * 5000, "0x1"])
@pytest.mark.parametrize("name", ["startIndex", "count"])
def test_what_is_no_number_is_refused(scim, name, number):
    answer = scim("GET", "/Users", query_string={name: number})

    assert (answer.status_code, answer.json["scimType"]) == (400, "invalidValue")


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("attributes=userName", {"schemas", "id", "userName"}),
        ("attributes=emails,active", {"schemas", "id", "emails", "active"}),
        ("attributes=nothing", {"schemas", "id"}),
        (
            "excludedAttributes=emails,meta",
            {"schemas", "id", "externalId", "userName", "active"},
        ),
    ],
)
def test_a_client_says_which_attributes_it_wants(people, scim, query, kept):
    one = scim("GET", f"/Users/{people['kim']}?{query}").json
    (listed, *_) = scim("GET", f"/Users?{query}").json["Resources"]

    assert set(one) == kept
    assert set(listed) == kept


@pytest.mark.parametrize(
    "query",
    [
        "attributes=userName&excludedAttributes=emails",
        "attributes=((",
        "attributes=" + "a," * 2000,
    ],
)
def test_attributes_that_cannot_be_told_are_refused(scim, query):
    answer = scim("GET", f"/Users?{query}")

    assert (answer.status_code, answer.json["status"]) == (400, "400")


def test_there_are_no_groups(scim):
    listed = scim("GET", '/Groups?filter=displayName eq "x"&excludedAttributes=members')

    assert listed.json["totalResults"] == 0
    assert listed.json["Resources"] == []
    one = scim("GET", "/Groups/1")
    assert one.status_code == 501
    for method, path in [
        ("POST", "/Groups"),
        ("PATCH", "/Groups/1"),
        ("PUT", "/Groups/1"),
        ("DELETE", "/Groups/1"),
    ]:
        assert scim(method, path, {"displayName": "x"}).status_code == 501


def test_what_is_served_is_said(scim):
    config = scim("GET", "/ServiceProviderConfig").json
    kinds = scim("GET", "/ResourceTypes").json
    schemas = scim("GET", "/Schemas").json

    assert {
        name: config[name]["supported"]
        for name in ("patch", "filter", "bulk", "sort", "etag", "changePassword")
    } == {
        "patch": True,
        "filter": True,
        "bulk": False,
        "sort": False,
        "etag": False,
        "changePassword": False,
    }
    assert [one["endpoint"] for one in kinds["Resources"]] == ["/Users"]
    user = next(one for one in schemas["Resources"] if one["id"] == CORE)
    assert [one["name"] for one in user["attributes"]] == [
        "externalId",
        "userName",
        "active",
        "emails",
    ]


def test_each_schema_and_each_kind_is_read_by_its_id(scim):
    for path in ("/Schemas", "/ResourceTypes"):
        for one in scim("GET", path).json["Resources"]:
            assert scim("GET", f"{path}/{one['id']}").json == one
        assert scim("GET", f"{path}/none").status_code == 404


def test_places_are_named_by_the_public_address_where_it_is_known(desk, settings):
    public = replace(settings, public_url="https://offboard.example.com/base/")
    client = create_app(public, desk, clock=lambda: NOW).test_client()
    headers = {"Authorization": f"Bearer {TOKEN}", "Host": "evil.example.net"}

    answer = client.post("/scim/v2/Users", json={"userName": "d"}, headers=headers)

    place = f"https://offboard.example.com/base/scim/v2/Users/{answer.json['id']}"
    assert answer.headers["Location"] == place
    assert answer.json["meta"]["location"] == place
