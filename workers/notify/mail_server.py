"""The way to the mail server: connected, secured, logged in, or said why not.

It knows no message.
"""

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Final

import structlog

from config.settings import Secret
from workers.offboarding.errors import TransientError

log: structlog.stdlib.BoundLogger = structlog.get_logger()


class NeverError(Exception):
    """The server, or the way to it, is such that no mail can go; ``str`` says why."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed over.

    Attributes:
        security: ``starttls``, ``tls`` or ``none``. There is no way to skip the check
            of the server's certificate; ``ca_file`` names further trusted ones.
        login: User and password; None where the server wants none.
    """

    host: str
    port: int
    security: str
    login: tuple[str, Secret] | None
    ca_file: str | None
    timeout_seconds: float

    @contextmanager
    def session(self) -> Iterator[smtplib.SMTP]:
        """Connect, secure, log in: in this order, and none of it skipped.

        Raises:
            NeverError: A person must mend it first.
            TransientError: It may mend itself. In both cases nothing was sent.
        """
        with ExitStack() as closing:
            try:
                smtp = self._connected()
                closing.callback(smtp.close)
                self._prepare(smtp)
            except (OSError, smtplib.SMTPException) as error:
                raise _unconnected(error) from error
            yield smtp
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()

    def _connected(self) -> smtplib.SMTP:
        if self.security == "tls":
            return smtplib.SMTP_SSL(
                self.host,
                self.port,
                timeout=self.timeout_seconds,
                context=self._tls(),
            )
        return smtplib.SMTP(self.host, self.port, timeout=self.timeout_seconds)

    def _prepare(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self.security == "starttls":
            smtp.starttls(context=self._tls())
            smtp.ehlo()
        if self.login is not None:
            _log_in(smtp, *self.login)

    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)


def _log_in(smtp: smtplib.SMTP, user: str, password: Secret) -> None:
    try:
        smtp.login(user, password.reveal())
    except smtplib.SMTPServerDisconnected as error:
        # Some servers say no to a password that way.
        raise _later("hung_up_at_login") from error


def _unconnected(error: Exception) -> Exception:
    """Tell what may mend itself from what a person must; nothing was sent so far."""
    never = _for_good(error)
    return NeverError(never) if never else _later(_passing(error))


def _for_good(error: Exception) -> str | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "bad_certificate"
    # A plain SMTPException is raised only where no way to log in is shared.
    if isinstance(error, smtplib.SMTPNotSupportedError) or (
        type(error) is smtplib.SMTPException
    ):
        return "not_offered_by_server"
    code = _code_of(error)
    if isinstance(error, smtplib.SMTPAuthenticationError) and code >= 500:
        return "login_refused"
    return f"server_refused_{code}" if code >= 500 else None


def _passing(error: Exception) -> str:
    # What smtplib met while it read an answer stands behind its own error.
    for one in (error, error.__context__):
        for kind, word in _WORDS:
            if isinstance(one, kind):
                return word
    code = _code_of(error)
    return str(code) if code > 0 else "connection_lost"


_WORDS: Final = (
    (socket.gaierror, "unknown_host"),
    (TimeoutError, "timed_out"),
    (ConnectionRefusedError, "refused"),
    (ssl.SSLError, "tls_failed"),
)


def _code_of(error: Exception) -> int:
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0


def _later(word: str) -> TransientError:
    log.info("report.postponed", channel="mail", code=word)
    return TransientError(f"The mail server could not be used: {word}.")
