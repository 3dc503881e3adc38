"""One key of our own, from which one for each end is derived."""

import base64

import fakeredis
import pytest

from config.secret import Secret
from workers.store.own_key import OwnKey


@pytest.fixture
def client():
    return fakeredis.FakeRedis(decode_responses=True)


def test_two_processes_without_the_setting_share_the_key_of_the_store(client):
    first, second = OwnKey(client, None), OwnKey(client, None)

    assert first.for_sessions() == second.for_sessions()
    assert first.made() == second.made()


def test_with_the_setting_nothing_is_read_from_the_store():
    key = OwnKey(None, Secret("a" * 32))

    assert len(key.for_sessions()) == 32


def test_another_setting_is_another_key(client):
    one, other = (OwnKey(client, Secret(32 * letter)) for letter in "ab")

    assert one.for_sessions() != other.for_sessions()


def test_what_signs_sessions_does_not_open_what_is_sealed(client):
    key = OwnKey(client, Secret("a" * 32))

    assert base64.urlsafe_b64decode(key.given()) != key.for_sessions()
