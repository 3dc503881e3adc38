"""Each fault, as a caller that uses requests meets it."""

import time

import pytest
import requests

from simulator import (
    Fault,
    FaultPlan,
    bad_gateway,
    cut_json,
    delay,
    delay_after,
    drop_after,
    drop_before,
    empty,
    half_list,
    published_fault,
    rate_limited,
    status,
    truncate,
)
from simulator.scenario import (
    FUNCTIONAL_ID_IAM_ID,
    LEAVER_IAM_ID,
    PAYMENTS_GROUP_ID,
    PLATFORM_GROUP_ID,
)

RESET = ("POST", "/global/v1/keys")
TARGET = {"X-Region": "us-south", "X-Auth-Resource-Group": PAYMENTS_GROUP_ID}


@pytest.fixture
def reset(simulator, caller):
    def send(*, timeout=60, **headers):
        url = f"{simulator.containers_url}/v1/keys"
        return caller.post(url, headers={**TARGET, **headers}, timeout=timeout)

    return send


def owner(simulator):
    return simulator.account.owner("us-south", PAYMENTS_GROUP_ID)


def comes_true(condition):
    give_up_at = time.monotonic() + 60
    while not condition() and time.monotonic() < give_up_at:
        time.sleep(0.01)
    return condition()


def test_a_status_answers_instead_of_doing(simulator, reset):
    slow_down = status(429, "slow down", {"Retry-After": "3"}, "text/plain")
    simulator.faults.add(Fault(*RESET, slow_down))

    answer = reset()

    assert (answer.status_code, answer.text) == (429, "slow down")
    assert answer.headers["Retry-After"] == "3"
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert owner(simulator) == LEAVER_IAM_ID
    assert simulator.journal.resets()[0].fault == "status"
    assert not simulator.journal.resets()[0].took_effect


def test_dropped_before_nothing_was_done(simulator, reset):
    simulator.faults.add(Fault(*RESET, drop_before()))

    with pytest.raises(requests.ConnectionError):
        reset()

    assert owner(simulator) == LEAVER_IAM_ID
    (call,) = simulator.journal.resets()
    assert (call.status, call.fault) == (None, "drop_before")
    assert not call.took_effect


def test_dropped_after_it_was_done(simulator, reset):
    simulator.faults.add(Fault(*RESET, drop_after()))

    with pytest.raises(requests.ConnectionError):
        reset()

    assert owner(simulator) == FUNCTIONAL_ID_IAM_ID
    (call,) = simulator.journal.resets()
    assert (call.status, call.fault) == (None, "drop_after")
    assert call.took_effect


def test_a_caller_that_gave_up_on_a_slow_call_may_still_have_done_it(simulator, reset):
    simulator.faults.add(Fault(*RESET, delay(5)))

    with pytest.raises(requests.ReadTimeout):
        reset(timeout=0.1)

    assert owner(simulator) == LEAVER_IAM_ID
    assert comes_true(lambda: owner(simulator) == FUNCTIONAL_ID_IAM_ID)


def test_a_delay_ends_in_the_usual_answer(simulator, reset):
    simulator.faults.add(Fault(*RESET, delay(0.1)))

    answer = reset()

    assert answer.status_code == 204
    assert answer.elapsed.total_seconds() >= 0.1


def test_delayed_after_it_was_done_before_the_answer(simulator, reset):
    simulator.faults.add(Fault(*RESET, delay_after(30)))

    with pytest.raises(requests.ReadTimeout):
        reset(timeout=1)

    # It may take longer than that until it is done.
    resets = simulator.journal.resets
    assert comes_true(lambda: any(one.took_effect for one in resets()))
    assert owner(simulator) == FUNCTIONAL_ID_IAM_ID
    # Nobody waits for the answer any more, but it is still held: it did take effect.
    (call,) = simulator.journal.resets()
    assert (call.status, call.answered_at) == (None, None)
    assert call.took_effect


def test_a_truncated_body_is_no_json(simulator, caller):
    path = "/v2/resource_groups"
    simulator.faults.add(Fault("GET", path, truncate(20)))

    answer = caller.get(f"{simulator.url}{path}")

    assert (answer.status_code, len(answer.content)) == (200, 20)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


@pytest.fixture
def groups(simulator, caller):
    """What the list of resource groups answers with this action planned."""

    def ask(action):
        path = "/v2/resource_groups"
        simulator.faults.add(Fault("GET", path, action))
        return caller.get(f"{simulator.url}{path}")

    return ask


@pytest.mark.parametrize(
    ("code", "status", "field"),
    [
        ("P0005", 401, "code"),
        ("E0058", 401, "code"),
        ("A0656", 403, "code"),
        ("A03e9b", 400, "code"),
        ("G3917", 400, "code"),
        ("G0004", 404, "code"),
        ("A0006", 404, "code"),
        ("E0051", 404, "code"),
        ("BXNIM0415E", 400, "errorCode"),
        ("BXNIM0407E", 400, "errorCode"),
        ("BXNIM0408E", 400, "errorCode"),
        ("BXNIM0151E", 422, "errorCode"),
    ],
)
def test_a_published_error_is_planned_by_its_code(
    simulator, reset, code, status, field
):
    simulator.faults.add(published_fault(*RESET, code, where={"X-Region": "us-south"}))

    answer = reset()

    assert (answer.status_code, answer.json()[field]) == (status, code)
    assert answer.headers["Content-Type"] == "application/json"
    assert owner(simulator) == LEAVER_IAM_ID
    assert reset().status_code == 204


def test_a_code_nobody_published_is_refused():
    with pytest.raises(ValueError, match="P0005"):
        published_fault(*RESET, "X1234")


@pytest.mark.parametrize(("seconds", "header"), [(None, None), (7, "7"), (0, "0")])
def test_a_429_is_plain_text_with_or_without_a_wait(groups, seconds, header):
    answer = groups(rate_limited(seconds))

    assert (answer.status_code, answer.headers.get("Retry-After")) == (429, header)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "rate limit" in answer.text


def test_a_502_is_a_page_of_html(groups):
    answer = groups(bad_gateway())

    assert answer.status_code == 502
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<html>")


def test_an_empty_body_keeps_its_status(groups):
    answer = groups(empty())

    assert (answer.status_code, answer.content) == (200, b"")


def test_cut_json_is_half_a_body_and_no_json(groups):
    answer = groups(cut_json())

    assert answer.status_code == 200
    assert answer.text.startswith('{"resources":[')
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_half_a_list_looks_whole(simulator, caller, groups):
    path = r"/global/v2/vpc/getClusters"
    users = f"/v2/accounts/{simulator.account.account_id}/users"
    simulator.faults.add(Fault("GET", path, half_list()))
    simulator.faults.add(Fault("GET", users, half_list()))

    clusters = caller.get(f"{simulator.url}{path}")
    people = caller.get(f"{simulator.url}{users}").json()

    assert (clusters.status_code, len(clusters.json())) == (200, 2)
    assert (len(people["resources"]), people["total_results"]) == (1, 3)
    assert len(groups(half_list()).json()["resources"]) == 1


def test_a_cut_connection_does_not_spoil_the_next_call(simulator, caller):
    url = f"{simulator.containers_url}/v1/regions"
    caller.get(url)
    simulator.faults.add(Fault("GET", "/global/v1/regions", drop_after()))

    with pytest.raises(requests.ConnectionError):
        caller.get(url)

    assert caller.get(url).status_code == 200


def test_connections_are_kept_open(simulator, caller):
    url = f"{simulator.containers_url}/v1/regions"

    with caller.get(url, stream=True) as first:
        port = first.raw.connection.sock.getsockname()[1]
        first.content  # noqa: B018 - read to the end, so that it can be used again
    with caller.get(url, stream=True) as second:
        assert second.raw.connection.sock.getsockname()[1] == port


def test_an_unread_or_chunked_body_does_not_reach_into_the_next_call(simulator):
    def chunks():
        yield b'{"text":'
        yield b'"one"}'

    as_json = {"Content-Type": "application/json"}
    url = simulator.slack_webhook_url
    with requests.Session() as session:
        unread = session.post(f"{simulator.url}/nowhere", data="x" * 1000)
        chunked = session.post(url, data=chunks(), headers=as_json)
        last = session.post(url, json={"text": "two"})

    assert unread.status_code == 404
    assert (chunked.text, last.text) == ("ok", "ok")
    assert [message.text for message in simulator.slack.messages] == ["one", "two"]


def test_a_fault_can_wait_and_repeat(simulator, reset):
    simulator.faults.add(Fault(*RESET, status(503), times=2, skip=1))

    statuses = [reset().status_code for _ in range(4)]

    assert statuses == [204, 503, 503, 204]


def test_a_fault_can_be_for_one_target(simulator, reset):
    where = {"x-auth-resource-group": PLATFORM_GROUP_ID}
    fault = Fault(*RESET, status(503), where=where)
    simulator.faults.add(fault)

    first = reset()
    second = reset(**{"X-Auth-Resource-Group": PLATFORM_GROUP_ID})

    assert (first.status_code, second.status_code) == (204, 503)
    assert simulator.faults.fired() == [(fault, 1)]


def test_the_path_must_match_as_a_whole():
    fault = Fault("get", r"/v1/logging/.*", drop_before())

    assert fault.matches("GET", "/v1/logging/c/clusterkeyowner", {})
    assert not fault.matches("GET", "/global/v1/logging/c/clusterkeyowner", {})
    assert not fault.matches("POST", "/v1/logging/c/clusterkeyowner", {})


def test_faults_fire_in_order_and_tell_what_is_left():
    plan = FaultPlan()
    first = Fault("GET", "/x", status(500))
    second = Fault("GET", "/x", status(502), times=2)
    always = Fault("GET", "/y", status(503), times=None)
    for fault in (first, second, always):
        plan.add(fault)

    taken = [plan.take("GET", "/x", {}) for _ in range(2)]

    assert taken == [first, second]
    assert plan.fired() == [(first, 1), (second, 1)]
    assert plan.unfired() == [second, always]
    plan.clear()
    assert plan.fired() == plan.unfired() == []


@pytest.mark.parametrize(
    "action",
    [
        status(429, "x", {"Retry-After": "1"}, "text/plain"),
        drop_before(),
        drop_after(),
        delay(0.5),
        delay_after(1),
        truncate(3),
        cut_json(),
        half_list(),
        rate_limited(3),
    ],
)
def test_a_fault_survives_the_way_through_json(action):
    fault = Fault("GET", "/x", action, times=None, skip=2, where={"X-Region": "eu-de"})

    assert Fault.from_json(fault.to_json()) == fault


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"method": "GET", "path": "/x"},
        {"method": "GET", "path": "/x", "action": {"kind": "explode"}},
        {"method": "GET", "path": "/x", "action": {"kind": "status", "code": "503"}},
        {"method": "GET", "path": "(", "action": {"kind": "drop_before"}},
        {"method": "GET", "path": "/x", "action": {"kind": "drop_before"}, "more": 1},
        {"method": "GET", "path": "/x", "published": "X1234"},
        {"method": "GET", "path": "/x", "published": 5},
        {
            "method": "GET",
            "path": "/x",
            "published": "P0005",
            "action": {"kind": "drop_before"},
        },
    ],
)
def test_a_fault_that_cannot_be_read_is_refused(given):
    with pytest.raises(ValueError, match=r"path|action|kind|code|more|published"):
        Fault.from_json(given)


def test_a_published_code_may_stand_for_the_action_in_json():
    given = {"method": "GET", "path": "/x", "published": "P0005", "times": None}

    fault = Fault.from_json(given)

    assert (fault.action.kind, fault.action.code, fault.times) == ("status", 401, None)
    assert '"P0005"' in fault.action.body


def test_latency_is_added_to_ibm_cloud_and_not_to_slack(simulator, caller):
    simulator.account.latency_seconds = 0.5

    groups = caller.get(f"{simulator.url}/v2/resource_groups")
    simulator.account.latency_seconds = 600
    webhook = requests.post(simulator.slack_webhook_url, json={"text": "x"}, timeout=60)

    assert groups.elapsed.total_seconds() >= 0.5
    assert webhook.status_code == 200


def test_a_stopped_simulator_refuses_and_comes_back_on_the_same_port(simulator, caller):
    url = f"{simulator.containers_url}/v1/regions"
    caller.get(url)

    simulator.stop()
    with pytest.raises(requests.ConnectionError):
        caller.get(url)
    simulator.start()

    assert caller.get(url).status_code == 200
