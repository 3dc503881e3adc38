"""A mail catcher: takes every message, delivers none.

Plain SMTP without TLS or login, which is why it listens on loopback only.
"""

import asyncio
import socket
import threading
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True, slots=True)
class CaughtMail:
    """A message, with the envelope it came in."""

    envelope_from: str
    envelope_to: tuple[str, ...]
    message: EmailMessage


class _Handler:
    def __init__(self, catcher: "MailCatcher") -> None:
        self._catcher = catcher

    async def handle_RCPT(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        rcpt_options: list[str],
    ) -> str:
        refusal = self._catcher.refuse.get(address)
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self._catcher.keep(envelope)
        return "250 OK"


class _Controller(Controller):
    """Knows its port once it listens, so that port 0 can be asked for."""

    def _trigger_server(self) -> None:
        if isinstance(self.server, asyncio.base_events.Server):
            self.port = self.server.sockets[0].getsockname()[1]
        # Reading the greeting is what makes the controller ready; saying goodbye
        # keeps the server from waiting for this connection when it ends.
        with socket.create_connection(("127.0.0.1", self.port), 5.0) as greeted:
            greeted.recv(1024)
            greeted.sendall(b"QUIT\r\n")
            greeted.recv(1024)


class MailCatcher:
    """The catcher.

    ``refuse`` maps a recipient's address to the SMTP answer that refuses it, such as
    ``550 no such mailbox`` or ``451 later``.
    """

    def __init__(self, port: int = 0) -> None:
        self.host = "127.0.0.1"
        self.port = port
        self.refuse: dict[str, str] = {}
        self._lock = threading.Lock()
        self._mails: list[CaughtMail] = []
        self._controller: _Controller | None = None

    @property
    def messages(self) -> list[CaughtMail]:
        """Answer the messages in order of arrival."""
        with self._lock:
            return list(self._mails)

    def clear(self) -> None:
        """Forget all messages."""
        with self._lock:
            self._mails.clear()

    def keep(self, envelope: Envelope) -> None:
        """Parse a message and keep it."""
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        message = message_from_bytes(raw, policy=policy.default)
        mail = CaughtMail(envelope.mail_from or "", tuple(envelope.rcpt_tos), message)
        with self._lock:
            self._mails.append(mail)

    def start(self) -> None:
        """Listen; ``port`` is the real one from here on."""
        controller = _Controller(_Handler(self), hostname=self.host, port=self.port)
        controller.start()
        self._controller = controller
        self.port = controller.port

    def stop(self) -> None:
        """Stop listening."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None
