"""What a setting may look like: one parser a kind, each raising ValidationError.

No message holds the value it speaks of, since the value may be a secret.
"""

import base64
import binascii
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from marshmallow import ValidationError
from marshmallow import fields as ma
from marshmallow.validate import Length, Range, Regexp

from config.secret import Secret
from config.setting import Parser

# A secret that is shorter is guessed, or is a slip of the hand.
_SHORTEST_SECRET: Final = 12
_SHORTEST_KEY: Final = 32
_ACTIVE_AT_ONCE: Final = 2
_KEY_BYTES: Final = {"whsec_": range(24, 65), "whpk_": range(32, 33)}

ROLES: Final = ("viewer", "operator", "approver")
LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Token:
    """A caller's token: its name, its role, the sha256 of its text in hex.

    ``behind`` is the person who uses it, where the settings say; two tokens of one
    person are one person when a plan is approved.
    """

    name: str
    role: str
    sha256: str
    behind: str | None = None

    @property
    def person(self) -> str:
        """Return who is behind the token; its own name where nobody said."""
        return self.behind or self.name


@dataclass(frozen=True, slots=True)
class RoleOf:
    """A group, or a person, and the role that comes with being one."""

    name: str
    role: str

    def __str__(self) -> str:
        return f"{self.name} ({self.role})"


def by(checker: ma.Field[Any]) -> Parser:
    return lambda raw: checker.deserialize(raw)


def text(*validators: Callable[[str], Any]) -> Parser:
    return by(ma.String(validate=[Length(1), *validators]))


def number(low: float, high: float) -> Parser:
    fault = f"Give a whole number between {low:g} and {high:g}."
    return by(
        ma.Integer(
            validate=Range(low, high, error=fault), error_messages={"invalid": fault}
        )
    )


def decimal(low: float, high: float) -> Parser:
    fault = f"Give a number between {low:g} and {high:g}."
    return by(
        ma.Float(
            validate=Range(low, high, error=fault),
            allow_nan=False,
            error_messages={"invalid": fault, "special": fault},
        )
    )


flag = by(
    ma.Boolean(
        truthy={"1", "true", "yes"},
        falsy={"0", "false", "no", ""},
        error_messages={"invalid": "Give 1 or 0."},
    )
)


def _address(raw: str) -> SplitResult:
    fault = "Not an http or https address."
    if not raw.isprintable() or " " in raw:
        raise ValidationError(fault)
    try:
        parts = urlsplit(raw)
        known = bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise ValidationError(fault) from None
    if parts.scheme not in ("http", "https") or not known:
        raise ValidationError(fault)
    # Also, what stands before an @ can look like a host to a careless reader.
    if parts.username is not None:
        raise ValidationError("No login belongs into this address.")
    return parts


def url(raw: str) -> str:
    _address(raw)
    return raw.rstrip("/")


def https(raw: str) -> str:
    parts = _address(raw)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ValidationError("Must be https, save on loopback.")
    return raw.rstrip("/")


def issuer(raw: str) -> str:
    """Read an issuer: compared as it is, so that its last slash is kept."""
    parts = urlsplit(https(raw) and raw)
    if parts.query or parts.fragment:
        raise ValidationError("An issuer has no query and no fragment.")
    return raw


# Without "_": WSGI takes X_Y and X-Y for one header.
header = text(
    Regexp(r"[A-Za-z0-9-]{1,64}\Z", error="Only letters, digits and -, 64 at most.")
)


def scopes(raw: str) -> tuple[str, ...]:
    found = tuple(raw.replace(",", " ").split())
    if "openid" not in found:
        raise ValidationError("openid must be among them.")
    return found


def listed(raw: str) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in raw.split(",") if part.strip())
    if not parts:
        raise ValidationError("Needs at least one entry.")
    return parts


account_id = text(
    Regexp(r"[0-9A-Za-z]{1,64}\Z", error="Only letters and digits, 64 at most.")
)

email = by(ma.Email())

time_of_day = text(
    Regexp(
        r"(?:[01][0-9]|2[0-3]):[0-5][0-9]\Z",
        error="Give a time of day in UTC as HH:MM, such as 08:00.",
    )
)


def addresses(raw: str) -> tuple[str, ...]:
    try:
        return tuple(email(one) for one in listed(raw))
    except ValidationError:
        raise ValidationError("Each entry must be an e-mail address.") from None


def secret(raw: str) -> Secret:
    return Secret(raw)


def secret_url(raw: str) -> Secret:
    return Secret(https(raw))


def secrets(raw: str) -> tuple[Secret, ...]:
    """Read one secret, or two while one replaces the other; a short one is a fault."""
    found = listed(raw)
    if len(found) > _ACTIVE_AT_ONCE:
        raise ValidationError("Give one, or two while one replaces the other.")
    if not all(len(one) >= _SHORTEST_SECRET and _is_plain(one) for one in found):
        raise ValidationError(
            f"Each must have {_SHORTEST_SECRET} printable ASCII characters or more."
        )
    return tuple(Secret(one) for one in found)


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def secret_key(raw: str) -> Secret:
    if len(raw) < _SHORTEST_KEY:
        raise ValidationError(f"Give {_SHORTEST_KEY} characters or more.")
    return Secret(raw)


def seed(raw: str) -> Secret:
    """Read the seed of a key: 32 bytes in hex."""
    text = raw.strip().lower()
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        raise ValidationError("Give 32 bytes as 64 hex digits.")
    if len(set(text)) < 4:
        raise ValidationError("It is no key: it is one digit over and over.")
    return Secret(text)


def signing_secrets(raw: str) -> tuple[Secret, ...]:
    if not all(_usable(one) for one in listed(raw)):
        raise ValidationError(
            "Each must be whsec_ and 24 to 64 bytes in base64, or whpk_ and 32."
        )
    return tuple(Secret(one) for one in listed(raw))


def _usable(text: str) -> bool:
    prefix, mark, body = text.partition("_")
    sizes = _KEY_BYTES.get(prefix + mark, range(0))
    try:
        key = base64.b64decode(body + "=" * (-len(body) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(key) in sizes


def timezone(raw: str) -> str:
    """Read the name of a time zone that this machine knows."""
    try:
        return ZoneInfo(raw).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValidationError("Give a zone's name, such as Europe/Berlin.") from None


def some_of(names: Collection[str]) -> Parser:
    """Make a parser of a list whose entries are among *names*."""

    def read(raw: str) -> tuple[str, ...]:
        found = listed(raw)
        if not set(found) <= set(names):
            raise ValidationError(f"Each must be one of {', '.join(names)}.")
        return found

    return read


def tokens(raw: str) -> tuple[Token, ...]:
    return tuple(_token(entry) for entry in listed(raw))


def _token(entry: str) -> Token:
    parts = entry.split(":")
    if len(parts) not in (3, 4):
        raise ValidationError(
            "Each entry must be name:role:sha256hex or name:role:sha256hex:person."
        )
    name, role, digest, *person = parts
    if not all(is_word(one) for one in (name, *person)):
        raise ValidationError("Each name must be there, and without blanks.")
    if role not in ROLES:
        raise ValidationError(f"Each role must be one of {', '.join(ROLES)}.")
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise ValidationError("Each sha256 must be 64 lower-case hex digits.")
    return Token(name, role, digest, *person)


def is_word(text: str) -> bool:
    return bool(text) and not any(letter.isspace() for letter in text)


def roles(raw: str) -> tuple[RoleOf, ...]:
    """Read ``name:role`` entries; a name may hold colons, and none stands twice."""
    found = tuple(_role_of(entry) for entry in listed(raw))
    if len({one.name for one in found}) < len(found):
        raise ValidationError("Each name may stand once.")
    return found


def roles_of_users(raw: str) -> tuple[RoleOf, ...]:
    """Read ``user:role`` entries; e-mails are lower-cased."""
    return roles(",".join(_plain_user(one) for one in listed(raw)))


def _role_of(entry: str) -> RoleOf:
    name, _, role = entry.rpartition(":")
    if not name.strip():
        raise ValidationError("Each entry must be name:role.")
    if role.strip() not in ROLES:
        raise ValidationError(f"Each role must be one of {', '.join(ROLES)}.")
    return RoleOf(name.strip(), role.strip())


def _plain_user(entry: str) -> str:
    name, mark, role = entry.rpartition(":")
    return f"{user_name(name)}{mark}{role}"


def user_name(text: str) -> str:
    """Return a person's name in the one form in which it is compared."""
    name = text.strip()
    return name.lower() if "@" in name else name
