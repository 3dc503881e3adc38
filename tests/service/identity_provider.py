"""A small OpenID Connect provider on loopback, which signs, and lies where told to.

PyJWT signs here and joserfc judges there, so that neither agrees with itself alone.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from fake_desk import NOW
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CLIENT_ID = "offboard"
CLIENT_SECRET = "the-clients-own-secret"
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NEW_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SHORT_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - too short on purpose
MOVED = "-moved"
EC_KEY = ec.generate_private_key(ec.SECP256R1())
NEW_EC_KEY = ec.generate_private_key(ec.SECP256R1())


def jwk(key, kid, **more):
    kind = ECAlgorithm if isinstance(key, ec.EllipticCurvePrivateKey) else RSAAlgorithm
    return {**kind.to_jwk(key.public_key(), as_dict=True), "kid": kid, **more}


def signed(claims, key=RSA_KEY, kid="one", algorithm="RS256", **header):
    named = {**({"kid": kid} if kid else {}), **header}
    # Below its own checks of claims: here they are to be wrong.
    raw = json.dumps(claims).encode()
    return jwt.PyJWS().encode(raw, key, algorithm=algorithm, headers=named)


def unsigned(claims):
    return signed(claims, key=None, algorithm="none")


def signed_with_the_public_key(claims, secret=None):
    """What PyJWT refuses to make: HS256 over a public key's own text."""
    text = secret or json.dumps(jwk(RSA_KEY, "one"))
    parts = [{"alg": "HS256", "kid": "one"}, claims]
    said = b".".join(_segment(json.dumps(one).encode()) for one in parts)
    mac = hmac.new(text.encode(), said, hashlib.sha256).digest()
    return (said + b"." + _segment(mac)).decode()


def _segment(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


class IdentityProvider:
    """Knobs are attributes; each starts as an honest provider has it."""

    def __init__(self, host="127.0.0.1"):
        self.keys = [jwk(RSA_KEY, "one"), jwk(EC_KEY, "ec")]
        self.user = {
            "sub": "00u1",
            "email": "dana@example.com",
            "email_verified": True,
            "groups": ["everyone", "cluster-approvers"],
        }
        self.claims = {}
        self.without = ()
        self.sign = signed
        self.metadata = {}
        self.answers = {}
        self.told = None
        self.asked = []
        self._codes = {}
        door = type("Door", (_Door,), {"provider": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), door)
        self.url = f"http://{host}:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    def close(self):
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()

    def authorize(self, address):
        """Sign somebody in who was sent to *address*; where they are sent back to."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert asked["client_id"] == CLIENT_ID
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert asked["scope"] == "openid email profile"
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        back = {"code": code, "state": asked["state"]}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def describe(self):
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "end_session_endpoint": f"{self.url}/logout",
            **self.metadata,
        }

    def id_token(self, nonce):
        now = int(NOW.timestamp())
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **self.user,
            **self.claims,
        }
        left = {name: claims[name] for name in claims if name not in self.without}
        return self.sign(left)

    def exchange(self, authorization, form):
        """Give tokens for a code, once, to who began it; else None."""
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        posted = (form.get("client_id"), form.get("client_secret"))
        begun = self._codes.pop(form.get("code"), None)
        if begun is None or not (
            authorization == f"Basic {basic}" or posted == (CLIENT_ID, CLIENT_SECRET)
        ):
            return None
        verifier = form.get("code_verifier", "").encode()
        challenge = _segment(hashlib.sha256(verifier).digest()).decode()
        if challenge != begun["code_challenge"]:
            return None
        if form.get("redirect_uri") != begun["redirect_uri"]:
            return None
        return {
            "access_token": "an-access-token",
            "token_type": "Bearer",
            "expires_in": 300,
            "id_token": self.id_token(begun["nonce"]),
        }

    def userinfo(self):
        return self.user if self.told is None else self.told


class _Door(BaseHTTPRequestHandler):
    provider = None
    more = MappingProxyType({})

    def do_GET(self):
        self._serve(self.honest)

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        form = dict(parse_qsl(self.rfile.read(size).decode()))
        self.honest = lambda: self._exchange(form)
        self._serve(self.honest)

    def _serve(self, honest):
        path = urlsplit(self.path).path
        self.provider.asked.append(path)
        how = self.provider.answers.get(path)
        how(self) if how else honest()

    def honest(self):
        provider = self.provider
        pages = {
            "/.well-known/openid-configuration": lambda: self.answer(
                provider.describe()
            ),
            "/keys": lambda: self.answer({"keys": provider.keys}),
            "/userinfo": self._userinfo,
            "/authorize": self._authorize,
        }
        path = urlsplit(self.path).path.removesuffix(MOVED)
        pages.get(path, lambda: self.page("<h1>Bye</h1>"))()

    def _exchange(self, form):
        tokens = self.provider.exchange(self.headers["Authorization"], form)
        refused = {"error": "invalid_grant", "error_description": "<b>no</b>"}
        self.answer(tokens or refused, 200 if tokens else 400)

    def _userinfo(self):
        knows = self.headers["Authorization"] == "Bearer an-access-token"
        self.answer(self.provider.userinfo() if knows else {}, 200 if knows else 401)

    def _authorize(self):
        back = self.provider.authorize(self.path)
        self.page(f"<h1>Who are you?</h1><a href='{back}'>Dana Lee</a>")

    def answer(self, body, status=200):
        raw = json.dumps({**body, **self.more}).encode()
        self.whole(raw, status, {"Content-Type": "application/json"})

    def page(self, text):
        whole = (
            "<!doctype html><html lang=en><title>Provider</title>"
            f"<link rel=icon href='data:,'>{text}"
        )
        self.whole(whole.encode(), 200, {"Content-Type": "text/html"})

    def whole(self, raw, status, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_):
        pass


def broken(door):
    door.whole(b"<h1>Internal error</h1>", 500, {})


def nonsense(door):
    door.whole(b"\xff{", 200, {"Content-Type": "application/json"})


def a_list(door):
    door.whole(b"[]", 200, {"Content-Type": "application/json"})


def huge(door):
    """What is right, and a megabyte besides."""
    door.more = {"more": "x" * 1_000_000}
    door.honest()


def elsewhere(door):
    """To where the right answer is."""
    door.whole(b"", 307, {"Location": f"{door.path}{MOVED}"})


def silent(door):
    time.sleep(1.5)
    door.honest()


def dribbling(door):
    """The right answer, in the end."""
    written, door.wfile = door.wfile, BytesIO()
    door.honest()
    raw = door.wfile.getvalue()
    door.wfile = written
    try:
        for at in range(0, len(raw), 8):
            written.write(raw[at : at + 8])
            time.sleep(0.02)
    except OSError:
        door.close_connection = True


def cut_off(door):
    door.send_response(200)
    door.send_header("Content-Length", "500")
    door.end_headers()
    door.wfile.write(b"{")
