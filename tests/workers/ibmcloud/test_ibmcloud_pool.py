"""Which functional ID may own a target, and what is said when none may."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from ibmcloud_scenes import STEWARD, a_functional_id, a_target, an_account, settings_for

from config.accounts import AccountSettings
from config.settings import Secret
from simulator import Fault, status
from workers.ibmcloud.account import open_cloud
from workers.ibmcloud.keys import open_resets
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import KeyOwner, OwnerKind, ResourceGroup

ACCOUNT = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"
PROD = "5c49eabcf5e85881a37e2d100a33b3df"
SANDBOX = "9a1b2c3d4e5f60718293a4b5c6d7e8f9"
READER = "iam-ServiceId-0a1b2c3d-1111-2222-3333-444455556666"
READER_KEY = "reader-key-for-tests-000000000000000000000002"
ANY, BY_REGION, BY_GROUP, BY_BOTH = "any", "by-region", "by-group", "by-both"
BY_GROUP_OWNER = KeyOwner("IBMid-by-group", kind=OwnerKind.FUNCTIONAL_ID)


def key_of(name):
    return f"key-of-{name}-for-tests-00000000000000000000"


@pytest.fixture
def four(scene):
    """Four functional IDs, each with its own rule, the least specific first."""
    rules = {
        ANY: {},
        BY_REGION: {"regions": ("us-south", "eu-central")},
        BY_GROUP: {"resource_groups": (PROD,)},
        BY_BOTH: {"regions": ("us-south",), "resource_groups": ("prod",)},
    }
    for name in rules:
        scene.add_person(f"IBMid-{name}", f"{name}@example.com", name=name)
        scene.add_login_key(f"IBMid-{name}", key_of(name))
    return [a_functional_id(name, key_of(name), **rules[name]) for name in rules]


def opened(simulator, *functional_ids, reader=READER_KEY):
    account = AccountSettings(ACCOUNT, functional_ids, Secret(reader))
    return open_cloud(account, settings_for(simulator.url))


@pytest.mark.parametrize(
    ("region", "group", "name"),
    [
        ("us-south", PROD, BY_BOTH),
        ("eu-de", PROD, BY_GROUP),
        ("jp-tok", PROD, BY_GROUP),
        ("us-south", SANDBOX, BY_REGION),
        ("eu-de", SANDBOX, BY_REGION),
        ("jp-tok", SANDBOX, ANY),
    ],
)
@pytest.mark.parametrize("is_turned", [False, True])
def test_the_most_specific_rule_decides_wherever_it_stands(
    simulator, four, region, group, name, is_turned
):
    ours = list(reversed(four)) if is_turned else four
    target = a_target("c1", region=region, group=group)
    target = replace(
        target, resource_group=ResourceGroup(group, "prod" if group == PROD else "box")
    )

    (owner,) = opened(simulator, *ours).candidates(target)

    assert owner == KeyOwner(
        f"IBMid-{name}", name, f"{name}@example.com", OwnerKind.FUNCTIONAL_ID
    )


def test_equally_specific_ones_may_all_own_in_the_files_order(simulator, four):
    _, _, by_group, by_both = four
    first = replace(by_both, resource_groups=(), regions=("us-south",))
    second = replace(by_group, resource_groups=(), regions=("us-south", "us-east"))

    for ours in ([first, second], [second, first]):
        found = opened(simulator, *ours).candidates(a_target())
        assert [one.id for one in found] == [f"IBMid-{one.name}" for one in ours]


def test_two_keys_of_one_functional_id_are_one_candidate(simulator, four):
    again = replace(four[0], name="again")

    (owner,) = opened(simulator, four[0], again).candidates(a_target())

    assert owner.id == "IBMid-any"


def test_one_whose_key_is_refused_is_left_out_where_another_is_left(
    scene, simulator, four
):
    first, second = four[0], replace(four[3], regions=(), resource_groups=())
    scene.remove_person(f"IBMid-{ANY}")

    (owner,) = opened(simulator, first, second).candidates(a_target())

    assert owner.id == f"IBMid-{BY_BOTH}"


def test_one_whose_key_is_refused_does_not_give_way_to_a_less_specific_rule(
    scene, simulator, four
):
    scene.remove_person(f"IBMid-{BY_BOTH}")

    with pytest.raises(PermanentError) as caught:
        opened(simulator, *four).candidates(a_target())

    assert caught.value.reason is Reason.BAD_KEY


def test_who_may_take_over_is_not_told_by_half_while_iam_is_away(simulator, four):
    second = replace(four[1], regions=())
    cloud = opened(simulator, four[0], second)
    cloud.reader_id()
    simulator.faults.add(Fault("POST", "/identity/token", status(503), skip=1))

    with pytest.raises(TransientError):
        cloud.candidates(a_target())


@pytest.mark.parametrize(
    "wanted", [BY_REGION, "IBMid-by-region", "By-Region@Example.com"]
)
def test_one_asked_for_is_the_only_candidate_by_whichever_rule(simulator, four, wanted):
    found = opened(simulator, *four).candidates(a_target(), wanted)

    assert [one.id for one in found] == ["IBMid-by-region"]


@pytest.mark.parametrize("wanted", [BY_REGION, "IBMid-by-region"])
def test_one_asked_for_that_may_not_own_the_target_is_not_replaced(
    simulator, four, wanted
):
    cloud = opened(simulator, *four)

    with pytest.raises(PermanentError) as caught:
        cloud.candidates(a_target(region="jp-tok"), wanted)

    assert caught.value.reason is Reason.NO_FUNCTIONAL_ID
    assert str(caught.value) == (
        f"Functional ID {wanted} may not own jp-tok / prod: in the accounts file, add "
        "them to its regions and resource_groups, or leave both out."
    )


@pytest.mark.parametrize("wanted", ["", "nobody", READER, "IBMID-BY-REGION"])
def test_one_asked_for_that_nobody_knows_is_not_replaced(simulator, four, wanted):
    cloud = opened(simulator, *four)

    with pytest.raises(PermanentError) as caught:
        cloud.candidates(a_target(), wanted)

    assert caught.value.reason is Reason.NO_FUNCTIONAL_ID
    assert str(caught.value) == (
        f"No functional ID of account {ACCOUNT} is called {wanted}: give its name in "
        "the accounts file, its IAM ID or its e-mail"
    )


def test_a_refused_key_may_be_why_one_asked_for_is_unknown(scene, simulator, four):
    scene.remove_person(f"IBMid-{BY_GROUP}")

    with pytest.raises(PermanentError, match="the key of by-group is refused"):
        opened(simulator, *four).candidates(a_target(), f"IBMid-{BY_GROUP}")


def test_one_asked_for_whose_key_is_refused_is_said_to_be(scene, simulator, four):
    scene.remove_person(f"IBMid-{BY_GROUP}")

    with pytest.raises(PermanentError) as caught:
        opened(simulator, *four).candidates(a_target(), BY_GROUP)

    assert caught.value.reason is Reason.BAD_KEY


def test_where_there_is_no_functional_id_none_can_be_asked_for(simulator):
    with pytest.raises(PermanentError, match="has no functional ID"):
        opened(simulator).candidates(a_target(), BY_GROUP)


def test_who_owns_is_who_resets_and_whose_keys_are_looked_at(simulator, scene, four):
    account = AccountSettings(ACCOUNT, tuple(four), Secret(READER_KEY))
    cloud = open_cloud(account, settings_for(simulator.url))
    (taker,) = cloud.candidates(a_target("c1"))
    ready = open_resets(account, settings_for(simulator.url)).prepare(
        a_target("c1"), taker
    )
    since = datetime.now(UTC) - timedelta(seconds=5)

    before = cloud.has_new_key(a_target("c1"), taker, since)
    ready.send()

    assert before is False
    assert ready.identity.id == f"IBMid-{BY_BOTH}"
    assert scene.owner("us-south", PROD) == f"IBMid-{BY_BOTH}"
    assert cloud.has_new_key(a_target("c1"), taker, since) is True
    callers = {call.caller for call in simulator.journal.calls("GET", "/v1/apikeys")}
    assert callers == {f"IBMid-{BY_BOTH}"}


def test_where_none_may_own_it_is_said_which_setting_to_mend(simulator, four):
    cloud = opened(simulator, four[2])
    target = a_target("c1", group=SANDBOX)

    with pytest.raises(PermanentError) as caught:
        cloud.candidates(target)

    assert caught.value.reason is Reason.NO_FUNCTIONAL_ID
    assert str(caught.value) == (
        f"No functional ID of account {ACCOUNT} may own us-south / prod: in the "
        "accounts file, add them to the regions and resource_groups of an "
        "[[account.functional_id]], or leave both out of one."
    )


def test_a_reset_where_none_may_own_asks_nobody(simulator, four):
    account = AccountSettings(ACCOUNT, (four[2],), Secret(READER_KEY))
    resets = open_resets(account, settings_for(simulator.url))

    with pytest.raises(PermanentError) as caught:
        resets.prepare(a_target("c1", group=SANDBOX), BY_GROUP_OWNER)

    assert caught.value.reason is Reason.WRONG_IDENTITY
    assert simulator.journal.calls() == []


def test_an_account_with_a_reader_alone_can_be_read(simulator):
    cloud = opened(simulator)

    assert [one.id for one in cloud.identities()] == [READER]
    assert cloud.reader_id() == READER
    assert (
        cloud.key_owner(cloud.targets().checked().targets[0]).id == "IBMid-550000ABCD"
    )


def test_an_account_with_a_reader_alone_has_nobody_to_take_over(simulator):
    cloud = opened(simulator)

    with pytest.raises(PermanentError) as caught:
        cloud.candidates(a_target())

    assert caught.value.reason is Reason.NO_FUNCTIONAL_ID
    assert str(caught.value) == (
        f"Account {ACCOUNT} has no functional ID: give it an "
        "[[account.functional_id]] with its apikey_file in the accounts file, or set "
        "OFFBOARD_FUNCTIONAL_ID_APIKEY_FILE."
    )


def test_our_identities_are_all_functional_ids_and_then_the_reader(simulator, four):
    ids = [(one.id, one.kind) for one in opened(simulator, *four).identities()]

    assert ids == [
        ("IBMid-any", OwnerKind.FUNCTIONAL_ID),
        ("IBMid-by-region", OwnerKind.FUNCTIONAL_ID),
        ("IBMid-by-group", OwnerKind.FUNCTIONAL_ID),
        ("IBMid-by-both", OwnerKind.FUNCTIONAL_ID),
        (READER, OwnerKind.SERVICE_ID),
    ]


def test_two_keys_of_one_functional_id_are_one_identity(simulator, four):
    again = replace(four[0], name="again", regions=("us-south",))

    ids = [one.id for one in opened(simulator, four[0], again).identities()]

    assert ids == ["IBMid-any", READER]


def test_without_a_reader_the_first_functional_id_reads(simulator, four):
    account = AccountSettings(ACCOUNT, tuple(four))
    cloud = open_cloud(account, settings_for(simulator.url))

    cloud.people()

    assert cloud.reader_id() == "IBMid-any"
    (call,) = simulator.journal.calls("GET")
    assert call.caller == "IBMid-any"


def test_every_functional_id_is_known_as_one_when_it_owns(scene, simulator, four):
    scene.set_owner("us-south", PROD, f"IBMid-{BY_GROUP}")

    owner = opened(simulator, *four).key_owner(a_target("c1"))

    assert owner.kind is OwnerKind.FUNCTIONAL_ID


def test_one_refused_key_hides_no_owner_and_no_other_functional_id(
    scene, simulator, four
):
    scene.remove_person(f"IBMid-{ANY}")
    scene.set_owner("us-south", PROD, f"IBMid-{BY_GROUP}")
    cloud = opened(simulator, *four)

    for _ in range(3):
        assert cloud.key_owner(a_target("c1")).kind is OwnerKind.FUNCTIONAL_ID
    # The refused key is not tried again for a mere label.
    assert len(simulator.journal.calls("POST", "/identity/token")) == 5


def test_a_token_that_cannot_be_had_now_is_no_word_on_who_is_a_functional_id(
    simulator, four
):
    cloud = opened(simulator, four[0])
    cloud.reader_id()
    simulator.faults.add(Fault("POST", "/identity/token", status(503)))

    with pytest.raises(TransientError):
        cloud.key_owner(a_target("c1"))


def test_an_account_nobody_named_is_that_of_the_readers_token(simulator, four):
    account = AccountSettings("", (four[0],), Secret(READER_KEY))
    cloud = open_cloud(account, settings_for(simulator.url))

    assert cloud.account_id == ACCOUNT
    assert {one.account_id for one in cloud.targets().checked().targets} == {ACCOUNT}
    assert [one.id for one in cloud.candidates(a_target())] == ["IBMid-any"]


def test_an_account_nobody_named_is_the_same_for_all_its_keys(far):
    far.answers.clear()
    far.gives_tokens()
    far.gives_tokens(account={"bss": "another"})
    account = an_account(reader="reader", account_id="")
    cloud = open_cloud(account, settings_for(far.url))
    cloud.reader_id()

    with pytest.raises(PermanentError) as caught:
        cloud.candidates(a_target())

    assert caught.value.reason is Reason.WRONG_ACCOUNT


def test_a_token_of_no_account_names_none(far):
    far.answers.clear()
    far.gives_tokens(account=None)
    account = an_account(reader="reader", account_id="")

    with pytest.raises(PermanentError) as caught:
        open_cloud(account, settings_for(far.url)).reader_id()

    assert caught.value.reason is Reason.WRONG_ACCOUNT


def test_an_account_nobody_named_is_never_reset(far):
    account = an_account(account_id="")

    with pytest.raises(ValueError, match="another account"):
        open_resets(account, settings_for(far.url)).prepare(a_target("c1"), STEWARD)

    assert far.calls == []
