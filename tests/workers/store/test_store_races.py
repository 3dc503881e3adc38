"""Threads that race on the real server: one of them wins, in every round."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from store_scenes import Room, a_case, a_case_target

from workers.offboarding.errors import CaseCancelledError
from workers.offboarding.model import CaseStatus, Leaver, OpenedBy, Step, Work
from workers.offboarding.ports import Change
from workers.store.connection import connect

ROUNDS = 150
TARGET = a_case_target().target.id


@pytest.fixture
def race(store_place, client):
    """Runs one move of each of two rooms at once, each with its own connection."""
    with (
        connect(store_place.store_url, timeout_seconds=30) as one,
        connect(store_place.store_url, timeout_seconds=30) as other,
        ThreadPoolExecutor(2) as pool,
    ):
        rooms = Room(one), Room(other)

        def run(first, second):
            moves = zip((first, second), rooms, strict=True)
            running = [pool.submit(move, room) for move, room in moves]
            return [each.result(timeout=60) for each in running]

        yield run


def leaver_of(number):
    return Leaver(email=f"p{number}@example.com")


def test_two_sources_that_tell_of_one_leaver_open_one_case(race, real):
    for number in range(ROUNDS):

        def told_by(source, number=number):
            case = a_case(
                f"{number:04}-{source}",
                leaver=leaver_of(number),
                opened_by=OpenedBy(source, f"{source}:{number}"),
            )
            return lambda room: room.open(case)

        taken = race(told_by("okta"), told_by("scim"))

        assert sorted(one.verdict for one in taken) == ["joined", "new"]
        assert len({one.case_id for one in taken}) == 1
        case = real.cases.load(taken[0].case_id)
        assert len(case.departures) == 1


def test_one_event_told_twice_at_once_opens_one_case(race, real):
    for number in range(ROUNDS):

        def told(which, number=number):
            opened_by = OpenedBy("okta", f"okta:{number}")
            case = a_case(
                f"{number:04}-{which}", leaver=leaver_of(number), opened_by=opened_by
            )
            return lambda room: room.open(case)

        taken = race(told("a"), told("b"))

        assert sorted(one.verdict for one in taken) == ["new", "repeated"]
        assert real.cases.load(taken[0].case_id).departures == ()


def test_two_workers_that_claim_one_piece_of_work_have_it_once(race, real):
    for number in range(ROUNDS):
        case = a_case(f"{number:04}", leaver=leaver_of(number))
        real.open(case)

        def claim(room, number=number):
            return room.claim(Step.PLAN, case_id=f"{number:04}")

        claims = race(claim, claim)

        assert sum(one is not None for one in claims) == 1


def test_two_cases_that_claim_one_target_have_it_one_at_a_time(race, real):
    for name, number in (("01A", 1), ("01B", 2)):
        real.planned(a_case_target(), case=a_case(name, leaver=leaver_of(number)))
    for _ in range(ROUNDS):
        claims = race(
            lambda room: room.claim(Step.RESET, TARGET, "01A", shared=True),
            lambda room: room.claim(Step.RESET, TARGET, "01B", shared=True),
        )

        held = [one for one in claims if one is not None]
        assert len(held) == 1
        real.works.again(held[0], Change(), a_case().received_at)


def test_a_cancellation_never_lands_after_about_to_reset(race, real):
    for number in range(ROUNDS):
        case = a_case(f"{number:04}", leaver=leaver_of(number))
        target = a_case_target(f"region-{number}")
        read = real.planned(target, case=case)
        work = Work(case.id, Step.RESET, target.target.id)
        claim = real.works.claim(work, shared=True)

        def intend(room, claim=claim, target=target):
            try:
                room.works.record(claim, Change(targets=(target,), wrote=True))
            except CaseCancelledError:
                return "cancelled"
            return "intended"

        intended, cancelled = race(
            intend, lambda room, read=read: room.cancel(case=read)
        )

        status = real.cases.load(case.id).status
        assert (intended, cancelled, status) in {
            ("intended", "written", CaseStatus.OPEN),
            ("cancelled", "ok", CaseStatus.CANCELLED),
        }


def test_two_targets_that_end_at_once_have_the_case_reported_once(race, real):
    for number in range(ROUNDS):
        case = a_case(f"{number:04}", leaver=leaver_of(number))
        targets = [a_case_target(f"{side}-{number}") for side in ("left", "right")]
        real.planned(*targets, case=case)
        works = [Work(case.id, Step.RESET, one.target.id) for one in targets]
        claims = [real.works.claim(work, shared=True) for work in works]

        sent = race(
            lambda room, claim=claims[0]: room.works.finish(claim, Change()),
            lambda room, claim=claims[1]: room.works.finish(claim, Change()),
        )

        assert sorted(sent, key=len) == [(), (Work(case.id, Step.REPORT),)]
