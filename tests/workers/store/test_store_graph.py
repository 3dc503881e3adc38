"""What is kept of Graph's users: compared before it is changed, one turn at a time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from store_scenes import AnswersGetLost

from workers.offboarding.errors import StoreAwayError
from workers.offboarding.heard import HeardKind
from workers.offboarding.seen_user import Chore, Place, SeenUser, UserStanding
from workers.store.connection import connect
from workers.store.graph import GraphMemory
from workers.store.names import KnownNames

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HERE = SeenUser(UserStanding.ENABLED, NOON)
OUT = SeenUser(UserStanding.DISABLED, None, "entra_graph:k", HeardKind.DISABLED)
GONE = SeenUser(UserStanding.DELETED)


@pytest.fixture
def memory(any_client):
    return GraphMemory(any_client)


def test_how_a_user_was_seen_comes_back_as_it_was_put_in(memory):
    assert memory.seen("o-1") is None
    memory.put("o-1", None, HERE, None)
    memory.put("o-2", None, OUT, None)

    assert memory.seen("o-1") == HERE
    assert memory.seen_of(["o-2", "o-3", "o-1"]) == {"o-2": OUT, "o-1": HERE}
    assert memory.seen_of([]) == {}


def test_a_change_is_kept_by_who_had_seen_what_is_kept(memory):
    memory.put("o-1", None, HERE, None)

    assert memory.put("o-1", None, GONE, None) is False
    assert memory.put("o-1", GONE, OUT, None) is False
    assert memory.put("o-1", HERE, OUT, None) is True
    assert memory.seen("o-1") == OUT


def test_the_name_is_kept_with_it_and_only_then(memory, any_client):
    memory.put("o-1", None, HERE, "dana.lee@example.com")
    memory.put("o-1", None, GONE, "another@example.com")

    names = KnownNames(any_client).of("entra_graph", ["o-1"])
    assert names == {"o-1": "dana.lee@example.com"}


def test_a_put_whose_answer_was_lost_may_be_repeated(any_client):
    memory = GraphMemory(AnswersGetLost(any_client))

    assert memory.put("o-1", None, HERE, None) is True
    assert GraphMemory(any_client).seen("o-1") == HERE


def test_of_two_who_change_the_same_user_one_does(memory):
    memory.put("o-1", None, HERE, None)
    with ThreadPoolExecutor(8) as pool:
        done = list(
            pool.map(
                lambda n: memory.put(
                    "o-1", HERE, SeenUser(UserStanding.DISABLED, told_by=str(n)), None
                ),
                range(8),
            )
        )

    assert done.count(True) == 1


def test_a_page_changes_nobody_who_was_seen_before(memory, any_client):
    memory.put("o-1", None, OUT, None)

    memory.take_page({"o-1": HERE, "o-2": HERE}, {"o-1": "a@example.com"}, ["o-1"])

    assert memory.seen_of(["o-1", "o-2"]) == {"o-1": OUT, "o-2": HERE}
    assert KnownNames(any_client).of("entra_graph", ["o-1"]) == {"o-1": "a@example.com"}


def test_an_empty_page_changes_nothing(memory):
    memory.take_page({}, {}, [])

    assert memory.not_listed() == []


def test_who_is_in_no_page_is_found_save_the_deleted(memory):
    memory.put("o-1", None, HERE, None)
    memory.put("o-2", None, OUT, None)
    memory.put("o-3", None, GONE, None)
    memory.begin_anew()
    memory.take_page({}, {}, ["o-2"])

    assert memory.not_listed() == ["o-1"]


def test_what_was_listed_once_does_not_count_the_next_time(memory):
    memory.put("o-1", None, HERE, None)
    memory.take_page({}, {}, ["o-1"])
    memory.begin_anew()

    assert memory.not_listed() == ["o-1"]


def test_comparing_goes_on_where_it_was(memory):
    assert memory.place() is None
    first = memory.begin_anew()
    second = memory.go_on_at("https://next", is_whole=True, is_new_round=False)
    third = memory.go_on_at("https://delta", is_whole=False, is_new_round=True)

    assert first == Place("", True, first.round)
    assert second == Place("https://next", True, first.round)
    assert third.round not in ("", first.round)
    assert memory.place() == Place("https://delta", False, third.round)


def test_it_is_known_when_all_were_compared(memory):
    assert memory.compared_at() is None
    memory.note_compared(NOON)

    assert memory.compared_at() == NOON


def test_who_is_to_be_looked_up_once_more_stays_due_until_they_were(memory):
    memory.look_again("o-1", 0)
    memory.look_again("o-2", 1000)
    ((subject, at),) = memory.due_again(10)

    again = memory.due_again(10)
    memory.looked_again(subject, at)

    assert again == [("o-1", at)]
    assert memory.due_again(10) == []


def test_who_was_asked_for_anew_meanwhile_stays(memory, any_client):
    memory.look_again("o-1", 0)
    ((_, at),) = memory.due_again(10)
    memory.look_again("o-1", 1000)
    memory.looked_again("o-1", at)

    assert any_client.zcard("offboard:entra_graph:again") == 1


def test_no_more_are_due_than_asked_for(memory):
    for number in range(5):
        memory.look_again(f"o-{number}", 0)

    assert len(memory.due_again(3)) == 3


def test_the_turn_is_one_worker_s(memory):
    mine = memory.claim(60)

    assert mine is not None
    assert memory.claim(60) is None
    assert memory.renew(mine, 60) is True
    memory.end("another's")
    assert memory.claim(60) is None
    memory.end(mine)
    assert memory.claim(60) is not None
    assert memory.renew(mine, 60) is False


def test_a_claim_whose_answer_was_lost_is_not_lost(any_client):
    memory = GraphMemory(AnswersGetLost(any_client))

    assert memory.claim(60) is not None


def test_the_turn_of_who_died_ends(memory, until):
    memory.claim(0.05)

    assert until(lambda: memory.claim(60))


def test_a_chore_rests_and_is_due_again(memory, until):
    memory.rest(Chore.COMPARE, 1000)
    memory.rest(Chore.LOOK_AGAIN, 0.05)

    assert not memory.is_due(Chore.COMPARE)
    assert memory.is_due(Chore.SUBSCRIBE)
    assert until(lambda: memory.is_due(Chore.LOOK_AGAIN))


def test_comparing_and_subscriptions_are_brought_forward(memory):
    for chore in Chore:
        memory.rest(chore, 1000)
    memory.bring_forward()

    assert memory.is_due(Chore.COMPARE)
    assert memory.is_due(Chore.SUBSCRIBE)
    assert not memory.is_due(Chore.LOOK_AGAIN)


def test_a_store_that_is_away_is_said_so(short_folder):
    memory = GraphMemory(connect(f"unix://{short_folder}/none.sock"))

    for asked in (
        lambda: memory.seen("o-1"),
        lambda: memory.put("o-1", None, HERE, None),
        lambda: memory.claim(1),
        memory.place,
        memory.bring_forward,
        lambda: memory.is_due(Chore.COMPARE),
    ):
        with pytest.raises(StoreAwayError):
            asked()
