"""Routes to look at keys and what hangs on them, and to change them behind IAM's back.

Under /_sim/, like those of ``control_state``, with its answers to what is faulty.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict

from flask import Blueprint, Response, jsonify

from simulator.account import Account
from simulator.control import chosen
from simulator.control_state import Answer, body, state_blueprint
from simulator.errors import Json
from simulator.faults import FaultPlan
from simulator.fields import Kinds, words
from simulator.records import ApiKey
from simulator.rivals import rival_fault

_RIVAL: dict[str, Kinds] = {
    "region": str,
    "resource_group": str,
    "iam_id": str,
    "at": str,
    "when": str,
    "seconds": (int, float),
    "times": (int, type(None)),
    "skip": int,
}
_LAG: dict[str, Kinds] = {
    "region": str,
    "resource_group": str,
    "seconds": (int, float, type(None)),
}
_ROLE: dict[str, Kinds] = {"actions": list, "service_name": str}


def key_state_routes(accounts: Sequence[Account], faults: FaultPlan) -> Blueprint:
    """Make the routes."""
    routes = state_blueprint("control_keys")

    def account() -> Account:
        return chosen(accounts)

    _add_looking(routes, account)
    _add_keys(routes, account)
    _add_roles(routes, account)
    _add_rivals(routes, account, faults)
    return routes


def _add_looking(routes: Blueprint, account: Callable[[], Account]) -> None:
    @routes.get("/keys")
    def get_keys() -> Response:
        shaped = [_key(account(), key) for key in account().api_keys()]
        return jsonify({"keys": shaped})

    @routes.get("/refreshes")
    def get_refreshes() -> Response:
        shaped = [asdict(one) for one in account().refreshes()]
        return jsonify({"refreshes": shaped})

    @routes.get("/broken")
    def get_broken() -> Response:
        shaped = [asdict(one) for one in account().broken_clusters()]
        return jsonify({"clusters": shaped})


def _add_keys(routes: Blueprint, account: Callable[[], Account]) -> None:
    @routes.post("/keys")
    def post_key() -> Answer:
        given = body({"iam_id": str, "apikey": str}, {"iam_id", "apikey"})
        account().add_login_key(given["iam_id"], given["apikey"])
        return "", 204

    @routes.patch("/keys/<key_id>")
    def patch_key(key_id: str) -> Answer:
        given = body({"locked": bool, "disabled": bool}, set())
        account().change_key(
            key_id, is_locked=given.get("locked"), is_disabled=given.get("disabled")
        )
        return "", 204

    @routes.delete("/keys/<key_id>")
    def delete_key(key_id: str) -> Answer:
        account().delete_key(key_id)
        return "", 204

    @routes.patch("/service-ids/<iam_id>")
    def patch_service_id(iam_id: str) -> Answer:
        given = body({"locked": bool}, {"locked"})
        account().lock_service_id(iam_id, is_locked=given["locked"])
        return "", 204


def _add_roles(routes: Blueprint, account: Callable[[], Account]) -> None:
    @routes.put("/custom-roles/<name>")
    def put_role(name: str) -> Answer:
        given = body(_ROLE, {"actions"})
        service_name = given.get("service_name", "containers-kubernetes")
        actions = words(given, "actions")
        crn = account().add_custom_role(name, actions, service_name=service_name)
        return jsonify({"crn": crn}), 200


def _add_rivals(
    routes: Blueprint, account: Callable[[], Account], faults: FaultPlan
) -> None:
    @routes.post("/rivals")
    def post_rival() -> Answer:
        given = body(_RIVAL, {"region", "resource_group", "iam_id"})
        _one_of(given, "at", ("reset", "reading"))
        _one_of(given, "when", ("before", "after"))
        place = [given.pop(name) for name in ("region", "resource_group", "iam_id")]
        fault = rival_fault(account(), *place, **given)
        faults.add(fault)
        return jsonify(fault.to_json()), 201

    @routes.put("/lags")
    def put_lag() -> Answer:
        given = body(_LAG, {"region", "resource_group"})
        place = (given["region"], given["resource_group"])
        account().set_replication_lag(*place, given.get("seconds"))
        return "", 204


def _one_of(given: dict[str, object], name: str, choices: tuple[str, ...]) -> None:
    if given.get(name, choices[0]) not in choices:
        raise ValueError(f"{name} is one of " + ", ".join(choices))


def _key(account: Account, key: ApiKey) -> Json:
    region, group_id = key.target or (None, None)
    used = account.activity(key.key_id)
    return {
        "id": key.key_id,
        "name": key.name,
        "owner": key.iam_id,
        "region": region,
        "resource_group": group_id,
        "created_at": key.created_at,
        "locked": key.is_locked,
        "disabled": key.is_disabled,
        "in_use": account.is_in_use(key),
        "used": used.count,
        "last_used_at": used.last_at,
    }
