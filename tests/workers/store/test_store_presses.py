"""What Slack sent lately is noted before it is done, and known with its answer."""

import pytest

from workers.store.presses import Known, Presses


@pytest.fixture
def presses(any_client):
    return Presses(any_client)


def test_the_first_is_new_and_a_copy_of_it_is_not(presses):
    assert presses.begin("v0=one") is None
    assert presses.begin("v0=two") is None
    assert presses.begin("v0=one") == Known(None)


def test_a_copy_is_given_what_the_first_was_answered(presses):
    presses.begin("v0=one")
    presses.end("v0=one", '{"text":"dana.lee@example.com"}')

    assert presses.begin("v0=one") == Known('{"text":"dana.lee@example.com"}')


def test_an_answer_may_be_empty(presses):
    presses.begin("v0=one")
    presses.end("v0=one", "")

    assert presses.begin("v0=one") == Known("")


def test_neither_signature_nor_answer_can_be_read_in_the_store(any_client, presses):
    presses.begin("v0=secret-signature")
    presses.end("v0=secret-signature", "dana.lee@example.com")

    (key,) = any_client.keys("offboard:slack:press:*")
    assert "secret-signature" not in key
    assert "dana" not in any_client.get(key)


def test_it_is_kept_for_ten_minutes(any_client, presses):
    presses.begin("v0=one")
    (key,) = any_client.keys("offboard:slack:press:*")
    begun = any_client.ttl(key)
    presses.end("v0=one", "x")

    assert 590 < begun <= 600
    assert 590 < any_client.ttl(key) <= 600


class SetTwice:
    """A line on which the answer to the first SET is lost, and it is sent again."""

    def __init__(self, client):
        self.client = client

    def set(self, *args, **how):
        self.client.set(*args, **how)
        return self.client.set(*args, **how)

    def __getattr__(self, name):
        return getattr(self.client, name)


def test_the_first_whose_answer_was_lost_is_still_the_first(any_client):
    presses = Presses(SetTwice(any_client))

    assert presses.begin("v0=one") is None
    assert presses.begin("v0=one") == Known(None)
