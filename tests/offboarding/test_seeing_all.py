"""What a case has to see besides clusters: IAM's key list, credentials, rights."""

from dataclasses import replace

import pytest
from deciding_scenes import a_desk
from factories import DALLAS, DANA, FID, FRANKFURT, ROBIN, a_case, a_person, a_target
from fakes import a_world

from config.settings import Settings
from workers.offboarding.discovery import look_at
from workers.offboarding.errors import (
    PermanentError,
    Reason,
    StoreAwayError,
    TransientError,
)
from workers.offboarding.model import (
    CaseResult,
    CaseStatus,
    Cluster,
    KeyOwner,
    Leaver,
    ListedKey,
    Note,
    Outcome,
    OwnerKind,
    Right,
    SamePerson,
    Scope,
    Unread,
    Visibility,
)
from workers.offboarding.ports import Discovery

DENIED = PermanentError("403", reason=Reason.NO_ROLE)
DOWN = TransientError("timeout")
EMPTY = ("us-east", "empty-id")


def reasons(notes):
    return [note.reason for note in notes]


def listed(*keys):
    return [ListedKey(owner.id, *place) for owner, place in keys]


def test_a_key_of_the_leaver_without_any_cluster_is_in_the_case_and_never_reset():
    world = a_world(DALLAS)
    world.cloud.listed = listed((DANA, DALLAS.place), (DANA, EMPTY))

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert world.outcomes() == {
        "us-south": (Outcome.VERIFIED, None),
        "us-east": (Outcome.UNREAD, Reason.NO_CLUSTER),
    }
    assert [target_id for target_id, _ in world.resets.sends] == [DALLAS.id]


def test_a_key_of_somebody_else_without_any_cluster_is_not_in_the_case():
    world = a_world(DALLAS)
    world.cloud.listed = listed((DANA, DALLAS.place), (ROBIN, EMPTY))

    case = world.settle()

    assert case.result is CaseResult.SAFE
    assert len(case.targets) == 1


def test_a_target_whose_clusters_are_all_deleted_is_theirs_only_if_a_key_says_so():
    gone = a_target(clusters=(Cluster("c1", "old", "classic", readable=False),))
    unread = Unread(Reason.NO_CLUSTER, "No cluster to see it through")
    without, with_key = (a_world(gone, owners={gone: unread}) for _ in range(2))
    without.cloud.listed = listed((ROBIN, gone.place))
    with_key.cloud.listed = listed((DANA, gone.place))

    assert without.settle().result is CaseResult.CLEAN
    assert with_key.settle().result is CaseResult.ATTENTION


def test_a_key_list_that_fails_is_never_taken_for_an_empty_one():
    world = a_world(DALLAS)
    world.cloud.faults["cluster_keys"].append(DENIED)

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert reasons(case.warnings) == [Reason.LIST_UNREADABLE]
    assert world.outcomes()["us-south"] == (Outcome.VERIFIED, None)


def test_a_key_list_without_our_own_key_is_short():
    world = a_world(DALLAS)
    world.cloud.has_own_key = False

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert reasons(case.warnings) == [Reason.LIST_SHORT]


def test_a_key_list_that_lacks_the_key_of_an_owner_who_was_seen_is_short():
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: ROBIN})
    world.cloud.listed = listed((DANA, DALLAS.place))

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert reasons(case.warnings) == [Reason.LIST_SHORT]


def test_a_removed_owners_missing_key_does_not_make_the_list_short():
    gone = replace(ROBIN, id="IBMid-7", email="gone@example.com")
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: gone})
    world.cloud.listed = listed((DANA, DALLAS.place))

    case = world.settle()

    assert (case.result, case.warnings) == (CaseResult.SAFE, ())


def test_an_account_with_keys_and_not_one_cluster_is_doubted():
    world = a_world()
    world.cloud.listed = listed((ROBIN, EMPTY))
    world.cloud.sees = Visibility(Right.CANNOT_TELL, Right.OK, Right.OK)

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert Reason.LIST_SHORT in reasons(case.warnings)


def test_a_second_look_that_is_under_way_holds_up_no_reading_and_counts():
    world = a_world(DALLAS, FRANKFURT)
    short = Note(Reason.LIST_SHORT, "One cluster is missing.")
    read_before = []

    def second_look():
        read_before.extend(x for x in world.cloud.journal if x.startswith("key_owner"))
        return Discovery((DALLAS, FRANKFURT), (short,), is_final=False)

    found = Discovery((DALLAS, FRANKFURT), second_look=second_look)
    world.cloud.faults["targets"].append(found)

    view = look_at(world.cloud, None)

    assert len(read_before) == 2
    assert short in view.unseen
    assert (view.has_clusters, view.is_final) == (False, False)


def test_clusters_that_were_not_listed_are_not_called_absent():
    world = a_world(DALLAS)
    world.cloud.faults["targets"].extend([DENIED] * 9)
    world.cloud.listed = listed((DANA, DALLAS.place))

    world.settle()

    assert world.outcomes() == {"us-south": (Outcome.UNREAD, Reason.LIST_UNREADABLE)}


def test_a_key_that_does_not_say_its_target_is_said_to_be_unseen():
    world = a_world(DALLAS)
    world.cloud.listed = [*listed((DANA, DALLAS.place)), ListedKey(DANA.id)]

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert reasons(case.warnings) == [Reason.LIST_UNREADABLE]


def test_a_target_that_names_no_owner_and_has_no_key_is_nobodys():
    unread = Unread(Reason.OWNER_UNKNOWN, "IBM Cloud names no owner of the key")
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: unread})
    world.cloud.listed = listed((DANA, DALLAS.place))

    case = world.settle()

    assert (case.result, len(case.targets)) == (CaseResult.SAFE, 1)


@pytest.mark.parametrize("why", ["rights", "list", "vague key"])
def test_it_is_not_called_nobodys_where_a_key_may_be_hidden(why):
    unread = Unread(Reason.OWNER_UNKNOWN, "IBM Cloud names no owner of the key")
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: unread})
    world.cloud.listed = listed((DANA, DALLAS.place))
    if why == "rights":
        world.cloud.sees = Visibility(Right.OK, Right.MISSING, Right.OK)
    if why == "list":
        world.cloud.has_own_key = False
    if why == "vague key":
        world.cloud.listed.append(ListedKey(ROBIN.id))

    world.settle()

    assert world.outcomes()["eu-de"] == (Outcome.UNREAD, Reason.OWNER_UNKNOWN)


def a_world_after_a_removal():
    """Have Dana be removed: her keys are gone from IAM's list, too."""
    unread = Unread(Reason.OWNER_UNKNOWN, "IBM Cloud names no owner of the key")
    world = a_world(DALLAS, FRANKFURT, owners={DALLAS: FID, FRANKFURT: unread})
    world.cloud.listed = listed((FID, DALLAS.place))
    world.open(a_case(leaver=Leaver(DANA.email, DANA.id), gone_from=("acct1",)))
    return world


def test_after_a_removal_a_target_without_a_key_may_have_been_theirs():
    world = a_world_after_a_removal()

    world.run()

    case = world.store.load("01CASE")
    assert case.result is CaseResult.ATTENTION
    [target] = case.targets
    assert (target.outcome, target.reason) == (Outcome.UNREAD, Reason.OWNER_UNKNOWN)
    assert "theirs went when they were removed" in target.detail


def test_after_a_removal_an_owner_who_shows_at_a_second_look_counts():
    world = a_world_after_a_removal()
    world.run(seconds=1)

    world.cloud.own(FRANKFURT, DANA)
    world.run()

    assert world.outcomes() == {"eu-de": (Outcome.VERIFIED, None)}


def test_a_target_that_was_theirs_and_names_nobody_now_stays_in_sight():
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: DANA})
    world.survey()
    unread = Unread(Reason.OWNER_UNKNOWN, "IBM Cloud names no owner of the key")
    world.cloud.own(FRANKFURT, unread)
    world.cloud.listed = listed((DANA, DALLAS.place))

    case = world.settle(a_case(leaver=Leaver(None, DANA.id)))

    target = case.target(FRANKFURT.id)
    assert (target.outcome, target.reason) == (Outcome.UNREAD, Reason.OWNER_UNKNOWN)
    assert "It was theirs when its owner was last read" in target.detail


def a_world_that_forgot_frankfurt(**sees):
    world = a_world(DALLAS, FRANKFURT)
    world.survey()
    index = replace(world.index.of("acct1"), has_people=False, people_at=None)
    world.index.indexes["acct1"] = index
    world.cloud.found = [DALLAS]
    world.cloud.listed = listed((DANA, DALLAS.place))
    world.cloud.sees = replace(world.cloud.sees, **sees)
    return world


@pytest.mark.parametrize("right", [Right.MISSING, Right.CANNOT_TELL])
def test_what_was_theirs_and_may_be_hidden_now_stays_in_sight(right):
    world = a_world_that_forgot_frankfurt(clusters=right)

    world.settle()

    assert world.outcomes()["eu-de"] == (Outcome.UNREAD, Reason.LIST_SHORT)


@pytest.mark.parametrize(
    ("users", "is_there", "is_gone"),
    [
        (Right.OK, True, False),
        (Right.OK, False, True),
        # Somebody may be hidden there.
        (Right.CANNOT_TELL, False, False),
    ],
)
def test_a_leaver_is_gone_where_no_list_that_hides_nobody_has_them(
    users, is_there, is_gone
):
    world = a_world(DALLAS)
    world.cloud.sees = Visibility(Right.OK, Right.OK, users)
    if not is_there:
        world.cloud.users = [a_person(ROBIN), a_person(FID)]

    case = world.settle(a_case(leaver=Leaver(None, DANA.id)))

    assert case.is_gone is is_gone


def test_what_was_theirs_and_is_proven_to_be_gone_is_gone():
    world = a_world_that_forgot_frankfurt()

    assert world.settle().result is CaseResult.SAFE
    assert set(world.outcomes()) == {"us-south"}


def test_an_owner_under_an_unknown_id_with_the_leavers_address_is_not_somebody_else():
    other = KeyOwner("4711", "Dana Lee", "dana.lee@example.com", OwnerKind.PERSON)
    world = a_world(DALLAS, owners={DALLAS: other})

    case = world.settle(a_case(leaver=Leaver(None, DANA.id)))

    assert case.result is CaseResult.ATTENTION
    assert world.outcomes()["us-south"] == (Outcome.UNREAD, Reason.OWNER_UNKNOWN)
    assert world.resets.sends == []


def test_an_owner_under_an_unknown_id_where_the_leavers_key_is_listed_is_unread():
    other = KeyOwner("4711", None, None, OwnerKind.UNKNOWN)
    world = a_world(DALLAS, owners={DALLAS: other})

    world.settle()

    assert world.outcomes()["us-south"] == (Outcome.UNREAD, Reason.OWNER_UNKNOWN)


def test_a_removed_owner_of_another_address_is_somebody_else():
    gone = replace(ROBIN, id="IBMid-7", email="gone@example.com")
    world = a_world(DALLAS, owners={DALLAS: gone})

    assert world.settle().result is CaseResult.CLEAN


def test_a_restricted_user_list_is_not_a_whole_one():
    world = a_world(DALLAS)
    world.cloud.sees = Visibility(Right.OK, Right.OK, Right.MISSING, ("Grant it.",))

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert Reason.LIST_UNREADABLE in reasons(case.warnings)
    assert world.resets.sends == []


def test_an_empty_user_list_is_not_a_whole_one():
    reader = KeyOwner("iam-ServiceId-1", "reader", None, OwnerKind.SERVICE_ID)
    world = a_world(DALLAS)
    world.cloud.ours, world.cloud.users = [reader], []

    world.settle()

    assert world.resets.sends == []


def test_a_retry_resets_nothing_that_was_only_doubted():
    world = a_world(DALLAS, protected=("boss@example.com",))
    world.cloud.users = [a_person(DANA, user_id="boss@example.com"), a_person(FID)]
    world.cloud.faults["people"].extend([DENIED] * 3)
    case = world.settle()

    a_retry(world, case)

    assert case.targets[0].outcome is Outcome.FAILED
    assert world.resets.sends == []


def a_retry(world, case):
    a_desk(world, Settings(armed=True)).retry(case.id, actor="op")
    world.run()


def test_a_part_asked_for_by_name_keeps_a_place_whose_name_is_not_known():
    world = a_world(DALLAS)
    world.cloud.listed = listed((DANA, DALLAS.place), (DANA, EMPTY))

    case = world.settle(a_case(scope=Scope(resource_groups=("payments",))))

    assert [one.target.region for one in case.targets] == ["us-east", "us-south"]


def test_rights_that_are_not_proven_are_a_warning_and_change_no_result():
    world = a_world(DALLAS)
    why = "Grant it Viewer."
    world.cloud.sees = Visibility(Right.OK, Right.CANNOT_TELL, Right.OK, (why,))

    case = world.settle()

    assert case.result is CaseResult.SAFE
    assert reasons(case.warnings) == [Reason.VISIBILITY_NOT_PROVEN]
    assert why in case.warnings[0].text


def test_a_classic_credential_of_the_leaver_blocks_and_is_never_unset():
    world = a_world(DALLAS)
    world.cloud.credentials[DALLAS.id] = "1234567_Dana.Lee@example.com"

    case = world.settle()

    [follow_up] = case.targets[0].follow_ups
    assert follow_up.kind == "classic_credential"
    assert case.result is CaseResult.ATTENTION
    assert world.outcomes()["us-south"] == (Outcome.VERIFIED, None)


def test_a_classic_credential_elsewhere_is_a_warning_that_counts():
    world = a_world(DALLAS, FRANKFURT, owners={FRANKFURT: ROBIN})
    world.cloud.credentials[FRANKFURT.id] = "1234567_dana.lee@example.com"

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert reasons(case.warnings) == [Reason.CLASSIC_CREDENTIAL_ELSEWHERE]


def test_somebody_elses_classic_credential_is_none_of_the_case():
    world = a_world(DALLAS)
    world.cloud.credentials[DALLAS.id] = "1234567_robin.park@example.com"

    case = world.settle()

    assert (case.result, case.warnings) == (CaseResult.SAFE, ())


def test_a_classic_credential_that_cannot_be_read_is_not_none():
    world = a_world(DALLAS)
    world.cloud.credentials[DALLAS.id] = Unread(Reason.NO_ROLE, "403")

    case = world.settle()

    assert case.result is CaseResult.ATTENTION
    assert reasons(case.warnings) == [Reason.LIST_UNREADABLE]


def test_a_credential_cannot_be_compared_with_a_leaver_without_a_name():
    world = a_world(FRANKFURT, owners={FRANKFURT: ROBIN})
    world.cloud.credentials[FRANKFURT.id] = "1234567_x@example.com"

    case = world.settle(a_case(leaver=Leaver(None, "IBMid-77")))

    assert case.result is CaseResult.ATTENTION
    assert Reason.LIST_UNREADABLE in reasons(case.warnings)


def test_the_identity_map_leads_from_an_hr_address_to_the_person():
    world = a_world(DALLAS)
    mapped = SamePerson(DANA.id, ("d.lee@hr.example.com",))
    world.tools = replace(world.tools, same_people=(mapped,))

    case = world.settle(a_case(leaver=Leaver("d.lee@hr.example.com")))

    assert case.result is CaseResult.SAFE
    assert case.leaver.iam_id == DANA.id


def test_the_identity_map_joins_two_addresses_without_an_iam_id():
    world = a_world(DALLAS)
    mapped = SamePerson(None, ("d.lee@hr.example.com", "dana.lee@example.com"))
    world.tools = replace(world.tools, same_people=(mapped,))

    case = world.settle(a_case(leaver=Leaver("d.lee@hr.example.com")))

    assert case.result is CaseResult.SAFE


def test_an_identity_map_that_contradicts_the_user_list_holds_the_case():
    world = a_world(DALLAS)
    mapped = SamePerson("IBMid-77", ("dana.lee@example.com",))
    world.tools = replace(world.tools, same_people=(mapped,))

    world.open()
    world.run()

    assert world.case().status is CaseStatus.WAITING
    assert world.resets.sends == []


def test_who_was_removed_already_is_found_by_what_a_survey_learned():
    world = a_world(DALLAS)
    world.survey()
    world.cloud.users = [a_person(ROBIN), a_person(FID)]
    nameless = KeyOwner(DANA.id, None, None, OwnerKind.PERSON)
    world.cloud.own(DALLAS, nameless)

    case = world.settle()

    assert case.leaver.iam_id == DANA.id
    assert case.result is CaseResult.SAFE


def test_an_iam_id_that_an_address_led_to_does_not_decide_between_two_people():
    world = a_world(DALLAS)
    _, resets = world.add_account("acct2", FRANKFURT, owners={FRANKFURT: DANA})
    second = world.tools.accounts["acct2"].cloud
    second.users = [a_person(ROBIN, email="dana.lee@example.com"), a_person(FID)]
    second.faults["people"].extend([DOWN, DOWN])

    world.open()
    world.run()

    # The first account knew one person; the second, seen later, knows another.
    assert resets.sends == []
    [target] = [one for one in world.case().targets if one.target.account_id == "acct1"]
    assert target.outcome is Outcome.VERIFIED


def test_one_person_in_two_accounts_is_one_case_with_targets_in_each():
    world = a_world(DALLAS)
    _, resets = world.add_account("acct2", FRANKFURT, owners={FRANKFURT: DANA})

    case = world.settle()

    assert case.result is CaseResult.SAFE
    accounts = [one.target.account_id for one in case.targets]
    assert accounts == ["acct1", "acct2"]
    assert len(world.resets.sends) == len(resets.sends) == 1


@pytest.mark.parametrize("call", ["people", "identities", "targets", "cluster_keys"])
def test_a_faulty_account_degrades_alone(call):
    world = a_world(DALLAS)
    second, resets = world.add_account("acct2", FRANKFURT, owners={FRANKFURT: DANA})
    second.faults[call].extend([DENIED] * 50)

    case = world.settle()

    assert world.cloud.truth(DALLAS) == FID
    assert case.result is CaseResult.ATTENTION
    assert Reason.LIST_UNREADABLE in reasons(case.warnings)
    if call in ("people", "identities"):
        assert resets.sends == []


def test_an_account_held_back_is_planned_and_never_written():
    world = a_world(DALLAS)
    _, resets = world.add_account(
        "acct2", FRANKFURT, owners={FRANKFURT: DANA}, armed=False
    )

    case = world.settle()

    outcomes = {one.target.account_id: one.outcome for one in case.targets}
    assert outcomes == {"acct1": Outcome.VERIFIED, "acct2": Outcome.PLANNED}
    assert resets.sends == []
    assert case.result is CaseResult.ATTENTION
    assert reasons(case.warnings) == [Reason.NOT_ARMED]


def test_a_store_that_is_away_while_looking_says_nothing_of_the_account():
    world = a_world(DALLAS)
    world.cloud.faults["people"].append(StoreAwayError("The budget cannot be counted."))

    with pytest.raises(StoreAwayError):
        look_at(world.cloud, None)


def test_a_narrowed_case_has_no_key_from_outside_its_scope():
    world = a_world(DALLAS)
    world.cloud.listed = listed((DANA, DALLAS.place), (DANA, EMPTY))

    case = world.settle(a_case(scope=Scope(regions=("us-south",))))

    assert [one.target.region for one in case.targets] == ["us-south"]


def test_a_reset_that_waited_too_long_for_its_turn_looks_once_more():
    world = a_world(DALLAS)
    world.resets.stale.append(True)

    case = world.settle()

    assert case.result is CaseResult.SAFE
    assert len(world.resets.sends) == 1
    read = f"key_owner {DALLAS.id}"
    sent = world.journal.index(f"send {DALLAS.id}")
    assert world.journal[:sent].count(read) == 3
