import shlex
from dataclasses import replace

import pytest

from workers.offboarding.advice import (
    TARGET_REASONS,
    advise,
    classic_credential_command,
    cleaned,
    command_for,
    sentence,
)
from workers.offboarding.errors import Reason
from workers.offboarding.model import (
    CaseTarget,
    Cluster,
    FollowUp,
    KeyOwner,
    Outcome,
    ResourceGroup,
    Right,
    Target,
)

OF_CASES = {
    Reason.PAUSED,
    Reason.NOT_ARMED,
    Reason.PERSON_NOT_FOUND,
    Reason.SCOPE_LIMITED,
    Reason.SCOPE_UNMATCHED,
    Reason.VISIBILITY_NOT_PROVEN,
    Reason.INDEX_STALE,
    Reason.TAKEN_BACK,
    Reason.CLASSIC_CREDENTIAL,
    Reason.CLASSIC_CREDENTIAL_ELSEWHERE,
    Reason.OWNS_TARGETS,
    Reason.CASE_NOT_SAFE,
    Reason.READING_UNDER_WAY,
    Reason.JOINED,
    Reason.EXTRA_RESET,
    Reason.TOO_MANY_TARGETS,
    Reason.PLAN_CHANGED,
    Reason.APPROVER_NOT_LISTED,
    Reason.ANSWERS_LITTLE,
    Reason.CANARY_FAILED,
    Reason.BRAKE,
    Reason.RULE_BROKEN,
    Reason.STUCK,
    Reason.BLIND_SPOT,
    Reason.FEW_KEY_SLOTS,
    Reason.FUNCTIONAL_ID_SHARED,
    Reason.FUNCTIONAL_ID_BROAD,
}
TARGET = Target(
    "acct1",
    "us-south",
    ResourceGroup("9f6b", "payments"),
    (Cluster("c1", "gone", "classic", readable=False), Cluster("c2", "web", "classic")),
)
RESET = (
    "ibmcloud target -g 9f6b -r us-south && ibmcloud ks api-key reset --region us-south"
)
INFO = "ibmcloud ks api-key info --cluster c2"
DANA = KeyOwner("IBMid-1", "Dana Lee", "dana.lee@example.com")
FID = KeyOwner("IBMid-9", "IKS", "iks@example.com")
GRANT = "ibmcloud iam user-policy-create iks@example.com --roles Reader"


def ended(reason, outcome=Outcome.FAILED, **changes):
    target = CaseTarget(
        TARGET,
        owner_before=DANA,
        functional_id=FID,
        outcome=outcome,
        reason=reason,
    )
    return replace(target, **changes)


def test_every_reason_that_can_end_a_target_has_its_advice():
    assert set(Reason) - OF_CASES == TARGET_REASONS


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_has_its_sentence(reason):
    assert sentence(reason).endswith(".")


@pytest.mark.parametrize(
    "outcome", [None, Outcome.VERIFIED, Outcome.ALREADY, Outcome.PLANNED]
)
def test_a_target_without_trouble_needs_no_advice(outcome):
    assert advise(ended(None, outcome)) is None


@pytest.mark.parametrize(
    ("reason", "command"),
    [
        (Reason.NO_CLUSTER, RESET),
        (Reason.OWNER_UNKNOWN, INFO),
        (Reason.UNREACHABLE, INFO),
        (
            Reason.NO_ROLE,
            "ibmcloud iam user-policy-create iks@example.com"
            " --roles Administrator,Manager --service-name containers-kubernetes"
            " --resource-group-id 9f6b --region us-south",
        ),
        (
            Reason.BAD_KEY,
            "ibmcloud target -c acct1"
            " && ibmcloud iam api-key-create offboard --file offboard-apikey.json",
        ),
        (Reason.NOT_FOUND, "ibmcloud ks cluster get --cluster c2"),
        (Reason.KEY_NOT_USABLE, RESET),
        (Reason.KEY_LIMIT, "ibmcloud iam api-keys"),
        (Reason.MISSING_ROLE, "offboard permissions --account acct1"),
        (Reason.PREFLIGHT_UNKNOWN, "offboard permissions --account acct1"),
        (Reason.FUNCTIONAL_ID_INACTIVE, "ibmcloud account users --output json"),
        (Reason.REFUSED_PLAN, INFO),
        (Reason.REFUSED_BY_IBM_CLOUD, RESET),
        (Reason.OWNER_NOT_SHOWN, INFO),
        (Reason.GAVE_UP, INFO),
        (
            Reason.LIST_UNREADABLE,
            "ibmcloud iam user-policy-create READER --roles Viewer"
            " --service-name user-management",
        ),
        (Reason.PROTECTED_USER, "ibmcloud account users --output json"),
        (Reason.AMBIGUOUS_PERSON, "ibmcloud account users --output json"),
    ],
)
def test_the_command_names_the_targets_own_region_group_and_cluster(reason, command):
    assert advise(ended(reason)).command == command


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.UNREAD])
@pytest.mark.parametrize("reason", sorted(TARGET_REASONS))
def test_a_command_that_resets_is_for_the_functional_id_alone(reason, outcome):
    advice = advise(ended(reason, outcome))

    resets = "api-key reset" in advice.command
    assert resets == ("the one who resets becomes the owner" in advice.who)


@pytest.mark.parametrize("reason", [Reason.PROTECTED_USER, Reason.AMBIGUOUS_PERSON])
def test_a_guard_that_stopped_a_case_late_asks_for_a_departure_by_iam_id(reason):
    assert "open a new departure by the IAM ID" in advise(ended(reason)).text


def test_where_nobody_saw_whom_it_means_the_reader_needs_the_user_list():
    text = advise(ended(Reason.LIST_UNREADABLE)).text

    assert "whom the departure means, so nothing was reset here" in text
    assert "Viewer on User Management" in text


def test_a_reset_is_not_offered_where_it_would_hit_the_default_group():
    nameless = replace(TARGET, resource_group=ResourceGroup(" ", ""))

    advice = advise(ended(Reason.KEY_NOT_USABLE, target=nameless))

    assert advice.command == "ibmcloud resource groups"


def test_a_service_id_gets_the_roles_a_service_id_needs():
    service = KeyOwner("iam-ServiceId-77")

    advice = advise(ended(Reason.NO_ROLE, functional_id=service))

    assert advice.command == (
        "ibmcloud iam service-policy-create ServiceId-77"
        " --roles Administrator,Manager --service-name containers-kubernetes"
        " --resource-group-id 9f6b --region us-south"
        " && ibmcloud iam service-policy-create ServiceId-77"
        " --roles Operator --service-name iam-identity"
    )


def test_who_may_not_see_needs_another_role_than_who_may_not_reset():
    advice = advise(ended(Reason.NO_ROLE, Outcome.UNREAD))

    assert advice.command == (
        "ibmcloud iam user-policy-create READER --roles Viewer"
        " --service-name containers-kubernetes"
        " --resource-group-id 9f6b --region us-south"
    )


def test_hostile_ids_stay_single_words_of_the_command():
    group = ResourceGroup("x; rm -rf /\n$(id)", "x")
    hostile = replace(TARGET, region="`id`'", resource_group=group)

    advice = advise(ended(Reason.KEY_NOT_USABLE, target=hostile))

    assert shlex.split(advice.command) == [
        *("ibmcloud", "target", "-g", "x; rm -rf / $(id)", "-r", "`id`'", "&&"),
        *("ibmcloud", "ks", "api-key", "reset", "--region", "`id`'"),
    ]
    assert "\n" not in advice.command


@pytest.mark.parametrize(
    ("resets", "proven", "said"),
    [
        (0, 0, "No reset took effect: treat the key as Dana Lee's."),
        (1, 1, "No reset took effect: treat the key as Dana Lee's."),
        (1, 0, "Treat the key as Dana Lee's until its owner was read."),
    ],
)
def test_a_reset_that_may_have_worked_is_not_said_to_have_failed(resets, proven, said):
    target = ended(Reason.UNREACHABLE, resets=resets, proven_failures=proven)

    assert said in advise(target).text


def red(reason=Reason.MISSING_ROLE, **changes):
    given = {"preflight": Right.MISSING, "detail": "Reader on KMS.", "mend": GRANT}
    return ended(reason, **(given | changes))


def test_a_red_preflight_names_the_role_and_its_grant_and_that_nothing_was_written():
    advice = advise(red())

    assert advice.text == (
        "The functional ID lacks a role that the clusters here need of their key: with "
        "its key they would fail for everybody. Reader on KMS. Nothing was written "
        "here: the key is Dana Lee's still. Once its owner is removed from the "
        "account, the clusters on this key can no longer order workers, attach "
        "storage or scale."
    )
    assert (advice.who, advice.command) == (
        "an administrator of IAM in the account",
        GRANT,
    )


@pytest.mark.parametrize("reason", [Reason.KEY_LIMIT, Reason.CANNOT_CREATE_KEY])
def test_the_command_of_a_red_preflight_goes_before_that_of_its_reason(reason):
    assert advise(red(reason)).command == GRANT


def test_nothing_written_is_not_said_of_a_target_that_was_reset_before():
    texts = [advise(red(resets=1, proven_failures=proven)).text for proven in (0, 1)]

    assert "Nothing was written" not in "".join(texts)
    assert "Treat the key as Dana Lee's until its owner was read." in texts[0]
    assert "No reset took effect: treat the key as Dana Lee's." in texts[1]


@pytest.mark.parametrize("let_go", [Right.OK, Right.CANNOT_TELL])
def test_what_preflight_found_is_no_help_where_it_let_the_reset_go(let_go):
    target = red(Reason.KEY_LIMIT, preflight=let_go, resets=1, proven_failures=1)

    advice = advise(target)

    assert advice.command == "ibmcloud iam api-keys"
    assert "Reader on KMS" not in advice.text


def test_a_locked_service_id_is_unlocked_by_its_own_name():
    service = KeyOwner("iam-ServiceId-77")

    advice = advise(ended(Reason.FUNCTIONAL_ID_LOCKED, functional_id=service))

    assert advice.command == "ibmcloud iam service-id-unlock ServiceId-77"


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.UNREAD])
@pytest.mark.parametrize("reason", sorted(TARGET_REASONS))
def test_advice_fits_a_case_in_which_nobody_leaves(reason, outcome):
    assert "leaver" not in advise(ended(reason, outcome)).text


def test_a_key_that_changed_hands_names_the_new_owner():
    robin = KeyOwner("IBMid-2", "Robin Park")

    advice = advise(
        ended(Reason.ANOTHER_OWNER, Outcome.CHANGED_HANDS, owner_after=robin)
    )

    assert advice.text == (
        "The key belongs to somebody else now. It was left alone, and this case does "
        "not touch it any more. It is Robin Park. Find out whether they should own "
        "it: a person who owns it will leave too."
    )
    assert advice.command == INFO


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.UNREAD])
def test_an_outcome_without_a_reason_still_has_advice(outcome):
    assert advise(ended(None, outcome)).command == INFO


def test_a_target_without_clusters_is_looked_at_by_listing_them():
    bare = replace(TARGET, clusters=())

    advice = advise(ended(Reason.OWNER_UNKNOWN, Outcome.UNREAD, target=bare))

    assert advice.command == (
        "ibmcloud target -g 9f6b -r us-south && ibmcloud ks cluster ls"
    )


@pytest.mark.parametrize(
    ("follow_up", "command"),
    [
        (
            FollowUp("recreate_addon_pods", "", "c2", "cluster-autoscaler"),
            "ibmcloud ks cluster config --cluster c2"
            " && kubectl -n kube-system get pods -o name"
            " | grep '^pod/cluster-autoscaler'"
            " | xargs kubectl -n kube-system delete",
        ),
        (FollowUp("recreate_addon_pods", "", "c2", "unheard-of"), None),
        (
            FollowUp("refresh_master", "", "c2"),
            "ibmcloud ks cluster master refresh --cluster c2",
        ),
        (
            FollowUp("classic_credential", ""),
            "ibmcloud target -g 9f6b -r us-south"
            " && ibmcloud ks credential get --region us-south",
        ),
        (FollowUp("retire_old_key", ""), None),
    ],
)
def test_a_follow_up_comes_with_its_command(follow_up, command):
    assert command_for(follow_up, TARGET) == command


def test_the_look_at_a_classic_credential_changes_nothing():
    assert " get " in classic_credential_command(TARGET)


def test_a_text_is_cut_with_a_sign_that_it_was():
    assert cleaned("abcdef", 4) == "abc…"
