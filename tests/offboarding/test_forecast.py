"""What an account's functional IDs own, and what would fall to each of them."""

from factories import (
    DALLAS,
    DANA,
    FID,
    FRANKFURT,
    NOON,
    OTHER_FID,
    ROBIN,
    TOKYO,
    a_standing,
)
from fakes import a_world

from workers.offboarding.discovery import look_at
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.exposure import AccountIndex, exposure_of
from workers.offboarding.forecast import forecast
from workers.offboarding.functional_ids import FunctionalIdState
from workers.offboarding.watching import watched, with_functional_ids

DENIED = PermanentError("403", reason=Reason.NO_FUNCTIONAL_ID)


def foreseen(world, known=()):
    return forecast(world.cloud, look_at(world.cloud, None), known)


def ids(targets):
    return [one.region for one in targets]


def test_what_people_own_falls_to_who_may_take_it_and_what_is_owned_is_told():
    world = a_world(DALLAS, FRANKFURT, TOKYO, owners={FRANKFURT: FID, TOKYO: ROBIN})

    found = foreseen(world)

    assert [one.identity for one in found.standings] == [FID]
    assert ids(found.owned_by(FID.id)) == ["eu-de"]
    assert ids(found.taken_by(FID.id)) == ["us-south", "jp-tok"]
    assert found.keys_refused == ""


def test_targets_are_spread_over_the_slots_as_a_plan_would():
    world = a_world(DALLAS, FRANKFURT, TOKYO)
    world.cloud.ours = world.cloud.fids = [FID, OTHER_FID]
    world.cloud.standings = {
        FID.id: a_standing(keys=17),
        OTHER_FID.id: a_standing(OTHER_FID, keys=18),
    }

    found = foreseen(world)

    assert ids(found.taken_by(FID.id)) == ["us-south", "eu-de"]
    assert ids(found.taken_by(OTHER_FID.id)) == ["jp-tok"]


def test_who_lacks_the_rights_takes_nothing_where_another_has_them():
    world = a_world(DALLAS)
    world.cloud.ours = world.cloud.fids = [FID, OTHER_FID]
    world.cloud.standings = {FID.id: a_standing(policies=())}

    assert ids(foreseen(world).taken_by(OTHER_FID.id)) == ["us-south"]


def test_where_nobody_may_take_over_nothing_is_foreseen():
    world = a_world(DALLAS, FRANKFURT)
    world.cloud.faults["candidates", DALLAS.id].append(DENIED)
    world.cloud.faults["candidates", FRANKFURT.id].append(TransientError("503"))

    assert foreseen(world).taken_by(FID.id) == ()


def test_without_our_own_identities_those_known_before_are_looked_at():
    world = a_world(DALLAS, owners={DALLAS: FID})
    refused = PermanentError("BXNIM0415E", reason=Reason.BAD_KEY)
    world.cloud.faults["identities"].extend([refused, refused])

    found = foreseen(world, [OTHER_FID])

    assert [one.identity for one in found.standings] == [FID, OTHER_FID]
    assert found.keys_refused == "BXNIM0415E"


def test_who_was_known_before_and_is_ours_no_more_is_not_looked_at():
    world = a_world(DALLAS)

    found = foreseen(world, [OTHER_FID])

    assert [one.identity for one in found.standings] == [FID]
    assert "standing IBMid-8" not in world.journal


def kept(world, before=None):
    before = before or AccountIndex("acct1")
    found = foreseen(world)
    judged = watched("acct1", found, before, world.clock(), elsewhere={})
    index = AccountIndex("acct1", surveyed_at=world.clock())
    return with_functional_ids(index, found, judged, before)


def test_a_weakness_begins_after_the_survey_that_did_not_see_it():
    world = a_world(DALLAS)
    well = kept(world)
    world.cloud.standings[FID.id] = a_standing(keys=19)
    world.clock.advance(60)

    weak = kept(world, well)
    world.clock.advance(60)
    still_weak = kept(world, weak)
    world.cloud.standings[FID.id] = a_standing(keys=20)
    weaker = kept(world, still_weak)

    states = [each.functional_ids[0] for each in (well, weak, still_weak, weaker)]
    assert [bool(one.weak) for one in states] == [False, True, True, True]
    assert [one.weak_after for one in states] == [
        None,
        NOON,
        NOON,
        states[2].checked_at,
    ]


def test_slots_that_do_not_suffice_are_counted_below_nothing():
    state = FunctionalIdState("acct1", FID, NOON, keys=18, would_take=5)

    assert (state.free, state.free_after) == (2, -3)
    assert FunctionalIdState("acct1", FID, NOON).free_after is None


def test_exposure_has_the_functional_ids_of_all_accounts():
    mine = FunctionalIdState("acct1", FID, NOON)
    theirs = FunctionalIdState("acct2", OTHER_FID, NOON)

    found = exposure_of(
        [
            AccountIndex("acct1", functional_ids=(mine,)),
            AccountIndex("acct2", functional_ids=(theirs,)),
        ]
    )

    assert found.functional_ids == (mine, theirs)
    assert DANA.id not in {one.owner.id for one in found.functional_ids}
