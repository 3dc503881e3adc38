"""The IAM identity service, as far as it can be read: API keys and account settings.

Tokens are made in ``ibmcloud``.
"""

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, g, jsonify, request

from simulator import access_answers, answers, paging
from simulator.access import rights_of_caller, this_account
from simulator.account import Account
from simulator.errors import iam
from simulator.records import ApiKey
from simulator.rights import IDENTITY


def identity_routes(accounts: Sequence[Account]) -> Blueprint:
    """Make the API key and settings routes of the IAM identity service.

    Other identities' keys are shown to administrators of IAM Identity; what anybody
    else gets is ``key_list_refusal`` of the account.
    """
    routes = Blueprint("iam_identity", __name__)

    @routes.before_request
    def enter() -> None:
        g.account = this_account(accounts, iam)

    @routes.get("/v1/apikeys")
    def list_keys() -> Response:
        account: Account = g.account
        asked = paging.key_query(request.args)
        _refuse_another(asked.get("account_id"))
        shaped = [answers.api_key(key, account.account_id) for key in _seen_keys(asked)]
        found = paging.chosen_keys(shaped, asked, g.claims.iam_id)
        return jsonify(paging.keys_page(found, request.base_url, asked))

    @routes.get("/v1/apikeys/<key_id>")
    def get_key(key_id: str) -> Response:
        account: Account = g.account
        for key in _seen_keys({"scope": "account"}):
            if key.key_id == key_id:
                return jsonify(answers.api_key(key, account.account_id))
        raise iam(404, "There is no such API key.")

    @routes.get("/v1/accounts/<account_id>/settings/identity")
    def get_settings(account_id: str) -> Response:
        # That every member may read them is inferred.
        _refuse_another(account_id)
        return jsonify(access_answers.account_settings(g.account))

    return routes


def _refuse_another(account_id: str | None) -> None:
    if account_id not in (None, g.account.account_id):
        raise iam(403, "The token is for another account.")


def _seen_keys(asked: Mapping[str, str]) -> list[ApiKey]:
    """Answer the keys the caller may list; their own always.

    Raises:
        FarSideError: 403 where others' are asked for and the account refuses so.
    """
    keys: list[ApiKey] = g.account.api_keys()
    caller = g.claims.iam_id
    if rights_of_caller().administers(IDENTITY):
        return keys
    is_for_others = asked.get("scope") == "account" or asked.get("iam_id") not in (
        None,
        caller,
    )
    if is_for_others and g.account.key_list_refusal == "403":
        raise iam(403, "You are not authorized to list these API keys.")
    return [key for key in keys if key.iam_id == caller]
