"""Routes to look into the simulator and steer it from another process.

Under /_sim/; never journalled, never hit by a fault, and without any login. What is in
an account is set in ``control_state``.
"""

from collections.abc import Sequence
from dataclasses import asdict
from email.message import EmailMessage

from flask import Blueprint, Response, abort, jsonify, request

from simulator.account import Account
from simulator.errors import Json
from simulator.faults import Fault, FaultPlan
from simulator.journal import Journal
from simulator.mail import CaughtMail, MailCatcher
from simulator.slack import Slack
from simulator.switches import STEERED


def control_routes(
    *,
    accounts: Sequence[Account],
    journal: Journal,
    faults: FaultPlan,
    slack: Slack,
    mail: MailCatcher,
) -> Blueprint:
    """Make the routes; ``?account_id=`` chooses among several accounts.

    404 for an unknown account, 422 with ``error`` for a body that cannot
    be read.
    """
    routes = Blueprint("control", __name__, url_prefix="/_sim")
    _add_looking(routes, accounts, journal, slack, mail)
    _add_steering(routes, accounts, journal)
    _add_faults(routes, faults)
    return routes


def _add_looking(
    routes: Blueprint,
    accounts: Sequence[Account],
    journal: Journal,
    slack: Slack,
    mail: MailCatcher,
) -> None:
    @routes.get("/journal")
    def get_journal() -> Response:
        return jsonify({"calls": [asdict(call) for call in journal.calls()]})

    @routes.get("/owners")
    def get_owners() -> Response:
        owners = chosen(accounts).owners()
        shaped = [
            {"region": region, "resource_group": group_id, "owner": iam_id}
            for (region, group_id), iam_id in owners.items()
        ]
        return jsonify({"owners": shaped})

    @routes.get("/accounts")
    def get_accounts() -> Response:
        shaped = [{"id": a.account_id, "name": a.account_name} for a in accounts]
        return jsonify({"accounts": shaped})

    @routes.get("/slack")
    def get_slack() -> Response:
        return jsonify({"messages": [asdict(message) for message in slack.messages]})

    @routes.get("/mail")
    def get_mail() -> Response:
        return jsonify({"messages": [_mail(caught) for caught in mail.messages]})


def _add_steering(
    routes: Blueprint, accounts: Sequence[Account], journal: Journal
) -> None:
    @routes.delete("/journal")
    def delete_journal() -> tuple[str, int]:
        journal.clear()
        return "", 204

    @routes.patch("/account")
    def patch_account() -> tuple[Response, int]:
        account = chosen(accounts)
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            return jsonify({"error": "a JSON object is needed"}), 422
        faulty = [n for n, v in body.items() if n not in STEERED or not STEERED[n](v)]
        if faulty:
            return jsonify({"error": "unknown or wrong: " + ", ".join(faulty)}), 422
        for name, value in body.items():
            setattr(account, name, value)
        return jsonify({name: getattr(account, name) for name in STEERED}), 200


def _add_faults(routes: Blueprint, faults: FaultPlan) -> None:
    @routes.post("/faults")
    def post_fault() -> tuple[Response, int]:
        body = request.get_json(silent=True)
        try:
            fault = Fault.from_json(body if isinstance(body, dict) else {})
        except ValueError as error:
            return jsonify({"error": str(error)}), 422
        faults.add(fault)
        return jsonify(fault.to_json()), 201

    @routes.get("/faults")
    def get_faults() -> Response:
        fired = [{**fault.to_json(), "fired": n} for fault, n in faults.fired()]
        unfired = [fault.to_json() for fault in faults.unfired()]
        return jsonify({"fired": fired, "unfired": unfired})

    @routes.delete("/faults")
    def delete_faults() -> tuple[str, int]:
        faults.clear()
        return "", 204


def chosen(accounts: Sequence[Account]) -> Account:
    """Answer the account ``?account_id=`` names, the first without it; else 404."""
    wanted = request.args.get("account_id", accounts[0].account_id)
    found = [account for account in accounts if account.account_id == wanted]
    return found[0] if found else abort(404)


def _mail(caught: CaughtMail) -> Json:
    bodies = {"plain": "", "html": ""}
    for kind in bodies:
        part = caught.message.get_body(preferencelist=(kind,))
        if isinstance(part, EmailMessage):
            bodies[kind] = str(part.get_content())
    return {
        "envelope_from": caught.envelope_from,
        "envelope_to": list(caught.envelope_to),
        "headers": {name: str(value) for name, value in caught.message.items()},
        "text": bodies["plain"],
        "html": bodies["html"],
        "attachments": [
            part.get_filename() for part in caught.message.iter_attachments()
        ],
    }
