"""Filters: the few comparisons clients search users by, looked up in an index."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    LogicalExpr,
    LogicalOperator,
    ValuePath,
)

from service.scim.errors import ScimError
from service.scim.resources import CORE, FullUser
from service.scim.rows import is_whole, user_of
from workers.offboarding.scim_users import ScimUser

_LONGEST: Final = 2048
_COLUMNS: Final = {
    "username": "user_name",
    "externalid": "external_id",
    "id": "id",
    "emails": "email",
    "emails.value": "email",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter that can be answered.

    Attributes:
        attribute: The one it is looked up by, as the desk names it.
        value: The value of it.
        whole: The filter itself, which each row found has to fit.
    """

    attribute: str
    value: str
    whole: ScimFilter[FullUser]

    def fits(self, row: ScimUser) -> bool:
        """Tell whether a row is among those asked for."""
        return self.whole.match(user_of(row))


def asked_by(text: str) -> Asked:
    """Read a filter; ScimError ``invalidFilter``."""
    if len(text) > _LONGEST:
        raise ScimError("invalidFilter")
    try:
        whole = ScimFilter[FullUser](text)
    except InvalidFilterException as error:
        raise ScimError("invalidFilter") from error
    attribute, value = next(_terms(whole.ast))
    if not is_whole(value):
        raise ScimError("invalidFilter")
    return Asked(attribute, value, whole)


def _terms(node: FilterNode) -> Iterator[tuple[str, str]]:
    """Return what each term compares, having seen them all; the first is looked up."""
    return iter([_term(one) for one in _joined(node)])


def _term(node: FilterNode) -> tuple[str, str]:
    match node:
        case Comparison(attr_path=path, op=CompareOperator.eq, value=str(value)):
            return _column(path), value
        case ValuePath(attr_path=path, val_filter=inner, sub_attr=None):
            if _column(path) == "email":
                return "email", _email_in(inner)
        case _:
            pass
    raise ScimError("invalidFilter")


def _email_in(node: FilterNode) -> str:
    """Return the value in ``emails[type eq "work" and value eq "…"]``."""
    found: dict[str, str] = {}
    for one in _joined(node):
        match one:
            case Comparison(
                attr_path=AttrPath(attr=name, sub_attr=None, uri=None),
                op=CompareOperator.eq,
                value=str(value),
            ) if name.lower() in ("type", "value"):
                found[name.lower()] = value
            case _:
                raise ScimError("invalidFilter")
    if "value" not in found:
        raise ScimError("invalidFilter")
    return found["value"]


def _column(path: AttrPath) -> str:
    if path.uri is not None and path.uri.casefold() != CORE.casefold():
        raise ScimError("invalidFilter")
    name = f"{path.attr}.{path.sub_attr}" if path.sub_attr else path.attr
    column = _COLUMNS.get(name.lower())
    if column is None:
        raise ScimError("invalidFilter")
    return column


def _joined(node: FilterNode) -> tuple[FilterNode, ...]:
    """Return the terms that ``and`` joins; of anything else, itself."""
    if isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_:
        return node.terms
    return (node,)
