import json
import shutil
import subprocess
import sysconfig
import tomllib
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from config.settings import Settings
from service.cli import main

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(sysconfig.get_path("scripts"))
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
KEYS = {"OFFBOARD_FUNCTIONAL_ID_APIKEY", "OFFBOARD_READER_APIKEY"}


def read(name):
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def compose():
    return read("docker-compose.yml")


@pytest.fixture(scope="module")
def trial():
    """What is added to try it, where nobody names the files."""
    return read("docker-compose.override.yml")


@pytest.fixture(scope="module")
def dockerfile():
    return (ROOT / "Dockerfile").read_text(encoding="utf-8")


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def keys_in(service):
    """The names of the key settings that this service has a value for."""
    given = service.get("environment", {})
    return {
        name
        for name, value in given.items()
        if name.removesuffix("_FILE") in KEYS and value != ""
    }


def test_hadolint_has_nothing_to_say_about_the_dockerfile():
    found = run(SCRIPTS / "hadolint", "Dockerfile")

    assert (found.stdout + found.stderr, found.returncode) == ("", 0)


def test_compose_files_follow_the_compose_specification():
    found = run(
        SCRIPTS / "check-jsonschema",
        "--builtin-schema",
        "vendor.compose-spec",
        "docker-compose.yml",
        "docker-compose.override.yml",
    )

    assert found.returncode == 0, found.stdout + found.stderr


def test_the_check_of_the_compose_file_finds_a_misspelt_key(tmp_path):
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text('{"services": {"web": {"image": "a", "read_onyl": true}}}')

    found = run(
        SCRIPTS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", wrong
    )

    assert found.returncode == 1


def test_the_image_runs_as_a_user_without_rights(dockerfile):
    last = dockerfile.split("\nFROM ")[-1]

    assert "\nUSER 10001:10001\n" in last
    assert last.index("USER 10001:10001") > last.index("RUN ")


def test_the_image_installs_the_run_lock_with_hashes_and_nothing_without(dockerfile):
    commands = dockerfile.replace("\\\n", " ").replace("&&", "\n").splitlines()
    installs = [one for one in commands if "pip" in one and " install " in one]

    assert len(installs) == 3
    assert "--require-hashes" in installs[0]
    assert "requirements-run.lock" in installs[0]
    assert "--require-hashes" in installs[1]
    assert "--no-index" in installs[2]


def test_what_runs_is_made_of_the_environment_of_the_first_stage_alone(dockerfile):
    last = dockerfile.split("\nFROM ")[-1]
    copies = [line for line in last.splitlines() if line.startswith(("COPY", "ADD"))]

    assert copies == ["COPY --from=build /opt/venv /opt/venv"]
    assert "pip" not in last


def test_the_image_starts_without_a_shell_and_says_what_it_is(dockerfile):
    commands = [line for line in dockerfile.splitlines() if line.startswith("CMD ")]

    assert [json.loads(line.removeprefix("CMD ")) for line in commands] == [
        ["offboard", "web"]
    ]
    assert f'org.opencontainers.image.version="{VERSION}"' in dockerfile
    assert 'org.opencontainers.image.licenses="Apache-2.0"' in dockerfile
    for name in ("source", "revision", "created"):
        assert f"\nARG {name.upper()}=" in dockerfile
        assert f'image.{name}="${{{name.upper()}}}"' in dockerfile


def test_the_image_has_no_stand_in_for_ibm_cloud(dockerfile):
    copied = [line for line in dockerfile.splitlines() if line.startswith("COPY ")]

    assert not [line for line in copied if "simulator" in line or line == "COPY . ."]
    assert {"COPY config config", "COPY service service", "COPY workers workers"} < set(
        copied
    )


def test_setuptools_of_the_image_comes_out_of_the_lock_with_its_hashes(tmp_path):
    awk = "/^[^ #]/ { wanted = /^setuptools==/ } wanted"
    assert awk in (ROOT / "Dockerfile").read_text()
    if shutil.which("awk") is None:
        pytest.skip("no awk on this machine")

    taken = run("awk", awk, "requirements.lock").stdout.splitlines()

    assert taken[0].startswith("setuptools==")
    assert sum(line.strip().startswith("--hash=sha256:") for line in taken) >= 2
    assert not [line for line in taken[1:] if line[:1].isalpha()]


def test_nothing_but_the_source_gets_into_the_build():
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]

    assert rules[0] == "*"
    assert [rule for rule in rules if rule.startswith("!")] == [
        "!pyproject.toml",
        "!README.md",
        "!LICENSE",
        "!requirements.lock",
        "!requirements-run.lock",
        "!config",
        "!service",
        "!workers",
    ]


@pytest.mark.parametrize("name", ["web", "worker", "beat", "redis", "mail"])
def test_every_container_is_read_only_and_has_no_right_it_does_not_need(
    compose, trial, name
):
    service = {**trial["services"], **compose["services"]}[name]

    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - a path in a container
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "cap_add" not in service


def test_there_is_no_container_that_the_tests_do_not_know(compose, trial):
    assert sorted(compose["services"]) == ["beat", "redis", "web", "worker"]
    assert sorted(trial["services"]) == ["beat", "mail", "web", "worker"]


def test_what_is_added_to_try_it_changes_nothing_but_where_mail_goes(trial):
    changed = {
        name: service for name, service in trial["services"].items() if name != "mail"
    }

    assert {key for one in changed.values() for key in one} == {"environment"}
    assert {key for one in changed.values() for key in one["environment"]} == {
        "OFFBOARD_SMTP_HOST",
        "OFFBOARD_SMTP_PORT",
        "OFFBOARD_SMTP_SECURITY",
        "OFFBOARD_SMTP_USER",
        "OFFBOARD_SMTP_PASSWORD",
        "OFFBOARD_SMTP_PASSWORD_FILE",
        "OFFBOARD_MAIL_FROM",
        "OFFBOARD_MAIL_TO",
    }


def test_in_production_mail_goes_where_the_env_file_says(compose):
    given = {
        key
        for service in compose["services"].values()
        for key in service.get("environment", {})
    }

    assert not [key for key in given if "SMTP" in key or "MAIL" in key]


def test_ports_are_open_on_this_machine_alone(compose, trial):
    services = {**trial["services"], **compose["services"]}
    ports = {
        name: service["ports"]
        for name, service in services.items()
        if "ports" in service
    }

    assert ports == {
        "web": ["127.0.0.1:8000:8000"],
        "mail": ["127.0.0.1:8025:8025"],
    }
    assert not [one for one in services.values() if "network_mode" in one]


def test_the_store_keeps_what_it_acknowledged(compose):
    redis = compose["services"]["redis"]
    words = redis["command"]

    assert words[0] == "redis-server"
    assert dict(zip(words[1::2], words[2::2], strict=True)) == {
        "--appendonly": "yes",
        "--appendfsync": "always",
        "--maxmemory-policy": "noeviction",
    }
    assert redis["volumes"] == ["store:/data"]
    assert "store" in compose["volumes"]
    assert redis["healthcheck"]["test"] == ["CMD", "redis-cli", "-e", "ping"]


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_a_process_starts_when_the_store_answers(compose, name):
    service = compose["services"][name]

    assert service["depends_on"] == {"redis": {"condition": "service_healthy"}}
    assert service["environment"]["OFFBOARD_STORE_URL"] == "redis://redis:6379/0"
    assert service["environment"]["OFFBOARD_BROKER_URL"] == "redis://redis:6379/1"
    assert service["command"] == ["offboard", name]


@pytest.mark.parametrize("name", ["web", "beat", "redis"])
def test_only_the_worker_gets_a_key(compose, name):
    service = compose["services"][name]

    assert keys_in(service) == set()
    assert "secrets" not in service
    assert "secrets" not in str(service.get("volumes", ""))


@pytest.mark.parametrize("name", ["web", "beat"])
def test_a_key_in_the_env_file_does_not_reach_the_others(compose, name):
    given = compose["services"][name]["environment"]

    assert compose["services"][name]["env_file"] == ".env"
    assert {each: given[each] for each in given if "APIKEY" in each} == {
        "OFFBOARD_FUNCTIONAL_ID_APIKEY": "",
        "OFFBOARD_FUNCTIONAL_ID_APIKEY_FILE": "",
        "OFFBOARD_READER_APIKEY": "",
        "OFFBOARD_READER_APIKEY_FILE": "",
    }


def test_the_worker_has_its_keys_as_files_and_time_to_end(compose):
    worker = compose["services"]["worker"]

    assert keys_in(worker) == {
        "OFFBOARD_FUNCTIONAL_ID_APIKEY_FILE",
        "OFFBOARD_READER_APIKEY_FILE",
    }
    assert worker["secrets"] == ["functional_id_apikey", "reader_apikey"]
    assert compose["secrets"] == {
        "functional_id_apikey": {"file": "./secrets/functional_id_apikey"},
        "reader_apikey": {"file": "./secrets/reader_apikey"},
    }
    assert worker["stop_grace_period"] == "120s"


@pytest.mark.parametrize("name", ["redis", "mail"])
def test_the_tag_of_a_foreign_image_is_an_exact_version(compose, trial, name):
    services = compose["services"] if name == "redis" else trial["services"]
    tag = services[name]["image"].rpartition(":")[2]

    assert tag.lstrip("v").split("-")[0].count(".") == 2


def test_the_base_image_is_an_exact_version_and_the_same_in_both_stages(dockerfile):
    froms = [line for line in dockerfile.splitlines() if line.startswith("FROM ")]

    assert dockerfile.startswith("ARG PYTHON_IMAGE=python:3.11.15-slim-bookworm\n")
    assert froms == ["FROM ${PYTHON_IMAGE} AS build", "FROM ${PYTHON_IMAGE}"]


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_the_settings_that_compose_gives_are_sound(compose, trial, tmp_path, name):
    key = tmp_path / "key"
    key.write_text("a-key-of-nobody")
    given = compose["services"][name]["environment"]
    given = {**given, **trial["services"][name]["environment"]}
    files = {each: str(key) for each in keys_in(compose["services"][name])}

    settings = Settings.from_env(
        {**given, **files, "OFFBOARD_ACCOUNT_ID": "b1f3"}, process=name
    )

    assert settings.channels == ("mail",)
    assert bool(settings.accounts) is (name == "worker")


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_each_process_is_asked_by_its_own_command_how_it_is(compose, name):
    service = compose["services"][name]

    assert service["healthcheck"]["test"] == ["CMD", "offboard", "healthcheck", name]
    assert service["image"] == f"offboard:{VERSION}"
    asked = CliRunner().invoke(main, ["healthcheck", name, "--help"])
    assert asked.exit_code == 0, asked.output


def test_the_archive_is_written_by_the_worker_and_read_by_the_web(compose):
    volumes = {
        name: service.get("volumes") for name, service in compose["services"].items()
    }

    assert volumes["worker"] == ["archive:/var/lib/offboard/var/archive"]
    assert volumes["web"] == ["archive:/var/lib/offboard/var/archive:ro"]
    assert volumes["beat"] is None
    assert "archive" in compose["volumes"]
