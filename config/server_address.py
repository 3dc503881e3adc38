"""The addresses of store and broker, and who may have signed their certificates.

No switch turns the check of a certificate off, an address's own options neither.
"""

import ssl
from urllib.parse import parse_qsl, urlsplit

from marshmallow import ValidationError


def store_url(raw: str) -> str:
    if raw.startswith("embedded:") and len(raw) > len("embedded:"):
        return raw
    if _is_server(raw, ("redis", "rediss"), socket="unix"):
        return _without_options_of_tls(raw, "STORE_CA_FILE")
    raise ValidationError(
        "Must be redis://…, rediss://…, unix://… or embedded:<folder>."
    )


def broker_url(raw: str) -> str:
    known = ("redis", "rediss", "amqp", "amqps")
    if _is_server(raw, known, socket="redis+socket"):
        return _without_options_of_tls(raw, "BROKER_CA_FILE")
    raise ValidationError(
        "Must be redis://…, rediss://…, redis+socket://…, amqp://… or amqps://…."
    )


def ca_file(raw: str) -> str:
    """Read the path of a file of certificates, and see that there are some in it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(raw)
    except ssl.SSLError:
        raise ValidationError("The file holds no certificate as PEM.") from None
    except OSError as error:
        raise ValidationError(f"The file cannot be read: {error.strerror}.") from None
    return raw


def has_tls(address: str) -> bool:
    """Tell whether what goes to that address is encrypted, and its server proven."""
    return urlsplit(address).scheme in ("rediss", "amqps")


def _is_server(raw: str, schemes: tuple[str, ...], *, socket: str) -> bool:
    try:
        parts = urlsplit(raw)
        somewhere = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    if parts.scheme == socket:
        return bool(parts.path)
    return parts.scheme in schemes and somewhere


def _without_options_of_tls(raw: str, setting: str) -> str:
    # Of what the libraries take there, half turns a check off.
    if any(name.startswith("ssl") for name, _ in parse_qsl(urlsplit(raw).query)):
        raise ValidationError(
            f"No ssl_… in it: certificates are always checked; {setting} says by whom "
            "they may be signed."
        )
    return raw
