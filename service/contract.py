"""How a route is declared: its role, what it takes, what it answers, in one place.

The OpenAPI document is made from the same words, so that it cannot promise another
thing. Bodies and filters are loaded here and not by the framework's own parser, which
takes repeated keys, NaN and anything that is not JSON at all.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import wraps
from importlib.metadata import version
from typing import Any, Final, TypeVar

from flask import Flask, Response, current_app, request
from flask_smorest import Api, Blueprint  # type: ignore[import-untyped]  # ships no types
from marshmallow import Schema, ValidationError
from marshmallow.fields import List

from service.asked_schemas import BlindSpotsSchema
from service.auth import PUBLIC, Role, demand
from service.bodies import read_json_bytes, strict_json
from service.brake_schemas import BrakeSchema
from service.intake_schemas import QuarantineSchema, SourcesSchema
from service.notice_schemas import NoticeSchema
from service.schemas import CaseSchema, ProblemSchema
from service.seen_schemas import DoctorSchema, ExposureSchema, GateSchema

View = TypeVar("View", bound=Callable[..., Response])

PROBLEM: Final = "Problem"
_API: Final = "offboard-api"


def open_api(app: Flask) -> Any:  # noqa: ANN401 - the framework ships no types
    """Set the OpenAPI document up; its routes come with the blueprints."""
    app.config.update(
        API_TITLE="offboard",
        API_VERSION=version("offboard"),
        OPENAPI_VERSION="3.1.0",
    )
    api = Api()
    api.DEFAULT_ERROR_RESPONSE_NAME = None
    api.init_app(app)
    app.extensions[_API] = api
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    api.spec.components.response(
        PROBLEM,
        {
            "description": "An error, as problem+json.",
            "content": {"application/problem+json": {"schema": ProblemSchema}},
        },
    )
    # The framework's own; every error here is a Problem, and no page has its headers.
    for unused in ("Error", "PaginationMetadata"):
        api.spec.components.schemas.pop(unused, None)
    answers = {
        "Case": CaseSchema(settle=timedelta(), now=datetime.now(UTC)),
        "BlindSpots": BlindSpotsSchema(),
        "Brake": BrakeSchema(),
        "Exposure": ExposureSchema(),
        "Gate": GateSchema(),
        "Doctor": DoctorSchema(),
        "Notice": NoticeSchema(),
        "Quarantine": QuarantineSchema(),
        "Sources": SourcesSchema(),
    }
    for name, shown in answers.items():
        api.spec.components.schema(name, schema=shown)
    for schema in api.spec.components.schemas.values():
        # Whatever these hold is always there. Problem, the only other one yet, names
        # its own.
        schema.setdefault("required", list(schema["properties"]))
    return api


def document() -> dict[str, Any]:
    """Return the OpenAPI document of the application that answers now."""
    found: dict[str, Any] = current_app.extensions[_API].spec.to_dict()
    return found


def route(
    blueprint: Blueprint,
    method: str,
    rule: str,
    *,
    role: Role,
    answer: Mapping[int, Any],
    path: Mapping[str, Any] | None = None,
    headers: Mapping[str, Any] | None = None,
    takes: Schema | None = None,
    filters: Schema | None = None,
    refuses: tuple[int, ...] = (),
    body: Any = None,  # noqa: ANN401 - an OpenAPI fragment
) -> Callable[[View], View]:
    """Register a view under *rule*, for callers with *role* only.

    Args:
        blueprint: Where it belongs.
        method: The one HTTP method.
        rule: The route's template.
        role: Who may; ``public`` has to be said, too.
        answer: Status and OpenAPI media object of each answer that is no error.
        path: JSON schemas of the parameters in *rule*, with their description.
        headers: The same of request headers worth documenting.
        takes: Loads the JSON body, which the view gets as ``body``.
        filters: Loads the query, which the view gets as ``query``.
        refuses: Error statuses beyond those every such route has.
        body: What the document says of the body.
    """

    def declare(view: View) -> View:
        @wraps(view)
        def guarded(**given: Any) -> Response:  # noqa: ANN401 - the route's own parameters
            demand(role)
            if takes is not None:
                raw = read_json_bytes()
                given["body"] = takes.load(strict_json(raw) if raw else {})
            if filters is not None:
                given["query"] = filters.load(_query(filters))
            return view(**given)

        guarded.__dict__["needs_role"] = role
        loads = takes is not None or filters is not None or body is not None
        documented = blueprint.doc(
            **{"operationId": view.__name__, "x-role": role},
            security=[] if role == PUBLIC else [{"bearer": []}],
            parameters=_parameters("header", headers or {})
            + ([{"in": "query", "schema": filters}] if filters else []),
            responses=dict(answer) | _errors(role, method, (422,) * loads + refuses),
            **({"requestBody": body} if body is not None else {}),
        )(guarded)
        in_path = _parameters("path", path or {})
        blueprint.route(rule, methods=[method], parameters=in_path)(documented)
        return view

    return declare


def _query(filters: Schema) -> dict[str, str | list[str]]:
    given = request.args.to_dict(flat=False)
    lists = {name for name, one in filters.fields.items() if isinstance(one, List)}
    repeated = {
        name: ["Give it once."]
        for name, many in given.items()
        if many[1:] and name not in lists
    }
    if repeated:
        raise ValidationError(repeated)
    return {name: many if name in lists else many[0] for name, many in given.items()}


def _parameters(where: str, schemas: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "in": where,
            "name": name,
            "required": where == "path",
            "schema": {key: one for key, one in schema.items() if key != "description"},
            "description": schema.get("description", ""),
        }
        for name, schema in schemas.items()
    ]


def _errors(role: Role, method: str, more: tuple[int, ...]) -> dict[int, str]:
    by_role = () if role == PUBLIC else (401, 403, 429)
    by_method = (400, 411, 413, 415) if method == "POST" else ()
    return dict.fromkeys(sorted({*by_role, *by_method, *more}), PROBLEM)
