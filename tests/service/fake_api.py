"""The service as the command line sees it: scripted answers on 127.0.0.1.

Beside it cases as the API shows them, for the tests of the command line.
"""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

TOKEN = "ofb_0123456789abcdef0123456789abcdef"
CASE_ID = "01KHJ2V0W8Q3RZ5T7X9YABCDEF"
USER = "dana.lee@example.com"
OPEN_A_CASE = ("POST", "/offboard/dana.lee%40example.com")
SHOW = ("GET", f"/api/cases/{CASE_ID}")


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict
    headers: dict
    body: object


@dataclass(frozen=True)
class Says:
    """One answer; without a status the connection breaks off instead."""

    body: object = None
    status: int | None = 200
    headers: tuple = ()
    raw: bytes | None = None


LOST = Says(status=None)


class FakeApi:
    """Answers each route from its script, in order; the last answer stays."""

    def __init__(self):
        self.asked = []
        self.scripts = {}
        api = self

        class Door(BaseHTTPRequestHandler):
            def do_GET(self):
                api._answer(self)

            def do_POST(self):
                api._answer(self)

            def log_message(self, *_):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()

    def script(self, route, *answers):
        self.scripts[route] = list(answers)

    def opens(self, *cases):
        """Take a departure in, then show these cases one after the other."""
        self.script(OPEN_A_CASE, Says({"case": a_case(status="open")}, 202))
        self.script(SHOW, *(Says(one) for one in cases))

    def calls(self, method, path):
        return [one for one in self.asked if (one.method, one.path) == (method, path)]

    def _answer(self, door):
        length = int(door.headers.get("Content-Length", 0))
        raw = door.rfile.read(length)
        parts = urlsplit(door.path)
        headers = {name.lower(): value for name, value in door.headers.items()}
        query = dict(parse_qsl(parts.query))
        body = json.loads(raw) if raw else None
        self.asked.append(Asked(door.command, parts.path, query, headers, body))
        script = self.scripts.get((door.command, parts.path), [])
        says = script.pop(0) if len(script) > 1 else (script or [NO_ROUTE])[0]
        if says.status is None:
            door.close_connection = True
            return
        sent = says.raw if says.raw is not None else json.dumps(says.body).encode()
        door.send_response(says.status)
        for name, value in says.headers:
            door.send_header(name, value)
        door.send_header("Content-Length", str(len(sent)))
        door.end_headers()
        door.wfile.write(sent)


def a_problem(status, detail, **more):
    return Says(
        {"title": "As it is", "status": status, "detail": detail, **more}, status
    )


NO_ROUTE = Says({"title": "Not Found", "status": 404, "detail": "No."}, 404)


def an_owner(id="IBMid-1", name="Dana Lee", email=USER, kind="person"):
    return {"id": id, "name": name, "email": email, "kind": kind}


FUNCTIONAL_ID = an_owner("IBMid-9", "iks-functional-1", None, "functional_id")


def a_target(region="us-south", group="payments", **over):
    return {
        "account_id": "acc1",
        "region": region,
        "resource_group": {"id": f"id-{group}", "name": group},
        "clusters": [{"id": "c1", "name": "pay-1", "provider": "vpc-gen2"}],
        "owner_before": an_owner(),
        "owner_after": None,
        "outcome": "planned",
        "reason": None,
        "advice": None,
        "attempts": 0,
        "follow_ups": [],
        **over,
    }


def a_verified(region="us-south", **over):
    done = {"outcome": "verified", "owner_after": FUNCTIONAL_ID, "attempts": 1}
    return a_target(region, **(done | over))


def an_unread(region="eu-de", **over):
    advice = {
        "text": "IBM Cloud refused because a role is missing.",
        "who": "an administrator of IAM",
        "command": "ibmcloud iam user-policy-create READER --roles Viewer",
    }
    unread = {
        "outcome": "unread",
        "reason": "no_role",
        "advice": advice,
        "owner_before": None,
    }
    return a_target(region, **(unread | over))


def a_plan(*refused):
    return {
        "hash": "sha256:5f1d",
        "made_at": "2026-02-16T10:02:12.100Z",
        "refused": list(refused),
        "approved_by": None,
    }


def a_note(reason, text="A sentence."):
    return {"reason": reason, "text": text}


def a_case(status="settled", result=None, *targets, **over):
    return {
        "id": CASE_ID,
        "kind": "departure",
        "status": status,
        "result": result,
        "dry_run": result == "planned",
        "leaver": {"email": USER, "iam_id": "IBMid-1", "name": "Dana Lee"},
        "opened_by": {"source": "api", "event_key": None, "actor": "ops"},
        "scope": None,
        "joined_to": None,
        "received_at": "2026-02-16T10:02:11.000Z",
        "effective_at": "2026-02-16T10:02:11.000Z",
        "settled_at": None,
        "owner_safe_seconds": 12.4 if result == "safe" else None,
        "fully_safe_seconds": None,
        "plan": None if status in ("open", "scheduled") else a_plan(),
        "warnings": [],
        "targets": list(targets),
        "reports": [],
        **over,
    }


def a_holding(region="us-south", group="payments", **over):
    target = a_target(region, group)
    shared = ("account_id", "region", "resource_group", "clusters")
    return {
        **{name: target[name] for name in shared},
        "owner": an_owner(),
        "reading": "owner",
        "reason": None,
        "checked_at": "2026-02-16T10:02:11.000Z",
        **over,
    }


def not_read(region="eu-de", **over):
    unread = {"owner": None, "reading": "unread", "reason": "no_role"}
    return a_holding(region, **(unread | over))


def a_person(targets=1, clusters=1, left=False, **owner):
    shown = an_owner(**owner)
    return {"owner": shown, "targets": targets, "clusters": clusters, "left": left}


def an_exposure(*targets, people=(), **over):
    return {
        "targets": list(targets),
        "people": list(people),
        "departures_from_outage": sum(bool(one["clusters"]) for one in people),
        "unread": sum(one["reading"] == "unread" for one in targets),
        "checked_at": "2026-02-16T10:02:11.000Z",
        **over,
    }


def a_gate(*reasons, safe=False, targets=(), **over):
    return {
        "user": USER,
        "safe": safe,
        "reasons": [one if isinstance(one, dict) else a_note(one) for one in reasons],
        "targets": list(targets),
        "checked_at": "2026-02-16T10:02:11.000Z",
        **over,
    }


def a_check(verdict="ok", what="key_list", text="It is whole.", **over):
    return {
        "what": what,
        "account_id": "acc1",
        "verdict": verdict,
        "text": text,
        "mend": None,
        "command": None,
        **over,
    }


def squeezed(text):
    """Takes the columns' padding and the rule out: only the words count."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return [line for line in lines if not line.startswith("─")]


def result_in(stdout):
    """Reads what a command wrote with -o json, without the version of it."""
    body = json.loads(stdout)
    assert body.pop("schema") == 1
    return body
