"""Tokens, threads, what a reading client cannot do, and what errors say."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from ibm_cloud_sdk_core import BaseService
from ibm_platform_services import IamIdentityV1, UserManagementV1
from ibmcloud_scenes import STEWARD
from requests import Session

from config.accounts import AccountSettings, FunctionalIdSettings
from config.settings import Secret, Settings
from simulator import Fault, drop_before, status
from workers.ibmcloud.account import open_cloud
from workers.ibmcloud.claims import Claims
from workers.ibmcloud.client import ReadingClient, reading_service
from workers.ibmcloud.keys import open_resets
from workers.ibmcloud.session import WriteRefusedError, reading_session
from workers.ibmcloud.tokens import HTTP_CONFIG, Tokens
from workers.offboarding.errors import PermanentError, Reason, TransientError
from workers.offboarding.model import OwnerKind

ACCOUNT = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"
TOKEN = "/identity/token"
KEY = "functional-key-for-tests-0000000000000000001"


@pytest.fixture
def tokens(simulator):
    return Tokens(Secret(KEY), simulator.iam_url, ACCOUNT)


@pytest.fixture
def client(simulator, tokens):
    return ReadingClient(simulator.containers_url, tokens, reading_session())


def test_opening_an_account_asks_nobody():
    nowhere = Settings(
        iam_url="http://127.0.0.1:9", containers_url="http://127.0.0.1:9"
    )
    ours = (FunctionalIdSettings("f", Secret("k")),)
    account = AccountSettings(ACCOUNT, ours, Secret("r"))

    assert open_cloud(account, nowhere).account_id == ACCOUNT
    assert open_resets(account, nowhere) is not None


def test_timeouts_are_short_and_redirects_refused():
    assert HTTP_CONFIG == {"timeout": (3.05, 15), "allow_redirects": False}


def test_a_reading_client_has_get_and_nothing_else(client):
    public = [name for name in dir(client) if not name.startswith("_")]
    held = [getattr(client, name) for name in ReadingClient.__slots__]

    assert public == ["get"]
    assert not hasattr(client, "__dict__")
    assert not any(isinstance(one, BaseService | Session) for one in held)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "post"])
def test_a_reading_session_refuses_to_write_before_the_wire(simulator, method):
    with pytest.raises(WriteRefusedError):
        reading_session().request(method, f"{simulator.url}/global/v1/keys")

    assert simulator.journal.calls() == []


def test_the_sdks_writing_methods_are_dead_on_a_reading_session(simulator, tokens):
    session = reading_session()
    users = reading_service(UserManagementV1, simulator.url, tokens, session)
    iam = reading_service(IamIdentityV1, simulator.url, tokens, session)

    with pytest.raises(WriteRefusedError):
        users.remove_user(ACCOUNT, "IBMid-550000ABCD")
    with pytest.raises(WriteRefusedError):
        iam.delete_api_key("ApiKey-1")

    assert simulator.journal.writes() == []
    assert session.get_adapter("https://").max_retries.total == 0
    assert session.verify is True


def test_an_account_for_reading_reads_everything_and_writes_nothing(
    simulator, cloud, target
):
    targets = cloud.targets().checked().targets
    cloud.people()
    cloud.key_owner(targets[0])
    cloud.has_new_key(target(), STEWARD, datetime.now(UTC))
    cloud.identities()
    cloud.cluster_keys()
    cloud.classic_credentials(targets)
    cloud.visibility()

    assert simulator.journal.writes() == []
    posts = [c.path for c in simulator.journal.calls() if c.method != "GET"]
    assert posts == [TOKEN, TOKEN]


def test_claims_say_whom_a_token_speaks_for(far):
    ends = int(time.time()) + 1800
    far.answers.clear()
    far.gives_tokens(exp=ends)

    claims = Tokens(Secret(KEY), far.url, ACCOUNT).claims()

    assert claims == Claims(
        "IBMid-6600001FID",
        ACCOUNT,
        "Cluster Steward",
        "steward@example.com",
        OwnerKind.PERSON,
        datetime.fromtimestamp(ends, UTC),
    )


@pytest.mark.parametrize(
    ("changed", "kind"),
    [
        ({"iam_id": "iam-ServiceId-1", "sub_type": "ServiceId"}, OwnerKind.SERVICE_ID),
        ({"iam_id": "iam-ServiceId-1"}, OwnerKind.SERVICE_ID),
        ({"iam_id": "iam-Profile-1"}, OwnerKind.UNKNOWN),
    ],
)
def test_claims_tell_kinds_of_identities_apart(far, changed, kind):
    far.answers.clear()
    far.gives_tokens(**changed)

    assert Tokens(Secret(KEY), far.url, ACCOUNT).claims().kind is kind


@pytest.mark.parametrize("account", [None, {}, {"bss": None}, {"bss": "x"}, "text"])
def test_a_token_of_another_or_no_account_is_refused(far, account):
    far.answers.clear()
    far.gives_tokens(account=account)

    with pytest.raises(PermanentError) as caught:
        Tokens(Secret(KEY), far.url, ACCOUNT).token()

    assert caught.value.reason is Reason.WRONG_ACCOUNT


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (400, '{"errorCode": "BXNIM0415E", "context": {"requestId": "req-1"}}'),
        (401, '{"errorCode": "BXNIM0407E"}'),
        (403, "<html>blocked</html>"),
        (422, ""),
    ],
)
def test_a_key_iam_refuses_is_a_bad_key(far, code, text):
    far.answers.clear()
    far.says(f"POST {TOKEN}", text, code)

    with pytest.raises(PermanentError) as caught:
        Tokens(Secret(KEY), far.url, ACCOUNT).token()

    assert caught.value.reason is Reason.BAD_KEY
    assert KEY not in str(caught.value)


def test_a_refused_key_is_told_with_the_far_sides_code_and_request_id(far):
    text = '{"errorCode": "BXNIM0415E", "context": {"requestId": "req-1"}}'
    far.answers.clear()
    far.says(f"POST {TOKEN}", text, 400)

    with pytest.raises(PermanentError) as caught:
        Tokens(Secret(KEY), far.url, ACCOUNT).token()

    assert str(caught.value) == (
        "Getting a token: IBM Cloud answered 400 BXNIM0415E (request req-1)"
    )


def test_a_key_in_quotes_is_a_bad_key_before_any_call(far):
    with pytest.raises(PermanentError) as caught:
        Tokens(Secret('"quoted"'), far.url, ACCOUNT).token()

    assert caught.value.reason is Reason.BAD_KEY
    assert far.calls == []


@pytest.mark.parametrize("action", [status(503), status(429), drop_before()])
def test_after_a_failed_fetch_the_next_one_comes_at_once(simulator, tokens, action):
    simulator.faults.add(Fault("POST", TOKEN, action))
    began = time.monotonic()

    with pytest.raises(TransientError):
        tokens.token()
    tokens.token()

    assert time.monotonic() - began < 30


@pytest.mark.usefixtures("short_timeouts")
def test_threads_that_waited_for_a_failed_fetch_do_not_each_repeat_it(far):
    far.answers.clear()
    held = threading.Event()
    far.take = lambda call: (held.wait(60), (200, "{}", {}))[1]
    tokens = Tokens(Secret(KEY), far.url, ACCOUNT)

    def ask(_):
        with pytest.raises(TransientError):
            tokens.token()

    began = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(ask, range(16)))

    assert time.monotonic() - began < 30
    held.set()


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        "<html>",
        '{"access_token": ',
        {"access_token": None},
        {"access_token": "oAeisG8yqPY7sFR_x66Z15"},
        {"access_token": "a.b.c\nX-Evil: 1"},
        {"access_token": "e30.e30.x"},
    ],
)
def test_a_token_answer_that_makes_no_sense_may_be_asked_for_again(far, answer):
    far.answers.clear()
    far.says(f"POST {TOKEN}", answer)

    with pytest.raises(TransientError) as caught:
        Tokens(Secret(KEY), far.url, ACCOUNT).token()

    assert caught.value.reason is Reason.UNEXPECTED_ANSWER


@pytest.mark.parametrize("changed", [{"exp": None}, {"iat": None}, {"exp": "soon"}])
def test_a_token_that_does_not_say_how_long_it_lives_is_not_used(far, changed):
    far.answers.clear()
    far.gives_tokens(**changed)

    with pytest.raises(TransientError):
        Tokens(Secret(KEY), far.url, ACCOUNT).token()


def test_an_expired_token_is_replaced_before_it_is_used(scene, simulator, client):
    scene.token_life_seconds = 5
    client.get("/v2/vpc/getClusters", doing="x")
    client.get("/v2/vpc/getClusters", doing="x")

    assert len(simulator.journal.calls("POST", TOKEN)) >= 2
    statuses = {c.status for c in simulator.journal.calls("GET")}
    assert statuses == {200}


def test_no_repr_shows_a_key_or_a_token(tokens):
    token = tokens.token()

    shown = repr(token) + repr(tokens) + repr(vars(tokens))

    assert KEY not in shown
    assert token.bearer.reveal() not in shown


def test_no_log_line_shows_a_key_or_a_token(simulator, cloud, capsys, caplog):
    caplog.set_level("DEBUG")
    simulator.faults.add(Fault("GET", r".*classic.*", status(403)))
    cloud.targets().checked()
    simulator.faults.add(Fault("POST", TOKEN, status(400)))
    with pytest.raises(PermanentError):
        cloud.identities()

    shown = "".join(capsys.readouterr()) + caplog.text
    assert "clusters.unreadable" in shown
    assert KEY not in shown
    assert "reader-key" not in shown
    assert "eyJ" not in shown


def test_a_netrc_cannot_take_the_place_of_our_token(
    simulator, client, tmp_path, monkeypatch
):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))

    client.get("/v2/vpc/getClusters", doing="x")

    (call,) = simulator.journal.calls("GET")
    assert call.caller == "IBMid-6600001FID"


def test_cookies_are_not_kept(far):
    far.says("GET /x", {}, headers={"Set-Cookie": "who=first"})
    client = ReadingClient(
        far.url, Tokens(Secret(KEY), far.url, ACCOUNT), reading_session()
    )

    client.get("/x", doing="x")
    client.get("/x", doing="x")

    assert "Cookie" not in far.headers[-1]


@pytest.mark.parametrize(
    ("raw", "seconds"),
    [
        ("30", 30.0),
        ("1.5", 1.5),
        ("-4", 0.0),
        ("soon", None),
        ("nan", None),
        ("1e999", None),
        (None, None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        (f"Wed, {'9' * 20} Oct 2015 07:28:00 GMT", None),
    ],
)
def test_retry_after_is_read_as_far_as_it_makes_sense(simulator, client, raw, seconds):
    head = {"Retry-After": raw} if raw else {}
    simulator.faults.add(Fault("GET", "/global/x", status(429, "no", head)))

    with pytest.raises(TransientError) as caught:
        client.get("/x", doing="x")

    assert caught.value.retry_after_seconds == seconds


def test_retry_after_may_be_a_date(simulator, client):
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    answer = status(429, "no", {"Retry-After": then})
    simulator.faults.add(Fault("GET", "/global/x", answer))

    with pytest.raises(TransientError) as caught:
        client.get("/x", doing="x")

    assert 80 < caught.value.retry_after_seconds <= 90


@pytest.mark.parametrize(
    ("text", "headers", "shown"),
    [
        ('{"incidentID": "a-1,a-1", "code": "Z1"}', {}, "500 Z1 (request a-1,a-1)"),
        ('{"errors": [{"code": "E1"}], "trace": "t-1"}', {}, "500 E1 (request t-1)"),
        ("<html>", {"Transaction-Id": "tx"}, "500 (request tx)"),
        ("", {"X-Global-Transaction-ID": "g"}, "500 (request g)"),
        ('{"code": 7, "incidentID": {"a": 1}}', {}, "500"),
        ('{"code": "has spaces", "incidentID": "<b>"}', {}, "500"),
        ('{"incidentID": "half', {}, "500"),
        ('["errors"]', {}, "500"),
        ('{"errors": ["x"]}', {}, "500"),
    ],
)
def test_an_error_names_code_and_request_id_where_they_are_plain(
    far, text, headers, shown
):
    far.says("GET /x", text, 500, headers)
    client = ReadingClient(
        far.url, Tokens(Secret(KEY), far.url, ACCOUNT), reading_session()
    )

    with pytest.raises(TransientError) as caught:
        client.get("/x", doing="Trying")

    assert str(caught.value) == f"Trying: IBM Cloud answered {shown}"


def test_sixteen_threads_share_one_account(simulator, cloud, target):
    def read(number):
        if number % 4 == 0:
            return len(cloud.people())
        if number % 4 == 1:
            return cloud.has_new_key(target("c1"), STEWARD, datetime.now(UTC))
        if number % 4 == 2:
            return len(cloud.targets().checked().targets)
        return cloud.key_owner(target("c1", "c2")).id

    with ThreadPoolExecutor(16) as pool:
        answers = Counter(pool.map(read, range(200)))

    assert answers == {2: 50, False: 50, 1: 50, "IBMid-550000ABCD": 50}
    assert len(simulator.journal.calls("POST", TOKEN)) == 2
    assert {call.status for call in simulator.journal.calls()} == {200}
