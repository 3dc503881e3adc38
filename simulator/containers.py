"""The Kubernetes Service: cluster lists, key owner, reset, add-ons, regions.

Every route lies under ``/global`` and needs a token, as on the public host. Sources:
IBM Cloud's Go SDKs and documentation; what they leave open is marked in ``account``,
``answers`` and below.
"""

from collections.abc import Sequence

from flask import Blueprint, Flask, Response, g, jsonify, request

from simulator import answers
from simulator.access import this_account
from simulator.account import Account
from simulator.errors import Json, containers, published
from simulator.records import Cluster, Identity, Provider

_GROUP_HEADERS = ("X-Auth-Resource-Group", "X-Auth-Resource-Group-ID")
_PROVIDERS: dict[str, Provider] = {
    "vpc": "vpc-gen2",
    "classic": "classic",
    "satellite": "satellite",
}


def container_routes(accounts: Sequence[Account]) -> Blueprint:
    """Make the routes of the Kubernetes Service."""
    routes = Blueprint("containers", __name__, url_prefix="/global")

    @routes.before_request
    def enter() -> None:
        g.account = this_account(accounts, containers)
        named = request.headers.get("X-Auth-Resource-Account")
        if named not in (None, g.account.account_id):
            # Inferred, not confirmed against a live account: the code is published
            # for a missing account header, of which today's clients send none.
            raise published("E0058")

    _add_lists(routes)
    _add_keys(routes)
    return routes


def _add_lists(routes: Blueprint) -> None:
    @routes.get("/v2/<kind>/getClusters")
    def list_clusters(kind: str) -> Response:
        if kind not in _PROVIDERS:
            raise containers(404, "There is no such route.")
        found = [c for c in g.account.clusters() if _is_asked_for(c, _PROVIDERS[kind])]
        return jsonify([answers.cluster(one, g.account) for one in found])

    @routes.get("/v1/clusters/<id_or_name>/addons")
    def addons(id_or_name: str) -> Response:
        return jsonify([answers.addon(name) for name in _cluster(id_or_name).addons])

    @routes.get("/v1/regions")
    def regions() -> Response:
        return jsonify(answers.regions())


def _add_keys(routes: Blueprint) -> None:
    @routes.get("/v1/logging/<id_or_name>/clusterkeyowner")
    def key_owner(id_or_name: str) -> Response:
        cluster = _cluster(id_or_name)
        owner = g.account.shown_owner(cluster.region, cluster.group_id)
        return jsonify(_owner_answer(g.account, owner))

    @routes.post("/v1/keys")
    def reset() -> tuple[str, int]:
        region = request.headers.get("X-Region", "")
        group_id = request.headers.get("X-Auth-Resource-Group")
        g.account.reset(region, group_id, g.claims.iam_id)
        return "", 204


def register(app: Flask, accounts: Sequence[Account]) -> None:
    """Put the Kubernetes Service on an app."""
    app.register_blueprint(container_routes(accounts))


def _is_asked_for(cluster: Cluster, provider: Provider) -> bool:
    group_id = request.headers.get("X-Auth-Resource-Group")
    is_in_group = group_id in (None, "", cluster.group_id)
    is_provider = request.args.get("provider") in (None, provider)
    return cluster.provider == provider and is_in_group and is_provider


def _cluster(id_or_name: str) -> Cluster:
    """Find a cluster in the resource groups the headers name.

    Which of the two group headers is honoured is not confirmed against a live account;
    here each one that is sent must fit.
    """
    cluster: Cluster | None = g.account.cluster(id_or_name)
    if cluster is None:
        raise published("G0004")
    named = {
        request.headers[name] for name in _GROUP_HEADERS if request.headers.get(name)
    }
    if not named <= {cluster.group_id}:
        raise published("A0006")
    return cluster


def _owner_answer(account: Account, owner: Identity | None) -> Json:
    if owner is not None and owner.is_member:
        return answers.key_owner(owner)
    how = account.no_owner_answer if owner is None else account.removed_owner_answer
    if how == "P0005":
        raise published("P0005")
    if how == "404":
        raise containers(404, "No owner of the cluster API key was found.")
    return answers.key_owner(owner) if how == "keep" and owner else {}
