"""Tokens that are in hand before anybody needs them, and lists of the newest keys."""

from datetime import UTC, datetime, timedelta

import pytest
from ibmcloud_scenes import STEWARD, a_target, an_account, settings_for

from simulator import Fault, status
from workers.ibmcloud import listed_keys
from workers.ibmcloud.account import open_cloud
from workers.ibmcloud.keys import open_resets
from workers.offboarding.errors import TransientError

GROUP = "5c49eabcf5e85881a37e2d100a33b3df"


@pytest.fixture
def settings(simulator):
    return settings_for(simulator.url)


@pytest.fixture
def cloud(settings):
    return open_cloud(an_account(), settings)


def tokens_asked_of(simulator):
    return len(simulator.journal.calls("POST", "/identity/token"))


def test_who_is_ready_asks_for_no_token_when_a_reset_comes(simulator, cloud, settings):
    cloud.keep_ready()
    before = tokens_asked_of(simulator)

    open_resets(an_account(), settings, pool=cloud.pool).prepare(
        a_target("c1"), STEWARD
    )

    assert tokens_asked_of(simulator) == before > 0


def test_a_token_that_ends_soon_is_fetched_anew_ahead_of_time(simulator, cloud):
    for each in simulator.accounts:
        each.token_life_seconds = 300
    cloud.keep_ready()
    before = tokens_asked_of(simulator)

    cloud.keep_ready()

    assert tokens_asked_of(simulator) > before


def test_one_that_lasts_is_not(simulator, cloud):
    cloud.keep_ready()
    before = tokens_asked_of(simulator)

    cloud.keep_ready()

    assert tokens_asked_of(simulator) == before


def test_who_gets_no_token_is_not_ready_and_nothing_else(simulator, cloud):
    fault = Fault(method="POST", path="/identity/token", action=status(503), times=9)
    simulator.faults.add(fault)

    cloud.keep_ready()

    assert cloud.pool.members[0].tokens.known() is None


def test_keys_made_since_are_listed_by_one_call_a_kind(simulator, cloud):
    account = simulator.account
    old, new = datetime.now(UTC) - timedelta(days=9), datetime.now(UTC)
    account.clock = old.timestamp
    for number in range(250):
        account.set_owner("us-south", f"{number + 1:032x}", STEWARD.id)
    account.clock = new.timestamp
    account.set_owner("eu-de", GROUP, STEWARD.id)
    simulator.journal.clear()

    found = cloud.cluster_keys_since(new - timedelta(hours=1))

    # The scene's own is as new as this one.
    assert {one.place for one in found} == {("eu-de", GROUP), ("us-south", GROUP)}
    assert len(simulator.journal.calls("GET", "/v1/apikeys")) == 2


def test_so_many_that_they_fill_pages_are_all_listed(simulator, cloud):
    for number in range(250):
        simulator.account.set_owner("us-south", f"{number + 1:032x}", STEWARD.id)

    found = cloud.cluster_keys_since(datetime.now(UTC) - timedelta(hours=1))

    assert len(found) >= 250


def test_a_list_of_the_newest_keys_that_fails_is_no_short_list(simulator, cloud):
    fault = Fault(method="GET", path="/v1/apikeys", action=status(503), times=1)
    simulator.faults.add(fault)

    with pytest.raises(TransientError):
        cloud.cluster_keys_since(datetime.now(UTC))


def a_key(number, made_at):
    return {
        "id": f"key-{number}",
        "iam_id": STEWARD.id,
        "name": "containers-kubernetes-key",
        "description": f"For eu-de in {GROUP}",
        "created_at": made_at.isoformat(),
    }


@pytest.mark.parametrize("is_newest_first", [True, False])
def test_a_list_that_begins_with_the_oldest_is_read_to_its_end(
    monkeypatch, far, far_cloud, is_newest_first
):
    monkeypatch.setattr(listed_keys, "_KINDS", ("user",))
    now = datetime.now(UTC)
    times = [now - timedelta(days=number) for number in range(6)]
    keys = [a_key(number, at) for number, at in enumerate(times)]
    keys = keys if is_newest_first else keys[::-1]
    more = {"next": f"{far.url}/v1/apikeys?pagetoken=more"}
    far.says("GET /v1/apikeys", {"apikeys": keys[:3], **more})
    far.says("GET /v1/apikeys", {"apikeys": keys[3:]})

    found = far_cloud.cluster_keys_since(now - timedelta(hours=1))

    assert [one.id for one in found] == ["key-0"]
    assert far.asked("GET /v1/apikeys") == (1 if is_newest_first else 2)
