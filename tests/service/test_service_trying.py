"""The report channels tried over HTTP: a test goes out, and how it fared is told."""

from fake_desk import NOW

from service.notice_schemas import NOTICE
from workers.offboarding.model import Channel, ReportState
from workers.offboarding.notice import NoticeLine

TEST = "/api/notices/test"


def test_a_test_is_taken_in_with_where_it_is_told_how_it_fares(
    client, desk, as_operator, as_viewer
):
    answer = client.post(TEST, headers=as_operator)

    assert answer.status_code == 202
    assert answer.headers["Location"] == "/api/notices/test-1"
    assert desk.tried == ["helpdesk"]
    pending = {
        "state": "pending",
        "at": None,
        "tries": 0,
        "detail": "",
        "mend": None,
        "account_id": None,
    }
    assert answer.json == {
        "notice": {
            "id": "test-1",
            "kind": "test",
            "at": "2026-02-16T10:02:11.000Z",
            "channels": [
                {"channel": "mail", **pending},
                {"channel": "slack", **pending},
            ],
        }
    }
    shown = client.get(answer.headers["Location"], headers=as_viewer)
    assert shown.json == answer.json["notice"]


def test_who_has_several_tokens_is_named_as_the_person(client, desk, as_approver):
    client.post(TEST, headers=as_approver)

    assert desk.tried == ["sam"]


def test_what_a_channel_said_comes_with_how_it_is_mended(
    client, desk, as_operator, as_viewer
):
    slack = NoticeLine(Channel.SLACK, ReportState.FAILED, NOW, 1, "not_in_channel")
    desk.trial_lines = (slack,)
    client.post(TEST, headers=as_operator)

    [channel] = client.get("/api/notices/test-1", headers=as_viewer).json["channels"]

    assert channel["mend"] == NOTICE["channels"][1]["mend"]
    assert (channel["state"], channel["detail"]) == ("failed", "not_in_channel")


def test_a_second_test_right_away_is_put_off(client, desk, as_operator):
    client.post(TEST, headers=as_operator)

    answer = client.post(TEST, headers=as_operator)

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "8"
    assert answer.json["type"] == "/problems/too-soon"
    assert "test-1" in answer.json["detail"]


def test_without_a_channel_there_is_nothing_to_test(client, desk, as_operator):
    desk.trial_lines = ()

    answer = client.post(TEST, headers=as_operator)

    assert answer.status_code == 409
    assert answer.json["reason"] == "no_channel"


def test_a_viewer_sends_no_test(client, desk, as_viewer):
    assert client.post(TEST, headers=as_viewer).status_code == 403
    assert desk.tried == []


def test_a_notice_that_is_not_there(client, as_viewer):
    answer = client.get("/api/notices/nothing", headers=as_viewer)

    assert answer.status_code == 404
    assert answer.json["type"] == "/problems/no-such-notice"


def test_a_store_that_is_away_sends_no_test(client, desk, as_operator):
    desk.away = True

    assert client.post(TEST, headers=as_operator).status_code == 503


def test_a_body_says_nothing_here(client, desk, as_operator):
    answer = client.post(TEST, json={"channel": "slack"}, headers=as_operator)

    assert answer.status_code == 422
    assert desk.tried == []


def test_the_room_of_one_account_is_tried_and_named(client, desk, as_operator):
    desk.trial_lines = (NoticeLine(Channel.MAIL, room="b1f3"),)

    answer = client.post(TEST, json={"account_id": "b1f3"}, headers=as_operator)

    assert answer.status_code == 202
    assert desk.tried_in == ["b1f3"]
    assert answer.json["notice"]["channels"][0]["account_id"] == "b1f3"


def test_an_account_without_a_room_is_said_to_have_none(client, desk, as_operator):
    desk.unknown_accounts = {"b1f3"}

    answer = client.post(TEST, json={"account_id": "b1f3"}, headers=as_operator)

    assert (answer.status_code, desk.tried) == (409, [])
