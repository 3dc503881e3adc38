"""The Kubernetes Service: clusters, masters, key owner, reset, credentials, regions.

Every route lies under ``/global`` and needs a token, as on the public host. Sources:
IBM Cloud's Go SDKs and documentation; what they leave open is marked in ``account``,
``answers`` and below.
"""

from collections.abc import Sequence

from flask import Blueprint, Flask, Response, g, jsonify, request

from simulator import answers, cluster_answers
from simulator.access import rights_of_caller, this_account
from simulator.account import Account
from simulator.errors import Json, containers, published
from simulator.records import Cluster, Identity, Provider
from simulator.switches import OwnerAnswer

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
    _add_masters(routes)
    return routes


def _add_lists(routes: Blueprint) -> None:
    @routes.get("/v2/<kind>/getClusters")
    def list_clusters(kind: str) -> Response:
        if kind not in _PROVIDERS:
            raise containers(404, "There is no such route.")
        found = _listed(_PROVIDERS[kind])
        return jsonify([cluster_answers.cluster(one, g.account) for one in found])

    @routes.get("/v1/clusters")
    def list_classic() -> Response:
        shape = cluster_answers.classic_cluster
        return jsonify([shape(one, g.account) for one in _listed("classic")])

    @routes.get("/v1/clusters/<id_or_name>/addons")
    def addons(id_or_name: str) -> Response:
        found = _cluster(id_or_name).addons
        return jsonify([cluster_answers.addon(name) for name in found])

    @routes.get("/v2/getClusterAddons")
    def addons_of() -> Response:
        found = _cluster(request.args.get("cluster", "")).addons
        return jsonify([cluster_answers.addon(name) for name in found])

    @routes.get("/v1/locations")
    def locations() -> Response:
        return jsonify(cluster_answers.locations())

    @routes.get("/v1/regions")
    def regions() -> Response:
        return jsonify(answers.regions())


def _add_keys(routes: Blueprint) -> None:
    @routes.get("/v1/logging/<id_or_name>/clusterkeyowner")
    def key_owner(id_or_name: str) -> Response:
        cluster = _cluster(id_or_name)
        owner = g.account.shown_owner(cluster.region, cluster.group_id)
        return jsonify(_owner_answer(g.account, owner))

    @routes.get("/v1/credentials")
    def credential() -> Response:
        return jsonify({"apiUser": _credential()})

    @routes.post("/v1/keys")
    def reset() -> tuple[str, int]:
        region = request.headers.get("X-Region", "")
        group_id = request.headers.get("X-Auth-Resource-Group")
        g.account.reset(region, group_id, g.claims.iam_id)
        return "", 204


def _add_masters(routes: Blueprint) -> None:
    @routes.post("/v2/refreshMaster")
    def refresh() -> tuple[str, int]:
        return _refresh(_text("cluster"))

    @routes.put("/v1/clusters/<id_or_name>/masters")
    def handle_master(id_or_name: str) -> tuple[str, int]:
        if _text("action") != "refresh":
            raise containers(400, "The action is none that is known here.")
        return _refresh(id_or_name)


def _refresh(id_or_name: str) -> tuple[str, int]:
    cluster = _cluster(id_or_name)
    place = (cluster.region, cluster.group_id, cluster.cluster_id)
    if not rights_of_caller().operates(*place):
        raise containers(403, "You are not authorized to refresh this master.")
    g.account.refresh_master(cluster.cluster_id, g.claims.iam_id)
    return "", 204


def _text(name: str) -> str:
    body = request.get_json(silent=True)
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, str):
        raise containers(400, f"{name} is missing.")
    return value


def register(app: Flask, accounts: Sequence[Account]) -> None:
    """Put the Kubernetes Service on an app."""
    app.register_blueprint(container_routes(accounts))


def _listed(provider: Provider) -> list[Cluster]:
    """Answer the clusters of a provider that are asked for and that the caller sees.

    Who may not see one gets a shorter list and no word of it.
    """
    rights = rights_of_caller()
    return [
        one
        for one in g.account.clusters()
        if _is_asked_for(one, provider)
        and not one.is_hidden
        and rights.sees_target(one.region, one.group_id, one.cluster_id)
    ]


def _is_asked_for(cluster: Cluster, provider: Provider) -> bool:
    group_id = request.headers.get("X-Auth-Resource-Group")
    is_in_group = group_id in (None, "", cluster.group_id)
    is_provider = request.args.get("provider") in (None, provider)
    is_there = request.args.get("location") in (None, cluster_answers.location(cluster))
    return cluster.provider == provider and is_in_group and is_provider and is_there


def _credential() -> str:
    """Answer the classic user name of the target that the headers name.

    Without a resource group it is the default group's, as for a reset. That, and the
    refusals, are inferred, not confirmed against a live account.
    """
    account: Account = g.account
    region = request.headers.get("X-Region", "")
    default = next((one.group_id for one in account.groups() if one.default), "")
    group_id = request.headers.get("X-Auth-Resource-Group") or default
    if not region:
        raise containers(400, "X-Region is missing.")
    if not rights_of_caller().sees_target(region, group_id):
        raise containers(403, "You are not authorized to view this.")
    api_user = account.classic_credential(region, group_id)
    if api_user is None:
        raise published("E0051")
    return api_user


def _cluster(id_or_name: str) -> Cluster:
    """Find a cluster in the resource groups the headers name.

    Which of the two group headers is honoured is not confirmed against a live account;
    here each one that is sent must fit.
    """
    cluster: Cluster | None = g.account.cluster(id_or_name)
    if cluster is None or not rights_of_caller().sees_target(
        cluster.region, cluster.group_id, cluster.cluster_id
    ):
        raise published("G0004")
    named = {
        request.headers[name] for name in _GROUP_HEADERS if request.headers.get(name)
    }
    if not named <= {cluster.group_id}:
        raise published("A0006")
    return cluster


def _owner_answer(account: Account, owner: Identity | None) -> Json:
    how = _how_answered(account, owner)
    if how == "P0005":
        raise published("P0005")
    if how == "404":
        raise containers(404, "No owner of the cluster API key was found.")
    return answers.key_owner(owner, account) if how == "keep" and owner else {}


def _how_answered(account: Account, owner: Identity | None) -> OwnerAnswer:
    if owner is None:
        return account.no_owner_answer
    if not owner.is_member:
        return account.removed_owner_answer
    return account.service_owner_answer if owner.is_service else "keep"
