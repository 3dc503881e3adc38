"""Which API keys a worker says it uses, and what is told of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from config.accounts import AccountSettings, FunctionalIdSettings
from config.secret import FileSecret
from config.settings import Settings
from simulator import Fault, Simulator, departure_account, status
from simulator.scenario import FUNCTIONAL_ID_APIKEY, FUNCTIONAL_ID_IAM_ID
from workers.ibmcloud.account import open_cloud
from workers.key_watch import KeyMinding, KeyWatch
from workers.offboarding.model import Channel
from workers.store.key_uses import KeyUses
from workers.store.notices import Notices

NEW_KEY = "simulated-apikey-of-iks-functional-1-made-anew"
DAY = timedelta(days=1)


@pytest.fixture
def account():
    return departure_account()


@pytest.fixture
def world(account, tmp_path, client):
    """One worker's account with its key in a file, and the store beside it."""
    file = tmp_path / "key"
    file.write_text(FUNCTIONAL_ID_APIKEY)
    ours = FunctionalIdSettings("iks-functional-1", FileSecret(file))
    mine = AccountSettings(account.account_id, (ours,))
    now = [datetime.now(UTC)]
    uses, notices = KeyUses(client), Notices(client)
    with Simulator([account]) as simulator:
        settings = Settings(
            iam_url=simulator.iam_url,
            containers_url=simulator.containers_url,
            user_management_url=simulator.user_management_url,
            resource_manager_url=simulator.resource_manager_url,
        )
        opened = {account.account_id: open_cloud(mine, settings)}
        opened[account.account_id].keep_ready()
        yield SimpleNamespace(
            file=file,
            simulator=simulator,
            now=now,
            opened=opened,
            uses=uses,
            notices=notices,
            watch=KeyWatch("w1", uses, lambda: now[0]),
            minding=KeyMinding(
                uses,
                notices,
                (Channel.SLACK,),
                opened,
                {account.account_id: "production"},
                90 * DAY,
                lambda: now[0],
            ),
        )


def said(world):
    (word,) = world.uses.words(world.now[0])
    (use,) = word.uses
    return use


def test_a_worker_says_which_key_it_uses_by_its_id_and_never_the_key(
    world, account, client
):
    world.watch.look(world.opened)

    key = account.key_of_raw(FUNCTIONAL_ID_APIKEY)
    assert said(world).key_id == key.key_id
    assert said(world).key_name == "login-key"
    assert said(world).iam_id == FUNCTIONAL_ID_IAM_ID
    assert said(world).made_at is not None
    kept = [client.hgetall(one) for one in client.keys("offboard:keys:*")]
    assert FUNCTIONAL_ID_APIKEY not in str(kept)


def test_a_rotation_is_proven_and_then_the_old_key_may_go(world, account):
    world.watch.look(world.opened)
    old = account.key_of_raw(FUNCTIONAL_ID_APIKEY).key_id
    account.add_login_key(FUNCTIONAL_ID_IAM_ID, NEW_KEY)
    world.file.write_text(NEW_KEY)

    world.watch.look(world.opened)

    in_use, unused = world.minding.checks()
    assert account.key_of_raw(NEW_KEY).key_id in in_use.text
    assert (in_use.verdict, old in unused.command) == ("ok", True)
    account.delete_key(old)
    assert [one.what for one in world.minding.checks()] == ["api_key_in_use"]


def test_a_bad_key_is_told_by_the_next_look_and_so_is_its_mending(world):
    world.watch.look(world.opened)
    world.file.write_text("simulated-apikey-that-nobody-has")

    world.watch.look(world.opened)
    (bad,) = world.minding.checks()
    world.file.write_text(FUNCTIONAL_ID_APIKEY)
    world.watch.look(world.opened)
    (good,) = world.minding.checks()

    assert (bad.verdict, good.verdict) == ("failed", "ok")
    assert "BXNIM0415E" in bad.text


def test_where_iam_does_not_show_the_key_that_is_said_and_asked_again(world):
    path = "/v1/apikeys/details"
    world.simulator.faults.add(Fault("GET", path, status(503), times=1))
    world.watch.look(world.opened)
    assert (said(world).key_id, "503" in said(world).unseen) == ("", True)

    world.now[0] += timedelta(minutes=1)
    world.watch.look(world.opened)

    assert said(world).key_id
    assert said(world).unseen == ""


def test_while_nothing_changes_iam_is_not_asked_again(world):
    for _ in range(5):
        world.watch.look(world.opened)
        world.now[0] += timedelta(seconds=16)

    assert len(world.simulator.journal.calls("GET", "/v1/apikeys/details")) == 1
    assert len(world.simulator.journal.calls("POST", "/identity/token")) == 1


def test_a_worker_that_ends_says_so(world):
    world.watch.look(world.opened)

    world.watch.leave()

    assert world.uses.words(world.now[0]) == []


def test_a_key_of_ninety_days_is_told_once_and_weekly(world):
    world.watch.look(world.opened)
    made_at = said(world).made_at
    told = []
    for days in (89, 90, 91, 97):
        world.now[0] = made_at + days * DAY
        (word,) = world.uses.words(made_at)
        world.uses.say(replace(word, at=world.now[0]))
        world.minding.look()
        told.append(world.notices.waiting())

    assert told == [0, 1, 1, 2]
    assert world.notices.load(world.notices.due(1)[0][0]).kind == "key_too_old"
