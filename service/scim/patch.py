"""PATCH: operations in their order, all or none, whatever the client's dialect.

The library applies them. What it is too easy about is refused before: an operation it
would leave undone without a word.
"""

from collections.abc import Mapping
from typing import Any, Final

from scim2_models import Context, InvalidPathException, PatchOp, Path

from service.scim.bodies import plain_resource, without_core
from service.scim.errors import ScimError
from service.scim.resources import LENIENT, FullUser, flag
from service.scim.rows import checked, has, row_of, user_of
from workers.offboarding.scim_users import ScimUser

_OPS: Final = frozenset({"add", "remove", "replace"})
_SCHEMAS: Final = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
# Each that selects an e-mail compares them all: thousands would take minutes.
_MOST_OPERATIONS: Final = 200
_LONGEST_PATH: Final = 512


def patched(row: ScimUser, body: Mapping[str, Any]) -> ScimUser:
    """Return what *row* becomes; nothing is written.

    Raises:
        ScimError: By SCIM's keyword, why not.
        ValidationError: A value or a path does not fit.
        SCIMException: The same, found when it was applied.
    """
    operations = [each for one in _operations(body) for each in _plain(one)]
    if len(operations) > _MOST_OPERATIONS:
        raise ScimError("invalidValue")
    patch = PatchOp[FullUser].model_validate(
        {"schemas": _SCHEMAS, "Operations": operations},
        scim_ctx=Context.RESOURCE_PATCH_REQUEST,
        scim_policy=LENIENT,
    )
    user = user_of(row)
    patch.patch(user, scim_policy=LENIENT)
    return row_of(checked(user), row)


def _operations(body: Mapping[str, Any]) -> list[Any]:
    found = _member(body, "operations")
    if found is None or found == []:
        raise ScimError("invalidValue")
    if not isinstance(found, list):
        raise ScimError("invalidSyntax")
    return found


def _plain(operation: object) -> list[dict[str, Any]]:
    """Say an operation as the library is to be given it."""
    if not isinstance(operation, dict):
        raise ScimError("invalidSyntax")
    op = _member(operation, "op")
    if not isinstance(op, str) or op.lower() not in _OPS:
        raise ScimError("invalidSyntax")
    path = _path(_member(operation, "path"))
    if not has(operation, "value"):
        return [{"op": op.lower(), "path": path or None}]
    value = _member(operation, "value")
    if path:
        return [{"op": op.lower(), "path": path, "value": _fit(path, value)}]
    return _of_whole(op.lower(), value)


def _path(given: object) -> str:
    """Return a path without the core schema; empty where it is the user as a whole."""
    if given is None:
        return ""
    if not isinstance(given, str) or len(given) > _LONGEST_PATH:
        raise ScimError("invalidPath")
    path = without_core(given.strip())
    _refuse_below_active(path)
    return path


def _of_whole(op: str, value: object) -> list[dict[str, Any]]:
    """Take an operation on the user as a whole apart, whose value's keys are paths.

    A key that selects, as Entra's ``emails[type eq "work"].value`` does, would be
    passed over by the library: it becomes an operation with that path.
    """
    if not isinstance(value, dict):
        raise ScimError("invalidValue")
    found = plain_resource(value)
    if any(len(name) > _LONGEST_PATH for name in found):
        raise ScimError("invalidPath")
    for name in found:
        _refuse_below_active(name.strip())
    found = {name: _fit(name.strip(), one) for name, one in found.items()}
    selecting = {name: one for name, one in found.items() if _selects(name)}
    whole = {name: one for name, one in found.items() if name not in selecting}
    first = {"op": op, "value": whole}
    return [first] + [
        {"op": op, "path": name, "value": one} for name, one in selecting.items()
    ]


def _selects(name: str) -> bool:
    """Tell whether a key is a path that selects; what is none is passed over."""
    if "[" not in name:
        return False
    try:
        Path[FullUser](name)
    except InvalidPathException:
        return False
    return True


def _fit(path: str, value: object) -> object:
    """Return a value to be written; of ``active``, true or false.

    The library compares before it checks, and to it 1 is the true that is there.
    """
    if path.casefold() != "active":
        return value
    try:
        return flag(value)
    except ValueError as error:
        raise ScimError("invalidValue") from error


def _refuse_below_active(path: str) -> None:
    """Refuse a path into ``active``: let pass, it would be left undone in silence."""
    name = path.casefold()
    if name.startswith("active") and name[len("active") :].lstrip()[:1] in (".", "["):
        raise ScimError("invalidPath")


def _member(of: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - any JSON value
    return next((one for key, one in of.items() if key.casefold() == name), None)
