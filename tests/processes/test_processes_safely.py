"""Preflight, approval, canary, proof, aftercare and adoption through real processes.

What the account was asked is read from the simulator's journal, what stands still from
its /_sim/broken.
"""

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from simulator import (
    Fault,
    account_reader,
    demo_account,
    departure_account,
    drop_after,
    key_owner,
    published_fault,
    rival_fault,
    status,
)
from simulator.scenario import (
    BILLING_GROUP_ID,
    COLLEAGUE_IAM_ID,
    DEFAULT_GROUP_ID,
    FUNCTIONAL_ID_IAM_ID,
    LEAVER_IAM_ID,
    LONDON_OWNER_EMAIL,
    PAYMENTS_GROUP_ID,
    PLATFORM_GROUP_ID,
)
from tests.processes.installation import offboard, told, until

pytestmark = pytest.mark.processes

LEAVER = "dana.lee@example.com"
COLLEAGUE = "robin.park@example.com"
SAM_IAM_ID = "IBMid-550000SAMM"
SECOND_IAM_ID = "IBMid-6600002FID"
RESET = "/global/v1/keys"
DAY = 86_400.0
DEADLINE = 6.0
# Far longer than any wait here: a test says itself when a new owner is to show.
LAG = 600.0
GRANT = (
    "ibmcloud iam user-policy-create iks-functional-1@example.com"
    " --roles Administrator --service-name is"
    f" --resource-group-id {PAYMENTS_GROUP_ID}"
)


def up(install, **settings):
    service = install(**settings)
    service.start("up")
    service.await_ready()
    return service


def case_of(done):
    """Read the case that a command printed with -o json."""
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def run(service, user, *words):
    return offboard(service, "run", user, "--apply", "--yes", *words)


def places_of(calls):
    return [
        (one.headers["X-Region"], one.headers["X-Auth-Resource-Group"]) for one in calls
    ]


def outcomes(case):
    return {
        (one["region"], one["resource_group"]["name"]): (one["outcome"], one["reason"])
        for one in case["targets"]
    }


def holds(case):
    return [note["reason"] for note in case["plan"]["refused"]]


def broken(simulator):
    """Name the clusters that stand still, as the simulator's control route tells."""
    answer = requests.get(f"{simulator.url}/_sim/broken", timeout=30)
    return {one["name"] for one in answer.json()["clusters"]}


def waiting_for(service, case_id, reason):
    def held():
        case = service.case(case_id)
        is_held = case["status"] == "waiting" and reason in holds(case)
        return case if is_held else None

    return until(held)


def approve(service, case, role="approver"):
    plan_hash = case["plan"]["hash"]
    words = ("case", "approve", case["id"], "--plan-hash", plan_hash)
    return offboard(service, *words, role=role)


def owner_path(cluster):
    return f"/global/v1/logging/{cluster}/clusterkeyowner"


# preflight


def test_a_missing_role_is_named_with_its_grant_and_nothing_is_written_there(
    install, simulator
):
    account = simulator.account
    # It owns a target where it lacks the role too: the survey has to tell.
    account.set_owner("eu-de", PAYMENTS_GROUP_ID, FUNCTIONAL_ID_IAM_ID)
    account.set_policies(
        FUNCTIONAL_ID_IAM_ID,
        [
            *key_owner(PAYMENTS_GROUP_ID, but=("is",)),
            *key_owner(PLATFORM_GROUP_ID),
            *key_owner(DEFAULT_GROUP_ID),
            *account_reader(),
        ],
    )
    service = up(install)
    until(lambda: simulator.slack.messages)
    weak = told(simulator.slack.messages[0])

    done = run(service, LEAVER)
    resets = places_of(simulator.journal.resets())
    broken_then = broken(simulator)
    [case] = service.call("GET", "/api/cases").json()["cases"]
    # Whoever mends it and retries at once is not told what was so before.
    account.set_policies(FUNCTIONAL_ID_IAM_ID, [*key_owner(), *account_reader()])
    offboard(service, "case", "retry", case["id"])
    mended = service.settled(case["id"])

    assert "could not be relied on now" in weak
    assert "Administrator on VPC" in weak
    assert GRANT in weak
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Administrator" in done.stdout
    assert GRANT in done.stdout
    assert resets == [("us-south", PLATFORM_GROUP_ID)]
    # What is broken was so before: nothing that was touched is.
    assert broken_then == {"payments-eu"}
    assert mended["result"] == "safe"
    assert broken(simulator) == set()


def blind(account):
    """Let nobody here read the functional ID's policies."""
    unreadable = ("iam-groups", "iam-access-management")
    seen = [one for one in account_reader() if one.service_name not in unreadable]
    account.set_policies(FUNCTIONAL_ID_IAM_ID, [*key_owner(), *seen])
    account.own_policies_readable = False


@pytest.mark.parametrize("refusal", ["empty", "403"])
def test_where_policies_cannot_be_read_the_case_waits_until_it_is_approved(
    install, simulator, refusal
):
    blind(simulator.account)
    simulator.account.policy_refusal = refusal
    service = up(install)

    done = run(service, LEAVER, "-o", "json")
    held = case_of(done)
    writes_while_held = list(simulator.journal.writes())
    approved = approve(service, held)
    case = service.settled(held["id"])

    assert (done.returncode, holds(held)) == (4, ["preflight_unknown"])
    assert writes_while_held == []
    assert approved.returncode == 0, approved.stderr
    assert (case["result"], case["plan"]["approved_by"]) == ("safe", "approver")
    assert len(simulator.journal.resets()) == 3
    assert broken(simulator) == set()


def test_where_policies_cannot_be_read_it_goes_at_once_if_it_is_set_so(
    install, simulator
):
    blind(simulator.account)
    service = up(install, PREFLIGHT_UNKNOWN="go")

    done = run(service, LEAVER, "-o", "json")

    assert (done.returncode, case_of(done)["result"]) == (0, "safe")
    assert case_of(done)["plan"]["approved_by"] is None
    assert broken(simulator) == set()


def test_the_roles_that_are_needed_are_printed_without_a_server(install, simulator):
    service = install()
    account_id = simulator.account.account_id
    asked = ("permissions", "--account", account_id)

    commands = offboard(service, *asked)
    terraform = offboard(service, *asked, "--format", "terraform")

    assert (commands.returncode, terraform.returncode) == (0, 0)
    assert "--roles Administrator --service-name is" in commands.stdout
    assert 'resource "ibm_iam_user_policy"' in terraform.stdout
    assert simulator.journal.calls() == []


# choosing


def from_file(service, folder):
    """Have an installation read its accounts from an accounts file."""
    alone = ("OFFBOARD_ACCOUNT_ID", "OFFBOARD_FUNCTIONAL_ID_APIKEY")
    kept = {n: v for n, v in service.environ.items() if n not in alone}
    file = service.simulator.accounts_toml(folder)
    service.environ = kept | service.simulator.environ(accounts_file=file)
    service.start("up")
    service.await_ready()
    return service


def test_the_functional_id_with_more_key_slots_takes_over(install, simulator, tmp_path):
    account = simulator.account
    account.add_person(SECOND_IAM_ID, "iks-functional-2@example.com", name="IKS Two")
    account.add_login_key(SECOND_IAM_ID, "simulated-apikey-of-iks-functional-2")
    account.set_policies(SECOND_IAM_ID, key_owner())
    account.add_functional_id(FUNCTIONAL_ID_IAM_ID, "iks-functional-1")
    account.add_functional_id(SECOND_IAM_ID, "iks-functional-2")
    # With its login key and that of us-east it has 19 of 20 then.
    for number in range(17):
        account.add_login_key(FUNCTIONAL_ID_IAM_ID, f"simulated-apikey-{number}")
    service = from_file(install(), tmp_path)
    service.surveyed()

    done = run(service, LEAVER, "-o", "json")
    exposure = offboard(service, "exposure", "-o", "json", role="viewer")
    doctor = offboard(service, "doctor", "-o", "json")

    assert (done.returncode, case_of(done)["result"]) == (0, "safe")
    takers = {one["owner_after"]["id"] for one in case_of(done)["targets"]}
    assert takers == {SECOND_IAM_ID}
    assert {one.caller for one in simulator.journal.resets()} == {SECOND_IAM_ID}
    slots = {
        one["name"]: (one["keys"], one["key_limit"], one["free"])
        for one in json.loads(exposure.stdout)["functional_ids"]
    }
    assert slots["iks-functional-1"] == (19, 20, 1)
    assert slots["iks-functional-2"][1] == 20
    checks = json.loads(doctor.stdout)["checks"]
    assert any("19 of 20" in one["text"] for one in checks)
    assert broken(simulator) == set()


# guards


def entry(name, role, person):
    token = f"ofb_{name}_{'1' * 32}"
    digest = hashlib.sha256(token.encode()).hexdigest()
    return token, f"{name}:{role}:{digest}:{person}"


def test_a_plan_too_large_waits_for_another_person_and_a_pause_stops_the_rest(
    install, simulator
):
    tokens = {
        "mine": entry("sam-cli", "operator", "sam"),
        "second": entry("sam-laptop", "approver", "sam"),
        "other": entry("alex", "approver", "alex"),
    }
    account = simulator.account
    account.set_owner("us-east", DEFAULT_GROUP_ID, COLLEAGUE_IAM_ID)
    entries = ",".join(one for _, one in tokens.values())
    service = install(MAX_TARGETS_PER_CASE="1")
    service.environ["OFFBOARD_API_TOKENS"] += f",{entries}"
    service.start("up")
    service.await_ready()

    def call(path, token, **body):
        headers = {"Authorization": f"Bearer {tokens[token][0]}"}
        url = service.url + path
        return requests.post(url, json=body, headers=headers, timeout=30)

    # Held: both channels name what lets it go and what ends it.
    case_id = call(f"/offboard/{LEAVER}", "mine").json()["case"]["id"]
    held = waiting_for(service, case_id, "too_many_targets")
    until(lambda: len(simulator.slack.messages) > 1 and simulator.mail.messages)
    plan_hash = held["plan"]["hash"]
    mail = simulator.mail.messages[0].message.get_body(("plain",)).get_content()
    for said in (told(simulator.slack.messages[1]), mail):
        assert f"offboard case approve {case_id} --plan-hash {plan_hash}" in said
        assert f"offboard case refuse {case_id} --plan-hash {plan_hash}" in said
    path = f"/api/cases/{case_id}/approve"
    own = call(path, "second", plan_hash=plan_hash)
    wrong = call(path, "other", plan_hash="sha256:" + "0" * 64)
    assert (own.status_code, wrong.status_code) == (409, 409)
    assert own.json()["type"].endswith("/own-request")
    assert wrong.json()["type"].endswith("/other-plan")
    assert simulator.journal.writes() == []

    # Approved: the canary goes, and the pause meets the others.
    account.set_replication_lag("us-south", PLATFORM_GROUP_ID, LAG)
    assert call(path, "other", plan_hash=plan_hash).status_code == 202
    until(simulator.journal.resets)
    paused = offboard(service, "pause", "--account", account.account_id)
    account.end_replication_lag("us-south", PLATFORM_GROUP_ID)
    waiting_for(service, case_id, "paused")
    while_paused = len(simulator.journal.resets())
    resumed = offboard(
        service, "resume", "--account", account.account_id, role="approver"
    )
    case = service.settled(case_id)

    assert (paused.returncode, resumed.returncode) == (0, 0)
    assert while_paused == 1
    assert (case["result"], case["plan"]["approved_by"]) == ("safe", "alex")
    assert len(simulator.journal.resets()) == 3

    # Refused: nothing was written, and nothing will be.
    refused_id = call(f"/offboard/{COLLEAGUE}", "mine").json()["case"]["id"]
    held = waiting_for(service, refused_id, "too_many_targets")
    refused = call(
        f"/api/cases/{refused_id}/refuse", "other", plan_hash=held["plan"]["hash"]
    )
    assert refused.json()["case"]["status"] == "cancelled"
    assert len(simulator.journal.resets()) == 3
    assert broken(simulator) == set()


def test_an_accepted_blind_spot_leaves_the_result_and_never_the_report_or_the_gate(
    install, simulator
):
    path = owner_path("cq1plt00eude000006")
    simulator.faults.add(published_fault("GET", path, "G3917", times=None))
    service = up(install, SETTLE_MINUTES="0")
    where = ("--account", simulator.account.account_id, "--region", "eu-de")
    why = ("--group", PLATFORM_GROUP_ID, "--reason", "moved next week", "--days", "7")

    accepted = offboard(service, "blind-spot", "accept", *where, *why, role="approver")
    done = run(service, LEAVER, "-o", "json")
    case = service.settled(case_of(done)["id"])
    service.tick_off(case)
    gate = offboard(service, "gate", LEAVER, "-o", "json", role="viewer")

    assert accepted.returncode == 0, accepted.stderr
    assert (done.returncode, case["result"]) == (0, "safe")
    assert outcomes(case)["eu-de", "platform"] == ("unread", "wrong_provider")
    # What failed while others went on may have been told before the end.
    [slack] = [one for one in simulator.slack.messages if one.reply_broadcast]
    assert "moved next week" in told(slack)
    assert "eu-de" in told(slack)
    assert gate.returncode == 3
    reasons = [note["reason"] for note in json.loads(gate.stdout)["reasons"]]
    assert reasons == ["wrong_provider"]
    assert broken(simulator) == set()


# writing


def test_a_lost_answer_is_decided_by_the_key_list_and_sent_once(install, simulator):
    # The canary, since it has one cluster alone.
    account = simulator.account
    account.set_replication_lag("us-south", PLATFORM_GROUP_ID, LAG)
    where = {"X-Region": "us-south", "X-Auth-Resource-Group": PLATFORM_GROUP_ID}
    simulator.faults.add(Fault("POST", RESET, drop_after(), where=where))
    service = up(install, VERIFY_DEADLINE_SECONDS=str(DEADLINE))
    account.add_person(SAM_IAM_ID, "sam@example.com", name="Sam")
    rival = rival_fault(account, "eu-de", PLATFORM_GROUP_ID, SAM_IAM_ID, when="after")
    simulator.faults.add(rival)

    def shown_once_decided():
        until(lambda: decided_by_keys(simulator))
        # Before it shows, so that no look that saw it is left out.
        shown_at = time.time()
        account.end_replication_lag("us-south", PLATFORM_GROUP_ID)
        return shown_at

    with ThreadPoolExecutor(1) as beside:
        shown = beside.submit(shown_once_decided)
        done = run(service, LEAVER, "-o", "json")
        shown_at = shown.result()
    taken = run(service, COLLEAGUE, "-o", "json")

    assert simulator.faults.unfired() == []
    assert (done.returncode, case_of(done)["result"]) == (0, "safe")
    canary, *others, robins = simulator.journal.resets()
    assert places_of([canary]) == [("us-south", PLATFORM_GROUP_ID)]
    assert set(places_of(others)) == {
        ("us-south", PAYMENTS_GROUP_ID),
        ("eu-de", PAYMENTS_GROUP_ID),
    }
    assert len(others) == 2
    # The others waited until the canary's new owner could be read back, and was.
    read_back = [
        one
        for one in simulator.journal.calls("GET", owner_path("cq1plt00south00003"))
        if one.answered_at >= shown_at
    ]
    assert min(one.at for one in others) >= read_back[0].answered_at
    # Somebody reset Robin's target in the same moment: theirs it is.
    assert taken.returncode == 3
    assert outcomes(case_of(taken)) == {
        ("eu-de", "platform"): ("changed_hands", "another_owner")
    }
    assert places_of([robins]) == [("eu-de", PLATFORM_GROUP_ID)]
    assert account.owner("eu-de", PLATFORM_GROUP_ID) == SAM_IAM_ID
    assert broken(simulator) == set()


def decided_by_keys(simulator):
    """List the looks at the functional ID's own keys after the canary's deadline."""
    return [
        one
        for canary in simulator.journal.resets()[:1]
        for one in simulator.journal.calls("GET", "/v1/apikeys")
        if one.caller == FUNCTIONAL_ID_IAM_ID and one.at > canary.at + DEADLINE - 1.0
    ]


def test_a_canary_that_fails_holds_the_others_until_they_are_approved(
    install, simulator
):
    where = {"X-Region": "us-south", "X-Auth-Resource-Group": PLATFORM_GROUP_ID}
    denied = status(403, '{"code": "E0000", "description": "no"}')
    simulator.faults.add(Fault("POST", RESET, denied, times=None, where=where))
    service = up(install)

    done = run(service, LEAVER, "-o", "json")
    held = case_of(done)
    while_held = places_of(simulator.journal.resets())
    approved = approve(service, held)
    case = service.settled(held["id"])

    assert (done.returncode, holds(held)) == (4, ["canary_failed"])
    assert while_held == [("us-south", PLATFORM_GROUP_ID)]
    assert approved.returncode == 0, approved.stderr
    assert case["result"] == "attention"
    assert {place: outcome for place, (outcome, _) in outcomes(case).items()} == {
        ("us-south", "platform"): "failed",
        ("us-south", "payments"): "verified",
        ("eu-de", "payments"): "verified",
    }
    assert len(simulator.journal.resets()) == 3
    assert broken(simulator) == set()


# after


def follow_ups(case, kind):
    return [
        one
        for target in case["targets"]
        for one in target["follow_ups"]
        if one["kind"] == kind
    ]


def aged_account():
    """Make an account whose keys are old enough to be told from new ones.

    Its clock is behind ours: IAM gives a key's time to the minute, and what was made
    in this minute counts as made at its end. Nearly a minute, so that this end is no
    more than the three seconds ahead that keys settle in, at whichever second.
    """
    account = departure_account(clock=lambda: time.time() - DAY)
    # Once the functional ID had us-south/platform itself; Dana Lee took it back.
    account.set_owner("us-south", PLATFORM_GROUP_ID, FUNCTIONAL_ID_IAM_ID)
    account.set_owner("us-south", PLATFORM_GROUP_ID, LEAVER_IAM_ID)
    account.clock = lambda: time.time() - 57.0
    return account


def cluster_keys(simulator):
    answer = requests.get(f"{simulator.url}/_sim/keys", timeout=30)
    return [one for one in answer.json()["keys"] if one["region"]]


@pytest.mark.parametrize("account", [aged_account], indirect=True)
def test_what_follows_a_reset_is_done_and_ticked_off_until_it_is_fully_safe(
    install, simulator
):
    before = cluster_keys(simulator)
    [locked] = [
        one
        for one in before
        if one["region"] == "eu-de" and one["owner"] == LEAVER_IAM_ID
    ]
    simulator.account.change_key(locked["id"], is_locked=True)
    superseded = {one["id"] for one in before if one["region"] == "us-south"}
    service = up(
        install, SETTLE_MINUTES="0.05", RETIRE_OLD_KEYS="delete", REFRESH_MASTERS="1"
    )

    done = run(service, LEAVER, "-o", "json")
    case_id = case_of(done)["id"]
    red = offboard(service, "gate", LEAVER, "-o", "json", role="viewer")
    until(lambda: _are_retired(service, case_id))
    case = service.case(case_id)
    first = offboard(service, "case", "done", case_id, "1", "-o", "json")
    service.tick_off(case)
    ticked = service.case(case_id)
    green = offboard(service, "gate", LEAVER, "-o", "json", role="viewer")

    assert (done.returncode, case["result"]) == (0, "safe")
    pods = {
        (one["cluster_id"], one["addon"])
        for one in follow_ups(case, "recreate_addon_pods")
    }
    assert pods == {
        ("cq1pay00south00001", "vpc-block-csi-driver"),
        ("cq1pay00south00001", "cluster-autoscaler"),
        ("cq1plt00south00003", "vpc-block-csi-driver"),
        ("cq1pay00eude000004", "vpc-block-csi-driver"),
    }
    assert (case["fully_safe_seconds"], red.returncode) == (None, 4)
    # One master at a time, minutes apart.
    assert len(simulator.account.refreshes()) == 1
    assert len(follow_ups(case, "refresh_master")) == 5
    deleted = [
        one for one in simulator.journal.calls("DELETE") if "/v1/apikeys/" in one.path
    ]
    assert sorted(one.path.rsplit("/", 1)[1] for one in deleted) == sorted(superseded)
    left = {one["id"] for one in cluster_keys(simulator)}
    assert {one["id"] for one in before} - left == superseded
    assert first.returncode == 0, first.stderr
    assert _first_follow_up(case)["done_at"] is None
    assert _first_follow_up(case_of(first))["done_at"] is not None
    assert case_of(first)["fully_safe_seconds"] is None
    assert ticked["fully_safe_seconds"] >= 3.0
    assert green.returncode == 0, green.stdout
    assert broken(simulator) == set()


def _first_follow_up(case):
    return next(one for target in case["targets"] for one in target["follow_ups"])


def _are_retired(service, case_id):
    """Tell whether the keys of us-south are, and the locked one was met too."""
    case = service.case(case_id)
    retired = follow_ups(case, "retire_old_key")
    refreshed = follow_ups(case, "refresh_master")
    is_locked_told = any("locked" in one["text"] for one in retired)
    return (
        sum(one["done_at"] is not None for one in retired) == 2
        and is_locked_told
        and any(one["done_at"] for one in refreshed)
    )


# adoption


@pytest.mark.parametrize("account", [demo_account], indirect=True)
def test_targets_are_adopted_before_anybody_leaves(install, simulator):
    service = up(install)
    before = service.surveyed()["departures_from_outage"]
    asked = (
        "adopt",
        "--account",
        simulator.account.account_id,
        "--from",
        LONDON_OWNER_EMAIL,
    )

    dry = offboard(service, *asked, "-o", "json", role="approver")
    writes_when_dry = list(simulator.journal.writes())
    done = offboard(service, *asked, "--apply", "--yes", "-o", "json", role="approver")
    case = case_of(done)
    after = until(lambda: (many := _departures(service)) < before and many)

    assert (dry.returncode, case_of(dry)["dry_run"]) == (0, True)
    assert writes_when_dry == []
    assert (done.returncode, case["kind"], case["result"]) == (0, "adoption", "safe")
    assert outcomes(case) == {
        ("eu-gb", "payments"): ("verified", None),
        ("eu-gb", "platform"): ("verified", None),
    }
    canary, other = simulator.journal.resets()
    assert places_of([canary]) == [("eu-gb", PAYMENTS_GROUP_ID)]
    assert other.at >= canary.at + 1.0
    assert (before, after) == (4, 3)
    assert simulator.account.owner("us-south", BILLING_GROUP_ID) == "IBMid-550000PRYA"
    assert broken(simulator) == set()


def _departures(service):
    body = service.call("GET", "/api/exposure", role="viewer").json()
    return body["departures_from_outage"]
