"""Whoever follows docs/deploying.md has made every secret that the files mount."""

import re
from pathlib import Path

import pytest
import yaml
from kustomize import built, containers

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "deploying.md").read_text("utf-8").replace("\\\n", " ")
_FILE = re.compile(r"--from-file[= ](?:([\w.-]+)=)?([\w.-]+)")


def made_by(pattern):
    """Which files each secret gets by the commands of the page."""
    return {
        name: {key or file for key, file in _FILE.findall(rest)}
        for name, rest in re.findall(pattern, PAGE)
    }


def wanted_by(paths):
    """Which files each secret must have, by the paths where they are looked for."""
    wanted = {}
    for name, file in re.findall(r"/run/secrets/([\w-]+)/([\w.-]+)", paths):
        wanted.setdefault(name, set()).add(file)
    return wanted


def test_the_secrets_of_the_kubernetes_example_are_made_with_every_file():
    resources = built(ROOT / "deploy" / "kubernetes" / "overlays" / "example")
    paths = yaml.safe_dump([containers(one) for one in resources.values()])
    paths += resources["ConfigMap/offboard-accounts"]["data"]["accounts.toml"]

    made = made_by(r"secret generic offboard-([\w-]+)(.*)")

    assert made == wanted_by(paths)
    assert sorted(made) == ["keys", "shared", "store", "web"]


def test_the_secrets_of_code_engine_are_made_with_every_file():
    folder = ROOT / "deploy" / "code-engine"
    paths = "".join(one.read_text("utf-8") for one in folder.iterdir())

    made = made_by(r"ce secret create --name ([\w-]+)(.*--from-file.*)")

    assert made == wanted_by(paths)


@pytest.mark.parametrize("name", ["web", "worker", "beat", "settings"])
def test_every_body_for_code_engine_is_sent_by_a_command(name):
    assert f"-d @{name}.json $API/" in PAGE
