"""Routes that set what is in an account, for a test in another process or a person.

Under /_sim/, like those of ``control``; ``?account_id=`` chooses the account. 404 for
what is not there, 422 with ``error`` for a body that cannot be read.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, request

from simulator.account import Account
from simulator.control import chosen
from simulator.fields import Kinds, checked, words
from simulator.policies import Policy

Answer = tuple[Response | str, int]

_PLACE: dict[str, Kinds] = {"region": str, "resource_group": str}
_GROUP: dict[str, Kinds] = {
    "name": str,
    "members": list,
    "dynamic_members": list,
    "policies": list,
}
_PERSON: dict[str, Kinds] = {
    "email": str,
    "name": str,
    "state": str,
    "user_id": (str, type(None)),
}


def state_routes(accounts: Sequence[Account]) -> Blueprint:
    """Make the routes."""
    routes = state_blueprint("control_state")

    def account() -> Account:
        return chosen(accounts)

    _add_people(routes, account)
    _add_rights(routes, account)
    _add_places(routes, account)
    return routes


def state_blueprint(name: str) -> Blueprint:
    """Make an empty blueprint that answers what cannot be read or is not there."""
    routes = Blueprint(name, __name__, url_prefix="/_sim")

    @routes.errorhandler(ValueError)
    def answer_fault(error: ValueError) -> Answer:
        return jsonify({"error": str(error)}), 422

    @routes.errorhandler(KeyError)
    def answer_unknown(error: KeyError) -> Answer:
        return jsonify({"error": f"there is no {error.args[0]}"}), 404

    return routes


def _add_people(routes: Blueprint, account: Callable[[], Account]) -> None:
    @routes.put("/people/<iam_id>")
    def put_person(iam_id: str) -> Answer:
        given = body(_PERSON, {"email"})
        account().add_person(iam_id, given.pop("email"), **given)
        return "", 204

    @routes.delete("/people/<iam_id>")
    def delete_person(iam_id: str) -> Answer:
        account().remove_person(iam_id)
        return "", 204


def _add_rights(routes: Blueprint, account: Callable[[], Account]) -> None:
    @routes.put("/policies/<iam_id>")
    def put_policies(iam_id: str) -> Answer:
        given = body({"policies": list}, {"policies"})
        account().set_policies(iam_id, _policies(given))
        return "", 204

    @routes.delete("/policies/<iam_id>")
    def delete_policies(iam_id: str) -> Answer:
        account().set_policies(iam_id, None)
        return "", 204

    @routes.put("/access-groups/<group_id>")
    def put_access_group(group_id: str) -> Answer:
        given = body(_GROUP, {"name"})
        account().add_access_group(
            group_id,
            given["name"],
            members=words(given, "members"),
            dynamic_members=words(given, "dynamic_members"),
            policies=_policies(given),
        )
        return "", 204


def _add_places(routes: Blueprint, account: Callable[[], Account]) -> None:
    @routes.post("/owners")
    def post_owner() -> Answer:
        given = body({**_PLACE, "owner": str}, {*_PLACE, "owner"})
        account().set_owner(given["region"], given["resource_group"], given["owner"])
        return jsonify(given), 201

    @routes.put("/credentials")
    def put_credential() -> Answer:
        kinds: dict[str, Kinds] = {**_PLACE, "api_user": (str, type(None))}
        given = body(kinds, set(_PLACE))
        region, group_id = given["region"], given["resource_group"]
        account().set_classic_credential(region, group_id, given.get("api_user"))
        return "", 204

    @routes.patch("/clusters/<cluster_id>")
    def patch_cluster(cluster_id: str) -> Answer:
        given = body({"hidden": bool, "state": str}, set())
        if "hidden" in given:
            account().hide_from_lists(cluster_id, hidden=given["hidden"])
        if "state" in given:
            account().set_cluster_state(cluster_id, given["state"])
        return "", 204


def body(kinds: Mapping[str, Kinds], needed: set[str]) -> dict[str, Any]:
    """Read a call's body.

    Raises:
        ValueError: It is no object, or its fields are not those.
    """
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise ValueError("a JSON object is needed")  # noqa: TRY004 - the caller's fault, not a bug
    return checked(given, kinds, needed)


def _policies(given: Mapping[str, Any]) -> list[Policy]:
    rows = given.get("policies", [])
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("policies are objects")
    return [Policy.from_json(row) for row in rows]
