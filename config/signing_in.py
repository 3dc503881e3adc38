"""What is wrong with how people sign in, in the light of the mode they do it by."""

from collections.abc import Collection, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from config.parsers import LOOPBACK

if TYPE_CHECKING:
    from config.settings import Settings

_OF_OIDC: Final = (
    "auth_oidc_issuer",
    "auth_oidc_client_id",
    "auth_oidc_client_secret",
    "public_url",
)


def amiss(
    settings: "Settings", process: str, faulty: Collection[str]
) -> Iterator[tuple[str, bool, str]]:
    """Find what a mode lacks; only the web process signs anybody in."""
    if process != "web" or settings.auth_mode == "token":
        return
    yield (
        "auth_roles",
        not settings.auth_roles
        and not settings.auth_users
        and "auth_users" not in faulty,
        f"Needed with AUTH_MODE={settings.auth_mode}, or AUTH_USERS: else nobody has"
        " a role.",
    )
    mode = _proxy if settings.auth_mode == "proxy" else _oidc
    yield from mode(settings)


def _proxy(settings: "Settings") -> Iterator[tuple[str, bool, str]]:
    yield (
        "auth_proxy_secret",
        not settings.auth_proxy_secret,
        "Needed with AUTH_MODE=proxy, or it as a file: without it anybody could say"
        " who they are.",
    )
    yield (
        "auth_proxy_groups_header",
        bool(settings.auth_roles) and settings.auth_proxy_groups_header is None,
        "Needed with AUTH_ROLES and AUTH_MODE=proxy.",
    )
    names = [
        settings.auth_proxy_secret_header.lower(),
        settings.auth_proxy_user_header.lower(),
        (settings.auth_proxy_groups_header or "").lower(),
    ]
    yield (
        "auth_proxy_user_header",
        len(set(names)) < len(names),
        "The three headers of the proxy must differ.",
    )


def _oidc(settings: "Settings") -> Iterator[tuple[str, bool, str]]:
    for name in _OF_OIDC:
        file = ", or it as a file" if name.endswith("secret") else ""
        missing = not getattr(settings, name)
        yield name, missing, f"Needed with AUTH_MODE=oidc{file}."
    public = urlsplit(settings.public_url or "https:")
    yield (
        "public_url",
        public.scheme != "https" and public.hostname not in LOOPBACK,
        "With AUTH_MODE=oidc it must be https, save on loopback.",
    )
    yield (
        "auth_mode",
        find_spec("authlib") is None,
        "oidc needs Authlib: pip install offboard[oidc].",
    )
