"""What OpenAPI says of stewards' decisions. Pure."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from api.front.variant import JSON
from api.openapi_access import secured
from api.openapi_routes import Operation, envelope, problem
from api.openapi_schemas import IRI, TEXT, listed, ref
from api.routers.decisions import BODIES, PATH, Undo

_PERSON: Final = "person/askhat-aimagambetov"
_LINE: Final = (
    "<https://w3id.org/bilim/id/person/askhat-aimagambetov> <http://www.w3.org/2004/02/skos/core#altLabel> "
    '"Aimagambetov"@en .'
)
_NUMBER: Final = {
    "name": "number",
    "in": "path",
    "required": True,
    "description": "Number of the decision.",
    "schema": {"type": "integer"},
    "example": 1,
}
_WHY: Final = {"why": "The source says so."}
_POSTS: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("settle", "Settle a discrepancy by ranks of its evidence",
     {"discrepancy": "discrepancy/mes-founded-1999-2002", "ranks": {"evidence/example": "deprecated"}}),
    ("correct", "Replace one statement, or take it away", {"old": _LINE}),
    ("merge", "Two things are one: 301 follows", {"thing": _PERSON, "into": "person/sayasat-nurbek"}),
    ("unmerge", "Take back the merging of a thing", {"thing": _PERSON}),
    ("withdraw", "A thing is no more: 410 follows", {"thing": _PERSON}),
    ("comment", "Say something of a thing, in the ledger", {"thing": _PERSON}),
)  # fmt: skip


def schemas() -> dict[str, Any]:
    """Bodies, and what is known of a decision."""
    models: set[type[BaseModel]] = {*BODIES.values(), Undo}
    bodies = {f"Decision{m.__name__}": m.model_json_schema() for m in models}
    members: dict[str, Any] = {
        "number": {"type": "integer", "minimum": 1},
        "action": {"type": "string", "enum": ["settle", "correct", "merge", "withdraw", "comment", "undo"]},
        "state": {"type": "string", "enum": ["making", "made", "undone"]},
        "thing": IRI,
        "at": {"type": "string", "format": "date-time"},
        "who": TEXT,
        "why": TEXT,
        "release": {"type": "string", "description": "The release that it made."},
        "data": {"type": "object", "additionalProperties": True, "description": "What else was said."},
    }
    quads = {"type": "string", "description": "N-Quads; of a single decision only."}
    told = {
        "type": "object",
        "description": "A decision.",
        "required": list(members),
        "properties": {**members, "removed": quads, "added": quads},
    }
    return {**bodies, "Decision": told}


def paths() -> dict[str, dict[str, Operation]]:
    """Path to method to operation."""
    found = {f"{PATH}/{name}": {"post": _post(name, BODIES[name], text, more)} for name, text, more in _POSTS}
    undo = _post("undo", Undo, "Take a decision back", {})
    undo["parameters"] = [_NUMBER]
    found[f"{PATH}/{{number}}/undo"] = {"post": undo}
    found[PATH] = {"get": _get("list", "All decisions", listed(ref("Decision"), "The oldest first."))}
    one = _get("one", "One decision, with the statements that came and went", ref("Decision"))
    one["parameters"] = [_NUMBER]
    one["responses"]["404"] = problem(404)
    found[f"{PATH}/{{number}}"] = {"get": one}
    return found


def _post(name: str, body: type[BaseModel], summary: str, example: dict[str, Any]) -> Operation:
    where = {"description": "The decision.", "schema": {"type": "string", "format": "uri-reference"}}
    made = {
        "description": "It is made, and published as a release.",
        "headers": {"Location": where},
        "content": {JSON: {"schema": envelope(ref("Decision"))}},
    }
    schema = ref(f"Decision{body.__name__}")
    operation: Operation = {
        "operationId": f"decisions.{name}",
        "tags": ["decisions"],
        "summary": summary,
        "description": "It is judged first; where a violation would arise, nothing changes (409).",
        "parameters": [],
        "requestBody": {"required": True, "content": {JSON: {"schema": schema, "example": {**example, **_WHY}}}},
        "responses": {"201": made, **{str(s): problem(s) for s in (400, 404, 409, 413, 414, 422, 503)}},
    }
    return secured(operation, "steward")


def _get(name: str, summary: str, schema: dict[str, Any]) -> Operation:
    ok = {"description": "Found.", "content": {JSON: {"schema": envelope(schema)}}}
    return {
        "operationId": f"decisions.{name}",
        "tags": ["decisions"],
        "summary": summary,
        "description": "Reading is open.",
        "parameters": [],
        "responses": {"200": ok, "414": problem(414), "422": problem(422)},
    }
