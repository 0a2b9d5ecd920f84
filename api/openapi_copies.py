"""What OpenAPI says of routes for keepers of copies and for other tools: entities, changes, examples, VoID. Pure."""

from __future__ import annotations

from typing import Any, Final

from api.front.variant import JSON, JSON_LD, N_QUADS, N_TRIPLES, RDF_XML, TRIG, TURTLE
from api.openapi_routes import CLANG, LANG, Operation, envelope, problem
from api.openapi_schemas import COUNT, IRI, MAYBE, TEXT, listed, ref, thing
from kg.kinds import KINDS

ATOM: Final = "application/atom+xml"
MOST: Final = 100  # things in one request (api/routers/entities.py)
_DAY: Final = {"type": "string", "format": "date"}
_NAMES: Final = ["person/askhat-aimagambetov", "post/kz-minister-of-education"]
_ABOUT_FIELDS: Final = "Members of the things that are wanted; id, kind and slug always come. All if it is not given."


def schemas() -> dict[str, Any]:
    """Schemas of a part of a thing, and of a change."""
    whole = thing()
    return {
        "ThingPart": {
            **whole,
            "description": f"{whole['description']} With `fields`, the members asked for only.",
            "required": ["id", "kind", "slug"],
        },
        "MissingThing": {
            "type": "object",
            "description": "A name that was asked for and is not there, and why.",
            "required": ["id", "code", "detail"],
            "properties": {
                "id": {**TEXT, "description": "The name as it was given."},
                "code": {**TEXT, "description": "Explained under /problems."},
                "detail": {**TEXT, "description": "In the language of messages."},
            },
        },
        "Change": {
            "type": "object",
            "description": "A thing that came, went, or is told otherwise.",
            "required": ["id", "kind", "slug", "label", "labelLang", "change"],
            "properties": {
                "id": IRI,
                "kind": {"type": "string", "enum": list(KINDS)},
                "slug": TEXT,
                "label": MAYBE,
                "labelLang": {**MAYBE, "description": "language of the label"},
                "change": {"type": "string", "enum": ["added", "changed", "removed"]},
            },
        },
        "ChangeCounts": {
            "type": "object",
            "description": "How many things in all, not on this page only.",
            "required": ["added", "changed", "removed"],
            "properties": dict.fromkeys(("added", "changed", "removed"), COUNT),
        },
    }


def paths() -> dict[str, dict[str, Operation]]:
    """Path to method to operation."""
    return {
        "/api/v1/entities": _entities(),
        "/api/v1/changes": {"get": _changes("changes.list", {JSON: _changes_body(), ATOM: TEXT}, negotiated=True)},
        "/api/v1/changes.json": {"get": _changes("changes.json", {JSON: _changes_body()})},
        "/api/v1/changes.atom": {"get": _changes("changes.atom", {ATOM: TEXT})},
        "/sparql/.well-known/sparql-examples": {
            "get": _graph(
                "tools.examples",
                "Every question as a SPARQL example",
                "The vocabulary of the SIB's sparql-examples: the text of each template with example values, what it "
                "answers in three languages, the endpoint, keywords.",
            )
        },
        "/.well-known/void": {
            "get": _graph(
                "tools.void",
                "What the release holds, by VoID",
                "Partitions by class and property, with classes and datatypes of values: for tools that complete "
                "queries.",
            )
        },
    }


def _entities() -> dict[str, Operation]:
    members: dict[str, tuple[dict[str, Any], str, Any]] = {
        "id": (
            {"type": "array", "items": {**TEXT, "maxLength": 2000}, "minItems": 1, "maxItems": MOST},
            "Things: `kind/slug`, IRI, or prefixed name (`person:…`).",
            _NAMES,
        ),
        "on": (_DAY, "The day for which `certainty` is said; today if absent.", "2022-06-24"),
        "fields": ({"type": "array", "items": TEXT}, _ABOUT_FIELDS, ["label", "evidence"]),
    }
    parameters = []
    for name, (schema, told, example) in members.items():
        said = {**_query(name, told, schema, example), "required": name == "id"}
        style = {"style": "form", "explode": name == "id"} if schema["type"] == "array" else {}
        parameters.append({**said, **style})
    moved = {
        "type": "object",
        "additionalProperties": IRI,
        "description": "Names given up, and the IRI that took over.",
    }
    body = envelope(
        listed(ref("ThingPart"), "In the order asked; each once."),
        missing=listed(ref("MissingThing"), "Names that are not there."),
        moved=moved,
        on=_DAY,
    )
    common = {
        "tags": ["copies"],
        "summary": "Up to 100 things at once",
        "description": "What is known of each, as /doc/{kind}/{slug}.json tells it, in the order asked.",
    }
    ok = {"description": "The things that are there.", "content": {JSON: {"schema": body}}}
    asked = {name: {**schema, "description": told} for name, (schema, told, _) in members.items()}
    asked |= {p["name"]: {**p["schema"], "description": p["description"]} for p in (LANG, CLANG)}
    sent = {"type": "object", "required": ["id"], "additionalProperties": False, "properties": asked}
    return {
        "get": {
            **common,
            "operationId": "entities.get",
            "parameters": [*parameters, LANG, CLANG],
            "responses": {"200": ok, **_errors(414, 422, 503)},
        },
        "post": {
            **common,
            "operationId": "entities.post",
            "requestBody": {
                "required": True,
                "content": {JSON: {"schema": sent, "example": {"id": _NAMES, "fields": ["label"]}}},
            },
            "responses": {"200": ok, **_errors(400, 413, 414, 415, 422, 503)},
        },
    }


def _changes_body() -> dict[str, Any]:
    return envelope(
        listed(ref("Change"), "By kind and slug."),
        counts=ref("ChangeCounts"),
        page=ref("Page"),
        since={**MAYBE, "description": "The release that is compared with; null where there is none before."},
    )


def _changes(name: str, content: dict[str, Any], *, negotiated: bool = False) -> Operation:
    count = {"type": "integer", "minimum": 1}
    parameters = [
        _query("since", "Id of a release that is kept, from /releases; the one before the current if absent.", TEXT),
        _query("page", "Page, from 1.", {**count, "default": 1}, 1),
        _query("page_size", "Changes a page.", {**count, "default": 100}, 10),
    ]
    return {
        "operationId": name,
        "tags": ["copies"],
        "summary": "What changed since a release",
        "description": "Things that came, went, or are told otherwise (also where only their evidence, or the name of "
        "a thing they lead to, has changed); a feed by RFC 4287 for readers of feeds.",
        "parameters": [*parameters, LANG, CLANG],
        "responses": {
            "200": {"description": "A page of changes.", "content": {m: {"schema": s} for m, s in content.items()}},
            **_errors(404, *((406,) if negotiated else ()), 414, 422, 500, 503),
        },
    }


def _graph(name: str, summary: str, description: str) -> Operation:
    media: dict[str, Any] = {key: {"schema": TEXT} for key in (TURTLE, N_TRIPLES)}
    media[JSON_LD] = {"schema": {"type": ["object", "array"], "items": {}}}
    media |= {key: {"schema": TEXT} for key in (N_QUADS, TRIG, RDF_XML)}
    return {
        "operationId": name,
        "tags": ["tools"],
        "summary": summary,
        "description": description,
        "responses": {"200": {"description": "Triples.", "content": media}, **_errors(406, 414, 422, 503)},
    }


def _query(name: str, description: str, schema: dict[str, Any], example: Any = None) -> dict[str, Any]:
    said = {"name": name, "in": "query", "required": False, "description": description, "schema": schema}
    return said if example is None else {**said, "example": example}


def _errors(*statuses: int) -> dict[str, Any]:
    return {str(status): problem(status) for status in statuses}
