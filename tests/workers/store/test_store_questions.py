"""What the web asks, one worker answers, once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from store_scenes import AnswersGetLost

from workers.offboarding.errors import StoreAwayError
from workers.store.connection import connect
from workers.store.questions import Questions

DANA = "dana.lee@example.com"


@pytest.fixture
def questions(any_client):
    return Questions(any_client)


@pytest.fixture
def lossy_questions(any_client):
    return Questions(AnswersGetLost(any_client))


def let_pass(client, seconds):
    """Have everything run out that runs out within *seconds*."""
    for key in client.keys("offboard:*"):
        left = client.ttl(key)
        assert left > 0, f"{key} never runs out"
        client.expire(key, max(left - seconds, 0))


def test_a_question_is_new_and_can_be_read(questions):
    asked = questions.ask("gate", DANA)

    assert asked.is_new
    assert questions.question(asked.id) == ("gate", DANA)
    assert questions.answer_of("gate", DANA) is None


def test_the_same_question_is_joined(questions):
    first, second = questions.ask("gate", DANA), questions.ask("gate", DANA)

    assert (second.id, second.is_new) == (first.id, False)


def test_another_subject_or_kind_is_another_question(questions):
    first = questions.ask("gate", DANA)
    others = [questions.ask("gate", "IBMid-1"), questions.ask("doctor", DANA)]

    assert all(one.is_new for one in others)
    assert len({first.id, *(one.id for one in others)}) == 3


def test_one_worker_has_a_question(questions):
    asked = questions.ask("gate", DANA)

    assert [questions.claim(asked.id) for _ in range(3)] == [True, False, False]


def test_what_nobody_asked_is_nobody_s(questions):
    assert questions.claim("nothing") is False
    assert questions.question("nothing") is None


def test_an_answer_is_given_out_once(questions):
    asked = questions.ask("gate", DANA)
    questions.claim(asked.id)
    questions.answer(asked.id, '{"safe": true}')

    answers = [questions.answer_of("gate", DANA) for _ in range(2)]

    assert answers == ['{"safe": true}', None]


def test_an_answer_is_nobody_else_s(questions):
    questions.answer(questions.ask("gate", DANA).id, "yes")

    assert questions.answer_of("gate", "robin.park@example.com") is None
    assert questions.answer_of("doctor", DANA) is None


def test_an_answered_question_is_over(questions):
    asked = questions.ask("gate", DANA)
    questions.answer(asked.id, "yes")

    assert questions.question(asked.id) is None
    assert questions.claim(asked.id) is False


def test_who_stopped_waiting_finds_the_answer_later(questions, any_client):
    asked = questions.ask("gate", DANA)
    questions.answer(asked.id, "yes")
    let_pass(any_client, 14)

    assert questions.answer_of("gate", DANA) == "yes"


def test_an_answer_is_kept_for_a_quarter_of_a_minute_and_no_longer(
    questions, any_client
):
    questions.answer(questions.ask("gate", DANA).id, "yes")
    let_pass(any_client, 15)

    assert questions.answer_of("gate", DANA) is None


def test_who_asks_anew_is_not_given_what_was_found_before(questions):
    questions.answer(questions.ask("gate", DANA).id, "yesterday")

    asked = questions.ask("gate", DANA)
    before = questions.answer_of("gate", DANA)
    questions.answer(asked.id, "today")

    assert asked.is_new
    assert (before, questions.answer_of("gate", DANA)) == (None, "today")


def test_a_question_nobody_answers_can_be_asked_again(questions, any_client):
    first = questions.ask("gate", DANA)
    questions.claim(first.id)
    let_pass(any_client, 179)
    joined = questions.ask("gate", DANA)
    let_pass(any_client, 1)

    again = questions.ask("gate", DANA)

    assert (joined.id, joined.is_new) == (first.id, False)
    assert again.is_new
    assert questions.claim(again.id)


def test_an_answer_that_comes_too_late_is_not_taken_for_a_new_one(
    questions, any_client
):
    first = questions.ask("gate", DANA)
    let_pass(any_client, 180)
    second = questions.ask("gate", DANA)

    questions.answer(first.id, "late")

    assert questions.answer_of("gate", DANA) is None
    assert questions.question(second.id) == ("gate", DANA)


def test_no_key_shows_whom_a_question_is_about(questions, any_client):
    asked = questions.ask("gate", DANA)
    questions.claim(asked.id)
    waiting = any_client.keys("*")
    questions.answer(asked.id, "yes")

    keys = [*waiting, *any_client.keys("*")]

    assert len(keys) == 4
    assert not [one for one in keys if "dana" in one]


def test_an_answer_with_any_sign_in_it_comes_back_whole(questions):
    text = '"\n\u2028\U0001f600 $x {}\\'
    questions.answer(questions.ask("gate", "\u202e|:*").id, text)

    assert questions.answer_of("gate", "\u202e|:*") == text


def test_a_lost_answer_of_the_store_changes_nothing(lossy_questions, any_client):
    asked = lossy_questions.ask("gate", DANA)
    is_mine = lossy_questions.claim(asked.id)
    others = Questions(any_client).claim(asked.id)
    lossy_questions.answer(asked.id, "yes")

    assert (asked.is_new, is_mine, others) == (True, True, False)
    assert lossy_questions.answer_of("gate", DANA) == "yes"


def test_of_many_at_once_one_asks_one_claims_and_one_fetches(store_place, client):
    with ThreadPoolExecutor(8) as pool, connect(store_place.store_url) as shared:
        questions = Questions(shared)
        for number in range(50):
            subject = f"p{number}@example.com"
            asked = list(
                pool.map(lambda _, of=subject: questions.ask("gate", of), range(8))
            )
            [question_id] = {one.id for one in asked}
            claims = list(
                pool.map(lambda _, of=question_id: questions.claim(of), range(8))
            )
            questions.answer(question_id, "yes")
            answers = list(
                pool.map(
                    lambda _, of=subject: questions.answer_of("gate", of), range(8)
                )
            )

            assert sum(one.is_new for one in asked) == 1
            assert sum(claims) == 1
            assert sorted(answers, key=str) == [None] * 7 + ["yes"]


@pytest.mark.parametrize(
    "move",
    [
        lambda questions: questions.ask("gate", DANA),
        lambda questions: questions.question("q"),
        lambda questions: questions.claim("q"),
        lambda questions: questions.answer("q", "yes"),
        lambda questions: questions.answer_of("gate", DANA),
    ],
    ids=["ask", "question", "claim", "answer", "answer_of"],
)
def test_a_store_that_is_away_is_said(short_folder, move):
    with (
        connect(f"unix://{short_folder}/nobody") as client,
        pytest.raises(StoreAwayError),
    ):
        move(Questions(client))
