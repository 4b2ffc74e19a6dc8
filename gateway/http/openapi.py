"""The OpenAPI 3.1 document, made from the table of routes and the models that validate."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway.http.problems import CONTENT_TYPE
from gateway.http.route import Route
from gateway.http.shapes import Nothing, ProblemDocument

_REF: Final = "#/components/schemas/{model}"
_WORDS: Final = {
    400: "Not well formed",
    401: "Not signed in, or the token is not valid",
    403: "Yours, but your role or token is too low, or the request comes from another site",
    404: "Not there, or not yours",
    408: "The body did not arrive in time",
    409: "The state of things is against it",
    413: "The body is too large",
    415: "The body is of another type",
    422: "Well formed, but refused",
    429: "Too often; see Retry-After",
    503: "Not now, nothing happened; see Retry-After",
}
_ABOUT: Final = """Identifiers are opaque strings; times are RFC 3339 in UTC. Errors are RFC 9457 problem documents."""

Document = dict[str, Any]

_FORM: Final[Document] = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
            "required": ["file"],
        }
    }
}
"""RFC 7578, with one part."""


def document(routes: Iterable[Route[Any, Any]], cookie: str, visitor_cookie: str) -> Document:
    """The whole document; the cookies are what sessions and visitors' tokens are called here."""
    table = tuple(routes)
    paths: dict[str, Document] = {}
    for route in table:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Teamline", "version": version("teamline"), "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": _schemas(table),
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A personal access token"},
                "session": {"type": "apiKey", "in": "cookie", "name": cookie},
                "visitor": {"type": "http", "scheme": "bearer", "description": "A customer's token"},
                "chat": {"type": "apiKey", "in": "cookie", "name": visitor_cookie},
            },
        },
    }


def _operation(route: Route[Any, Any]) -> Document:
    operation: Document = {
        "operationId": f"customer_{route.handler.__name__}" if route.who == "customer" else route.handler.__name__,
        "summary": route.summary,
        "security": _security(route),
        "responses": {str(route.status): _success(route)} | {str(code): _problem(code) for code in _codes(route)},
    }
    if parameters := [*_path_parameters(route.path), *_query_parameters(route.query), *_headers(route)]:
        operation["parameters"] = parameters
    if route.uploads:
        operation["requestBody"] = {"required": True, "content": _FORM}
    elif route.body is not Nothing:
        operation["requestBody"] = {"required": route.needs_body, "content": _json(route.body)}
    return operation


def _security(route: Route[Any, Any]) -> list[Document]:
    """Any of these will do; a customer's open route takes none as well."""
    if route.who == "customer":
        return [{"visitor": []}, {"chat": []}, *([{}] if route.is_open else [])]
    return [] if route.is_open else [{"token": []}, {"session": []}]


def _codes(route: Route[Any, Any]) -> list[int]:
    has_body = route.body is not Nothing or route.uploads
    with_body = (400, 408, 413, 415) if has_body else (413, 408) if route.method != "GET" else ()
    with_credential = () if route.is_open and route.body is Nothing else (401,)
    changing = (403,) if route.method != "GET" else ()
    return sorted({*route.problems, *with_body, *with_credential, *changing, 503})


def _success(route: Route[Any, Any]) -> Document:
    if route.answer is None:
        return {"description": "Done"}
    if isinstance(route.answer, str):
        return {"description": "As asked", "content": {route.answer: {"schema": {"type": "string"}}}}
    return {"description": "As asked", "content": _json(route.answer)}


def _problem(code: int) -> Document:
    schema = {"$ref": _REF.format(model=ProblemDocument.__name__)}
    answer: Document = {"description": _WORDS[code], "content": {CONTENT_TYPE: {"schema": schema}}}
    if code in {429, 503}:
        answer["headers"] = {"Retry-After": {"description": "Seconds", "schema": {"type": "integer"}}}
    return answer


def _json(model: type[BaseModel]) -> Document:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model.__name__)}}}


def _path_parameters(path: str) -> list[Document]:
    names = re.findall(r"{(\w+)}", path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(query: type[BaseModel]) -> list[Document]:
    properties: Mapping[str, Document] = query.model_json_schema(ref_template=_REF).get("properties", {})
    return [{"name": name, "in": "query", "schema": _plain(schema)} for name, schema in properties.items()]


def _plain(schema: Document) -> Document:
    """A parameter is there or not: in a URL there is no null."""
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    kept = {key: value for key, value in schema.items() if key not in {"anyOf", "title"} and value is not None}
    return kept | options[0] if options else kept


def _headers(route: Route[Any, Any]) -> list[Document]:
    key = {"type": "string", "pattern": "^[!-~]{1,255}$"}
    last = {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}}
    made = {"name": "Idempotency-Key", "in": "header", "schema": key, "description": "Kept seven days per person"}
    return [made] if route.makes else [last] if route.answer == "text/event-stream" else []


def _schemas(routes: Iterable[Route[Any, Any]]) -> Document:
    bodies = {route.body for route in routes if route.body is not Nothing}
    answers = {route.answer for route in routes if isinstance(route.answer, type)} | {ProblemDocument}
    models = sorted(bodies | answers, key=lambda model: model.__name__)
    _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    found: Document = schemas["$defs"]
    return found
