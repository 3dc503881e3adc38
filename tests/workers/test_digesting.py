"""The daily digest: once a day, whoever dies over it, and followed up in each case."""

from datetime import timedelta

import fakeredis
import pytest
from digest_scenes import DAY, HOUR, MAIL, SLACK, Mortal, Room, WorkerDied
from factories import FID

from workers.offboarding.errors import Reason
from workers.offboarding.exposure import AccountIndex
from workers.offboarding.functional_ids import FunctionalIdState
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Channel,
    Note,
    Plan,
    ReportKind,
    ReportLine,
    ReportState,
    Step,
    Work,
)
from workers.offboarding.ports import Change
from workers.store.owners import Owners
from workers.store.switches import Switches

MINUTE = timedelta(minutes=1)
SENT = {"slack:digest:1": "sent", "mail:digest:1": "sent"}
PENDING = {"slack:digest:1": "pending", "mail:digest:1": "pending"}


@pytest.fixture
def room():
    with fakeredis.FakeRedis(decode_responses=True) as client:
        room = Room(client)
        room.watch.look()
        yield room


@pytest.fixture
def real(client):
    room = Room(client)
    room.watch.look()
    return room


def test_a_new_service_owes_no_digest_of_the_day_before(room):
    room.let(30 * MINUTE)

    assert room.ids() == []


def test_once_a_day_at_its_hour_every_channel_is_told(room):
    for _ in range(3 * 24):
        room.let(HOUR)

    wanted = ["digest:2026-11-23", "digest:2026-11-24", "digest:2026-11-25"]
    assert (room.ids(SLACK), room.ids(MAIL)) == (wanted, wanted)


def test_after_days_that_were_missed_one_digest_tells_of_them_all(room):
    room.let(2 * HOUR)
    room.end("01A")
    room.now += 2 * DAY
    room.end("01B")

    room.let(2 * DAY)
    room.let(HOUR)

    assert room.ids() == ["digest:2026-11-23", "digest:2026-11-27"]
    assert "2 people left and owned nothing" in room.text()


def test_a_clock_that_jumps_back_tells_nothing_twice(room):
    room.let(2 * HOUR)
    for jump in (-3 * HOUR, 2 * HOUR, -DAY, DAY + 3 * HOUR, -5 * DAY, 5 * DAY):
        room.let(jump)

    assert room.ids() == ["digest:2026-11-23"]


def test_a_clock_that_was_ahead_does_not_end_the_digests(room):
    room.let(2 * HOUR)
    room.let(400 * DAY)
    room.let(-400 * DAY)
    room.let(DAY)
    room.let(DAY)

    assert room.ids() == [
        "digest:2026-11-23",
        "digest:2027-12-28",
        "digest:2026-11-24",
        "digest:2026-11-25",
    ]


def test_two_workers_that_look_at_once_tell_it_once(real):
    real.end("01A")
    real.now += 2 * HOUR
    other = real.a_watch()

    real.watch.look()
    other.look()
    real.deliver()

    assert real.ids() == ["digest:2026-11-23"]


def test_without_a_channel_no_day_counts_as_told(room):
    room.channels = ()
    room.a_watch().look()
    room.now += 2 * HOUR
    room.a_watch().look()

    assert room.client.keys("offboard:notice:*") == []


def test_a_case_that_found_nothing_is_pending_until_its_digest_was_told(room):
    room.end("01A")
    room.let(30 * MINUTE)
    before = room.lines("01A")

    room.now += HOUR
    room.watch.look()
    made = room.lines("01A")
    room.deliver()
    room.watch.look()

    assert (before, made) == (PENDING, PENDING)
    assert room.lines("01A") == SENT
    case = room.cases.load("01A")
    assert case.reports[0].detail == "Told by the notice digest:2026-11-23."
    entries = [one.what for one in room.cases.ledger("01A")]
    assert entries == ["case.opened", "report.sent", "report.sent"]


def test_what_one_channel_did_not_take_is_failed_there_alone(room):
    room.told[SLACK].states = [ReportState.FAILED]
    room.end("01A")

    room.let(2 * HOUR)

    assert room.lines("01A") == SENT | {"slack:digest:1": "failed"}


def test_what_may_have_arrived_is_unknown_once_nobody_tries_again(room):
    room.told[SLACK].states = [ReportState.UNKNOWN] * 10
    room.end("01A")
    room.let(2 * HOUR)
    tried = room.lines("01A")

    for _ in range(10):
        for member in room.client.zrange("offboard:notices:due", 0, -1):
            room.client.zadd("offboard:notices:due", {member: 1})
        room.let(MINUTE)

    assert tried == SENT | {"slack:digest:1": "pending"}
    assert room.lines("01A") == SENT | {"slack:digest:1": "unknown"}


def test_a_channel_that_was_taken_away_meanwhile_has_failed(room):
    room.end("01A")
    room.channels = (SLACK,)
    room.watch = room.a_watch()

    room.let(2 * HOUR)

    assert room.lines("01A") == SENT | {"mail:digest:1": "failed"}


def test_what_ends_while_a_digest_is_told_is_in_the_next(room):
    room.end("01A")
    room.now += 2 * HOUR
    room.watch.look()
    room.end("01B")
    room.deliver()
    room.watch.look()
    first = (room.lines("01A"), room.lines("01B"))

    room.let(DAY)

    assert first == (SENT, PENDING)
    assert room.lines("01B") == SENT
    assert "1 person left and owned nothing; nothing was done: 01b@" in room.text()


def test_a_digest_that_waits_for_its_channel_does_not_hold_up_the_next(room):
    room.told[SLACK].states = [ReportState.UNKNOWN]
    room.end("01A")
    room.let(2 * HOUR)
    room.end("01B")

    room.let(DAY)

    assert room.lines("01B") == SENT


def test_a_case_that_was_told_otherwise_meanwhile_is_not_named_as_clean(room):
    room.end("01A")
    room.end("01B")
    head = room.client.hget("offboard:case:01A", "head")
    changed = head.replace('"result":"clean"', '"result":"attention"')
    room.client.hset("offboard:case:01A", "head", changed)

    room.let(2 * HOUR)

    assert "01b@example.com" in room.text()
    assert "01a@example.com" not in room.text()


def test_a_case_that_was_archived_meanwhile_holds_nothing_up(room):
    room.end("01A")
    room.end("01B")
    room.client.delete("offboard:case:01A", "offboard:case:01A:reports")

    room.let(2 * HOUR)

    assert room.lines("01B") == SENT
    assert room.client.hlen("offboard:together:told") == 0
    assert room.client.zcard("offboard:together:digest") == 0


def test_ten_thousand_are_told_by_one_short_message_and_marked_in_turns(real):
    for number in range(25):
        real.end(f"01{number:02}")
    # As cases that were archived since: of them nothing but their place is left.
    gone = {f"00{number}|digest:1": 25 + number for number in range(9_974)}
    real.client.zadd("offboard:together:digest", gone)
    real.client.set("offboard:together:last", 9_999)
    real.end("02LAST")
    real.now += 2 * HOUR

    real.watch.look()
    real.deliver()
    turns = 0
    while real.lines("02LAST") == PENDING and turns < 100:
        real.watch.look()
        turns += 1
    real.watch.look()

    assert turns == 10
    assert real.lines("0100") == real.lines("02LAST") == SENT
    assert "10000 people left and owned nothing" in real.text()
    assert "And 9980 more" in real.text()
    assert real.text().count("@example.com") == 20
    assert real.client.hlen("offboard:together:told") == 0


def a_day_of(room):
    """A day with two leavers, of whose digest Slack takes nothing."""
    room.told[SLACK].states = [ReportState.FAILED] * 2
    room.end("01A")
    room.end("01B")
    room.now += 2 * HOUR


def test_who_dies_at_any_point_leaves_nothing_twice_and_nothing_out(client):
    steps = 1
    while steps < 200:
        client.flushall()
        room = Room(client)
        room.watch.look()
        a_day_of(room)
        mortal = Mortal(client, dies_at=steps)
        is_dead = False
        for _ in range(2):
            try:
                room.a_watch(mortal).look()
            except WorkerDied:
                is_dead = True
            room.deliver()
        room.watch.look()
        room.deliver()
        room.watch.look()

        assert room.ids(SLACK) == room.ids(MAIL) == ["digest:2026-11-23"]
        for case_id in ("01A", "01B"):
            assert room.lines(case_id) == SENT | {"slack:digest:1": "failed"}
            entries = sorted(one.what for one in room.cases.ledger(case_id))
            assert entries == ["case.opened", "report.failed", "report.sent"]
        assert client.hlen("offboard:together:told") == 0
        if not is_dead:
            break
        steps += 1

    # Each call of a look was died at, before it and after it.
    assert 40 < steps < 200


def test_a_store_that_loses_answers_tells_it_once(client):
    class Twice(Mortal):
        def register_script(self, text):
            script = self._client.register_script(text)
            return lambda **given: (script(**given), script(**given))[1]

    room = Room(client)
    room.watch.look()
    a_day_of(room)
    room.watch = room.a_watch(Twice(client))

    room.watch.look()
    room.deliver()
    room.watch.look()

    assert room.ids() == ["digest:2026-11-23"]
    entries = sorted(one.what for one in room.cases.ledger("01A"))
    assert entries == ["case.opened", "report.failed", "report.sent"]


def hold(room, case_id, *reasons, **changed):
    plan = Plan("sha256:1", room.now, tuple(Note(one, "x") for one in reasons))
    given = {"status": CaseStatus.WAITING, "plan": plan, "held_at": room.now}
    room.open(case_id)
    room.write(case_id, **{**given, **changed})


def test_it_names_who_waits_and_counts_the_others(room):
    for number in range(8):
        hold(room, f"01{number}", Reason.AMBIGUOUS_PERSON)

    room.let(2 * HOUR)

    assert "8 cases wait for a decision" in room.text()
    assert "01 4@" not in room.text()
    assert "014@example.com, since 2026-11-23 07:00:00 UTC: more than" in room.text()
    assert "015@example.com" not in room.text()
    assert "And 3 more." in room.text()


def test_it_says_nothing_of_who_leaves_on_a_later_day(room):
    room.open(
        "01A",
        status=CaseStatus.SCHEDULED,
        starts_at=room.now + 90 * DAY,
        effective_at=room.now + 90 * DAY,
    )
    hold(room, "01B", Reason.STUCK, starts_at=room.now + 90 * DAY, started_at=None)

    room.let(2 * HOUR)

    assert "01a@example.com" not in room.text()
    assert "01b@example.com" not in room.text()
    assert "nothing waits for a person" in room.text()


def test_it_counts_what_ended_since_the_last_and_not_in_all(room):
    room.end("01A", ReportKind.FINAL, CaseResult.SAFE)
    room.let(2 * HOUR)
    room.end("01B", ReportKind.FINAL, CaseResult.SAFE)
    room.end("01C", ReportKind.FINAL, CaseResult.ATTENTION)

    room.let(DAY)

    assert "1 case ended with attention" in room.text()
    assert "1 case ended safe" in room.text()


def test_a_report_that_no_channel_took_is_told_the_next_day_and_not_again(room):
    room.end("01A", ReportKind.FINAL, CaseResult.SAFE)
    deliver = Work("01A", Step.DELIVER, "slack:final:1")
    room.client.zadd("offboard:due", {"01A|deliver|slack:final:1": 1})
    line = ReportLine(Channel.SLACK, ReportKind.FINAL, state=ReportState.FAILED)
    room.works.finish(room.works.claim(deliver), Change(reports=(line,)))
    # The store goes by its server's clock.
    millis = room.now.timestamp() * 1000
    room.client.zadd("offboard:untold", {"01A|slack:final:1": millis}, xx=True)

    room.let(2 * HOUR)
    first = room.text()
    room.let(DAY)

    assert "1 report could not be told, of case 01A" in first
    assert "could not be told" not in room.text()


def test_a_pause_and_a_weak_functional_id_are_told_each_day(room):
    weak = FunctionalIdState(
        "acct1", FID, room.now, keys=19, weak=(Note(Reason.FEW_KEY_SLOTS, "19 of 20"),)
    )
    index = AccountIndex("acct1", surveyed_at=room.now, functional_ids=(weak,))
    owners = Owners(room.client)
    owners.know(["acct1"])
    owners.put(index, ())
    Switches(room.client).pause(actor="robin")

    room.let(2 * HOUR)
    room.let(DAY)

    assert room.ids() == ["digest:2026-11-23", "digest:2026-11-24"]
    assert "resets are paused, 1 functional ID weak" in room.text()
    assert "0 departures from an outage, as at the last digest" in room.text()
