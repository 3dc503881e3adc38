"""`offboard permissions`: no service, no keys, the accounts file alone."""

import pytest
from click.testing import CliRunner
from fake_api import result_in

from service.cli import main

ACCOUNTS = """
[[account]]
id = "b1f3"
name = "production"
reader = { apikey_file = "nowhere/reader" }

[[account.functional_id]]
name = "iks-1"
apikey_file = "nowhere/iks-1"
resource_groups = ["payments"]

[[account]]
id = "c2d4"
reader = { apikey_file = "nowhere/reader" }
"""


@pytest.fixture
def typed(tmp_path):
    path = tmp_path / "accounts.toml"
    path.write_text(ACCOUNTS)

    def run(*words, **env):
        environ = env or {"OFFBOARD_ACCOUNTS_FILE": str(path)}
        return CliRunner(env=environ).invoke(main, ["permissions", *words])

    return run


@pytest.mark.parametrize("account", ["b1f3", "production"])
def test_the_grants_of_an_account_are_printed_though_no_key_can_be_read(typed, account):
    done = typed("--account", account)

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("# Account production (b1f3).")
    assert "ibmcloud iam user-policy-create IKS_1 --roles" in done.stdout
    assert "--resource-group-name payments" in done.stdout
    assert "nowhere" not in done.stdout


def test_an_account_without_a_functional_id_is_only_read(typed):
    done = typed("--account", "c2d4")

    assert done.exit_code == 0
    assert "is only read." in done.stdout
    assert "For acting" not in done.stdout


def test_the_formats_say_the_same(typed):
    body = result_in(typed("--account", "b1f3", "--format", "json").stdout)
    terraform = typed("--account", "b1f3", "--format", "terraform").stdout

    grants = [*body["reading"]["grants"], *body["acting"][0]["grants"]]
    assert terraform.count('resource "ibm_iam_user_policy"') == len(grants) == 12
    assert 'data "ibm_resource_group" "group_1_payments"' in terraform


def test_a_functional_id_may_be_said_to_be_a_service_id(typed):
    done = typed("--account", "b1f3", "--service-id", "iks-1")

    assert "ibmcloud iam service-policy-create ServiceId-IKS_1" in done.stdout


def test_an_unknown_account_names_those_there_are(typed):
    done = typed("--account", "prod")

    assert done.exit_code == 2
    assert "No such account is set up; there are: production (b1f3), c2d4." in (
        done.stderr
    )


def test_an_unknown_functional_id_names_those_there_are(typed):
    done = typed("--account", "b1f3", "--service-id", "iks")

    assert done.exit_code == 2
    assert "called iks; there are: iks-1." in done.stderr


def test_one_account_without_a_file_has_one_functional_id_of_everything(typed):
    done = typed("--account", "b1f3", OFFBOARD_ACCOUNT_ID="b1f3")

    assert done.exit_code == 0
    assert "create FUNCTIONAL_ID --roles Administrator,Manager" in done.stdout
    assert "--resource-group" not in done.stdout


def test_without_any_account_it_says_what_to_set(typed):
    done = typed("--account", "b1f3", OFFBOARD_LOG_LEVEL="INFO")

    assert done.exit_code == 5
    assert done.stderr.startswith("OFFBOARD_ACCOUNTS_FILE: Set it, or")


def test_two_accounts_of_one_name_are_not_guessed_between(typed, tmp_path):
    path = tmp_path / "two.toml"
    path.write_text(ACCOUNTS.replace('id = "c2d4"', 'id = "c2d4"\nname = "production"'))

    done = typed("--account", "production", OFFBOARD_ACCOUNTS_FILE=str(path))

    assert done.exit_code == 2
    assert "Several accounts are called so" in done.stderr
