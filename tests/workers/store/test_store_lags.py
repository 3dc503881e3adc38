"""How long resets take to show, on a real server and on the fake one."""

import pytest

from workers.offboarding.errors import StoreAwayError
from workers.store.connection import connect
from workers.store.lags import Lags


def test_nothing_is_known_at_first_and_two_look_early(any_client):
    lags = Lags(any_client)

    said = [lags.enlist("acct1") for _ in range(4)]

    assert said == [(None, True), (None, True), (None, False), (None, False)]
    assert lags.usual("acct1") is None


def test_what_one_worker_learned_all_of_them_know(any_client):
    Lags(any_client).note("acct1", 10.05)

    assert Lags(any_client).usual("acct1") == 10.05
    assert Lags(any_client).enlist("acct1") == (10.05, True)


def test_accounts_are_apart(any_client):
    lags = Lags(any_client)
    for _ in range(3):
        lags.enlist("acct1")
    lags.note("acct1", 3)

    assert lags.enlist("acct2") == (None, True)


def test_some_look_early_again_when_others_are_reset_later(client):
    lags = Lags(client)
    for _ in range(3):
        lags.enlist("acct1")

    assert 0 < client.pttl("offboard:lag:asked:acct1") <= 15_000
    client.delete("offboard:lag:asked:acct1")

    assert lags.enlist("acct1") == (None, True)


@pytest.mark.parametrize("call", ["usual", "enlist"])
def test_a_store_that_is_away_says_so(call, tmp_path):
    away = Lags(connect(f"unix://{tmp_path}/nobody.sock"))

    with pytest.raises(StoreAwayError):
        getattr(away, call)("acct1")
