"""What is written after a proven reset: sent once, and never for what must not be."""

import json
import socket
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ibmcloud_scenes import (
    ACCOUNT,
    FUNCTIONAL,
    LEAVER,
    PROD,
    STEWARD,
    a_target,
    an_account,
    settings_for,
)

from workers.ibmcloud.errors import RateLimitedError
from workers.ibmcloud.keys import open_resets
from workers.ibmcloud.session import WriteRefusedError, reading_session
from workers.offboarding.errors import (
    LostAnswerError,
    PausedError,
    PermanentError,
    Reason,
    TransientError,
)
from workers.offboarding.model import Cluster, KeyOwner, ListedKey
from workers.offboarding.ports import Grant, Retirement

HERE = Path(__file__).parent
PUBLISHED = HERE.parents[1] / "fixtures" / "published-ibm"
KEY = ListedKey(LEAVER, "us-south", PROD, datetime(2026, 1, 1, tzinfo=UTC), "ApiKey-1")
DELETED = "DELETE /v1/apikeys/ApiKey-1"
DISABLED = "POST /v1/apikeys/ApiKey-1/disable"
REFRESH = "POST /global/v2/refreshMaster"
ADDONS = "GET /global/v1/clusters/c1/addons"
ONE = Cluster("c1", "one", "vpc-gen2")


def published(name):
    return json.loads((PUBLISHED / f"{name}.json").read_text())


def delete(resets):
    return resets.retire(KEY, STEWARD, Retirement.DELETE)


def disable(resets):
    return resets.retire(KEY, STEWARD, Retirement.DISABLE)


def refresh(resets):
    return resets.refresh_master(a_target("c1"), ONE, STEWARD)


WRITES = pytest.mark.parametrize(
    ("write", "call"),
    [(delete, DELETED), (disable, DISABLED), (refresh, REFRESH)],
)


def writes(far):
    return [one for one in far.calls if not one.startswith("POST /identity")]


@pytest.mark.parametrize(
    ("how", "call", "name"),
    [
        (Retirement.DELETE, DELETED, "psdk_iam_delete_api_key"),
        (Retirement.DISABLE, DISABLED, "psdk_iam_disable_api_key"),
    ],
)
def test_a_superseded_key_is_put_away_as_published(far, far_resets, how, call, name):
    sample = published(name)
    far.says(call, "", sample["response"]["status"], {"Transaction-Id": "tx-7"})

    request_id = far_resets.retire(KEY, STEWARD, how)

    asked = sample["request"]
    assert call == f"{asked['method']} {asked['path'].format(id='ApiKey-1')}"
    assert request_id == "tx-7"
    assert writes(far) == [call]
    assert far.bodies[-1] == b""
    assert far.headers[-1]["Authorization"].startswith("Bearer eyJ")


def test_a_refresh_of_a_master_is_asked_for_as_published(far, far_resets):
    sample = json.loads((HERE / "samples" / "ks-refresh-master.json").read_text())
    needed = published("sdkgo_vpc_refresh_master")["request"]
    far.says(REFRESH, "", 204, {"X-Request-Id": "r-1"})

    request_id = far_resets.refresh_master(
        a_target("c1"), Cluster("cq1abcd20vpc000001", "x", "vpc-gen2"), STEWARD
    )

    assert request_id == "r-1"
    assert writes(far) == [REFRESH]
    assert json.loads(far.bodies[-1]) == sample["request"]["body"]
    sent = {name.lower(): value for name, value in far.headers[-1].items()}
    assert sent["content-type"] == "application/json"
    assert sent["x-auth-resource-group"] == PROD
    assert sent["x-auth-resource-account"] == ACCOUNT
    assert {one.lower() for one in needed["headers_required_by_test"]} <= sent.keys()


@pytest.mark.parametrize("how", [Retirement.DELETE, Retirement.DISABLE])
@pytest.mark.parametrize(
    "changed",
    [
        {"is_locked": True},
        {"id": ""},
        {"id": " "},
        {"region": None},
        {"resource_group_id": None},
    ],
)
def test_a_key_that_must_never_be_retired_is_refused_before_any_call(
    far, far_resets, how, changed
):
    with pytest.raises(ValueError, match="retired"):
        far_resets.retire(replace(KEY, **changed), STEWARD, how)

    assert far.calls == []


def test_with_retiring_off_nothing_is_asked_of_anybody(far, far_resets):
    with pytest.raises(ValueError, match="not to be retired"):
        far_resets.retire(KEY, STEWARD, Retirement.OFF)

    assert far.calls == []


def test_an_id_cannot_lead_to_another_path(far, far_resets):
    far.says("DELETE /v1/apikeys/..%2F..%2Fserviceids%2Fx", "", 204)

    far_resets.retire(replace(KEY, id="../../serviceids/x"), STEWARD, Retirement.DELETE)

    assert writes(far) == ["DELETE /v1/apikeys/..%2F..%2Fserviceids%2Fx"]


@pytest.mark.parametrize(
    ("target", "cluster"),
    [
        (replace(a_target("c1"), account_id="another"), ONE),
        (a_target("c1", group=" "), ONE),
        (a_target("c1"), replace(ONE, id="")),
    ],
)
def test_a_refresh_that_names_too_little_is_refused_before_any_call(
    far, far_resets, target, cluster
):
    with pytest.raises(ValueError, match=r"another account|names resource group"):
        far_resets.refresh_master(target, cluster, STEWARD)

    assert far.calls == []


def test_a_key_that_is_gone_already_is_deleted(far, far_resets):
    far.says(DELETED, {"errors": [{"code": "not_found"}]}, 404)

    assert delete(far_resets) is None
    assert far.asked(DELETED) == 1


def test_a_key_that_is_not_there_is_not_disabled(far, far_resets):
    far.says(DISABLED, "", 404)

    with pytest.raises(PermanentError) as caught:
        disable(far_resets)

    assert caught.value.reason is Reason.NOT_FOUND


@WRITES
@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (400, PermanentError, Reason.REFUSED_BY_IBM_CLOUD),
        (401, PermanentError, Reason.BAD_KEY),
        (403, PermanentError, Reason.NO_ROLE),
        (423, TransientError, Reason.UNREACHABLE),
        (429, RateLimitedError, Reason.RATE_LIMITED),
    ],
)
def test_a_refusal_is_proven_not_done_and_is_not_sent_again(
    far, far_resets, write, call, status, kind, reason
):
    far.says(call, "no", status)

    with pytest.raises(kind) as caught:
        write(far_resets)

    assert caught.value.reason is reason
    assert far.asked(call) == 1


@WRITES
@pytest.mark.parametrize("status", [200, 202, 302, 307, 408, 409, 500, 502, 503, 504])
def test_an_answer_that_proves_nothing_is_lost_and_is_not_sent_again(
    far, far_resets, write, call, status
):
    far.says(call, "{}", status, {"Location": "/elsewhere"})

    with pytest.raises(LostAnswerError):
        write(far_resets)

    assert writes(far) == [call]


@WRITES
@pytest.mark.usefixtures("short_timeouts")
def test_a_cut_connection_is_a_lost_answer(far, far_resets, write, call):
    far.says(call, '{"half"', 200, {"Content-Length": "99"})

    with pytest.raises(LostAnswerError):
        write(far_resets)

    assert far.asked(call) == 1


def test_a_refused_connection_is_proven_not_done(far):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        settings = replace(settings_for(far.url), containers_url=nobody)

        with pytest.raises(TransientError):
            refresh(open_resets(an_account(), settings))


@WRITES
def test_a_token_that_was_refused_is_not_used_again(far, far_resets, write, call):
    far.says(call, "", 401)
    far.says(call, "", 204)

    with pytest.raises(PermanentError):
        write(far_resets)
    write(far_resets)

    assert far.asked("POST /identity/token") == 2


@WRITES
def test_nobody_else_writes_for_the_functional_id(far, far_resets, write, call):
    far.answers.pop("POST /identity/token")
    far.gives_tokens(iam_id="IBMid-another")

    with pytest.raises(PermanentError) as caught:
        write(far_resets)

    assert caught.value.reason is Reason.WRONG_IDENTITY
    assert str(caught.value) == (
        f"steward@example.com ({FUNCTIONAL}) is no functional ID of this account"
    )
    assert writes(far) == []


@WRITES
def test_without_a_token_nothing_is_sent(far, far_resets, write, call):
    far.answers.pop("POST /identity/token")
    far.says("POST /identity/token", {"errorCode": "BXNIM0415E"}, 400)

    with pytest.raises(PermanentError) as caught:
        write(far_resets)

    assert caught.value.reason is Reason.BAD_KEY
    assert writes(far) == []


class Slots:
    """A budget that writes down what it was asked, or has nothing to give."""

    def __init__(self, wait_seconds=0.0):
        self.wait_seconds = wait_seconds
        self.taken = []
        self.backed_off = []

    def take(self, calls=1, *, is_survey=False):
        if self.wait_seconds:
            return Grant(wait_seconds=self.wait_seconds)
        self.taken.append(calls)
        return Grant("1-1")

    def sent(self, ticket):
        pass

    def back_off(self, seconds):
        self.backed_off.append(seconds)


@WRITES
def test_each_write_takes_a_slot_of_its_own(far, write, call):
    budget = Slots()
    resets = open_resets(an_account(), settings_for(far.url), budget=budget)
    far.says(call, "", 204)

    # The slot for the look before a reset must not be used up by these.
    resets.prepare(a_target("c1"), STEWARD)
    write(resets)

    assert budget.taken == [2, 1]


def test_the_last_look_comes_after_the_slot_and_keeps_it_from_being_sent(far):
    budget = Slots()
    resets = open_resets(an_account(), settings_for(far.url), budget=budget)

    def look():
        assert budget.taken == [1]
        raise PausedError("Resets are paused.")

    with pytest.raises(PausedError):
        resets.retire(KEY, STEWARD, Retirement.DELETE, last_look=look)
    budget.taken.clear()
    with pytest.raises(PausedError):
        resets.refresh_master(a_target("c1"), ONE, STEWARD, last_look=look)

    assert writes(far) == []


@WRITES
def test_without_a_slot_nothing_is_sent(far, write, call):
    budget = Slots(wait_seconds=31.0)
    resets = open_resets(an_account(), settings_for(far.url), budget=budget)

    with pytest.raises(RateLimitedError):
        write(resets)

    assert writes(far) == []


@WRITES
def test_a_429_on_a_write_slows_everybody_down(far, write, call):
    budget = Slots()
    resets = open_resets(an_account(), settings_for(far.url), budget=budget)
    far.says(call, "", 429, {"Retry-After": "4"})

    with pytest.raises(RateLimitedError):
        write(resets)

    assert budget.backed_off == [4.0]


@pytest.mark.parametrize("method", ["DELETE", "POST", "PUT", "PATCH"])
def test_who_reads_can_put_no_key_away(far, method):
    with pytest.raises(WriteRefusedError):
        reading_session().request(method, f"{far.url}/v1/apikeys/ApiKey-1")

    assert far.calls == []


def test_no_message_repeats_the_far_sides_text(far, far_resets):
    far.says(DELETED, {"errors": [{"code": "c1", "message": "SECRET"}]}, 403)

    with pytest.raises(PermanentError) as caught:
        delete(far_resets)

    assert str(caught.value) == (
        "Deleting a superseded cluster API key: IBM Cloud answered 403 c1"
    )


@pytest.mark.parametrize(
    "name", ["sdkgo_get_cluster_addons", "sdkgo_v2_get_cluster_addons"]
)
def test_the_published_add_ons_are_read(far, far_cloud, name):
    far.says(ADDONS, published(name)["response"]["body"])

    assert far_cloud.addons(a_target("c1"), ONE) == ("Name",)
    assert far.headers[-1]["X-Auth-Resource-Group"] == PROD


def test_the_sample_of_add_ons_is_read_as_it_is(far, far_cloud):
    sample = json.loads((HERE / "samples" / "ks-addons.json").read_text())
    far.says(ADDONS, sample["response"]["body"])

    names = far_cloud.addons(a_target("c1"), ONE)

    assert names == ("vpc-block-csi-driver", "cluster-autoscaler")


def test_the_add_ons_that_a_reset_leaves_work_at_are_named(scene, cloud):
    scene.add_cluster(
        "c9",
        "nine",
        region="us-south",
        group_id=PROD,
        addons=("vpc-block-csi-driver", "cluster-autoscaler"),
    )
    (target,) = cloud.targets().checked().targets
    nine = next(one for one in target.clusters if one.id == "c9")

    names = cloud.addons(target, nine)

    assert names == ("vpc-block-csi-driver", "cluster-autoscaler")
    assert nine.addons == names


def test_a_cluster_without_add_ons_has_none(far, far_cloud):
    far.says(ADDONS, [])

    assert far_cloud.addons(a_target("c1"), ONE) == ()


@pytest.mark.parametrize(
    "answer",
    [{}, None, "<html>", {"addons": []}, [{}], [{"name": None}], [{"name": "a"}, 5]],
)
def test_a_part_of_the_add_ons_is_not_taken_for_all(far, far_cloud, answer):
    far.says(ADDONS, answer)

    with pytest.raises(TransientError) as caught:
        far_cloud.addons(a_target("c1"), ONE)

    assert caught.value.reason is Reason.UNEXPECTED_ANSWER


@pytest.mark.parametrize(
    ("listed", "addons"),
    [
        ({"addons": [{"name": "a", "version": "1"}, {"name": "b"}]}, ("a", "b")),
        ({"addons": []}, ()),
        ({"addons": None}, None),
        ({}, None),
        ({"addons": "a"}, None),
        ({"addons": [{"name": "a"}, {"version": "1"}]}, None),
    ],
)
def test_a_cluster_list_may_tell_the_add_ons(far, far_cloud, listed, addons):
    item = {"id": "c1", "region": "us-south", "resourceGroup": PROD} | listed
    for kind in ("vpc", "classic", "satellite"):
        far.says(f"GET /global/v2/{kind}/getClusters", [item] if kind == "vpc" else [])

    (target,) = far_cloud.targets().checked().targets

    assert target.clusters[0].addons == addons


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_key(key_id, created_at, **changed):
    return {
        "id": key_id,
        "name": "containers-kubernetes-key",
        "iam_id": FUNCTIONAL,
        "description": f"us-south {PROD}",
        "created_at": created_at,
    } | changed


OLD = a_key("old", "2026-02-01T12:00:00.000Z")
FIRST = a_key("first", "2026-03-01T12:00:10.000Z")
NEWEST = a_key("newest", "2026-03-01T12:00:20.000Z")
USED = "GET /v1/apikeys/newest"


def used(activity):
    return NEWEST | {"activity": activity}


def test_the_newest_key_made_for_the_target_is_looked_at(far, far_cloud):
    far.says("GET /v1/apikeys", {"apikeys": [OLD, NEWEST, FIRST]})
    far.says(USED, used({"last_authn": "2026-03-01T12:05+0000", "authn_count": 3}))

    at = far_cloud.key_used_at(a_target(), STEWARD, NOON)

    assert at == datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
    assert far.queries_of(USED) == [{"include_activity": "true"}]


@pytest.mark.parametrize(
    "activity",
    [
        None,
        "never",
        {},
        {"authn_count": 0},
        {"last_authn": None, "authn_count": 0},
        {"last_authn": "", "authn_count": 0},
        {"last_authn": "last_authn", "authn_count": 11},
    ],
)
def test_a_key_that_iam_does_not_call_used_is_not_used(far, far_cloud, activity):
    far.says("GET /v1/apikeys", {"apikeys": [NEWEST]})
    far.says(USED, used(activity))

    assert far_cloud.key_used_at(a_target(), STEWARD, NOON) is None


def test_without_a_new_key_there_is_no_use_of_it(far, far_cloud):
    far.says("GET /v1/apikeys", {"apikeys": [OLD]})

    assert far_cloud.key_used_at(a_target(), STEWARD, NOON) is None
    assert far.asked(USED) == 0


@pytest.mark.parametrize("status", [403, 404, 500, 429])
def test_a_use_that_cannot_be_asked_for_is_an_error(far, far_cloud, status):
    far.says("GET /v1/apikeys", {"apikeys": [NEWEST]})
    far.says(USED, "", status)

    with pytest.raises((TransientError, PermanentError)):
        far_cloud.key_used_at(a_target(), STEWARD, NOON)


def test_a_new_key_without_an_id_is_not_an_unused_one(far, far_cloud):
    far.says("GET /v1/apikeys", {"apikeys": [a_key("", NEWEST["created_at"])]})

    with pytest.raises(TransientError):
        far_cloud.key_used_at(a_target(), STEWARD, NOON)


@pytest.mark.parametrize("ask", ["has_new_key", "key_used_at"])
def test_only_the_functional_id_that_was_planned_is_asked_of_its_keys(
    far, far_cloud, ask
):
    other = KeyOwner("IBMid-gone", "Gone")

    with pytest.raises(PermanentError) as caught:
        getattr(far_cloud, ask)(a_target(), other, NOON)

    assert caught.value.reason is Reason.WRONG_IDENTITY
    assert far.asked("GET /v1/apikeys") == 0
