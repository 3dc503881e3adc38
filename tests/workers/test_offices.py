"""The back office that holds now, and what is kept when it is replaced."""

import pytest

from config.accounts import AccountSettings, FunctionalIdSettings
from config.settings import Secret
from workers.offboarding.errors import StoreAwayError
from workers.offices import Offices


class Silent:
    def send(self, *works):
        pass

    def survey(self):
        pass


def an_account(account_id, **more):
    key = FunctionalIdSettings("iks-functional-1", Secret(f"key-of-{account_id}"))
    return AccountSettings(account_id, (key,), **more)


ONE, TWO = an_account("acct1"), an_account("acct2")


@pytest.fixture
def offices(settings, client):
    return Offices(settings(armed=True, accounts_file=(ONE,)), Silent())


def test_an_account_that_comes_costs_the_others_nothing(offices, settings):
    before = offices.now

    assert offices.put(settings(armed=True, accounts_file=(ONE, TWO))) is None

    assert set(offices.now.armed.accounts) == {"acct1", "acct2"}
    assert offices.now.opened["acct1"] is before.opened["acct1"]
    assert offices.now.works is before.works
    assert set(before.armed.accounts) == {"acct1"}


def test_what_began_in_a_former_one_sees_that_it_is_not_in_force_any_more(
    offices, settings
):
    before = offices.now
    assert before.armed.is_in_force()

    offices.put(settings(armed=True, accounts_file=(ONE, TWO)))

    assert not before.armed.is_in_force()
    assert offices.now.armed.is_in_force()


def test_an_account_that_is_held_back_keeps_its_tokens_and_loses_its_means(
    offices, settings
):
    before = offices.now
    held = an_account("acct1", armed=False)

    offices.put(settings(armed=True, accounts_file=(held,)))

    assert offices.now.armed.accounts["acct1"].resets is None
    assert offices.now.opened["acct1"] is before.opened["acct1"]


def test_an_account_that_goes_is_forgotten_with_its_index(offices, settings, client):
    offices.put(settings(armed=True, accounts_file=(ONE, TWO)))
    client.hset("offboard:owners:acct2", "head", "{}")

    offices.put(settings(armed=True, accounts_file=(ONE,)))

    assert set(offices.now.armed.accounts) == {"acct1"}
    assert client.smembers("offboard:surveyed") == {"acct1"}
    assert client.exists("offboard:owners:acct2") == 0
    assert len(offices._kept.clients._kept) == 1


def test_where_the_store_is_away_the_former_one_stays_in_force(
    offices, settings, monkeypatch
):
    def away(_):
        raise StoreAwayError("The store: TimeoutError.")

    before = offices.now
    monkeypatch.setattr(offices._kept.store.owners, "know", away)

    said = offices.put(settings(armed=True, accounts_file=(ONE, TWO)))

    assert said == "They cannot be put in force now: The store: TimeoutError."
    assert offices.now is before
    assert before.armed.is_in_force()
