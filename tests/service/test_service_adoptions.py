"""Taking targets over before anybody leaves."""

import pytest

from config.accounts import AccountSettings, FunctionalIdRule
from workers.offboarding.model import Adoption, AdoptionAsked, Leaver, Scope

URL = "/api/adoptions"
SERVICE_ID = "iam-ServiceId-123e4567-e89b-12d3-a456-426614174000"


@pytest.fixture
def ask(client, as_approver):
    def asked(body, **headers):
        named = {name.replace("_", "-"): one for name, one in headers.items()}
        return client.post(URL, json=body, headers=as_approver | named)

    return asked


def test_an_adoption_is_opened_as_it_was_asked_for(desk, ask):
    answer = ask(
        {
            "account_id": "a1",
            "regions": ["us-south", "eu-de", "us-south"],
            "resource_groups": ["payments"],
            "from": " Dana.Lee@Example.com ",
            "functional_id": "iks-functional-1",
            "dry_run": True,
            "reason": "before the summer",
        },
        X_Request_ID="req-12345678",
    )

    assert answer.status_code == 202
    assert desk.adoptions == [
        AdoptionAsked(
            Adoption("a1", "iks-functional-1", has_from=True),
            leaver=Leaver("dana.lee@example.com"),
            scope=Scope(("us-south", "eu-de"), ("payments",)),
            dry_run=True,
            reason="before the summer",
            actor="lead",
            person="sam",
            request_id="req-12345678",
        )
    ]


def test_the_account_is_enough_and_then_everybody_is_meant(desk, ask):
    answer = ask({"account_id": "a1"})

    case = answer.json["case"]
    assert (case["kind"], case["leaver"], case["dry_run"]) == ("adoption", None, False)
    assert answer.headers["Location"] == f"/api/cases/{case['id']}"
    assert answer.headers["Offboard-Opened-As"] == "new"
    assert desk.adoptions == [
        AdoptionAsked(
            Adoption("a1"),
            actor="lead",
            person="sam",
            request_id=answer.headers["X-Request-ID"],
        )
    ]


def test_an_adoption_from_somebody_shows_them(ask):
    case = ask({"account_id": "a1", "from": "IBMid-550000ABCD"}).json["case"]

    assert case["leaver"] == {"email": None, "iam_id": "IBMid-550000ABCD", "name": None}


def test_a_functional_id_that_is_a_service_id_can_be_replaced(desk, ask):
    ask({"account_id": "a1", "from": SERVICE_ID, "functional_id": "IBMid-9"})

    (asked,) = desk.adoptions
    assert asked.leaver == Leaver(iam_id=SERVICE_ID)
    assert asked.adoption == Adoption("a1", "IBMid-9", has_from=True)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (None, "account_id"),
        ({}, "account_id"),
        ({"account_id": ""}, "account_id"),
        ({"account_id": "a/1"}, "account_id"),
        ({"account_id": None}, "account_id"),
        ({"account_id": "a1", "account": "a1"}, "account"),
        ({"account_id": "a1", "owner": "dana.lee@example.com"}, "owner"),
        ({"account_id": "a1", "effective_at": "2026-03-31T17:00:00Z"}, "effective_at"),
        ({"account_id": "a1", "dry_run": "false"}, "dry_run"),
        ({"account_id": "a1", "regions": []}, "regions"),
        ({"account_id": "a1", "regions": ["US"]}, "regions.0"),
        ({"account_id": "a1", "resource_groups": ["a\nb"]}, "resource_groups.0"),
        ({"account_id": "a1", "from": ""}, "from"),
        ({"account_id": "a1", "from": None}, "from"),
        ({"account_id": "a1", "from": "dana"}, "from"),
        ({"account_id": "a1", "from": "a@example.com,b@example.com"}, "from"),
        ({"account_id": "a1", "from": "iam-Profile-123e4567"}, "from"),
        ({"account_id": "a1", "from": "iam-ServiceId-"}, "from"),
        ({"account_id": "a1", "from": f"{SERVICE_ID} x"}, "from"),
        ({"account_id": "a1", "functional_id": ""}, "functional_id"),
        ({"account_id": "a1", "functional_id": "a\x1bb"}, "functional_id"),
        ({"account_id": "a1", "reason": "x" * 501}, "reason"),
    ],
)
def test_a_fault_is_told_by_its_path_and_nothing_is_opened(desk, ask, body, path):
    answer = ask(body)

    assert answer.status_code == 422
    assert path in answer.json["errors"]
    assert desk.adoptions == []


def test_an_account_that_is_not_here_is_a_conflict(desk, ask):
    desk.unknown_accounts = {"acc9"}

    answer = ask({"account_id": "acc9"})

    assert (answer.status_code, answer.json["reason"]) == (409, "no_such_account")


def test_the_same_key_is_the_same_adoption_and_another_body_a_conflict(desk, ask):
    body = {"account_id": "a1", "from": "dana.lee@example.com"}
    first = ask(body, Idempotency_Key="k1")

    again = ask(body, Idempotency_Key="k1")
    other = ask(body | {"from": "kim@example.com"}, Idempotency_Key="k1")

    assert again.json["case"]["id"] == first.json["case"]["id"]
    assert again.headers["Offboard-Opened-As"] == "repeated"
    assert (other.status_code, other.json["reason"]) == (409, "idempotency_key")
    assert len(desk.adoptions) == 1


def test_a_key_of_a_departure_is_no_key_of_an_adoption(client, desk, ask, as_approver):
    headers = as_approver | {"Idempotency-Key": "k1"}
    client.post("/offboard/dana.lee@example.com", headers=headers)

    answer = ask({"account_id": "a1"}, Idempotency_Key="k1")

    assert answer.headers["Offboard-Opened-As"] == "new"


def test_a_store_that_is_away_takes_no_adoption(desk, ask):
    desk.away = True

    answer = ask({"account_id": "a1"})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"


@pytest.fixture
def ask_known(with_settings, as_approver):
    """Asks a service that knows the accounts, and not their keys."""
    rules = (FunctionalIdRule("iks-functional-1"), FunctionalIdRule("iks-billing"))
    accounts = (
        AccountSettings("a1", rules=rules),
        AccountSettings("a2", rules=(FunctionalIdRule("other"),)),
        AccountSettings("a3"),
    )
    client = with_settings(accounts_file=accounts)

    def asked(**body):
        return client.post(URL, json={"account_id": "a1"} | body, headers=as_approver)

    return asked


@pytest.mark.parametrize(
    ("account_id", "name", "there"),
    [
        ("a1", "nobody", "there are: iks-functional-1, iks-billing."),
        ("a1", "IKS-billing", "there are: iks-functional-1, iks-billing."),
        ("a1", "other", "there are: iks-functional-1, iks-billing."),
        ("a2", "nobody", "there are: other."),
        ("a3", "nobody", "it has none."),
    ],
)
def test_a_functional_id_that_the_account_has_not_is_told_with_those_it_has(
    desk, ask_known, account_id, name, there
):
    answer = ask_known(account_id=account_id, functional_id=name)

    assert answer.status_code == 422
    assert answer.json["errors"] == {
        "functional_id": [f"No functional ID of this account is called {name}; {there}"]
    }
    assert desk.adoptions == []


@pytest.mark.parametrize(
    "name",
    ["iks-billing", "IBMid-550000ABCD", SERVICE_ID, "iam-Profile-1", "f@example.com"],
)
def test_a_functional_id_is_named_as_the_file_does_or_by_its_iam_id(
    desk, ask_known, name
):
    assert ask_known(functional_id=name).status_code == 202
    assert [one.adoption.functional_id for one in desk.adoptions] == [name]


@pytest.mark.parametrize("name", ["iks-functional-1", " iks-billing "])
def test_a_functional_id_that_is_to_be_replaced_is_named_by_its_iam_id(
    desk, ask_known, name
):
    answer = ask_known(**{"from": name})

    assert answer.status_code == 422
    assert answer.json["errors"] == {
        "from": [
            "That is a functional ID's name; give its IAM ID, which "
            "`offboard exposure -o json` shows."
        ]
    }
    assert desk.adoptions == []


def test_names_in_an_account_that_is_not_here_are_left_to_the_desk(desk, ask_known):
    desk.unknown_accounts = {"acc9"}

    answer = ask_known(account_id="acc9", functional_id="nobody")

    assert (answer.status_code, answer.json["reason"]) == (409, "no_such_account")


def test_where_no_account_is_known_any_name_of_a_functional_id_passes(ask):
    answer = ask({"account_id": "a1", "functional_id": "nobody"})

    assert answer.status_code == 202
