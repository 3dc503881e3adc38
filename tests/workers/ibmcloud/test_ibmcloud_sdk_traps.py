"""What IBM's SDK does by itself, and must not do here."""

import threading
import time

import pytest
from ibm_platform_services import (
    IamIdentityV1,
    ResourceControllerV2,
    UserManagementV1,
)
from ibmcloud_scenes import STEWARD

from config.settings import Secret
from simulator import Fault, drop_before, status
from workers.ibmcloud.client import (
    ReadingClient,
    WritingClient,
    reading_service,
)
from workers.ibmcloud.session import reading_session
from workers.ibmcloud.tokens import HTTP_CONFIG, Tokens
from workers.offboarding.errors import TransientError

ACCOUNT = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"
KEY = "functional-key-for-tests-0000000000000000001"
TOKEN = "/identity/token"
KEYS = "/global/v1/keys"


class Changing(Secret):
    """A secret in a file that is replaced."""

    def __init__(self, *texts):
        super().__init__("")
        self.texts = list(texts)

    def reveal(self):
        return self.texts[0]


@pytest.fixture
def tokens(simulator):
    return Tokens(Secret(KEY), simulator.iam_url, ACCOUNT)


def test_each_client_has_our_timeouts_and_a_pool_wide_enough_for_our_threads(tokens):
    session = reading_session()
    for kind in (IamIdentityV1, UserManagementV1, ResourceControllerV2):
        client = reading_service(kind, "https://example.com", tokens, session)

        assert client.http_config is HTTP_CONFIG
        for scheme in ("https://", "http://"):
            adapter = client.get_http_client().get_adapter(scheme)
            assert adapter._pool_maxsize == 64
            assert adapter.max_retries.total == 0


def test_the_client_that_resets_has_them_too():
    client = WritingClient("https://example.com")._service

    assert client.http_config is HTTP_CONFIG
    assert client.get_http_client().get_adapter("https://")._pool_maxsize == 64
    assert client.get_http_client().get_adapter("https://").max_retries.total == 0


@pytest.mark.parametrize("action", [status(503), status(429), drop_before()])
def test_nothing_under_a_reset_repeats_it(simulator, resets, target, action):
    simulator.faults.add(Fault("POST", KEYS, action, times=None))
    ready = resets.prepare(target("c1"), STEWARD)

    with pytest.raises(Exception, match="Resetting the cluster API key"):
        ready.send()

    assert len(simulator.journal.calls("POST", KEYS)) == 1


@pytest.mark.parametrize("action", [status(503), status(429), drop_before()])
def test_nothing_under_a_read_repeats_it(simulator, cloud, action):
    simulator.faults.add(Fault("GET", "/v2/accounts/.*", action, times=None))

    with pytest.raises(TransientError):
        cloud.people()

    assert len(simulator.journal.calls("GET")) == 1


def test_nothing_under_a_token_call_repeats_it(simulator, tokens):
    simulator.faults.add(Fault("POST", TOKEN, status(503), times=None))

    with pytest.raises(TransientError):
        tokens.token()

    assert len(simulator.journal.calls("POST", TOKEN)) == 1


@pytest.mark.usefixtures("short_timeouts")
def test_a_token_call_has_our_timeout_and_not_a_minute(far):
    far.answers.clear()
    held = threading.Event()
    far.take = lambda call: (held.wait(60), (200, "{}", {}))[1]
    began = time.monotonic()

    with pytest.raises(TransientError) as caught:
        Tokens(Secret(KEY), far.url, ACCOUNT).token()

    held.set()
    assert time.monotonic() - began < 30
    assert str(caught.value) == "Getting a token: no answer in time"


def test_a_token_call_follows_no_redirect(far):
    far.answers.clear()
    far.says(f"POST {TOKEN}", "", 307, {"Location": f"{far.url}/elsewhere"})

    with pytest.raises(TransientError):
        Tokens(Secret(KEY), far.url, ACCOUNT).token()

    assert set(far.calls) == {f"POST {TOKEN}"}


def test_a_token_that_still_works_is_used_though_iam_is_away(simulator, scene, tokens):
    scene.token_life_seconds = 60
    first = tokens.token()
    simulator.faults.add(Fault("POST", TOKEN, status(503), times=None))

    assert tokens.token() is first


def test_nothing_in_the_environment_leads_a_client_elsewhere(
    simulator, cloud, tmp_path, monkeypatch
):
    elsewhere = "http://127.0.0.1:9"
    lines = []
    for name in ("IAM_IDENTITY", "USER_MANAGEMENT", "RESOURCE_MANAGER"):
        for what, value in (("URL", elsewhere), ("AUTH_TYPE", "noAuth")):
            monkeypatch.setenv(f"{name}_{what}", value)
            lines.append(f"{name}_{what}={value}")
    credentials = tmp_path / "ibm-credentials.env"
    credentials.write_text("\n".join(lines))
    monkeypatch.setenv("IBM_CREDENTIALS_FILE", str(credentials))
    monkeypatch.chdir(tmp_path)

    assert len(cloud.people()) == 2


def test_a_reset_is_not_packed(far, far_resets, target):
    far.says(f"POST {KEYS}", "", 204)

    far_resets.prepare(target(), STEWARD).send()

    assert "Content-Encoding" not in far.headers[-1]
    assert far.bodies[-1] == b""


def test_an_error_is_read_from_the_answer_where_the_sdk_would_lose_it(far, tokens):
    body = {"code": "G0004", "incidentID": "inc-1", "description": "lost by the SDK"}
    far.says("GET /x", body, 404)
    own = Tokens(Secret(KEY), far.url, ACCOUNT)

    with pytest.raises(TransientError) as caught:
        ReadingClient(far.url, own, reading_session()).get("/x", doing="Trying")

    assert str(caught.value) == "Trying: IBM Cloud answered 404 G0004 (request inc-1)"


def test_a_pager_reads_to_the_end_and_not_beyond_it(scene, simulator, cloud):
    for number in range(198):
        scene.add_person(f"IBMid-{number}", f"p{number}@example.com")

    assert len(cloud.people()) == 200
    assert len(simulator.journal.calls("GET")) in (2, 3)


def test_a_key_that_was_replaced_is_used_at_once(scene, simulator):
    scene.add_login_key("IBMid-6600001FID", "a-new-key-for-tests")
    key = Changing(KEY)
    tokens = Tokens(key, simulator.iam_url, ACCOUNT)
    before = tokens.token()

    key.texts = ["a-new-key-for-tests"]

    assert tokens.token() is not before
    assert tokens.known().iam_id == "IBMid-6600001FID"
    assert len(simulator.journal.calls("POST", TOKEN)) == 2


def test_a_key_that_is_read_again_and_is_the_same_costs_no_token(simulator):
    key = Changing(KEY)
    tokens = Tokens(key, simulator.iam_url, ACCOUNT)
    tokens.token()
    key.texts = ["".join(KEY)]

    tokens.token()

    assert len(simulator.journal.calls("POST", TOKEN)) == 1


def test_a_replaced_key_that_is_refused_leaves_the_old_one_while_that_is_good(
    scene, simulator
):
    key = Changing(KEY)
    tokens = Tokens(key, simulator.iam_url, ACCOUNT)
    before = tokens.token()

    key.texts = ["nobody-has-this-key"]

    assert tokens.token() is before
    assert "BXNIM0415E" in tokens.in_force().declined


def test_no_repr_shows_a_replaced_key(simulator):
    key = Changing(KEY)
    tokens = Tokens(key, simulator.iam_url, ACCOUNT)
    tokens.token()

    assert KEY not in repr(vars(tokens))


def test_a_token_outlives_the_wait_for_a_slot_and_the_call(scene, simulator, tokens):
    scene.token_life_seconds = 49
    first = tokens.token()

    assert tokens.token() is not first
