"""What this service provider can do, said to whoever has the token; and what it cannot.

The documents could be read without the token, too. Okta and Entra both send it, and who
has none learns nothing.
"""

from typing import Any, Final

from flask import Response, abort
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    Context,
    ETag,
    Filter,
    Patch,
    Resource,
    ResourceType,
    Schema,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
)
from werkzeug.exceptions import NotImplemented as NotServed

from service.scim.door import answer, base_url, scim, serve
from service.scim.resources import EnterpriseUser, FullUser, User
from service.scim.rows import meta
from service.scim.users import MOST_AT_ONCE, listed

__all__ = ["scim"]

_CONFIG: Final = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
    filter=Filter(supported=True, max_results=MOST_AT_ONCE),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=False),
    etag=ETag(supported=False),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="Bearer token",
            description="The secret of the source, as a bearer token.",
            primary=True,
        )
    ],
)
_PROVIDER: Final = ScimProvider(
    models=[User, EnterpriseUser, ServiceProviderConfig, ResourceType, Schema],
    resource_types=[ResourceType.from_resource(FullUser)],
    config=_CONFIG,
)


def config() -> Response:
    """Say which parts of the protocol are served."""
    return answer(_shown(_CONFIG, "ServiceProviderConfig", "/ServiceProviderConfig"))


def resource_types() -> Response:
    """List the kinds of resources: users."""
    found = [_resource_type(one) for one in _PROVIDER.resource_types]
    return answer(listed(found, len(found), 1))


def resource_type(name: str) -> Response:
    """Show one kind of resource."""
    found = [one for one in _PROVIDER.resource_types if one.id == name]
    return answer(_resource_type(found[0])) if found else abort(404)


def schemas() -> Response:
    """List the schemas: what is kept of a user, and those of these documents."""
    found = [_schema(one) for one in _PROVIDER.schemas]
    return answer(listed(found, len(found), 1))


def schema(name: str) -> Response:
    """Show one schema."""
    found = [one for one in _PROVIDER.schemas if one.id == name]
    return answer(_schema(found[0])) if found else abort(404)


def no_groups() -> Response:
    """List groups: there are none, and a change of one is never a departure."""
    return answer(listed([], 0, 1))


def not_served(**_: str) -> Response:
    """Turn away what has no use here."""
    raise NotServed


def _resource_type(one: ResourceType) -> dict[str, Any]:
    return _shown(one, "ResourceType", f"/ResourceTypes/{one.id}")


def _schema(one: Schema) -> dict[str, Any]:
    return _shown(one, "Schema", f"/Schemas/{one.id}")


def _shown(document: Resource[Any], kind: str, place: str) -> dict[str, Any]:
    copy = document.model_copy()
    copy.meta = meta(kind, f"{base_url()}{place}")
    return copy.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)


_WRITES: Final = ("POST", "PUT", "PATCH", "DELETE")

serve("/ServiceProviderConfig", GET=config)
serve("/ResourceTypes", GET=resource_types)
serve("/ResourceTypes/<name>", GET=resource_type)
serve("/Schemas", GET=schemas)
serve("/Schemas/<name>", GET=schema)
serve("/Groups", GET=no_groups, **dict.fromkeys(_WRITES, not_served))
serve("/Groups/<name>", GET=not_served, **dict.fromkeys(_WRITES, not_served))
for _place in ("/Me", "/Bulk", "/.search", "/Users/.search", "/Groups/.search"):
    serve(_place, GET=not_served, **dict.fromkeys(_WRITES, not_served))
serve("/")
serve("/<anything:rest>")
