"""An IBM Verify tenant on loopback: one API client, and the users it is given."""

import json
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

SCIM_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"


class VerifyTenant:
    """``users`` by id; ``scripted`` answers come first: status, headers, body."""

    def __init__(self):
        self.users = {}
        self.token = "token-1"
        self.lasts = 3600
        self.asked = []
        self.scripted = {"GET": [], "POST": []}
        self.silence_seconds = 0.0
        tenant = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                tenant.answer(self, "GET", b"")

            def do_POST(self):
                length = int(self.headers["Content-Length"])
                tenant.answer(self, "POST", self.rfile.read(length))

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request, method, body):
        self.asked.append((method, request.path, dict(request.headers), body))
        time.sleep(self.silence_seconds)
        if self.scripted[method]:
            status, headers, said = self.scripted[method].pop(0)
        elif method == "POST":
            status, headers, said = self._token(request, body)
        else:
            status, headers, said = self._user(request)
        raw = said if isinstance(said, bytes) else json.dumps(said).encode()
        request.send_response(status)
        for name, value in {"Content-Length": len(raw), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        # Who asked may have gone by now: that is what some tests are about.
        with suppress(ConnectionError):
            request.wfile.write(raw)

    def _token(self, request, body):
        given = {name: one for name, (one,) in parse_qs(body.decode()).items()}
        expected = {
            "grant_type": "client_credentials",
            "client_id": "client-1",
            "client_secret": "client-secret-1",
        }
        if request.path != "/v1.0/endpoint/default/token" or given != expected:
            return 401, {}, {"error": "invalid_client"}
        return 200, {}, {"access_token": self.token, "expires_in": self.lasts}

    def _user(self, request):
        if request.headers["Authorization"] != f"Bearer {self.token}":
            return 401, {}, {"detail": "no"}
        user = self.users.get(request.path.removeprefix("/v2.0/Users/"))
        if user is None:
            return 404, {}, {"schemas": [SCIM_ERROR], "status": "404"}
        return 200, {"Content-Type": "application/scim+json"}, user
