"""What a kustomization comes to, as far as ours need it: no kubectl wanted.

Where there is one, a test compares its answer with this.
"""

from pathlib import Path

import yaml

_KNOWN = {"apiVersion", "kind", "namespace", "resources", "images", "patches"}


def documents(path):
    """Read what stands in a file, each resource by itself."""
    return [one for one in yaml.safe_load_all(path.read_text("utf-8")) if one]


def key_of(resource):
    return f"{resource['kind']}/{resource['metadata']['name']}"


def built(folder: Path):
    """Return the resources of a kustomization by kind and name."""
    given = documents(folder / "kustomization.yaml")[0]
    assert set(given) <= _KNOWN, f"unknown here: {set(given) - _KNOWN}"
    resources = {}
    for name in given["resources"]:
        path = folder / name
        inside = built(path).values() if path.is_dir() else documents(path)
        for one in inside:
            assert key_of(one) not in resources, f"twice: {key_of(one)}"
            resources[key_of(one)] = one
    for patch in given.get("patches", []):
        assert set(patch) == {"path"}
        for one in documents(folder / patch["path"]):
            resources[key_of(one)] = merged(resources[key_of(one)], one)
    for resource in resources.values():
        for container in containers(resource):
            container["image"] = _image(container["image"], given.get("images", []))
        if "namespace" in given and resource["kind"] != "Namespace":
            resource["metadata"]["namespace"] = given["namespace"]
    return resources


def containers(resource):
    template = resource.get("spec", {}).get("template", {})
    return template.get("spec", {}).get("containers", [])


def merged(old, new):
    """Merge a patch: by name where a list's entries have one; other lists are new."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {
            name: merged(old[name], value) if name in old else value
            for name, value in new.items()
        }
    if _are_named(old) and _are_named(new):
        changed = {one["name"]: one for one in new}
        kept = [
            merged(one, changed.pop(one["name"])) if one["name"] in changed else one
            for one in old
        ]
        return kept + list(changed.values())
    return new


def _are_named(value):
    return isinstance(value, list) and all(
        isinstance(one, dict) and "name" in one for one in value
    )


def _image(image, changes):
    name, _, tag = image.rpartition(":")
    for change in changes:
        if change["name"] == name:
            return f"{change['newName']}:{change['newTag']}"
    return f"{name}:{tag}"
