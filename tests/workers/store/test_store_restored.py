"""A store that is an old copy of itself: found before anything due is handed out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from store_scenes import NOW, Room, a_case, a_case_target
from structlog.testing import capture_logs

from workers.offboarding.errors import PausedError
from workers.offboarding.model import CaseStatus, Channel, ReportState, Step
from workers.offboarding.notice import Notice, NoticeKind
from workers.offboarding.restored import WhyOld
from workers.store.notices import Notices
from workers.store.restored import Watermark
from workers.store.switches import Switches
from workers.store.work import Works

HOUR = timedelta(hours=1)
TARGET = "acc1/us-south/rg1"


def old(room, **age):
    """Have the last sweep be so long ago."""
    at = datetime.now(UTC) - timedelta(**age)
    room.client.set("offboard:swept", round(at.timestamp() * 1000))


def mark(room):
    room.client.set("offboard:copied", round(NOW.timestamp() * 1000))


def is_paused(room):
    return room.switches.paused().everywhere


def found(room):
    return room.switches.restorations.found()


def test_a_new_store_is_no_old_one(room):
    room.planned(a_case_target())

    room.works.sweep()
    room.intend()

    assert (found(room), is_paused(room)) == (None, False)


def test_a_store_in_use_is_no_old_one(room):
    for _ in range(3):
        room.works.sweep()

    assert (found(room), room.switches.is_restored()) == (None, False)


def test_a_marked_copy_is_paused_in_the_sweep_that_finds_it(room):
    room.works.sweep()
    mark(room)

    with capture_logs() as logs:
        room.works.sweep()

    assert is_paused(room)
    assert (found(room).why, found(room).copied_at) == (WhyOld.COPIED, NOW)
    assert [one["log_level"] for one in logs] == ["error"]


def test_what_was_found_once_is_not_found_at_each_sweep(room):
    mark(room)
    room.works.sweep()
    first = found(room)

    with capture_logs() as logs:
        room.works.sweep()

    assert (found(room), logs) == (first, [])


def test_a_store_that_stood_still_for_longer_than_the_setting_is_paused(room):
    old(room, minutes=61)

    room.works.sweep()

    assert is_paused(room)
    assert found(room).why is WhyOld.SILENT


def test_a_short_outage_pauses_nothing(room):
    old(room, minutes=59)

    room.works.sweep()

    assert (found(room), is_paused(room)) == (None, False)


def test_how_long_is_too_long_is_a_setting(room):
    old(room, minutes=2)
    patient = Works(room.client, watermark=Watermark(3 * HOUR / 60))
    strict = Works(room.client, watermark=Watermark(HOUR / 60))

    patient.see_whether_old()
    by_patient = found(room)
    strict.see_whether_old()

    assert by_patient is None
    assert found(room).why is WhyOld.SILENT


def test_who_lives_on_notices_a_store_that_went_back(room):
    room.works.sweep()
    before = room.client.get("offboard:sweeps")
    room.works.sweep()
    room.works.sweep()
    room.client.set("offboard:sweeps", before)

    room.works.sweep()

    assert found(room).why is WhyOld.WENT_BACK
    assert is_paused(room)


def test_who_lives_on_notices_an_emptied_store(room):
    room.works.sweep()
    room.client.flushall()

    room.works.sweep()

    assert found(room).why is WhyOld.WENT_BACK


def test_one_going_back_is_one_finding_for_all_who_noticed(room):
    room.works.sweep()
    other = Works(room.client)
    for _ in range(3):
        other.sweep()
    room.client.set("offboard:sweeps", 0)

    room.works.sweep()
    other.sweep()
    room.switches.pause(paused=False)
    room.works.sweep()
    other.sweep()

    assert (found(room), is_paused(room)) == (None, False)


def test_who_stood_still_over_a_restore_finds_nothing_anew_after_it(room):
    for _ in range(9):
        room.works.sweep()
    asleep = Works(room.client, watermark=Watermark(sweeps=9))
    room.client.set("offboard:sweeps", 2)
    mark(room)
    Works(room.client).see_whether_old()
    room.switches.pause(paused=False)

    asleep.sweep()

    assert (found(room), is_paused(room)) == (None, False)


@pytest.mark.parametrize("how", ["marked", "silent", "back"])
def test_an_old_copy_writes_nothing_even_before_its_first_sweep(room, how):
    """As a worker does that has a message of the copy's queue in hand."""
    room.planned(a_case_target())
    room.works.sweep()
    if how == "marked":
        mark(room)
    elif how == "silent":
        old(room, days=1)
    else:
        room.client.delete("offboard:sweeps")

    with pytest.raises(PausedError):
        room.intend()

    assert room.client.hget("offboard:case:01A", "wrote") == "0"
    assert (is_paused(room), room.ledger().count("intended")) == (False, 0)


@pytest.mark.parametrize("age", [{"minutes": 61}, {"minutes": 59}])
def test_aftercare_sees_it_before_the_first_sweep_too(room, age):
    old(room, **age)

    assert room.switches.is_paused("acc1") is (age == {"minutes": 61})


def test_nothing_is_handed_out_by_the_look_at_the_start(room):
    room.planned(a_case_target())
    room.make_due()
    mark(room)

    room.works.see_whether_old()
    works = room.works.sweep()

    assert is_paused(room)
    assert [one.step for one in works] == [Step.RESET]


def test_a_look_at_the_start_is_no_sweep(room):
    room.works.see_whether_old()

    assert room.switches.swept_at() is None


def test_reports_of_the_copy_wait_and_new_ones_do_not(room):
    held, fresh = "01A|deliver|slack:final:1", "01A|deliver|slack:held:1"
    room.open()
    room.client.zadd("offboard:due", {held: 1})
    mark(room)

    first = room.works.sweep()
    room.client.zadd("offboard:due", {fresh: 1})
    second = room.works.sweep()

    assert [one.step for one in first] == []
    assert [one.item for one in second] == ["slack:held:1"]
    assert room.switches.restorations.held_back() == 1


def test_notices_of_the_copy_wait_and_new_ones_do_not(room):
    notices = Notices(room.client)
    notices.add(a_notice("old"), [Channel.SLACK])
    mark(room)
    room.works.sweep()

    notices.add(a_notice("new"), [Channel.SLACK])

    assert notices.due(10) == [("new", Channel.SLACK)]


def test_a_message_of_the_copy_tells_nothing_that_waits(room):
    notices = Notices(room.client)
    notices.add(a_notice("old"), [Channel.SLACK])
    mark(room)
    room.works.sweep()

    before = notices.begin("old", Channel.SLACK)
    room.switches.pause(paused=False)

    assert (before, notices.begin("old", Channel.SLACK)) == (0, 1)


def test_a_notice_that_was_told_while_it_waited_is_over(room):
    notices = Notices(room.client)
    notices.add(a_notice("old"), [Channel.SLACK])
    line = notices.line("old", Channel.SLACK)
    old(room, minutes=61)
    room.works.sweep()
    notices.put("old", replace(line, state=ReportState.SENT), None)
    room.switches.pause(paused=False)

    assert notices.due(10) == []
    assert notices.waiting() == 0


def test_what_waited_goes_out_when_a_person_says_so(room):
    notices = Notices(room.client)
    notices.add(a_notice("old"), [Channel.SLACK])
    room.open()
    room.client.zadd("offboard:due", {"01A|deliver|slack:final:1": 1})
    mark(room)
    room.works.sweep()

    room.switches.pause(paused=False)

    assert [one.item for one in room.works.sweep()] == ["slack:final:1"]
    assert notices.due(10) == [("old", Channel.SLACK)]
    assert (found(room), is_paused(room)) == (None, False)


def test_who_confirmed_is_not_asked_again(room):
    mark(room)
    room.works.sweep()
    room.switches.pause(paused=False)
    room.planned(a_case_target())

    room.works.sweep()
    room.intend()

    assert (found(room), is_paused(room)) == (None, False)


def test_one_account_that_is_resumed_confirms_nothing(room):
    mark(room)
    room.works.sweep()

    room.switches.pause(account_id="acc1", paused=False)

    assert (is_paused(room), found(room).why) == (True, WhyOld.COPIED)


def test_another_restore_before_the_first_was_confirmed_is_found_anew(room):
    old(room, days=1)
    room.works.sweep()
    mark(room)

    room.works.sweep()

    assert found(room).why is WhyOld.COPIED


def test_a_lost_answer_changes_nothing(lossy):
    lossy.client.set("offboard:copied", "1")

    lossy.works.sweep()
    lossy.works.sweep()

    assert found(lossy).why is WhyOld.COPIED


def test_a_restored_store_is_told_once_for_each_finding(room):
    restorations = room.switches.restorations
    mark(room)
    room.works.sweep()
    first = restorations.found()
    restorations.told(first)
    told = restorations.found().is_told
    room.client.set("offboard:copied", "0")
    room.client.hset("offboard:restored", "found", 1)
    room.works.sweep()

    restorations.told(first)

    assert (first.is_told, told) == (False, True)
    assert restorations.found().is_told is False


def test_what_is_planned_soon_is_listed(room):
    tomorrow, later = NOW + timedelta(hours=20), NOW + timedelta(hours=30)
    room.open(a_case("01B", status=CaseStatus.SCHEDULED, starts_at=tomorrow))
    room.open(
        a_case(
            "01C",
            status=CaseStatus.SCHEDULED,
            starts_at=later,
            leaver=a_case().leaver.__class__(email="kim.roe@example.com"),
        )
    )

    soon = room.switches.restorations.planned_until(NOW + timedelta(days=1), 10)

    assert soon == ["01B"]


def test_a_watermark_never_falls():
    watermark = Watermark()

    watermark.saw(5)
    watermark.saw(3)

    assert watermark.asked == {"seen": 5, "old_ms": 3_600_000}


def a_notice(name):
    return Notice(name, NoticeKind.BRAKE, NOW, "", ("x",), ("y",), ())


def test_the_web_and_the_workers_judge_alike(any_client):
    room = Room(any_client)
    old(room, minutes=5)
    strict = Switches(any_client, watermark=Watermark(timedelta(minutes=1)))

    assert (room.switches.is_restored(), strict.is_restored()) == (False, True)
