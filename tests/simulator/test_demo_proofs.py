"""Each claim of the demo holds where all went well, and falls where one did not."""

from dataclasses import replace

import pytest

from simulator import Simulator, demo_account, departure_account
from simulator.demo.canary import canary_went_first, first_of
from simulator.demo.evidence import Evidence
from simulator.demo.exposure import Holding
from simulator.demo.granting import granted
from simulator.demo.held_back import (
    HeldBack,
    broken_by,
    held_back_proofs,
    no_cluster_broke,
)
from simulator.demo.progress import account_lines
from simulator.demo.proof import proofs, taken_over
from simulator.demo.story import Story
from simulator.demo.witness import Seen, seen_of
from simulator.journal import Call
from simulator.scenario import (
    BILLING_FUNCTIONAL_ID_IAM_ID,
    BILLING_GROUP_ID,
    FUNCTIONAL_ID_IAM_ID,
    LEAVER_IAM_ID,
)

DALLAS = Holding("us-south", "g1", "payments", (("c1", "web"),), "IBMid-1", "Dana")
EU = Holding("eu-de", "g2", "platform", (("c2", "tools"),), "IBMid-2", "Robin")
MINE = Seen(DALLAS.place, False, 11.0, 11.1, 200, "IBMid-9")
READ_AGAIN = replace(MINE, at=12.0, answered_at=12.1)
RESET = Seen(DALLAS.place, True, 13.0, 13.1, 204, "IBMid-9")
EARLY = replace(MINE, at=14.0, answered_at=14.1)
LATE = replace(MINE, at=18.0, answered_at=18.1)


def evidence(*seen: Seen, **changed: object) -> Evidence:
    given = Evidence(
        leaver_id="IBMid-1",
        functional_id="IBMid-9",
        before=(DALLAS, EU),
        after=(replace(DALLAS, owner_id="IBMid-9", owner="IKS"), EU),
        seen=seen or (MINE, READ_AGAIN, RESET, EARLY, LATE),
        writes=1,
        case={"received_at": "1970-01-01T00:00:10.000Z", "owner_safe_seconds": 8.2},
        said_at={DALLAS.place: 18.3},
        sent_at=10.0,
        lag_seconds=4.0,
        told_at={"Slack": 18.4, "mail": 18.5},
    )
    return replace(given, **changed)


def broken(given: Evidence) -> list[str]:
    return [one.claim.split(",")[0] for one in proofs(given) if not one.holds]


def test_what_went_well_is_proved() -> None:
    assert broken(evidence()) == []


def test_a_second_reset_of_a_target_is_found() -> None:
    twice = replace(RESET, at=15.0, answered_at=15.1)

    given = evidence(MINE, READ_AGAIN, RESET, EARLY, twice, LATE, writes=2)

    assert broken(given) == ["Exactly one reset for each target of the leaver"]


def test_a_reset_that_got_no_answer_counts_as_sent() -> None:
    headers = {"X-Region": "us-south", "X-Auth-Resource-Group": "g1"}
    call = Call(13.0, "POST", "/global/v1/keys", headers=headers, answered_at=13.1)

    seen = seen_of([call], [DALLAS])

    assert [(one.is_reset, one.is_good) for one in seen] == [(True, False)]


def test_a_missing_reset_is_found() -> None:
    found = broken(evidence(MINE, READ_AGAIN, writes=0))

    assert "Exactly one reset for each target of the leaver" in found


def test_a_reset_without_a_resource_group_is_found() -> None:
    headers = {"X-Region": "us-south"}
    call = Call(
        13.0, "POST", "/global/v1/keys", {}, headers, status=204, answered_at=13.1
    )
    unnamed = seen_of([call], [DALLAS])

    found = broken(evidence(MINE, READ_AGAIN, RESET, EARLY, *unnamed, LATE, writes=2))

    assert (
        "Each reset named its region and its resource group (without a group it "
        in ([f"{one.partition('would')[0]}" for one in found])
    )


def test_a_reset_of_somebody_elses_target_is_found() -> None:
    stray = replace(RESET, place=EU.place)

    found = broken(evidence(MINE, READ_AGAIN, RESET, EARLY, LATE, stray, writes=2))

    assert "Nobody else's target was touched" in found


def test_another_owner_of_somebody_elses_target_is_found() -> None:
    taken = (
        replace(DALLAS, owner_id="IBMid-9", owner="IKS"),
        replace(EU, owner_id="IBMid-9", owner="IKS"),
    )

    assert broken(evidence(after=taken)) == ["Nobody else's target was touched"]


def test_another_write_than_a_reset_is_found() -> None:
    assert broken(evidence(writes=2)) == ["Nobody else's target was touched"]


def test_a_reset_without_a_second_look_is_found() -> None:
    given = evidence(MINE, RESET, EARLY, LATE)

    assert broken(given) == ["Each owner was read once more right before the reset"]


def test_verified_on_the_status_code_alone_is_found() -> None:
    found = broken(evidence(MINE, READ_AGAIN, RESET))

    assert "Each owner was read back after its reset" in found


def test_verified_on_an_answer_that_still_named_the_leaver_is_found() -> None:
    found = broken(evidence(MINE, READ_AGAIN, RESET, EARLY))

    assert "Each owner was read back after its reset" in found


def test_verified_said_before_the_read_back_is_found() -> None:
    given = evidence(said_at={DALLAS.place: 13.5})

    assert broken(given) == ["Each owner was read back after its reset"]


def test_a_key_that_is_still_the_leavers_is_found() -> None:
    assert broken(evidence(after=(DALLAS, EU))) == [
        "The keys are now the functional ID's"
    ]


@pytest.mark.parametrize("told", [{"Slack": None, "mail": 18.5}, {"Slack": 14.0}])
def test_a_report_that_came_not_once_or_too_early_is_found(
    told: dict[str, float | None],
) -> None:
    assert broken(evidence(told_at=told)) == ["People were told once on each channel"]


def test_an_owner_safe_time_before_the_read_back_is_found() -> None:
    case = {"received_at": "1970-01-01T00:00:10.000Z", "owner_safe_seconds": 3.2}

    assert broken(evidence(case=case)) == ["Owner-safe after 3.2 s"]


# One target goes first.

WALES = Holding("eu-gb", "g3", "tools", (("c3", "a"), ("c4", "b")), "IBMid-1", "Dana")
AFTER_IT = replace(RESET, place=WALES.place, at=18.2, answered_at=18.3)
ITS_LATE = replace(LATE, place=WALES.place, at=23.0, answered_at=23.1)


def two(*seen: Seen, **changed: object) -> Evidence:
    """Give the evidence of two targets taken over, the smaller one first."""
    mine = {"owner_id": "IBMid-9", "owner": "IKS"}
    given: dict[str, object] = {
        "before": (DALLAS, WALES, EU),
        "after": (replace(DALLAS, **mine), replace(WALES, **mine), EU),
        "writes": 2,
    }
    seen = seen or (MINE, READ_AGAIN, RESET, EARLY, LATE, AFTER_IT, ITS_LATE)
    return evidence(*seen, **{**given, **changed})


def test_a_canary_that_went_first_is_proved() -> None:
    proof = canary_went_first(two())

    assert proof.holds
    assert (
        proof.found == "us-south / payments was read back 0.1 s before the next reset"
    )


def test_a_reset_sent_before_the_canary_was_read_back_is_found() -> None:
    hasty = replace(AFTER_IT, at=18.0)

    proof = canary_went_first(two(MINE, RESET, EARLY, LATE, hasty, ITS_LATE))

    assert not proof.holds


def test_a_canary_whose_read_back_still_named_the_leaver_is_found() -> None:
    assert not canary_went_first(two(MINE, RESET, EARLY, AFTER_IT, ITS_LATE)).holds


def test_a_canary_whose_reset_was_refused_is_found() -> None:
    refused = replace(RESET, status=403)

    assert not canary_went_first(two(MINE, refused, LATE, AFTER_IT)).holds


def test_another_target_that_went_first_is_found() -> None:
    swapped = (
        replace(AFTER_IT, at=13.0, answered_at=13.1),
        replace(ITS_LATE, at=18.0, answered_at=18.1),
        replace(RESET, at=18.2, answered_at=18.3),
        replace(LATE, at=23.0, answered_at=23.1),
    )

    assert not canary_went_first(two(*swapped)).holds


def test_a_single_reset_proves_no_canary() -> None:
    assert not canary_went_first(evidence()).holds
    assert not canary_went_first(two(MINE, READ_AGAIN, RESET, EARLY, LATE)).holds


def test_the_first_target_of_a_plan_is_told_only_where_it_is_sure() -> None:
    def target(region: str, clusters: int) -> dict[str, object]:
        group = {"id": "g1", "name": "payments"}
        shown = [{"name": str(each)} for each in range(clusters)]
        return {"region": region, "resource_group": group, "clusters": shown}

    assert first_of([target("eu-de", 2), target("eu-gb", 1)]) == ("eu-gb", "g1")
    assert first_of([target("eu-de", 1), target("eu-gb", 1)]) is None
    assert first_of([target("eu-de", 1)]) is None


# What a red preflight proves.


def red(**changed: object) -> Evidence:
    given = {"after": (DALLAS, EU), "writes": 0, "case": {"result": "attention"}}
    return replace(evidence(MINE), **{**given, **changed})


def unproved(**changed: object) -> list[str]:
    given = HeldBack(red(), evidence(), granted_at=12.5, would_break=("web",))
    found = held_back_proofs(replace(given, **changed))
    return [one.claim.split(" was")[0] for one in found if not one.holds]


RED, GRANTED = "While a role", "Once it"


def test_a_reset_held_back_and_sent_after_the_grant_is_proved() -> None:
    assert unproved() == []


@pytest.mark.parametrize(
    "changed",
    [
        {"seen": (MINE, RESET), "writes": 1},
        {"seen": (MINE, replace(RESET, status=403)), "writes": 0},
        {"writes": 1},
        {"after": (replace(DALLAS, owner_id="IBMid-9"), EU)},
        {"after": (DALLAS, replace(EU, owner_id="IBMid-9"))},
        {"case": {"result": "safe"}},
        {"case": {"result": None}},
        {"before": (EU,), "after": (EU,)},
    ],
)
def test_a_write_while_preflight_was_red_is_found(changed: dict[str, object]) -> None:
    assert unproved(red=red(**changed)) == [RED]


def test_a_reset_sent_before_the_role_was_granted_is_found() -> None:
    assert unproved(granted_at=13.05) == [GRANTED]


def test_a_role_that_was_never_granted_is_found() -> None:
    assert unproved(mended=None, granted_at=None) == [GRANTED]


TAKEN = (MINE, READ_AGAIN, RESET, EARLY, LATE)
NOT_ONCE = [
    {"seen": (MINE,), "writes": 0},
    {"seen": (*TAKEN, replace(RESET, at=15.0, answered_at=15.1)), "writes": 2},
    {"seen": (MINE, READ_AGAIN, RESET, EARLY)},
    {"seen": (*TAKEN, replace(RESET, place=EU.place)), "writes": 2},
    {"seen": (*TAKEN, replace(RESET, place=EU.place))},
    {"writes": 2},
    {"after": (DALLAS, EU)},
    {"after": (replace(DALLAS, owner_id="IBMid-7"), EU)},
    {
        "after": (
            replace(DALLAS, owner_id="IBMid-9"),
            replace(EU, owner_id="IBMid-9"),
        )
    },
    {"leaver_id": "IBMid-nobody"},
    {"leaver_id": "x", "seen": (MINE,), "after": (DALLAS, EU), "writes": 0},
]


@pytest.mark.parametrize("changed", NOT_ONCE)
def test_a_target_not_taken_over_exactly_once_is_found(
    changed: dict[str, object],
) -> None:
    given = replace(evidence(), **changed)

    assert not taken_over(given).holds
    assert unproved(mended=given) == [GRANTED]


def test_an_adoption_that_went_well_is_proved() -> None:
    proof = taken_over(two())

    assert proof.holds
    assert proof.found == "2 resets for 2 targets, 2 read back"


def test_a_broken_cluster_is_found_and_so_is_a_proof_that_could_not_fail() -> None:
    assert no_cluster_broke([(), (), ()], ["web"]).holds
    assert no_cluster_broke([("old",), ("old",), ()], ["web"]).holds
    assert not no_cluster_broke([(), ("web",), ()], ["web"]).holds
    assert not no_cluster_broke([("old",), ("web",)], ["web"]).holds
    assert not no_cluster_broke([()], ["web"]).holds
    assert not no_cluster_broke([(), ()], []).holds


def test_the_reset_that_is_held_back_would_break_a_cluster() -> None:
    place = ("us-south", BILLING_GROUP_ID)

    assert broken_by(demo_account(), *place, BILLING_FUNCTIONAL_ID_IAM_ID) == (
        "billing-prod",
    )
    assert broken_by(demo_account(), *place, FUNCTIONAL_ID_IAM_ID) == ()


GRANT = (
    "ibmcloud iam user-policy-create iks-billing@example.com --roles Administrator "
    f"--service-name is --resource-group-id {BILLING_GROUP_ID}"
)


def test_what_the_command_grants_is_what_was_missing() -> None:
    account = demo_account()

    at = granted(account, GRANT)
    account.reset("us-south", BILLING_GROUP_ID, BILLING_FUNCTIONAL_ID_IAM_ID)

    assert at is not None
    assert account.broken_clusters() == []


@pytest.mark.parametrize(
    "command",
    [
        GRANT.replace("service-name is", "service-name kms"),
        GRANT.replace(BILLING_GROUP_ID, "5c49eabcf5e85881a37e2d100a33b3df"),
        GRANT.replace("Administrator", "Viewer"),
    ],
)
def test_a_command_that_grants_something_else_does_not_mend_it(command: str) -> None:
    account = demo_account()

    granted(account, command)
    account.reset("us-south", BILLING_GROUP_ID, BILLING_FUNCTIONAL_ID_IAM_ID)

    assert [one.name for one in account.broken_clusters()] == ["billing-prod"]


@pytest.mark.parametrize(
    "command",
    [
        "",
        "offboard permissions --account acct1",
        GRANT.replace("iks-billing", "nobody"),
        GRANT.replace("--service-name", "--file"),
        GRANT.removesuffix(BILLING_GROUP_ID),
        GRANT.replace("--roles Administrator ", ""),
    ],
)
def test_a_command_that_is_no_grant_is_not_run(command: str) -> None:
    account = demo_account()
    before = account.direct_policies(BILLING_FUNCTIONAL_ID_IAM_ID)

    assert granted(account, command) is None
    assert account.direct_policies(BILLING_FUNCTIONAL_ID_IAM_ID) == before


def test_a_story_counts_only_what_came_after_it_began() -> None:
    simulator = Simulator([departure_account()])
    place = {
        "X-Region": "us-south",
        "X-Auth-Resource-Group": simulator.account.clusters()[0].group_id,
    }
    post = Call(1.0, "POST", "/global/v1/keys", {}, place, answered_at=1.1)
    simulator.journal.arrived(post)
    simulator.slack.post({"text": "of another"}, via="api")

    story = Story.begun(simulator, LEAVER_IAM_ID, FUNCTIONAL_ID_IAM_ID)
    story.case = {"result": None}
    before = story.evidence()
    simulator.journal.arrived(post)
    root = simulator.slack.post({"text": "under way"}, via="api")
    simulator.slack.edit({"channel": "", "ts": root.ts, "text": "safe"})
    end = simulator.slack.post({"text": "safe", "thread_ts": root.ts}, via="api")
    after = story.evidence()

    assert (before.resets, before.writes, before.told_at["Slack"]) == ((), 0, None)
    assert (len(after.resets), after.writes) == (1, 1)
    assert after.told_at["Slack"] == end.posted_at


# What a reading is said to show.


def test_a_reading_is_said_to_show_the_new_owner_only_where_that_is_sure() -> None:
    edge = replace(MINE, at=17.05, answered_at=17.15)

    lines = account_lines(
        [MINE, RESET, EARLY, edge, LATE], [DALLAS, EU], 4.0, lambda _: "IKS"
    )

    assert [one.text for one in lines] == [
        "reset sent, answered 204",
        "owner read back: still Dana, so look again",
        "owner read back: answered",
        "owner read back: now IKS",
    ]
