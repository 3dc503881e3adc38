"""Targets that an approver accepts as not readable, for a while."""

from datetime import timedelta

import pytest
from fake_desk import NOW

from workers.offboarding.model import BlindSpot

URL = "/api/blind-spots"
PLACE = {"account_id": "a1", "region": "us-south", "resource_group": "9f6b"}
BODY = PLACE | {"reason": "the cluster is being made", "days": 7}
SPOT = BlindSpot(
    "a1/us-south/9f6b",
    "the cluster is being made",
    "lead",
    NOW,
    NOW + timedelta(days=7),
)
SHOWN = {
    **PLACE,
    "reason": "the cluster is being made",
    "accepted_by": "lead",
    "accepted_at": "2026-02-16T10:02:11.000Z",
    "until": "2026-02-23T10:02:11.000Z",
}


@pytest.fixture
def post(client, as_approver):
    def posted(body, path=URL):
        return client.post(path, json=body, headers=as_approver)

    return posted


def test_a_target_is_accepted_as_not_readable_until_its_day(desk, post):
    answer = post(BODY)

    assert answer.status_code == 202
    assert answer.json == {"blind_spot": SHOWN}
    assert desk.spots == {"a1/us-south/9f6b": SPOT}


def test_what_is_accepted_is_listed_for_everybody_who_may_look(client, desk, as_viewer):
    desk.spots["x"] = SPOT

    answer = client.get(URL, headers=as_viewer)

    assert answer.json == {"blind_spots": [SHOWN]}


def test_nothing_accepted_is_an_empty_list(client, as_viewer):
    assert client.get(URL, headers=as_viewer).json == {"blind_spots": []}


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"account_id": None}, "account_id"),
        ({"account_id": "a/1"}, "account_id"),
        ({"region": "US South"}, "region"),
        ({"region": "us-south/9f6b"}, "region"),
        ({"resource_group": "my payments"}, "resource_group"),
        ({"resource_group": ""}, "resource_group"),
        ({"resource_group": "9f/6b"}, "resource_group"),
        ({"reason": ""}, "reason"),
        ({"reason": "   "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "a\nb"}, "reason"),
        ({"days": 0}, "days"),
        ({"days": 31}, "days"),
        ({"days": "7"}, "days"),
        ({"days": 7.5}, "days"),
        ({"days": True}, "days"),
        ({"until": "2026-02-23T10:02:11Z"}, "until"),
    ],
)
def test_nothing_is_accepted_without_a_place_a_word_and_an_end(
    desk, post, changed, path
):
    answer = post(BODY | changed)

    assert answer.status_code == 422
    assert path in answer.json["errors"]
    assert desk.spots == {}


@pytest.mark.parametrize("name", list(BODY))
def test_every_field_has_to_be_said(desk, post, name):
    answer = post({one: BODY[one] for one in BODY if one != name})

    assert (answer.status_code, list(answer.json["errors"])) == (422, [name])
    assert desk.spots == {}


def test_a_month_is_the_most(desk, post):
    answer = post(BODY | {"days": 30})

    assert answer.json["blind_spot"]["until"] == "2026-03-18T10:02:11.000Z"


def test_an_account_that_is_not_here_is_a_conflict(desk, post):
    desk.unknown_accounts = {"a1"}

    answer = post(BODY)

    assert (answer.status_code, answer.json["reason"]) == (409, "no_such_account")


def test_an_acceptance_is_taken_back_and_the_second_time_there_is_none(desk, post):
    desk.spots["a1/us-south/9f6b"] = SPOT

    answers = [post(PLACE, f"{URL}/withdraw") for _ in range(2)]

    assert [(one.status_code, one.json) for one in answers] == [
        (202, {"withdrawn": True}),
        (202, {"withdrawn": False}),
    ]


def test_taking_back_names_the_target_and_nothing_else(desk, post):
    desk.spots["a1/us-south/9f6b"] = SPOT

    answer = post(BODY, f"{URL}/withdraw")

    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"reason", "days"}
    assert len(desk.spots) == 1


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_store_that_is_away_is_no_empty_list(client, desk, as_approver, method):
    desk.away = True

    answer = client.open(
        URL,
        method=method,
        headers=as_approver,
        **({"json": BODY} if method == "post" else {}),
    )

    assert answer.status_code == 503
