"""What can be changed of API keys in IAM: delete, disable, lock, and back.

One's own always; others' take Administrator on IAM Identity. Statuses are the SDK's;
that a locked key refuses all but unlocking with 409, and that a refusal is 403, is
inferred, not confirmed against a live account.
"""

from flask import Blueprint, Response, g, jsonify

from simulator.access import rights_of_caller
from simulator.account import Account
from simulator.errors import FarSideError, iam
from simulator.rights import IDENTITY

_DONE = ("", 204)


def add_changes(routes: Blueprint) -> None:
    """Add the routes; the blueprint has put the account into ``g``."""

    @routes.errorhandler(KeyError)
    def answer_gone(error: KeyError) -> tuple[Response, int]:
        # Another call deleted it between the look and the change.
        gone = _gone()
        return jsonify(gone.body), gone.status

    @routes.delete("/v1/apikeys/<key_id>")
    def delete_key(key_id: str) -> tuple[str, int]:
        _unlocked(key_id).delete_key(key_id)
        return _DONE

    @routes.post("/v1/apikeys/<key_id>/disable")
    def disable_key(key_id: str) -> tuple[str, int]:
        _unlocked(key_id).change_key(key_id, is_disabled=True)
        return _DONE

    @routes.delete("/v1/apikeys/<key_id>/disable")
    def enable_key(key_id: str) -> tuple[str, int]:
        _unlocked(key_id).change_key(key_id, is_disabled=False)
        return _DONE

    @routes.post("/v1/apikeys/<key_id>/lock")
    def lock_key(key_id: str) -> tuple[str, int]:
        _allowed(key_id).change_key(key_id, is_locked=True)
        return _DONE

    @routes.delete("/v1/apikeys/<key_id>/lock")
    def unlock_key(key_id: str) -> tuple[str, int]:
        _allowed(key_id).change_key(key_id, is_locked=False)
        return _DONE


def _allowed(key_id: str) -> Account:
    """Answer the account, where the caller may change this key."""
    account: Account = g.account
    key = account.api_key(key_id)
    if key is None:
        raise _gone()
    if key.iam_id != g.claims.iam_id and not rights_of_caller().administers(IDENTITY):
        raise iam(403, "You are not authorized to change this API key.")
    return account


def _gone() -> FarSideError:
    return iam(404, "There is no such API key.")


def _unlocked(key_id: str) -> Account:
    account = _allowed(key_id)
    key = account.api_key(key_id)
    if key is not None and key.is_locked:
        raise iam(409, "The API key is locked.")
    return account
