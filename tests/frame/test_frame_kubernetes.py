import json
import os
import shutil
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from kustomize import built, containers, documents, key_of
from tls_scenes import Authority

from config.file_modes import read_by_others
from config.settings import Settings, every_setting
from config.variables import variable_of
from service.app import create_app
from workers.app import make_app
from workers.ibmcloud.tokens import HTTP_CONFIG

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
KUSTOMIZATIONS = ["base", "overlays/example", "overlays/ibm-cloud"]
PROCESSES = ["web", "worker", "beat"]
NEWEST = "1.37"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


@cache
def kubectl_build(name):
    answer = subprocess.run(
        ["kubectl", "kustomize", str(FOLDER / name)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr
    return {key_of(one): one for one in yaml.safe_load_all(answer.stdout)}


def plain(resources):
    """The same, whatever the order of variables."""
    for one in resources.values():
        for container in containers(one):
            container["env"] = sorted(container["env"], key=lambda each: each["name"])
    return json.loads(json.dumps(resources, sort_keys=True))


def process_of(resources, name):
    spec = resources[f"Deployment/{name}"]["spec"]["template"]["spec"]
    return spec, spec["containers"][0]


def environ_of(resources, name):
    """The environment that a process of it gets."""
    _, container = process_of(resources, name)
    found = {}
    for source in container.get("envFrom", []):
        found |= resources[f"ConfigMap/{source['configMapRef']['name']}"]["data"]
    return found | {one["name"]: one["value"] for one in container["env"]}


def mounts_of(resources, name):
    """Each folder that a process of it has, and what is there."""
    spec, container = process_of(resources, name)
    volumes = {one["name"]: one for one in spec["volumes"]}
    return {one["mountPath"]: volumes[one["name"]] for one in container["volumeMounts"]}


@pytest.mark.parametrize(
    "path",
    [
        one
        for name in KUSTOMIZATIONS
        for one in sorted((FOLDER / name).glob("*.yaml"))
        if one.name != "kustomization.yaml"
    ],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_every_file_is_named_by_the_kustomization_beside_it(path):
    given = documents(path.parent / "kustomization.yaml")[0]
    patches = [one["path"] for one in given.get("patches", [])]

    assert [*given["resources"], *patches].count(path.name) == 1


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_every_resource_follows_the_schema_of_kubernetes(name):
    for resource in built(FOLDER / name).values():
        kubernetes_validate.validate(resource, NEWEST, strict=True)


def test_a_misspelt_key_is_found():
    wrong = built(FOLDER / "base")["Deployment/worker"]
    spec = wrong["spec"]["template"]["spec"]
    spec["containers"][0]["securityContext"]["readOnlyRootFileSystem"] = True

    with pytest.raises(kubernetes_validate.ValidationError, match="FileSystem"):
        kubernetes_validate.validate(wrong, NEWEST, strict=True)


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_kubectl_makes_the_same_of_it_where_there_is_one(name):
    if shutil.which("kubectl") is None:
        pytest.skip("no kubectl on this machine")

    assert plain(kubectl_build(name)) == plain(built(FOLDER / name))


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_the_image_is_of_this_version(name):
    resources = built(FOLDER / name)

    images = {
        containers(resources[f"Deployment/{one}"])[0]["image"] for one in PROCESSES
    }

    assert len(images) == 1
    assert images.pop().rpartition(":")[2] == VERSION


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_a_process_has_the_settings_that_it_needs_and_a_file_for_each(
    name, process, tmp_path
):
    resources = built(FOLDER / name)
    environ = environ_of(resources, process)
    mounts = mounts_of(resources, process)
    known = {variable_of(one) for one in every_setting()}
    known |= {f"{variable_of(one)}_FILE" for one in every_setting()}
    assert set(environ) <= known

    given = {}
    for variable, value in environ.items():
        given[variable] = value
        if value.startswith("/"):
            assert value.rpartition("/")[0] in mounts, f"{variable} is not mounted"
            given[variable] = str(stand_in(resources, mounts, value, tmp_path))
    settings = Settings.from_env(given, process=process)

    assert settings.store_url.startswith("redis")
    assert bool(settings.accounts) is (process == "worker")


def stand_in(resources, mounts, path, folder):
    """Lay down what a process would find at that path; secrets are made up."""
    file = folder / path.strip("/").replace("/", "-")
    volume = mounts[path.rpartition("/")[0]]
    if "configMap" in volume:
        data = resources[f"ConfigMap/{volume['configMap']['name']}"]["data"]
        text = data[path.rpartition("/")[2]]
        # Relative to its own folder, as here.
        for key in {part for part in text.split('"') if part.startswith("/run")}:
            assert key.rpartition("/")[0] == "/run/secrets/keys"
            (folder / key.rpartition("/")[2]).write_text("a-key-of-nobody")
            text = text.replace(key, key.rpartition("/")[2])
        file.write_text(text)
    elif path.endswith("ca.crt"):
        return Authority(folder).file
    else:
        file.write_text(MADE_UP.get(file.name.rpartition("secrets-")[2], "x" * 32))
    return file


MADE_UP = {
    "store-url": "rediss://user:pass@redis.example.com:31234/0",
    "web-api-tokens": f"me:approver:{'0' * 64}",
    "keys-evidence-key": "0123456789abcdef" * 4,
    "keys-heartbeat-url": "https://ping.example.com/a-token",
    "web-source-standard-secret": "whsec_" + "A" * 32,
}


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_only_workers_get_the_keys_of_ibm_cloud_and_what_signs_evidence(name):
    resources = built(FOLDER / name)

    def secrets_of(process):
        return {
            one["secret"]["secretName"]
            for one in mounts_of(resources, process).values()
            if "secret" in one
        }

    assert secrets_of("worker") == {
        "offboard-store",
        "offboard-shared",
        "offboard-keys",
    }
    assert secrets_of("web") == {"offboard-store", "offboard-shared", "offboard-web"}
    assert secrets_of("beat") == {"offboard-store"}
    for process in ("web", "beat"):
        given = set(environ_of(resources, process)) - {"OFFBOARD_SECRET_KEY_FILE"}
        assert not [one for one in given if "KEY" in one]
        assert "/run/secrets/keys" not in json.dumps(process_of(resources, process)[0])


@pytest.mark.parametrize("process", PROCESSES)
def test_no_secret_stands_in_the_environment(process):
    secret = {variable_of(one) for one in every_setting() if one.metadata["secret"]}

    for name in KUSTOMIZATIONS:
        assert not secret & set(environ_of(built(FOLDER / name), process))


@pytest.mark.parametrize("process", PROCESSES)
def test_a_process_has_no_right_it_does_not_need(process):
    spec, container = process_of(built(FOLDER / "overlays/ibm-cloud"), process)

    assert spec["automountServiceAccountToken"] is False
    # A Service named as a setting begins would be a setting that nobody made.
    assert spec["enableServiceLinks"] is False
    assert spec["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 10001,
        "runAsGroup": 10001,
        "fsGroup": 10001,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {
        one["secret"]["defaultMode"] for one in spec["volumes"] if "secret" in one
    } == {0o400}
    assert {"cpu", "memory"} == set(container["resources"]["limits"])
    assert {"cpu", "memory"} == set(container["resources"]["requests"])
    writable = {
        one["mountPath"] for one in container["volumeMounts"] if not one.get("readOnly")
    }
    archive = {"/var/lib/offboard/var/archive"} if process == "worker" else set()
    assert writable == {"/tmp"} | archive  # noqa: S108 - a path in a container


def test_there_is_one_beat_and_never_two_in_a_change():
    spec = built(FOLDER / "base")["Deployment/beat"]["spec"]

    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


@pytest.mark.parametrize("process", ["web", "worker"])
def test_a_change_or_an_empty_node_leaves_one_that_answers(process):
    resources = built(FOLDER / "base")
    spec = resources[f"Deployment/{process}"]["spec"]
    budget = resources[f"PodDisruptionBudget/{process}"]["spec"]

    assert spec["replicas"] == 2
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert budget["minAvailable"] == 1
    assert budget["selector"] == spec["selector"]


def test_probes_ask_routes_and_commands_that_are_there(settings):
    resources = built(FOLDER / "base")
    rules = {str(rule) for rule in create_app(settings(), None).url_map.iter_rules()}
    _, web = process_of(resources, "web")

    paths = {
        name: web[name]["httpGet"]["path"] for name in web if name.endswith("Probe")
    }

    assert paths == {
        "startupProbe": "/healthz",
        "livenessProbe": "/healthz",
        "readinessProbe": "/readyz",
    }
    assert set(paths.values()) <= rules
    assert {one["httpGet"]["port"] for one in web.values() if "httpGet" in one} <= {
        "http"
    }
    for process in ("worker", "beat"):
        _, container = process_of(resources, process)
        for probe in ("startupProbe", "livenessProbe"):
            assert container[probe]["exec"]["command"] == [
                "offboard",
                "healthcheck",
                process,
            ]


def test_what_is_under_way_has_time_to_end():
    resources = built(FOLDER / "base")
    soft = make_app("memory://").conf.worker_soft_shutdown_timeout
    worker, _ = process_of(resources, "worker")
    web, container = process_of(resources, "web")
    drained = int(container["lifecycle"]["preStop"]["exec"]["command"][1])

    # What runs then still is a call to IBM Cloud; it waits 30 s for its slot at most.
    call = 30 + sum(HTTP_CONFIG["timeout"])
    assert worker["terminationGracePeriodSeconds"] >= soft + call + 10
    assert web["terminationGracePeriodSeconds"] >= drained + 30 + 5


def test_nothing_gets_in_or_out_that_is_not_named():
    resources = built(FOLDER / "base")
    policies = {
        key.partition("/")[2]: one["spec"]
        for key, one in resources.items()
        if one["kind"] == "NetworkPolicy"
    }
    everything = {"app.kubernetes.io/part-of": "offboard"}

    assert policies["offboard-nothing"] == {
        "podSelector": {"matchLabels": everything},
        "policyTypes": ["Ingress", "Egress"],
    }
    for process in PROCESSES:
        labels = resources[f"Deployment/{process}"]["spec"]["template"]["metadata"]
        assert everything.items() <= labels["labels"].items()
    ports = {
        name: sorted({one["port"] for rule in rules for one in rule["ports"]}, key=str)
        for name, spec in policies.items()
        if (rules := spec.get("egress", spec.get("ingress", [])))
    }
    assert ports == {
        "offboard-to-web": ["http"],
        "offboard-to-store": [53, 6379],
        "offboard-to-https": [443],
        "offboard-to-mail": [587],
    }
    assert policies["offboard-to-mail"]["podSelector"]["matchLabels"] == {
        **everything,
        "app.kubernetes.io/name": "worker",
    }


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_prometheus_gets_to_the_web_and_shows_a_token_there(name):
    resources = built(FOLDER / name)
    rules = resources["NetworkPolicy/offboard-to-web"]["spec"]["ingress"]
    let_in = [
        one["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
        for rule in rules
        for one in rule["from"]
    ]

    assert "monitoring" in let_in
    given = {one: environ_of(resources, one) for one in PROCESSES}
    assert [one for one in given if "OFFBOARD_METRICS_TOKEN_FILE" in given[one]] == [
        "web"
    ]


@pytest.mark.parametrize("name", KUSTOMIZATIONS)
def test_only_who_copied_the_example_has_a_dead_man_s_switch_and_only_workers(name):
    resources = built(FOLDER / name)
    given = {one: environ_of(resources, one) for one in PROCESSES}

    calling = [one for one in given if "OFFBOARD_HEARTBEAT_URL_FILE" in given[one]]

    assert calling == ([] if name == "base" else ["worker"])


def test_a_file_of_a_secret_as_kubernetes_mounts_it_is_not_told_as_open(tmp_path):
    file = tmp_path / "key"
    file.write_text("a-key-of-nobody")
    # root's, and the pod's group may read it: what defaultMode 0400 and fsGroup make.
    file.chmod(0o440)
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(file, 10001, 10001)

    assert read_by_others(file) is None
    file.chmod(0o444)
    assert read_by_others(file) == "0444"
