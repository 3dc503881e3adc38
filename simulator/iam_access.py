"""Policies and access groups of IAM, as far as they can be read.

Who may read whose is inferred, not confirmed against a live account: one's own unless
the account is switched otherwise; everybody's policies with Viewer on IAM Access
Management, access groups and their policies with Viewer on the access groups service.
"""

from collections.abc import Iterator, Sequence

from flask import Blueprint, Response, g, jsonify, request

from simulator import access_answers, paging
from simulator.access import rights_of_caller, this_account
from simulator.account import Account
from simulator.errors import FarSideError, access
from simulator.policies import AccessGroup, Policy
from simulator.rights import ACCESS, ACCESS_GROUPS

# The attribute that says whose a policy is, and its value.
Subject = tuple[str, str]

# asked for -> the key among a policy's resource attributes
_FILTERS = {
    "service_name": "serviceName",
    "service_type": "serviceType",
    "service_group_id": "service_group_id",
}


def access_routes(accounts: Sequence[Account]) -> Blueprint:
    """Make GET /v2/policies and GET /v2/groups."""
    routes = Blueprint("iam_access", __name__)

    @routes.before_request
    def enter() -> None:
        g.account = this_account(accounts, _refusal)
        named = request.args.get("account_id")
        if not named:
            raise access(400, "missing_field", "account_id is needed.")
        if named != g.account.account_id:
            raise _refusal(403, "The token is for another account.")

    @routes.get("/v2/policies")
    def list_policies() -> Response:
        account_id, url = g.account.account_id, request.base_url
        is_display = request.args.get("format") == "display"
        roles = g.account.custom_roles() if is_display else None
        shaped = [
            access_answers.policy(policy, account_id, subject, number, url, roles)
            for subject, number, policy in _policies(g.account)
            if _is_asked_for(policy, account_id)
        ]
        return jsonify(paging.policies_page(shaped, request.base_url, request.args))

    @routes.get("/v2/groups")
    def list_groups() -> Response:
        shaped = [
            access_answers.access_group(one, g.account.account_id, request.base_url)
            for one in _groups(g.account)
        ]
        return jsonify(paging.groups_page(shaped, request.base_url, request.args))

    return routes


def _refusal(status: int, message: str) -> FarSideError:
    codes = {401: "invalid_token", 403: "insufficent_permissions"}
    return access(status, codes.get(status, "bad_request"), message)


def _refused(account: Account) -> None:
    if account.policy_refusal == "403":
        raise _refusal(403, "You are not authorized to read this.")


def _policies(account: Account) -> Iterator[tuple[Subject, int, Policy]]:
    """Yield the policies of the subject asked for, or of all, with their places.

    Raises:
        FarSideError: 403 where the account refuses so.
    """
    person, group_id = request.args.get("iam_id"), request.args.get("access_group_id")
    for iam_id in _subjects(account, person, group_id):
        for number, policy in enumerate(account.direct_policies(iam_id)):
            yield ("iam_id", iam_id), number, policy
    for group in _groups_read(account, person, group_id):
        for number, policy in enumerate(group.policies):
            yield ("access_group_id", group.group_id), number, policy


def _subjects(account: Account, person: str | None, group_id: str | None) -> list[str]:
    if group_id is not None:
        return []
    wanted = account.policy_subjects() if person is None else [person]
    if rights_of_caller().views(ACCESS):
        return wanted
    mine = [one for one in wanted if one == g.claims.iam_id]
    if mine and account.own_policies_readable:
        return mine
    _refused(account)
    return []


def _groups_read(
    account: Account, person: str | None, group_id: str | None
) -> list[AccessGroup]:
    if person is not None:
        return []
    wanted = [o for o in account.access_groups() if group_id in (None, o.group_id)]
    return _readable(account, wanted, is_about_caller=False)


def _groups(account: Account) -> list[AccessGroup]:
    """Answer the access groups asked for.

    Raises:
        FarSideError: 403 where the account refuses so.
    """
    iam_id = request.args.get("iam_id")
    membership = request.args.get("membership_type", "all")
    if membership not in {"static", "dynamic", "all"}:
        raise access(400, "invalid_value", "membership_type is static, dynamic or all.")
    wanted = [
        one
        for one in account.access_groups()
        if iam_id is None or one.holds(iam_id, membership)
    ]
    return _readable(account, wanted, is_about_caller=iam_id == g.claims.iam_id)


def _readable(
    account: Account, wanted: list[AccessGroup], *, is_about_caller: bool
) -> list[AccessGroup]:
    if rights_of_caller().views(ACCESS_GROUPS):
        return wanted
    mine = [one for one in wanted if one.holds(g.claims.iam_id)]
    if account.own_policies_readable and (mine or is_about_caller):
        return mine
    _refused(account)
    return []


def _is_asked_for(policy: Policy, account_id: str) -> bool:
    """Tell whether a policy is; without a state only active ones are (inferred)."""
    args = request.args
    if args.get("type", "access") != "access":
        return False
    if policy.state != args.get("state", "active"):
        return False
    values = {key: value for key, _, value in policy.resource(account_id)}
    return all(
        values.get(key) == args[name] for name, key in _FILTERS.items() if name in args
    )
