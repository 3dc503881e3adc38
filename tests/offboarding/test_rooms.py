"""Rooms of accounts: which are told of a case, once each, and one that fails alone."""

from dataclasses import replace
from datetime import timedelta

from deciding_scenes import ARMED, a_desk
from factories import DALLAS, DANA, FRANKFURT, NOON, TOKYO, a_case, a_case_target
from fakes import RecordingNotifier, a_world

from config.accounts import AccountSettings
from config.settings import Secret
from workers.offboarding.crowd import told_by_crowd
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Channel,
    Note,
    Outcome,
    ReportKind,
    ReportLine,
    ReportState,
)
from workers.offboarding.rooms import concerned, room_lines

BOTH = {"acct1": (Channel.SLACK,), "acct2": (Channel.SLACK, Channel.MAIL)}


def a_world_with_rooms(**changes):
    """Make a world of two accounts, a room each: acct1 in Slack, acct2 by mail too."""
    world = a_world(DALLAS)
    world.add_account("acct2", FRANKFURT, owners={FRANKFURT: DANA})
    rooms = {
        account_id: {channel: RecordingNotifier(world.clock) for channel in there}
        for account_id, there in BOTH.items()
    }
    world.tools = replace(world.tools, rooms=rooms, **changes)
    return world, rooms


def got(room, channel=Channel.SLACK):
    return [line_id for line_id, _, _ in room[channel].got]


def states(world):
    return {
        (one.account_id, one.channel, one.kind): one.state
        for one in world.case().reports
        if one.kind is not ReportKind.STARTED
    }


def test_the_room_of_each_account_with_a_target_is_told_the_end_once():
    world, rooms = a_world_with_rooms()

    assert world.settle().result is CaseResult.SAFE

    assert [one for one, _, _ in world.slack.got] == ["slack:final:1"]
    assert [one for one, _, _ in world.mail.got] == ["mail:final:1"]
    assert got(rooms["acct1"]) == ["slack:final:2"]
    assert got(rooms["acct2"]) == ["slack:final:3"]
    assert got(rooms["acct2"], Channel.MAIL) == ["mail:final:3"]
    assert set(states(world).values()) == {ReportState.SENT}


def test_the_room_of_an_account_that_the_case_does_not_touch_hears_nothing():
    world, rooms = a_world_with_rooms()
    spare = {Channel.SLACK: RecordingNotifier(world.clock)}
    world.tools = replace(world.tools, rooms={**rooms, "acct3": spare})
    world.add_account("acct3", TOKYO, owners={TOKYO: replace(DANA, id="IBMid-7")})

    world.settle()

    assert spare[Channel.SLACK].got == []


def test_a_room_that_refuses_fails_alone():
    world, rooms = a_world_with_rooms()
    rooms["acct1"][Channel.SLACK].script.append(
        {"state": ReportState.FAILED, "detail": "is_archived"}
    )

    assert world.settle().result is CaseResult.SAFE

    found = states(world)
    broken = found.pop(("acct1", Channel.SLACK, ReportKind.FINAL))
    assert broken is ReportState.FAILED
    assert set(found.values()) == {ReportState.SENT}
    failed = [
        one for one in world.store.ledger("01CASE") if one.what == "report.failed"
    ]
    assert [(one.place, one.detail) for one in failed] == [
        ("account acct1", "is_archived")
    ]


def test_a_room_that_is_not_set_up_any_more_says_so_and_holds_nobody_up():
    world, rooms = a_world_with_rooms()
    world.open()
    world.run(until=lambda: world.case().status is CaseStatus.SETTLED)
    world.tools = replace(world.tools, rooms={"acct2": rooms["acct2"]})
    world.run()

    [gone] = [one for one in world.case().reports if one.account_id == "acct1"]
    assert (gone.state, gone.detail) == (
        ReportState.FAILED,
        "The channel is not set up any more.",
    )
    assert got(rooms["acct2"]) == ["slack:final:3"]


def test_a_worker_that_does_not_know_the_room_yet_leaves_it_to_others():
    world, rooms = a_world_with_rooms()
    world.open()
    world.run(until=lambda: world.case().status is CaseStatus.SETTLED)
    knows, behind = world.tools, replace(world.tools, rooms={}, notifiers={})
    world.tools = behind
    end = world.clock() + timedelta(seconds=90)
    world.run(until=lambda: world.clock() >= end)
    assert set(states(world).values()) == {ReportState.PENDING}

    world.tools = knows
    world.run()

    assert set(states(world).values()) == {ReportState.SENT}
    assert got(rooms["acct1"]) == ["slack:final:2"]


def test_rooms_are_asked_for_the_decision_and_told_what_became_of_it():
    world, rooms = a_world_with_rooms(max_targets=1)
    world.open(a_case(askers=("Otto",)))
    world.run(seconds=60)
    assert got(rooms["acct1"]) == ["slack:held:2"]
    settings = replace(
        ARMED,
        slack_webhook_url=None,
        slack_bot_token=Secret("xoxb-1"),
        slack_channel_id="C1",
        accounts_file=(AccountSettings("acct1", slack_channel_id="C2"),),
    )

    plan_hash = world.case().plan.hash
    desk = a_desk(world, settings)
    desk.refuse("01CASE", plan_hash, actor="t", person="Ann")
    world.run()

    assert got(rooms["acct1"]) == ["slack:held:2", "slack:cancelled:2"]
    assert states(world)["acct1", Channel.SLACK, ReportKind.CANCELLED] is (
        ReportState.SENT
    )


def test_a_reminder_goes_to_the_rooms_again_under_another_number():
    world, rooms = a_world_with_rooms(max_targets=1)
    world.open(a_case())
    world.run(seconds=2 * 3600)

    assert got(rooms["acct1"]) == ["slack:held:2", "slack:held:5"]
    assert [one for one, _, _ in world.slack.got if "held" in one] == [
        "slack:held:1",
        "slack:held:4",
    ]
    assert len({one.id for one in world.case().reports}) == len(world.case().reports)


def test_a_case_of_which_an_account_could_not_be_read_is_told_there():
    world, rooms = a_world_with_rooms()
    cloud = world.tools.accounts["acct2"].cloud
    cloud.unseen = (Note(Reason.LIST_UNREADABLE, "The lists of eu-de were refused."),)
    cloud.found = []

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert {one.target.account_id for one in case.targets} == {"acct1"}
    assert got(rooms["acct2"]) == ["slack:final:3"]


# who is concerned


def test_nobody_is_before_the_work_began():
    scheduled = a_case(a_case_target(), started_at=None)

    assert concerned(scheduled) == frozenset()
    assert room_lines(scheduled, ReportKind.HELD, BOTH, 1) == ()


def test_what_was_not_seen_concerns_the_account_where_it_was_not():
    short = Note(Reason.LIST_SHORT, "It lists no cluster.", "acct2")
    unproven = Note(Reason.VISIBILITY_NOT_PROVEN, "Not proven.", "acct3")
    case = a_case(started_at=NOON, warnings=(short, unproven))

    assert concerned(case) == {"acct2"}


def test_who_was_told_that_it_waits_is_told_the_end_though_nothing_is_there_by_then():
    before = ReportLine(Channel.SLACK, ReportKind.HELD, 2, room="acct2")
    case = a_case(a_case_target(), started_at=NOON, reports=(before,))

    told = room_lines(case, ReportKind.FINAL, BOTH, 1)

    assert {one.room for one in told} == {"acct1", "acct2"}


def test_a_cancellation_is_told_where_the_case_was_told_and_nowhere_else():
    before = ReportLine(Channel.SLACK, ReportKind.HELD, 2, room="acct2")
    case = a_case(a_case_target(), started_at=NOON, reports=(before,))

    told = room_lines(case, ReportKind.CANCELLED, BOTH, 1)

    assert [one.id for one in told] == ["slack:cancelled:2", "mail:cancelled:2"]


def test_neither_what_is_under_way_nor_the_digest_is_for_rooms():
    case = a_case(a_case_target(outcome=Outcome.VERIFIED), started_at=NOON)

    assert room_lines(case, ReportKind.STARTED, BOTH, 1) == ()
    assert room_lines(case, ReportKind.DIGEST, BOTH, 1) == ()


def test_a_crowd_tells_nothing_in_place_of_a_room():
    own = ReportLine(Channel.SLACK, ReportKind.HELD)
    room = ReportLine(Channel.SLACK, ReportKind.HELD, 2, room="acct1")

    assert told_by_crowd((own, room)) == [own]
