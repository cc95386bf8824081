"""`/openapi.json`: every public path with its parameters and bodies, made from the routes themselves."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from newsletter import __version__
from newsletter.wiring import App

_TEXT = {"type": "string"}
_NUMBER = {"type": "integer"}
_TEXTS = {"type": "array", "items": _TEXT}
_FORM, _PARTS, _JSON = "application/x-www-form-urlencoded", "multipart/form-data", "application/json"
_ONE_CLICK = {"type": "object", "properties": {"List-Unsubscribe": {"const": "One-Click"}}}


def _choices(*deeds: str, **more: Any) -> dict[str, Any]:
    """The form of readers' settings, with one button for each deed."""
    fields = {**dict.fromkeys(("language", "text_only", "until"), _TEXT), "topic": _TEXTS, **more}
    return {"type": "object", "properties": {**fields, "do": {"enum": list(deeds)}}}


BODIES: Mapping[str, Mapping[str, Any]] = {
    "/subscribe": {
        _FORM: {
            "type": "object",
            "properties": {
                **dict.fromkeys(("email", "name", "language", "website", "began"), _TEXT),
                "topic": _TEXTS,
            },
            "required": ["email"],
        }
    },
    "/api/subscribe": {
        _JSON: {
            "type": "object",
            "properties": {**dict.fromkeys(("email", "name", "language"), _TEXT), "topics": _TEXTS},
            "required": ["email"],
        }
    },
    "/u/{token}": {_FORM: _ONE_CLICK, _PARTS: _ONE_CLICK},
    "/m/{token}": {_FORM: _choices("choose", "link")},
    "/manage": {_FORM: {"type": "object", "properties": {"email": _TEXT}, "required": ["email"]}},
    "/manage/{token}": {_FORM: _choices("choose", "move", "leave", name=_TEXT, email=_TEXT)},
    "/privacy/{token}": {
        _FORM: {
            "type": "object",
            "properties": {"do": {"enum": ["json", "csv", "erase", "erase now"]}},
            "required": ["do"],
        }
    },
    "/webhooks/{provider}": {_JSON: {"type": "array", "items": {"type": "object"}}},
}
"""What is posted where that is more than the press of a button."""
QUERIES: Mapping[str, tuple[str, ...]] = {"/archive/search": ("q",)}
"""Besides `language`, which every page takes."""
_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")


def routes(app: App) -> list[Route]:
    """`/openapi.json`."""

    def describe(request: Request) -> Response:
        """This description."""
        return JSONResponse(description(app.settings.newsletter.name, request.app.routes))

    return [Route("/openapi.json", describe, methods=["GET"])]


def description(name: str, paths: Iterable[BaseRoute]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these routes (spec.openapis.org, 3.1.0)."""
    operations: dict[str, dict[str, Any]] = {}
    for route in paths:
        if isinstance(route, Route):
            path = _PARAMETER.sub(r"{\1}", route.path)
            for method in sorted((route.methods or set()) - {"HEAD"}):
                operations.setdefault(path, {})[method.lower()] = _operation(path, method, route)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{name}: pages for readers", "version": __version__},
        "paths": dict(sorted(operations.items())),
    }


def _operation(path: str, method: str, route: Route) -> dict[str, Any]:
    summary = (route.endpoint.__doc__ or "").strip().partition("\n")[0]
    queries = QUERIES.get(path, ()) + (() if path.startswith(("/api/", "/webhooks/")) else ("language",))
    made: dict[str, Any] = {
        "summary": summary,
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": _NUMBER if kind else _TEXT}
                for name, kind in _PARAMETER.findall(route.path)
            ),
            *({"name": name, "in": "query", "schema": _TEXT} for name in queries),
        ],
        "responses": {"default": {"description": summary}},
    }
    if method == "POST":
        bodies = BODIES.get(path, {_FORM: {"type": "object"}})
        made["requestBody"] = {"content": {kind: {"schema": schema} for kind, schema in bodies.items()}}
    return made
