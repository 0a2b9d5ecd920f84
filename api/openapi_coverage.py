"""What OpenAPI says of /coverage. Pure; taken up by :mod:`api.openapi`."""

from __future__ import annotations

from typing import Any, Final

from api.front.variant import CSV, HTML, JSON
from api.openapi_routes import CLANG, LANG, Operation, envelope, problem
from kg.kinds import KINDS
from kg.releases.coverage import IDENTIFIERS, PRECISIONS
from kg.terms import LANGUAGES

_COUNT: Final = {"type": "integer", "minimum": 0}
_SHARE: Final = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
_TEXT: Final = {"type": "string"}


def _maybe(name: str) -> dict[str, Any]:
    return {"oneOf": [{"$ref": f"#/components/schemas/{name}"}, {"type": "null"}]}


def _group(names: tuple[str, ...], description: str) -> dict[str, Any]:
    measure = {"$ref": "#/components/schemas/CoverageMeasure"}
    properties = dict.fromkeys(names, measure)
    return {"type": ["object", "null"], "required": list(names), "properties": properties, "description": description}


def schemas() -> dict[str, Any]:
    """Schemas of a row and of a measure."""
    label = {"type": ["string", "null"]}
    properties = {
        "kind": {"type": "string", "enum": list(KINDS)},
        "class": {
            "type": "object",
            "required": ["id", "name", "label", "labelLang"],
            "properties": {
                "id": {"type": "string", "format": "iri"},
                "name": _TEXT,
                "label": label,
                "labelLang": label,
            },
        },
        "whole": {"type": "boolean", "description": "Whether the row is of the whole kind, not of one of its classes."},
        "count": _COUNT,
        "completeness": {**_SHARE, "description": "Mean of the shares expected there; null where none is."},
        "names": _group(LANGUAGES, "With a preferred name (documents: a title) in a language."),
        "dates": _group(PRECISIONS, "By precision of the most precise of start, when, signed, issued, as resolved."),
        "evidence": _maybe("CoverageMeasure"),
        "identifiers": _group(("any", *IDENTIFIERS), "With an identifier of a register."),
        "secondaryOnly": _maybe("CoverageMeasure"),
        "openDiscrepancies": {**_COUNT, "description": "Discrepancies not settled that concern such things."},
        "disputed": _maybe("CoverageMeasure"),
    }
    return {
        "CoverageRow": {
            "type": "object",
            "description": "What the release knows of a kind or class; null is a measure that does not apply.",
            "required": list(properties),
            "properties": properties,
        },
        "CoverageMeasure": {
            "type": "object",
            "description": "How many things, and which share of them all; null of none.",
            "required": ["count", "share"],
            "properties": {"count": _COUNT, "share": _SHARE},
        },
    }


def paths() -> dict[str, dict[str, Operation]]:
    """Path to method to operation."""
    rows = {"type": "array", "items": {"$ref": "#/components/schemas/CoverageRow"}, "description": "Thinnest first."}
    data = {JSON: {"schema": envelope(rows)}}
    table = {CSV: {"schema": _TEXT}}
    return {
        "/coverage": {"get": _operation("coverage", {HTML: {"schema": _TEXT}, **data, **table}, (406, 414, 422, 503))},
        "/coverage.json": {"get": _operation("coverage.json", data, (414, 422, 503))},
        "/coverage.csv": {"get": _operation("coverage.csv", table, (414, 422, 503))},
    }


def _operation(name: str, content: dict[str, Any], errors: tuple[int, ...]) -> Operation:
    return {
        "operationId": name,
        "tags": ["releases"],
        "summary": "How well each kind and class of things is covered, the thinnest first",
        "description": "Names, dates and their precision, evidence, identifiers, secondary sources, discrepancies; "
        "counted when the release was made.",
        "parameters": [LANG, CLANG],
        "responses": {"200": {"description": "The rows.", "content": content}, **{str(s): problem(s) for s in errors}},
    }
