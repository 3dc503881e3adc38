"""The brake in the store: what is counted, what waits, one decision about it all."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from store_scenes import (
    DANA,
    HOUR,
    NOW,
    AnswersGetLost,
    Room,
    a_case,
    a_case_target,
    an_entry,
)

from workers.offboarding.brake import Braked
from workers.offboarding.errors import PausedError, Reason
from workers.offboarding.model import (
    BrakeState,
    CaseKind,
    CaseStatus,
    Departure,
    Leaver,
    OpenedBy,
    Step,
    Work,
)
from workers.offboarding.ports import Change
from workers.store.brake import Brakes, counted
from workers.store.cases import Taken
from workers.store.connection import connect

DAY = timedelta(days=1)
LATER = {
    "effective_at": NOW + 3 * DAY,
    "starts_at": NOW + 2 * DAY,
    "status": CaseStatus.SCHEDULED,
}


def leaver(number):
    return Leaver(email=f"person{number}@example.com")


def arrive(room, number, *, limit=2, gone_from=None, **changed):
    """An event tells of a person; it is counted as the desk has it counted."""
    case = a_case(f"01{number:04}", **{"leaver": leaver(number), **changed})
    told = Departure(
        source=case.opened_by.source,
        leaver=case.leaver,
        event_key=case.opened_by.event_key,
        actor=case.opened_by.actor,
        gone_from=gone_from,
    )
    entries = (an_entry("case.opened"), an_entry("departure.joined"))
    brake = counted(case, told, limit, an_entry("case.held"))
    return room.cases.open(case, told, entries, brake=brake)


def many(room, numbers, **how):
    return [arrive(room, number, **how).verdict for number in numbers]


def brakes(room):
    return Brakes(room.client)


def decide(room, does, *, up_to=None, by="Ann", op="op1"):
    found = brakes(room)
    up_to, left, decided = up_to or found.stand().now, 1, 0
    entry = an_entry(f"case.{does}d")
    while left:
        decided, left = found.decide(op, does, up_to=up_to, by=by, at=NOW, entry=entry)
    return decided


def age(room, case_id, **time):
    """Let a case have been opened so much earlier."""
    millis = timedelta(**time).total_seconds() * 1000
    room.client.zincrby("offboard:brake:opened", -millis, case_id)


def statuses(room, *numbers):
    return [room.cases.load(f"01{one:04}").status for one in numbers]


# what is counted, and what waits


def test_exactly_so_many_go_and_the_next_waits(room):
    assert many(room, [1, 2, 3]) == ["new", "new", "braked"]

    assert statuses(room, 1, 2, 3) == ["open", "open", "waiting"]
    assert room.due() == ["010001|plan|", "010002|plan|"]
    assert room.claim(Step.PLAN, case_id="010003") is None
    assert room.ledger("010003") == ["case.opened", "case.held"]
    assert room.ledger("010002") == ["case.opened"]


def test_a_case_that_waits_says_why_and_is_found_by_its_status(room):
    many(room, [1, 2, 3])

    case = room.cases.load("010003")

    assert case.brake is BrakeState.HELD
    assert case.plan is None
    assert [one.reason for one in case.warnings] == [Reason.BRAKE]
    assert room.cases.ids(status=CaseStatus.WAITING, limit=9) == ["010003"]
    assert room.cases.ids(status=CaseStatus.OPEN, limit=9) == ["010002", "010001"]
    assert room.cases.open_case_of(leaver(3).refs) == "010003"


def test_what_waits_is_counted_too(room):
    many(room, [1, 2, 3])
    age(room, "010001", minutes=59)

    assert arrive(room, 4).verdict == "braked"
    assert brakes(room).stand().opened == 4


def test_what_came_more_than_an_hour_ago_is_not_counted_any_more(room):
    many(room, [1, 2])
    age(room, "010001", minutes=60, seconds=1)

    assert many(room, [3, 4]) == ["new", "braked"]
    assert brakes(room).stand().opened == 3


def test_what_came_less_than_an_hour_ago_still_is(room):
    many(room, [1, 2])
    age(room, "010001", minutes=59)

    assert arrive(room, 3).verdict == "braked"


def test_a_clock_that_was_put_back_does_not_keep_the_brake_on_for_longer(room):
    many(room, [1, 2])
    age(room, "010001", hours=-24)

    arrive(room, 3)

    score = room.client.zscore("offboard:brake:opened", "010001")
    assert score <= time.time() * 1000 + 1000


@pytest.mark.parametrize(
    "changed",
    [
        {"dry_run": True},
        {"opened_by": OpenedBy("api", None, "helpdesk")},
        {"opened_by": OpenedBy("api", None)},
    ],
)
def test_dry_runs_and_what_people_ask_for_neither_count_nor_wait(room, changed):
    asked = many(room, [1, 2, 3], **changed)
    told = many(room, [4, 5, 6])
    after = many(room, [7], **changed)

    assert asked == ["new", "new", "new"]
    assert told == ["new", "new", "braked"]
    assert after == ["new"]


@pytest.mark.parametrize(
    ("changed", "actor"),
    [({"kind": CaseKind.ADOPTION, "adoption": "any"}, None), ({}, "helpdesk")],
)
def test_neither_an_adoption_nor_an_event_with_an_actor_is_counted(changed, actor):
    told = Departure("x", DANA, event_key="x:1", actor=actor)

    assert counted(a_case(**changed), told, 1, an_entry()) is None


def test_what_a_survey_finds_counts_as_any_event(room):
    survey = OpenedBy("survey", "survey:1")

    arrive(room, 1, limit=1, opened_by=survey)

    assert arrive(room, 2, limit=1).verdict == "braked"


def test_a_repeated_event_is_counted_once(room):
    case = {"opened_by": OpenedBy("standard", "standard:1")}
    arrive(room, 1, **case)

    again = arrive(room, 2, leaver=leaver(1), **case)

    assert again == Taken("repeated", "010001")
    assert brakes(room).stand().opened == 1


def test_a_joined_departure_is_not_counted(room):
    arrive(room, 1)

    assert arrive(room, 2, leaver=leaver(1)).verdict == "joined"
    assert many(room, [3, 4]) == ["new", "braked"]


def test_an_answer_that_got_lost_counts_once_and_still_says_that_it_waits(any_client):
    lossy = Room(AnswersGetLost(any_client))

    assert many(lossy, [1, 2, 3]) == ["new", "new", "braked"]
    assert brakes(lossy).stand().opened == 3
    assert brakes(lossy).stand().waiting == 1


def test_what_joins_a_case_that_waits_waits_with_it(room):
    many(room, [1, 2, 3])

    joined = arrive(room, 4, leaver=leaver(3))

    assert joined == Taken("joined", "010003")
    assert "010003|plan|" not in room.due()
    assert len(room.cases.load("010003").departures) == 1
    assert brakes(room).stand().waiting == 1


def test_what_is_put_off_waits_too_and_is_confidential(room):
    many(room, [1, 2])
    arrive(room, 3, **LATER)

    case = room.cases.load("010003")

    assert case.status is CaseStatus.WAITING
    assert case.is_confidential
    assert room.cases.ids(status=CaseStatus.SCHEDULED, limit=9) == []
    seen = room.cases.ids(limit=9, with_confidential=False)
    assert seen == ["010002", "010001"]


def test_two_who_open_at_once_never_open_one_too_many(store_place, client):
    verdicts = []

    def open_many(first):
        with connect(store_place.store_url) as mine:
            verdicts.extend(many(Room(mine), range(first, first + 40), limit=20))

    threads = [threading.Thread(target=open_many, args=(at,)) for at in (100, 200)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(30)

    assert (verdicts.count("new"), verdicts.count("braked")) == (20, 60)
    assert Brakes(client).stand().waiting == 60


def test_nothing_is_written_or_reported_for_a_case_that_waits(room):
    many(room, [1, 2, 3])
    room.client.zadd("offboard:due", {"010003|plan|": 1})
    claim = room.claim(Step.PLAN, case_id="010003")

    target = a_case_target(intent_at=NOW, resets=1)
    with pytest.raises(PausedError):
        room.works.record(claim, Change(targets=(target,), wrote=True))

    assert room.works.finish(claim, Change()) == ()
    assert room.due() == ["010001|plan|", "010002|plan|"]


# what is kept for the list


def test_what_waits_is_listed_without_its_cases(room):
    many(room, [1, 2])
    arrive(room, 3, gone_from="acct1")
    arrive(room, 4, **LATER)

    held = {one.case_id: one for one in brakes(room).held()}

    assert held == {
        "010003": Braked(
            "010003", leaver(3), "standard", NOW, NOW, is_to_come=False, is_gone=True
        ),
        "010004": Braked(
            "010004", leaver(4), "standard", NOW, NOW + 3 * DAY, is_to_come=True
        ),
    }


def test_who_joins_with_a_proof_of_the_removal_is_gone(room):
    many(room, [1, 2, 3])
    assert not brakes(room).held()[0].is_gone

    arrive(room, 4, leaver=leaver(3), gone_from="acct1")

    assert brakes(room).held()[0].is_gone
    assert brakes(room).stand().gone == 1


# one decision


def test_one_decision_lets_all_go(room):
    many(room, range(1, 6))

    assert decide(room, "release") == 3

    assert statuses(room, 3, 4, 5) == ["open"] * 3
    case = room.cases.load("010004")
    assert (case.brake, case.brake_by, case.warnings) == ("released", "Ann", ())
    assert room.client.hget("offboard:case:010004", "held") == "0"
    assert room.ledger("010004")[-1] == "case.released"
    assert room.claim(Step.PLAN, case_id="010004") is not None
    assert room.cases.ids(status=CaseStatus.WAITING, limit=9) == []
    assert brakes(room).held() == []


def test_a_case_that_was_let_go_plans_and_reports_as_any_other(room):
    many(room, [1, 2, 3])
    decide(room, "release")

    case = room.plan("010003", started_at=NOW)

    assert (case.status, case.brake) == (CaseStatus.OPEN, BrakeState.RELEASED)
    assert "010003|report|" in room.due()


def test_what_was_put_off_is_put_off_again_when_it_is_let_go(room):
    many(room, [1, 2])
    arrive(room, 3, **LATER)

    decide(room, "release")

    assert room.cases.load("010003").status is CaseStatus.SCHEDULED
    assert room.cases.ids(status=CaseStatus.SCHEDULED, limit=9) == ["010003"]
    assert Work("010003", Step.FORESEE) in room.works.sweep()


def test_what_was_put_off_and_is_due_by_now_is_open_when_it_is_let_go(room):
    many(room, [1, 2])
    arrive(room, 3, **LATER)
    room.client.hset("offboard:case:010003", "starts", 1)

    decide(room, "release")

    assert room.cases.load("010003").status is CaseStatus.OPEN


def test_one_decision_cancels_all_at_once(room):
    many(room, range(1, 6))

    assert decide(room, "refuse", by="Ann") == 3

    case = room.cases.load("010004")
    assert (case.status, case.brake, case.settled_at) == ("cancelled", "refused", NOW)
    assert [(one.reason, one.text) for one in case.warnings] == [
        ("refused_plan", "Ann refused it, with all that the brake held.")
    ]
    assert room.ledger("010004")[-1] == "case.refused"
    assert room.claim(Step.PLAN, case_id="010004") is None
    assert room.due() == ["010001|plan|", "010002|plan|"]
    assert room.cases.ids(status=CaseStatus.CANCELLED, limit=9) == [
        "010005",
        "010004",
        "010003",
    ]


def test_who_was_refused_can_be_told_of_anew(room):
    many(room, [1, 2, 3])
    decide(room, "refuse")

    assert room.cases.open_case_of(leaver(3).refs) is None
    assert arrive(room, 4, leaver=leaver(3), limit=9).verdict == "new"


def test_what_comes_after_the_decision_began_waits_for_another(room):
    many(room, [1, 2, 3])
    began = brakes(room).stand().now
    time.sleep(0.005)
    many(room, [4, 5])

    assert decide(room, "refuse", up_to=began) == 1

    assert statuses(room, 3, 4, 5) == ["cancelled", "waiting", "waiting"]


def test_what_came_after_the_decision_began_waits_on_though_it_is_named(room):
    many(room, [1, 2, 3])
    began = brakes(room).stand().now
    time.sleep(0.005)
    arrive(room, 4)

    said = brakes(room).decide(
        "op1",
        "release",
        up_to=began,
        by="Ann",
        at=NOW,
        entry=an_entry(),
        case_ids=["010004", "010003"],
    )

    assert said == (1, 0)
    assert statuses(room, 3, 4) == ["open", "waiting"]


@pytest.mark.parametrize(
    ("does", "status"), [("release", "open"), ("refuse", "cancelled")]
)
def test_thousands_are_decided_in_seconds(real, does, status):
    many(real, range(2000), limit=1)
    began = time.monotonic()

    assert decide(real, does) == 1999

    assert time.monotonic() - began < 60
    assert len(real.cases.ids(status=CaseStatus(status), limit=3000)) >= 1999
    assert brakes(real).stand().waiting == 0


def test_who_dies_between_two_calls_leaves_the_rest_waiting_and_listed(real):
    many(real, range(1202), limit=2)
    found = brakes(real)

    decided, left = found.decide(
        "op1", "release", up_to=found.stand().now, by="Ann", at=NOW, entry=an_entry()
    )

    assert (decided, left) == (500, 700)
    assert found.stand().waiting == len(found.held()) == 700
    assert len(real.cases.ids(status=CaseStatus.WAITING, limit=2000)) == 700
    assert decide(real, "release", op="op2") == 700


def test_a_decision_whose_answer_got_lost_counts_each_case_once(any_client):
    many(Room(any_client), range(1, 6))
    lossy = Brakes(AnswersGetLost(any_client))

    decided, left = lossy.decide(
        "op1", "refuse", up_to=lossy.stand().now, by="Ann", at=NOW, entry=an_entry()
    )

    assert (decided, left) == (3, 0)
    assert Room(any_client).ledger("010003").count("test.done") == 1


def test_a_decision_changes_what_was_read_before_it(room):
    many(room, [1, 2, 3])
    before = room.cases.load("010003")
    decide(room, "release")

    assert room.cancel(case=before) == "changed"


# decided alone


def turned(room, case_id, status, *, takes):
    case = replace(room.cases.load(case_id), status=status)
    entry = replace(an_entry("case.turned"), actor="Ann")
    return room.cases.turn(case, entry, expected=(CaseStatus.WAITING,), takes=takes)


def test_a_case_let_go_alone_waits_for_no_decision_any_more(room):
    many(room, [1, 2, 3, 4])

    assert turned(room, "010003", CaseStatus.OPEN, takes=True) == "ok"

    case = room.cases.load("010003")
    assert (case.status, case.brake, case.brake_by) == ("open", "released", "Ann")
    assert case.warnings == ()
    assert room.claim(Step.PLAN, case_id="010003") is not None
    assert [one.case_id for one in brakes(room).held()] == ["010004"]
    assert decide(room, "refuse") == 1
    assert statuses(room, 3, 4) == ["open", "cancelled"]


def test_a_case_cancelled_alone_waits_for_no_decision_any_more(room):
    many(room, [1, 2])
    arrive(room, 3, **LATER)

    assert room.cancel("010003") == "ok"

    case = room.cases.load("010003")
    assert (case.status, case.brake, case.warnings) == ("cancelled", None, ())
    assert brakes(room).stand().waiting == 0
    assert brakes(room).held() == []
    assert decide(room, "release") == 0
    assert room.cases.load("010003").status is CaseStatus.CANCELLED


# two cases that prove to be one person


KNOWN = Leaver(email="person1@example.com", iam_id="IBMid-1")
BY_ID = Leaver(iam_id="IBMid-1")


def adopt(room, number, leaver=KNOWN):
    case_id = f"01{number:04}"
    return room.cases.adopt(replace(room.cases.load(case_id), leaver=leaver))


def test_who_proves_to_be_somebody_who_waits_joins_them_and_nothing_plans(room):
    many(room, [8, 9])
    arrive(room, 1, leaver=BY_ID)
    arrive(room, 2, leaver=leaver(1), opened_by=OpenedBy("api", None, "helpdesk"))

    assert adopt(room, 2) == "010001"

    assert "010001|plan|" not in room.due()
    assert room.cases.load("010001").status is CaseStatus.WAITING
    assert len(room.cases.load("010001").departures) == 1


def test_who_waits_gives_way_to_a_case_of_the_same_person_that_does_not(room):
    asked = OpenedBy("api", None, "helpdesk")
    arrive(room, 1, opened_by=asked)
    many(room, [8, 9])
    arrive(room, 2, leaver=BY_ID)

    assert adopt(room, 1) is None
    assert "010002|plan|" in room.due()
    case = room.cases.load("010002")
    assert (case.status, case.joined_to) == (CaseStatus.WAITING, "010001")
    assert adopt(room, 2, BY_ID) == "010001"

    claim = room.claim(Step.PLAN, case_id="010002")
    ended = replace(room.cases.load("010002"), status=CaseStatus.CANCELLED)
    room.works.finish(claim, Change(case=ended))

    case = room.cases.load("010002")
    assert (case.status, case.brake, case.warnings) == ("cancelled", None, ())
    assert brakes(room).stand().waiting == 0
    assert len(room.cases.load("010001").departures) == 1


# how it stands, and what was said of it


def test_a_brake_that_holds_nothing_is_told_as_that(room):
    stand = brakes(room).stand()

    assert (stand.opened, stand.waiting, stand.gone) == (0, 0, 0)
    assert (stand.since, stand.last_at, stand.episode) == (None, None, None)


def test_an_episode_lasts_from_the_first_that_waits_until_none_does(room):
    many(room, [1, 2, 3])
    first = brakes(room).stand().episode
    time.sleep(0.005)
    arrive(room, 4)
    turned(room, "010003", CaseStatus.OPEN, takes=True)
    same = brakes(room).stand().episode
    decide(room, "release")
    none = brakes(room).stand().episode
    arrive(room, 5)
    second = brakes(room).stand().episode

    assert first == same
    assert none is None
    assert second.began_at > first.began_at


def test_what_was_said_of_an_episode_is_written_once(room):
    many(room, [1, 2, 3])
    found = brakes(room)
    episode = found.stand().episode
    at = found.stand().now

    assert found.said(episode, 0, at) is True
    assert found.said(episode, 0, at + HOUR) is False
    assert found.said(episode, 1, at + HOUR) is True

    now = found.stand().episode
    assert (now.reminded, now.told_at, now.said_at) == (1, at, at + HOUR)


def test_what_is_said_late_of_an_episode_says_nothing_of_the_next(room):
    many(room, [1, 2, 3])
    found = brakes(room)
    old = found.stand().episode
    decide(room, "release")
    time.sleep(0.005)
    arrive(room, 4)

    assert found.said(old, 0, NOW) is False
    assert found.stand().episode.reminded is None


def test_what_is_over_leaves_nothing_of_the_brake_behind(room):
    many(room, [1, 2, 3])
    arrive(room, 4, **LATER)
    decide(room, "refuse")

    left = {key.removeprefix("offboard:") for key in room.client.keys("*brake*")}
    assert left == {"brake:opened", "brake:episode", "brake:decided:op1"}
    assert not room.client.exists("offboard:index:confidential")
    assert room.client.ttl("offboard:brake:decided:op1") > 0


def test_the_sweep_sends_what_was_let_go_at_once(room):
    many(room, [1, 2, 3])

    decide(room, "release")

    assert Work("010003", Step.PLAN) in room.works.sweep()
