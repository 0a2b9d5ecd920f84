"""What OpenAPI says of tokens: the security scheme, what a route that needs one answers, and the token's own route."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.front.variant import JSON
from api.openapi_routes import Operation, envelope, problem
from api.openapi_schemas import MAYBE, TEXT, ref
from kg.imports.tokens import PREFIX, ROLES, Role

SCHEME: Final = "token"

_RETRY: Final = {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
_CHALLENGE: Final = {"description": "By RFC 6750, section 3.", "schema": TEXT}


def security_schemes() -> dict[str, Any]:
    """For ``components.securitySchemes``."""
    told = f"A token of `bilim token create`; it begins with `{PREFIX}`. Roles: {', '.join(ROLES)}; an admin may all."
    return {SCHEME: {"type": "http", "scheme": "bearer", "description": told}}


def secured(operation: Mapping[str, Any], role: Role) -> Operation:
    """An operation that needs a token: its security, and the answers 401, 403 and 429 beside its own."""
    refused = {
        "401": {**problem(401), "headers": {"WWW-Authenticate": _CHALLENGE}},
        "403": {**problem(403), "headers": {"WWW-Authenticate": _CHALLENGE}},
        "429": {**problem(429), "headers": {"Retry-After": _RETRY}},
    }
    return {
        **operation,
        "description": f"{operation['description']} For the role {role}.".strip(),
        "security": [{SCHEME: []}],
        "responses": {**operation["responses"], **refused},
    }


def limited(operation: Mapping[str, Any]) -> Operation:
    """An operation that is open, but counted by address: the answer 429 beside its own."""
    refused = {**problem(429), "headers": {"Retry-After": _RETRY}}
    return {**operation, "responses": {**operation["responses"], "429": refused}}


def schemas() -> dict[str, Any]:
    """The schema of what is known of a token."""
    time = {"type": "string", "format": "date-time"}
    maybe = {"type": ["string", "null"], "format": "date-time"}
    members = {
        "number": {"type": "integer", "minimum": 1},
        "name": TEXT,
        "role": {"type": "string", "enum": list(ROLES)},
        "state": {"type": "string", "enum": ["valid", "expired", "revoked"]},
        "created": time,
        "createdBy": TEXT,
        "expires": {**maybe, "description": "null: never"},
        "revoked": maybe,
        "revokedBy": MAYBE,
    }
    return {
        "Token": {
            "type": "object",
            "description": "What is known of a token; never the token itself.",
            "required": list(members),
            "properties": members,
        }
    }


def paths() -> dict[str, dict[str, Operation]]:
    """Path to method to operation."""
    own: Operation = {
        "operationId": "tokens.self",
        "tags": ["access"],
        "summary": "What the token that was sent may do",
        "description": "Its role, name and expiry.",
        "parameters": [],
        "responses": {
            "200": {"description": "The token.", "content": {JSON: {"schema": envelope(ref("Token"), links=False)}}},
            "414": problem(414),
        },
    }
    return {"/api/v1/tokens/self": {"get": secured(own, "steward")}}
