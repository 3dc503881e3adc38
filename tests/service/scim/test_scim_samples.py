"""Our own samples, played as `offboard source send` plays them."""

from datetime import timedelta

import pytest
from fake_desk import NOW

from service.sources.samples.sample import Asked
from service.sources.samples.scim import SAMPLES

BY_KIND = {one.kind: one for one in SAMPLES}


@pytest.fixture
def play(client, settings):
    def played(kind, user="dana.lee@example.com", at=NOW):
        statuses, user_id = [], None
        for one in BY_KIND[kind].make(Asked(user, at, settings)):
            answer = client.open(
                one.path.replace("{id}", user_id or "{id}"),
                method=one.method,
                data=one.body,
                headers=dict(one.headers),
            )
            statuses.append(answer.status_code)
            user_id = answer.json["id"] if answer.data else user_id
        return statuses

    return played


@pytest.mark.parametrize(
    ("kind", "statuses", "heard"),
    [
        ("deactivate", [201, 200, 204], ["disabled"]),
        ("deactivate-okta", [201, 200, 204], ["disabled"]),
        ("deactivate-okta-patch", [201, 200, 204], ["disabled"]),
        ("delete", [201, 204], ["deleted"]),
        ("reactivate", [201, 200, 200], ["disabled", "reactivated"]),
        ("create", [201], []),
    ],
)
def test_each_sample_tells_what_it_is_to_tell(play, kinds, desk, kind, statuses, heard):
    assert play(kind) == statuses

    assert kinds() == heard
    assert {one.leaver.email for one in desk.departures} <= {"dana.lee@example.com"}
    assert len(desk.departures) == min(len(heard), 1)


def test_the_samples_are_all_tried_here():
    assert set(BY_KIND) == {
        "deactivate",
        "deactivate-okta",
        "deactivate-okta-patch",
        "delete",
        "reactivate",
        "create",
    }


def test_two_plays_are_two_events(play, told):
    play("deactivate")
    play("deactivate", at=NOW + timedelta(seconds=1))

    keys = [one.key for one in told()]
    assert len(keys) == 2
    assert len(set(keys)) == 2


def test_a_person_given_by_an_iam_id_is_left_to_the_identity_map(play, desk):
    assert play("delete", user="IBMid-550000ABCD") == [201, 204]

    assert desk.departures == []
    assert len(desk.kept) == 1
