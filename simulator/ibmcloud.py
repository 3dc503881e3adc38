"""The platform side of IBM Cloud: tokens, people, resource groups, API keys.

Every call but the token's needs an unexpired token of ours; the account is the one the
token names. The Kubernetes Service is in ``containers``.
"""

import uuid
from collections.abc import Sequence

from flask import Blueprint, Flask, Response, g, jsonify, request

from simulator import answers, paging, tokens
from simulator.access import admit, this_account
from simulator.account import Account
from simulator.errors import FarSideError, Json, iam, platform
from simulator.records import Group, Identity

_BX = ("bx", "bx")


def token_routes(accounts: Sequence[Account]) -> Blueprint:
    """Make POST /identity/token.

    Form in, OAuth answer out. Errors are 400 with ``errorCode`` where IBM publishes
    one: BXNIM0415E for a key that is unknown, deleted, or of a removed person
    (verified). A refresh token comes only with Basic client credentials (verified);
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
                return jsonify(_token_answer(account, identity))
        raise iam(400, "Provided API key could not be found.", "BXNIM0415E")

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
    """Make the routes of User Management and the Resource Manager."""
    routes = Blueprint("platform", __name__)

    @routes.before_request
    def enter() -> None:
        g.account = this_account(accounts, platform)

    @routes.get("/v2/accounts/<account_id>/users")
    def list_users(account_id: str) -> Response:
        account = _named_account(account_id)
        wanted = request.args.get("user_id")
        people = [p for p in account.people() if wanted in (None, p.user_id)]
        shaped = [answers.user(person, account_id) for person in people]
        return jsonify(paging.users_page(shaped, request.path, request.args))

    @routes.get("/v2/accounts/<account_id>/users/<iam_id>")
    def get_user(account_id: str, iam_id: str) -> Response:
        people = _named_account(account_id).people()
        found = [person for person in people if person.iam_id == iam_id]
        if not found:
            raise platform(404, "There is no such user in the account.")
        return jsonify(answers.user(found[0], account_id))

    @routes.get("/v2/resource_groups")
    def list_groups() -> Response:
        account = _named_account(request.args.get("account_id"))
        found = [one for one in account.groups() if _is_asked_for(one)]
        shaped = [answers.group(one, account.account_id) for one in found]
        return jsonify({"resources": shaped})

    return routes


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


def identity_routes(accounts: Sequence[Account]) -> Blueprint:
    """Make the API key routes of the IAM identity service.

    ``scope=account`` shows every key of the account, as to an administrator of IAM
    Identity; otherwise only those of ``iam_id``, or of the caller.
    """
    routes = Blueprint("iam_identity", __name__)

    @routes.before_request
    def enter() -> None:
        g.account = this_account(accounts, iam)

    @routes.get("/v1/apikeys")
    def list_keys() -> Response:
        account: Account = g.account
        asked = paging.key_query(request.args)
        if asked.get("account_id") not in (None, account.account_id):
            raise iam(403, "The token is for another account.")
        shaped = [answers.api_key(k, account.account_id) for k in account.api_keys()]
        found = paging.chosen_keys(shaped, asked, g.claims.iam_id)
        return jsonify(paging.keys_page(found, request.base_url, asked))

    @routes.get("/v1/apikeys/<key_id>")
    def get_key(key_id: str) -> Response:
        account: Account = g.account
        for key in account.api_keys():
            if key.key_id == key_id:
                return jsonify(answers.api_key(key, account.account_id))
        raise iam(404, "There is no such API key.")

    return routes


def register(app: Flask, accounts: Sequence[Account]) -> None:
    """Put the platform routes on an app, and turn our errors into answers."""
    app.register_blueprint(token_routes(accounts))
    app.register_blueprint(platform_routes(accounts))
    app.register_blueprint(identity_routes(accounts))

    @app.errorhandler(FarSideError)
    def answer_error(error: FarSideError) -> tuple[Response, int]:
        return jsonify(error.body), error.status

    @app.after_request
    def add_request_id(response: Response) -> Response:
        # Which header carries it on success is inferred from the SDK, not confirmed
        # against a live account.
        name = {"platform": "X-Global-Transaction-Id", "containers": "X-Request-Id"}
        if request.blueprint in {"iam_token", "iam_identity", *name}:
            header = name.get(request.blueprint or "", "Transaction-Id")
            response.headers[header] = uuid.uuid4().hex
        return response
