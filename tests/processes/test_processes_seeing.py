"""Exposure, gate, doctor, survey and budget through real processes, HTTP and CLI."""

import json

import pytest
import requests

from simulator import (
    Fault,
    Policy,
    Simulator,
    delay,
    on_resource_group,
    published_fault,
    rate_limited,
    status,
    two_accounts,
)
from simulator.scenario import (
    FUNCTIONAL_ID_APIKEY,
    LEAVER_IAM_ID,
    PAYMENTS_GROUP_ID,
    PLATFORM_GROUP_ID,
)
from tests.processes.installation import LOOKS_SOON, TOKENS, offboard, until

pytestmark = pytest.mark.processes

LEAVER = "dana.lee@example.com"
COLLEAGUE = "robin.park@example.com"
HR_ADDRESS = "d.lee@hr.example.com"
FUNCTIONAL = "IBMid-6600001FID"


def local_environ(service, **settings):
    """Only a key and the far side's addresses: no account, no store, no service."""
    kept = (
        "OFFBOARD_IAM_URL",
        "OFFBOARD_CONTAINERS_URL",
        "OFFBOARD_USER_MANAGEMENT_URL",
        "OFFBOARD_RESOURCE_MANAGER_URL",
    )
    environ = {
        name: value
        for name, value in service.environ.items()
        if not name.startswith("OFFBOARD_") or name in kept
    }
    return environ | {f"OFFBOARD_{name}": text for name, text in settings.items()}


def reasons(notes):
    return [note["reason"] for note in notes]


def journal_of(simulator, method, part):
    return [one for one in simulator.journal.calls(method) if part in one.path]


def test_exposure_shows_every_target_and_who_it_hangs_on(install, simulator):
    service = install()
    simulator.account.set_owner("jp-tok", PLATFORM_GROUP_ID, LEAVER_IAM_ID)
    service.start("up")
    service.await_ready()

    body = service.surveyed()
    shown = offboard(service, "exposure", role="viewer")

    assert list(body) == [
        "targets",
        "people",
        "departures_from_outage",
        "unread",
        "checked_at",
        "functional_ids",
        "accounts",
    ]
    owners = {
        (one["region"], one["resource_group"]["name"]): (
            one["reading"],
            one["owner"] and one["owner"]["kind"],
            len(one["clusters"]),
        )
        for one in body["targets"]
    }
    assert owners == {
        ("us-south", "payments"): ("owner", "person", 2),
        ("us-south", "platform"): ("owner", "person", 1),
        ("eu-de", "payments"): ("owner", "person", 2),
        ("eu-de", "platform"): ("owner", "person", 1),
        ("us-east", "default"): ("owner", "functional_id", 1),
        ("jp-tok", "platform"): ("unread", None, 0),
    }
    assert body["departures_from_outage"] == 2
    assert [(one["owner"]["email"], one["clusters"]) for one in body["people"]] == [
        (LEAVER, 5),
        (COLLEAGUE, 1),
    ]
    assert shown.returncode == 3
    assert LEAVER in shown.stdout


def test_the_gate_is_red_then_green_and_asks_live_each_time(
    install, simulator, message_id
):
    service = install(SETTLE_MINUTES="0")
    service.start("up")
    service.await_ready()

    before = offboard(service, "gate", LEAVER, "-o", "json", role="viewer")
    [case_id] = service.tell(LEAVER, message_id).json()["cases"]
    # The gate means fully safe: what the resets left to people is done too.
    service.tick_off(service.settled(case_id))
    reads = len(journal_of(simulator, "GET", "clusterkeyowner"))
    after = offboard(service, "gate", LEAVER, "-o", "json", role="viewer")

    assert (before.returncode, after.returncode) == (4, 0)
    red, green = json.loads(before.stdout), json.loads(after.stdout)
    assert reasons(red["reasons"]) == ["owns_targets"]
    assert len(red["targets"]) == 3
    assert (green["safe"], green["reasons"], green["targets"]) == (True, [], [])
    assert len(journal_of(simulator, "GET", "clusterkeyowner")) >= reads + 5


def test_a_reader_that_sees_one_of_five_groups_turns_no_gate_green(install, simulator):
    account = simulator.account
    for number in range(2):
        account.add_group(f"{number:032x}", f"team-{number}")
        account.add_cluster(
            f"team{number}", f"team{number}", region="eu-gb", group_id=f"{number:032x}"
        )
        account.set_owner("eu-gb", f"{number:032x}", LEAVER_IAM_ID)
    account.add_person("IBMid-550000READ", "reader@example.com", name="Reader")
    account.add_login_key("IBMid-550000READ", "simulated-apikey-of-a-reader")
    account.set_owner("eu-de", PAYMENTS_GROUP_ID, FUNCTIONAL)
    account.set_owner("us-south", PAYMENTS_GROUP_ID, FUNCTIONAL)
    account.set_policies(
        "IBMid-550000READ",
        [
            Policy(
                roles=("Viewer",),
                service_name="containers-kubernetes",
                resource_group_id=PAYMENTS_GROUP_ID,
            ),
            on_resource_group("Viewer", group_id=PAYMENTS_GROUP_ID),
        ],
    )
    service = install(READER_APIKEY="simulated-apikey-of-a-reader")
    service.start("up")
    service.await_ready()

    # Dana owns three targets, all of them in groups that the reader cannot see.
    shown = offboard(service, "gate", LEAVER, role="viewer")
    body = service.call("GET", f"/api/gate/{LEAVER}", role="viewer").json()

    assert shown.returncode == 3
    assert "not proven" in shown.stdout
    assert body["safe"] is False
    assert "visibility_not_proven" in reasons(body["reasons"])


def test_exposure_gate_and_doctor_need_nothing_but_a_key(install, simulator):
    service = install()
    environ = local_environ(service, READER_APIKEY=FUNCTIONAL_ID_APIKEY)

    exposure = offboard(service, "exposure", "--local", "-o", "json", environ=environ)
    gate = offboard(service, "gate", COLLEAGUE, "--local", environ=environ)
    doctor = offboard(service, "doctor", "--local", environ=environ)

    assert (exposure.returncode, exposure.stderr) == (0, "")
    body = json.loads(exposure.stdout)
    assert len(body["targets"]) == 5
    assert body["targets"][0]["account_id"] == simulator.account.account_id
    assert gate.returncode == 4
    assert doctor.returncode == 0
    assert "owner_ids" in doctor.stdout
    assert simulator.journal.writes() == []


def test_the_doctor_finds_no_fault_and_goes_red_where_owner_ids_are_no_iam_ids(
    install, simulator
):
    # Of classic infrastructure the doctor can prove nothing.
    simulator.account.remove_cluster("bq1pay00south00002")
    service = install()
    service.start("up")
    service.await_ready()

    green = offboard(service, "doctor", "-o", "json")
    simulator.account.owner_id_style = "other"
    red = offboard(service, "doctor", "-o", "json")

    first = json.loads(green.stdout)["checks"]
    verdicts = {"ok", "warning", "unproven"}
    assert green.returncode == 3
    assert {one["verdict"] for one in first} == verdicts
    # That reports arrive shows only in one that was sent.
    unseen = {one["what"] for one in first if one["verdict"] == "unproven"}
    assert unseen == {f"{channel}_reports" for channel in ("slack", "mail")}
    assert red.returncode == 5
    [ids] = [
        one for one in json.loads(red.stdout)["checks"] if one["what"] == "owner_ids"
    ]
    assert ids["verdict"] == "failed"
    assert "IAM ID" in ids["text"]


def test_a_cluster_missing_from_its_list_makes_the_case_attention(
    install, simulator, message_id
):
    service = install()
    simulator.account.hide_from_lists("cq1plt00south00003")
    service.start("store", "web", "beat")
    service.start("worker", code=LOOKS_SOON)
    service.await_ready()

    [case_id] = service.tell(LEAVER, message_id).json()["cases"]
    case = service.settled(case_id)

    assert case["result"] == "attention"
    assert "list_short" in reasons(case["warnings"])
    hidden = [one for one in case["targets"] if one["region"] == "us-south"]
    assert ("platform", "unread") in [
        (one["resource_group"]["name"], one["outcome"]) for one in hidden
    ]


def test_a_classic_credential_of_the_leaver_is_told_and_left(
    install, simulator, message_id
):
    service = install()
    account = simulator.account
    user = f"1234567_{LEAVER}"
    account.set_classic_credential("us-south", PAYMENTS_GROUP_ID, user)
    service.start("up")
    service.await_ready()

    [case_id] = service.tell(LEAVER, message_id).json()["cases"]
    case = service.settled(case_id)

    assert case["result"] == "attention"
    kinds = [each["kind"] for one in case["targets"] for each in one["follow_ups"]]
    assert kinds.count("classic_credential") == 1
    assert {one["outcome"] for one in case["targets"]} == {"verified"}
    assert account.classic_credential("us-south", PAYMENTS_GROUP_ID) == user
    assert len(simulator.journal.writes()) == 3


def test_an_owner_who_vanishes_from_the_user_list_opens_a_case_by_itself(
    install, simulator
):
    simulator.account.removed_owner_answer = "keep"
    service = install(EXPOSURE_INTERVAL_MINUTES="0.05")
    service.start("up")
    service.await_ready()
    service.surveyed()

    simulator.account.remove_person(LEAVER_IAM_ID)
    [case] = until(
        lambda: service.call("GET", "/api/cases", role="viewer").json()["cases"]
    )
    ended = service.settled(case["id"])

    assert case["opened_by"]["source"] == "survey"
    assert case["leaver"]["iam_id"] == LEAVER_IAM_ID
    assert {one["outcome"] for one in ended["targets"]} == {"verified"}
    gone = until(
        lambda: (
            [
                one
                for one in service.call("GET", "/api/exposure").json()["people"]
                if one["owner"]["email"] == LEAVER
            ]
            == []
        )
    )
    assert gone


def test_a_person_who_takes_a_functional_ids_key_is_told_to_the_channels(
    install, simulator
):
    service = install(EXPOSURE_INTERVAL_MINUTES="0.05")
    service.start("up")
    service.await_ready()
    service.surveyed()

    account = simulator.account
    account.set_owner("us-east", "9a1b2c3d4e5f60718293a4b5c6d7e8f9", LEAVER_IAM_ID)
    until(lambda: simulator.slack.messages and simulator.mail.messages)

    [slack] = simulator.slack.messages
    assert "us-east" in slack.text
    assert "Dana Lee" in slack.text
    subject = simulator.mail.messages[0].message["Subject"]
    assert subject.startswith("[offboard] A functional ID's key is a person's now:")


def test_a_departure_starts_from_the_index_while_the_lists_are_slow(
    install, simulator, message_id
):
    # None of them waits for another to be read back.
    service = install(CANARY="0")
    service.start("up")
    service.await_ready()
    service.surveyed()
    slow = Fault("GET", "/v2/accounts/.*/users", delay(6.0), times=1)
    simulator.faults.add(slow)

    [case_id] = service.tell(LEAVER, message_id).json()["cases"]
    case = service.settled(case_id)

    assert simulator.faults.unfired() == []
    [users] = [
        one for one in journal_of(simulator, "GET", "/users") if one.fault == "delay"
    ]
    resets = simulator.journal.resets()
    assert len(resets) == 3
    assert all(one.at < users.answered_at for one in resets)
    assert (case["result"], case["warnings"]) == ("safe", [])


def test_no_window_of_ten_seconds_holds_more_calls_than_allowed(
    install, simulator, message_id
):
    service = install(IBM_CLOUD_REQUESTS_PER_10_SECONDS="20")
    service.start("up")
    service.await_ready()

    [case_id] = service.tell(LEAVER, message_id).json()["cases"]
    case = service.settled(case_id)

    calls = sorted(
        one.at
        for one in simulator.journal.calls()
        if one.path != "/identity/token" and not one.path.startswith("/slack/")
    )
    # Ten, less what a loaded machine may keep a call on its way. Twice as many calls
    # still show, and so does a window of half the length.
    window = 7.0
    most = max(
        sum(at <= each < at + window for each in calls[place:])
        for place, at in enumerate(calls)
    )
    assert case["result"] == "safe"
    assert len(calls) > 20
    assert most <= 20


def test_a_429_in_plain_text_holds_everybody_back_and_loses_nothing(
    install, simulator, message_id
):
    service = install()
    service.start("up")
    service.await_ready()
    service.surveyed()
    limited = rate_limited(retry_after_seconds=20)
    simulator.faults.add(Fault("GET", "/global/v2/vpc/getClusters", limited))

    [case_id] = service.tell(LEAVER, message_id).json()["cases"]
    case = service.settled(case_id)

    [refused] = [one for one in simulator.journal.calls() if one.status == 429]
    later = [
        one.at
        for one in simulator.journal.calls()
        # What was let go before it was known may be on its way.
        if one.at > refused.answered_at + 10.0
        and one.path != "/identity/token"
        and not one.path.startswith("/slack/")
    ]
    assert min(later) >= refused.answered_at + 19.9
    assert (case["result"], len(simulator.journal.resets())) == ("safe", 3)


def test_two_accounts_are_one_case_and_a_faulty_one_degrades_alone(
    simulator, install, message_id, tmp_path
):
    accounts = two_accounts()
    with Simulator(accounts) as both:
        file = both.accounts_toml(tmp_path)
        service = install()
        service.simulator = both
        service.environ = {
            name: value
            for name, value in service.environ.items()
            if name not in ("OFFBOARD_ACCOUNT_ID", "OFFBOARD_FUNCTIONAL_ID_APIKEY")
        } | both.environ(accounts_file=file)
        mapped = tmp_path / "people.toml"
        mapped.write_text(
            f'[[person]]\niam_id = "{LEAVER_IAM_ID}"\nemails = ["{HR_ADDRESS}"]\n'
        )
        service.environ["OFFBOARD_IDENTITY_MAP_FILE"] = str(mapped)
        staging = "/v2/accounts/8e2bb4c5d6e70f819203a4b5c6d7e8f9/users"
        denied = Fault("GET", staging, _denied(), times=None)
        both.faults.add(denied)
        service.start("up")
        service.await_ready()

        [case_id] = service.tell(HR_ADDRESS, message_id).json()["cases"]
        case = service.settled(case_id)
        exposure = service.surveyed()
        resets = both.journal.resets()

    by_account = {}
    for one in case["targets"]:
        by_account.setdefault(one["account_id"], set()).add(one["outcome"])
    assert by_account[accounts[0].account_id] >= {"verified"}
    assert by_account[accounts[1].account_id] == {"failed"}
    assert {one.headers["X-Auth-Resource-Account"] for one in resets} == {
        accounts[0].account_id
    }
    assert case["result"] == "attention"
    assert {one["account_id"] for one in exposure["targets"]} == {
        one.account_id for one in accounts
    }


def _denied():
    return status(403, '{"message": "no"}')


def test_each_refusal_of_ibm_cloud_says_who_mends_it_and_with_what(
    install, simulator, message_id
):
    # One refusal would hold the other back.
    service = install(CANARY="0")
    for region, group_id, code in (
        ("eu-de", PAYMENTS_GROUP_ID, "A0656"),
        ("us-south", PAYMENTS_GROUP_ID, "A03e9b"),
    ):
        where = {"X-Region": region, "X-Auth-Resource-Group": group_id}
        refusal = published_fault(
            "POST", "/global/v1/keys", code, times=None, where=where
        )
        simulator.faults.add(refusal)
    owner = "/global/v1/logging/cq1plt00south00003/clusterkeyowner"
    simulator.faults.add(published_fault("GET", owner, "G3917", times=None))
    service.start("up")
    service.await_ready()

    [case_id] = service.tell(LEAVER, message_id).json()["cases"]
    case = service.settled(case_id)

    told = {
        (one["region"], one["resource_group"]["name"]): (one["outcome"], one["reason"])
        for one in case["targets"]
    }
    assert told == {
        ("eu-de", "payments"): ("failed", "cannot_create_key"),
        ("us-south", "payments"): ("failed", "key_limit"),
        ("us-south", "platform"): ("unread", "wrong_provider"),
    }
    commands = [one["advice"]["command"] for one in case["targets"]]
    assert any("--service-name iam-identity" in one for one in commands)
    assert any(one.startswith("ibmcloud iam api-keys") for one in commands)
    assert any("ks cluster get" in one for one in commands)


def test_without_a_worker_gate_and_doctor_say_so(install):
    service = install()
    service.start("store", "web")

    def is_up():
        try:
            return requests.get(f"{service.url}/readyz", timeout=2).ok
        # A machine that is busy answers its first request late, too.
        except (requests.ConnectionError, requests.Timeout):
            return False

    until(is_up)
    headers = {"Authorization": f"Bearer {TOKENS['viewer']}"}
    gate = requests.get(f"{service.url}/api/gate/{LEAVER}", headers=headers, timeout=30)
    doctor = offboard(service, "doctor")

    assert reasons(gate.json()["reasons"]) == ["reading_under_way"]
    assert doctor.returncode == 5
    assert "offboard worker" in doctor.stdout
