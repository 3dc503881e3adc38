"""Evidence in the store: sealed as it comes, one chain whatever the workers do."""

import json
import re
import time
from pathlib import Path

import pytest
from store_scenes import NOW, Room, a_case, an_entry
from structlog.testing import capture_logs

from config.secret import Secret
from workers import store
from workers.offboarding.errors import NoSuchCaseError, NotSealedError
from workers.offboarding.model import CaseStatus, Departure, Leaver, Withdrawal
from workers.signing import SigningKey
from workers.store.damaged import Damaged
from workers.store.evidence import Evidence

STORE = Path(store.__file__).parent
KEY = SigningKey(Secret("11" * 32))


@pytest.fixture
def evidence(any_client):
    return Evidence(any_client)


def opened(room, case_id="01A", **changed):
    case = a_case(case_id, **changed)
    departure = Departure("standard", case.leaver)
    room.cases.open(case, departure, (an_entry("case.opened"), an_entry("joined")))
    return case


def cancelled(room, case):
    ended = a_case(case.id, status=CaseStatus.CANCELLED, leaver=case.leaver)
    room.cases.turn(
        ended, an_entry("case.cancelled"), expected=(CaseStatus.OPEN,), takes=False
    )


def seal_all(evidence):
    while evidence.seal(KEY, NOW):
        pass


def lines_of(evidence, case_id="01A"):
    return [json.loads(one) for one in evidence.pack_of(case_id)]


def test_a_new_case_is_sealed_and_named_in_the_register(room, evidence):
    opened(room)

    seal_all(evidence)

    kinds = [one["kind"] for one in lines_of(evidence)]
    assert kinds == ["header", "entry", "head", "item", "register"]
    assert evidence.is_sealed("01A")


def test_what_is_appended_later_is_sealed_behind_it(room, evidence):
    case = opened(room)
    seal_all(evidence)
    cancelled(room, case)

    waited = evidence.unsealed("01A"), evidence.is_sealed("01A")
    seal_all(evidence)

    assert waited == (1, False)
    entries = [one["entry"]["what"] for one in lines_of(evidence) if "entry" in one]
    assert entries == ["case.opened", "case.cancelled"]


def test_a_case_is_in_the_register_again_when_it_is_over(room, evidence):
    case = opened(room)
    seal_all(evidence)
    cancelled(room, case)

    seal_all(evidence)

    items = [one for one in lines_of(evidence) if one["kind"] == "item"]
    assert [(one["seq"], one["n"]) for one in items] == [(1, 1), (2, 2)]


def test_every_way_into_a_ledger_notes_the_case(room, evidence):
    opened(room)
    seal_all(evidence)
    withdrawal = Withdrawal("standard", Leaver("dana.lee@example.com"), "standard:2")
    room.cases.note_withdrawal(
        withdrawal, "01A", an_entry("departure.withdrawn"), answer=""
    )

    seal_all(evidence)

    assert len([one for one in lines_of(evidence) if one["kind"] == "entry"]) == 2


def test_a_withdrawal_whose_answer_was_lost_is_written_once(lossy):
    opened(lossy)
    withdrawal = Withdrawal("standard", Leaver("dana.lee@example.com"), "standard:2")

    lossy.cases.note_withdrawal(withdrawal, "01A", an_entry("withdrawn"), answer="01A")

    assert lossy.ledger() == ["case.opened", "withdrawn"]
    assert lossy.cases.withdrawn("standard:2") == "01A"


def test_a_withdrawal_that_is_known_is_left_as_it_is(room):
    opened(room)
    withdrawal = Withdrawal("standard", Leaver("dana.lee@example.com"), "standard:2")

    for answer in ("01A", ""):
        room.cases.note_withdrawal(withdrawal, "01A", an_entry("back"), answer=answer)

    assert room.ledger() == ["case.opened", "back"]
    assert room.cases.withdrawn("standard:2") == "01A"


def test_a_withdrawal_of_no_case_is_remembered_alone(room, any_client):
    withdrawal = Withdrawal("standard", Leaver("dana.lee@example.com"), "standard:2")

    room.cases.note_withdrawal(withdrawal, None, an_entry("back"), answer="")

    assert room.cases.withdrawn("standard:2") == ""
    assert any_client.keys("*") == ["offboard:withdrawal:standard:2"]


def test_a_departure_that_joins_is_sealed_in_the_case_it_joins(room, evidence):
    opened(room)
    seal_all(evidence)
    opened(room, "01B")

    seal_all(evidence)

    entries = [one["entry"]["what"] for one in lines_of(evidence) if "entry" in one]
    assert entries == ["case.opened", "joined"]


def test_a_ledger_longer_than_one_turn_is_sealed_to_its_end(room, evidence):
    opened(room)
    for number in range(450):
        withdrawal = Withdrawal("s", Leaver("dana.lee@example.com"), f"s:{number}")
        room.cases.note_withdrawal(withdrawal, "01A", an_entry(), answer="")

    seal_all(evidence)

    assert evidence.unsealed("01A") == 0
    assert evidence.is_sealed("01A")


def test_a_worker_whose_answer_was_lost_seals_nothing_twice(lossy, any_client):
    case = opened(lossy)
    evidence = Evidence(lossy.client)
    for _ in range(3):
        evidence.seal(KEY, NOW)
    cancelled(lossy, case)
    for _ in range(3):
        evidence.seal(KEY, NOW)

    lines = lines_of(Evidence(any_client))
    assert [one["n"] for one in lines if one["kind"] == "entry"] == [1, 2]
    assert any_client.llen("offboard:case:01A:chain") == 2


def test_a_worker_that_read_before_another_sealed_writes_nothing(
    room, evidence, any_client, monkeypatch
):
    opened(room)
    read = evidence._read
    other = Evidence(any_client)

    def overtaken(ids):
        found = read(ids)
        other.seal(KEY, NOW)
        return found

    monkeypatch.setattr(evidence, "_read", overtaken)

    assert evidence.seal(KEY, NOW) is None
    assert any_client.llen("offboard:register") == 1
    assert any_client.llen("offboard:case:01A:chain") == 1


def overtaken_by(monkeypatch, evidence, other, meanwhile):
    """Have another worker seal between reading and writing."""
    read = evidence._read

    def overtaken(ids):
        found = read(ids)
        meanwhile()
        while other.seal(KEY, NOW):
            pass
        return found

    monkeypatch.setattr(evidence, "_read", overtaken)


def test_an_open_case_that_another_sealed_meanwhile_is_not_sealed_twice(
    room, evidence, any_client, monkeypatch
):
    opened(room)
    seal_all(evidence)
    opened(room, "01B")
    # It joined: the register gains nothing by it, so that only the case tells.
    overtaken_by(monkeypatch, evidence, Evidence(any_client), lambda: None)

    assert evidence.seal(KEY, NOW) is None
    assert any_client.llen("offboard:case:01A:chain") == 2


def test_a_register_that_another_continued_meanwhile_is_not_continued_twice(
    room, evidence, any_client, monkeypatch
):
    opened(room)
    other = Evidence(any_client)

    def meanwhile():
        any_client.zrem("offboard:unsealed", "01A")
        opened(room, "01B", leaver=Leaver("kim.roe@example.com"))

    overtaken_by(monkeypatch, evidence, other, meanwhile)

    assert evidence.seal(KEY, NOW) is None
    assert any_client.llen("offboard:register") == 1


@pytest.mark.parametrize(
    "script",
    [
        one
        for one in sorted(STORE.glob("*.lua"))
        if re.search("RPUSH.*ledger', ", one.read_text())
    ],
    ids=lambda one: one.stem,
)
def test_every_script_that_writes_a_ledger_notes_the_case(script):
    text = script.read_text("utf-8")

    assert "redis.call('ZADD', P .. 'unsealed', 'NX'" in text


def test_what_came_after_it_was_read_waits_for_the_next_turn(
    room, evidence, monkeypatch
):
    case = opened(room)
    read = evidence._read

    def outrun(ids):
        found = read(ids)
        cancelled(room, case)
        return found

    monkeypatch.setattr(evidence, "_read", outrun)
    evidence.seal(KEY, NOW)
    monkeypatch.undo()

    assert not evidence.is_sealed("01A")
    seal_all(evidence)
    assert evidence.is_sealed("01A")


def test_the_cases_of_an_older_store_are_sealed_too(room, evidence, any_client):
    opened(room)
    any_client.delete("offboard:unsealed")

    evidence.note_all()
    seal_all(evidence)

    assert evidence.is_sealed("01A")


def test_an_entry_of_a_former_version_is_read_and_sealed(room, evidence, any_client):
    opened(room)
    old = '{"at":"2026-01-02T03:04:05Z","what":"case.planned","step":"plan"}'
    any_client.rpush("offboard:case:01A:ledger", old)
    any_client.zadd("offboard:unsealed", {"01A": 1})

    seal_all(evidence)

    assert room.cases.ledger("01A")[1].owner_before is None
    entries = [one["entry"] for one in lines_of(evidence) if "entry" in one]
    assert entries[1] == json.loads(old)


def test_a_case_that_was_removed_meanwhile_is_forgotten(room, evidence, any_client):
    opened(room)
    any_client.delete("offboard:case:01A", "offboard:case:01A:ledger")

    assert evidence.seal(KEY, NOW) == 1
    assert evidence.seal(KEY, NOW) == 0


def test_there_is_no_pack_of_a_case_that_is_not_sealed_or_not_there(room, evidence):
    opened(room)

    with pytest.raises(NotSealedError):
        next(evidence.pack_of("01A"))
    with pytest.raises(NoSuchCaseError):
        next(evidence.pack_of("01B"))


def test_the_first_process_makes_the_seed_that_all_take(evidence):
    assert [evidence.seed("aa"), evidence.seed("bb")] == ["aa", "aa"]


def test_two_workers_that_seal_at_once_make_one_chain(store_place, client):
    from concurrent.futures import ThreadPoolExecutor

    from workers.store.connection import connect

    room = Room(client)
    for number in range(120):
        opened(room, f"01{number:03}", leaver=Leaver(f"p{number}@example.com"))

    def work(_):
        with connect(store_place.store_url) as mine:
            evidence = Evidence(mine)
            while evidence.seal(KEY, NOW) != 0:
                pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert client.llen("offboard:register") == 120
    items = [json.loads(one) for one in client.lrange("offboard:register", 0, -1)]
    assert [one["seq"] for one in items] == list(range(1, 121))
    assert len({one["prev"] for one in items}) == 120


@pytest.mark.parametrize("line", ['{"at":', r'{"what":"\ud800"}', '{"what":NaN}'])
def test_an_entry_that_cannot_be_read_keeps_no_other_case_unsealed(
    room, evidence, any_client, line
):
    opened(room)
    any_client.lset("offboard:case:01A:ledger", 0, line)
    opened(room, "01B", leaver=Leaver("kim.roe@example.com"))

    with capture_logs() as logs:
        seal_all(evidence)

    assert (evidence.is_sealed("01B"), evidence.is_sealed("01A")) == (True, False)
    assert any_client.zrange("offboard:unsealed", 0, -1) == ["01A"]
    assert {one["case_id"] for one in logs} == {"01A"}


def spoilt(room, client, *numbers):
    """Open cases whose ledgers cannot be read."""
    for number in numbers:
        case = opened(room, f"00{number:03}", leaver=Leaver(f"p{number}@example.com"))
        client.lset(f"offboard:case:{case.id}:ledger", 0, "{")


def test_a_page_full_of_unreadable_ledgers_keeps_nobody_behind_it_unsealed(
    room, evidence, any_client
):
    spoilt(room, any_client, *range(60))
    opened(room, "01A")

    seal_all(evidence)

    assert evidence.is_sealed("01A")
    assert any_client.zcard("offboard:unsealed") == 60
    assert len(Damaged(any_client).listed()) == 60


def test_what_could_not_be_read_is_looked_at_again_after_some_minutes(
    room, evidence, any_client
):
    spoilt(room, any_client, 1)
    seal_all(evidence)
    [(_, until)] = any_client.zrange("offboard:unsealed", 0, -1, withscores=True)
    with capture_logs() as logs:
        assert evidence.seal(KEY, NOW) == 0
    any_client.lset("offboard:case:00001:ledger", 0, '{"what":"case.opened"}')
    any_client.zadd("offboard:unsealed", {"00001": until - 700_000})

    seal_all(evidence)

    assert logs == []
    assert 500 < until / 1000 - time.time() <= 600
    assert evidence.is_sealed("00001")


def test_what_is_mended_and_sealed_meanwhile_is_not_put_back(
    room, evidence, any_client, monkeypatch
):
    spoilt(room, any_client, 1)
    put_off = evidence._put_off

    def late(unread, at_ms):
        any_client.zrem("offboard:unsealed", "00001")
        put_off(unread, at_ms)

    monkeypatch.setattr(evidence, "_put_off", late)

    evidence.seal(KEY, NOW)

    assert any_client.zcard("offboard:unsealed") == 0
