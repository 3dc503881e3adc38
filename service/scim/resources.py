"""What a user looks like on the wire.

The models are ours, on the library's base: its own take 0 and "off" for ``active``, and
no e-mail below a name like ``.local``, which vendors' examples have. They declare only
what is kept; the rest of what a client sends is let pass and dropped.
"""

from typing import Annotated, Final, TypeAlias

from pydantic import BeforeValidator
from scim2_models import URN as Urn
from scim2_models import (
    AnyExtension,
    CaseExact,
    ComplexAttribute,
    Extension,
    Mutability,
    Required,
    Resource,
    Returned,
    ScimPolicy,
    Uniqueness,
)

CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
# Entra's habits: attributes of the customer's own mapping, a value in a remove, a
# filtered path to an entry that is not there yet.
LENIENT: Final = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)
_LONGEST: Final = 1024
_MOST_EMAILS: Final = 100


def flag(value: object) -> bool:
    """Return true or false; ValueError for what merely looks like it."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise ValueError("not true or false")


def _mark(value: object) -> bool | None:
    return None if value is None else flag(value)


def _text(value: object) -> object:
    """Let a whole number stand for its digits: ids come so from some HR suites."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    # Whatever came: what is kept has to fit again when it is shown.
    if isinstance(value, str) and len(value) > _LONGEST:
        raise ValueError("too long")
    return value


Text: TypeAlias = Annotated[str | None, BeforeValidator(_text)]


class Email(ComplexAttribute):
    """One e-mail of a user."""

    value: Text = None
    """The address, as it came."""

    type: Text = None
    """What it is for, such as work."""

    primary: Annotated[bool | None, BeforeValidator(_mark)] = None
    """Whether it is the preferred one."""


class User(Resource[AnyExtension]):
    """A person whom an identity provider keeps here."""

    __schema__ = Urn(CORE)

    external_id: Annotated[
        str | None,
        BeforeValidator(_text),
        Mutability.read_write,
        Returned.default,
        CaseExact.true,
    ] = None
    """The client's own id."""

    user_name: Annotated[
        str | None, BeforeValidator(_text), Uniqueness.server, Required.true
    ] = None
    """What one user has, whatever its case."""

    active: Annotated[bool | None, BeforeValidator(flag), Required.true] = None
    """Whether the person is there; true to false is a departure. It cannot be taken
    away, and a client that leaves it out of a whole user leaves it as it is."""

    emails: list[Email] | None = None
    """Every e-mail of the person."""


class EnterpriseUser(Extension):
    """What the enterprise extension has that tells people apart."""

    __schema__ = Urn(ENTERPRISE)

    employee_number: Text = None
    """The number the person has in their organization."""


FullUser: TypeAlias = User[EnterpriseUser]
