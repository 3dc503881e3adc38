"""Answers to Slack that wait: kept sealed, sent by one worker, and again after it."""

import time

import pytest
from store_scenes import AnswersGetLost

from config.secret import Secret
from workers.offboarding.model import Leaver
from workers.store.late import Late, LateAnswers

URL = "https://hooks.slack.com/actions/T0/1/secret"
SAYING = Late(URL, body={"text": "Approved."})
READING = Late(URL, leaver=Leaver("dana.lee@example.com"), user="dana", is_viewer=False)


@pytest.fixture
def late(any_client):
    return LateAnswers(any_client)


@pytest.mark.parametrize("kept", [SAYING, READING])
def test_what_is_kept_is_what_is_claimed(late, kept):
    claimed = late.claim(late.keep(kept))

    assert (claimed.late, claimed.tries) == (kept, 1)


def test_nothing_of_it_can_be_read_in_the_store(any_client, late):
    late_id = late.keep(READING)

    shown = str(any_client.hgetall(f"offboard:late:{late_id}"))
    assert "hooks.slack.com" not in shown
    assert "dana" not in shown


def test_it_ends_by_itself_after_half_an_hour(any_client, late):
    late_id = late.keep(SAYING)

    assert 1790 < any_client.ttl(f"offboard:late:{late_id}") <= 1800


def test_only_one_worker_has_it(late):
    late_id = late.keep(SAYING)

    assert late.claim(late_id) is not None
    assert late.claim(late_id) is None


def test_it_is_due_again_while_nobody_has_sent_it(late, due_now):
    late_id = late.keep(SAYING)
    assert late.due(10) == []

    due_now()

    assert late.due(10) == [late_id]
    assert late.due(10) == []


def test_what_is_done_is_gone(late, due_now):
    late_id = late.keep(SAYING)
    claimed = late.claim(late_id)
    late.done(claimed.id)
    late.again(claimed, 0)
    due_now()

    assert late.due(10) == []
    assert late.claim(late_id) is None


def test_what_ended_by_itself_is_not_due(any_client, late, due_now):
    late_id = late.keep(SAYING)
    any_client.delete(f"offboard:late:{late_id}")
    due_now()

    assert late.due(10) == []
    assert any_client.zcard("offboard:late:due") == 0


def test_a_worker_that_died_leaves_it_to_the_next(any_client, late):
    late_id = late.keep(SAYING)
    late.claim(late_id)
    any_client.hset(f"offboard:late:{late_id}", "held_until", 1)

    assert late.claim(late_id).tries == 2


def test_again_counts_as_a_try_unless_nothing_was_sent(late):
    late_id = late.keep(SAYING)
    late.again(late.claim(late_id), 0)
    late.again(late.claim(late_id), 0, is_try=False)

    assert late.claim(late_id).tries == 2


def test_who_lost_it_puts_nothing_off(any_client, late):
    late_id = late.keep(SAYING)
    first = late.claim(late_id)
    any_client.hset(f"offboard:late:{late_id}", "held_until", 1)
    late.claim(late_id)

    late.again(first, 0)

    assert late.claim(late_id) is None


def test_a_lost_answer_of_the_store_changes_nothing(any_client):
    late = LateAnswers(AnswersGetLost(any_client))
    claimed = late.claim(late.keep(SAYING))

    assert (claimed.late, claimed.tries) == (SAYING, 1)


def test_what_was_sealed_with_a_key_that_is_gone_says_so(any_client):
    kept = LateAnswers(any_client, secret_key=Secret("a" * 40)).keep(SAYING)

    claimed = LateAnswers(any_client, secret_key=Secret("b" * 40)).claim(kept)

    assert claimed.late is None


@pytest.fixture
def due_now(any_client):
    """Have the time of all that waits be over."""

    def over():
        for name in any_client.zrange("offboard:late:due", 0, -1):
            any_client.zadd("offboard:late:due", {name: time.time() * 1000 - 1})

    return over
