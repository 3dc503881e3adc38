"""The pods that keep the old key until they are made anew: what to say, what to run.

That these pods keep it is IBM's word; what happens without this is not confirmed
against a live account.
"""

from collections.abc import Sequence
from typing import Final

from workers.offboarding.shell import shell_word

# The pods IBM's troubleshooting pages name for these add-ons.
ADDON_PODS: Final = {
    "vpc-block-csi-driver": "ibm-vpc-block-csi-controller",
    "cluster-autoscaler": "cluster-autoscaler",
}
# More in one command are neither read nor taken whole by a chat.
MOST_AT_ONCE: Final = 20
_FAILS: Final = {
    "vpc-block-csi-driver": "attaching block storage",
    "cluster-autoscaler": "scaling the cluster",
}


def renewal_of(addon: str, cluster: str | None = None) -> str:
    """Say what is to be done with the pods of *addon*, in one cluster or in several."""
    place, who = (
        (f" in cluster {cluster}", "it has") if cluster else ("", "each cluster has")
    )
    return (
        f"Delete the {ADDON_PODS[addon]} pods of the add-on {addon}{place} once {who} "
        "picked the new key up; Kubernetes starts them again. Until then they keep the "
        f"old key, and once that is gone, {_FAILS[addon]} fails."
    )


def renewal_command(addon: str, cluster_ids: Sequence[str]) -> str:
    """Return the command that makes the pods of *addon* anew, in each of the clusters.

    One that fails is named, and the others go on: no pods are deleted in a cluster
    whose login was not had.
    """
    if len(cluster_ids) == 1:
        return _renew(addon, shell_word(cluster_ids[0]))
    each = " ".join(shell_word(one) for one in cluster_ids)
    renew = _renew(addon, '"$cluster"')
    return f'for cluster in {each}; do {renew} || echo "not done: $cluster"; done'


def _renew(addon: str, cluster: str) -> str:
    return (
        f"ibmcloud ks cluster config --cluster {cluster}"
        f" && kubectl -n kube-system get pods -o name | grep '^pod/{ADDON_PODS[addon]}'"
        " | xargs kubectl -n kube-system delete"
    )
