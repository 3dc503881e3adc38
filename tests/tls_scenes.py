"""Certificates made for one test, and a server that speaks TLS before another one."""

import contextlib
import datetime
import ipaddress
import socket
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)
_DAY = datetime.timedelta(days=1)


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(path, *parts):
    path.write_bytes(b"".join(parts))
    return path


@dataclass
class Authority:
    """Signs certificates of servers; its own stands in a file."""

    folder: Path
    name: str = "test CA"

    def __post_init__(self):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._public = self._certificate(self.name, self._key, is_ca=True)
        self.file = _pem(
            self.folder / f"{self.name}.pem",
            self._public.public_bytes(serialization.Encoding.PEM),
        )

    def certificate(self, host="127.0.0.1", *, begins=-1, ends=1):
        """Sign one for *host*, valid from so many days to so many days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        signed = self._certificate(host, key, begins=begins, ends=ends)
        return _pem(
            self.folder / f"{host}.{begins}.{ends}.pem",
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
            signed.public_bytes(serialization.Encoding.PEM),
        )

    def _certificate(self, name, key, *, is_ca=False, begins=-1, ends=1):
        now = datetime.datetime.now(datetime.UTC)
        try:
            host = x509.IPAddress(ipaddress.ip_address(name))
        except ValueError:
            host = x509.DNSName(name.replace(" ", "-"))
        usage = dict.fromkeys(_USAGES, False) | {
            "key_cert_sign" if is_ca else "digital_signature": True
        }
        signer = self._key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(_name(name))
            .issuer_name(_name(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins * _DAY)
            .not_valid_after(now + ends * _DAY)
            .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
            .add_extension(x509.KeyUsage(**usage), critical=True)
            .add_extension(x509.SubjectAlternativeName([host]), critical=False)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
                critical=False,
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )


def _pass_on(source, sink):
    with contextlib.suppress(OSError):
        while some := source.recv(65536):
            sink.sendall(some)
    for one in (source, sink):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


def _speak(line, context, behind, open_ones):
    """Pass on between a client's line and the server, until either ends."""
    try:
        inner = context.wrap_socket(line, server_side=True)
    except OSError:
        # Refused by the client; the library has closed what was on its way.
        line.close()
        return
    open_ones.append(inner)
    with inner, socket.socket(socket.AF_UNIX) as server:
        if server.connect_ex(str(behind)):
            return
        back = threading.Thread(target=_pass_on, args=(server, inner))
        back.start()
        _pass_on(inner, server)
        back.join()


def _serve(door, context, behind, speaking, open_ones):
    while True:
        try:
            line, _ = door.accept()
        except OSError:
            return
        args = (line, context, behind, open_ones)
        one = threading.Thread(target=_speak, args=args)
        speaking.append(one)
        one.start()


@contextlib.contextmanager
def speaking_tls(certificate, behind):
    """Speak TLS on a port of loopback before the server at the Unix socket *behind*."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    speaking, open_ones = [], []
    with socket.create_server(("127.0.0.1", 0)) as door:
        args = (door, context, behind, speaking, open_ones)
        serving = threading.Thread(target=_serve, args=args)
        serving.start()
        try:
            yield door.getsockname()[1]
        finally:
            door.shutdown(socket.SHUT_RDWR)
            serving.join()
    for one in open_ones:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
    for one in speaking:
        one.join()
