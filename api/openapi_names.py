"""What OpenAPI says of finding things by their names: search, suggest, match, and the reconciliation service. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.front.variant import HTML, JSON
from api.openapi_routes import CLANG, LANG, Operation, envelope, problem
from api.openapi_schemas import IRI, MAYBE, TEXT, listed, ref
from api.routers.reconcile import PATH
from api.routers.search import BATCH_MAX, LIMIT, LIMIT_MAX, NAMED, TEXT_MAX
from kg.kinds import KINDS
from kg.releases.facets import FACETS

FORM: Final = "application/x-www-form-urlencoded"
_NAME: Final = {"type": "string", "minLength": 1, "maxLength": TEXT_MAX, "pattern": r"\S"}
_KINDS: Final = {"type": "array", "items": {"type": "string", "enum": list(NAMED)}}
_LIMIT: Final = {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT}
_SCORE: Final = {"type": "number", "minimum": 0, "description": "How well the name fits; 100 is all of it."}
_MATCHED: Final = "The name that answered, which may be another than the label; null where no name was asked."
_LANGUAGES: Final = (LANG, CLANG)
_COLUMN: Final = {"q0": {"query": "Аймағамбетов", "type": "person"}, "q1": {"query": "KazNU"}}


def schemas() -> dict[str, Any]:
    """Schemas of what is found by a name."""
    hit: dict[str, Any] = {
        "id": IRI,
        "kind": {"type": "string", "enum": list(KINDS)},
        "slug": TEXT,
        "label": MAYBE,
        "labelLang": {**MAYBE, "description": "language of the label"},
        "matched": {"anyOf": [_object({"value": TEXT, "lang": TEXT}, _MATCHED), {"type": "null"}]},
        "score": {**_SCORE, "type": ["number", "null"]},
        "why": listed(ref("NameWord"), "Word by word."),
    }
    match = {
        "type": "boolean",
        "description": "Whether it is sure by itself and well before the next; for one at most.",
    }
    entry = {"id": TEXT, "name": TEXT}
    candidate: dict[str, Any] = {
        "id": {**TEXT, "description": "kind/slug"},
        "name": TEXT,
        "description": {**TEXT, "description": "The name that answered."},
        "type": listed(ref("ReconcileEntry"), "Its kind."),
        "score": _SCORE,
        "match": {"type": "boolean"},
        "features": listed(_object({"id": TEXT, "value": {"type": "number"}}), "What each property gave or took."),
    }
    return {
        "NameWord": _object(
            {
                "asked": TEXT,
                "found": TEXT,
                "kind": {**TEXT, "description": "how they agree: exact, initial, typo …"},
                "weight": {"type": "number", "minimum": 0, "maximum": 1},
            },
            "One word asked and the word of the name that answers it, both folded to one spelling.",
        ),
        "FacetValue": _object(
            {"value": TEXT, "label": TEXT, "labelLang": MAYBE, "count": {"type": "integer", "minimum": 1}},
            "A value of a facet and how many things have it.",
        ),
        "NameHit": _object(hit, "A thing found by a name."),
        "NameCandidate": _object({**hit, "match": match}, "A thing that may be the one named."),
        "ReconcileEntry": _object(entry, "A type or property of the reconciliation service."),
        "ReconcileCandidate": _object(candidate, "A candidate, by the Reconciliation Service API 0.2, section 4."),
    }


def paths() -> dict[str, dict[str, Operation]]:
    """Path to method to operation."""
    hits = {JSON: envelope(listed(ref("NameHit"), "Best first."))}
    found = "Any spelling will do: Kazakh, Russian, any Latin one, initials, slips of the pen."
    asked = (*_asked(), *_LANGUAGES)
    values = {facet: listed(ref("FacetValue"), "The most frequent; years from the last.") for facet in FACETS}
    body = envelope(listed(ref("NameHit"), "Best first; without a text by kind and label."))
    body["properties"] |= {
        "facets": _object(
            values, "Counted among the hundred best that a text finds, or among all that have the values."
        ),
        "total": {"type": "integer", "description": "How many there are, where no text ranks them."},
    }
    narrowed = (*_narrowing(), *asked[1:])
    searched = {JSON: body}
    return {
        "/search": {
            "get": _operation(
                "search.page",
                "Find things by their names",
                f"{found} As a page, or as JSON.",
                {**searched, HTML: TEXT},
                (406, 414, 422, 503),
                narrowed,
            )
        },
        "/api/v1/search": {
            "get": _operation("search.list", "Find things by their names", found, searched, (414, 422, 503), narrowed)
        },
        "/api/v1/suggest": {
            "get": _operation(
                "search.suggest",
                "Complete a name that is being written",
                f"The last word may be unfinished. {found}",
                hits,
                (414, 422, 503),
                asked,
            )
        },
        "/api/v1/match": {"get": _match(asked), "post": _matches()},
        **_reconcile(),
    }


def _match(asked: Sequence[Mapping[str, Any]]) -> Operation:
    body = {JSON: envelope(listed(ref("NameCandidate"), "Best first."))}
    told = "Candidates with score and why; `match` is true for at most one, which needs no second look."
    return _operation("search.match", "Which thing a name means", told, body, (414, 422, 503), asked)


def _matches() -> Operation:
    one: dict[str, Any] = {
        "type": "object",
        "required": ["q"],
        "properties": {
            "q": {**_NAME, "description": "A name, in any spelling."},
            "kind": {**_KINDS, "description": "Only of these kinds."},
            "limit": {**_LIMIT, "description": "Candidates at most."},
        },
    }
    queries = {"type": "array", "items": one, "maxItems": BATCH_MAX, "description": "Names."}
    sent = {"type": "object", "required": ["queries"], "properties": {"queries": queries}}
    found = listed(listed(ref("NameCandidate"), "Best first."), "For each name, in order.")
    example = {"queries": [{"q": "Аймағамбетов", "kind": ["person"], "limit": 3}, {"q": "KazNU"}]}
    return {
        **_operation(
            "search.matches",
            "Which things many names mean",
            f"Up to {BATCH_MAX} names at once.",
            {JSON: envelope(found)},
            (400, 413, 414, 415, 422, 503),
            _LANGUAGES,
        ),
        "requestBody": {"required": True, "content": {JSON: {"schema": sent, "example": example}}},
    }


def _reconcile() -> dict[str, dict[str, Operation]]:
    """The Reconciliation Service API 0.2, whose own words these are."""
    entries = {JSON: _object({"result": listed(ref("ReconcileEntry"), "Those that begin so.")})}
    described = _object(
        {"id": TEXT, "name": TEXT, "description": TEXT, "notable": listed(ref("ReconcileEntry"), "Its kind.")}
    )
    suggested = {JSON: _object({"result": listed(described, "Those that begin so.")})}
    prefix = _query("prefix", "What is written so far.", {"type": "string"}, "aimag")
    kind = _query("type", "A kind: `person`, `Person`, or the class.", {"type": "string"}, "person")
    cursor = _query("cursor", "How many to leave out.", {"type": "integer", "minimum": 0, "maximum": 99_999}, 10)
    limit = _query("limit", "Properties at most.", {"type": "integer", "minimum": 0, "maximum": 99_999}, 5)
    limited = {"type": "integer", "description": "the limit asked for"}
    properties = _object({"type": TEXT, "properties": listed(ref("ReconcileEntry"), "By id.")}, limit=limited)
    thing = _query("id", "kind/slug", {"type": "string", "minLength": 1}, "person/askhat-aimagambetov", required=True)
    errors = (414, 422, 503)

    def get(
        name: str, summary: str, content: Mapping[str, Any], *parameters: Mapping[str, Any]
    ) -> dict[str, Operation]:
        told = f"{summary}, for OpenRefine and other clients of the Reconciliation Service API 0.2."
        every = (404, *errors) if name == "preview" else errors
        return {
            "get": _operation(
                f"reconcile.{name}", summary, told, content, every, (*parameters, *_LANGUAGES), "reconcile"
            )
        }

    return {
        PATH: {"get": _service(), "post": _answers()},
        f"{PATH}/suggest/entity": get("entity", "Things whose names begin so", suggested, prefix, kind, cursor),
        f"{PATH}/suggest/type": get("type", "Kinds whose names begin so", entries, prefix),
        f"{PATH}/suggest/property": get("property", "Properties whose names begin so", entries, prefix),
        f"{PATH}/properties": get(
            "properties", "Properties that a column can be extended by", {JSON: properties}, kind, limit
        ),
        f"{PATH}/preview": get("preview", "A thing in a small frame", {HTML: TEXT}, thing),
    }


def _service() -> Operation:
    text = {"type": "string", "contentMediaType": JSON}
    queries = _query("queries", "Queries as in a POST; then the answer is as there.", text, json.dumps(_COLUMN))
    extend = _query("extend", "An extension as in a POST; then the answer is as there.", text)
    answer = {
        "type": "object",
        "description": "The manifest of the service; candidates for each query; or rows of an extension.",
        "additionalProperties": True,
    }
    return _operation(
        "reconcile.service",
        "What the reconciliation service offers",
        "Its manifest (section 3.1), or the answer to queries that stand in the address.",
        {JSON: answer},
        (400, 414, 422, 503),
        (queries, extend, *_LANGUAGES),
        "reconcile",
    )


def _answers() -> Operation:
    fields = {
        "queries": {**TEXT, "contentMediaType": JSON, "description": "JSON: key to {query, type, limit, properties}."},
        "extend": {**TEXT, "contentMediaType": JSON, "description": "JSON: {ids: […], properties: [{id}, …]}."},
    }
    form = {"type": "object", "properties": fields}
    candidates = _object({"result": listed(ref("ReconcileCandidate"), "Best first.")})
    extended = _object(
        {
            "meta": listed(ref("ReconcileEntry"), "The properties, in the order asked."),
            "rows": {
                "type": "object",
                "description": "Id to property to values.",
                "additionalProperties": {
                    "type": "object",
                    "additionalProperties": {
                        "type": "array",
                        "items": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean"]}},
                    },
                },
            },
        }
    )
    answer = {"anyOf": [extended, {"type": "object", "additionalProperties": candidates}]}
    said = _operation(
        "reconcile.answer",
        "Candidates for names, or values of properties",
        "`queries` (section 4) or `extend` "
        f"(section 6) of the Reconciliation Service API 0.2; up to {BATCH_MAX} queries.",
        {JSON: answer},
        (400, 413, 414, 422, 503),
        _LANGUAGES,
        "reconcile",
    )
    example = {"queries": json.dumps(_COLUMN, ensure_ascii=False)}
    return {**said, "requestBody": {"required": True, "content": {FORM: {"schema": form, "example": example}}}}


def _asked() -> tuple[dict[str, Any], ...]:
    kind = _query("kind", "Only of these kinds; repeated, or separated by commas.", _KINDS, ["person"])
    return (
        _query("q", "A name, in any spelling.", _NAME, "Аймағамбетов", required=True),
        {**kind, "style": "form", "explode": True},
        _query("limit", "How many at most.", _LIMIT, 5),
    )


def _narrowing() -> tuple[dict[str, Any], ...]:
    text = {"type": "string", "maxLength": TEXT_MAX}
    told = {
        "type": "local name of a class",
        "region": "slug of a region",
        "ministry": "slug of a ministry",
        "role": "slug of a post",
        "year": "a year in which it, or a tenure of it, began, ended or took place",
    }
    name = _query("q", "A name, in any spelling. May be left out where a facet is given.", _NAME, "Аймағамбетов")
    facets = tuple(_query(facet, f"Only what has this: {told[facet]}.", text) for facet in FACETS)
    return name, *facets, _query("facets", "Count the values of facets.", {"type": "boolean", "default": False})


def _operation(
    name: str,
    summary: str,
    description: str,
    content: Mapping[str, Any],
    errors: Sequence[int],
    parameters: Sequence[Mapping[str, Any]],
    tag: str = "search",
) -> Operation:
    ok = {"description": "What was found.", "content": {media: {"schema": dict(s)} for media, s in content.items()}}
    return {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        "description": description,
        "parameters": [dict(p) for p in parameters],
        "responses": {"200": ok, **{str(status): problem(status) for status in errors}},
    }


def _query(
    name: str, description: str, schema: Mapping[str, Any], example: Any = None, required: bool = False
) -> dict[str, Any]:
    said = {"name": name, "in": "query", "required": required, "description": description, "schema": dict(schema)}
    return said if example is None else {**said, "example": example}


def _object(required: Mapping[str, Any], description: str = "", **optional: Any) -> dict[str, Any]:
    told = {"description": description} if description else {}
    return {"type": "object", **told, "required": list(required), "properties": {**required, **optional}}
