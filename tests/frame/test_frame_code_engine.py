"""The bodies for IBM Code Engine, held against IBM's own models of its API."""

import inspect
import json
import tomllib
from pathlib import Path

import pytest
from ibm_code_engine_sdk.code_engine_v2 import (
    CodeEngineV2,
    EnvVarPrototype,
    ProbePrototype,
    VolumeMountPrototype,
)
from tls_scenes import Authority

from config.settings import Settings, every_setting
from config.variables import variable_of

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "code-engine"
PROCESSES = ["web", "worker", "beat"]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
CALLS = {
    "web": CodeEngineV2.create_app,
    "worker": CodeEngineV2.create_job,
    "beat": CodeEngineV2.create_job,
    "settings": CodeEngineV2.create_config_map,
}
# IBM's table of what goes together: CPU, memory.
SIZES = {("0.125", "0.25G"), ("0.25", "0.5G"), ("0.25", "1G"), ("0.5", "1G")}


def body(name):
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def faults_of(name, given):
    """Name what IBM's models do not know in a body, or miss there."""
    known = inspect.signature(CALLS[name]).parameters
    needed = {
        one.name
        for one in known.values()
        if one.kind is one.POSITIONAL_OR_KEYWORD and one.default is one.empty
    } - {"self", "project_id"}
    faults = sorted(set(given) - set(known)) + sorted(needed - set(given))
    parts = [(EnvVarPrototype, one) for one in given.get("run_env_variables", [])]
    parts += [(VolumeMountPrototype, one) for one in given.get("run_volume_mounts", [])]
    parts += [(ProbePrototype, given[one]) for one in given if one.startswith("probe_")]
    for model, one in parts:
        back = model.from_dict(one).to_dict()
        faults += sorted(set(one) - set(back))
        kinds = getattr(model, "TypeEnum", None)
        if kinds and one["type"] not in {kind.value for kind in kinds}:
            faults.append(one["type"])
    return faults


@pytest.mark.parametrize("name", CALLS)
def test_every_body_is_one_that_ibms_models_know(name):
    assert faults_of(name, body(name)) == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"scale_min_instance": 1}, "scale_min_instance"),
        (
            {"probe_liveness": {"type": "http", "failure_treshold": 3}},
            "failure_treshold",
        ),
        ({"run_env_variables": [{"type": "literal", "naem": "A"}]}, "naem"),
        ({"run_env_variables": [{"type": "secret"}]}, "secret"),
        (
            {
                "run_volume_mounts": [
                    {"type": "pvc", "mount_path": "/a", "reference": "b"}
                ]
            },
            "pvc",
        ),
    ],
)
def test_a_key_or_a_kind_that_they_do_not_know_is_found(changed, fault):
    assert faults_of("web", {**body("web"), **changed}) == [fault]


def test_every_file_there_is_checked():
    assert sorted(one.name for one in FOLDER.iterdir()) == [
        "accounts.toml",
        "beat.json",
        "settings.json",
        "web.json",
        "worker.json",
    ]


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_is_of_this_version_and_of_no_root(process):
    given = body(process)

    assert given["image_reference"].rpartition(":")[2] == VERSION
    # Left out, Code Engine documents the default 0.
    assert given["run_as_user"] == 10001
    assert given["run_service_account"] == "none"
    assert given["run_commands"] == ["offboard", process]
    assert (given["scale_cpu_limit"], given["scale_memory_limit"]) in SIZES
    # A Service named as our settings are would be taken for a setting.
    assert not given["name"].startswith("offboard")


def test_web_is_always_there_and_the_others_run_without_end():
    assert body("web")["scale_min_instances"] == 1
    assert {name: body(name)["run_mode"] for name in ("worker", "beat")} == {
        "worker": "daemon",
        "beat": "daemon",
    }
    assert body("beat")["scale_array_spec"] == "0"
    assert body("worker")["scale_array_spec"] == "0-1"


def test_web_is_asked_on_the_port_that_it_listens_on():
    web = body("web")

    assert web["image_port"] == 8000
    assert environ_of("web")["OFFBOARD_PORT"] == "8000"
    assert {web[one]["port"] for one in ("probe_liveness", "probe_readiness")} == {8000}
    assert web["probe_liveness"]["path"] == "/healthz"
    assert web["probe_readiness"]["path"] == "/readyz"


def environ_of(process):
    found = {}
    for one in body(process)["run_env_variables"]:
        if one["type"] == "config_map_full_reference":
            assert one["reference"] == "settings"
            found |= body("settings")["data"]
        else:
            found[one["name"]] = one["value"]
    return found


MADE_UP = {
    "url": "rediss://user:pass@redis.example.com:31234/0",
    "api-tokens": f"me:approver:{'0' * 64}",
    "evidence-key": "0123456789abcdef" * 4,
    "source-standard-secret": "whsec_" + "A" * 32,
}


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_has_the_settings_that_it_needs_and_a_file_for_each(
    process, tmp_path
):
    mounted = {one["mount_path"] for one in body(process)["run_volume_mounts"]}
    given = {}
    for variable, value in environ_of(process).items():
        given[variable] = value
        if value.startswith("/"):
            folder, _, name = value.rpartition("/")
            assert folder in mounted, f"{variable} is not mounted"
            given[variable] = str(stand_in(name, tmp_path))
    known = {variable_of(one) for one in every_setting()}
    assert set(given) <= known | {f"{one}_FILE" for one in known}

    settings = Settings.from_env(given, process=process)

    assert settings.store_ca_file is not None
    assert bool(settings.accounts) is (process == "worker")


def stand_in(name, folder):
    if name == "ca.crt":
        return Authority(folder).file
    file = folder / name
    if name == "accounts.toml":
        text = (FOLDER / name).read_text("utf-8")
        for key in ("reader", "iks-functional-1"):
            (folder / key).write_text("a-key-of-nobody")
        file.write_text(text.replace("/run/secrets/keys/", ""))
        return file
    file.write_text(MADE_UP.get(name, "x" * 32))
    return file


def test_only_workers_get_the_keys_of_ibm_cloud_and_what_signs_evidence():
    secrets = {
        name: {
            one["reference"]
            for one in body(name)["run_volume_mounts"]
            if one["type"] == "secret"
        }
        for name in PROCESSES
    }

    assert secrets == {
        "web": {"store", "shared", "web"},
        "worker": {"store", "shared", "keys"},
        "beat": {"store"},
    }


def test_no_case_is_archived_to_a_disk_that_goes_with_its_instance():
    mounted = [one["type"] for one in body("worker")["run_volume_mounts"]]

    assert "persistent_data_store" not in mounted
    assert body("settings")["data"]["OFFBOARD_RETENTION_DAYS"] == "36500"
