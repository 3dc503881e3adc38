import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from ibmcloud_scenes import (
    ACCOUNT,
    FUNCTIONAL,
    FUNCTIONAL_KEY,
    LEAVER,
    PROD,
    READER,
    READER_KEY,
    SANDBOX,
    a_target,
    an_account,
    settings_for,
)

from simulator import Account, Simulator
from workers.ibmcloud.account import IbmAccount, open_cloud
from workers.ibmcloud.keys import IbmResets, open_resets
from workers.ibmcloud.tokens import HTTP_CONFIG
from workers.offboarding.model import Target


@pytest.fixture
def scene() -> Account:
    account = Account(ACCOUNT)
    account.add_person(FUNCTIONAL, "Steward@Example.com", name="Cluster Steward")
    account.add_person(LEAVER, "Dana.Lee@example.com", name="Dana Lee")
    account.add_service_id(READER, "reader")
    account.add_login_key(FUNCTIONAL, FUNCTIONAL_KEY)
    account.add_login_key(READER, READER_KEY)
    account.add_group(PROD, "prod")
    account.add_group(SANDBOX, "sandbox", default=True)
    for cluster_id in ("c1", "c2", "c3"):
        account.add_cluster(cluster_id, cluster_id, region="us-south", group_id=PROD)
    account.set_owner("us-south", PROD, LEAVER)
    return account


@pytest.fixture
def simulator(scene: Account) -> Iterator[Simulator]:
    with Simulator([scene]) as running:
        yield running


@pytest.fixture
def cloud(simulator: Simulator) -> IbmAccount:
    return open_cloud(an_account(reader=READER_KEY), settings_for(simulator.url))


@pytest.fixture
def resets(simulator: Simulator) -> IbmResets:
    return open_resets(an_account(), settings_for(simulator.url))


@dataclass
class FarSide:
    """A server that answers what a test says, by method and path."""

    url: str = ""
    answers: dict[str, list[tuple[int, str, dict[str, str]]]] = field(
        default_factory=dict
    )
    calls: list[str] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def says(
        self, call: str, body: Any, status: int = 200, headers: Any = None
    ) -> None:
        """Give the next answer to *call*; the last one given is repeated."""
        text = body if isinstance(body, str) else json.dumps(body)
        head = {"Content-Type": "application/json", **(headers or {})}
        self.answers.setdefault(call, []).append((status, text, head))

    def gives_tokens(self, **changed: Any) -> None:
        now = int(time.time())
        claims = {
            "iam_id": FUNCTIONAL,
            "name": "Cluster Steward",
            "email": "Steward@Example.com",
            "account": {"bss": ACCOUNT},
            "iat": now,
            "exp": now + 3600,
        } | changed
        claims = {name: value for name, value in claims.items() if value is not None}
        token = jwt.encode(claims, "k" * 32, algorithm="HS256")
        self.says("POST /identity/token", {"access_token": token})

    def asked(self, call: str) -> int:
        return self.calls.count(call)

    def queries_of(self, call: str) -> list[dict[str, str]]:
        together = zip(self.calls, self.queries, strict=True)
        return [query for one, query in together if one == call]

    def take(self, call: str) -> tuple[int, str, dict[str, str]]:
        given = self.answers.get(call, [(404, "", {})])
        return given.pop(0) if len(given) > 1 else given[0]


def _handler(far: FarSide) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body are two packets; the second would wait 40 ms to be asked for.
        disable_nagle_algorithm = True

        def _any(self) -> None:
            call = f"{self.command} {self.path.partition('?')[0]}"
            far.calls.append(call)
            far.queries.append(dict(parse_qsl(urlsplit(self.path).query)))
            far.headers.append(dict(self.headers.items()))
            length = int(self.headers.get("Content-Length") or 0)
            far.bodies.append(self.rfile.read(length))
            status, text, headers = far.take(call)
            # These two have none, and one would be taken for the next answer.
            body = b"" if status in (204, 304) else text.encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            # Whoever asked may have given up meanwhile.
            with contextlib.suppress(ConnectionError):
                self.wfile.write(body)
            if headers.get("Content-Length"):
                self.close_connection = True

        do_GET = do_POST = do_DELETE = _any

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def far() -> Iterator[FarSide]:
    side = FarSide()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(side))
    server.daemon_threads = True
    side.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    side.gives_tokens()
    yield side
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def far_cloud(far: FarSide) -> IbmAccount:
    return open_cloud(an_account(), settings_for(far.url))


@pytest.fixture
def far_resets(far: FarSide) -> IbmResets:
    return open_resets(an_account(), settings_for(far.url))


@pytest.fixture
def target() -> Callable[..., Target]:
    return a_target


@pytest.fixture
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HTTP_CONFIG, "timeout", (2, 3.0))
