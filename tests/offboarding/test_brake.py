"""The brake in the domain: the second lock in the plan, the list, the whole notices."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import DALLAS, DANA, FID, NOON, a_case, a_departure
from fakes import a_world

from workers.notify.mail_message import plain_text, text_of
from workers.offboarding.brake import Brake, Braked, Waiting, bare, names_of, overlaid
from workers.offboarding.brake_notice import brake_notice
from workers.offboarding.exposure import Dependence
from workers.offboarding.model import (
    BrakeState,
    CaseStatus,
    KeyOwner,
    Leaver,
    OwnerKind,
    Person,
    SamePerson,
    Step,
    Work,
)
from workers.offboarding.notice import report_of_notice
from workers.offboarding.report import Severity

HELD = {"brake": BrakeState.HELD, "status": CaseStatus.WAITING}
LATER = NOON + timedelta(hours=3)


# the plan


@pytest.fixture
def world():
    world = a_world(DALLAS, owners={DALLAS: DANA})
    world.open(a_case(**HELD))
    world.store.stored["01CASE"].held = True
    return world


def test_what_the_brake_holds_does_not_plan_even_if_it_is_due(world):
    world.run()

    case = world.case()
    assert (case.status, case.brake) == (CaseStatus.WAITING, BrakeState.HELD)
    assert (case.plan, case.targets, case.reports) == (None, (), ())
    assert world.resets.sends == []
    assert world.journal == ["finish"]


def test_what_joined_stays_until_it_is_let_go(world):
    world.store.open(
        a_case(id="01OTHER"),
        a_departure(event_key="standard:2"),
        (None, None),
    )

    world.run()

    assert len(world.case().departures) == 1


def test_what_the_brake_holds_gives_way_to_a_case_of_the_same_person(world):
    world.open(a_case(id="01OTHER", leaver=Leaver(iam_id="IBMid-1")))
    world.store.stored["01CASE"].gives_way = "01OTHER"

    world.store.due = {Work("01CASE", Step.PLAN): NOON}
    world.run(until=lambda: world.case().status is CaseStatus.CANCELLED)

    case = world.case()
    assert (case.status, case.joined_to) == (CaseStatus.CANCELLED, "01OTHER")


# what is said in a case


def test_what_the_brake_says_in_a_case_is_taken_out_as_it_was_put_in():
    case = a_case(status=CaseStatus.WAITING)

    held = overlaid(case, BrakeState.HELD, None, None)

    assert [one.reason for one in held.warnings] == ["brake"]
    assert bare(held) == case


def test_what_is_let_go_is_warned_of_nothing():
    case = overlaid(a_case(), BrakeState.RELEASED, "Ann", None)

    assert (case.brake_by, case.warnings) == ("Ann", ())


def test_a_scheduled_case_is_confidential_while_it_waits():
    put_off = a_case(starts_at=LATER, effective_at=LATER, status=CaseStatus.WAITING)

    assert put_off.is_confidential
    assert not replace(put_off, starts_at=NOON).is_confidential
    assert not replace(put_off, started_at=LATER).is_confidential
    assert not replace(put_off, status=CaseStatus.OPEN).is_confidential


# who is meant


def test_an_owner_goes_by_every_name_that_means_them():
    dana = Dependence(DANA, 2, 3, has_left=False)
    login = Person("IBMid-1", None, "DLee@example.com", None)
    same = SamePerson(None, ("dlee@example.com", "dana@hr.example.com"))

    names = names_of([dana], [login], [same])

    assert names == {
        "ibmid-1": [dana],
        "dana.lee@example.com": [dana],
        "dlee@example.com": [dana],
        "dana@hr.example.com": [dana],
    }


def test_people_who_own_nothing_are_no_names():
    same = SamePerson("IBMid-7", ("kim@example.com",))

    assert names_of([], [], [same]) == {}


# the notices


def waits(number, *, owner=None, targets=0, clusters=0, gone=False, **changed):
    leaver = Leaver(email=f"person{number}@example.com")
    braked = Braked(f"01{number}", leaver, "okta", NOON, NOON, **changed)
    return Waiting(braked, targets, clusters, gone, owner)


def the_brake(*waiting, **changed):
    given = {"limit": 20, "opened_last_hour": 20 + len(waiting), "since": NOON}
    return Brake(**{**given, "waiting": waiting, "checked_at": NOON, **changed})


def notice(brake, reminded=0, at=LATER):
    return brake_notice(brake, began_at=NOON, reminded=reminded, at=at)


def text(told):
    return text_of(report_of_notice(told))


ROBIN = KeyOwner("IBMid-2", "Robin Park", "robin@example.com", OwnerKind.PERSON)
COMMANDS = (
    "- See who waits:\n"
    "\n"
    "    offboard brake show\n"
    "\n"
    "- If these departures are real, let all go on (needs role approver):\n"
    "  Each is planned then, and its own guards hold it where they must.\n"
    "\n"
    "    offboard brake release\n"
    "\n"
    "- If they are a mistake or an attack, cancel all (needs role approver):\n"
    "  Nothing is written. Who leaves after all has to be told of anew.\n"
    "\n"
    "    offboard brake refuse\n"
    "\n"
    "FOUND\n"
    "\n"
    "- Found: 2026-11-23 15:00:00 UTC\n"
    "\n"
)


def test_a_brake_is_told_with_those_who_own_something_first():
    told = notice(
        the_brake(
            waits(1, owner=ROBIN, targets=1, clusters=1, gone=True),
            waits(2, owner=DANA, targets=2, clusters=5),
            waits(3),
            waits(4),
            waits(5, owner=FID, targets=4, clusters=4, is_to_come=True),
        )
    )

    assert text(told) == (
        "The brake is on: 25 departures came by events within an hour, and 20 may be "
        "acted on without a person's word. 5 of them wait for one decision; nothing is "
        "done for them until then. 1 person of them is removed from IBM Cloud already, "
        "and each minute counts.\n"
        "\n"
        "LEFT TO DO BY HAND\n"
        "\n"
        "- Robin Park (robin@example.com) owns 1 key with 1 cluster, told by okta at "
        "2026-11-23 12:00:00 UTC.\n"
        "  They are removed already: their keys died with that.\n"
        "- Dana Lee (dana.lee@example.com) owns 2 keys with 5 clusters, told by okta "
        "at 2026-11-23 12:00:00 UTC.\n"
        "- 2 departures of people who own nothing, by the survey of 2026-11-23 "
        "12:00:00 UTC.\n"
        "- 1 departure for a later day, not named here: confidential until then. 1 of "
        "people who own something.\n"
        f"{COMMANDS}Notice {told.id}\n"
    )
    assert report_of_notice(told).severity is Severity.ATTENTION
    assert plain_text(report_of_notice(told).subject) == (
        "[offboard] The brake is on: 5 departures wait for a decision"
    )


def test_a_reminder_says_since_when_and_that_nobody_knows_who_owns_something():
    unknown = {"targets": None, "clusters": None}
    brake = the_brake(waits(1, **unknown), opened_last_hour=0, checked_at=None)

    told = notice(brake, reminded=2)

    assert text(told) == (
        "The brake is on: 1 departure waits for one decision, the first since "
        "2026-11-23 12:00:00 UTC; nothing is done for it until then.\n"
        "\n"
        "LEFT TO DO BY HAND\n"
        "\n"
        "- 1 departure: not known whether the person owns something, as not every "
        "account was surveyed yet.\n"
        f"{COMMANDS}Notice {told.id}\n"
    )


def test_what_is_told_late_does_not_count_what_came_long_ago():
    late = notice(the_brake(waits(1), opened_last_hour=1))

    assert "came by events within" not in text(late)


def test_ten_are_named_and_the_others_counted():
    owners = [
        replace(DANA, id=f"IBMid-{number}", name=f"Owner {number:02}")
        for number in range(12)
    ]
    waiting = [
        waits(number, owner=one, targets=1, clusters=1)
        for number, one in enumerate(owners)
    ]

    told = text(notice(the_brake(*waiting)))

    assert told.count(" owns 1 key") == 10
    assert "Owner 09" in told
    assert "Owner 10" not in told
    assert "- And 2 more who own something.\n" in told


def test_who_leaves_later_is_not_named_unless_they_are_proven_to_be_gone():
    later = {"owner": DANA, "targets": 1, "clusters": 1, "is_to_come": True}

    kept = text(notice(the_brake(waits(1, **later))))
    gone = text(notice(the_brake(waits(1, gone=True, **later))))

    assert "Dana" not in kept
    assert "person1" not in kept
    assert "Dana Lee" in gone


def test_a_name_from_outside_cannot_break_the_notice():
    odd = KeyOwner("IBMid-3", "Dana\n<!channel> *Lee*", None, OwnerKind.PERSON)

    told = notice(the_brake(waits(1, owner=odd, targets=1, clusters=1)))

    assert "\n<!channel>" not in text(told)


def test_each_reminder_of_each_brake_is_a_notice_of_its_own():
    brake = the_brake(waits(1))

    told = notice(brake)
    again = notice(the_brake(waits(1), waits(2)), at=LATER + timedelta(hours=1))
    reminder = notice(brake, reminded=1)
    other = brake_notice(brake, began_at=LATER, reminded=0, at=LATER)

    assert told.id == again.id
    assert len({told.id, reminder.id, other.id}) == 3
