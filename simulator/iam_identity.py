"""The IAM identity service: API keys, service IDs and account settings.

Tokens are made in ``ibmcloud``. What of API keys can be changed is in ``iam_keys``.
"""

from collections.abc import Mapping, Sequence

from flask import Blueprint, Response, g, jsonify, request

from simulator import access_answers, answers, paging
from simulator.access import rights_of_caller, this_account
from simulator.account import Account
from simulator.errors import iam
from simulator.iam_keys import add_changes
from simulator.records import ApiKey, Identity
from simulator.rights import IDENTITY


def identity_routes(accounts: Sequence[Account]) -> Blueprint:
    """Make the routes of the IAM identity service.

    Other identities' keys are shown to administrators of IAM Identity; what anybody
    else gets is ``key_list_refusal`` of the account. Service IDs are shown to viewers
    of IAM Identity and to themselves (inferred, not confirmed against a live account).
    """
    routes = Blueprint("iam_identity", __name__)

    @routes.before_request
    def enter() -> None:
        g.account = this_account(accounts, iam)

    _add_keys(routes)
    add_changes(routes)
    _add_service_ids(routes)

    @routes.get("/v1/accounts/<account_id>/settings/identity")
    def get_settings(account_id: str) -> Response:
        # That every member may read them is inferred.
        _refuse_another(account_id)
        return jsonify(access_answers.account_settings(g.account))

    return routes


def _add_keys(routes: Blueprint) -> None:
    @routes.get("/v1/apikeys")
    def list_keys() -> Response:
        account: Account = g.account
        asked = paging.key_query(request.args)
        _refuse_another(asked.get("account_id"))
        shaped = [answers.api_key(key, account.account_id) for key in _seen_keys(asked)]
        found = paging.chosen_keys(shaped, asked, g.claims.iam_id)
        url = request.base_url
        return jsonify(paging.identities_page("apikeys", found, url, asked))

    @routes.get("/v1/apikeys/details")
    def get_key_by_value() -> Response:
        # That a foreign key is answered as one that is not there is inferred.
        account: Account = g.account
        key = account.key_of_raw(request.headers.get("IAM-ApiKey", ""))
        if key is None or key not in _seen_keys({"iam_id": g.claims.iam_id}):
            raise iam(404, "There is no such API key.")
        return jsonify(answers.api_key(key, account.account_id))

    @routes.get("/v1/apikeys/<key_id>")
    def get_key(key_id: str) -> Response:
        account: Account = g.account
        key = account.api_key(key_id)
        asked = {} if key is None else {"iam_id": key.iam_id}
        if key is None or key not in _seen_keys(asked):
            raise iam(404, "There is no such API key.")
        wants_activity = request.args.get("include_activity", "").lower() == "true"
        activity = account.activity(key_id) if wants_activity else None
        return jsonify(answers.api_key(key, account.account_id, activity))


def _add_service_ids(routes: Blueprint) -> None:
    @routes.get("/v1/serviceids/", strict_slashes=False)
    def list_service_ids() -> Response:
        asked = paging.key_query(request.args)
        _refuse_another(asked.get("account_id"))
        shaped = [
            answers.service_id(one, g.account.account_id)
            for one in _seen_service_ids()
            if asked.get("name") in (None, one.name)
        ]
        url = request.base_url
        return jsonify(paging.identities_page("serviceids", shaped, url, asked))

    @routes.get("/v1/serviceids/<bare_id>")
    def get_service_id(bare_id: str) -> Response:
        for one in _seen_service_ids():
            if one.iam_id.removeprefix("iam-") == bare_id:
                return jsonify(answers.service_id(one, g.account.account_id))
        raise iam(404, "There is no such service ID.")


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


def _seen_service_ids() -> list[Identity]:
    everyone: list[Identity] = g.account.service_ids()
    if rights_of_caller().views(IDENTITY):
        return everyone
    return [one for one in everyone if one.iam_id == g.claims.iam_id]
