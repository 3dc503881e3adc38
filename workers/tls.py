"""TLS on the way to store and broker: who may sign, and what is wrong where it fails.

An address carries the file of those who may sign, so that whoever has the address has
that too. Both libraries check the host's name and the certificate where they are told.
"""

import ssl
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlsplit

_FILE: Final = "ssl_ca_certs"
# OpenSSL's numbers of why a certificate is refused.
_WHY: Final = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    18: "its certificate is signed by itself; the CA file does not name it",
    19: "its certificate is signed by nobody that the CA file names",
    20: "its certificate is signed by nobody that the CA file names",
    21: "its certificate is signed by nobody that the CA file names",
    62: "its certificate is for another host than the address",
    64: "its certificate is for another host than the address",
}


def with_ca(address: str, ca_file: str | None) -> str:
    """Return an address with the file of those who may sign, where it has TLS."""
    if ca_file is None or urlsplit(address).scheme not in ("rediss", "amqps"):
        return address
    return f"{address}{'&' if '?' in address else '?'}{_FILE}={quote(ca_file, safe='')}"


def without_ca(address: str) -> tuple[str, str | None]:
    """Return an address as the user gave it, and the file of those who may sign."""
    begun, _, last = address.rpartition("&" if f"&{_FILE}=" in address else "?")
    if not last.startswith(f"{_FILE}="):
        return address, None
    return begun, dict(parse_qsl(last))[_FILE]


def told_to_celery(scheme: str, ca_file: str | None) -> dict[str, Any]:
    """Return the ``broker_use_ssl`` of an address with TLS.

    Left alone, the library checks nothing of a Redis, and of a RabbitMQ who signed the
    certificate but not whose it is.
    """
    if scheme == "rediss":
        told: dict[str, Any] = {
            "ssl_cert_reqs": ssl.CERT_REQUIRED,
            "ssl_check_hostname": True,
        }
        return told | ({_FILE: ca_file} if ca_file else {})
    told = {"server_hostname": None, "cert_reqs": ssl.CERT_REQUIRED}
    return told | ({"ca_certs": ca_file} if ca_file else {})


def fault_of(error: BaseException) -> str:
    """Name what went wrong on the way: by its kind, or in words where it was TLS.

    Never an address: the libraries put them into their own words.
    """
    for one in _causes(error):
        if isinstance(one, ssl.SSLCertVerificationError):
            why = _WHY.get(one.verify_code, "its certificate was refused")
            return f"CertificateVerifyError, {why}"
        if isinstance(one, ssl.SSLError) and one.reason == "WRONG_VERSION_NUMBER":
            return "SSLError, what answers there speaks no TLS"
    return type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it came of; the libraries wrap theirs several times."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    for one in left:
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        left += [one.__cause__, one.__context__]
