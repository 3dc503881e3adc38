"""A transmitter of Security Event Tokens: its keys, its key server, its signature."""

import functools
import json
import threading
import time
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from config.secret import Secret
from config.settings import Settings
from config.sources import Sources, SsfSettings

FIXTURES = Path(__file__).parents[2] / "fixtures" / "ssf"
NOW = datetime.fromtimestamp(1772443000, UTC)
ISSUER = "https://idp.example.com/"
AUDIENCE = "https://offboard.example.com/ssf"
AUTHORIZATION = "Bearer ssf-demo-authorization"
OLD_AUTHORIZATION = "Basic c3NmLW9sZDpzZWNyZXQ="
RISC = "https://schemas.openid.net/secevent/risc/event-type/"
SSF = "https://schemas.openid.net/secevent/ssf/event-type/"
CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
DISABLED = f"{RISC}account-disabled"


@functools.cache
def rsa_key(name, bits=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@functools.cache
def ec_key():
    return ec.generate_private_key(ec.SECP256R1())


def jwk_of(key, **members):
    """The public key as a JWK, made by the published library."""
    algorithm = (
        jwt.algorithms.RSAAlgorithm
        if isinstance(key, rsa.RSAPrivateKey)
        else jwt.algorithms.ECAlgorithm
    )
    made = json.loads(algorithm.to_jwk(key.public_key()))
    return {"kty": made["kty"], **made, "key_ops": ["verify"], **members}


def pem_of(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_pem_of(key):
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


class Transmitter:
    """What its key server answers may be changed at any time; it counts who asks."""

    def __init__(self):
        self.status = 200
        self.headers = {}
        self.body = None
        self.before = lambda: None
        self.within = lambda: None
        self.drip_seconds = 0
        self.asked = 0
        self.publish(("k1", rsa_key("one")))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        # Each has a path of its own, since ports come back and keys are kept.
        port = self._server.server_port
        self.url = f"http://127.0.0.1:{port}/{uuid.uuid4().hex}/jwks.json"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    def publish(self, *named):
        self.body = json.dumps(
            {"keys": [jwk_of(key, kid=kid, use="sig") for kid, key in named]}
        ).encode()

    def publish_raw(self, *jwks):
        self.body = json.dumps({"keys": list(jwks)}).encode()

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def settings(self, **changed):
        mine = {
            "secret": (Secret(AUTHORIZATION), Secret(OLD_AUTHORIZATION)),
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "jwks_url": self.url,
            **changed,
        }
        return Settings(sources=Sources(ssf=SsfSettings(**mine)))

    def _handler(outer):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked += 1
                outer.before()
                body = outer.body
                try:
                    self.send_response(outer.status)
                    self.send_header("Content-Length", str(len(body)))
                    for name, value in outer.headers.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self._write(body)
                except OSError:
                    pass  # whoever asked has gone

            def _write(self, body):
                if not outer.drip_seconds:
                    self.wfile.write(body[:9])
                    outer.within()
                    self.wfile.write(body[9:])
                    return
                for index in range(len(body)):
                    self.wfile.write(body[index : index + 1])
                    time.sleep(outer.drip_seconds)

            def log_message(self, *_):
                pass

        return Handler


@contextmanager
def running():
    transmitter = Transmitter()
    try:
        yield transmitter
    finally:
        transmitter.close()


def claims(event=DISABLED, payload=None, **changed):
    """The claims of a well-formed token; None takes one out."""
    made = {
        "iss": ISSUER,
        "jti": "j-1",
        "iat": 1772442904,
        "aud": AUDIENCE,
        "sub_id": {"format": "email", "email": "dana.lee@example.com"},
        "events": {event: {} if payload is None else payload},
        **changed,
    }
    return {name: value for name, value in made.items() if value is not None}


def signed(said, *, key=None, alg="RS256", kid="k1", typ="secevent+jwt", **header):
    """Sign with the published library: what it makes is not of our making."""
    raw = said if isinstance(said, bytes) else json.dumps(said).encode()
    named = {"typ": typ, "kid": kid, **header}
    return jwt.PyJWS().encode(
        raw,
        key if key is not None else rsa_key("one"),
        algorithm=alg,
        headers={name: value for name, value in named.items() if value is not None},
    )
