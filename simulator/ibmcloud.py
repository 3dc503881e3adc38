"""The platform side of IBM Cloud: tokens, people, resource groups, instances.

Every call but the token's needs an unexpired token of ours; the account is the one the
token names, and the rights are those of the token's identity. The Kubernetes Service is
in ``containers``, the rest of IAM in ``iam_identity`` and ``iam_access``.
"""

import uuid
from collections.abc import Sequence

from flask import Blueprint, Flask, Response, g, jsonify, request

from simulator import answers, cluster_answers, paging, tokens
from simulator.access import admit, rights_of_caller, this_account
from simulator.account import Account
from simulator.errors import FarSideError, Json, iam, platform, published
from simulator.iam_access import access_routes
from simulator.iam_identity import identity_routes
from simulator.records import Group, Identity
from simulator.rights import USERS

_BX = ("bx", "bx")


def token_routes(accounts: Sequence[Account]) -> Blueprint:
    """Make POST /identity/token.

    Form in, OAuth answer out. Errors are 400 with ``errorCode`` where IBM publishes
    one: BXNIM0415E for a key that is unknown, deleted, or of a removed person
    (verified), and for one that is disabled (inferred, not confirmed against a live
    account). A refresh token comes only with Basic client credentials (verified);
    otherwise it is the word ``not_supported``.
    """
    routes = Blueprint("iam_token", __name__)

    @routes.post("/identity/token")
    def make_token() -> Response:
        raw_key = request.form.get("apikey", "")
        if request.form.get("grant_type") != tokens.GRANT_TYPE or not raw_key:
            raise iam(400, "grant_type and apikey are needed.")
        for account in accounts:
            identity = account.login(raw_key)
            if identity is not None:
                admit(account)
                account.count_login(raw_key)
                return jsonify(_token_answer(account, identity))
        raise published("BXNIM0415E")

    return routes


def _token_answer(account: Account, identity: Identity) -> Json:
    basic = request.authorization
    is_basic = basic is not None and basic.type == "basic"
    client = (basic.username, basic.password) if basic and is_basic else None
    life = account.token_life_seconds
    return {
        "access_token": tokens.issue(
            account, identity, "bx" if client == _BX else "default"
        ),
        "refresh_token": uuid.uuid4().hex if client else "not_supported",
        "token_type": "Bearer",
        "expires_in": life,
        "expiration": int(account.clock()) + life,
        "scope": "ibm openid",
    }


def platform_routes(accounts: Sequence[Account]) -> Blueprint:
    """Make the routes of User Management, Resource Manager and Resource Controller."""
    routes = Blueprint("platform", __name__)

    @routes.before_request
    def enter() -> None:
        g.account = this_account(accounts, platform)

    _add_people(routes)

    @routes.get("/v2/resource_groups")
    def list_groups() -> Response:
        account = _named_account(request.args.get("account_id"))
        rights = rights_of_caller()
        found = [one for one in account.groups() if _is_asked_for(one)]
        shaped = [
            answers.group(one, account.account_id)
            for one in found
            if rights.sees_group(one.group_id)
        ]
        return jsonify({"resources": shaped})

    @routes.get("/v2/resource_instances")
    def list_instances() -> Response:
        account, rights = g.account, rights_of_caller()
        shaped = [
            cluster_answers.instance(one, account)
            for one in account.clusters()
            if rights.sees_target(one.region, one.group_id, one.cluster_id)
        ]
        found = [one for one in shaped if _is_wanted(one)]
        return jsonify(paging.instances_page(found, request.path, request.args))

    return routes


def _add_people(routes: Blueprint) -> None:
    @routes.get("/v2/accounts/<account_id>/users")
    def list_users(account_id: str) -> Response:
        account = _named_account(account_id)
        wanted = request.args.get("user_id")
        people = [p for p in _seen_people(account) if wanted in (None, p.user_id)]
        shaped = [answers.user(person, account_id) for person in people]
        return jsonify(paging.users_page(shaped, request.path, request.args))

    @routes.get("/v2/accounts/<account_id>/users/<iam_id>")
    def get_user(account_id: str, iam_id: str) -> Response:
        people = _seen_people(_named_account(account_id))
        found = [person for person in people if person.iam_id == iam_id]
        if not found:
            raise platform(404, "There is no such user in the account.")
        return jsonify(answers.user(found[0], account_id))


def _seen_people(account: Account) -> list[Identity]:
    """Answer the user list as the caller sees it.

    Unrestricted, every member sees everybody (IBM's SDK says so). Restricted, IBM Cloud
    shows some more than oneself, such as whom one invited; here it does not.
    """
    people = account.people()
    is_restricted = account.restrict_user_list_visibility == "RESTRICTED"
    if not is_restricted or rights_of_caller().views(USERS):
        return people
    return [person for person in people if person.iam_id == g.claims.iam_id]


def _is_wanted(instance: Json) -> bool:
    """Tell whether an instance is asked for.

    Without a state only those active or provisioning are (IBM's SDK says so).
    """
    names = ("resource_group_id", "resource_id", "state", "name", "guid", "type")
    asked = {name: request.args[name] for name in names if name in request.args}
    is_alive = instance["state"] in {"active", "provisioning"}
    fits = all(instance[name] == value for name, value in asked.items())
    return fits and ("state" in asked or is_alive)


def _is_asked_for(group: Group) -> bool:
    name, default = request.args.get("name"), request.args.get("default")
    is_named = name in (None, group.name)
    return is_named and default in (None, "true" if group.default else "false")


def _named_account(account_id: str | None) -> Account:
    account: Account = g.account
    if account_id not in (None, account.account_id):
        # Inferred, not confirmed against a live account.
        raise platform(403, "The token is for another account.")
    return account


def register(app: Flask, accounts: Sequence[Account]) -> None:
    """Put the platform routes on an app, and turn our errors into answers."""
    app.register_blueprint(token_routes(accounts))
    app.register_blueprint(platform_routes(accounts))
    app.register_blueprint(identity_routes(accounts))
    app.register_blueprint(access_routes(accounts))

    @app.errorhandler(FarSideError)
    def answer_error(error: FarSideError) -> tuple[Response, int]:
        return jsonify(error.body), error.status

    @app.after_request
    def add_request_id(response: Response) -> Response:
        # Which header carries it on success is inferred from the SDK, not confirmed
        # against a live account.
        name = {"platform": "X-Global-Transaction-Id", "containers": "X-Request-Id"}
        if request.blueprint in {"iam_token", "iam_identity", "iam_access", *name}:
            header = name.get(request.blueprint or "", "Transaction-Id")
            response.headers[header] = uuid.uuid4().hex
        return response
