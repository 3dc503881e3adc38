"""A case that begins with what surveys have read, before all is looked at."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import DALLAS, DANA, FID, FRANKFURT, NOON, ROBIN, TOKYO, a_case, a_person
from fakes import a_surveyed_world, a_world

from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Leaver,
    ListedKey,
    Outcome,
    Scope,
)

DOWN = TransientError("timeout")


def test_what_the_index_knows_is_reset_before_the_account_is_looked_at():
    world = a_surveyed_world(DALLAS, FRANKFURT, owners={FRANKFURT: ROBIN})
    for call in ("people", "targets", "cluster_keys"):
        world.cloud.faults[call].extend([DOWN, DOWN])

    world.open()
    world.run(seconds=6)

    assert world.resets.sent(DALLAS) == 1
    assert f"key_owner {FRANKFURT.id}" not in world.journal
    assert world.case().status is CaseStatus.OPEN


def test_each_owner_is_read_once_immediately_before_its_reset():
    world = a_surveyed_world(DALLAS)

    world.settle()

    before = world.journal[: world.journal.index(f"send {DALLAS.id}")]
    assert before.count(f"key_owner {DALLAS.id}") == 1
    assert before[-2:] == [f"key_owner {DALLAS.id}", "record intent"]


def made_at(minutes, place=DALLAS.place, owner=ROBIN):
    """List a key that was made so many minutes after the survey."""
    return ListedKey(owner.id, *place, NOON + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    "key",
    [
        made_at(1),
        made_at(-9),
        made_at(1, place=(None, None)),
        ListedKey(ROBIN.id, *DALLAS.place, None),
    ],
    ids=["since", "while it was surveyed", "anywhere", "at a time nobody knows"],
)
def test_what_a_new_key_speaks_against_is_read_live_for_the_plan(key):
    world = a_surveyed_world(DALLAS)
    world.cloud.listed = [key]

    world.settle()

    before = world.journal[: world.journal.index(f"send {DALLAS.id}")]
    assert before.count(f"key_owner {DALLAS.id}") == 2


@pytest.mark.parametrize(
    "key",
    [made_at(-11), made_at(1, place=FRANKFURT.place)],
    ids=["made before", "made elsewhere"],
)
def test_a_key_that_changes_nothing_here_has_nothing_read_for_the_plan(key):
    world = a_surveyed_world(DALLAS)
    world.cloud.listed = [key]

    world.settle()

    before = world.journal[: world.journal.index(f"send {DALLAS.id}")]
    assert before.count(f"key_owner {DALLAS.id}") == 1


def test_where_the_newest_keys_cannot_be_listed_the_owners_are_read_for_the_plan():
    world = a_surveyed_world(DALLAS)
    world.cloud.faults["cluster_keys_since"].append(DOWN)

    case = world.settle()

    before = world.journal[: world.journal.index(f"send {DALLAS.id}")]
    assert before.count(f"key_owner {DALLAS.id}") == 2
    assert case.result is CaseResult.SAFE


def test_who_is_to_take_over_is_looked_at_while_the_newest_keys_are_listed():
    world = a_surveyed_world(DALLAS)

    world.settle()

    assert world.journal.index(f"standing {FID.id}") < world.journal.index("adopt")


def test_the_full_look_completes_the_plan_under_a_hash_of_its_own():
    world = a_surveyed_world(DALLAS)
    world.cloud.found.append(FRANKFURT)
    world.cloud.own(FRANKFURT, DANA)
    hashes = []
    world.store.after = lambda kind, change: (
        change.case and change.case.plan and hashes.append(change.case.plan.hash)
    )

    case = world.settle()

    assert case.result is CaseResult.SAFE
    assert set(world.outcomes()) == {"us-south", "eu-de"}
    assert len(set(hashes)) == 2
    assert world.resets.sent(DALLAS) == 1


def test_the_whole_story_is_the_same_with_an_index_and_without():
    warm, cold = a_surveyed_world(DALLAS, TOKYO), a_world(DALLAS, TOKYO)

    assert warm.settle().result is cold.settle().result is CaseResult.SAFE
    assert warm.outcomes() == cold.outcomes()
    assert len(warm.resets.sends) == len(cold.resets.sends) == 2


def test_a_stale_entry_resets_nobody_elses_key():
    world = a_surveyed_world(DALLAS)
    world.cloud.own(DALLAS, ROBIN)

    case = world.settle()

    assert world.resets.sends == []
    assert (case.result, case.targets) == (CaseResult.CLEAN, ())


@pytest.mark.parametrize("why", ["old", "no user list", "dry run"])
def test_without_a_fresh_index_the_case_begins_with_the_full_look(why):
    world = a_surveyed_world(DALLAS)
    index = world.index.of("acct1")
    if why == "old":
        index = replace(index, surveyed_at=NOON - timedelta(hours=13))
    if why == "no user list":
        index = replace(index, has_people=False, people_at=None)
    world.index.indexes["acct1"] = index

    world.open(a_case(dry_run=why == "dry run"))
    world.run()

    assert "case.planned_from_index" not in world.whats()
    assert "case.planned" in world.whats()


def test_two_people_of_one_address_in_the_index_wait_for_the_full_look():
    world = a_world(DALLAS)
    world.cloud.users.append(a_person(ROBIN, email="dana.lee@example.com"))
    world.survey()

    world.open()
    world.run()

    assert world.resets.sends == []
    assert world.case().status is CaseStatus.WAITING


def test_a_protected_person_is_not_reset_from_the_index():
    world = a_world(DALLAS, protected=("boss@example.com",))
    world.cloud.users = [a_person(DANA, user_id="boss@example.com"), a_person(FID)]
    world.survey()

    world.open()
    world.run()

    assert world.resets.sends == []
    assert world.case().plan.refused[0].reason is Reason.PROTECTED_USER


def test_a_pause_holds_what_the_index_began():
    world = a_surveyed_world(DALLAS)
    world.store.paused.add("*")

    world.open()
    world.run(seconds=600)

    assert world.resets.sends == []
    assert world.case().status is CaseStatus.WAITING


def test_a_second_person_whom_only_the_full_look_shows_stops_what_was_not_begun():
    world = a_surveyed_world(DALLAS, FRANKFURT)
    world.resets.faults.extend([DOWN] * 4)
    world.cloud.users.append(a_person(ROBIN, email="dana.lee@example.com"))

    world.open()
    world.run()

    assert world.resets.sends == []
    assert world.case().status is CaseStatus.WAITING


def test_a_case_of_a_part_begins_with_that_part_only():
    world = a_surveyed_world(DALLAS, FRANKFURT)

    case = world.settle(a_case(scope=Scope(regions=("eu-de",))))

    assert [one.target.region for one in case.targets] == ["eu-de"]
    assert world.resets.sent(DALLAS) == 0


def test_what_cannot_be_read_before_its_reset_is_unread_and_not_reset():
    world = a_surveyed_world(DALLAS)
    denied = PermanentError("403", reason=Reason.NO_ROLE)
    world.cloud.faults["key_owner", DALLAS.id].append(denied)

    case = world.settle()

    target = case.target(DALLAS.id)
    assert (target.outcome, target.reason) == (Outcome.UNREAD, Reason.NO_ROLE)
    assert target.detail == "403. It was theirs when its owner was last read."
    assert case.result is CaseResult.ATTENTION
    assert world.resets.sends == []


def test_somebody_named_by_iam_id_begins_from_the_index_too():
    world = a_surveyed_world(DALLAS)

    case = world.settle(a_case(leaver=Leaver(None, DANA.id)))

    assert "case.planned_from_index" in world.whats()
    assert case.result is CaseResult.SAFE


def test_what_a_case_read_back_corrects_the_index():
    world = a_surveyed_world(DALLAS)

    world.settle()

    assert [(target, owner) for target, owner, _ in world.index.noted] == [
        (DALLAS.id, FID.id)
    ]


def test_a_case_that_gives_way_begins_nothing_from_the_index():
    world = a_surveyed_world(DALLAS)
    world.open()
    world.open(a_case(id="02CASE", leaver=Leaver(None, DANA.id)))

    world.run()

    assert world.case("02CASE").joined_to == "01CASE"
    assert world.resets.sent(DALLAS) == 1
    assert world.case().targets[0].outcome is Outcome.VERIFIED


def test_a_classic_credential_is_told_of_what_the_index_began_too():
    world = a_surveyed_world(DALLAS)
    world.cloud.credentials[DALLAS.id] = "1234567_dana.lee@example.com"

    case = world.settle()

    assert "case.planned_from_index" in world.whats()
    assert [one.kind for one in case.targets[0].follow_ups] == ["classic_credential"]
    assert case.result is CaseResult.ATTENTION


def test_an_account_nobody_surveyed_may_know_another_person_of_that_address():
    world = a_surveyed_world(DALLAS)
    second, resets = world.add_account("acct2", FRANKFURT, owners={FRANKFURT: ROBIN})
    second.users = [a_person(ROBIN, email="dana.lee@example.com"), a_person(FID)]

    world.open()
    world.run()

    assert (world.resets.sends, resets.sends) == ([], [])
    assert world.case().status is CaseStatus.WAITING
