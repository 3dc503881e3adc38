"""Many cases held, or ended badly, for one reason are one message, and none is out."""

from dataclasses import replace
from datetime import timedelta

import fakeredis
import pytest
from digest_scenes import HOUR, MAIL, MONDAY, SLACK, Mortal, Room, WorkerDied

from workers.crowding import CrowdWatch
from workers.marking import Marking
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Entry,
    Note,
    Plan,
    ReportKind,
    ReportLine,
    ReportState,
    Step,
    Work,
)
from workers.offboarding.ports import Change
from workers.store.notices import Notices
from workers.store.together import Together

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


class Crowd(Room):
    """Cases that are held or end, and what tells of them; the clock is the server's."""

    def __init__(self, client):
        super().__init__(client)
        seconds, _ = client.time()
        self.now = self.now.fromtimestamp(seconds, self.now.tzinfo)
        self.crowds = self.a_crowd_watch(client)

    def a_crowd_watch(self, client):
        return CrowdWatch(
            Together(client),
            self.cases,
            self.channels,
            public_url="https://offboard.example.com",
            clock=lambda: self.now,
        )

    def hold(self, number, *reasons, step=Step.PLAN, has_root=False, **changed):
        case_id = f"01{number:03}"
        if step is Step.PLAN:
            self.open(case_id, starts_at=MONDAY)
        plan = Plan("sha256:1", self.now, tuple(Note(one, "x") for one in reasons))
        many = 1 + len(self.cases.load(case_id).reports) // 2
        self.tell_of(
            case_id,
            ReportKind.HELD,
            many,
            step=step,
            has_root=has_root,
            **{"status": CaseStatus.WAITING, "plan": plan, **changed},
        )

    def fail(self, number, *reasons):
        self.open(f"01{number:03}", starts_at=MONDAY)
        notes = tuple(Note(one, "x") for one in reasons)
        self.tell_of(
            f"01{number:03}",
            ReportKind.FINAL,
            1,
            status=CaseStatus.SETTLED,
            result=CaseResult.ATTENTION,
            warnings=notes,
        )

    def tell_of(
        self, case_id, kind, number, *, step=Step.PLAN, has_root=False, **changed
    ):
        claim = self.works.claim(Work(case_id, step))
        lines = tuple(ReportLine(one, kind, number) for one in self.channels)
        lines = ((ReportLine(SLACK, ReportKind.STARTED),) if has_root else ()) + lines
        case = replace(self.cases.load(case_id), reports=lines, **changed)
        work = (*case.after(Step.REPORT), Work(case_id, Step.REMIND))
        self.works.finish(claim, Change(case=case, reports=lines, after=work))

    def alone(self):
        """List the cases that are told by a message of their own."""
        return sorted(
            {one.split("|")[0] for one in self.due() if "|deliver|slack" in one}
        )

    def due(self):
        return sorted(self.client.zrange("offboard:due", 0, -1))

    def look(self, time=timedelta()):
        self.now += time
        self.crowds.look()
        self.deliver()
        self.mark(self.client)

    def mark(self, client):
        marking = Marking(Together(client), Notices(client), lambda: self.now)
        marking.mark()

    def headlines(self, channel=SLACK):
        return ["".join(map(str, one.headline)) for one in self.told[channel].got]

    def said(self):
        [notice] = self.told[SLACK].got
        [item] = notice.parts[0].items
        return "".join(map(str, item.line))


@pytest.fixture
def room():
    with fakeredis.FakeRedis(decode_responses=True) as client:
        yield Crowd(client)


@pytest.fixture
def real(client):
    return Crowd(client)


@pytest.fixture(params=["fake", "real"])
def any_room(request):
    return request.getfixturevalue("room" if request.param == "fake" else "real")


def test_fifty_that_are_held_by_a_pause_are_five_messages_and_one(any_room):
    for number in range(50):
        any_room.hold(number, Reason.PAUSED)
    any_room.look(30 * SECOND)
    any_room.look()

    assert any_room.alone() == [f"01{number:03}" for number in range(5)]
    assert any_room.headlines() == [
        "45 cases are held for the same reason (paused). Too many for a message each; "
        "the first of them had one."
    ]
    assert any_room.headlines(MAIL) == any_room.headlines(SLACK)
    assert "01005@example.com (01005), 01006@" in any_room.said()
    assert "and 25 more." in any_room.said()
    assert any_room.told[SLACK].got[0].items[1].command == "offboard resume"
    for number in range(5, 50):
        assert set(any_room.lines(f"01{number:03}").values()) == {"sent"}
    assert set(any_room.lines("01000").values()) == {"pending"}


def test_those_that_would_have_a_message_of_their_own_as_well_are_a_crowd_too(any_room):
    # A plan that is held and names targets: told that it began, and that it waits.
    for number in range(8):
        any_room.hold(number, Reason.TOO_MANY_TARGETS, has_root=True)
    begun = [one for one in any_room.due() if "slack:started" in one]
    any_room.look(30 * SECOND)

    assert any_room.headlines()[0].startswith("3 cases are held for the same reason")
    assert any_room.alone() == [f"01{number:03}" for number in range(5)]
    assert [one[:5] for one in begun] == any_room.alone()
    # It gets that message when it goes on, so nothing waits for it until then.
    assert any_room.cases.load("01007").started_on(SLACK) is None
    assert any_room.lines("01007") == {"slack:held:1": "sent", "mail:held:1": "sent"}
    assert any_room.lines("01000")["slack:started:1"] == "pending"


def test_each_line_says_by_what_it_was_told(room):
    for number in range(6):
        room.hold(number, Reason.PAUSED)
    room.look(30 * SECOND)

    [notice] = room.told[SLACK].got
    line = room.cases.load("01005").reports[0]
    assert line.detail == f"Told by the notice {notice.id}."
    assert [one.what for one in room.cases.ledger("01005")][-1] == "report.sent"


def test_those_of_another_reason_are_told_alone(room):
    for number in range(8):
        room.hold(number, Reason.PAUSED)
    room.hold(8, Reason.AMBIGUOUS_PERSON)
    room.hold(9, Reason.PAUSED, Reason.TOO_MANY_TARGETS)

    assert room.alone()[-2:] == ["01008", "01009"]


def test_a_few_over_a_long_time_are_each_told_alone(room):
    for number in range(12):
        room.hold(number, Reason.PAUSED)
        room.client.delete("offboard:crowd:held:paused") if number % 4 == 3 else None

    assert len(room.alone()) == 12


def test_nothing_is_told_before_the_others_could_gather(room):
    for number in range(6):
        room.hold(number, Reason.PAUSED)
    room.look(5 * SECOND)
    early = room.headlines()
    for number in range(6, 9):
        room.hold(number, Reason.PAUSED)
    room.look(30 * SECOND)

    assert early == []
    assert room.headlines()[0].startswith("4 cases are held for the same reason")


def test_those_that_come_later_are_told_after_a_while_and_not_one_by_one(room):
    for number in range(7):
        room.hold(number, Reason.PAUSED)
    room.look(30 * SECOND)
    for number in range(7, 10):
        room.hold(number, Reason.PAUSED)
    room.look(MINUTE)
    soon = len(room.headlines())
    room.look(5 * MINUTE)

    assert soon == 1
    assert room.headlines()[1].startswith("3 cases are held for the same reason")
    assert set(room.lines("01009").values()) == {"sent"}


def test_what_joins_a_crowd_while_it_is_told_is_told_next(room):
    for number in range(7):
        room.hold(number, Reason.PAUSED)
    tell = room.crowds._together.tell

    def slowly(*given, **more):
        room.hold(7, Reason.PAUSED)
        room.crowds._together.tell = tell
        return tell(*given, **more)

    room.crowds._together.tell = slowly
    room.look(30 * SECOND)
    room.look(6 * MINUTE)

    assert [one[:6] for one in room.headlines()] == ["2 case", "1 case"]
    assert set(room.lines("01007").values()) == {"sent"}


def test_cases_that_end_with_attention_for_one_reason_are_told_together(room):
    for number in range(8):
        room.fail(number, Reason.LIST_UNREADABLE)
    room.look(30 * SECOND)

    assert len(room.alone()) == 5
    assert room.headlines() == [
        "3 cases ended with attention for the same reason (list_unreadable). Too many "
        "for a message each; the first of them had one."
    ]
    [notice] = room.told[SLACK].got
    assert "offboard case retry ID" in [one.command for one in notice.items]


def test_what_went_on_meanwhile_asks_nobody_for_anything(room):
    for number in range(8):
        room.hold(number, Reason.PAUSED)
    for number in range(5, 8):
        room.client.hset(f"offboard:case:01{number:03}", "status", "open")
    room.look(30 * SECOND)

    [notice] = room.told[SLACK].got
    assert "3 of them go on by now." in room.headlines()[0]
    assert notice.severity == "neutral"
    assert all(one.command is None for one in notice.items)
    assert set(room.lines("01005").values()) == {"sent"}


def test_what_was_retried_meanwhile_is_not_told_to_be_over(room):
    for number in range(7):
        room.fail(number, Reason.LIST_UNREADABLE)
    for number in (5, 6):
        case = replace(
            room.cases.load(f"01{number:03}"), status=CaseStatus.OPEN, result=None
        )
        room.cases.turn(
            case,
            Entry(room.now, "case.retried"),
            expected=(CaseStatus.SETTLED,),
            takes=True,
        )
    room.look(30 * SECOND)

    [notice] = room.told[SLACK].got
    assert "2 of them go on by now." in room.headlines()[0]
    assert (notice.severity, notice.parts) == ("neutral", ())
    assert set(room.lines("01006").values()) == {"sent"}


def test_whose_keys_are_dead_is_named_first(room):
    for number in range(7):
        room.hold(number, Reason.PAUSED, is_gone=number == 6)
    room.look(30 * SECOND)

    [notice] = room.told[SLACK].got
    [people] = notice.parts[0].items
    assert str(people.line[0]) == "01006@example.com"
    assert people.details == (
        ("The first of them is removed already: their keys are dead.",),
    )


def test_reminders_of_a_crowd_are_one_message_too(room):
    for number in range(8):
        room.hold(number, Reason.PAUSED)
    room.look(30 * SECOND)
    room.client.delete("offboard:crowd:held:paused")
    for number in range(8):
        room.client.zadd("offboard:due", {f"01{number:03}|remind|": 1})
        room.hold(number, Reason.PAUSED, step=Step.REMIND)
    room.look(HOUR)

    assert [one[:6] for one in room.headlines()] == ["3 case", "3 case"]
    assert room.lines("01007")["slack:held:2"] == "sent"


def test_a_channel_that_does_not_take_it_has_it_as_failed(room):
    room.told[SLACK].states = [ReportState.FAILED]
    for number in range(6):
        room.hold(number, Reason.PAUSED)
    room.look(30 * SECOND)

    assert room.lines("01005") == {"slack:held:1": "failed", "mail:held:1": "sent"}


def test_two_workers_tell_it_once(real):
    for number in range(9):
        real.hold(number, Reason.PAUSED)
    real.now += 30 * SECOND
    other = real.a_crowd_watch(real.client)

    real.crowds.look()
    other.look()
    real.deliver()

    assert len(real.headlines()) == 1


def test_a_store_that_loses_answers_has_each_case_told_once(client):
    class Twice(Mortal):
        def register_script(self, text):
            script = self._client.register_script(text)
            return lambda **given: (script(**given), script(**given))[1]

    room = Crowd(client)
    room.works = type(room.works)(Twice(client))
    room.crowds = room.a_crowd_watch(Twice(client))
    for number in range(8):
        room.hold(number, Reason.PAUSED)
    room.look(30 * SECOND)

    assert len(room.alone()) == 5
    assert room.headlines()[0].startswith("3 cases are held")
    assert len(room.headlines()) == 1


def test_who_dies_at_any_point_leaves_no_case_out(client):
    steps, is_dead = 0, True
    while is_dead:
        steps, is_dead = steps + 1, False
        client.flushall()
        room = Crowd(client)
        for number in range(7):
            room.hold(number, Reason.PAUSED)
        room.now += 30 * SECOND
        mortal = Mortal(client, dies_at=steps)
        try:
            room.a_crowd_watch(mortal).look()
            room.deliver()
            room.mark(mortal)
        except WorkerDied:
            is_dead = True
        room.look()
        room.look()

        assert len(room.headlines()) == len(room.headlines(MAIL)) == 1
        for case_id in ("01005", "01006"):
            assert set(room.lines(case_id).values()) == {"sent"}
            entries = [one.what for one in room.cases.ledger(case_id)]
            assert entries == ["case.opened", "report.sent", "report.sent"]

    assert steps > 20


# rooms of accounts


def test_in_a_crowd_each_room_is_told_of_its_case_all_the_same(room):
    for number in range(5):
        room.hold(number, Reason.TOO_MANY_TARGETS)
    mine = ReportLine(SLACK, ReportKind.HELD, 2, room="acct1")
    room.open("01900", starts_at=MONDAY)
    claim = room.works.claim(Work("01900", Step.PLAN))
    own = ReportLine(SLACK, ReportKind.HELD)
    plan = Plan("sha256:1", room.now, (Note(Reason.TOO_MANY_TARGETS, "x"),))
    case = replace(
        room.cases.load("01900"),
        status=CaseStatus.WAITING,
        plan=plan,
        reports=(own, mine),
    )
    room.works.finish(
        claim, Change(case=case, reports=(own, mine), after=case.after(Step.REPORT))
    )

    told = [one for one in room.due() if one.startswith("01900|deliver")]
    assert told == ["01900|deliver|slack:held:2"]
