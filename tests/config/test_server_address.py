"""Addresses with TLS, and the files of who may sign; what is unsound is a fault."""

import pytest
from tls_scenes import Authority

from config.settings import Settings, SettingsError


def faults_of(**given):
    with pytest.raises(SettingsError) as found:
        Settings.from_env({f"OFFBOARD_{name}": value for name, value in given.items()})
    return found.value.faults


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def test_a_file_of_who_signs_goes_with_an_address_that_has_tls(authority):
    settings = Settings.from_env(
        {
            "OFFBOARD_STORE_URL": "rediss://redis.example.com/0",
            "OFFBOARD_STORE_CA_FILE": str(authority.file),
            "OFFBOARD_BROKER_URL": "amqps://rabbit.example.com//",
            "OFFBOARD_BROKER_CA_FILE": str(authority.file),
        }
    )

    assert settings.store_ca_file == settings.broker_ca_file == str(authority.file)


def test_a_file_that_would_be_used_for_nothing_is_a_fault(authority):
    assert faults_of(
        STORE_URL="redis://redis.example.com/0",
        STORE_CA_FILE=str(authority.file),
        BROKER_CA_FILE=str(authority.file),
    ) == [
        "OFFBOARD_STORE_CA_FILE: Needs a STORE_URL that begins with rediss://.",
        "OFFBOARD_BROKER_CA_FILE: Needs a BROKER_URL that begins with rediss:// or "
        "amqps://.",
    ]


def test_the_broker_of_a_store_with_tls_may_have_a_file_of_its_own(authority):
    settings = Settings.from_env(
        {
            "OFFBOARD_STORE_URL": "rediss://redis.example.com/0",
            "OFFBOARD_BROKER_CA_FILE": str(authority.file),
        }
    )

    assert settings.broker_ca_file == str(authority.file)


def test_a_file_that_is_away_or_holds_something_else_is_named(tmp_path):
    other = tmp_path / "key.pem"
    other.write_text("a key of nobody")
    address = "rediss://redis.example.com/0"

    assert faults_of(STORE_URL=address, STORE_CA_FILE=str(other)) == [
        "OFFBOARD_STORE_CA_FILE: The file holds no certificate as PEM."
    ]
    assert faults_of(STORE_URL=address, STORE_CA_FILE=str(tmp_path / "none")) == [
        "OFFBOARD_STORE_CA_FILE: The file cannot be read: No such file or directory."
    ]


@pytest.mark.parametrize(
    "option",
    ["ssl_cert_reqs=none", "ssl_check_hostname=false", "a=b&ssl_ca_certs=/tmp/x"],
)
def test_no_option_in_an_address_turns_the_check_of_a_certificate_off(option):
    assert faults_of(
        STORE_URL=f"rediss://redis.example.com/0?{option}",
        BROKER_URL=f"rediss://redis.example.com/1?{option}",
    ) == [
        "OFFBOARD_STORE_URL: No ssl_… in it: certificates are always checked; "
        "STORE_CA_FILE says by whom they may be signed.",
        "OFFBOARD_BROKER_URL: No ssl_… in it: certificates are always checked; "
        "BROKER_CA_FILE says by whom they may be signed.",
    ]
