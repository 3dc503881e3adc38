import hashlib
from dataclasses import asdict
from pathlib import Path

import pytest

from config.settings import (
    AccountSettings,
    FileSecret,
    FunctionalIdSettings,
    Secret,
    Settings,
    SettingsError,
    Token,
    environ_for,
    every_setting,
)

DIGEST = hashlib.sha256(b"a token").hexdigest()
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SLACK = {
    "OFFBOARD_SLACK_BOT_TOKEN": "xoxb-1-2-three",
    "OFFBOARD_SLACK_CHANNEL_ID": "C0123",
}
MAIL = {
    "OFFBOARD_SMTP_HOST": "mail.example.com",
    "OFFBOARD_MAIL_FROM": "offboard@example.com",
    "OFFBOARD_MAIL_TO": "ops@example.com",
}
WORKER = {
    "OFFBOARD_ACCOUNT_ID": "b1f3",
    "OFFBOARD_FUNCTIONAL_ID_APIKEY": "key-of-the-functional-id",
}


def faults(environ, process="web"):
    with pytest.raises(SettingsError) as caught:
        Settings.from_env(environ, process=process)
    return caught.value.faults


def test_with_nothing_set_it_is_a_dry_run_on_the_embedded_store():
    settings = Settings.from_env({})

    assert settings.armed is False
    assert settings.store_url == "embedded:var/store"
    assert settings.host == "127.0.0.1"
    assert settings.channels == ()
    assert settings.accounts == ()
    assert settings.account_ids == ()
    assert settings.identity_map_file == ()
    assert settings.ibm_cloud_requests_per_10_seconds == 120
    assert settings.exposure_interval_minutes == 360
    assert settings.secrets() == ()


def test_nothing_risky_is_on_by_default():
    settings = Settings.from_env({})

    assert settings.max_targets_per_case == 20
    assert settings.canary is True
    assert settings.preflight_unknown == "hold"
    assert settings.retire_old_keys == "off"
    assert settings.refresh_masters is False


def test_how_resets_go_and_what_follows_them_can_be_set():
    settings = Settings.from_env(
        {
            "OFFBOARD_MAX_TARGETS_PER_CASE": "1000",
            "OFFBOARD_CANARY": "0",
            "OFFBOARD_PREFLIGHT_UNKNOWN": "go",
            "OFFBOARD_RETIRE_OLD_KEYS": "disable",
            "OFFBOARD_REFRESH_MASTERS": "1",
        }
    )

    assert settings.max_targets_per_case == 1000
    assert settings.canary is False
    assert settings.preflight_unknown == "go"
    assert settings.retire_old_keys == "disable"
    assert settings.refresh_masters is True


def test_the_key_that_signs_evidence_is_32_bytes_for_workers_alone():
    given = {"OFFBOARD_EVIDENCE_KEY": "0123456789abcdef" * 4}

    worker = Settings.from_env({**given, **WORKER}, process="worker")
    web = Settings.from_env(given)

    assert worker.evidence_key == Secret("0123456789abcdef" * 4)
    assert web.evidence_key is None
    assert "OFFBOARD_EVIDENCE_KEY" not in environ_for("web", given)
    assert "OFFBOARD_EVIDENCE_KEY_FILE" not in environ_for(
        "beat", {"OFFBOARD_EVIDENCE_KEY_FILE": "/run/secrets/evidence"}
    )


@pytest.mark.parametrize("text", ["short", "g" * 64, "0" * 64, "0123456789abcdef" * 3])
def test_a_malformed_key_for_evidence_is_refused_without_its_value(text):
    with pytest.raises(SettingsError) as error:
        Settings.from_env({"OFFBOARD_EVIDENCE_KEY": text, **WORKER}, process="worker")

    assert [one.split(":")[0] for one in error.value.faults] == [
        "OFFBOARD_EVIDENCE_KEY"
    ]
    assert text not in str(error.value)


def test_a_token_names_the_person_behind_it_and_else_is_its_own():
    settings = Settings.from_env(
        {"OFFBOARD_API_TOKENS": f"laptop:operator:{DIGEST}:dana,ci:viewer:{DIGEST}"}
    )

    assert settings.api_tokens == (
        Token("laptop", "operator", DIGEST, "dana"),
        Token("ci", "viewer", DIGEST),
    )
    assert [one.person for one in settings.api_tokens] == ["dana", "ci"]


def test_settings_are_read_from_the_environment_given_and_from_no_other(monkeypatch):
    monkeypatch.setenv("OFFBOARD_PORT", "1234")

    assert Settings.from_env({}).port == 8000


def test_every_kind_of_value_is_read():
    settings = Settings.from_env(
        {
            **SLACK,
            **MAIL,
            "OFFBOARD_ARMED": "1",
            "OFFBOARD_STORE_URL": "rediss://:pass@store.example.com:6380/0",
            "OFFBOARD_VERIFY_DEADLINE_SECONDS": "12.5",
            "OFFBOARD_PROTECTED_USERS": " IBMid-1 , boss@example.com,,",
            "OFFBOARD_API_TOKENS": f"ci:operator:{DIGEST}, audit:viewer:{DIGEST}",
            "OFFBOARD_SOURCE_STANDARD_SECRET": f"{WHSEC},{WHSEC}",
            "OFFBOARD_MAIL_TO": "ops@example.com, night@example.com",
            "OFFBOARD_PORT": "9000",
            "OFFBOARD_IBM_CLOUD_REQUESTS_PER_10_SECONDS": "4",
            "OFFBOARD_EXPOSURE_INTERVAL_MINUTES": "0.05",
            "UNRELATED": "left alone",
        }
    )

    assert settings.armed is True
    assert settings.store_url == "rediss://:pass@store.example.com:6380/0"
    assert settings.verify_deadline_seconds == 12.5
    assert settings.protected_users == ("IBMid-1", "boss@example.com")
    assert settings.api_tokens == (
        Token("ci", "operator", DIGEST),
        Token("audit", "viewer", DIGEST),
    )
    assert settings.sources.standard.secret == (Secret(WHSEC), Secret(WHSEC))
    assert settings.mail_to == ("ops@example.com", "night@example.com")
    assert settings.port == 9000
    assert settings.ibm_cloud_requests_per_10_seconds == 4
    assert settings.exposure_interval_minutes == 0.05
    assert settings.channels == ("slack", "mail")


@pytest.mark.parametrize("name", [each.name for each in every_setting()])
def test_an_empty_variable_is_as_none_at_all(name):
    environ = {
        f"OFFBOARD_{name.upper()}": "",
        **(
            {f"OFFBOARD_{name.upper()}_FILE": ""}
            if next(one for one in every_setting() if one.name == name).metadata[
                "secret"
            ]
            else {}
        ),
    }

    assert Settings.from_env(environ) == Settings()


def test_all_faults_are_told_at_once_by_name_and_without_values(tmp_path):
    environ = {
        "OFFBOARD_ARMED": "value-armed",
        "OFFBOARD_STORE_URL": "value-store://",
        "OFFBOARD_BROKER_URL": "value-broker://",
        "OFFBOARD_ACCOUNTS_FILE": str(tmp_path / "value-accounts"),
        "OFFBOARD_IDENTITY_MAP_FILE": str(tmp_path / "value-people"),
        "OFFBOARD_ACCOUNT_ID": "value/account",
        "OFFBOARD_IAM_URL": "http://value-iam.example.com",
        "OFFBOARD_SETTLE_MINUTES": "value-settle",
        "OFFBOARD_API_TOKENS": "value-token",
        "OFFBOARD_SOURCE_STANDARD_SECRET": "value-secret",
        "OFFBOARD_SLACK_BOT_TOKEN_FILE": str(tmp_path / "value-file"),
        "OFFBOARD_SMTP_PORT": "70000",
        "OFFBOARD_SMTP_SECURITY": "value-security",
        "OFFBOARD_MAIL_FROM": "value-from",
        "OFFBOARD_MAIL_TO": "value-to",
        "OFFBOARD_URL": "value-url",
        "OFFBOARD_LOG_LEVEL": "value-level",
        "OFFBOARD_PORT": "value-port",
        "OFFBOARD_VALUE": "value-unknown",
    }

    found = faults(environ, process="worker")

    assert [fault.split(":")[0] for fault in found] == [
        "OFFBOARD_ARMED",
        "OFFBOARD_STORE_URL",
        "OFFBOARD_BROKER_URL",
        "OFFBOARD_ACCOUNTS_FILE",
        "OFFBOARD_ACCOUNT_ID",
        "OFFBOARD_IDENTITY_MAP_FILE",
        "OFFBOARD_IAM_URL",
        "OFFBOARD_SETTLE_MINUTES",
        "OFFBOARD_API_TOKENS",
        "OFFBOARD_SOURCE_STANDARD_SECRET",
        "OFFBOARD_SLACK_BOT_TOKEN",
        "OFFBOARD_SMTP_PORT",
        "OFFBOARD_SMTP_SECURITY",
        "OFFBOARD_MAIL_FROM",
        "OFFBOARD_MAIL_TO",
        "OFFBOARD_URL",
        "OFFBOARD_LOG_LEVEL",
        "OFFBOARD_PORT",
        "OFFBOARD_VALUE",
    ]
    assert "value-" not in str(found)
    assert "70000" not in str(found)


def test_the_error_says_every_fault_on_a_line_of_its_own():
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"OFFBOARD_PORT": "x", "OFFBOARD_SMTP_PORT": "0"})

    assert str(caught.value).splitlines() == caught.value.faults
    assert len(caught.value.faults) == 2


def test_an_unknown_name_is_a_fault():
    assert faults({"OFFBOARD_ARMD": "1"}) == [
        "OFFBOARD_ARMD: There is no such setting."
    ]


def test_what_is_no_secret_does_not_come_as_a_file(tmp_path):
    (tmp_path / "port").write_text("9000")

    assert faults({"OFFBOARD_PORT_FILE": str(tmp_path / "port")}) == [
        "OFFBOARD_PORT_FILE: There is no such setting."
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("slack_webhook_url", "https://hooks.slack.example.com/services/T/B/three"),
        ("source_standard_secret", WHSEC),
        ("api_tokens", f"ci:viewer:{DIGEST}"),
        ("token", "ofb_a-token-of-the-command-line"),
        ("store_url", "redis://:pass@store.example.com:6379/0"),
        ("broker_url", "redis://:pass@store.example.com:6379/1"),
    ],
)
def test_a_secret_may_come_as_a_file(tmp_path, name, text):
    (tmp_path / "secret").write_text(f"\n  {text}\n")

    by_file = Settings.from_env(
        {f"OFFBOARD_{name.upper()}_FILE": str(tmp_path / "secret")}
    )
    by_value = Settings.from_env({f"OFFBOARD_{name.upper()}": text})

    assert by_file == by_value
    assert by_file != Settings()


def test_a_secret_twice_is_a_fault(tmp_path):
    (tmp_path / "token").write_text("one")

    found = faults(
        {
            "OFFBOARD_TOKEN": "the-other",
            "OFFBOARD_TOKEN_FILE": str(tmp_path / "token"),
        }
    )

    assert found == ["OFFBOARD_TOKEN: Set it or OFFBOARD_TOKEN_FILE, not both."]


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file or directory"), (b"\xff\xfe", "it is no text")],
)
def test_a_file_that_cannot_be_read_is_a_fault(tmp_path, content, why):
    if content is not None:
        (tmp_path / "token").write_bytes(content)

    assert faults({"OFFBOARD_TOKEN_FILE": str(tmp_path / "token")}) == [
        f"OFFBOARD_TOKEN: The file named by OFFBOARD_TOKEN_FILE cannot be read: {why}."
    ]


def test_a_folder_in_place_of_a_file_is_a_fault(tmp_path):
    assert faults({"OFFBOARD_TOKEN_FILE": str(tmp_path)}) == [
        "OFFBOARD_TOKEN: The file named by OFFBOARD_TOKEN_FILE cannot be read: "
        "Is a directory."
    ]


def test_an_empty_file_does_not_switch_a_source_off_unseen(tmp_path):
    (tmp_path / "secret").write_text("\n")

    assert faults(
        {"OFFBOARD_SOURCE_STANDARD_SECRET_FILE": str(tmp_path / "secret")}
    ) == [
        "OFFBOARD_SOURCE_STANDARD_SECRET: "
        "The file named by OFFBOARD_SOURCE_STANDARD_SECRET_FILE is empty."
    ]


@pytest.mark.parametrize("process", ["web", "beat", "store"])
def test_who_is_no_worker_reads_no_key_and_needs_none(process, tmp_path):
    environ = {
        **WORKER,
        "OFFBOARD_READER_APIKEY_FILE": str(tmp_path / "not-there"),
    }

    settings = Settings.from_env(environ, process=process)

    assert settings.functional_id_apikey is None
    assert settings.reader_apikey is None
    assert settings.accounts == ()
    assert settings.secrets() == ()
    assert Settings.from_env({}, process=process) == Settings()


def test_a_worker_reads_both_keys(tmp_path):
    (tmp_path / "reader").write_text("key-of-the-reader\n")

    settings = Settings.from_env(
        {**WORKER, "OFFBOARD_READER_APIKEY_FILE": str(tmp_path / "reader")},
        process="worker",
    )

    assert settings.accounts == (
        AccountSettings(
            "b1f3",
            (
                FunctionalIdSettings(
                    "functional-id", Secret("key-of-the-functional-id")
                ),
            ),
            FileSecret(tmp_path / "reader"),
        ),
    )
    assert settings.account_ids == ("b1f3",)
    assert settings.secrets() == ("key-of-the-functional-id", "key-of-the-reader")


@pytest.mark.parametrize("name", ["functional_id_apikey", "reader_apikey"])
def test_a_key_in_a_file_may_be_replaced_while_the_worker_runs(tmp_path, name):
    (tmp_path / "key").write_text("the-first-key\n")
    settings = Settings.from_env(
        {
            "OFFBOARD_ACCOUNT_ID": "b1f3",
            f"OFFBOARD_{name.upper()}_FILE": str(tmp_path / "key"),
        },
        process="worker",
    )
    known = settings.secrets()

    (tmp_path / "key").write_text("the-second-key\n")

    assert known == ("the-first-key",)
    assert getattr(settings, name).reveal() == "the-second-key"
    assert settings.accounts[0].keys[0].reveal() == "the-second-key"
    assert settings.secrets() == ("the-second-key",)


@pytest.mark.parametrize("process", ["worker", "local"])
@pytest.mark.parametrize("name", ["FUNCTIONAL_ID_APIKEY", "READER_APIKEY"])
@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "cannot be read: No such file or directory"), (" \n", "is empty")],
)
def test_a_key_file_of_no_use_is_the_only_fault_told_of_it(
    tmp_path, process, name, content, why
):
    if content is not None:
        (tmp_path / "key").write_text(content)
    variable = f"OFFBOARD_{name}"
    environ = {
        "OFFBOARD_ACCOUNT_ID": "b1f3",
        f"{variable}_FILE": str(tmp_path / "key"),
    }

    assert faults(environ, process=process) == [
        f"{variable}: The file named by {variable}_FILE {why}."
    ]


def test_a_worker_without_account_or_key_is_a_fault():
    assert faults({}, process="worker") == [
        "OFFBOARD_ACCOUNT_ID: A worker needs it, or ACCOUNTS_FILE.",
        "OFFBOARD_FUNCTIONAL_ID_APIKEY: "
        "A worker needs it, or it as a file; READER_APIKEY is enough to look.",
    ]


def test_an_account_that_is_faulty_is_not_told_as_missing_too():
    found = faults({**WORKER, "OFFBOARD_ACCOUNT_ID": "b1f3/"}, process="worker")

    assert found == ["OFFBOARD_ACCOUNT_ID: Only letters and digits, 64 at most."]


def test_a_worker_that_only_looks_needs_no_functional_id_and_an_armed_one_does():
    environ = {
        "OFFBOARD_ACCOUNT_ID": "b1f3",
        "OFFBOARD_READER_APIKEY": "key-of-the-reader",
    }

    settings = Settings.from_env(environ, process="worker")
    found = faults({**environ, **SLACK, "OFFBOARD_ARMED": "1"}, process="worker")

    assert settings.accounts == (
        AccountSettings("b1f3", (), Secret("key-of-the-reader")),
    )
    assert settings.secrets() == ("key-of-the-reader",)
    assert found == [
        "OFFBOARD_FUNCTIONAL_ID_APIKEY: "
        "An armed worker needs it, or it as a file: READER_APIKEY only looks."
    ]


@pytest.mark.parametrize("name", ["FUNCTIONAL_ID_APIKEY", "READER_APIKEY"])
def test_a_local_command_needs_a_key_and_no_account(name):
    settings = Settings.from_env({f"OFFBOARD_{name}": "one-key"}, process="local")

    assert [one.id for one in settings.accounts] == [""]
    assert [one.reveal() for one in settings.accounts[0].keys] == ["one-key"]
    assert settings.account_ids == ()
    assert settings.secrets() == ("one-key",)


def test_a_local_command_without_a_key_is_a_fault():
    assert faults({"OFFBOARD_ACCOUNT_ID": "b1f3"}, process="local") == [
        "OFFBOARD_READER_APIKEY: "
        "Needed with --local, or it as a file; or ACCOUNTS_FILE."
    ]


@pytest.mark.parametrize("process", ["worker", "local"])
def test_an_accounts_file_of_no_use_is_not_told_as_missing_too(tmp_path, process):
    environ = {"OFFBOARD_ACCOUNTS_FILE": str(tmp_path / "not-there")}

    assert faults(environ, process=process) == [
        "OFFBOARD_ACCOUNTS_FILE: The file cannot be read."
    ]


def test_a_process_is_given_no_key_that_it_may_not_read():
    environ = {
        **WORKER,
        "OFFBOARD_READER_APIKEY": "one",
        "OFFBOARD_READER_APIKEY_FILE": "two",
        "OFFBOARD_FUNCTIONAL_ID_APIKEY_FILE": "three",
        "OFFBOARD_TOKEN_FILE": "four",
        "OFFBOARD_ACCOUNTS_FILE": "five",
        "PATH": "/bin",
    }
    others = {
        "OFFBOARD_ACCOUNT_ID": "b1f3",
        "OFFBOARD_ACCOUNTS_FILE": "five",
        "OFFBOARD_TOKEN_FILE": "four",
        "PATH": "/bin",
    }

    assert environ_for("web", environ) == others
    assert environ_for("beat", environ) == others
    assert environ_for("store", environ) == others
    assert environ_for("worker", environ) == environ
    assert environ_for("local", environ) == environ


def test_armed_without_a_report_channel_is_a_fault():
    assert faults({"OFFBOARD_ARMED": "1"}) == [
        "OFFBOARD_ARMED: Armed, but no report channel is set up: set SLACK_… or SMTP_…."
    ]


def test_armed_without_a_channel_is_told_beside_other_faults():
    found = faults({"OFFBOARD_ARMED": "1", "OFFBOARD_PORT": "x"})

    assert [fault.split(":")[0] for fault in found] == [
        "OFFBOARD_PORT",
        "OFFBOARD_ARMED",
    ]


def test_a_channel_that_is_faulty_is_not_told_as_missing_too(tmp_path):
    found = faults(
        {
            "OFFBOARD_ARMED": "1",
            "OFFBOARD_SLACK_BOT_TOKEN_FILE": str(tmp_path / "not-there"),
        }
    )

    assert [fault.split(":")[0] for fault in found] == ["OFFBOARD_SLACK_BOT_TOKEN"]


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        (SLACK, "slack"),
        (MAIL, "mail"),
        ({"OFFBOARD_SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/x"}, "slack"),
    ],
)
def test_one_channel_is_enough_to_be_armed(channel, name):
    settings = Settings.from_env({"OFFBOARD_ARMED": "1", **channel})

    assert settings.channels == (name,)


@pytest.mark.parametrize(
    ("environ", "fault"),
    [
        (
            {"OFFBOARD_SLACK_BOT_TOKEN": "xoxb-1"},
            "OFFBOARD_SLACK_CHANNEL_ID: Needed with SLACK_BOT_TOKEN.",
        ),
        (
            {**SLACK, "OFFBOARD_SLACK_WEBHOOK_URL": "https://hooks.slack.com/services"},
            "OFFBOARD_SLACK_WEBHOOK_URL: Set it or SLACK_BOT_TOKEN, not both.",
        ),
        (
            {**MAIL, "OFFBOARD_MAIL_FROM": ""},
            "OFFBOARD_MAIL_FROM: Needed with SMTP_HOST.",
        ),
        ({**MAIL, "OFFBOARD_MAIL_TO": ""}, "OFFBOARD_MAIL_TO: Needed with SMTP_HOST."),
        (
            {**MAIL, "OFFBOARD_SMTP_USER": "me"},
            "OFFBOARD_SMTP_PASSWORD: Needed with SMTP_USER.",
        ),
        (
            {**MAIL, "OFFBOARD_SMTP_PASSWORD": "hidden"},
            "OFFBOARD_SMTP_USER: Needed with SMTP_PASSWORD.",
        ),
        (
            {
                **MAIL,
                "OFFBOARD_SMTP_USER": "me",
                "OFFBOARD_SMTP_PASSWORD": "hidden",
                "OFFBOARD_SMTP_SECURITY": "none",
            },
            "OFFBOARD_SMTP_SECURITY: A password is sent only over starttls or tls.",
        ),
    ],
)
def test_what_does_not_go_together_is_a_fault(environ, fault):
    assert faults(environ) == [fault]


def test_a_password_may_go_in_the_clear_to_this_machine():
    settings = Settings.from_env(
        {
            **MAIL,
            "OFFBOARD_SMTP_HOST": "127.0.0.1",
            "OFFBOARD_SMTP_USER": "me",
            "OFFBOARD_SMTP_PASSWORD": "hidden",
            "OFFBOARD_SMTP_SECURITY": "none",
        }
    )

    assert settings.smtp_security == "none"


FAR_SIDES = [
    "iam_url",
    "containers_url",
    "user_management_url",
    "resource_manager_url",
    "slack_api_url",
    "slack_webhook_url",
]


@pytest.mark.parametrize("name", FAR_SIDES)
def test_a_far_side_is_spoken_to_over_https(name):
    variable = f"OFFBOARD_{name.upper()}"

    assert faults({variable: "http://iam.example.com"}) == [
        f"{variable}: Must be https, save on loopback."
    ]


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8080/prefix",
        "http://localhost",
        "http://[::1]",
        "http://[::1]:8080",
        "https://private.iam.cloud.ibm.com",
    ],
)
def test_a_simulator_on_loopback_and_a_private_endpoint_are_let_through(address):
    settings = Settings.from_env({"OFFBOARD_IAM_URL": f"{address}/"})

    assert settings.iam_url == address


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:80@evil.example.com",
        "http://localhost@evil.example.com/",
        "http://evil.example.com/127.0.0.1",
        "http://evil.example.com?127.0.0.1",
        "http://evil.example.com#@127.0.0.1",
        "http://127.0.0.1.evil.example.com",
        "http://localhost.evil.example.com:80",
        "https://me:hidden@iam.example.com",
        "https://",
        "https://:443",
        "https://iam.example.com:port",
        "https://iam.example.com:70000",
        "https://[::1",
        "https://iam.example.com/ x",
        "https://iam.example.com\n",
        "ftp://iam.example.com",
        "iam.example.com",
    ],
)
def test_what_only_looks_like_loopback_or_an_address_is_refused(address):
    found = faults({"OFFBOARD_IAM_URL": address})

    assert [fault.split(":")[0] for fault in found] == ["OFFBOARD_IAM_URL"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("armed", "2"),
        ("armed", "on "),
        ("account_id", "b1f3\n"),
        ("ibm_cloud_requests_per_10_seconds", "3"),
        ("ibm_cloud_requests_per_10_seconds", "201"),
        ("ibm_cloud_requests_per_10_seconds", "12.5"),
        ("exposure_interval_minutes", "0.04"),
        ("exposure_interval_minutes", "10081"),
        ("account_id", "b1f3/x"),
        ("verify_deadline_seconds", "0"),
        ("verify_deadline_seconds", "nan"),
        ("verify_deadline_seconds", "inf"),
        ("settle_minutes", "-1"),
        ("port", "0"),
        ("port", "65536"),
        ("port", "80.5"),
        ("store_url", "embedded:"),
        ("store_url", "redis://"),
        ("store_url", "redis://[::1"),
        ("store_url", "redis://store:port"),
        ("store_url", "http://store.example.com"),
        ("broker_url", "embedded:var/broker"),
        ("broker_url", "amqp://"),
        ("broker_url", "amqp:///vhost"),
        ("broker_url", "sqs://broker.example.com"),
        ("smtp_security", "ssl"),
        ("log_level", "info"),
        ("mail_from", "offboard"),
        ("mail_to", "ops@example.com, nobody"),
        ("mail_to", ","),
        ("protected_users", " , "),
        ("api_tokens", ","),
        ("api_tokens", f"ci:operator:{DIGEST},"[:-2]),
        ("api_tokens", f"ci:admin:{DIGEST}"),
        ("api_tokens", f":viewer:{DIGEST}"),
        ("api_tokens", f"a b:viewer:{DIGEST}"),
        ("api_tokens", f"ci:viewer:{DIGEST.upper()}"),
        ("api_tokens", f"ci:viewer:{DIGEST}:dana:more"),
        ("api_tokens", f"ci:viewer:{DIGEST}:"),
        ("api_tokens", f"ci:viewer:{DIGEST}:dana lee"),
        ("api_tokens", f"ci:viewer:dana:{DIGEST}"),
        ("max_targets_per_case", "0"),
        ("max_targets_per_case", "1001"),
        ("max_targets_per_case", "2.5"),
        ("canary", "maybe"),
        ("preflight_unknown", "stop"),
        ("preflight_unknown", "GO"),
        ("retire_old_keys", "1"),
        ("retire_old_keys", "remove"),
        ("refresh_masters", "2"),
        ("source_standard_secret", ","),
        ("source_standard_secret", WHSEC.removeprefix("whsec_")),
        ("source_standard_secret", "whsec_c2hvcnQ="),
        ("source_standard_secret", "whsec_" + "QUJD" * 22),
        ("source_standard_secret", "whsec_not base64 not base64 not base64"),
        ("source_standard_secret", f"{WHSEC},whsec_"),
    ],
)
def test_a_malformed_value_is_a_fault_of_its_setting(name, text):
    found = faults({f"OFFBOARD_{name.upper()}": text})

    assert [fault.split(": ")[0] for fault in found] == [f"OFFBOARD_{name.upper()}"]


def test_settings_show_no_secret_however_they_are_shown(tmp_path):
    hidden = [
        "key-of-the-functional-id",
        "key-of-the-reader",
        "xoxb-1-2-three",
        WHSEC,
        "smtp-hidden",
        "ofb_hidden",
        "store-hidden",
        "broker-hidden",
    ]
    settings = Settings.from_env(
        {
            **WORKER,
            **SLACK,
            **MAIL,
            "OFFBOARD_READER_APIKEY": "key-of-the-reader",
            "OFFBOARD_SOURCE_STANDARD_SECRET": WHSEC,
            "OFFBOARD_SMTP_USER": "me",
            "OFFBOARD_SMTP_PASSWORD": "smtp-hidden",
            "OFFBOARD_TOKEN": "ofb_hidden",
            "OFFBOARD_STORE_URL": "redis://:store-hidden@store.example.com/0",
            "OFFBOARD_BROKER_URL": "redis://:broker-hidden@store.example.com/1",
        },
        process="worker",
    )
    several = (settings.functional_id_apikey, settings.sources.standard.secret)

    shown = f"{settings} {settings!r} {settings.accounts} {several} {several[0]}"

    assert [one for one in hidden if one in shown] == []
    assert sorted(settings.secrets()) == sorted(hidden)


def test_the_password_in_an_address_is_a_secret_as_written_and_as_sent():
    settings = Settings.from_env(
        {"OFFBOARD_STORE_URL": "rediss://user:p%40ss%2Fword@store.example.com/0"}
    )

    assert settings.secrets() == ("p%40ss%2Fword", "p@ss/word")


def test_a_secret_shows_nothing_and_compares_by_its_text():
    secret = Secret("hidden")

    assert "hidden" not in f"{secret} {secret!r} {[secret]} {asdict(Settings())}"
    assert f"{secret}" == "Secret(…)"
    assert secret.reveal() == "hidden"
    assert secret == Secret("hidden")
    assert secret != Secret("other")
    assert secret != "hidden"
    assert not hasattr(secret, "__dict__")
    assert bool(Secret("")) is False


def test_the_order_of_settings_is_one_and_each_says_what_it_is():
    names = [each.name for each in every_setting()]

    assert names[0] == "armed"
    assert len(names) == len(set(names))
    assert [each.name for each in every_setting() if not each.metadata["meaning"]] == []
    assert {each.name for each in every_setting() if each.metadata["only"]} == {
        "auth_oidc_client_secret",
        "auth_proxy_secret",
        "evidence_key",
        "functional_id_apikey",
        "heartbeat_url",
        "metrics_token",
        "reader_apikey",
        "source_bamboohr_api_token",
        "source_entra_graph_client_secret",
        "source_gusto_api_token",
        "source_hibob_api_token",
        "source_ibm_verify_client_secret",
        "source_personio_api_token",
    }


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("ARMED", "perhaps", "Give 1 or 0."),
        ("PORT", "many", "Give a whole number between 1 and 65535."),
        ("PORT", "70000", "Give a whole number between 1 and 65535."),
        ("ACCOUNT_ID", "b1f3/", "Only letters and digits, 64 at most."),
        (
            "IBM_CLOUD_REQUESTS_PER_10_SECONDS",
            "9999",
            "Give a whole number between 4 and 200.",
        ),
        (
            "EXPOSURE_INTERVAL_MINUTES",
            "often",
            "Give a number between 0.05 and 10080.",
        ),
        ("LEAD_TIME_HOURS", "soon", "Give a number between 0 and 8760."),
        ("LEAD_TIME_HOURS", "nan", "Give a number between 0 and 8760."),
        ("LEAD_TIME_HOURS", "9000", "Give a number between 0 and 8760."),
        ("REPORT_CLEAN", "often", "Must be one of: digest, each, never."),
        *(
            (
                "DIGEST_AT",
                value,
                "Give a time of day in UTC as HH:MM, such as 08:00.",
            )
            for value in ("8:00", "24:00", "08:60", "08:00 ", "08:00:00", "8 am")
        ),
        ("URL", "http://offboard.example.com", "Must be https, save on loopback."),
    ],
)
def test_a_fault_says_what_would_be_right(name, value, sentence):
    assert faults({f"OFFBOARD_{name}": value}) == [f"OFFBOARD_{name}: {sentence}"]


@pytest.mark.parametrize(
    "value", ["http://127.0.0.1:8000", "http://localhost:1", "https://o.example.com"]
)
def test_the_command_line_speaks_https_or_stays_on_this_machine(value):
    assert Settings.from_env({"OFFBOARD_URL": value}).url == value


@pytest.mark.parametrize(
    "said",
    [
        "off, disable or delete:",
        "hold or go:",
        "starttls, tls or none.",
        "More resets than this in one case wait for approval; 1 to 1000.",
    ],
)
def test_the_example_shows_values_as_they_are_typed_and_their_bounds(said):
    text = (Path(__file__).parents[2] / ".env.example").read_text(encoding="utf-8")

    assert f"# {said}" in text
