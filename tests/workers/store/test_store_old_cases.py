"""Cases that ended long ago: found, kept while work is left, removed without trace."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from store_scenes import (
    DANA_KNOWN,
    KIM,
    NOW,
    Room,
    a_case,
    a_case_target,
    an_entry,
    settled,
)

from workers.offboarding.model import (
    Case,
    CaseResult,
    CaseStatus,
    Channel,
    Departure,
    ReportKind,
    ReportLine,
    Step,
)
from workers.offboarding.ports import Change
from workers.store.backfill import Backfill
from workers.store.brake import Brakes, counted
from workers.store.codec import decode, encode
from workers.store.names import KnownNames
from workers.store.old_cases import OldCases

LATER = timedelta(minutes=1)
DAY_MS = 86_400_000


@pytest.fixture
def old(any_client):
    return OldCases(any_client)


def ended(room, case_id="01A"):
    return room.client.zscore("offboard:index:ended", case_id)


def due(old):
    return old.due(datetime.now(UTC) + LATER, 10)


def remove(room, old, case_id="01A", *, is_sealed=True):
    if is_sealed:
        # As if a worker had chained and signed what there is.
        room.client.delete("offboard:unsealed")
    return old.remove(room.cases.load(case_id), old.length(case_id))


def settle(room, case=None, **changed):
    """Run a case of one target to its end, reset and all."""
    case = case or a_case()
    room.planned(a_case_target(), case=case)
    claim = room.intend(case_id=case.id)
    room.works.finish(claim, Change(targets=(settled(),)))
    return room.report(case.id, result=CaseResult.SAFE, **changed)


def keys_of(room, *parts):
    return sorted(
        one for one in room.client.keys("*") if any(part in one for part in parts)
    )


def test_nothing_that_is_open_waiting_or_scheduled_counts_as_ended(room, old):
    tomorrow = NOW + timedelta(days=1)
    room.open()
    later = a_case(
        "01B",
        leaver=KIM,
        status=CaseStatus.SCHEDULED,
        starts_at=tomorrow,
        effective_at=tomorrow,
    )
    room.open(later)

    assert due(old) == []
    assert remove(room, old, "01A") == "live"
    assert remove(room, old, "01B") == "live"
    assert room.cases.ids(limit=9) == ["01B", "01A"]


def test_a_settled_case_counts_from_the_moment_it_settled(room, old):
    before = datetime.now(UTC).timestamp() * 1000
    settle(room)

    assert before - 2000 < ended(room) < before + 5000
    assert due(old) == ["01A"]
    assert old.due(datetime.now(UTC) - LATER, 10) == []


def test_a_cancelled_case_counts_as_ended(room, old):
    room.open()
    room.cancel()

    assert due(old) == ["01A"]


def test_what_the_brake_refuses_counts_as_ended(room, old):
    case = a_case()
    told = Departure("standard", case.leaver, event_key="standard:01A")
    brake = counted(case, told, 0, an_entry("braked"))
    room.cases.open(case, told, (an_entry(), an_entry()), brake=brake)
    Brakes(room.client).decide(
        "op",
        "refuse",
        up_to=datetime.now(UTC) + LATER,
        by="kim",
        at=NOW,
        entry=an_entry(),
    )

    assert due(old) == ["01A"]
    assert remove(room, old) == "removed"
    assert keys_of(room, "01A") == []


def test_a_case_that_is_taken_up_again_is_not_over_any_more(room, old):
    settle(room)
    room.retry()

    assert ended(room) is None
    assert remove(room, old) == "live"
    assert room.cases.load("01A").status == "open"


def test_no_trace_is_left_of_a_case_that_is_removed(room, old):
    known = a_case(leaver=DANA_KNOWN)
    room.planned(a_case_target(), case=known)
    room.open(a_case("01B", leaver=DANA_KNOWN))
    room.plan("01A", a_case_target())
    claim = room.intend()
    room.works.finish(claim, Change(targets=(settled(),)))
    room.report(result=CaseResult.SAFE)

    assert remove(room, old) == "removed"
    # 01B joined it: for an hour the client may repeat that, and the target's lease has
    # its fence for a week.
    assert keys_of(room, "01A", "dana", "IBMid-1", "standard:") == []
    assert room.client.hgetall("offboard:leavers") == {}
    assert room.client.hgetall("offboard:under_way") == {}
    for index in ("all", "ended", "status:settled", "result:safe"):
        assert room.client.zcard(f"offboard:index:{index}") == 0
    left = sorted(room.client.keys("*"))
    # How many cases ended is counted, and names none.
    assert left == [
        "offboard:ended",
        "offboard:joined:01B",
        "offboard:lease:target:acc1/us-south/rg1",
        "offboard:metrics",
    ]


def test_names_under_which_a_case_was_listed_once_go_too(room, old):
    room.planned(a_case_target(), leaver=DANA_KNOWN)
    room.client.zadd("offboard:due", {"01A|plan|": 1})
    room.plan("01A", a_case_target(), leaver=KIM)
    claim = room.intend()
    room.works.finish(claim, Change(targets=(settled(),)))
    room.report(result=CaseResult.SAFE)
    assert keys_of(room, "IBMid-1") == ["offboard:index:user:iam:IBMid-1"]

    remove(room, old)

    assert keys_of(room, "IBMid-1", "dana", "kim") == []


def test_what_belongs_to_a_later_case_of_the_same_person_stays(room, old):
    settle(room)
    room.planned(a_case_target(), case=a_case("01B"))
    room.intend(case_id="01B")

    assert remove(room, old, "01A") == "removed"
    assert room.cases.open_cases_of(("email:dana.lee@example.com",)) == ["01B"]
    assert room.cases.ids(ref="email:dana.lee@example.com", limit=5) == ["01B"]
    assert room.client.hgetall("offboard:under_way") == {"acc1/us-south/rg1": "01B"}
    assert room.client.get("offboard:event:standard:01B").startswith("01B ")


@pytest.mark.parametrize("noted", ["braked", "unsealed"])
def test_a_case_that_is_held_or_not_signed_yet_stays(room, old, noted):
    settle(room)
    room.client.delete("offboard:unsealed")
    room.client.zadd(f"offboard:{noted}", {"01A": 1})

    assert remove(room, old, is_sealed=False) == "work"
    assert room.cases.load("01A").result == "safe"


@pytest.mark.parametrize("member", ["01A|aftercare|", "01A|deliver|slack:final:1"])
def test_a_case_with_work_that_is_due_stays(room, old, member):
    line = ReportLine(Channel.SLACK, ReportKind.FINAL)
    settle(room)
    room.client.hset(
        "offboard:case:01A:reports", line.id, '{"channel":"slack","kind":"final"}'
    )
    room.client.zadd("offboard:due", {member: 9e12})

    assert remove(room, old) == "work"
    assert room.cases.load("01A").result == "safe"


def test_a_case_that_changed_since_it_was_read_stays(room, old):
    settle(room)
    read, entries = room.cases.load("01A"), old.length("01A")
    room.client.rpush("offboard:case:01A:ledger", "{}")
    assert old.remove(read, entries) == "changed"

    stale = replace(read, revision=read.revision - 1)
    assert old.remove(stale, old.length("01A")) == "changed"
    assert room.cases.load("01A").result == "safe"


def test_to_remove_a_case_twice_is_to_remove_it_once(lossy, any_client):
    room, old = lossy, OldCases(lossy.client)
    settle(room)

    assert remove(room, old) == "gone"
    assert keys_of(Room(any_client), "01A") == []


def test_a_case_put_off_is_looked_at_later_and_others_before_it(room, old):
    settle(room)
    room.open(a_case("01B", leaver=KIM))
    room.cancel("01B")
    old.put_off("01A", datetime.now(UTC) + timedelta(days=1))

    assert due(old) == ["01B"]
    assert old.due(datetime.now(UTC) + timedelta(days=2), 1) == ["01B"]


def test_a_store_from_before_is_filled_in_and_then_left_alone(room, old):
    long_ago = NOW - timedelta(days=800)
    settle(room)
    head = room.client.hget("offboard:case:01A", "head")
    room.client.hset(
        "offboard:case:01A",
        "head",
        encode(replace(decode(head, Case), settled_at=long_ago)),
    )
    room.open(a_case("01B", leaver=KIM))
    for key in ("index:ended", "case:01A:traces", "case:01B:traces"):
        room.client.delete(f"offboard:{key}")
    room.client.persist("offboard:lease:target:acc1/us-south/rg1")

    backfill = Backfill(room.client)
    while not backfill.go_on():
        pass

    assert old.due(NOW - timedelta(days=799), 10) == ["01A"]
    assert ended(room, "01B") is None
    assert room.client.smembers("offboard:case:01A:traces") == {
        "event:standard:01A",
        "index:user:email:dana.lee@example.com",
    }
    assert room.client.pttl("offboard:lease:target:acc1/us-south/rg1") > 6 * DAY_MS
    assert remove(room, old) == "removed"
    assert keys_of(room, "01A", "dana") == []


# leases


def test_a_lease_is_forgotten_a_week_after_its_last_claim(room):
    room.planned(a_case_target())
    claim = room.intend()
    lease = "offboard:lease:target:acc1/us-south/rg1"
    assert 6 * DAY_MS < room.client.pttl(lease) <= 7 * DAY_MS

    room.client.pexpire(lease, 1000)
    room.works.renew(claim)

    assert room.client.pttl(lease) > 6 * DAY_MS


def test_a_forgotten_lease_never_has_a_fence_again_that_it_had(room):
    room.planned(a_case_target())
    old_holder = room.intend()
    room.client.delete("offboard:lease:target:acc1/us-south/rg1")
    room.client.zadd("offboard:due", {"01A|reset|acc1/us-south/rg1": 1})

    new_holder = room.claim(Step.RESET, "acc1/us-south/rg1", shared=True)

    assert new_holder.fence > old_holder.fence
    assert room.works.renew(old_holder) is False


# names


def test_who_left_is_forgotten_by_every_id_of_theirs_and_nobody_else(any_client):
    names = KnownNames(any_client)
    names.learn("okta", {"00u1": "dana.lee@example.com", "00u2": "kim.roe@example.com"})

    at = datetime.now(UTC) + LATER
    names.forget("okta", names.ids_of("okta", {"dana.lee@example.com"}, at))

    assert names.of("okta", ["00u1", "00u2"]) == {"00u2": "kim.roe@example.com"}
    assert any_client.zrange("offboard:names:okta:heard", 0, -1) == ["00u2"]


def test_who_was_heard_of_again_since_then_stays_known(any_client):
    names = KnownNames(any_client)
    names.learn("okta", {"00u1": "dana.lee@example.com"})

    at = datetime.now(UTC) - LATER
    names.forget("okta", names.ids_of("okta", {"dana.lee@example.com"}, at))

    assert names.of("okta", ["00u1"]) == {"00u1": "dana.lee@example.com"}
