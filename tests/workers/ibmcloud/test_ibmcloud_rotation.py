"""A key that is changed in its file: the new one is proven before the old one goes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from ibmcloud_scenes import (
    FUNCTIONAL,
    FUNCTIONAL_KEY,
    READER_KEY,
    a_functional_id,
    an_account,
    delete_login,
    settings_for,
)
from structlog.testing import capture_logs

from config.settings import FileSecret, Secret
from simulator import Fault, status
from workers.ibmcloud import tokens as tokens_module
from workers.ibmcloud.account import open_cloud
from workers.ibmcloud.key_details import details_of
from workers.ibmcloud.tokens import Tokens
from workers.offboarding.errors import PermanentError, Reason, TransientError

ACCOUNT = "3f0aa1d2b4c65e7f8091a2b3c4d5e6f7"
NEW_KEY = "functional-key-made-anew-00000000000000000002"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "key"
    path.write_text(FUNCTIONAL_KEY)
    return path


@pytest.fixture
def held(simulator, file):
    """The tokens of a key in a file, with one in hand."""
    tokens = Tokens(FileSecret(file), simulator.url, ACCOUNT)
    tokens.token()
    return tokens


def test_a_good_new_key_takes_the_place_of_the_old_and_of_its_token(scene, held, file):
    before = held.token()
    scene.add_login_key(FUNCTIONAL, NEW_KEY)

    file.write_text(NEW_KEY)

    after = held.token()
    assert after is not before
    assert after.claims.iam_id == FUNCTIONAL
    assert held.in_force().key == Secret(NEW_KEY)
    assert held.in_force().declined == ""


def test_a_new_key_that_iam_refuses_leaves_the_old_one_in_force(held, file):
    before = held.token()

    with capture_logs() as logs:
        file.write_text("a-key-that-nobody-has-000000000000000000000")
        after = [held.token(), held.token()]

    assert after == [before, before]
    assert held.in_force().key == Secret(FUNCTIONAL_KEY)
    assert "BXNIM0415E" in held.in_force().declined
    assert [one["event"] for one in logs if "key." in one["event"]] == ["key.not_taken"]


def test_an_old_key_goes_on_beyond_its_token_while_the_new_one_is_refused(
    scene, simulator, file
):
    scene.token_life_seconds = 40
    tokens = Tokens(FileSecret(file), simulator.url, ACCOUNT)
    tokens.token()
    file.write_text("a-key-that-nobody-has-000000000000000000000")

    assert tokens.token().claims.iam_id == FUNCTIONAL
    assert tokens.token().claims.iam_id == FUNCTIONAL


def test_a_key_of_another_identity_does_not_take_the_place_of_a_good_one(
    scene, held, file
):
    scene.add_person("IBMid-2", "second@example.com")
    scene.add_login_key("IBMid-2", "second-key")

    file.write_text("second-key")

    assert held.token().claims.iam_id == FUNCTIONAL
    assert held.known().iam_id == FUNCTIONAL
    assert held.in_force().declined == (
        "The API key is that of IBMid-2, not of IBMid-6600001FID"
    )


def test_where_the_old_one_is_dead_the_key_in_the_file_is_taken_as_after_a_restart(
    scene, simulator, file
):
    scene.token_life_seconds = 40
    scene.add_person("IBMid-2", "second@example.com")
    scene.add_login_key("IBMid-2", "second-key")
    tokens = Tokens(FileSecret(file), simulator.url, ACCOUNT)
    tokens.token()
    file.write_text("second-key")
    delete_login(scene, FUNCTIONAL)

    assert tokens.token().claims.iam_id == "IBMid-2"


def test_two_bad_keys_one_after_the_other_are_a_bad_key(scene, simulator, file):
    scene.token_life_seconds = 40
    tokens = Tokens(FileSecret(file), simulator.url, ACCOUNT)
    tokens.token()
    file.write_text("a-key-that-nobody-has-000000000000000000000")
    delete_login(scene, FUNCTIONAL)

    with pytest.raises(PermanentError) as caught:
        tokens.token()

    assert caught.value.reason is Reason.BAD_KEY


def test_while_iam_is_away_a_new_key_waits_and_is_taken_when_it_is_back(
    scene, simulator, held, file, monkeypatch
):
    scene.add_login_key(FUNCTIONAL, NEW_KEY)
    simulator.faults.add(Fault("POST", "/identity/token", status(503), times=1))
    file.write_text(NEW_KEY)

    during = held.token()
    assert held.in_force().key == Secret(FUNCTIONAL_KEY)
    monkeypatch.setattr(tokens_module, "_TRY_AGAIN_SECONDS", 0.0)
    held._declined = replace(held._declined, until=0.0)

    assert during.claims.iam_id == FUNCTIONAL
    assert held.token() is not during
    assert held.in_force().key == Secret(NEW_KEY)


def test_a_file_that_is_mended_ends_what_was_said_of_it(held, file):
    file.write_text("a-key-that-nobody-has-000000000000000000000")
    held.token()
    assert held.in_force().declined

    file.write_text(FUNCTIONAL_KEY)

    held.token()
    assert held.in_force().declined == ""


def test_surveys_and_cases_share_the_tokens_of_a_key(simulator, file):
    ours = replace(a_functional_id(), apikey=FileSecret(file))
    account, settings = an_account(ours), settings_for(simulator.url)
    cloud = open_cloud(account, settings)
    survey = open_cloud(account, settings, is_survey=True, holds=cloud.holds)

    cloud.reader_id()
    survey.reader_id()

    assert len(simulator.journal.calls("POST", "/identity/token")) == 1


def test_iam_names_the_key_in_use_by_its_value(scene, simulator):
    scene.add_login_key(FUNCTIONAL, NEW_KEY, created_at=1_790_000_000.0)
    ours = replace(a_functional_id(), apikey=Secret(NEW_KEY))
    cloud = open_cloud(an_account(ours, reader=READER_KEY), settings_for(simulator.url))
    ((_, tokens), _) = cloud.holds.named()

    found = details_of(cloud.asker(tokens), Secret(NEW_KEY))

    assert found.id == scene.key_of_raw(NEW_KEY).key_id
    assert found.name == "login-key"
    assert found.created_at == datetime(2026, 9, 21, 14, 13, tzinfo=UTC)


def test_of_a_key_that_iam_does_not_show_nothing_is_said(simulator, cloud):
    ((_, tokens), _) = cloud.holds.named()

    with pytest.raises(TransientError):
        details_of(cloud.asker(tokens), Secret("a-key-that-nobody-has"))
