"""What IAM's key list proves to be as surveys read it, and what is to be read."""

import time
from dataclasses import replace
from datetime import timedelta

import pytest
from factories import (
    DALLAS,
    DANA,
    FID,
    FRANKFURT,
    NOON,
    ROBIN,
    TOKYO,
    a_case,
    a_person,
)
from fakes import a_surveyed_world, a_world

from workers.offboarding.discovery import look_at
from workers.offboarding.errors import Reason, TransientError
from workers.offboarding.model import CaseResult, ListedKey, Outcome, Right, Unread

DOWN = TransientError("timeout")


def reads_of(world, target):
    return world.journal.count(f"key_owner {target.id}")


def a_world_of_two():
    return a_surveyed_world(DALLAS, FRANKFURT, owners={FRANKFURT: ROBIN})


def made(minutes, target, owner):
    return ListedKey(owner.id, *target.place, NOON + timedelta(minutes=minutes))


OLD = [made(-60, DALLAS, DANA), made(-60, FRANKFURT, ROBIN)]


def test_somebody_elses_target_is_not_read_where_no_key_was_made_since():
    world = a_world_of_two()

    case = world.settle()

    assert case.result is CaseResult.SAFE
    assert reads_of(world, FRANKFURT) == 0
    # Once before its reset, once after it, and never for a plan.
    assert reads_of(world, DALLAS) == 2


def test_the_ledger_says_how_many_targets_were_not_read_again():
    world = a_world_of_two()

    case = world.settle()

    planned = [one for one in world.store.ledger(case.id) if one.what == "case.planned"]
    assert [one.detail for one in planned] == [
        "1 target seen (1 by the owner index: no key was made there since), "
        "0 to be taken over"
    ]


@pytest.mark.parametrize(
    "listed",
    [
        [*OLD, made(1, FRANKFURT, DANA)],
        [*OLD, made(-9, FRANKFURT, DANA)],
        [*OLD, ListedKey(DANA.id, None, None, NOON + timedelta(minutes=1))],
        [*OLD, ListedKey(DANA.id, *FRANKFURT.place, None)],
        [
            made(-60, DALLAS, DANA),
            made(-90, FRANKFURT, ROBIN),
            made(-60, FRANKFURT, DANA),
        ],
        [made(-60, DALLAS, DANA)],
    ],
    ids=[
        "made since",
        "made while it was surveyed",
        "made since, nobody knows where",
        "made there, nobody knows when",
        "the newest is somebody else's",
        "the owner has none there",
    ],
)
def test_a_target_of_which_the_list_does_not_plainly_say_it_is_read(listed):
    world = a_world_of_two()
    world.cloud.listed = listed

    world.settle()

    assert reads_of(world, FRANKFURT) >= 1


def test_what_the_leaver_took_over_since_the_survey_is_found_and_reset():
    world = a_world_of_two()
    world.clock.advance(3600)
    world.cloud.own(FRANKFURT, DANA)

    case = world.settle()

    assert case.result is CaseResult.SAFE
    assert case.target(FRANKFURT.id).outcome is Outcome.VERIFIED


@pytest.mark.parametrize("keys", [Right.MISSING, Right.CANNOT_TELL])
def test_a_reader_who_may_not_see_all_keys_reads_every_owner(keys):
    world = a_world_of_two()
    world.cloud.sees = replace(world.cloud.sees, keys=keys)

    world.settle()

    assert reads_of(world, FRANKFURT) >= 1


@pytest.mark.parametrize("lacks", ["own key", "an answer"])
def test_a_key_list_that_is_not_whole_speaks_for_nobody(lacks):
    world = a_world_of_two()
    world.cloud.has_own_key = lacks != "own key"
    if lacks == "an answer":
        world.cloud.faults["cluster_keys"].extend([DOWN] * 9)

    world.settle()

    assert reads_of(world, FRANKFURT) >= 1


def test_one_owner_whose_key_the_list_lacks_has_all_of_them_read():
    world = a_surveyed_world(DALLAS, FRANKFURT, TOKYO, owners={FRANKFURT: ROBIN})
    world.cloud.found.append(DALLAS)
    index = world.index.of("acct1")
    # Tokyo's owner is no more known, so it is read, and shows whose key is not listed.
    world.index.indexes["acct1"] = replace(
        index, holdings=tuple(one for one in index.holdings if one.target != TOKYO)
    )
    world.cloud.listed = OLD

    view = look_at(world.cloud, None, index=world.index.of("acct1"))

    assert not view.has_keys
    assert not any(one.is_remembered for one in view.seen)
    assert reads_of(world, FRANKFURT) == 1


def test_the_keys_of_somebody_who_is_gone_are_in_no_list_so_all_is_read():
    world = a_world_of_two()
    world.cloud.users = [a_person(ROBIN), a_person(FID)]
    world.cloud.own(FRANKFURT, DANA)
    world.cloud.listed = OLD[1:]

    case = world.settle()

    assert case.target(FRANKFURT.id).outcome is Outcome.VERIFIED


def test_an_account_that_an_event_proved_left_is_read_though_the_list_has_them_still():
    world = a_world_of_two()

    world.settle(a_case(gone_from=("acct1",)))

    assert reads_of(world, FRANKFURT) >= 1


def test_what_a_survey_could_not_read_is_read():
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: ROBIN})
    world.cloud.faults["key_owner", FRANKFURT.id].append(DOWN)
    world.survey()
    world.journal.clear()

    world.settle()

    assert reads_of(world, FRANKFURT) >= 1


def test_a_dry_run_and_a_stale_index_read_every_owner():
    dry, stale = a_world_of_two(), a_world_of_two()
    old = replace(stale.index.of("acct1"), surveyed_at=NOON - timedelta(hours=13))
    stale.index.indexes["acct1"] = old

    dry.settle(a_case(dry_run=True))
    stale.settle()

    assert reads_of(dry, FRANKFURT) == 1
    assert reads_of(stale, FRANKFURT) >= 1


def test_an_unread_owner_is_no_owner_to_go_by():
    world = a_world_of_two()
    unread = Unread(reason="owner_unknown", detail="nobody")
    world.cloud.own(FRANKFURT, unread)
    world.survey()
    world.journal.clear()

    world.settle()

    assert reads_of(world, FRANKFURT) >= 1


CAROL = replace(ROBIN, id="IBMid-CAROL", name="Carol", email="carol@example.com")


def test_the_keys_of_who_is_removed_while_all_is_looked_at_are_missed_by_no_look():
    world = a_world_of_two()
    world.clock.advance(3600)
    world.cloud.own(FRANKFURT, DANA)
    list_keys = world.cloud.cluster_keys

    def removed_before_the_keys_are_listed():
        _wait_for(lambda: "people" in world.journal, seconds=0.2)
        world.cloud.users = [a_person(ROBIN), a_person(FID)]
        world.cloud.listed = OLD[1:]
        return list_keys()

    world.cloud.cluster_keys = removed_before_the_keys_are_listed

    case = world.settle()

    assert case.target(FRANKFURT.id).outcome is Outcome.VERIFIED


def test_who_is_in_the_account_is_asked_once_the_keys_are_listed():
    world = a_world_of_two()
    list_keys = world.cloud.cluster_keys

    def listed_late():
        _wait_for(lambda: "people" in world.journal, seconds=0.2)
        return list_keys()

    world.cloud.cluster_keys = listed_late

    look_at(world.cloud, None, index=world.index.of("acct1"))

    assert world.journal.index("cluster_keys") < world.journal.index("people")


def _wait_for(is_so, *, seconds):
    until = time.monotonic() + seconds
    while not is_so() and time.monotonic() < until:
        time.sleep(0.01)


def test_the_keys_of_who_was_removed_and_invited_again_are_gone_so_all_is_read():
    world = a_world_of_two()
    world.cloud.own(FRANKFURT, DANA)
    world.cloud.listed = OLD[1:]

    case = world.settle()

    assert case.target(FRANKFURT.id).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(("minutes", "reads"), [(5, 1), (-5, 1), (-11, 0)])
def test_who_came_into_an_account_after_its_survey_has_all_of_it_read(minutes, reads):
    world = a_world_of_two()
    world.clock.advance(3600)
    world.cloud.listed = OLD
    added = NOON + timedelta(minutes=minutes)
    others = world.cloud.users[1:]
    world.cloud.users = [a_person(DANA, added_at=added), *others]

    world.settle()

    assert min(reads_of(world, FRANKFURT), 1) == reads


def test_what_a_short_list_made_nobodys_is_unread_again_when_that_shows():
    world = a_world(DALLAS, FRANKFURT, TOKYO, owners={FRANKFURT: ROBIN})
    nobody = Unread(reason=Reason.OWNER_UNKNOWN, detail="nobody")
    world.cloud.own(TOKYO, nobody)
    world.survey()
    # Dana left, so Frankfurt is read: its owner's key is not listed, nor may Tokyo's.
    world.cloud.users = [a_person(ROBIN), a_person(FID), a_person(CAROL)]
    world.cloud.listed = OLD
    world.cloud.own(FRANKFURT, CAROL)

    case = world.settle()

    assert case.target(TOKYO.id).outcome is Outcome.UNREAD


def test_what_is_missing_from_a_list_is_said_once():
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: ROBIN})
    world.cloud.users = [a_person(ROBIN), a_person(FID)]
    world.cloud.listed = [OLD[0]]

    case = world.settle()

    assert [one.reason for one in case.warnings] == [Reason.LIST_SHORT]
