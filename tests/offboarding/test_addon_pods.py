"""The command that makes pods anew, run by a real shell against stand-in programs."""

import subprocess

from workers.offboarding.addon_pods import renewal_command

CSI = "vpc-block-csi-driver"
# A login to one of them is refused.
IBMCLOUD = """#!/bin/sh
test "$5" = refused && exit 1
printf '%s\\n' "$5" > now
"""
KUBECTL = """#!/bin/sh
test "$3" = get && printf 'pod/ibm-vpc-block-csi-controller-0\\npod/other\\n' && exit
printf '%s: %s\\n' "$(cat now)" "$*" >> deleted
"""


def run(folder, *cluster_ids):
    for name, text in (("ibmcloud", IBMCLOUD), ("kubectl", KUBECTL)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    command = renewal_command(CSI, cluster_ids)
    said = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env={"PATH": f"{folder}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return said.stdout, (folder / "deleted").read_text().splitlines()


def deleted(cluster_id):
    pod = "pod/ibm-vpc-block-csi-controller-0"
    return f"{cluster_id}: -n kube-system delete {pod}"


def test_one_command_makes_the_pods_anew_in_each_cluster(tmp_path):
    said, done = run(tmp_path, "c1", "c2", "c3")

    assert done == [deleted("c1"), deleted("c2"), deleted("c3")]
    assert said == ""


def test_where_the_login_fails_nothing_is_deleted_and_the_others_go_on(tmp_path):
    said, done = run(tmp_path, "c1", "refused", "c3")

    assert done == [deleted("c1"), deleted("c3")]
    assert said == "not done: refused\n"


def test_a_hostile_id_is_one_word_of_the_shell(tmp_path):
    hostile = "c2'; touch owned; $(touch owned) `touch owned` \"x"

    _, done = run(tmp_path, "c1", hostile)

    assert done == [deleted("c1"), deleted(hostile)]
    assert not (tmp_path / "owned").exists()
