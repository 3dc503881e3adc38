"""A reset is sent once, as the functional ID, naming region and group."""

import json
import socket
from dataclasses import replace
from functools import partial

import pytest
from ibmcloud_scenes import (
    FUNCTIONAL_KEY,
    STEWARD,
    Replaced,
    a_functional_id,
    an_account,
    delete_login,
    settings_for,
)

from config.accounts import AccountSettings, FunctionalIdSettings
from config.settings import FileSecret, Secret, Settings
from simulator import Fault, delay_after, drop_after, drop_before, status
from workers.ibmcloud.keys import open_resets
from workers.offboarding.errors import (
    LostAnswerError,
    PermanentError,
    Reason,
    TransientError,
)
from workers.offboarding.model import KeyOwner, OwnerKind, ResourceGroup, Target

ACCOUNT = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"
PROD = "5c49eabcf5e85881a37e2d100a33b3df"
FUNCTIONAL = "IBMid-6600001FID"
LEAVER = "IBMid-550000ABCD"
KEYS = "/global/v1/keys"


def body(code: str) -> str:
    return json.dumps({"code": code, "incidentID": "inc-1", "description": "SECRET"})


def test_a_reset_makes_the_functional_id_the_owner(simulator, resets, target):
    request_id = resets.prepare(target("c1"), STEWARD).send()

    assert simulator.account.owner("us-south", PROD) == FUNCTIONAL
    assert request_id == simulator.journal.resets()[0].request_id


def test_a_reset_names_region_group_and_account_and_carries_our_identity(
    simulator, resets, target
):
    resets.prepare(target("c1"), STEWARD).send()

    (call,) = simulator.journal.resets()
    assert call.caller == FUNCTIONAL
    assert call.headers == {
        "X-Region": "us-south",
        "X-Auth-Resource-Group": PROD,
        "X-Auth-Resource-Account": ACCOUNT,
    }


def test_a_reset_has_an_explicit_empty_body_and_a_connection_of_its_own(
    far, far_resets, target
):
    far.says("POST /global/v1/keys", "", 204, {"Transaction-Id": "tx-9"})

    request_id = far_resets.prepare(target(), STEWARD).send()

    assert request_id == "tx-9"
    assert far.bodies[-1] == b""
    assert far.headers[-1]["Content-Length"] == "0"
    assert far.headers[-1]["Connection"] == "close"


def test_a_far_side_that_closes_without_a_word_loses_no_reset(far, far_resets, target):
    far.says("POST /global/v1/keys", "", 204)

    for _ in range(100):
        far_resets.prepare(target(), STEWARD).send()

    assert far.asked("POST /global/v1/keys") == 100


def test_an_answer_without_a_request_id_gives_none(far, far_resets, target):
    far.says("POST /global/v1/keys", "", 204)

    assert far_resets.prepare(target(), STEWARD).send() is None


def test_preparing_sends_nothing_but_the_token_call(simulator, resets, target):
    ready = resets.prepare(target("c1"), STEWARD)

    assert ready.identity == KeyOwner(
        FUNCTIONAL,
        "Cluster Steward",
        "steward@example.com",
        OwnerKind.FUNCTIONAL_ID,
    )
    assert [call.path for call in simulator.journal.calls()] == ["/identity/token"]


@pytest.mark.parametrize(
    ("region", "group"), [("", PROD), ("us-south", ""), (" ", " ")]
)
def test_a_target_without_region_or_group_is_refused_before_any_call(
    simulator, resets, region, group
):
    with pytest.raises(ValueError, match="region and resource group"):
        resets.prepare(Target(ACCOUNT, region, ResourceGroup(group, "x")), STEWARD)

    assert simulator.journal.calls() == []


def test_a_target_of_another_account_is_refused_before_any_call(simulator, resets):
    elsewhere = Target("another", "us-south", ResourceGroup(PROD, "prod"))

    with pytest.raises(ValueError, match="another account"):
        resets.prepare(elsewhere, STEWARD)

    assert simulator.journal.calls() == []


def test_a_reset_object_sends_once_even_when_asked_twice(simulator, resets, target):
    ready = resets.prepare(target("c1"), STEWARD)
    ready.send()

    with pytest.raises(RuntimeError, match="already"):
        ready.send()

    assert len(simulator.journal.resets()) == 1


def test_a_stored_key_that_is_not_usable_proves_nothing(simulator, resets, target):
    simulator.faults.add(Fault("POST", KEYS, status(401, body("P0005"))))
    ready = resets.prepare(target("c1"), STEWARD)

    with pytest.raises(LostAnswerError):
        ready.send()

    assert len(simulator.journal.resets()) == 1


@pytest.mark.parametrize(
    ("code", "answer", "kind", "reason"),
    [
        (400, body("A03e9b"), PermanentError, Reason.KEY_LIMIT),
        (400, body("BXNIM0151E"), PermanentError, Reason.KEY_LIMIT),
        (400, body("Z1"), PermanentError, Reason.REFUSED_BY_IBM_CLOUD),
        (400, body("G3917"), PermanentError, Reason.WRONG_PROVIDER),
        (401, body("E0058"), PermanentError, Reason.WRONG_ACCOUNT),
        (401, body("Z1"), PermanentError, Reason.BAD_KEY),
        (403, body("A0656"), PermanentError, Reason.CANNOT_CREATE_KEY),
        (403, "<html>forbidden</html>", PermanentError, Reason.NO_ROLE),
        (404, body("G0004"), PermanentError, Reason.NOT_FOUND),
        (410, "", PermanentError, Reason.NOT_FOUND),
        (423, "", TransientError, Reason.UNREACHABLE),
        (425, "", TransientError, Reason.UNREACHABLE),
        (429, "slow down", TransientError, Reason.RATE_LIMITED),
    ],
)
def test_a_refusal_is_proven_not_done_and_is_not_sent_again(
    simulator, resets, target, code, answer, kind, reason
):
    simulator.faults.add(Fault("POST", KEYS, status(code, answer)))
    ready = resets.prepare(target("c1"), STEWARD)

    with pytest.raises(kind) as caught:
        ready.send()

    assert caught.value.reason is reason
    assert len(simulator.journal.resets()) == 1
    assert simulator.account.owner("us-south", PROD) == LEAVER


def test_a_429_tells_how_long_to_wait(simulator, resets, target):
    simulator.faults.add(Fault("POST", KEYS, status(429, "x", {"Retry-After": "7"})))
    ready = resets.prepare(target("c1"), STEWARD)

    with pytest.raises(TransientError) as caught:
        ready.send()

    assert caught.value.retry_after_seconds == 7.0


@pytest.mark.parametrize(
    "code", [200, 201, 202, 302, 307, 408, 409, 500, 502, 503, 504]
)
def test_an_answer_that_proves_nothing_is_lost_and_is_not_sent_again(
    simulator, resets, target, code
):
    simulator.faults.add(
        Fault("POST", KEYS, status(code, "{}", {"Location": KEYS}), times=None)
    )
    ready = resets.prepare(target("c1"), STEWARD)

    with pytest.raises(LostAnswerError):
        ready.send()

    assert len(simulator.journal.resets()) == 1


@pytest.mark.parametrize("text", ['{"half": ', "<html>"])
def test_a_2xx_with_a_body_that_makes_no_sense_is_lost(far, far_resets, target, text):
    far.says("POST /global/v1/keys", text, 200)

    with pytest.raises(LostAnswerError):
        far_resets.prepare(target(), STEWARD).send()

    assert far.asked("POST /global/v1/keys") == 1


@pytest.mark.parametrize(
    ("cut", "owner"), [(drop_before(), LEAVER), (drop_after(), FUNCTIONAL)]
)
def test_a_cut_connection_is_a_lost_answer_whatever_was_done(
    simulator, resets, target, cut, owner
):
    simulator.faults.add(Fault("POST", KEYS, cut, times=None))
    ready = resets.prepare(target("c1"), STEWARD)

    with pytest.raises(LostAnswerError):
        ready.send()

    assert len(simulator.journal.resets()) == 1
    assert simulator.account.owner("us-south", PROD) == owner


@pytest.mark.usefixtures("short_timeouts")
def test_a_timeout_after_sending_is_a_lost_answer(simulator, resets, target):
    simulator.faults.add(Fault("POST", KEYS, delay_after(9.0), times=None))
    ready = resets.prepare(target("c1"), STEWARD)

    with pytest.raises(LostAnswerError):
        ready.send()

    assert len(simulator.journal.resets()) == 1
    assert simulator.account.owner("us-south", PROD) == FUNCTIONAL


def test_a_refused_connection_is_proven_not_done(far, target):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        settings = Settings(iam_url=far.url, containers_url=nobody)
        account = AccountSettings(ACCOUNT, (FunctionalIdSettings("f", Secret("k")),))
        ready = open_resets(account, settings).prepare(target(), STEWARD)

        with pytest.raises(TransientError) as caught:
            ready.send()

    assert caught.value.reason is Reason.UNREACHABLE


def test_no_message_repeats_the_far_sides_text_or_the_token(simulator, resets, target):
    simulator.faults.add(Fault("POST", KEYS, status(403, body("A0656"))))
    ready = resets.prepare(target("c1"), STEWARD)

    with pytest.raises(PermanentError) as caught:
        ready.send()

    assert str(caught.value) == (
        "Resetting the cluster API key: IBM Cloud answered 403 A0656 (request inc-1)"
    )
    assert "eyJ" not in repr(ready) + repr(vars(ready))


def test_a_token_about_to_end_is_fetched_anew(simulator, scene, resets, target):
    scene.token_life_seconds = 59
    resets.prepare(target("c1"), STEWARD)
    scene.token_life_seconds = 3600
    simulator.journal.clear()

    resets.prepare(target("c1"), STEWARD)
    resets.prepare(target("c1"), STEWARD)

    assert len(simulator.journal.calls("POST", "/identity/token")) == 1


def test_a_key_of_another_account_prepares_nothing(far, far_resets, target):
    far.answers.clear()
    far.gives_tokens(account={"bss": "another"})

    with pytest.raises(PermanentError) as caught:
        far_resets.prepare(target(), STEWARD)

    assert caught.value.reason is Reason.WRONG_ACCOUNT


@pytest.mark.parametrize("iam_id", [None, "", 5])
def test_a_token_that_names_nobody_prepares_nothing(far, far_resets, target, iam_id):
    far.answers.clear()
    far.gives_tokens(iam_id=iam_id)

    with pytest.raises(PermanentError) as caught:
        far_resets.prepare(target(), STEWARD)

    assert caught.value.reason is Reason.WRONG_IDENTITY


def test_a_reset_is_prepared_only_for_the_functional_id_that_was_planned(
    simulator, resets, target
):
    other = KeyOwner("IBMid-another", "Another", kind=OwnerKind.FUNCTIONAL_ID)

    with pytest.raises(PermanentError) as caught:
        resets.prepare(target("c1"), other)

    assert caught.value.reason is Reason.WRONG_IDENTITY
    assert str(caught.value) == (
        "Another (IBMid-another) is no functional ID of this account that may own"
        " us-south / prod"
    )
    assert simulator.journal.resets() == []


def test_of_several_the_one_that_was_planned_resets(scene, simulator, target):
    scene.add_person("IBMid-2", "second@example.com")
    scene.add_login_key("IBMid-2", "second-key")
    account = an_account(a_functional_id(), a_functional_id("second", "second-key"))
    resets = open_resets(account, settings_for(simulator.url))

    resets.prepare(target("c1"), KeyOwner("IBMid-2")).send()

    assert scene.owner("us-south", PROD) == "IBMid-2"


def test_one_that_may_not_own_the_target_any_more_resets_nothing(simulator, target):
    account = an_account(a_functional_id(regions=("eu-de",)))
    resets = open_resets(account, settings_for(simulator.url))

    with pytest.raises(PermanentError) as caught:
        resets.prepare(target("c1"), STEWARD)

    assert caught.value.reason is Reason.WRONG_IDENTITY
    assert simulator.journal.calls() == []


def test_a_key_that_became_another_identitys_resets_nothing(
    scene, simulator, target, tmp_path
):
    scene.add_person("IBMid-2", "second@example.com")
    scene.add_login_key("IBMid-2", "second-key")
    scene.token_life_seconds = 40
    path = tmp_path / "key"
    path.write_text(FUNCTIONAL_KEY)
    account = an_account(replace(a_functional_id(), apikey=FileSecret(path)))
    resets = open_resets(account, settings_for(simulator.url))
    resets.prepare(target("c1"), STEWARD)

    path.write_text("second-key")
    delete_login(scene, FUNCTIONAL)

    with pytest.raises(PermanentError) as caught:
        resets.prepare(target("c1"), STEWARD)
    assert caught.value.reason is Reason.WRONG_IDENTITY


def test_a_key_refused_after_it_was_known_is_a_bad_key_and_no_stranger(
    scene, simulator, resets, target
):
    scene.token_life_seconds = 40
    resets.prepare(target("c1"), STEWARD)
    scene.remove_person(FUNCTIONAL)

    with pytest.raises(PermanentError) as caught:
        resets.prepare(target("c1"), STEWARD)

    assert caught.value.reason is Reason.BAD_KEY


def test_a_key_replaced_between_two_looks_resets_nothing(scene, simulator, target):
    scene.add_person("IBMid-2", "second@example.com")
    scene.add_login_key("IBMid-2", "second-key")
    scene.token_life_seconds = 40
    gone = partial(delete_login, scene, FUNCTIONAL)
    # Whose it is takes two looks; its token the third.
    key = Replaced(FUNCTIONAL_KEY, "second-key", after=2, with_it=gone)
    account = an_account(replace(a_functional_id(), apikey=key))
    resets = open_resets(account, settings_for(simulator.url))

    with pytest.raises(PermanentError) as caught:
        resets.prepare(target("c1"), STEWARD)

    assert caught.value.reason is Reason.WRONG_IDENTITY
    assert str(caught.value) == (
        "The key of functional-id is not that of IBMid-6600001FID any more"
    )
