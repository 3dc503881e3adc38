"""Who owns a target's key, and what is said when it cannot be seen."""

import json
from dataclasses import replace

import pytest

from simulator import Fault, delay, drop_before, status, truncate
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import KeyOwner, OwnerKind, Unread

PROD = "5c49eabcf5e85881a37e2d100a33b3df"
ACCOUNT = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"
FUNCTIONAL = "IBMid-6600001FID"
READER = "iam-ServiceId-0a1b2c3d-1111-2222-3333-444455556666"
LEAVER = KeyOwner(
    "IBMid-550000ABCD", "Dana Lee", "dana.lee@example.com", OwnerKind.PERSON
)
OWNER_OF_C1 = "GET /global/v1/logging/c1/clusterkeyowner"


def owner_path(cluster_id: str) -> str:
    return f"/global/v1/logging/{cluster_id}/clusterkeyowner"


def body(code: str) -> str:
    return json.dumps({"code": code, "incidentID": "inc-1"})


def test_the_owner_is_read_through_the_first_cluster_alone(simulator, cloud, target):
    reading = cloud.key_owner(target("c1", "c2"))

    assert reading == LEAVER
    owners = [c.path for c in simulator.journal.calls("GET")]
    assert owners == [owner_path("c1")]


def test_the_reader_reads_and_names_region_group_and_account(simulator, cloud, target):
    cloud.key_owner(target("c1"))

    (call,) = simulator.journal.calls("GET", owner_path("c1"))
    assert call.caller == READER
    assert call.headers == {
        "X-Region": "us-south",
        "X-Auth-Resource-Group": PROD,
        "X-Auth-Resource-Group-ID": PROD,
        "X-Auth-Resource-Account": ACCOUNT,
    }


@pytest.mark.parametrize(
    ("owner", "kind"),
    [(FUNCTIONAL, OwnerKind.FUNCTIONAL_ID), (READER, OwnerKind.SERVICE_ID)],
)
def test_our_functional_id_and_service_ids_are_told_apart(
    scene, cloud, target, owner, kind
):
    scene.set_owner("us-south", PROD, owner)

    assert cloud.key_owner(target("c1")).kind is kind


@pytest.mark.parametrize(
    ("answer", "owner"),
    [
        ({"id": "SL-1"}, KeyOwner("SL-1", None, None, OwnerKind.UNKNOWN)),
        (
            {"id": "SL-1", "email": "A@Example.com"},
            KeyOwner("SL-1", None, "a@example.com", OwnerKind.PERSON),
        ),
        (
            {"id": "IBMid-1", "name": "", "email": 5},
            KeyOwner("IBMid-1", None, None, OwnerKind.PERSON),
        ),
    ],
)
def test_a_partial_owner_is_read_as_far_as_it_goes(
    far, far_cloud, target, answer, owner
):
    far.says(OWNER_OF_C1, answer)

    assert far_cloud.key_owner(target("c1")) == owner


@pytest.mark.parametrize(
    "answer", [{}, {"id": None}, {"id": "  "}, {"email": "dana.lee@example.com"}, ""]
)
def test_an_answer_without_an_id_is_owner_unknown_not_somebody_else(
    far, far_cloud, target, answer
):
    far.says(OWNER_OF_C1, answer)

    reading = far_cloud.key_owner(target("c1"))

    assert isinstance(reading, Unread)
    assert reading.reason is Reason.OWNER_UNKNOWN


def test_a_target_without_a_readable_cluster_is_no_cluster(simulator, cloud, target):
    gone = target("c1")
    gone = replace(gone, clusters=(replace(gone.clusters[0], readable=False),))

    for one in (target(), gone):
        reading = cloud.key_owner(one)
        assert isinstance(reading, Unread)
        assert reading.reason is Reason.NO_CLUSTER
    assert simulator.journal.calls() == []


@pytest.mark.parametrize(
    "action",
    [
        status(404, body("G0004")),
        status(404, body("A0006")),
        status(401, body("P0005")),
        status(403, "<html>no</html>"),
        status(500, ""),
        status(302, "", {"Location": "/elsewhere"}),
        drop_before(),
        truncate(9),
    ],
)
def test_when_one_cluster_fails_the_next_is_asked(simulator, cloud, target, action):
    simulator.faults.add(Fault("GET", owner_path("c1"), action))

    assert cloud.key_owner(target("c1", "c2")) == LEAVER


@pytest.mark.usefixtures("short_timeouts")
def test_a_cluster_that_does_not_answer_in_time_gives_way(simulator, cloud, target):
    simulator.faults.add(Fault("GET", owner_path("c1"), delay(9.0)))

    assert cloud.key_owner(target("c1", "c2")) == LEAVER


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (status(403), status(404, body("G0004")), Reason.NOT_FOUND),
        (status(401, body("P0005")), status(403), Reason.KEY_NOT_USABLE),
        (status(503), status(403), Reason.UNREACHABLE),
    ],
)
def test_when_all_fail_and_one_may_recover_it_is_to_be_tried_again(
    simulator, cloud, target, first, second, reason
):
    simulator.faults.add(Fault("GET", owner_path("c1"), first))
    simulator.faults.add(Fault("GET", owner_path("c2"), second))

    with pytest.raises(TransientError) as caught:
        cloud.key_owner(target("c1", "c2"))

    assert caught.value.reason is reason


def test_when_all_refuse_for_good_it_is_unread_with_the_last_reason(
    simulator, cloud, target
):
    simulator.faults.add(Fault("GET", owner_path("c1"), status(403)))
    simulator.faults.add(Fault("GET", owner_path("c2"), status(400, body("G3917"))))

    reading = cloud.key_owner(target("c1", "c2"))

    assert isinstance(reading, Unread)
    assert reading.reason is Reason.WRONG_PROVIDER
    assert reading.detail == (
        "Reading the key owner: IBM Cloud answered 400 G3917 (request inc-1)"
    )


def test_a_429_is_not_answered_by_asking_the_next_cluster(simulator, cloud, target):
    plain = status(429, "User based rate limit", {"Retry-After": "3"}, "text/plain")
    simulator.faults.add(Fault("GET", owner_path("c1"), plain))

    with pytest.raises(TransientError) as caught:
        cloud.key_owner(target("c1", "c2"))

    assert caught.value.retry_after_seconds == 3.0
    assert simulator.journal.calls("GET", owner_path("c2")) == []


def test_a_refused_token_asks_nobody_else_and_is_dropped(simulator, cloud, target):
    simulator.faults.add(Fault("GET", owner_path("c1"), status(401, body("E0001"))))

    with pytest.raises(PermanentError) as caught:
        cloud.key_owner(target("c1", "c2"))
    again = cloud.key_owner(target("c1"))

    assert caught.value.reason is Reason.BAD_KEY
    assert again == LEAVER
    tokens = simulator.journal.calls("POST", "/identity/token")
    assert len(tokens) == 3


def test_a_p0005_starts_no_round_of_tokens(simulator, cloud, target):
    p0005 = status(401, body("P0005"))
    simulator.faults.add(Fault("GET", r"/global/.*", p0005, times=None))

    for _ in range(3):
        with pytest.raises(TransientError):
            cloud.key_owner(target("c1", "c2"))

    assert len(simulator.journal.calls("POST", "/identity/token")) == 1


@pytest.mark.parametrize("text", ["<html></html>", "[]", "5", '{"id": 5}', '{"id": "I'])
def test_an_answer_of_another_shape_is_no_owner(far, far_cloud, target, text):
    far.says(OWNER_OF_C1, text)

    with pytest.raises(TransientError) as caught:
        far_cloud.key_owner(target("c1"))

    assert caught.value.reason is Reason.UNEXPECTED_ANSWER


def test_a_body_cut_short_of_its_length_is_no_owner(far, far_cloud, target):
    far.says(OWNER_OF_C1, {"id": "IBMid-1"}, headers={"Content-Length": "999"})

    with pytest.raises(TransientError):
        far_cloud.key_owner(target("c1"))


def test_a_redirect_is_not_followed(far, far_cloud, target):
    far.says(OWNER_OF_C1, "", 302, {"Location": f"{far.url}/elsewhere"})

    with pytest.raises(TransientError):
        far_cloud.key_owner(target("c1"))

    assert far.asked("GET /elsewhere") == 0


def test_a_refused_functional_key_hides_no_owner(scene, cloud, target):
    scene.remove_person(FUNCTIONAL)

    assert cloud.key_owner(target("c1")) == LEAVER


def test_a_strange_cluster_id_stays_one_part_of_the_path(far, far_cloud, target):
    with pytest.raises(TransientError):
        far_cloud.key_owner(target("../../v1/keys?x"))

    assert far.calls[-1] == (
        "GET /global/v1/logging/..%2F..%2Fv1%2Fkeys%3Fx/clusterkeyowner"
    )


def test_half_a_surrogate_pair_in_a_name_can_be_stored(simulator, cloud, target):
    cut = json.dumps({"id": LEAVER.id, "name": "Dana \ud83d", "email": LEAVER.email})
    simulator.faults.add(Fault("GET", owner_path("c1"), status(200, cut)))

    reading = cloud.key_owner(target("c1"))

    assert reading.name == "Dana ?"
    assert reading.name.encode()
