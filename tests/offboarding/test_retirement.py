"""Which keys are superseded: in doubt none, and never the one in use."""

from dataclasses import replace
from datetime import timedelta

import pytest
from factories import DALLAS, DANA, FID, NOON, OTHER_FID, ROBIN, TOKYO
from hypothesis import given
from hypothesis import strategies as st

from workers.offboarding.model import KeyList, ListedKey
from workers.offboarding.ports import Retirement
from workers.offboarding.retirement import Holder, left_text, superseded

HELD = Holder(DALLAS.place, FID.id, DANA.id, since=NOON)
SETTLED = NOON + timedelta(minutes=30)
MINUTE = timedelta(minutes=1)


def key(name, owner, minutes, **changes):
    """Make a key for Dallas that was made so many minutes after the reset."""
    at = NOON + timedelta(minutes=minutes)
    made = ListedKey(owner.id, *DALLAS.place, at, id=name)
    return replace(made, **changes)


LIVE = key("live", FID, 0)
DANAS = key("danas", DANA, -900)
OLD = key("old", FID, -300)


def chosen(*keys, held=HELD, ours=(FID.id,), made_before=SETTLED, has_own=True):
    found = superseded(
        KeyList(keys, has_own), [held], ours=ours, made_before=made_before
    )
    return [one.id for one in found]


def test_the_leavers_key_and_our_own_older_one_are_superseded_the_newest_is_not():
    assert chosen(DANAS, OLD, LIVE) == ["danas", "old"]


@pytest.mark.parametrize(
    "keys",
    [
        # nothing to go by
        (),
        (LIVE,),
        # the list does not show the key that the reset made
        (DANAS,),
        (DANAS, OLD),
        (DANAS, OLD, replace(LIVE, region=None)),
        (DANAS, OLD, replace(LIVE, resource_group_id=None)),
        # nor which one is in use, if somebody disabled the newest
        (DANAS, OLD, replace(LIVE, is_disabled=True)),
        # it cannot be told which of ours is the newest
        (DANAS, OLD, replace(LIVE, created_at=None)),
        (DANAS, LIVE, replace(OLD, created_at=None)),
        # the key itself may not be touched
        (LIVE, replace(DANAS, is_locked=True)),
        (LIVE, replace(DANAS, id="")),
        (LIVE, replace(DANAS, created_at=None)),
        (LIVE, replace(DANAS, region=None)),
        (LIVE, replace(DANAS, resource_group_id=None)),
        # somebody else's, or somewhere else's
        (LIVE, key("robins", ROBIN, -900)),
        (LIVE, key("other", OTHER_FID, -900)),
        (LIVE, replace(DANAS, region="eu-de")),
        # too close together to tell which is the newer
        (LIVE, key("twin", FID, 0)),
        (LIVE, key("twin", FID, -1)),
        (LIVE, replace(DANAS, created_at=NOON - MINUTE)),
        # newer than ours: whoever owns it may not show yet
        (LIVE, key("newer", DANA, 5)),
    ],
)
def test_in_doubt_every_key_is_kept(keys):
    assert chosen(*keys) == []


def test_a_list_that_is_not_whole_gives_nothing():
    assert chosen(DANAS, OLD, LIVE, has_own=False) == []


def test_where_a_person_owns_the_place_nothing_is_touched():
    robins = key("robins", ROBIN, 10)

    assert chosen(DANAS, OLD, LIVE, robins, held=replace(HELD, owner_id=ROBIN.id)) == []
    assert chosen(DANAS, key("d", DANA, 9), held=replace(HELD, owner_id=DANA.id)) == []


def test_of_a_functional_id_that_was_replaced_the_key_at_this_place_is_superseded():
    taken_over = Holder(DALLAS.place, OTHER_FID.id, FID.id, since=NOON)
    elsewhere = replace(OLD, id="elsewhere", region="eu-de")
    newest = key("newest", OTHER_FID, 0)

    found = chosen(OLD, elsewhere, newest, held=taken_over, ours=(OTHER_FID.id,))

    assert found == ["old"]


def test_while_clusters_may_be_on_the_key_before_none_is_touched():
    fresh = key("fresh", FID, 29)

    assert chosen(DANAS, OLD, LIVE, fresh, made_before=NOON + 28 * MINUTE) == []
    assert chosen(DANAS, OLD, LIVE, fresh) == ["danas", "old"]


def test_a_key_newer_than_that_of_the_reset_does_not_prove_that_that_is_superseded():
    # Whoever made it may have failed halfway: a key in IAM, and nothing stored.
    orphan = key("orphan", FID, 20)

    assert chosen(DANAS, LIVE, orphan) == ["danas"]


def test_a_key_that_the_leaver_made_since_the_reset_is_kept_whoever_shows_as_owner():
    # They reset it, which does not show yet; whose reset failed after that does.
    orphan = key("orphan", FID, 20)

    assert chosen(DANAS, key("danas-new", DANA, 10), orphan) == ["danas"]


def test_a_key_of_an_earlier_reset_of_the_case_is_kept_as_well():
    # Its owner did not show for long, so that it was sent anew; then either is in use.
    earlier = replace(HELD, began=NOON - 20 * MINUTE)

    assert chosen(DANAS, key("first", FID, -15), LIVE, held=earlier) == ["danas"]


keys_listed = st.builds(
    ListedKey,
    iam_id=st.sampled_from([DANA.id, ROBIN.id, FID.id, OTHER_FID.id]),
    region=st.sampled_from(["us-south", "eu-de", None]),
    resource_group_id=st.sampled_from(["payments-id", "platform-id", None]),
    created_at=st.one_of(
        st.none(),
        st.integers(-7200, 3600).map(lambda each: NOON + timedelta(seconds=each)),
    ),
    is_locked=st.booleans(),
    is_disabled=st.booleans(),
)
places = st.sampled_from([DALLAS.place, TOKYO.place, ("us-south", "platform-id")])
holders = st.builds(
    Holder,
    places,
    st.sampled_from([FID.id, OTHER_FID.id, DANA.id, ROBIN.id]),
    st.sampled_from([DANA.id, FID.id, None]),
    st.just(NOON),
)


@given(st.data(), st.lists(keys_listed, max_size=12), st.lists(holders, max_size=3))
def test_whatever_is_listed_in_whatever_order_the_key_in_use_is_never_chosen(
    data, keys, held
):
    listed = [replace(one, id=f"key-{n}") for n, one in enumerate(keys)]
    held = list({one.place: one for one in held}.values())
    # What is in use is the last one truly made; IAM may tell its time to the minute,
    # which reads as up to 59 s later.
    live = {}
    for n, one in enumerate(held):
        made = NOON + timedelta(seconds=data.draw(st.integers(-30, 3600)))
        slip = timedelta(seconds=data.draw(st.integers(0, 59)))
        live[one.place] = ListedKey(
            one.owner_id, *one.place, made + slip, id=f"live-{n}"
        )
        listed = [
            each
            for each in listed
            if each.place != one.place
            or each.iam_id != one.owner_id
            or each.created_at is None
            or each.created_at <= made + timedelta(seconds=59)
        ]
    shuffled = data.draw(st.permutations([*listed, *live.values()]))

    found = superseded(
        KeyList(tuple(shuffled)),
        held,
        ours={FID.id, OTHER_FID.id},
        made_before=NOON + timedelta(hours=3),
    )

    assert not {one.id for one in found} & {one.id for one in live.values()}
    for one in found:
        [holder] = [each for each in held if each.place == one.place]
        assert holder.owner_id in {FID.id, OTHER_FID.id}
        assert one.iam_id in {holder.owner_id, holder.former_id}
        assert not one.is_locked
        assert one.created_at is not None


@given(st.lists(keys_listed, max_size=12))
def test_no_key_that_was_made_since_the_reset_is_ever_chosen(keys):
    listed = [replace(one, id=f"key-{n}") for n, one in enumerate(keys)]
    by_id = {one.id: one for one in listed}

    found = chosen(*listed, LIVE, made_before=NOON + timedelta(hours=3))

    assert all(by_id[one].created_at < NOON - MINUTE for one in found)


@given(st.permutations([DANAS, OLD, key("older", FID, -600), LIVE]))
def test_the_order_of_the_list_changes_nothing(keys):
    assert sorted(chosen(*keys)) == ["danas", "old", "older"]


def test_what_is_left_to_a_person_comes_with_who_and_the_command():
    text = left_text("403, no role.", DANAS, Retirement.DELETE)

    assert text == (
        "Superseded cluster API keys here are left to be retired by hand. 403, no "
        "role. Who can: an administrator of IAM in the account, who has to be sure "
        "that the key is not the one in use; a locked key is unlocked first. Command: "
        "`ibmcloud iam api-key-delete danas`. A person's keys also go when they are "
        "removed from the account."
    )


@pytest.mark.parametrize(
    ("how", "iam_id", "command"),
    [
        (Retirement.DISABLE, "IBMid-1", "ibmcloud iam api-key-disable k"),
        (
            Retirement.DELETE,
            "iam-ServiceId-7",
            "ibmcloud iam service-api-key-delete k ServiceId-7",
        ),
        (
            Retirement.DISABLE,
            "iam-ServiceId-7",
            "ibmcloud iam service-api-key-disable k ServiceId-7",
        ),
    ],
)
def test_the_command_fits_the_setting_and_the_kind_of_owner(how, iam_id, command):
    assert f"`{command}`" in left_text("no", ListedKey(iam_id, id="k"), how)
