"""Microsoft Graph and Entra's token service on loopback: what the directory asks of it.

State is plain dicts; a fault is put in front of the next answers for a path.
"""

import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

import jwt

READS_ALL = ["User.Read.All", "User-LifeCycleInfo.Read.All"]
HTML = b"<html><body>Sign in to the proxy</body></html>"


@dataclass
class Fault:
    """What happens instead of an answer, to paths that hold ``part``."""

    part: str
    status: int = 200
    headers: dict = field(default_factory=dict)
    body: bytes = b"{}"
    pause_seconds: float = 0
    is_cut: bool = False
    times: int = 1


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    query: dict
    body: bytes
    bearer: str


def error(status, code, part="", **more):
    body = json.dumps({"error": {"code": code, "message": "never shown"}}).encode()
    return Fault(part, status, body=body, **more)


class FakeGraph:
    """A tenant."""

    def __init__(self):
        self.users, self.deleted, self.subscriptions = {}, {}, {}
        self.roles = list(READS_ALL)
        self.expires_in = 3600
        self.page_size = 2
        self.seen, self.faults, self.changes = [], [], []
        self.valid_from = 0
        self.generation = 0
        self.next_host = None
        handler = type("Bound", (Handler,), {"graph": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        ).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def put(self, object_id, **changed):
        user = self.users.get(object_id) or self.deleted.pop(object_id, None)
        user = user or {
            "id": object_id,
            "userPrincipalName": f"{object_id}@example.com",
            "mail": f"{object_id}@example.com",
            "accountEnabled": True,
            "employeeId": None,
            "employeeLeaveDateTime": None,
        }
        self.users[object_id] = {**user, **changed}
        self.changes.append(object_id)

    def delete(self, object_id):
        user = self.users.pop(object_id)
        bare = object_id.replace("-", "")
        self.deleted[object_id] = {
            **user,
            "userPrincipalName": bare + user["userPrincipalName"],
            "deletedDateTime": "2026-11-23T11:00:00Z",
        }
        self.changes.append(object_id)

    def purge(self, object_id):
        self.deleted.pop(object_id, None)
        self.users.pop(object_id, None)
        self.changes.append(object_id)

    def forget_tokens(self):
        self.valid_from = len(self.changes) + 1

    def paths(self, method=None):
        return [one.path for one in self.seen if method in (None, one.method)]

    def fault_of(self, seen):
        """Take the first fault that is in front of this answer."""
        found = next((one for one in self.faults if one.part in seen.path), None)
        if found is not None:
            found.times -= 1
            if found.times <= 0:
                self.faults.remove(found)
        return found

    def answer(self, seen):
        """Answer with a status and an object, or None for 204."""
        path = seen.path.removeprefix("/v1.0")
        name, _, rest = path.strip("/").partition("/")
        if path.endswith("/oauth2/v2.0/token"):
            return self._token()
        if path == "/users/delta":
            return self._delta(seen.query)
        if path.startswith("/directory/deletedItems/"):
            return self._one(self.deleted, path.rpartition("/")[2], {})
        if name == "subscriptions":
            return self._subscription(seen, rest)
        return self._one(self.users if name == "users" else {}, rest, seen.query)

    def _token(self):
        self.generation += 1
        claims = {"roles": self.roles, "n": self.generation}
        token = jwt.encode(claims, "k" * 32, algorithm="HS256")
        return 200, {"access_token": token, "expires_in": self.expires_in}

    def _one(self, among, object_id, query):
        found = among.get(object_id)
        if found is None:
            return 404, _code("Request_ResourceNotFound")
        selected = query.get("$select", "").split(",")
        shown = {
            name: value
            for name, value in found.items()
            if not query or name in selected
        }
        return 200, self._as_allowed(shown)

    def _as_allowed(self, user):
        # As the live service does: an empty date, and no error.
        if "User-LifeCycleInfo.Read.All" in self.roles:
            return user
        return {**user, "employeeLeaveDateTime": None}

    def _subscription(self, seen, rest):
        subscription_id, _, action = rest.partition("/")
        if subscription_id not in self.subscriptions:
            return 404, _code("ResourceNotFound")
        if action == "reauthorize":
            return 204, None
        if seen.method == "PATCH":
            self.subscriptions[subscription_id] |= json.loads(seen.body)
        return 200, self.subscriptions[subscription_id]

    def _delta(self, query):
        since, until, skip = self._state(query)
        if since is not None and since < self.valid_from - 1:
            return 410, _code("syncStateNotFound")
        if since is None:
            ids = list(self.users)
        else:
            ids = list(dict.fromkeys(self.changes[since:until]))
        page = [self._listed(one) for one in ids[skip : skip + self.page_size]]
        if skip + self.page_size < len(ids):
            start = "all" if since is None else since
            link = f"$skiptoken={start}-{until}-{skip + self.page_size}"
            kind = "next"
        else:
            link, kind = f"$deltatoken={until}-{self.generation}", "delta"
        host = self.next_host or self.url
        return 200, {
            "value": page,
            f"@odata.{kind}Link": f"{host}/v1.0/users/delta?{link}",
        }

    def _state(self, query):
        if "$skiptoken" in query:
            start, until, skip = query["$skiptoken"].split("-")
            return None if start == "all" else int(start), int(until), int(skip)
        if "$deltatoken" in query:
            return int(query["$deltatoken"].split("-")[0]), len(self.changes), 0
        return None, len(self.changes), 0

    def _listed(self, object_id):
        if object_id in self.users:
            return self._as_allowed(self.users[object_id])
        reason = "changed" if object_id in self.deleted else "deleted"
        return {"id": object_id, "@removed": {"reason": reason}}


def _code(text):
    return {"error": {"code": text, "message": "never shown"}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body are two packets; the second would wait 40 ms to be asked for.
    disable_nagle_algorithm = True
    graph: FakeGraph

    def log_message(self, *_):
        pass

    def _serve(self):
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        bearer = self.headers.get("Authorization", "").removeprefix("Bearer ")
        query = {name: one[0] for name, one in parse_qs(parts.query).items()}
        body, path = self.rfile.read(length), unquote(parts.path)
        seen = Seen(self.command, path, query, body, bearer)
        self.graph.seen.append(seen)
        fault = self.graph.fault_of(seen)
        if fault is None:
            status, answer = self.graph.answer(seen)
            raw = b"" if answer is None else json.dumps(answer).encode()
            self._send(status, {"Content-Type": "application/json"}, raw)
            return
        time.sleep(fault.pause_seconds)
        self._send(fault.status, fault.headers, fault.body, cut=fault.is_cut)

    do_GET = do_POST = do_PATCH = _serve

    def _send(self, status, headers, raw, *, cut=False):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw) + (100 if cut else 0)))
        self.close_connection = cut
        # Whoever asked may have given up.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.end_headers()
            self.wfile.write(raw)
