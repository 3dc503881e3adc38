"""Real SMTP servers on loopback, and what a reader sees of the mail they took."""

import asyncio
import socket
import ssl
import threading
from contextlib import contextmanager
from email import message_from_bytes, policy
from html.parser import HTMLParser

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

PASSWORD = "planted-password"
OPS, SEC, BOSS = "ops@example.com", "sec@example.com", "boss@example.com"


class Mailbox:
    """Keeps mails; *refuse* answers a recipient, *data* their message.

    *data_if* answers by what is in it; None takes it.
    """

    def __init__(self):
        self.refuse = {}
        self.data = {}
        self.data_if = lambda raw: None
        self.data_seconds = 0.0
        self.hangs_up = False
        self.mails = []
        self.logins = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        [to] = envelope.rcpt_tos
        await asyncio.sleep(self.data_seconds)
        if self.data.get(to) == "vanish":
            server.transport.abort()
            return "250 OK"
        answer = self.data.get(to) or self.data_if(envelope.content)
        if answer:
            if self.hangs_up:
                asyncio.get_running_loop().call_later(0.05, server.transport.close)
            return answer
        self.mails.append((to, session.ssl is not None, envelope.content))
        return "250 OK"

    def login(self, server, session, envelope, mechanism, data):
        self.logins.append(data.login.decode())
        is_right = data.password == PASSWORD.encode()
        return AuthResult(success=is_right, handled=is_right)

    @property
    def reached(self):
        return [to for to, _, _ in self.mails]

    @property
    def messages(self):
        return [
            message_from_bytes(raw, policy=policy.default) for *_, raw in self.mails
        ]


class PortZero(Controller):
    def __init__(self, box, **options):
        super().__init__(box, hostname="127.0.0.1", port=0, ready_timeout=60, **options)

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        with socket.create_connection(("127.0.0.1", self.port), 60) as greeted:
            greeted.recv(1024)
            greeted.sendall(b"QUIT\r\n")
            greeted.recv(1024)


@contextmanager
def serving(box, **options):
    controller = PortZero(box, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@contextmanager
def greeted_by(greeting):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet():
            connection, _ = server.accept()
            with connection:
                connection.sendall(greeting + b"\r\n")
                connection.recv(1024)

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join(5)


def with_login(box, secured):
    return serving(
        box,
        tls_context=secured,
        require_starttls=True,
        auth_required=True,
        authenticator=box.login,
    )


@contextmanager
def tls_from_the_start(box, secured):
    class Secured(PortZero):
        def _trigger_server(self):
            self.port = self.server.sockets[0].getsockname()[1]
            trusting = ssl.create_default_context()
            trusting.check_hostname = False
            trusting.verify_mode = ssl.CERT_NONE
            plain = socket.create_connection(("127.0.0.1", self.port), 60)
            with trusting.wrap_socket(plain) as greeted:
                greeted.recv(1024)
                greeted.sendall(b"QUIT\r\n")
                greeted.recv(1024)

    controller = Secured(box, ssl_context=secured)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


class Shown(HTMLParser):
    """What a reader of the HTML sees, and the tags it is made of."""

    def __init__(self):
        super().__init__()
        self.text = ""
        self.tags = set()
        self.links = []

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data):
        self.text += data


def read(message):
    shown = Shown()
    shown.feed(message.get_body(("html",)).get_content())
    return shown
