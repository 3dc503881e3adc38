"""Accounts, keys and tokens change under load, and no process is started again."""

import hashlib
import secrets
import threading

import pytest

from simulator import Account, Simulator, account_reader, departure_account, key_owner
from simulator.accounts_file import write_accounts
from simulator.scenario import FUNCTIONAL_ID_APIKEY, FUNCTIONAL_ID_IAM_ID
from tests.processes.installation import TOKENS, installations, until

pytestmark = pytest.mark.processes

SECOND = "8e2bb4c5d6e70f819203a4b5c6d7e8f9"
GROUP = "c0ffee00c0ffee00c0ffee00c0ffee00"
KIM = "IBMid-5500000KIM"
SECOND_FID = "IBMid-6600003FID"
NEW_KEY = "simulated-apikey-of-iks-functional-1-made-anew"
BAD_KEY = "simulated-apikey-that-nobody-has"
NEW_TOKEN = "ofb_viewer_made_anew_" + "1" * 32
# The real worker, under a name of its own in the installation.
AGAIN = "import sys; sys.argv[1] = 'worker'; from service.cli import main; main()"


def second_account():
    account = Account(SECOND, name="staging")
    account.add_group(GROUP, "default", default=True)
    account.add_person(KIM, "kim.doe@example.com", name="Kim Doe")
    account.add_person(SECOND_FID, "iks-staging@example.com", name="IKS Staging")
    account.add_login_key(SECOND_FID, "simulated-apikey-of-iks-staging")
    account.set_policies(SECOND_FID, [*key_owner(), *account_reader()])
    account.add_cluster("cs1", "staging-1", region="us-south", group_id=GROUP)
    account.set_owner("us-south", GROUP, KIM)
    return account


@pytest.fixture
def accounts():
    return [departure_account(), second_account()]


@pytest.fixture
def service(accounts):
    with Simulator(accounts) as simulator, installations(simulator) as make:
        made = make(
            MAX_CASES_PER_HOUR="1000",
            CANARY="0",
            # Surveys give way to cases: the load must leave something for them.
            IBM_CLOUD_REQUESTS_PER_10_SECONDS="200",
        )
        for name in ("ACCOUNT_ID", "FUNCTIONAL_ID_APIKEY", "API_TOKENS"):
            made.environ.pop(f"OFFBOARD_{name}")
        made.environ["OFFBOARD_ACCOUNTS_FILE"] = str(made.folder / "accounts.toml")
        made.environ["OFFBOARD_API_TOKENS_FILE"] = str(made.folder / "tokens")
        put_tokens(made, TOKENS)
        put_accounts(made, accounts[:1])
        made.start("store", "web", "beat", "worker")
        made.start("worker2", code=AGAIN)
        made.await_ready()
        made.surveyed()
        yield made


def put(file, text):
    """Put a file in place whole, as whoever looks after secrets does."""
    beside = file.with_suffix(".new")
    beside.touch(mode=0o600)
    beside.write_text(text)
    beside.replace(file)


def put_tokens(service, tokens):
    entries = [
        f"{role}:{role}:{hashlib.sha256(text.encode()).hexdigest()}"
        for role, text in tokens.items()
    ]
    put(service.folder / "tokens", ",".join(entries))


def put_accounts(service, accounts):
    made = write_accounts(accounts, service.folder / "made.toml")
    put(service.folder / "accounts.toml", made.read_text())


def key_file(service, account):
    return service.folder / f"{account.account_id}-iks-functional-1.apikey"


def told_of_keys(service):
    """Return what the doctor says of the first account's key, line by line."""
    checks = service.call("GET", "/api/doctor", role="approver").json()["checks"]
    return {
        one["what"]: one
        for one in checks
        if one["what"].startswith("api_key_") and one["account_id"] != SECOND
    }


def says(service, what, *texts):
    """Wait until the doctor says all that under *what*; what it says of keys then."""

    def said():
        found = told_of_keys(service)
        line = found.get(what, {"text": ""})["text"]
        return found if all(one in line for one in texts) else None

    return until(said)


def keep_coming(service, sent, over):
    """Send a departure of somebody else again and again, until it is over."""
    number = 0
    while not over.wait(2.5):
        number += 1
        answer = service.tell(f"person{number}@example.com", secrets.token_hex(8))
        sent.append((answer.status_code, answer.json()["cases"]))


def offboarded(service, email):
    answer = service.tell(email, secrets.token_hex(8))
    return service.settled(answer.json()["cases"][0])


def is_surveyed(service, account_id):
    """Tell whether workers have looked at an account, which the web knows before."""
    targets = service.call("GET", "/api/exposure").json()["targets"]
    return account_id in {one["account_id"] for one in targets}


def test_accounts_keys_and_tokens_change_under_load(service, accounts):
    first, over, sent = accounts[0], threading.Event(), []
    pids = {name: one.pid for name, one in service.running.items()}
    load = threading.Thread(target=keep_coming, args=(service, sent, over))
    old = first.key_of_raw(FUNCTIONAL_ID_APIKEY).key_id
    before = says(service, "api_key_in_use", "All 2 workers use")
    load.start()
    try:
        put_accounts(service, accounts)
        until(lambda: is_surveyed(service, SECOND))
        kim = offboarded(service, "kim.doe@example.com")

        first.add_login_key(FUNCTIONAL_ID_IAM_ID, NEW_KEY)
        new = first.key_of_raw(NEW_KEY).key_id
        put(key_file(service, first), NEW_KEY)
        rotated = says(service, "api_key_in_use", "All 2 workers use", new)
        first.delete_key(old)
        dana = offboarded(service, "dana.lee@example.com")

        put(key_file(service, first), BAD_KEY)
        slip = says(service, "api_key_in_use", "not taken by 2 of 2 workers")
        robin = offboarded(service, "robin.park@example.com")
        put(key_file(service, first), NEW_KEY)
        mended = says(service, "api_key_in_use", "All 2 workers use")

        put_tokens(service, {**TOKENS, "viewer": NEW_TOKEN})
        until(
            lambda: (
                {
                    service.call("GET", "/api/cases", role="viewer").status_code
                    for _ in range(12)
                }
                == {401}
            )
        )
    finally:
        over.set()
        load.join()

    assert old in before["api_key_in_use"]["text"]
    assert rotated["api_key_unused"]["command"] == (
        f"ibmcloud target -c {first.account_id} && ibmcloud iam api-key-delete {old}"
    )
    assert slip["api_key_in_use"]["verdict"] == "failed"
    assert new in slip["api_key_in_use"]["text"]
    assert "api_key_unused" not in slip
    assert "api_key_unused" not in mended
    outcomes = [
        {one["outcome"] for one in case["targets"]} for case in (kim, dana, robin)
    ]
    assert outcomes == [{"verified"}, {"verified"}, {"verified"}]
    assert {status for status, _ in sent} == {202}
    results = {service.settled(case)["result"] for _, (case,) in sent}
    assert results == {"clean"}
    assert len(service.simulator.journal.resets()) == 5
    assert {name: one.pid for name, one in service.running.items()} == pids
    assert all(one.poll() is None for one in service.running.values())
    logs = "".join(service.log(name) for name in pids)
    assert "Traceback" not in logs
    assert not {one for one in (NEW_KEY, BAD_KEY, NEW_TOKEN) if one in logs}
    assert logs.count('"settings.reloaded"') >= 4
