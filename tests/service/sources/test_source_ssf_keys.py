import gzip
import json
import threading
import time

import pytest
from ssf_transmitter import ec_key, jwk_of, rsa_key, running
from structlog.testing import capture_logs

from service.errors import KeysAwayError
from service.sources import ssf_keys
from service.sources.ssf_keys import READ_SECONDS, KeyRing


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now

    def pass_seconds(self, seconds):
        self.now += seconds


@pytest.fixture
def transmitter():
    with running() as made:
        yield made


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Has nobody given up who only stands still for a moment."""
    monkeypatch.setattr(ssf_keys, "READ_SECONDS", 60)


@pytest.fixture
def as_served(patience, monkeypatch):
    """Gives up as early as the service does."""
    monkeypatch.setattr(ssf_keys, "READ_SECONDS", READ_SECONDS)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ring(transmitter, clock):
    return KeyRing(transmitter.url, clock)


def numbers(key):
    return key and key.public_numbers()


ONE = rsa_key("one").public_key().public_numbers()
TWO = rsa_key("two").public_key().public_numbers()


def test_keys_are_fetched_once_and_kept(ring, transmitter, clock):
    found = [numbers(ring.find("k1"))]
    clock.pass_seconds(3599)
    found.append(numbers(ring.find("k1")))

    assert found == [ONE, ONE]
    assert transmitter.asked == 1


def test_a_key_is_chosen_by_its_id(ring, transmitter):
    transmitter.publish(("k1", rsa_key("one")), ("k2", rsa_key("two")))

    assert numbers(ring.find("k2")) == TWO
    assert numbers(ring.find("k1")) == ONE


def test_a_key_taken_back_is_not_trusted_after_an_hour(ring, transmitter, clock):
    ring.find("k1")
    transmitter.publish(("k2", rsa_key("two")))
    clock.pass_seconds(3600)

    assert ring.find("k1") is None
    assert transmitter.asked == 2


def test_a_new_key_is_found_at_once(ring, transmitter, clock):
    ring.find("k1")
    clock.pass_seconds(1)
    transmitter.publish(("k1", rsa_key("one")), ("k2", rsa_key("two")))

    assert numbers(ring.find("k2")) == TWO
    assert transmitter.asked == 2


def test_an_unknown_key_makes_us_look_again_once_in_five_minutes(
    ring, transmitter, clock
):
    ring.find("k1")

    found = [ring.find("junk"), ring.find("junk"), ring.find("more junk")]
    clock.pass_seconds(300)
    found.append(ring.find("junk"))

    assert found == [None, None, None, None]
    assert transmitter.asked == 3


def test_a_lost_cache_is_not_fetched_twice_for_one_unknown_key(ring, transmitter):
    assert ring.find("junk") is None
    assert ring.find("junk") is None
    assert transmitter.asked == 1


def test_of_a_key_we_may_not_look_for_nothing_is_known(ring, transmitter, clock):
    ring.find("junk")
    clock.pass_seconds(61)

    with pytest.raises(KeysAwayError) as raised:
        ring.find("k2")

    assert raised.value.retry_after_seconds == 239
    assert numbers(ring.find("k1")) == ONE
    assert transmitter.asked == 1


def test_a_token_without_an_id_is_taken_while_there_is_one_key(ring):
    assert numbers(ring.find(None)) == ONE


def test_a_token_without_an_id_is_not_guessed_at_among_two(ring, transmitter):
    transmitter.publish(("k1", rsa_key("one")), ("k2", rsa_key("two")))

    assert ring.find(None) is None


def test_an_only_key_that_was_replaced_is_seen_within_five_minutes(
    ring, transmitter, clock
):
    transmitter.publish(("", rsa_key("one")))
    ring.find(None)
    transmitter.publish(("", rsa_key("two")))
    clock.pass_seconds(300)

    assert numbers(ring.find(None)) == TWO


# The far side is away.


def _status(transmitter):
    transmitter.status = 500


def _redirect(transmitter):
    transmitter.status = 302
    transmitter.headers = {"Location": transmitter.url}


def _no_json(transmitter):
    transmitter.body = b"<html>sign in</html>"


def _repeated_key(transmitter):
    transmitter.body = transmitter.body.replace(b'{"keys"', b'{"keys":[],"keys"')


def _deep(transmitter):
    transmitter.body = b'{"keys":' + b"[" * 50_000 + b"]" * 50_000 + b"}"


def _array(transmitter):
    transmitter.body = b"[]"


def _no_list(transmitter):
    transmitter.body = b'{"keys":{}}'


def _empty(transmitter):
    transmitter.body = b'{"keys":[]}'


def _nothing(transmitter):
    transmitter.body = b""


def _huge(transmitter):
    transmitter.body = b" " * (256 * 1024) + transmitter.body


def _compressed(transmitter):
    transmitter.headers = {"Content-Encoding": "gzip"}
    transmitter.body = b"\x1f\x8b junk"


def _bomb(transmitter):
    transmitter.headers = {"Content-Encoding": "gzip"}
    transmitter.body = gzip.compress(b" " * 50_000_000)


FAULTS = [
    _status,
    _redirect,
    _no_json,
    _repeated_key,
    _deep,
    _array,
    _no_list,
    _empty,
    _nothing,
    _huge,
    _compressed,
    _bomb,
]


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_it_answers_instead_of_keys_is_not_seen_and_never_a_no(
    ring, transmitter, fault
):
    fault(transmitter)

    with pytest.raises(KeysAwayError) as raised:
        ring.find("k1")

    assert raised.value.retry_after_seconds == 30
    assert transmitter.asked == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_leaves_the_last_good_keys_in_force(ring, transmitter, clock, fault):
    ring.find("k1")
    fault(transmitter)
    clock.pass_seconds(24 * 3600)

    assert numbers(ring.find("k1")) == ONE
    assert transmitter.asked == 2


def test_the_last_good_keys_do_not_hold_for_more_than_a_day(ring, transmitter, clock):
    ring.find("k1")
    transmitter.status = 500
    clock.pass_seconds(24 * 3600 + 1)

    with pytest.raises(KeysAwayError):
        ring.find("k1")


def test_while_it_is_away_it_is_asked_every_half_minute_and_no_more(
    ring, transmitter, clock
):
    ring.find("k1")
    transmitter.status = 500
    clock.pass_seconds(3600)
    for _ in range(10):
        ring.find("k1")
    clock.pass_seconds(30)
    ring.find("k1")

    assert transmitter.asked == 3


def test_it_is_used_again_as_soon_as_it_is_back(ring, transmitter, clock):
    transmitter.status = 500
    with pytest.raises(KeysAwayError):
        ring.find("k1")
    transmitter.status = 200
    clock.pass_seconds(30)

    assert numbers(ring.find("k1")) == ONE


def test_an_unknown_key_is_no_forgery_while_we_cannot_look(ring, transmitter, clock):
    ring.find("k1")
    transmitter.status = 500

    for _ in range(2):
        with pytest.raises(KeysAwayError):
            ring.find("k2")

    transmitter.status = 200
    transmitter.publish(("k2", rsa_key("two")))
    clock.pass_seconds(30)
    assert numbers(ring.find("k2")) == TWO


def test_a_server_that_does_not_answer_is_left_after_two_seconds(
    ring, transmitter, as_served
):
    slow = threading.Event()
    transmitter.before = lambda: slow.wait(90)
    started = time.monotonic()

    with pytest.raises(KeysAwayError):
        ring.find("k1")

    slow.set()
    assert time.monotonic() - started < 60


def test_a_server_that_falls_silent_within_its_answer_is_left(
    ring, transmitter, as_served
):
    slow = threading.Event()
    transmitter.within = lambda: slow.wait(90)
    started = time.monotonic()

    with pytest.raises(KeysAwayError):
        ring.find("k1")

    slow.set()
    assert time.monotonic() - started < 60


def test_a_server_that_hangs_up_within_its_answer_is_not_seen(ring, transmitter):
    def hang_up():
        raise ConnectionAbortedError

    transmitter.within = hang_up

    with pytest.raises(KeysAwayError):
        ring.find("k1")


def test_a_server_that_answers_by_the_drop_is_left_after_three_seconds(
    ring, transmitter, as_served
):
    transmitter.drip_seconds = 0.5
    started = time.monotonic()

    with pytest.raises(KeysAwayError):
        ring.find("k1")

    assert time.monotonic() - started < 60


def test_a_server_that_is_not_there_is_not_seen(clock):
    with running() as gone:
        url = gone.url

    with pytest.raises(KeysAwayError):
        KeyRing(url, clock).find("k1")


def test_a_redirect_is_not_followed(ring, transmitter):
    with running() as other:
        transmitter.status = 302
        transmitter.headers = {"Location": other.url}

        with pytest.raises(KeysAwayError):
            ring.find("k1")

        assert other.asked == 0


def test_a_fault_is_logged_by_name_and_without_the_address(transmitter, clock):
    transmitter.status = 404
    ring = KeyRing(f"{transmitter.url}?token=s3cret", clock)

    with capture_logs() as logs, pytest.raises(KeysAwayError):
        ring.find("k1")

    missed = {"event": "ssf.keys_missed", "why": "status_404", "log_level": "warning"}
    assert logs == [missed]


def test_a_server_that_is_not_there_is_logged_without_the_address(clock):
    with running() as gone:
        url = f"{gone.url}?token=s3cret"

    with capture_logs() as logs, pytest.raises(KeysAwayError):
        KeyRing(url, clock).find("k1")

    assert [one["event"] for one in logs] == ["ssf.keys_missed"]
    assert "s3cret" not in str(logs)


# Which keys count.

UNUSABLE = {
    "1024 bits": jwk_of(rsa_key("small", 1024), kid="k1"),
    "another type": jwk_of(ec_key(), kid="k1"),
    "a shared secret": {"kty": "oct", "k": "c2VjcmV0LXNlY3JldA", "kid": "k1"},
    "a wrong type": jwk_of(rsa_key("one"), kid="k1") | {"kty": "EC"},
    "for encryption": jwk_of(rsa_key("one"), kid="k1", use="enc"),
    "for another algorithm": jwk_of(rsa_key("one"), kid="k1", alg="RS512"),
    "not to verify": jwk_of(rsa_key("one"), kid="k1") | {"key_ops": ["encrypt"]},
    "operations that are no list": jwk_of(rsa_key("one"), kid="k1") | {"key_ops": 1},
    "no modulus": {"kty": "RSA", "e": "AQAB", "kid": "k1"},
    "a modulus that is no text": {"kty": "RSA", "e": "AQAB", "n": 5, "kid": "k1"},
    "a modulus that is no base64": {"kty": "RSA", "e": "AQAB", "n": "?", "kid": "k1"},
    "an exponent of zero": jwk_of(rsa_key("one"), kid="k1") | {"e": "AA"},
    "an even exponent": jwk_of(rsa_key("one"), kid="k1") | {"e": "Ag"},
    "an id that is no text": jwk_of(rsa_key("one")) | {"kid": ["k1"]},
    "an id that is another": jwk_of(rsa_key("one")) | {"kid": "K1"},
    "nothing": {},
    "no object": "k1",
}


@pytest.mark.parametrize("which", UNUSABLE)
def test_a_key_that_cannot_count_is_left_out_and_the_others_stay(
    ring, transmitter, which
):
    transmitter.publish_raw(UNUSABLE[which], jwk_of(rsa_key("two"), kid="k2"))

    assert ring.find("k1") is None
    assert numbers(ring.find("k2")) == TWO


def test_a_set_of_keys_that_do_not_count_is_seen_and_holds_none(ring, transmitter):
    transmitter.publish_raw(UNUSABLE["1024 bits"])

    assert ring.find("k1") is None
    assert ring.find(None) is None


def test_a_published_private_part_is_not_used(ring, transmitter):
    private = jwk_of(rsa_key("one"), kid="k1") | {"d": "AQAB", "p": "AQ", "q": "AQ"}
    transmitter.publish_raw(private)

    assert numbers(ring.find("k1")) == ONE


def test_many_that_ask_at_once_fetch_once(transmitter):
    ring = KeyRing(transmitter.url)
    found = []
    transmitter.before = lambda: time.sleep(0.1)
    threads = [
        threading.Thread(target=lambda: found.append(numbers(ring.find("k1"))))
        for _ in range(20)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert found == [ONE] * 20
    assert transmitter.asked == 1


def test_what_is_published_is_what_the_tests_think_it_is(transmitter):
    (only,) = json.loads(transmitter.body)["keys"]

    assert (only["kty"], only["kid"], only["use"]) == ("RSA", "k1", "sig")
